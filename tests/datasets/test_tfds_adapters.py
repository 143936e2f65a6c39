"""TFDS's own data sets: found or asked for at once, cut without leaks, read right.

Small data sets are written where TFDS's own builders look for prepared data, and are
read by them. `KRZ_TFDS_DIR` names a TFDS data directory with real ones.
"""

import os
import sys
import time
import zipfile

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

import keras_rnn_zoo as zoo
from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders
from keras_rnn_zoo.datasets.loaders.sentences import CONLL2003_URL
from keras_rnn_zoo.datasets.loaders.speech import log_mel
from keras_rnn_zoo.datasets.source import cut_off
from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.jobs.data import check_codec
from keras_rnn_zoo.presets import Assets

REAL = os.environ.get("KRZ_TFDS_DIR")
NAMES = (
    "tiny_shakespeare",
    "mnist",
    "imdb_reviews",
    "conll2003",
    "universal_dependencies",
    "trec",
    "spoken_digit",
    "speech_commands",
)
PARTS = ("train", "validation", "test")


def write(data_dir, name, splits, config=None):
    """Writes examples as the prepared data of one of TFDS's builders."""
    builder = tfds.builder(name, config=config, data_dir=data_dir)
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=str(builder.version),
        config=builder.builder_config and builder.builder_config.name,
        features=builder.info.features,
        split_datasets={s: list(enumerate(rows)) for s, rows in splits.items()},
        data_dir=data_dir,
        disable_shuffling=True,
    )


def load(data_dir, name, **options):
    return datasets.load(name, data_dir=data_dir, **options)


# === Data that is not there ===


@pytest.mark.parametrize("name", NAMES)
def test_absent_data_is_asked_for_at_once(tmp_path, name, capfd):
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match="Received: download=False") as error:
        load(tmp_path, name)
    assert time.monotonic() - start < 8
    message = str(error.value)
    assert f"{name} must be prepared in {tmp_path / name}" in message
    assert "download=True (on the command line: --download)" in message
    named = name not in ("trec", "conll2003")  # TFDS has no names of their files
    assert (f"into '{tmp_path / 'downloads' / 'manual'}'" in message) == named
    assert not list(tmp_path.iterdir())
    assert "Preparing" not in capfd.readouterr().err


def test_the_error_names_the_files_of_the_config_and_their_size(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load(tmp_path, "universal_dependencies", config="en_atis")
    message = str(error.value)
    assert (
        "put en_atis-ud-dev.conllu, en_atis-ud-test.conllu, en_atis-ud-train.conllu "
        in message
    )
    assert "(3.2 MB)" in message
    (tmp_path / "downloads" / "manual").mkdir(parents=True)
    for part in ("dev", "train"):
        (tmp_path / "downloads" / "manual" / f"en_atis-ud-{part}.conllu").touch()
    with pytest.raises(FileNotFoundError, match="put en_atis-ud-test.conllu into"):
        load(tmp_path, "universal_dependencies", config="en_atis")


@pytest.mark.parametrize("name", ["tiny_shakespeare", "conll2003", "speech_commands"])
def test_without_a_network_a_download_fails_at_once(tmp_path, monkeypatch, name):
    # A proxy that refuses connections: the same with and without a network.
    for scheme in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=f"files of {name} must be reachable"):
        load(tmp_path, name, download=True)
    assert time.monotonic() - start < 8
    assert not list(tmp_path.iterdir())


def test_a_manual_file_is_taken_and_its_content_checked(tmp_path):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    (manual / "input.txt").write_text("To be, or not to be\n")
    with pytest.raises(ValueError, match="must be the registered ones.*input.txt"):
        load(tmp_path, "tiny_shakespeare")
    assert not list(tmp_path.rglob("*.tfrecord*"))


@pytest.mark.parametrize(
    "name, file, package",
    [
        ("universal_dependencies", "en_ewt-ud-%s.conllu", "conllu"),
        ("spoken_digit", "free-spoken-digit-dataset-1.0.9.tar.gz", "pydub"),
    ],
)
def test_what_preparing_needs_is_named(tmp_path, monkeypatch, name, file, package):
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    for part in ("train", "dev", "test"):
        (manual / (file % part if "%" in file else file)).touch()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {package}\..*keras_rnn_zoo\[data\]"):
        load(tmp_path, name)


def test_a_treebank_needs_the_files_of_one_release(tmp_path):
    builder = tfds.builder("universal_dependencies/ar_padt", data_dir=tmp_path)
    missing = builders.missing_files(builder, tmp_path)
    assert sorted(missing.values()) == [
        f"ar_padt-ud-{part}.conllu" for part in ("dev", "test", "train")
    ]
    registered = [url for url in builder.url_infos if "/ar_padt-" in url]
    assert len(registered) == 6  # of two releases


# === One long text ===


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    path = tmp_path_factory.mktemp("play")
    texts = {"train": "to be or not to be" * 3, "validation": "or?", "test": "one!\n"}
    write(path, "tiny_shakespeare", {s: [{"text": t}] for s, t in texts.items()})
    return path, texts


@pytest.mark.parametrize("window", [2, 6, 7, 200])
def test_every_character_of_a_text_is_predicted_once(play, window):
    path, texts = play
    data = load(path, "tiny_shakespeare", window=window)
    end = data.vocabulary.index("\x03")
    assert data.labels == data.vocabulary
    assert data.vocabulary[3:] == tuple(sorted(set(texts["train"])))
    for split, text in texts.items():
        predicted = "".join(
            data.vocabulary[i] for _, y in data.raw[split] for i in y.tolist()
        )
        known = set(data.vocabulary)
        assert predicted == "".join(c if c in known else "\ufffd" for c in text)
        assert "".join(data.texts[split]) == text
        for (x, y), part in zip(data.raw[split], data.texts[split], strict=True):
            assert x[0] == end and x[1:].tolist() == y[:-1].tolist()
            assert data.encode(part).tolist() == [*x.tolist(), y[-1]]
            assert len(x) == len(y) == len(part) <= window
    assert data.facts["train steps"] == len(texts["train"])


# === Images ===


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("images")
    draw = np.random.default_rng(0)
    train = draw.integers(0, 256, (40, 28, 28, 1), "uint8")
    train = np.concatenate([train, train[:10]])  # ten of them twice
    test = draw.integers(0, 256, (3, 28, 28, 1), "uint8")
    splits = {
        split: [{"image": x, "label": i % 10} for i, x in enumerate(part)]
        for split, part in (("train", train), ("test", test))
    }
    write(path, "mnist", splits)
    return path, train, test


def test_images_come_as_rows_and_pixels(images):
    path, _, test = images
    test = test[..., 0] / 255
    order = np.random.RandomState(0).permutation(784)
    small = sum(test[:, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4
    for options, expected in (
        ({}, test),
        ({"view": "pixels"}, test.reshape(3, 784, 1)),
        ({"view": "permuted"}, test.reshape(3, 784, 1)[:, order]),
        ({"size": 14}, small),
        ({"size": 14, "view": "pixels"}, small.reshape(3, 196, 1)),
    ):
        data = load(path, "mnist", **options)
        x = np.stack([x for x, _ in data.raw["test"]])
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, expected, atol=1e-6)
        assert [int(y) for _, y in data.raw["test"]] == [0, 1, 2]
        assert data.num_features == expected.shape[-1]
    # The first five places of the permutation, for ever.
    assert order[:5].tolist() == [693, 85, 647, 392, 765]


def test_equal_images_stay_in_one_part(images):
    path, train, _ = images
    data = load(path, "mnist")
    parts = {s: [x.tobytes() for x, _ in data.raw[s]] for s in PARTS}
    assert not set(parts["train"]) & set(parts["validation"])
    assert len(parts["train"] + parts["validation"]) == 50
    assert len(set(parts["validation"])) == 4  # a tenth of 40 different ones
    again = load(path, "mnist")
    assert parts["validation"] == [x.tobytes() for x, _ in again.raw["validation"]]


def test_what_is_cut_off_does_not_depend_on_the_order(rng):
    keys = [b"%d" % (i % 30) for i in range(60)]
    _, off = cut_off({"key": keys}, keys)
    order = rng.permutation(60)
    mixed = [keys[i] for i in order]
    left, other = cut_off({"key": mixed}, mixed)
    assert sorted(other["key"]) == sorted(off["key"]) and len(off["key"]) == 6
    assert other["key"] == [key for key in mixed if key in set(off["key"])]
    assert len(left["key"]) == 54


# === Words ===


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    path = tmp_path_factory.mktemp("questions")

    def row(text, coarse="HUM", fine="ind"):
        return {"text": text, "label-coarse": coarse, "label-fine": fine}

    train = [row(f"Who wrote book {i} ?") for i in range(40)]
    train += [row(f"WHO wrote  book {i} ?") for i in range(20)]
    train += [row("Where is Rome ?", "LOC", "city")] * 2
    test = [row("Where is who ?", "LOC", "other"), row("where is rome ?", "LOC")]
    write(path, "trec", {"train": train, "test": test})
    return path


def test_questions_and_their_classes(questions):
    data = load(questions, "trec")
    assert data.labels == ("DESC", "ENTY", "ABBR", "HUM", "NUM", "LOC")
    assert {"who", "wrote", "?"} <= set(
        data.vocabulary
    ) and "WHO" not in data.vocabulary
    assert data.texts["test"][0] == ("Where", "is", "who", "?")
    x, y = data.raw["test"][0]
    assert data.labels[int(y)] == "LOC" and y.dtype == np.int32
    assert data.decode(x).split(" ")[-2:] == ["who", "?"]
    fine = load(questions, "trec", classes="fine")
    assert len(fine.labels) == 47
    assert [fine.labels[int(y)] for _, y in fine.raw["test"]] == ["other", "ind"]
    assert data.facts["test texts that are training texts too"] == 1
    assert data.facts["licence"] == "not stated by TensorFlow Datasets"
    assert data.facts["data set"] == "trec/1.0.0 of TensorFlow Datasets"


def test_equal_questions_stay_in_one_part_whatever_their_case(questions):
    data = load(questions, "trec")
    parts = {s: {" ".join(t).lower() for t in data.texts[s]} for s in PARTS}
    assert not parts["train"] & parts["validation"]
    assert len(parts["validation"]) == 4 and len(parts["train"]) == 37
    once = load(questions, "trec", min_count=1)
    training_words = {w for text in parts["train"] for w in text.split()}
    assert set(once.vocabulary[2:]) == training_words


def test_the_first_or_the_last_words_of_a_review(tmp_path):
    def review(i):
        return {"text": f"start{i} " + "good " * 5 + "<br />\tEnd", "label": i % 2}

    write(
        tmp_path,
        "imdb_reviews",
        {
            "train": [review(i) for i in range(20)],
            "test": [review(i) for i in range(99, 101)],
            "unsupervised": [review(7)],
        },
    )
    last = load(tmp_path, "imdb_reviews", max_steps=3)
    assert last.labels == ("neg", "pos") and len(last.raw["train"]) == 18
    assert last.texts["test"] == [("<br", "/>", "End")] * 2
    assert [int(y) for _, y in last.raw["test"]] == [1, 0]
    assert last.vocabulary[2:] == ("/>", "<br", "end")
    first = load(tmp_path, "imdb_reviews", max_steps=2, keep="first")
    assert first.texts["test"][0] == ("start99", "good")
    assert first.raw["test"][0][0].tolist() == [1, first.vocabulary.index("good")]
    for keep in ("first", "last"):
        whole = load(tmp_path, "imdb_reviews", max_steps=None, keep=keep)
        assert [len(x) for x, _ in whole.raw["test"]] == [9, 9]
    assert whole.facts["words of a review"] == "all"


def test_names_in_news_from_files_that_tfds_has_kept(tmp_path):
    """Prepared by the real builder, from a zip where a download would lie."""
    texts = {
        "train": "-DOCSTART- -X- -X- O\n\nIn IN I-PP O\nOslo NNP I-NP B-LOC\n\n"
        "Oslo NNP I-NP B-ORG\nUniversity NNP I-NP I-ORG\n\n",
        "valid": "in IN I-PP O\n\n",
        "test": "Ada NNP I-NP B-PER\nin IN I-PP O\n\n",
    }
    name = tfds.download.resource.get_dl_fname(CONLL2003_URL)
    cache = tmp_path / "downloads" / "conll2003"
    cache.mkdir(parents=True)
    with zipfile.ZipFile(cache / name, "w") as file:
        for part, text in texts.items():
            file.writestr(f"{part}.txt", text)
    info = tfds.download.checksums.compute_url_info(cache / name)
    tfds.download.resource.write_info_file(
        url=CONLL2003_URL,
        path=tfds.core.Path(cache / name),
        dataset_name="conll2003",
        original_fname="conll2003.zip",
        url_info=info,
    )
    data = load(tmp_path, "conll2003", min_count=1)
    assert data.texts == {
        "train": [("In", "Oslo"), ("Oslo", "University")],
        "validation": [("in",)],
        "test": [("Ada", "in")],
    }
    tags = {s: [[data.labels[i] for i in y] for _, y in data.raw[s]] for s in PARTS}
    assert tags["train"] == [["O", "B-LOC"], ["B-ORG", "I-ORG"]]
    assert tags["test"] == [["B-PER", "O"]]
    assert data.vocabulary[2:] == ("in", "oslo", "university")
    assert [x.tolist() for x, _ in data.raw["test"]] == [[1, 2]]
    cased = load(tmp_path, "conll2003", min_count=1, lowercase=False)
    assert cased.vocabulary[2:] == ("In", "Oslo", "University")
    spelt = load(tmp_path, "conll2003", min_count=1, max_characters=4)
    assert spelt.raw["test"][0][0].shape == (2, 5)


def treebank(path, config, splits):
    def row(words, tags):
        plain = {"words": words, "tags": tags}
        empty = ["_"] * len(words)
        columns = ("deprel", "deps", "feats", "head", "lemmas", "misc", "xpos")
        return {
            **{column: empty for column in columns},
            "idx": "1",
            "text": " ".join(words),
            "tokens": plain["words"],
            "upos": plain["tags"],
        }

    write(
        path,
        "universal_dependencies",
        {split: [row(*one) for one in rows] for split, rows in splits.items()},
        config,
    )


def test_tokens_of_several_words_have_no_part_of_speech(tmp_path):
    sentence = (["Don't", "do", "n't", "go"], ["_", "AUX", "PART", "VERB"])
    rows = {
        "train": [sentence, (["Go", "!"], ["VERB", "PUNCT"])],
        "dev": [(["Go"], ["VERB"])],
        "test": [sentence],
    }
    treebank(tmp_path, "en_atis", rows)
    data = load(tmp_path, "universal_dependencies", config="en_atis", min_count=1)
    assert len(data.labels) == 17 and "_" not in data.labels
    assert data.texts["test"] == [("do", "n't", "go")]
    tags = [data.labels[i] for i in data.raw["test"][0][1]]
    assert tags == ["AUX", "PART", "VERB"]
    assert data.texts["validation"] == [("Go",)]
    assert data.facts["data set"].startswith("universal_dependencies/en_atis/")


def test_words_with_a_space_inside_are_what_an_exported_model_reads(tmp_path):
    sentence = (["10\u00a0000", "francs", "a b"], ["NUM", "NOUN", "X"])
    treebank(tmp_path, "fr_gsd", dict.fromkeys(("train", "dev", "test"), [sentence]))
    data = load(tmp_path, "universal_dependencies", config="fr_gsd", min_count=1)
    assert data.texts["test"] == [("10", "000", "francs", "a", "b")]
    tags = [data.labels[i] for i in data.raw["test"][0][1]]
    assert tags == ["NUM", "NUM", "NOUN", "X", "X"]
    check_codec(data)


def test_a_treebank_without_development_sentences(tmp_path):
    rows = [([f"word{i}", "."], ["NOUN", "PUNCT"]) for i in range(20)]
    treebank(tmp_path, "en_lines", {"train": rows + rows, "test": rows[:1]})
    data = load(tmp_path, "universal_dependencies", config="en_lines")
    train, validation = set(data.texts["train"]), set(data.texts["validation"])
    assert (len(train), len(validation)) == (18, 2) and not train & validation
    assert "a tenth" in data.facts["split"]
    treebank(tmp_path, "en_pud", {"test": rows})
    with pytest.raises(ValueError, match="config='en_pud', which has only test"):
        load(tmp_path, "universal_dependencies", config="en_pud")


def test_an_exported_model_splits_text_as_the_data_did(questions, tmp_path):
    data = load(questions, "trec", min_count=1)
    model = zoo.ManyToOne(6, 4, vocabulary_size=data.vocabulary_size, embedding_dim=3)
    codec = data.codec.get_config()
    facts = {key: str(value) for key, value in data.facts.items()}
    assets = Assets("classification", "trec", codec, data.labels, None, facts)
    model(data.raw["test"][0][0][None])
    export_saved_model(model, tmp_path / "saved", assets=assets)
    serve = tf.saved_model.load(tmp_path / "saved").signatures["serving_default"]
    for (x, _), words in zip(data.raw["test"], data.texts["test"], strict=True):
        for text in (" ".join(words), " \t".join(words).upper() + "\n"):
            answer = serve(text=tf.constant([text]))["probabilities"].numpy()
            np.testing.assert_allclose(answer, model(x[None]), atol=1e-6)


# === Speech ===


def log_mel_of_each_frame(audio, rate, bins, step_ms):
    """The same in NumPy, float64, one frame after the other."""
    frame, step = rate // 40, rate * step_ms // 1000
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    frequencies = np.arange(257) * rate / 512
    mel = lambda f: 1127 * np.log(1 + f / 700)  # noqa: E731
    edges = np.linspace(mel(80.0), mel(rate / 2), bins + 2)
    angles = -2j * np.pi * np.outer(np.arange(257), np.arange(512)) / 512
    frames = []
    for start in range(0, len(audio), step):
        piece = audio[start : start + frame] / 32768
        padded = np.zeros(512)
        padded[: len(piece)] = piece * window[: len(piece)]
        power = np.abs(np.exp(angles) @ padded) ** 2
        row = []
        for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
            up = (mel(frequencies) - low) / (middle - low)
            down = (high - mel(frequencies)) / (high - middle)
            weight = np.maximum(0, np.minimum(up, down))
            weight[0] = 0
            row.append((np.log(power @ weight + 1e-6) + 5) / 4)
        frames.append(row)
    return np.array(frames)


@pytest.mark.parametrize("rate, bins, step_ms", [(8000, 40, 10), (16000, 13, 25)])
def test_log_mel_energies_are_those_of_the_definition(rng, rate, bins, step_ms):
    time_ = np.arange(rate // 8) / rate
    audio = 9000 * np.sin(2 * np.pi * 440 * time_) + rng.normal(0, 300, len(time_))
    audio = audio.astype("int16")
    received = log_mel(audio, rate, bins, step_ms)
    expected = log_mel_of_each_frame(audio, rate, bins, step_ms)
    assert received.dtype == tf.float32 and received.shape == expected.shape
    np.testing.assert_allclose(received, expected, atol=2e-4)
    silence = log_mel(np.zeros(800, "int16"), rate)
    np.testing.assert_allclose(silence, (np.log(1e-6) + 5) / 4, rtol=1e-5)


def wave(rng, length):
    return rng.integers(-3000, 3000, length).astype("int64")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_spoken_digits_are_divided_by_the_number_of_the_recording(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"{d}_ada_{n}.wav" for d in (3, 7) for n in (0, 4, 5, 9, 10, 15, 49)]
    rows = [
        {"audio": wave(rng, 900 + 80 * i), "label": name[0], "audio/filename": name}
        for i, name in enumerate(names)
    ]
    write(tmp_path, "spoken_digit", {"train": rows})
    data = load(tmp_path, "spoken_digit", mel_bins=8)
    sizes = {split: len(data.raw[split]) for split in PARTS}
    assert sizes == {"train": 6, "validation": 4, "test": 4}
    chosen = [rows[i] for i in (0, 1, 7, 8)]
    for (x, y), row in zip(data.raw["test"], chosen, strict=True):
        np.testing.assert_allclose(x, log_mel(row["audio"], 8000, 8), atol=1e-5)
        assert data.labels[int(y)] == row["label"]
    assert (data.num_features, data.num_outputs, data.padding) == (8, 10, 0)
    assert len({len(x) for x, _ in data.raw["train"]}) > 1
    coarse = load(tmp_path, "spoken_digit", mel_bins=8, step_ms=20)
    assert len(coarse.raw["test"][0][0]) == -(-900 // 160)
    x = next(iter(data.test))[0].numpy()
    lengths = [len(one) for one, _ in data.raw["test"]]
    assert x.shape == (4, max(lengths), 8)
    assert [np.count_nonzero(row.any(-1)) for row in x] == lengths


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_commands_keep_their_three_splits(tmp_path):
    rng = np.random.default_rng(1)
    labels = {"train": ["yes", "no", "_silence_"], "validation": ["up"], "test": ["go"]}
    rows = {
        split: [
            {"audio": wave(rng, 1600).astype("int16"), "label": one} for one in part
        ]
        for split, part in labels.items()
    }
    write(tmp_path, "speech_commands", rows)
    data = load(tmp_path, "speech_commands")
    received = {s: [data.labels[int(y)] for _, y in data.raw[s]] for s in PARTS}
    assert received == labels and data.num_outputs == 12
    assert data.raw["test"][0][0].shape == (10, 40)
    assert data.facts["licence"].startswith("CC BY 4.0")


# === Wrong options ===


@pytest.mark.parametrize(
    "name, options, error, message",
    [
        ("tiny_shakespeare", {"window": 1}, ValueError, "at least 2. Rec.*window=1"),
        ("tiny_shakespeare", {"window": "9"}, TypeError, "Received: window='9'"),
        ("mnist", {"view": "columns"}, ValueError, "'permuted'. Rec.*view='columns'"),
        ("mnist", {"size": 7}, ValueError, "at least 14. Received: size=7"),
        ("mnist", {"size": 20}, ValueError, "one of 14, 28. Received: size=20"),
        ("mnist", {"size": 28.0}, TypeError, "Received: size=28.0"),
        ("mnist", {"seeds": 1}, TypeError, "of mnist are: view, size. Rec.*seeds=1"),
        ("imdb_reviews", {"max_steps": 0}, ValueError, "Received: max_steps=0"),
        ("imdb_reviews", {"keep": "middle"}, ValueError, "'last'. Rec.*'middle'"),
        ("imdb_reviews", {"min_count": 2.5}, TypeError, "Received: min_count=2.5"),
        ("trec", {"classes": "both"}, ValueError, "'fine'. Received: classes='both'"),
        ("conll2003", {"lowercase": 0}, TypeError, "a bool. Received: lowercase=0"),
        ("conll2003", {"max_characters": 0}, ValueError, "Received: max_characters=0"),
        (
            "universal_dependencies",
            {"config": "en_atiss"},
            ValueError,
            "of the 218 configs.*such as en_atis.*Received: config='en_atiss'",
        ),
        ("universal_dependencies", {"config": 3}, TypeError, "Received: config=3"),
        ("spoken_digit", {"mel_bins": 81}, ValueError, "1 to 80. Rec.*mel_bins=81"),
        ("speech_commands", {"step_ms": 0}, ValueError, "1 to 100. Rec.*step_ms=0"),
    ],
)
def test_errors_name_what_was_received(tmp_path, name, options, error, message):
    with pytest.raises(error, match=message):
        load(tmp_path, name, **options)


# === Real data ===


@pytest.mark.skipif(not REAL, reason="KRZ_TFDS_DIR names no directory")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name, options, sizes, steps",
    [
        ("tiny_shakespeare", {}, (5020, 279, 279), 1_003_854),
        ("mnist", {"size": 14}, (54_000, 6_000, 10_000), 54_000 * 14),
        (
            "universal_dependencies",
            {"config": "en_atis"},
            (4274, 572, 586),
            48_655,
        ),
        ("conll2003", {}, (14_041, 3_250, 3_453), 203_621),
        ("trec", {}, (4908, 544, 500), 49_936),
        ("spoken_digit", {"step_ms": 20}, (2000, 250, 250), None),
        ("imdb_reviews", {}, (22_500, 2_500, 25_000), None),
        ("speech_commands", {"step_ms": 20}, (85_511, 10_102, 4_890), None),
    ],
)
def test_real_data(name, options, sizes, steps):
    try:
        data = load(REAL, name, **options)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    received = tuple(len(data.raw[split]) for split in PARTS)
    if name == "imdb_reviews":  # it has equal reviews, which stay together
        assert sum(received) == 50_000 and received[2] == 25_000
    else:
        assert received == sizes
    assert steps in (None, data.facts["train steps"])
    if name == "conll2003":  # no name goes on that has not begun
        for _, y in data.raw["train"]:
            tags = [data.labels[i] for i in y]
            for before, tag in zip(["O", *tags], tags, strict=False):
                assert tag[0] != "I" or before[2:] == tag[2:]
