"""The kernels for a model that Keras has traced before they were compiled."""

import inspect

import keras

from keras_rnn_zoo.native import build

# The attributes in which Keras keeps what it has traced, by the methods that run it.
_TRACED = {
    "fit": "train_function",
    "train_on_batch": "train_function",
    "evaluate": "test_function",
    "test_on_batch": "test_function",
    "predict": "predict_function",
    "predict_on_batch": "predict_function",
}


class _UntilBuilt:
    """What Keras has traced, and, once the kernels are there, the same traced anew."""

    def __init__(self, model, name, dtype):
        self.model, self.name, self.dtype = model, name, dtype
        self.traced = getattr(model, name)

    def __call__(self, *args):
        if build.is_building(self.dtype):
            return self.traced(*args)
        # A newer one than this, as after `compile`, is not to be lost.
        if getattr(self.model, self.name) is self:
            if build.load(self.dtype, wait=0.0) is None:
                setattr(self.model, self.name, self.traced)
            else:
                getattr(self.model, f"make_{self.name}")(force=True)
        return getattr(self.model, self.name)(*args)


def trace_again_when_built(dtype: str) -> None:
    """Lets a model whose step is being traced take the kernels once they are there.

    To be called while a layer is traced that would have taken them. The `fit`,
    `evaluate` or `predict` that is running goes on with what it has traced, and, from
    the first step after the compiler is done, with what it then traces anew: all paths
    compute the same. It is found on the stack, as Keras says to no layer which model
    it is part of. A function of somebody's own is not traced again.

    Args:
        dtype: "float32" or "float64".
    """
    if not build.is_building(dtype):
        return
    frame = inspect.currentframe()
    while frame is not None:
        name = _TRACED.get(frame.f_code.co_name, "")
        model = frame.f_locals.get("self") if name else None
        if isinstance(model, keras.Model):
            if not isinstance(getattr(model, name), _UntilBuilt | None):
                setattr(model, name, _UntilBuilt(model, name, dtype))
            return
        frame = frame.f_back
