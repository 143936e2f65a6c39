from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import layer_norm

ROWS = [
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
        "LayerNormLSTM-carry-normalised",
        layers.LayerNormLSTM,
        layer_norm.lstm_step_that_carries_what_it_sees,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "kernel_gamma": (16,),
            "recurrent_gamma": (16,),
            "state_gamma": (4,),
            "state_beta": (4,),
        },
        {"carry_normalised": True},
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
]
