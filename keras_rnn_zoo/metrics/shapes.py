"""Shapes of weights and masks, which must not merely happen to fit."""


def check_weights(name, weights, shape):
    """Raises unless `weights` are one for each row, or one for each step.

    Args:
        name: str. What they are called in an error.
        weights: tensor or array, or None.
        shape: shape of what they weigh, `(batch, …)`; None where it is not known.

    Raises:
        ValueError: if their shape is another.
    """
    given = getattr(weights, "shape", ())  # a number weighs all alike
    if given is None or shape is None:
        return
    given, shape = tuple(given), tuple(shape)
    longer = given[len(shape) :]
    pairs = zip(given, shape, strict=False)
    fits = all(a == b or a in (None, 1) or b is None for a, b in pairs)
    if not fits or any(size != 1 for size in longer):
        raise ValueError(
            f"`{name}` must be of the shape of `y_true`, {shape}, or of one value a "
            f"row. Received: {name} of shape {given}."
        )
