from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import s4d

ROWS = [
    Case(
        "S4D",
        layers.S4D,
        s4d.step,
        {
            "kernel": (3, 4),
            "log_step": (4,),
            "log_decay": (4, 3),
            "frequency": (4, 3),
            "readout": (2, 4, 3),
            "skip": (4,),
        },
        {"num_pairs": 3},
        states=2,
        output_of=lambda output, states: output,  # y is read from the states
    ),
]
