from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import phased_lstm

ROWS = [
    Case(
        "PhasedLSTM",
        layers.PhasedLSTM,
        phased_lstm.step,
        {
            "kernel": (2, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "peephole_kernel": (12,),
            "period": (4,),
            "shift": (4,),
        },
        {"open_ratio": 0.8},
        states=2,
        in_training=phased_lstm.step_with_leak,
        learns=False,  # its times are no times, and its units are mostly closed
    ),
]
