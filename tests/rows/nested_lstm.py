from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import nested_lstm

ROWS = [
    Case(
        "NestedLSTM",
        layers.NestedLSTM,
        nested_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "inner_kernel": (4, 16),
            "inner_recurrent_kernel": (4, 16),
            "inner_bias": (16,),
        },
        states=3,
    ),
]
