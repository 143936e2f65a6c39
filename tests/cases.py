"""THE table: one row per unit. Every promise that holds for all cells reads it.

A cell in `keras_rnn_zoo/layers/cells/<file>.py` has its rows in `tests/rows/<file>.py`.
"""

import importlib
import pkgutil

import pytest

from tests import rows

CASES = [
    case
    for _, name, _ in sorted(pkgutil.iter_modules(rows.__path__))
    for case in importlib.import_module(f"tests.rows.{name}").ROWS
]
IDS = [case.id for case in CASES]
BY_ID = {case.id: case for case in CASES}
# One row for each unit; and one for each way in which a step's terms hang together.
ONE_EACH = list({case.layer: case for case in reversed(CASES)}.values())[::-1]
ANATOMIES = [
    case
    for case in CASES
    if case.id in ("LSTM", "GRU-reset-before", "LayerNormLSTM", "ProjectedLSTM")
]
# One row for everything that a cell can declare: what costs much is tried on these, and
# on all others with the slow tests.
FEW = {
    *("LSTM", "MGU", "GRU-reset-before", "LayerNormLSTM", "ProjectedLSTM", "IndRNN"),
    *("RHN", "MLSTM", "LMU", "ExpRNN", "ClockworkRNN", "PhasedLSTM"),
}


def mostly_slow(cases, few=FEW):
    """`parametrize` over the rows, all but a few of them marked as slow."""
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                case, id=case.id, marks=() if case.id in few else pytest.mark.slow
            )
            for case in cases
        ],
    )


# Public classes that are no unit of their own: what they are instead.
NOT_A_UNIT = {
    "RNN": "carries any cell",
    "GatedCell": "base class",
    "RecurrentLayer": "base class",
    "Bidirectional": "wraps any layer; tests/layers/test_bidirectional.py",
    "StackedRNNCells": "Keras's own",
    "ResetCell": "wraps any cell; tests/datasets/test_packing.py",
    **dict.fromkeys(
        ("ResidualCell", "HighwayCell", "DropConnect", "FastSlow")
        + ("MultiplicativeIntegration", "Nested"),
        "wraps any cell; tests/layers/test_wrappers.py",
    ),
    "GriffinBlock": "around GriffinRecurrent; tests/layers/test_blocks.py",
    "CRF": "a head; tests/layers/test_crf.py",
    "HMM": "a model; tests/layers/test_hmm.py",
    "Markov": "a model; tests/layers/test_markov.py",
    "JordanRNN": "recurrence from the output; tests/layers/test_jordan_rnn.py",
}
