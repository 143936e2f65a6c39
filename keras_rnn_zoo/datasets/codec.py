"""From text to token ids and back."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_rnn_zoo.datasets.checks import check_int

PADDING = ""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

#: The characters of source text. A fixed alphabet, not that of one interpreter's
#: corpus, so that weights trained under one interpreter fit under another.
CHARACTERS = ("\t", "\n", *map(chr, range(ord(" "), ord("~") + 1)))

#: Begins and ends a text of a language model: ASCII "end of text".
END_OF_TEXT = "\x03"


@functools.cache
def _is_lowered(letter):
    """Whether TensorFlow, whose Unicode is older than Python's, knows the small one."""
    import tensorflow as tf

    return tf.strings.lower(letter, "utf-8").numpy().decode() == letter.lower()


def lowered(token: str) -> str:
    r"""Returns a token in lower case, as the graph of an exported model makes it.

    Letters that came late to Unicode stay as they are, and NUL is unknown.

    Example:
    >>> lowered("\N{GREEK CAPITAL LETTER ALPHA}B"), lowered("A\0")
    ('αb', 'a\ufffd')
    """
    if token.isascii():
        return token.lower().replace("\0", UNKNOWN)
    late = {c for c in token if c != c.lower() and not _is_lowered(c)}
    if not late:
        return token.lower().replace("\0", UNKNOWN)
    parts = re.split(f"([{''.join(late)}])", token)
    return "".join(part if part in late else lowered(part) for part in parts)


@dataclass(frozen=True)
class Codec:
    r"""Turns text into token ids and back.

    Args:
        tokens: tuple of str. Index is the id; 0 is padding, 1 is unknown.
        unit: "character", or "word" for words parted by white space.
        lowercase: bool. Whether text is lower-cased before it is looked up, see
            `lowered`.
        boundary: str or None. A token that begins every encoded text and is left out
            when ids are decoded.
        characters: tuple of str, or None. Makes of every word its id and those of its
            characters, as they were written; index is the id, 0 padding, 1 unknown.
        max_characters: int. How many characters of a word are read, with `characters`.

    Example:
    >>> codec = Codec(("", "\N{REPLACEMENT CHARACTER}", "a", "b"))
    >>> codec.encode("abz").tolist()
    [2, 3, 1]
    >>> codec.decode([2, 3, 0])
    'ab'
    >>> words = Codec(codec.tokens, "word", characters=codec.tokens, max_characters=2)
    >>> words.encode("a bazaar").tolist()
    [[2, 2, 0], [1, 3, 2]]
    """

    tokens: tuple[str, ...]
    unit: str = "character"
    lowercase: bool = False
    boundary: str | None = None
    characters: tuple[str, ...] | None = None
    max_characters: int | None = None
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)
    _character_ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "tokens", tuple(self.tokens))
        if self.unit not in ("character", "word"):
            raise ValueError(
                f"`unit` must be 'character' or 'word'. Received: unit={self.unit!r}."
            )
        if self.tokens[:2] != (PADDING, UNKNOWN):
            raise ValueError(
                "`tokens` must begin with padding '' and unknown "
                f"{UNKNOWN!r}. Received: tokens={self.tokens[:2]}..."
            )
        if self.boundary is not None and self.boundary not in self.tokens:
            raise ValueError(
                "`boundary` must be one of `tokens`. "
                f"Received: boundary={self.boundary!r}."
            )
        object.__setattr__(self, "_ids", {t: i for i, t in enumerate(self.tokens)})
        object.__setattr__(self, "_character_ids", {})
        if self.characters is not None:
            self._check_characters()
            ids = {c: i for i, c in enumerate(self.characters)}
            object.__setattr__(self, "_character_ids", ids)
        elif self.max_characters is not None:
            raise ValueError(
                "`characters` must be given with `max_characters`. "
                f"Received: characters=None, max_characters={self.max_characters!r}."
            )

    @property
    def _width(self) -> int:
        """Of a word: its id, and those of its characters."""
        return 1 + (self.max_characters or 0)

    def _check_characters(self):
        characters = tuple(self.characters or ())
        object.__setattr__(self, "characters", characters)
        if self.unit != "word" or self.boundary is not None:
            raise ValueError(
                "`characters` must be None but for unit='word' without a boundary. "
                f"Received: unit={self.unit!r}, boundary={self.boundary!r}."
            )
        if characters[:2] != (PADDING, UNKNOWN):
            raise ValueError(
                "`characters` must begin with padding '' and unknown "
                f"{UNKNOWN!r}. Received: characters={characters[:2]}..."
            )
        check_int("max_characters", self.max_characters, 1)

    def split(self, text: str | Sequence[str]) -> list[str]:
        """Returns the tokens of `text`; a sequence of words is taken as it is."""
        words = text.split() if isinstance(text, str) else list(text)
        return list(text) if self.unit == "character" else words

    def encode(self, text: str | Sequence[str]) -> np.ndarray:
        """Returns the token ids of `text`, int32; 1 for what is not in `tokens`.

        `(time,)`, or `(time, 1 + max_characters)` with `characters`.
        """
        tokens = self.split(text)
        looked_up = [*map(lowered, tokens)] if self.lowercase else tokens
        ids = [self._ids.get(token, 1) for token in looked_up]
        if self.characters is not None:
            table = np.zeros((len(ids), self._width), "int32")
            table[:, 0] = ids
            for row, word in zip(table, tokens, strict=True):
                word = word[: self.max_characters]
                row[1 : 1 + len(word)] = [self._character_ids.get(c, 1) for c in word]
            return table
        if self.boundary is not None:
            ids.insert(0, self._ids[self.boundary])
        return np.array(ids, "int32")

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of token ids, without padding and boundaries.

        With `characters`, words are as those spell them.
        """
        if self.characters is not None:
            rows = np.reshape(ids, (-1, self._width))
            return " ".join(
                "".join(self.characters[i] for i in row[1:]) for row in rows if row[0]
            )
        kept = [self.tokens[int(i)] for i in np.asarray(ids).ravel() if i != 0]
        kept = [token for token in kept if token != self.boundary]
        return ("" if self.unit == "character" else " ").join(kept)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, ready for JSON."""
        return {
            "tokens": list(self.tokens),
            "unit": self.unit,
            "lowercase": self.lowercase,
            "boundary": self.boundary,
            "characters": self.characters and list(self.characters),
            "max_characters": self.max_characters,
        }


def learn_codec(
    texts: Iterable[Sequence[str]],
    min_count: int = 1,
    *,
    unit: str = "word",
    lowercase: bool = False,
    boundary: str | None = None,
    max_characters: int | None = None,
) -> Codec:
    """Returns the codec of the tokens of some texts, in alphabetical order.

    Args:
        texts: sequences of tokens: str for characters, sequences of words. Iterated
            twice with `max_characters`.
        min_count: int. Tokens seen less often are unknown.
        unit: as in `Codec`.
        lowercase: as in `Codec`.
        boundary: as in `Codec`.
        max_characters: as in `Codec`.

    Example:
    >>> learn_codec([["b", "A"], ["b", "a"]], 2, lowercase=True).tokens[2:]
    ('a', 'b')
    """
    counts = Counter(
        lowered(token) if lowercase else token for text in texts for token in text
    )
    special = (PADDING, UNKNOWN) + ((boundary,) if boundary else ())
    kept = (
        token
        for token, count in counts.items()
        # A capital I with a dot is two characters in lower case: no token of a text.
        if count >= min_count and (unit == "word" or len(token) == 1)
    )
    return Codec(
        (*special, *sorted(set(kept) - set(special))),
        unit=unit,
        lowercase=lowercase,
        boundary=boundary,
        characters=characters_of(texts, min_count) if max_characters else None,
        max_characters=max_characters,
    )


def characters_of(texts: Iterable[Sequence[str]], min_count: int = 1) -> tuple:
    """Returns the character vocabulary of some words, for `Codec`.

    Args:
        texts: iterable of sequences of words.
        min_count: int. Characters seen less often are left out, and so is white space.

    Example:
    >>> characters_of([["Ada", "and", "a"]], min_count=2)[2:]
    ('a', 'd')
    """
    counts = Counter(c for words in texts for word in words for c in word)
    kept = (c for c, n in counts.items() if n >= min_count and not c.isspace())
    return (PADDING, UNKNOWN, *sorted(set(kept) - {UNKNOWN}))
