from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import rwkv7

ROWS = [
    Case(
        "RWKV7",
        layers.RWKV7,
        rwkv7.step,
        {
            "kernel": (3, 21),
            "shift": (6, 3),
            "decay_kernel": (3, 4),
            "decay_bias": (4,),
            "rate_kernel": (3, 4),
            "rate_bias": (4,),
            "gate_kernel": (3, 4),
            "removal_scale": (4,),
            "key_scale": (4,),
            "bonus": (4,),
            "norm_gamma": (4,),
            "norm_beta": (4,),
            "output_kernel": (4, 4),
        },
        {"num_heads": 2, "rank": 3},
        states=2,
        scale_free=True,  # divides by lengths
        output_of=lambda output, states: output,  # h is read from the states
    ),
]
