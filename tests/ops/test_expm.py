"""The exponential of a matrix against SciPy's, and its derivatives."""

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.ops.expm import expm


def skew(rng, n, scale):
    a = np.triu(rng.normal(size=(n, n)), 1) * scale
    return a - a.T


@pytest.mark.parametrize("scale", [0.0, 1e-9, 0.3, 3.0, 40.0])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_of_skew_matrices_is_that_of_scipy_and_orthogonal(n, scale, rng):
    linalg = pytest.importorskip("scipy.linalg")
    a = skew(rng, n, scale)
    result = np.asarray(expm(a))
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, linalg.expm(a), atol=1e-12)
    np.testing.assert_allclose(result @ result.T, np.eye(n), atol=1e-12)


def test_of_any_matrix_is_that_of_scipy(rng):
    linalg = pytest.importorskip("scipy.linalg")
    a = 2 * rng.normal(size=(5, 5))
    np.testing.assert_allclose(expm(a), linalg.expm(a), rtol=1e-11, atol=1e-11)


def test_single_precision_is_computed_in_double(rng):
    a = skew(rng, 6, 20.0).astype("float32")
    result = np.asarray(expm(a))
    assert result.dtype == "float32"
    exact = np.asarray(expm(a.astype("float64")))
    np.testing.assert_array_equal(result, exact.astype("float32"))


@pytest.mark.parametrize("scale", [0.1, 5.0])
def test_gradients_are_finite_differences(scale, rng):
    a, weight, direction = skew(rng, 4, scale), *rng.normal(size=(2, 4, 4))
    given = tf.constant(a)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss = tf.reduce_sum(weight * expm(given))
    slope = (np.asarray(tape.gradient(loss, given)) * direction).sum()
    up, down = (np.asarray(expm(a + e * direction)) for e in (1e-6, -1e-6))
    np.testing.assert_allclose(slope, ((up - down) * weight).sum() / 2e-6, rtol=1e-7)


def test_compiled_it_is_the_same(rng):
    a = tf.constant(skew(rng, 5, 2.0))
    np.testing.assert_allclose(
        tf.function(expm, jit_compile=True)(a), expm(a), atol=1e-13
    )
