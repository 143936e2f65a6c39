"""THE table: one row per unit. Every promise that holds for all cells reads it."""

import dataclasses

import numpy as np

from keras_rnn_zoo import layers
from tests.references import (
    cifg_lstm,
    clockwork_rnn,
    exp_rnn,
    gru,
    ind_rnn,
    intersection_rnn,
    janet,
    layer_norm,
    lmu,
    lstm,
    mgu,
    min_gru,
    mlstm,
    peephole_lstm,
    phased_lstm,
    projected_lstm,
    rhn,
    scrn,
    simple_rnn,
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A unit under one set of options.

    `reference(x, states, weights, activations…)` is one step in NumPy float64 and
    returns `(output, states)`. `weights` maps weight names to shapes for 3 features
    and 4 units. `scale_free` units are not made linear by small weights: they divide
    by the scale of what they multiply, or what comes back is not scaled by weights.
    `in_training` is the step in training, where it is another than `reference`.
    `output_of(output, states)` is what a cell gives after zoneout has changed its
    states: the first of them where nothing is said. `flat` names what has no gradient,
    and `learns` is false where a token that is copied teaches nothing: what stands
    beside them says why.
    """

    id: str
    layer: type
    reference: object
    weights: dict
    options: dict = dataclasses.field(default_factory=dict)
    states: int = 1
    scale_free: bool = False
    output_of: object = lambda output, states: states[0]
    in_training: object = None
    flat: tuple = ()
    learns: bool = True

    @property
    def memories(self):
        """Names of the states that zoneout and trained initial states are for."""
        cell = self.cell
        return [name for name in cell.state_names if name not in cell.bookkeeping]

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
    Case(
        "IntersectionRNN",
        layers.IntersectionRNN,
        intersection_rnn.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "input_kernel": (3, 4),
        },
        output_of=lambda output, states: output,  # y is no state
    ),
    Case(
        "SCRN",
        layers.SCRN,
        scrn.step,
        {"kernel": (3, 6), "recurrent_kernel": (4, 4), "context_kernel": (2, 4)},
        {"context_units": 2},
        states=2,
        output_of=lambda output, states: np.concatenate(states, -1),
    ),
    Case(
        "SCRN-bias",
        layers.SCRN,
        scrn.step_with_bias,
        {
            "kernel": (3, 7),
            "recurrent_kernel": (4, 4),
            "bias": (7,),
            "context_kernel": (3, 4),
        },
        {"context_units": 3, "alpha": 0.7, "use_bias": True},
        states=2,
        output_of=lambda output, states: np.concatenate(states, -1),
    ),
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
    Case(
        "MLSTM",
        layers.MLSTM,
        mlstm.step,
        {"kernel": (3, 18), "bias": (18,)},
        states=3,
        scale_free=True,  # queries, keys and values multiply each other
        output_of=lambda output, states: output,  # h is read from the states
    ),
    Case(
        "RHN",
        layers.RHN,
        rhn.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 24), "bias": (24,)},
        {"depth": 3},
    ),
    Case(
        "RHN-of-one-layer",
        layers.RHN,
        rhn.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
        {"depth": 1},
    ),
    Case(
        "LMU",
        layers.LMU,
        lmu.step,
        {
            "kernel": (3, 5),
            "recurrent_kernel": (4, 5),
            "memory_kernel": (6, 4),
            "memory_encoder": (6, 1),
        },
        {"memory_size": 6, "theta": 6.0},
        states=2,
    ),
    Case(
        "LMU-bias",
        layers.LMU,
        lmu.step_with_bias,
        {
            "kernel": (3, 5),
            "recurrent_kernel": (4, 5),
            "bias": (5,),
            "memory_kernel": (3, 4),
            "memory_encoder": (3, 1),
        },
        {"memory_size": 3, "theta": 20.0, "use_bias": True},
        states=2,
    ),
    Case(
        "ExpRNN",
        layers.ExpRNN,
        exp_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        scale_free=True,  # the smallest P still makes an orthogonal U
    ),
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
