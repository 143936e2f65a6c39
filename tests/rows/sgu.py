from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import sgu

ROWS = [
    Case(
        "SGU",
        layers.SGU,
        sgu.sgu,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
    Case(
        "DSGU",
        layers.DSGU,
        sgu.dsgu,
        {
            "kernel": (3, 8),
            "recurrent_kernel": (4, 8),
            "bias": (8,),
            "output_kernel": (4, 4),
        },
    ),
]
