from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import clockwork_rnn

ROWS = [
    Case(
        "ClockworkRNN",
        layers.ClockworkRNN,
        clockwork_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        {"groups": 2},
        states=2,
        flat=("d state 1",),  # a count of steps
    ),
    Case(
        "ClockworkRNN-three-groups",
        layers.ClockworkRNN,
        clockwork_rnn.step_of_three_groups,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        {"groups": 3},
        states=2,
        flat=("d state 1",),
    ),
]
