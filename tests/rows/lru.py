from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import lru

ROWS = [
    Case(
        "LRU",
        layers.LRU,
        lru.step,
        {
            "kernel": (3, 16),
            "decay": (6,),
            "phase": (6,),
            "gain": (6,),
            "readout_kernel": (12, 4),
        },
        {"memory_size": 6},
        states=2,
        output_of=lambda output, states: output,  # y is read from the states
    ),
]
