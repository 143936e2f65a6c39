"""What cells there are."""

from typing import Any


def cells(name: str | None = None, *, features: int = 64, units: int = 64) -> Any:
    """Return the catalogue of cells, or what it says of one.

    Args:
        name: of a layer; capitals do not matter. None: all.
        features: width of the input that is counted.
        units: width of the layer that is counted.

    Returns:
        `keras_rnn_zoo.inspection.CellEntry`, or a tuple of them by name.

    Raises:
        ValueError: if there is no cell of that name, or a size is not positive.
    """
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    from keras_rnn_zoo.inspection import catalogue
    from keras_rnn_zoo.layers.core.arguments import positive_integer

    positive_integer("features", features)
    positive_integer("units", units)
    found: Any = catalogue(None, features, units)
    if name is None:
        return found
    plain = name.lower().removesuffix("cell")
    for one in found:
        if one.name.lower() == plain:
            return one
    return catalogue(name, features, units)  # which says what there is
