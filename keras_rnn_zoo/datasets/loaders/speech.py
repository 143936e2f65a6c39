"""Spoken words as frames of log-mel energies."""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.source import Content, data_set, facts_of

#: Recordings of every speaker and digit, of 50, that are not trained on.
_SPOKEN_DIGIT_PARTS = {"validation": range(5, 10), "test": range(0, 5)}


def log_mel(audio, sample_rate, mel_bins=40, step_ms=10):
    """Log-mel energies of a recording, scaled to about -2 to 3.

    A frame is 25 ms long, with a Hann window and an FFT of 512 points; the filters lie
    from 80 Hz to half the sample rate on the HTK mel scale. What is given is
    (log(energy + 1e-6) + 5) / 4, the same for all recordings: nothing is learned from
    data, and silence is not 0, which is the padding.

    Args:
        audio: `(samples,)` integers of 16 bits.
        sample_rate: int. Samples in a second.
        mel_bins: int. Number of filters.
        step_ms: int. Milliseconds from frame to frame; the last frames are padded.

    Returns:
        float32 `(frames, mel_bins)`.

    Example:
    >>> log_mel(np.zeros(8000, "int16"), 8000).shape
    TensorShape([100, 40])
    """
    samples = tf.cast(audio, tf.float32) / 2**15
    frame, step = sample_rate // 40, sample_rate * step_ms // 1000
    spectrum = tf.signal.stft(samples, frame, step, fft_length=512, pad_end=True)
    filters = tf.signal.linear_to_mel_weight_matrix(
        mel_bins, 257, sample_rate, 80.0, sample_rate / 2
    )
    energies = tf.abs(spectrum) ** 2 @ filters
    return (tf.math.log(energies + 1e-6) + 5) / 4


@data_set("spoken_digit")
def load_spoken_digit(source, mel_bins=40, step_ms=10):
    """Log-mel energies of a spoken digit to the digit (many-to-one, real-valued).

    See `keras_rnn_zoo.datasets.loaders.speech.log_mel`. The speakers of all three
    splits are the same. Options `mel_bins` (default 40) and `step_ms` (default 10).
    Needs pydub to be prepared.
    """
    builder, examples = _read(source, "spoken_digit", 8000, mel_bins, step_ms)
    everything = examples["train"]
    found: Any = [re.search(rb"_(\d+)\.wav$", name) for name in everything["file"]]
    numbers = [int(one[1]) for one in found]
    chosen = {
        split: [n in part for n in numbers]
        for split, part in _SPOKEN_DIGIT_PARTS.items()
    }
    rest = [not any(one) for one in zip(*chosen.values(), strict=True)]
    parts = {
        split: {
            name: [row for row, is_in in zip(rows, here, strict=True) if is_in]
            for name, rows in everything.items()
        }
        for split, here in {"train": rest, **chosen}.items()
    }
    facts = {
        "split": "recordings 0 to 4 of every speaker and digit test, 5 to 9 validation"
    }
    facts["licence"] = "CC BY-SA 4.0, as its authors state"
    return _content(builder, parts, facts, mel_bins, step_ms)


@data_set("speech_commands")
def load_speech_commands(source, mel_bins=40, step_ms=10):
    """Log-mel energies of a spoken word to one of ten commands, silence or unknown.

    Many-to-one, real-valued. Options as of spoken_digit. Needs pydub to be
    prepared.
    """
    builder, examples = _read(source, "speech_commands", 16000, mel_bins, step_ms)
    facts = {"split": "TFDS's", "licence": "CC BY 4.0, as arXiv 1804.03209 states"}
    return _content(builder, examples, facts, mel_bins, step_ms)


def _read(source, name, sample_rate, mel_bins, step_ms):
    check_int("mel_bins", mel_bins, 1, 80)
    check_int("step_ms", step_ms, 1, 100)

    def example(one):
        frames = log_mel(one["audio"], sample_rate, mel_bins, step_ms)
        file = one.get("audio/filename", "")
        return {"frames": frames, "label": one["label"], "file": file}

    return source.read(name, example=example, package="pydub")


def _content(builder, examples, facts, mel_bins, step_ms):
    raw = {
        split: [
            (frames, np.int32(label))
            for frames, label in zip(columns["frames"], columns["label"], strict=True)
        ]
        for split, columns in examples.items()
    }
    facts = facts_of(builder) | facts
    facts["features"] = f"{mel_bins} log-mel energies every {step_ms} ms"
    return Content(raw, builder.info.features["label"].names, facts)
