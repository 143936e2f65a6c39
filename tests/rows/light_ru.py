from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import light_ru

ROWS = [
    Case(
        "LightRU",
        layers.LightRU,
        light_ru.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 4), "bias": (8,)},
    ),
]
