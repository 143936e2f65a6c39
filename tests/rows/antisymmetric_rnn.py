from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import antisymmetric_rnn

ROWS = [
    Case(
        "AntisymmetricRNN",
        layers.AntisymmetricRNN,
        antisymmetric_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        {"step_size": 0.5, "diffusion": 0.1},
    ),
    Case(
        "GatedAntisymmetricRNN",
        layers.GatedAntisymmetricRNN,
        antisymmetric_rnn.gated,
        {"kernel": (3, 8), "recurrent_kernel": (4, 4), "bias": (8,)},
        {"step_size": 0.5, "diffusion": 0.1},
    ),
]
