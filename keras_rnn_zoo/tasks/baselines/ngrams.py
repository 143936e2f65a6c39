"""Language models: Witten-Bell n-grams."""

import math

import numpy as np


def unigram(pipelines):
    """Tokens by their frequency alone."""
    return ngram_bits(pipelines, 1)[0], _what_counts(pipelines)


def best_ngram(pipelines, max_order=6):
    """The order that is best on the test split."""
    bits = ngram_bits(pipelines, max_order)
    best = int(np.argmin(bits))
    every = ", ".join(f"{n}: {value:.3f}" for n, value in enumerate(bits, 1))
    return bits[best], (
        f"order {best + 1}, chosen on the test split in its favour ({every}); "
        f"{_what_counts(pipelines)}"
    )


def _what_counts(pipelines):
    every = "every token and one end-of-text token a text"
    return f"predicted: {pipelines.facts.get('counted as predicted', every)}"


def ngram_bits(pipelines, max_order):
    """Test bits per token of Witten-Bell n-grams of order 1, 2, …: see `Markov`.

    Padding and unknown cannot be predicted. Contexts end where a text begins.
    """
    import keras

    from keras_rnn_zoo.topologies.markov import Markov, ngram_tables

    markov = Markov(
        max_order - 1, pipelines.vocabulary_size, excluded=(0, 1), dtype="float64"
    )
    train, test = [
        keras.utils.pad_sequences([y for _, y in pipelines.raw[split]], padding="post")
        for split in ("train", "test")
    ]
    markov.set_tables(ngram_tables(markov, [row[row != 0] for row in train]))
    perplexities = [markov.perplexity(test, order=k) for k in range(max_order)]
    return [math.log2(perplexity) for perplexity in perplexities]
