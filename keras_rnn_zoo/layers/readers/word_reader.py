"""Words read twice: as entries of a vocabulary, and letter by letter."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked, positive_integer, rate
from keras_rnn_zoo.layers.core.bidirectional import Bidirectional
from keras_rnn_zoo.layers.core.making import make_recurrent
from keras_rnn_zoo.layers.core.registry import recurrent_layers, register

#: What `characters` may hold besides `vocabulary_size` and `max_characters`.
DEFAULTS = {"embedding_dim": 25, "units": 25, "cell": "LSTM", "word_dropout": 0.0}
UNKNOWN_ID = 1


def check_characters(characters):
    """Returns what `WordReader` has to know of characters, checked and complete.

    Raises:
        TypeError: if it is not a dict, or a value is of the wrong kind.
        ValueError: if it has other keys than it must, or a value is out of its range.
    """
    if not isinstance(characters, Mapping):
        raise TypeError(
            "`characters` must be a dict, or None for words without their characters. "
            f"Received: characters={characters!r}."
        )
    required = ("vocabulary_size", "max_characters")
    known = (*required, *DEFAULTS)
    missing = [key for key in required if key not in characters]
    if missing or not set(characters) <= set(known):
        raise ValueError(
            f"`characters` must be a dict with {' and '.join(map(repr, required))} and "
            f"any of {', '.join(map(repr, DEFAULTS))}. "
            f"Received: characters={characters!r}."
        )
    complete = DEFAULTS | dict(characters)
    for key in (*required, "embedding_dim", "units"):
        complete[key] = positive_integer(f"characters[{key!r}]", complete[key])
    name = "characters['word_dropout']"
    complete["word_dropout"] = rate(name, complete["word_dropout"])
    if complete["vocabulary_size"] < 2:
        raise ValueError(
            "`characters['vocabulary_size']` must be at least 2: id 0 is the padding. "
            f"Received: characters={characters!r}."
        )
    if not isinstance(complete["cell"], str):
        raise TypeError(
            "`characters['cell']` must be the name of a cell, one of "
            f"{', '.join(recurrent_layers())}. Received: cell={complete['cell']!r}."
        )
    return complete


@register
class WordReader(keras.Layer):
    """A word's embedding beside what a recurrent layer makes of its characters.

        x = [ E[word] ; h→_L ; h←_1 ]

    h→_L is the state after the last character, reading from the first; h←_1 the one
    after the first, reading from the last. So words that are not in the vocabulary
    still look like what they are: capitals, endings, digits.

    Reference: Lample et al., 2016, "Neural Architectures for Named Entity Recognition",
    arXiv:1603.01360, section 4.1. Differs from the paper: words are made unknown at
    random whatever their frequency (`word_dropout`), there those seen once.

    Args:
        vocabulary_size: int. Number of word ids; 0 is padding, 1 unknown.
        embedding_dim: int. Width of a word's embedding.
        characters: dict. `vocabulary_size`, number of character ids, 0 is padding;
            `max_characters`, most characters of a word; and, with defaults:
            `embedding_dim` (25), width of a character's embedding; `units` (25), of
            each direction; `cell` ("LSTM"), the name of a cell of the zoo;
            `word_dropout` (0.0), the share of words read as unknown in training.
        seed: int or None. Of the recurrent weights and of the words that are made
            unknown; the embeddings are drawn by Keras's global seed.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: `(batch, time, 1 + max_characters)` integers: the word's id, then the
            ids of its characters, padded with 0 behind.
        training: bool. Matters only with `word_dropout`.

    Returns:
        `(batch, time, embedding_dim + 2 * units)`.

    Masking: a word of id 0 is padding; so are characters of id 0.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range.

    Example:
    >>> layer = WordReader(9, 4, {"vocabulary_size": 5, "max_characters": 3})
    >>> layer(np.array([[[7, 2, 3, 0], [1, 4, 0, 0]]])).shape
    TensorShape([1, 2, 54])
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        characters: Mapping[str, Any],
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = positive_integer("vocabulary_size", vocabulary_size)
        self.embedding_dim = positive_integer("embedding_dim", embedding_dim)
        self.seed = seed = checked("seed", "seed", seed)
        one = self._characters = check_characters(characters)
        self.max_characters = one["max_characters"]
        policy = self.dtype_policy
        self.words = keras.layers.Embedding(
            self.vocabulary_size, self.embedding_dim, name="words", dtype=policy
        )
        self.letters = keras.layers.Embedding(
            one["vocabulary_size"], one["embedding_dim"], name="letters", dtype=policy
        )
        forward = make_recurrent(
            one["cell"], one["units"], seed=seed, name="forward", dtype=policy
        )
        self.layer = Bidirectional(forward, name="spelling", dtype=policy)
        self._draws = None
        if one["word_dropout"]:
            self._draws = keras.random.SeedGenerator(seed)

    @property
    def characters(self) -> dict[str, Any]:
        """What it knows of characters, a dict."""
        return dict(self._characters)

    def build(self, input_shape: Any) -> None:
        self.words.build(input_shape[:2])
        self.letters.build((None, self.max_characters))
        width = self._characters["embedding_dim"]
        self.layer.build((None, self.max_characters, width))

    def call(self, inputs: Any, training: bool = False) -> Any:
        words, letters = inputs[..., 0], inputs[..., 1:]
        if training and self._draws is not None:
            draws = keras.random.uniform(ops.shape(words), seed=self._draws)
            forgotten = draws < self._characters["word_dropout"]
            forgotten = ops.logical_and(forgotten, words != 0)
            words = ops.where(forgotten, UNKNOWN_ID, words)
        # All words of a batch are rows of one call.
        rows = ops.reshape(letters, (-1, self.max_characters))
        spelt = self.layer(self.letters(rows), mask=rows != 0, training=training)
        shape = (*ops.shape(words), 2 * self._characters["units"])
        return ops.concatenate([self.words(words), ops.reshape(spelt, shape)], axis=-1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return inputs[..., 0] != 0

    def compute_output_shape(self, input_shape: Any) -> Any:
        width = self.embedding_dim + 2 * self._characters["units"]
        return (*input_shape[:2], width)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "characters": self.characters,
            "seed": self.seed,
        }
