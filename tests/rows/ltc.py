from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import ltc

WEIGHTS = {
    "kernel": (3, 4),
    "recurrent_kernel": (4, 4),
    "kernel_slope": (3, 4),
    "kernel_middle": (3, 4),
    "kernel_reversal": (3, 4),
    "recurrent_slope": (4, 4),
    "recurrent_middle": (4, 4),
    "recurrent_reversal": (4, 4),
    "capacity": (4,),
    "leak": (4,),
    "resting": (4,),
    "input_map": (2, 3),
    "output_map": (2, 4),
}
SHARED = {
    "output_of": lambda output, states: output,  # h is read from the state
    "scale_free": True,  # weights are positive, and are divided by
}
ROWS = [
    Case("LTC", layers.LTC, ltc.step, WEIGHTS, **SHARED),
    Case("LTC-two", layers.LTC, ltc.step_of_two, WEIGHTS, {"unfolds": 2}, **SHARED),
]
