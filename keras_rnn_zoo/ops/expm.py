"""The exponential of a matrix, by scaling and squaring, with gradients through it."""

import keras
import numpy as np
from keras import ops

# Terms of the series: of a matrix of norm 1/2 the next one is 2e-16.
_TERMS = 12
# Halvings at most: a matrix of norm 2 ** 15 still comes out.
_HALVINGS = 16


def expm(a):
    """exp(A) = I + A + A² / 2 + …, as (exp(A / 2ⁿ))^(2ⁿ).

    Made for matrices of moderate size that are computed once for many products, such as
    an orthogonal matrix of a skew-symmetric one. Computes in float64 where the backend
    has it, whatever the dtype of `a`.

    Args:
        a: `(n, n)`, a tensor or an array, of any norm up to 2 ** 15.

    Returns:
        `(n, n)`, in the dtype of `a`.

    Example:
    >>> turn = expm(np.array([[0.0, np.pi / 2], [-np.pi / 2, 0.0]]))
    >>> print(np.asarray(turn).round(6) + 0)
    [[ 0.  1.]
     [-1.  0.]]
    """
    a = ops.convert_to_tensor(a)
    dtype = keras.backend.standardize_dtype(a.dtype)
    wide = "float64" if keras.config.backend() == "tensorflow" else "float32"
    wide = keras.backend.result_type(dtype, wide)
    given = ops.cast(a, wide)
    eye = ops.cast(np.eye(a.shape[-1]), wide)
    norm = ops.max(ops.sum(ops.abs(ops.stop_gradient(given)), axis=0))
    scaled, halvings = given, ops.zeros((), "int32")
    for n in range(_HALVINGS):
        large = norm * 2.0**-n > 0.5
        scaled = ops.where(large, scaled / 2, scaled)
        halvings = halvings + ops.cast(large, "int32")
    result = eye
    for n in range(_TERMS, 0, -1):
        result = eye + ops.matmul(scaled, result) / n
    for n in range(_HALVINGS):
        result = ops.where(n < halvings, ops.matmul(result, result), result)
    return ops.cast(result, dtype)
