from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import intersection_rnn

ROWS = [
    Case(
        "IntersectionRNN",
        layers.IntersectionRNN,
        intersection_rnn.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "input_kernel": (3, 4),
        },
        output_of=lambda output, states: output,  # y is no state
    ),
]
