"""Text to token ids and back, inside of a graph."""

import tensorflow as tf

UNKNOWN_ID, UNKNOWN = 1, "\N{REPLACEMENT CHARACTER}"
# What Python's str.split() takes for white space, beyond RE2's \s.
_WHITE_SPACE = r"[\s\x0b\x1c-\x1f\x{85}\p{Z}]+"


class TextCodec(tf.Module):
    r"""A vocabulary in a graph: the counterpart of `keras_rnn_zoo.datasets.Codec`.

    Invalid UTF-8 is read as U+FFFD, which is the unknown token.

    Args:
        tokens: sequence of str. Index is the id; 0 is padding, 1 is unknown.
        unit: "character", or "word" for words parted by white space.
        lowercase: bool.
        boundary: str or None. A token that begins every text.
        characters: sequence of str, or None. Makes of every word its id and those of
            its characters; index is the id, 0 is padding, 1 is unknown.
        max_characters: int. How many characters of a word are read.

    Example:
    >>> codec = TextCodec(["", "\N{REPLACEMENT CHARACTER}", "a", "b"])
    >>> ids, lengths = codec.encode(tf.constant(["abz", "b"]))
    >>> ids.numpy().tolist(), lengths.numpy().tolist()
    ([[2, 3, 1], [3, 0, 0]], [3, 1])
    """

    def __init__(
        self,
        tokens,
        unit="character",
        lowercase=False,
        boundary=None,
        characters=None,
        max_characters=None,
    ):
        super().__init__()
        self.unit, self.lowercase = unit, lowercase
        self.boundary = None if boundary is None else list(tokens).index(boundary)
        self.tokens = tf.constant(list(tokens))
        self.table = _table(tokens)
        self.characters, self.max_characters = None, max_characters
        if characters is not None:
            self.characters = tf.constant(list(characters))
            self.character_table = _table(characters)

    @property
    def separator(self):
        """What stands between tokens."""
        return "" if self.unit == "character" else " "

    def _split(self, text):
        """`(batch,)` strings as a ragged `(batch, time)` of tokens."""
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8")
        if self.unit == "character":
            tokens = tf.strings.unicode_split(text, "UTF-8")
        else:
            text = tf.strings.regex_replace(text, _WHITE_SPACE, " ")
            tokens = tf.strings.split(tf.strings.strip(text), " ")
            tokens = tf.ragged.boolean_mask(tokens, tokens != "")
        return tokens

    def _look_up(self, tokens):
        """`(tokens,)` strings as ids, or as rows of ids with `characters`."""
        spelling = None
        if self.characters is not None:
            letters = tf.strings.unicode_split(tokens, "UTF-8")
            letters = letters[:, : self.max_characters]
            spelling = letters.with_flat_values(
                self.character_table.lookup(letters.flat_values)
            ).to_tensor(shape=(None, self.max_characters))
        if self.lowercase:
            # TensorFlow's lower-casing ends a string at a zero byte.
            tokens = tf.strings.regex_replace(tokens, r"\x00", UNKNOWN)
            tokens = tf.strings.lower(tokens, "utf-8")
        ids = self.table.lookup(tokens)
        if spelling is None:
            return ids
        return tf.concat([ids[:, tf.newaxis], spelling], axis=1)

    def encode(self, text):
        """Token ids of texts.

        Args:
            text: `(batch,)` strings, UTF-8.

        Returns:
            `(ids, lengths)`: int32 `(batch, time)`, padded with 0 to the longest, and
            int32 `(batch,)`. With characters the ids are `(batch, time, 1 +
            max_characters)`.
        """
        tokens = self._split(text)
        ids = tokens.with_flat_values(self._look_up(tokens.flat_values))
        if self.boundary is not None:
            start = tf.fill([tf.shape(text)[0], 1], self.boundary)
            ids = tf.concat([tf.RaggedTensor.from_tensor(start), ids], 1)
        lengths = tf.cast(ids.row_lengths(), tf.int32)
        return ids.to_tensor(), lengths

    def encode_one(self, token):
        """The ids of single tokens, int32 `(batch,)`; 0, padding, for "".

        With characters `(batch, 1 + max_characters)`.

        Raises:
            tf.errors.InvalidArgumentError: if a row holds more than one token.
        """
        tokens = self._split(token)
        count = tokens.row_lengths()
        check = tf.debugging.Assert(
            tf.reduce_all(count <= 1),
            [
                f"`token` must hold one {self.unit} in each row, or none for a pause. "
                "Received: token=",
                token,
            ],
            summarize=4,
        )
        with tf.control_dependencies([check]):
            ids = self._look_up(tokens.flat_values)
        shape = (None, 1) if self.characters is None else (None, 1, None)
        return tokens.with_flat_values(ids).to_tensor(shape=shape)[:, 0]

    def decode(self, ids):
        """Texts of ids, `(batch,)` strings, without padding and boundaries.

        With characters, words are as those spell them.
        """
        if self.characters is not None:
            words = tf.ragged.boolean_mask(self.spelt(ids), ids[..., 0] != 0)
            return tf.strings.reduce_join(words, axis=-1, separator=self.separator)
        keep = ids != 0
        if self.boundary is not None:
            keep &= ids != self.boundary
        tokens = tf.ragged.boolean_mask(tf.gather(self.tokens, ids), keep)
        return tf.strings.reduce_join(tokens, axis=-1, separator=self.separator)

    def spelt(self, ids):
        """The words that the characters of ids spell, without their last axis."""
        return tf.strings.reduce_join(tf.gather(self.characters, ids[..., 1:]), axis=-1)


def _table(tokens):
    """Ids by token; padding is not to be looked up, what is unknown has its own id."""
    known = [(token, i) for i, token in enumerate(tokens) if i > UNKNOWN_ID]
    return tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            [token for token, _ in known], [i for _, i in known], tf.string, tf.int32
        ),
        UNKNOWN_ID,
    )
