"""The home of recurrent networks in Keras 3: cells, layers and ready-built models."""

import importlib
import importlib.util
import sys
from typing import Any

from keras_rnn_zoo.version import __version__ as __version__

_ROOMS = (
    "convert",
    "datasets",
    "export",
    "inspection",
    "layers",
    "metrics",
    "native",
    "ops",
    "presets",
    "tasks",
    "topologies",
    "training",
)

#: Where the classes are, which are found there: a new one is named nowhere else.
_SHELVES = ("layers", "topologies")

#: Modules that had other names: `import` goes on finding them there.
_MOVED = {
    **{
        f"keras_rnn_zoo.layers.{name}": f"keras_rnn_zoo.layers.{shelf}.{name}"
        for shelf, names in {
            "cells": (
                *("cifg_lstm", "clockwork_rnn", "exp_rnn", "gru", "ind_rnn"),
                *("intersection_rnn", "janet", "layer_norm", "lmu", "lstm", "mgu"),
                *("min_gru", "mlstm", "peephole_lstm", "phased_lstm"),
                *("projected_lstm", "rhn", "scrn", "simple_rnn"),
            ),
            "core": (
                *("arguments", "base", "bidirectional", "engine", "fitting", "parts"),
                *("registry", "reset_cell", "rnn", "step"),
            ),
            "heads": ("crf", "jordan_rnn", "sampling_schedules"),
        }.items()
        for name in names
    },
    "keras_rnn_zoo.layers.hmm": "keras_rnn_zoo.topologies.hmm",
    "keras_rnn_zoo.layers.markov": "keras_rnn_zoo.topologies.markov",
    "keras_rnn_zoo.training.tasks": "keras_rnn_zoo.tasks",
    "keras_rnn_zoo.training.baselines": "keras_rnn_zoo.tasks.baselines",
    "keras_rnn_zoo.training.word_windows": "keras_rnn_zoo.tasks.word_windows",
    "keras_rnn_zoo.training.evaluation": "keras_rnn_zoo.tasks.evaluation",
    "keras_rnn_zoo.inspection.report": "keras_rnn_zoo.tasks.report",
    "keras_rnn_zoo.presets.cards": "keras_rnn_zoo.jobs.cards",
    "keras_rnn_zoo.topologies.word_reader": "keras_rnn_zoo.layers.readers.word_reader",
}


def __getattr__(name: str) -> Any:
    if name == "load":
        importlib.import_module("keras_rnn_zoo.topologies")  # Keras must know them
        return importlib.import_module("keras_rnn_zoo.presets").load
    if name == "__all__":
        return [*_classes(), *_ROOMS, "__version__", "load"]
    if not name.startswith("_"):
        # `from keras_rnn_zoo import jobs` asks here first; no class is needed for it.
        if importlib.util.find_spec(f"keras_rnn_zoo.{name}") is not None:
            return importlib.import_module(f"keras_rnn_zoo.{name}")
        found = _classes()
        if name in found:
            return found[name]
    raise AttributeError(f"module 'keras_rnn_zoo' has no attribute {name!r}")


def _classes():
    """Classes and functions that stand in the package itself, by name."""
    found = {}
    for room in _SHELVES:
        module = importlib.import_module(f"keras_rnn_zoo.{room}")
        found |= {name: getattr(module, name) for name in module.__all__}
    return found


def __dir__():
    return sorted({*globals(), *__getattr__("__all__")})


class _Moved:
    """Finder of the modules that have another name now."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return a spec that leads to the same module; None for all others."""
        if name not in _MOVED:
            return None
        importlib.import_module(_MOVED[name])
        loader: Any = _AsItIs
        return importlib.util.spec_from_loader(name, loader)


#: Rooms that the classes to register need, and that need Keras themselves.
_NEEDED = tuple(
    f"keras_rnn_zoo.{room}" for room in ("layers", "metrics", "ops", "topologies")
)


class _AsItIs:
    """Loader of a module that was imported while it was looked for."""

    @staticmethod
    def create_module(spec: Any) -> Any:
        """Return the module that there is."""
        name = spec.name
        module = sys.modules[_MOVED[name] if name in _MOVED else name]
        spec.loader_state = module.__spec__
        return module

    @staticmethod
    def exec_module(module):
        """Give the module its own spec back: nothing else is left to do."""
        module.__spec__ = module.__spec__.loader_state


class _WhenKerasIsThere:
    """Finder that registers the classes as soon as Keras has been imported.

    Keras must know them before it loads a saved model, and they need Keras, which costs
    seconds that `keras-rnn-zoo --help` does not have.
    """

    _looking = False

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Return the spec of `keras` with one thing more to do; None for all others."""
        if name in _NEEDED:
            # First Keras, and with it all that is registered: a room that is being
            # imported already could not be imported for that.
            importlib.import_module("keras")
            known = name in sys.modules
            loader: Any = _AsItIs
            return importlib.util.spec_from_loader(name, loader) if known else None
        if name != "keras" or cls._looking:
            return None
        cls._looking = True
        try:
            spec = importlib.util.find_spec("keras")
        finally:
            cls._looking = False
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            if cls in sys.meta_path:  # until then: whoever asks may not import it
                sys.meta_path.remove(cls)
            _register()

        spec.loader.exec_module = exec_module
        return spec


def _register():
    importlib.import_module("keras_rnn_zoo.topologies")
    importlib.import_module("keras_rnn_zoo.metrics")  # a saved model names them


sys.meta_path.insert(0, _Moved)
if "keras" in sys.modules:
    _register()
else:
    sys.meta_path.insert(0, _WhenKerasIsThere)
