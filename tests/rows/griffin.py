from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import griffin

ROWS = [
    Case(
        "GriffinRecurrent",
        layers.GriffinRecurrent,
        griffin.step,
        {
            "kernel": (3, 12),
            "bias": (12,),
            "conv_kernel": (4, 6),
            "conv_bias": (6,),
            "gate_kernel": (6, 6),
            "gate_bias": (12,),
            "decay": (6,),
            "output_kernel": (6, 4),
            "output_bias": (4,),
        },
        # GELU is in tests/layers/test_blocks.py: TensorFlow's has eight digits.
        {"recurrent_units": 6, "window": 4, "heads": 2, "activation": "tanh"},
        states=2,
        output_of=lambda output, states: output,  # o is read from the states
    ),
]
