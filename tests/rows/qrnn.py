from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import qrnn

ROWS = [
    Case(
        "QRNN",
        layers.QRNN,
        qrnn.step,
        {"kernel": (3, 12), "bias": (12,), "previous_kernel": (3, 12)},
        states=2,
        output_of=lambda output, states: output,  # h is read from the states
    ),
]
