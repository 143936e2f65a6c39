from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import strongly_typed

WEIGHTS = {"kernel": (3, 12), "bias": (12,), "previous_kernel": (3, 12)}
ROWS = [
    Case("TRNN", layers.TRNN, strongly_typed.step, {"kernel": (3, 8), "bias": (4,)}),
    Case(
        "TGRU",
        layers.TGRU,
        strongly_typed.gru_step,
        WEIGHTS,
        states=2,
        scale_free=True,  # z ⊙ o has the input twice
    ),
    Case(
        "TLSTM",
        layers.TLSTM,
        strongly_typed.lstm_step,
        WEIGHTS,
        states=2,
        scale_free=True,  # as TGRU
        output_of=lambda output, states: output,  # h is read from the states
    ),
]
