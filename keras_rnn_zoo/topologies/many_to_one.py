"""One answer for a sequence of any length."""

from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.topologies._reading import RecurrentModel


@register
class ManyToOne(RecurrentModel):
    """Many-to-one: reads the whole sequence, then gives one output.

        h_t = φ(x_t W + h_{t-1} U + b)
        o = h_T V + c
        ŷ = softmax(o)

    x_t is a token's embedding, or the features; the first line stands for `cell`,
    whatever its own equations; T is the last unmasked step; softmax is
    `output_activation`. With several `units`, x_t of a layer is h_t of the one below.
    Bidirectional: h_T is both directions' last state, side by side. When to use it:
    classify or score a sequence as a whole.

    Reference: Goodfellow, Bengio & Courville, 2016, "Deep Learning", section 10.2.
    Differs from the paper: nothing.

    Args:
        num_outputs: int. Number of classes, or of values.
        units: int, or list of int, one for each recurrent layer. None: 64, or the width
            of a cell instance.
        cell: name ("LSTM", "gru", …), class or instance of a cell, or layer class; see
            `keras_rnn_zoo.layers.make_recurrent`. Every layer gets its own copy.
        vocabulary_size: int, for integer tokens `(batch, time)`; id 0 is the padding.
        embedding_dim: int. Width of a token's embedding.
        characters: dict, for tokens that are words with their characters, `(batch,
            time, 1 + max_characters)`; see `WordReader`. None: tokens alone.
        num_features: int, for features `(batch, time, num_features)`.
        mask_value: float or None. Steps whose features all equal it are masked.
        bidirectional: bool.
        output_activation: activation of the output layer; None for values.
        head: "dense"; see `ManyToMany`, which has more.
        dropout: float in [0, 1). Share of each recurrent layer's input dropped.
        recurrent_dropout: float in [0, 1). Share of the states dropped.
        output_dropout: float in [0, 1). Share of the output layer's input dropped.
        seed: int or None. Seed of the dropout masks.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: `(batch, time)` integers, with `characters` `(batch, time, 1 +
            max_characters)`; or `(batch, time, num_features)`.
        training: bool. Matters only with dropout.

    Returns:
        `(batch, num_outputs)`, in the variable dtype of `dtype`.

    Masking: masked steps keep the state; a row of padding alone gives the output of the
    zero state.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or not exactly one of
            `vocabulary_size` and `num_features` is given.

    Example:
    >>> model = ManyToOne(3, units=8, cell="GRU", vocabulary_size=10)
    >>> model(np.array([[4, 7, 2, 0]])).shape
    TensorShape([1, 3])
    """

    return_sequences = False
