"""THE table: one row per unit. Every promise that holds for all cells reads it."""

import dataclasses

from keras_rnn_zoo import layers
from tests.references import (
    cifg_lstm,
    gru,
    ind_rnn,
    janet,
    layer_norm,
    lstm,
    mgu,
    min_gru,
    peephole_lstm,
    projected_lstm,
    simple_rnn,
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A unit under one set of options.

    `reference(x, states, weights, activations…)` is one step in NumPy float64 and
    returns `(output, states)`. `weights` maps weight names to shapes for 3 features
    and 4 units. `scale_free` units divide by the scale of what they multiply, so that
    small weights do not make them linear.
    """

    id: str
    layer: type
    reference: object
    weights: dict
    options: dict = dataclasses.field(default_factory=dict)
    states: int = 1
    scale_free: bool = False

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
    Case(
        "PeepholeLSTM",
        layers.PeepholeLSTM,
        peephole_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "peephole_kernel": (12,),
        },
        states=2,
    ),
    Case(
        "ProjectedLSTM",
        layers.ProjectedLSTM,
        projected_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (2, 16),
            "bias": (16,),
            "projection_kernel": (4, 2),
        },
        states=2,
    ),
    Case(
        "ProjectedLSTM-wide",
        layers.ProjectedLSTM,
        projected_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (5, 16),
            "bias": (16,),
            "projection_kernel": (4, 5),
        },
        {"projection_units": 5},
        states=2,
    ),
    Case(
        "CIFGLSTM",
        layers.CIFGLSTM,
        cifg_lstm.step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (12,)},
        states=2,
    ),
    Case(
        "LayerNormLSTM",
        layers.LayerNormLSTM,
        layer_norm.lstm_step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "kernel_gamma": (16,),
            "recurrent_gamma": (16,),
            "state_gamma": (4,),
            "state_beta": (4,),
        },
        states=2,
        scale_free=True,
    ),
    Case(
        "LayerNormLSTM-epsilon",
        layers.LayerNormLSTM,
        layer_norm.lstm_step_large_epsilon,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "kernel_gamma": (16,),
            "recurrent_gamma": (16,),
            "state_gamma": (4,),
            "state_beta": (4,),
        },
        {"epsilon": 0.5},
        states=2,
        scale_free=True,
    ),
    Case(
        "LayerNormGRU",
        layers.LayerNormGRU,
        layer_norm.gru_step,
        {
            "kernel": (3, 12),
            "recurrent_kernel": (4, 12),
            "bias": (2, 12),
            "kernel_gamma": (12,),
            "recurrent_gamma": (12,),
        },
        scale_free=True,
    ),
    Case(
        "LayerNormSimpleRNN",
        layers.LayerNormSimpleRNN,
        layer_norm.simple_rnn_step,
        {
            "kernel": (3, 4),
            "recurrent_kernel": (4, 4),
            "bias": (4,),
            "gamma": (4,),
        },
        scale_free=True,
    ),
    Case(
        "MGU",
        layers.MGU,
        mgu.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
    Case(
        "IndRNN",
        layers.IndRNN,
        ind_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4,), "bias": (4,)},
    ),
    Case(
        "IndRNN-tanh",
        layers.IndRNN,
        ind_rnn.tanh_step,
        {"kernel": (3, 4), "recurrent_kernel": (4,), "bias": (4,)},
        {"activation": "tanh"},
    ),
    Case(
        "JANET",
        layers.JANET,
        janet.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
    Case(
        "JANET-without-beta",
        layers.JANET,
        janet.step_without_beta,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
        {"beta": 0.0, "longest": 20},
    ),
    Case(
        "MinGRU",
        layers.MinGRU,
        min_gru.step,
        {"kernel": (3, 8), "bias": (8,)},
    ),
    Case(
        "MinGRU-tanh",
        layers.MinGRU,
        min_gru.tanh_step,
        {"kernel": (3, 8), "bias": (8,)},
        {"activation": "tanh"},
    ),
]
IDS = [case.id for case in CASES]
# One row for each unit; and one for each way in which a step's terms hang together.
ONE_EACH = list({case.layer: case for case in reversed(CASES)}.values())[::-1]
ANATOMIES = [
    case
    for case in CASES
    if case.id in ("LSTM", "GRU-reset-before", "LayerNormLSTM", "ProjectedLSTM")
]
# Public classes that are no unit of their own: what they are instead.
NOT_A_UNIT = {
    "RNN": "carries any cell",
    "GatedCell": "base class",
    "RecurrentLayer": "base class",
    "Bidirectional": "wraps any layer; tests/layers/test_bidirectional.py",
    "StackedRNNCells": "Keras's own",
    "ResetCell": "wraps any cell; tests/datasets/test_packing.py",
    "CRF": "a head; tests/layers/test_crf.py",
    "HMM": "a model; tests/layers/test_hmm.py",
    "Markov": "a model; tests/layers/test_markov.py",
    "JordanRNN": "recurrence from the output; tests/layers/test_jordan_rnn.py",
}
