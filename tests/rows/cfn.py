from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import cfn

ROWS = [
    Case(
        "CFN",
        layers.CFN,
        cfn.step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
]
