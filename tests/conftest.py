import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import keras
import numpy as np
import pytest
import tensorflow as tf

hypothesis.settings.register_profile(
    "zoo",
    deadline=None,
    derandomize=True,
    print_blob=False,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("zoo")
# On a GPU, products of float32 would else have 10 bits behind the point.
tf.config.experimental.enable_tensor_float_32_execution(False)


@pytest.fixture(autouse=True)
def fresh_start():
    """The same seed and float32 for every test."""
    keras.utils.set_random_seed(20)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session", autouse=True)
def kernels():
    """Builds the kernels first: else a busy machine takes other paths."""
    from keras_rnn_zoo import native

    for dtype in native.DTYPES:
        native.load(dtype, wait=None)
