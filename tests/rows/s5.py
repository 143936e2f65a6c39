from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import s5

ROWS = [
    Case(
        "S5",
        layers.S5,
        s5.step,
        {
            "kernel": (3, 10),
            "log_step": (3,),
            "log_decay": (3,),
            "frequency": (3,),
            "readout_kernel": (6, 4),
        },
        {"num_pairs": 3},
        states=2,
        output_of=lambda output, states: output,  # y is read from the states
    ),
]
