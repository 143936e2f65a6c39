from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import s6

ROWS = [
    Case(
        "S6",
        layers.S6,
        s6.step,
        {
            "kernel": (3, 12),
            "step_kernel": (2, 4),
            "step_bias": (4,),
            "log_decay": (4, 3),
            "skip": (4,),
        },
        {"memory_size": 3, "step_rank": 2},
        scale_free=True,  # what is written and what reads it multiply each other
        output_of=lambda output, states: output,  # y is read from the state
    ),
]
