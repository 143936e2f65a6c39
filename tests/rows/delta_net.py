from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import delta_net

ROWS = [
    Case(
        "DeltaNet",
        layers.DeltaNet,
        delta_net.step,
        {"kernel": (3, 13), "bias": (13,)},
        scale_free=True,  # queries and keys are divided by their lengths
        output_of=lambda output, states: output,  # h is read from the state
    ),
    Case(
        "GatedDeltaNet",
        layers.GatedDeltaNet,
        delta_net.step,
        {"kernel": (3, 14), "bias": (14,), "log_decay": (1,)},
        scale_free=True,  # queries and keys are divided by their lengths
        output_of=lambda output, states: output,  # h is read from the state
    ),
]
