"""From text to token ids and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PADDING = ""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

#: The characters of source text. A fixed alphabet, not that of one interpreter's
#: corpus, so that weights trained under one interpreter fit under another.
CHARACTERS = ("\t", "\n", *map(chr, range(ord(" "), ord("~") + 1)))

#: Begins and ends a text of a language model: ASCII "end of text".
END_OF_TEXT = "\x03"


@dataclass(frozen=True)
class Codec:
    r"""Turns text into token ids and back.

    Args:
        tokens: tuple of str. Index is the id; 0 is padding, 1 is unknown.
        unit: "character", or "word" for words parted by white space.
        lowercase: bool. Whether text is lower-cased before it is looked up.
        boundary: str or None. A token that begins every encoded text and is left out
            when ids are decoded.

    Example:
    >>> codec = Codec(("", "\N{REPLACEMENT CHARACTER}", "a", "b"))
    >>> codec.encode("abz").tolist()
    [2, 3, 1]
    >>> codec.decode([2, 3, 0])
    'ab'
    """

    tokens: tuple[str, ...]
    unit: str = "character"
    lowercase: bool = False
    boundary: str | None = None
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

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

    def split(self, text: str | Sequence[str]) -> list[str]:
        """Returns the tokens of `text`; a sequence of words is taken as it is."""
        words = text.split() if isinstance(text, str) else list(text)
        return list(text) if self.unit == "character" else words

    def encode(self, text: str | Sequence[str]) -> np.ndarray:
        """Returns the token ids of `text`, int32; 1 for what is not in `tokens`."""
        tokens = self.split(text)
        if self.lowercase:
            tokens = [token.lower() for token in tokens]
        ids = [self._ids.get(token, 1) for token in tokens]
        if self.boundary is not None:
            ids.insert(0, self._ids[self.boundary])
        return np.array(ids, "int32")

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of token ids, without padding and boundaries."""
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
        }
