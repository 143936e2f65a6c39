"""Which other libraries have a cell, and where theirs is known to differ."""

#: Names of libraries as they are written everywhere here, and what each is.
LIBRARIES = {
    "Keras": "keras 3.15",
    "PyTorch": "torch.nn",
    "Addons": "TensorFlow Addons 0.23, which ended in 2024",
    "contrib": "tf.contrib.rnn of TensorFlow 1",
    "torchrecurrent": "torchrecurrent 0.2.5",
    "RecurrentLayers.jl": "for Flux, in Julia",
    "LuxRecurrentLayers.jl": "for Lux, in Julia",
    "Flax": "flax.linen",
    "Haiku": "dm-haiku",
    "Sonnet": "dm-sonnet 2",
    "Haste": "haste-pytorch and haste-tf, kernels for GPUs",
    "FlashRNN": "flashrnn, kernels for GPUs",
    "lrnnx": "lrnnx 1.0, linear cells",
    "xlstm": "the authors' xlstm 2.0",
    "ncps": "ncps 1.0",
    "keras-lmu": "the authors' keras-lmu 0.9",
    "minGRU-pytorch": "minGRU-pytorch 0.2.1",
    "sru": "the authors' sru",
    "pytorch-qrnn": "the authors' pytorch-qrnn",
    "recurrentgemma": "the authors' recurrentgemma",
    "mamba": "the authors' mamba-ssm",
    "fla": "flash-linear-attention",
}
_TR, _RL, _LX = "torchrecurrent", "RecurrentLayers.jl", "LuxRecurrentLayers.jl"
_ALL_THREE = (_TR, _RL, _LX)
_HAVE = {
    "SimpleRNN": ("Keras", "PyTorch", "Flax", "Haiku", "Sonnet", "FlashRNN"),
    "LSTM": ("Keras", "PyTorch", "Flax", "Haiku", "Sonnet", "Haste", "FlashRNN"),
    "GRU": ("Keras", "PyTorch", "Flax", "Haiku", "Sonnet", "Haste", "FlashRNN"),
    "ProjectedLSTM": ("PyTorch", "Sonnet"),
    "PeepholeLSTM": (*_ALL_THREE, "Addons", "contrib"),
    "LayerNormLSTM": ("Addons", "contrib", "Haste"),
    "LayerNormGRU": ("Haste",),
    "LayerNormSimpleRNN": ("Addons",),
    "CIFGLSTM": ("contrib",),
    "OriginalLSTM": (_TR, _RL),
    "MGU": (*_ALL_THREE, "Flax"),
    "UGRNN": (_TR, _RL, "contrib"),
    "IntersectionRNN": (_TR, _RL, "contrib"),
    "IndRNN": (*_ALL_THREE, "Haste", "contrib"),
    "IndyLSTM": ("contrib",),
    "IndyGRU": ("contrib",),
    "RHN": (_RL,),
    "NAS": (*_ALL_THREE, "Addons", "contrib"),
    "PhasedLSTM": ("contrib",),
    "ESN": ("Addons",),
    "MemoryControllerLSTM": (_TR, _RL),
    "ResLSTM": (_TR,),
    "SGU": (_TR,),
    "DSGU": (_TR,),
    "MiRU1": (_TR, _RL),
    "MiRU2": (_TR, _RL),
    "TauGRU": (_TR,),
    "LMU": ("keras-lmu",),
    "LTC": ("ncps",),
    "CfC": ("ncps",),
    "QRNN": ("pytorch-qrnn",),
    "SRU": ("sru", "contrib"),
    "MinGRU": ("minGRU-pytorch",),
    "MinLSTM": ("minGRU-pytorch",),
    "LRU": ("lrnnx",),
    "S4D": ("lrnnx",),
    "S5": ("lrnnx",),
    "S6": ("lrnnx", "mamba"),
    "Mamba2": ("mamba",),
    "RGLRU": ("lrnnx", "recurrentgemma"),
    "SLSTM": ("xlstm", "FlashRNN"),
    "MLSTM": ("xlstm",),
    "HGRN": ("fla",),
    "DeltaNet": ("fla",),
    "GatedDeltaNet": ("fla",),
    "RWKV7": ("fla",),
    **dict.fromkeys(
        ("MUT1", "MUT2", "MUT3", "MultiplicativeLSTM", "JANET", "LiGRU", "LightRU")
        + ("SCRN", "RAN", "CFN", "ATR", "MinimalRNN", "FastRNN", "FastGRNN", "CoRNN")
        + ("AntisymmetricRNN", "GatedAntisymmetricRNN", "UnICORNN", "LEM", "BRC")
        + ("NBRC", "STAR", "SGRN", "WMCLSTM", "TRNN", "TGRU", "TLSTM"),
        _ALL_THREE,
    ),
}
#: `{cell: {library: how theirs differs from ours}}`, of what has been seen to differ;
#: `make outside` tries those that can be installed.
DIFFERENT = {
    "FastGRNN": dict.fromkeys((_TR, _RL), "the gate goes through tanh by default"),
    "LEM": dict.fromkeys(_ALL_THREE, "y is made of the old z"),
    "NAS": dict.fromkeys(_ALL_THREE, "branch 3 is a sum, and no product"),
    "SCRN": dict.fromkeys((_TR, _RL), "h goes through tanh, and no σ"),
    "MUT1": dict.fromkeys((_TR, _RL), "the inner tanh has a kernel and a bias"),
    "MUT2": dict.fromkeys((_TR, _RL), "the reset gate has a kernel for x"),
    "JANET": {_TR: "β is trained"},
    "MGU": {"Flax": "f and 1 - f change places, and f multiplies behind U"},
    "QRNN": {"pytorch-qrnn": "f and 1 - f change places"},
    "CfC": {"ncps": "the two heads go through tanh, and in Keras through nothing"},
    "MLSTM": {"xlstm": "1e-6 is added to what h is divided by"},
    "MinLSTM": {"minGRU-pytorch": "in parallel, a carried state is read wrongly"},
    "ESN": {"Addons": "`use_norm2` divides by the Frobenius norm"},
}


def also_in(name):
    """The libraries that have a cell: `{library: how theirs differs, or ""}`.

    Args:
        name: str. Of a layer of the zoo.

    Example:
    >>> list(also_in("ProjectedLSTM"))
    ['PyTorch', 'Sonnet']
    """
    differs = DIFFERENT.get(name, {})
    return {library: differs.get(library, "") for library in _HAVE.get(name, ())}
