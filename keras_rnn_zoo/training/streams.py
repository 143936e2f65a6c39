"""Training on contiguous streams: states carried from batch to batch."""

import keras

from keras_rnn_zoo.layers.core.parts import parts_of


class CarriedStates(keras.callbacks.Callback):
    """Starts the streams of a stateful model anew where they start anew.

    Within an epoch the states of stateful layers are carried from batch to batch, as
    `datasets.contiguous_streams` needs it. They are reset before each epoch, and
    before a validation, whose streams are others. Whatever is asked of the model
    between two batches (`predict`, `evaluate`, a call), training goes on from the
    states it had.

    Raises:
        ValueError: if the model has no stateful layer.

    Example:
    >>> from keras_rnn_zoo.datasets.streams import contiguous_streams
    >>> streams = contiguous_streams(np.arange(65) % 8, batch_size=4, steps=8)
    >>> model = keras.Sequential([
    ...     keras.Input((None,), batch_size=4, dtype="int32"),
    ...     keras.layers.Embedding(8, 4),
    ...     LSTM(8, return_sequences=True, stateful=True),
    ...     keras.layers.Dense(8, activation="softmax"),
    ... ])
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> history = model.fit(streams.dataset, callbacks=[CarriedStates()], verbose=0)
    """

    def __init__(self):
        super().__init__()
        self._train = None

    def set_model(self, model):
        super().set_model(model)
        self._layers = [
            layer
            for layer in parts_of(model)
            if isinstance(layer, keras.layers.RNN) and layer.stateful
        ]
        if not self._layers:
            raise ValueError(
                "`model` must have a stateful recurrent layer to carry states. "
                f"Received: a model with none, {model.name!r}. Build its layers with "
                "`stateful=True`, or leave `CarriedStates` out."
            )

    def on_train_begin(self, logs=None):
        # Around the step itself: callbacks that ask something may come before this one.
        self._train = train = self.model.train_function
        self._kept = None

        def with_its_own_states(*data):
            self._put_back()
            results = train(*data)
            self._kept = self._states()
            return results

        self.model.train_function = with_its_own_states

    def on_train_end(self, logs=None):
        self._put_back()
        if self._train is not None:
            self.model.train_function = self._train
        self._train = None

    def on_epoch_begin(self, epoch, logs=None):
        self._reset()
        self._kept = self._states()

    def on_test_begin(self, logs=None):
        self._before_test = self._states()
        self._reset()

    def on_test_end(self, logs=None):
        self._set(self._before_test)

    def _states(self):
        return [
            keras.ops.convert_to_numpy(variable)
            for layer in self._layers
            for variable in keras.tree.flatten(layer.states)
        ]

    def _set(self, values):
        variables = keras.tree.flatten([layer.states for layer in self._layers])
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def _put_back(self):
        if self._kept is not None:
            self._set(self._kept)

    def _reset(self):
        for layer in self._layers:
            layer.reset_state()
