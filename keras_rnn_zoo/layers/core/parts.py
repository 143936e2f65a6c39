"""What lies inside of a layer or a model, and what was changed there."""

import json
from typing import Any

import keras

_LAYERS = ("layers", "forward_layer", "backward_layer", "layer")
_CELLS = ("cells", "cell")


def parts_of(layer, *, cells=False):
    """Yields a layer and all layers inside of it, outermost first.

    Args:
        layer: a `keras.Layer` or model.
        cells: bool. Whether the cells of recurrent layers count too.

    Example:
    >>> names = [type(part).__name__ for part in parts_of(Bidirectional(GRU(2)))]
    >>> names == ["Bidirectional", "GRU", "GRU"]
    True
    """
    yield layer
    seen = {id(layer)}
    for name in _LAYERS + _CELLS * cells:
        inner = getattr(layer, name, None)
        for part in inner if isinstance(inner, (list, tuple)) else [inner]:
            if isinstance(part, keras.Layer) and id(part) not in seen:
                seen.add(id(part))
                yield from parts_of(part, cells=cells)


def settings(model):
    """Whether each part of a model is trained, and in which numbers it computes.

    What a model is made from does not say these: they are set afterwards, to freeze a
    layer or to quantise it.

    Args:
        model: a `keras.Layer` or model.

    Returns:
        dict from the path of a part to a dict that JSON can hold.
    """
    return {
        path: {
            "trainable": part.trainable,
            "dtype": _alone(keras.dtype_policies.serialize(part.dtype_policy)),
            "quantization_config": _alone(
                keras.saving.serialize_keras_object(
                    getattr(part, "quantization_config", None)
                )
            ),
        }
        for path, part in _parts_by_path(model)
    }


def _alone(config):
    """A config without the number that it has while Keras writes or reads a file."""
    if not isinstance(config, dict):
        return config
    return {k: v for k, v in config.items() if k != "shared_object_id"}


def set_again(model, changed):
    """Brings a new model to the `settings` that another one was saved with."""
    parts = dict(_parts_by_path(model))
    for path, values in changed.items():
        part = parts[path]
        part.trainable = values["trainable"]
        policy = keras.dtype_policies.deserialize(values["dtype"])
        if policy.name == part.dtype_policy.name:
            continue
        if policy.quantization_mode is None:
            part.dtype_policy = policy
        else:
            part.quantize(
                policy.quantization_mode,
                config=keras.saving.deserialize_keras_object(
                    values["quantization_config"]
                ),
            )


class KeepsSettings:
    """A model whose config, that of its constructor, also holds what changed since."""

    @property
    def _changed(self):
        """`{"changed": settings}` for the config; empty if nothing was changed."""
        now = json.dumps(settings(self))
        return {} if now == self._settings else {"changed": json.loads(now)}

    def _is_made(self):
        """Notes the settings; called at the end of the constructor."""
        self._settings = json.dumps(settings(self))  # Keras tracks what is in a dict

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """Returns the model of a config of `get_config`."""
        config = dict(config)
        changed = config.pop("changed", None)
        with keras.saving.custom_object_scope(custom_objects or {}):
            model = cls._from_arguments(config)
            if changed is not None:
                set_again(model, changed)
        return model

    @classmethod
    def _from_arguments(cls, arguments):
        return cls(**arguments)


def _parts_by_path(layer, path="", seen=None):
    """Yields `(path, layer)` for a layer and all inside of it, outermost first."""
    seen = {id(layer)} if seen is None else seen
    yield path, layer
    if isinstance(layer, keras.Model):
        inside = {one.name: one for one in layer.layers}
    else:
        inside = {name: one for name, one in vars(layer).items() if name[:1] != "_"}
    for name, found in inside.items():
        several = isinstance(found, list | tuple)
        for k, part in enumerate(found if several else [found]):
            if isinstance(part, keras.Layer) and id(part) not in seen:
                seen.add(id(part))
                place = f"{name}/{k}" if several else name
                yield from _parts_by_path(part, f"{path}/{place}", seen)
