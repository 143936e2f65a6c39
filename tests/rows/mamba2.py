from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import mamba2

ROWS = [
    Case(
        "Mamba2",
        layers.Mamba2,
        mamba2.step,
        {"kernel": (3, 12), "step_bias": (2,), "log_decay": (2,), "skip": (2,)},
        {"memory_size": 3, "num_heads": 2},
        scale_free=True,  # what is written and what reads it multiply each other
        output_of=lambda output, states: output,  # y is read from the state
    ),
]
