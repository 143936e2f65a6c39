"""What lies inside of a layer or a model."""

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
