"""The simple recurrent network of Elman."""

import keras

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class SimpleRNNCell(GatedCell):
    """Simple recurrent network: one hidden state that sees the input and itself.

        h_t = φ(x_t W + h_{t-1} U + b)

    φ is `activation`. Row vectors, as in the code. The output is h_t.
    When to use it: short dependencies, teaching, or as the honest baseline of every
    gated cell; a quarter of an LSTM's multiplications.

    Reference: Elman, 1990, "Finding Structure in Time", Cognitive Science 14(2).
    Differs from the paper: φ is tanh by default, the paper's units are logistic.

    Args: as `GatedCell`, without `recurrent_activation`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = SimpleRNNCell(3)
    >>> out, [h1] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h1.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("recurrent_activation",)

    @property
    def has_standard_activations(self):
        return self.activation in (keras.activations.tanh, keras.activations.relu)

    @property
    def elsewhere(self) -> dict[str, str]:
        relu = self.activation is keras.activations.relu
        native, cudnn = ("_relu", "relu") if relu else ("", "tanh")
        names = {"native": f"simple_rnn{native}", "cudnn": f"rnn_{cudnn}"}
        return {**names, "onnx": "RNN", "torch": "h"}

    def step(self, x, states, u):
        [h] = states
        a = u(h, plus=x)
        h = self.activation(a.h)
        return h, [h]


@register
class SimpleRNN(RecurrentLayer):
    """Simple recurrent network over a sequence; equations in `SimpleRNNCell`.

    Args: those of `SimpleRNNCell` and of `RNN`, named and ordered as in
        `keras.layers.SimpleRNN`.

    Example:
    >>> SimpleRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = SimpleRNNCell
    late_arguments = ("seed",)
