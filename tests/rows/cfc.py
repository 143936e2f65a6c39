from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import cfc

ROWS = [
    Case(
        "CfC",
        layers.CfC,
        cfc.step,
        {
            "kernel": (3, 5),
            "recurrent_kernel": (4, 5),
            "bias": (5,),
            "head_kernel": (5, 16),
            "head_bias": (16,),
        },
        {"backbone_units": 5, "elapsed": 0.7},
    ),
]
