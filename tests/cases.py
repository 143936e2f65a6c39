"""THE table: one row per unit. Every promise that holds for all cells reads it."""

import dataclasses

from keras_rnn_zoo import layers
from tests.references import gru, lstm, simple_rnn


@dataclasses.dataclass(frozen=True)
class Case:
    """A unit under one set of options.

    `reference(x, states, weights, activations…)` is one step in NumPy float64 and
    returns `(output, states)`. `weights` maps weight names to shapes for 3 features
    and 4 units. `gates` are the columns' blocks.
    """

    id: str
    layer: type
    reference: object
    weights: dict
    options: dict = dataclasses.field(default_factory=dict)
    states: int = 1

    @property
    def cell(self):
        return self.layer.cell_class

    def make_layer(self, units=4, **options):
        return self.layer(units, **{**self.options, **options})

    def make_cell(self, units=4, **options):
        return self.cell(units, **{**self.options, **options})


CASES = [
    Case(
        "SimpleRNN",
        layers.SimpleRNN,
        simple_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
    ),
    Case(
        "SimpleRNN-relu-no-bias",
        layers.SimpleRNN,
        simple_rnn.relu_step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4)},
        {"activation": "relu", "use_bias": False},
    ),
    Case(
        "LSTM",
        layers.LSTM,
        lstm.step,
        {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)},
        states=2,
    ),
    Case(
        "GRU",
        layers.GRU,
        gru.reset_after_step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (2, 12)},
    ),
    Case(
        "GRU-reset-before",
        layers.GRU,
        gru.reset_before_step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (12,)},
        {"reset_after": False},
    ),
]
IDS = [case.id for case in CASES]
# Public classes that are no unit of their own: what they are instead.
NOT_A_UNIT = {
    "RNN": "carries any cell",
    "GatedCell": "base class",
    "RecurrentLayer": "base class",
    "Bidirectional": "Keras's own",
    "StackedRNNCells": "Keras's own",
    "JordanRNN": "recurrence from the output; tests/layers/test_jordan_rnn.py",
}
