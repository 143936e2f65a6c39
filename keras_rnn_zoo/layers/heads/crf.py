"""Linear-chain conditional random field: tags that are chosen together."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.layers.core.arguments import checked, flag, one_of, positive_integer
from keras_rnn_zoo.layers.core.fitting import needs_tensorflow
from keras_rnn_zoo.layers.core.head import Head
from keras_rnn_zoo.layers.core.kinds import DType, Initializer, Regularizer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.rnn import checked_mask
from keras_rnn_zoo.ops import chains
from keras_rnn_zoo.ops.crf import check_tags

#: What a forbidden transition adds to a score. Finite, so that a row that no path fits
#: has a loss and a gradient; a path that breaks one rule less always wins.
FORBIDDEN = -1e4

# Where the output of the layer keeps what the loss needs, as Keras keeps the mask.
_CHAIN = "_keras_rnn_zoo_chain"
_RETURNS = ("path", "tags", "marginals")


@register
class CRF(Head):
    """Linear-chain conditional random field: scores whole tag sequences.

        u_t = x_t W + b
        score(y) = initial[y_1] + Σ_t u_t[y_t] + Σ_{t>1} A[y_{t-1}, y_t] + final[y_T]
        P(y | x) = exp(score(y)) / Σ_y' exp(score(y'))

    A is `transition`, from row to column. Trained by a plain `fit` with `CRFLoss`,
    -log P(y | x); what comes out, in training too, is the best path. When to use it:
    above any layer that returns sequences, where neighbouring tags depend on each
    other, as the tags of names do. Costs tags² a step, in a loop over time. Needs
    Keras's TensorFlow backend.

    Reference: Lafferty, McCallum & Pereira, 2001, "Conditional Random Fields:
    Probabilistic Models for Segmenting and Labeling Sequence Data". Differs from the
    paper: features are learnt by the layers below; transitions do not see the input.

    Args:
        num_tags: int.
        use_kernel: bool. False: the inputs are u_t themselves.
        use_boundary: bool. False: without `initial` and `final`.
        allowed_transitions: `(num_tags, num_tags)` of bool, or None for all. A path
            pays -1e4 for each transition that is not allowed.
        allowed_first: `(num_tags,)` of bool, or None: tags that may begin.
        allowed_last: `(num_tags,)` of bool, or None: tags that may end.
        returns: "path", the best tags one-hot; "tags", as integers; "marginals", the
            probability of each tag at each step.
        kernel_initializer: initializer of W.
        bias_initializer: initializer of b.
        transition_initializer: initializer of A.
        boundary_initializer: initializer of `initial` and `final`.
        kernel_regularizer: regularizer of W.
        transition_regularizer: regularizer of A.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: bool `(batch, time)`, of any pattern.
        training: bool. Where the path is asked for a gradient, training says why not.

    Returns:
        `(batch, time, num_tags)` floats, or for "tags" int32 `(batch, time)`; zeros at
        masked steps; with the mask.

    Weights:
        kernel `(features, num_tags)`, bias `(num_tags,)`, transition
        `(num_tags, num_tags)`, initial `(num_tags,)`, final `(num_tags,)`.

    Masking: a masked step is as if it were not there; its neighbours are linked by one
    transition. A row without any step has the loss 0. Dtype: everything is computed in
    the variable dtype. Where constraints fit no path of a row's length, the path that
    breaks fewest is taken.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or the constraints
            leave no path of any length.

    Example:
    >>> model = keras.Sequential([
    ...     keras.Input((None,), dtype="int32"),
    ...     keras.layers.Embedding(10, 8, mask_zero=True),
    ...     keras_rnn_zoo.Bidirectional(keras_rnn_zoo.GRU(8, return_sequences=True)),
    ...     CRF(3, **bio_constraints(["O", "B-name", "I-name"])),
    ... ])
    >>> model.compile("adam", loss=CRFLoss())
    >>> x, y = np.array([[4, 7, 2, 0]]), np.array([[0, 1, 2, 0]])
    >>> history = model.fit(x, y, verbose=0)
    >>> model.predict(x, verbose=0).argmax(-1).shape
    (1, 4)
    """

    head_name = "crf"
    per_step = True
    step_by_step = False
    weighs = "(batch,)"
    joins_steps = True

    def __init__(
        self,
        num_tags: int,
        *,
        use_kernel: bool = True,
        use_boundary: bool = True,
        allowed_transitions: Any = None,
        allowed_first: Any = None,
        allowed_last: Any = None,
        returns: str = "path",
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        transition_initializer: Initializer = "zeros",
        boundary_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        transition_regularizer: Regularizer = None,
        **kwargs: Any,
    ) -> None:
        needs_tensorflow(CRF)
        num_tags = positive_integer("num_tags", num_tags)
        returns = one_of("returns", returns, _RETURNS)
        super().__init__(autocast=False, **kwargs)
        self.num_tags = num_tags
        self.use_kernel = flag("use_kernel", use_kernel)
        self.use_boundary = flag("use_boundary", use_boundary)
        self.returns = returns
        vector, matrix = (num_tags,), (num_tags, num_tags)
        self._allowed = {
            "allowed_transitions": _allowed(
                "allowed_transitions", allowed_transitions, matrix
            ),
            "allowed_first": _allowed("allowed_first", allowed_first, vector),
            "allowed_last": _allowed("allowed_last", allowed_last, vector),
        }
        _check_some_path(num_tags, **self._allowed)
        self.kernel_initializer = checked(
            "initializer", "kernel_initializer", kernel_initializer
        )
        self.bias_initializer = checked(
            "initializer", "bias_initializer", bias_initializer
        )
        self.transition_initializer = checked(
            "initializer", "transition_initializer", transition_initializer
        )
        self.boundary_initializer = checked(
            "initializer", "boundary_initializer", boundary_initializer
        )
        self.kernel_regularizer = checked(
            "regularizer", "kernel_regularizer", kernel_regularizer
        )
        self.transition_regularizer = checked(
            "regularizer", "transition_regularizer", transition_regularizer
        )
        self.supports_masking = True
        self.supports_jit = False  # XLA would compile for each length of sequence

    @property
    def answers(self) -> str:
        """What the output is: a path, probabilities, or tags."""
        return {"path": "path", "marginals": "softmax"}.get(self.returns, "unknown")

    @staticmethod
    def own_loss():
        return CRFLoss()

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        if len(input_shape) != 3 or features is None:
            raise ValueError(
                "`inputs` of `CRF` must be of shape (batch, time, features) with known "
                f"features. Received: inputs of shape {tuple(input_shape)}."
            )
        tags = self.num_tags
        if self.use_kernel:
            self.kernel = self._add(
                "kernel",
                (features, tags),
                self.kernel_initializer,
                self.kernel_regularizer,
            )
            self.bias = self._add("bias", (tags,), self.bias_initializer)
        elif features != tags:
            raise ValueError(
                "`inputs` of `CRF` must have a last axis of `num_tags` without a "
                f"kernel. Received: inputs of shape {tuple(input_shape)}, "
                f"num_tags={tags!r}."
            )
        self.transition = self._add(
            "transition",
            (tags, tags),
            self.transition_initializer,
            self.transition_regularizer,
        )
        if self.use_boundary:
            self.initial = self._add("initial", (tags,), self.boundary_initializer)
            self.final = self._add("final", (tags,), self.boundary_initializer)
        self.built = True

    def _add(self, name, shape, initializer, regularizer=None):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            regularizer=regularizer,
            autocast=False,  # half precision would lose small differences of scores
        )

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        chain = self._chain(inputs, mask)
        if self.returns == "marginals":
            outputs = chains.marginals(**chain)
        else:
            outputs, _ = chains.viterbi(**chain)
            if self.returns == "path":
                outputs = tf.one_hot(outputs, self.num_tags, dtype=self.variable_dtype)
                outputs *= tf.cast(chain["mask"], outputs.dtype)[..., tf.newaxis]
                if training:  # a file would trace the gradient, which raises
                    outputs = _without_gradient(outputs, chain["unary"])
        setattr(outputs, _CHAIN, chain)
        return outputs

    def viterbi(self, inputs: Any, mask: Any = None) -> tuple[Any, Any]:
        """The best tags of each row.

        Args:
            inputs: `(batch, time, features)`, as in a call.
            mask: bool `(batch, time)`, or None.

        Returns:
            `(tags, score)`: int32 `(batch, time)`, 0 where masked, and `(batch,)`.
        """
        return chains.viterbi(**self._chain(inputs, mask))

    def marginals(self, inputs: Any, mask: Any = None) -> Any:
        """P(y_t = tag | x), for each step.

        Args:
            inputs: `(batch, time, features)`, as in a call.
            mask: bool `(batch, time)`, or None.

        Returns:
            `(batch, time, num_tags)`; zeros where masked.
        """
        return chains.marginals(**self._chain(inputs, mask))

    def log_likelihood(self, inputs: Any, tags: Any, mask: Any = None) -> Any:
        """Log P(y | x), for each row.

        Args:
            inputs: `(batch, time, features)`, as in a call.
            tags: int `(batch, time)`; anything where masked.
            mask: bool `(batch, time)`, or None.

        Returns:
            `(batch,)`.

        Raises:
            ValueError: if a tag is not in [0, num_tags).
        """
        chain = self._chain(inputs, mask)
        tags = check_tags("tags", tags, chain["mask"], self.num_tags)
        return _log_likelihood(tags, chain)

    def _chain(self, inputs, mask):
        """The arguments of the functions in `ops.chains`."""
        inputs = tf.convert_to_tensor(inputs)
        if not self.built:
            self.build(tuple(inputs.shape))
        mask = checked_mask(mask, inputs)
        x = tf.cast(inputs, self.variable_dtype)
        if mask is not None:  # what is masked touches no weight, not even as NaN
            x = tf.where(mask[..., tf.newaxis], x, tf.zeros_like(x))
        if self.use_kernel:
            x = tf.tensordot(x, tf.convert_to_tensor(self.kernel), 1) + self.bias
            x.set_shape((*inputs.shape[:2], self.num_tags))
        if mask is None:
            mask = tf.ones(tf.shape(x)[:2], "bool")
        chain = {"unary": x, "mask": mask}
        chain["transition"] = self._forbid(self.transition, "allowed_transitions")
        for name, rule in (("initial", "allowed_first"), ("final", "allowed_last")):
            if self.use_boundary:
                chain[name] = self._forbid(getattr(self, name), rule)
            elif self._allowed[rule] is not None:
                zeros = tf.zeros(self.num_tags, self.variable_dtype)
                chain[name] = self._forbid(zeros, rule)
        return chain

    def _forbid(self, scores, rule):
        scores = tf.convert_to_tensor(scores)
        if self._allowed[rule] is None:
            return scores
        return tf.where(self._allowed[rule], scores, tf.cast(FORBIDDEN, scores.dtype))

    def compute_output_spec(
        self, inputs: Any, mask: Any = None, training: bool = False
    ) -> Any:
        if not self.built:
            self.build(inputs.shape)
        shape = tuple(inputs.shape[:2])
        if self.returns == "tags":
            return keras.KerasTensor(shape, "int32")
        return keras.KerasTensor((*shape, self.num_tags), self.variable_dtype)

    def get_config(self) -> dict[str, Any]:
        objects = {
            name: getattr(keras, module).serialize(getattr(self, name))
            for module, names in (
                (
                    "initializers",
                    (
                        "kernel_initializer",
                        "bias_initializer",
                        "transition_initializer",
                        "boundary_initializer",
                    ),
                ),
                ("regularizers", ("kernel_regularizer", "transition_regularizer")),
            )
            for name in names
        }
        config = super().get_config()
        config.pop("autocast", None)
        return {
            **config,
            "num_tags": self.num_tags,
            "use_kernel": self.use_kernel,
            "use_boundary": self.use_boundary,
            **{k: None if v is None else v.tolist() for k, v in self._allowed.items()},
            "returns": self.returns,
            **objects,
        }


@register
class CRFLoss(keras.losses.Loss):
    """-log P(y | x) of the tags, for the output of a `CRF` layer.

        L = -score(y) + log Σ_y' exp(score(y'))

    A row's loss is that of its whole sequence; the reduction is over rows, and so
    `sample_weight` weighs rows. Keras's `class_weight` would weigh a row by the place
    of its highest tag: it has no meaning here. The output of the layer brings the
    scores along, as it does its mask, so that it must reach the loss as it left the
    layer.

    Args:
        reduction: "sum_over_batch_size", the mean over rows; "sum"; or None.
        name: str.
        dtype: dtype of the result.

    Call arguments:
        y_true: int `(batch, time)`. Tags; anything at masked steps.
        y_pred: output of a `CRF` layer.
        sample_weight: `(batch,)`, or None.

    Raises:
        ValueError: if `y_pred` is not the output of a `CRF` layer, a tag is not in
            [0, num_tags) (`tf.errors.InvalidArgumentError` inside `fit`), or
            `sample_weight` has an axis of time.

    Example:
    >>> crf = CRF(3, use_kernel=False)
    >>> loss = CRFLoss()(np.array([[0, 2]]), crf(np.zeros((1, 2, 3))))
    >>> float(loss)  # log 9
    2.197...
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "crf_loss",
        dtype: DType = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Returns the loss, reduced."""
        chain = getattr(y_pred, _CHAIN, None)
        if chain is None and _is_symbolic(y_pred):
            return tf.zeros((), self.dtype)
        if chain is None:
            raise ValueError(
                "`y_pred` must be what a `CRF` layer returned, unchanged. Received: "
                f"y_pred={y_pred!r}. Make `CRF` the last layer of the model."
            )
        if sample_weight is not None and len(sample_weight.shape) > 1:
            if sample_weight.shape[-1] != 1 or len(sample_weight.shape) > 2:
                raise ValueError(
                    "`sample_weight` must be of shape (batch,): a `CRF` weighs whole "
                    "sequences. Received: sample_weight of shape "
                    f"{tuple(sample_weight.shape)}. To leave steps out, mask them."
                )
            sample_weight = sample_weight[:, 0]
        num_tags = chain["unary"].shape[-1]
        tags = check_tags("y_true", y_true, chain["mask"], num_tags)
        return super().__call__(tags, chain, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return -_log_likelihood(y_true, y_pred)


def _is_symbolic(tensor):
    """Whether Keras only asks for shapes, as it does before it trains on replicas.

    It calls the loss with placeholders of its own then, in a graph of this name.
    """
    graph = getattr(tensor, "graph", None)
    return isinstance(tensor, keras.KerasTensor) or (
        not tf.executing_eagerly()
        and getattr(graph, "name", "").startswith("scratch_graph")
        and tensor.op.type == "Placeholder"
    )


def _without_gradient(path, scores):
    """`path`, which says so when it is asked for a gradient towards `scores`."""

    @tf.custom_gradient
    def answer(path, scores):
        def gradient(upstream):
            raise ValueError(
                "`loss` must be `keras_rnn_zoo.CRFLoss()` for the output of `CRF`: the "
                "best path has no gradient. Received: another function of the path to "
                "differentiate. Use `returns='marginals'`, or `keras.ops.stop_gradient`"
                " where none is wanted."
            )

        return tf.identity(path), gradient

    return answer(path, scores)


def bio_constraints(tags: Sequence[str], scheme: str = "BIO") -> Any:
    """What a tagging scheme allows, as arguments of `CRF`.

    "BIO", also called "IOB2": B-x begins a name of kind x, I-x continues it and follows
    B-x or I-x only, O is no name. "BIOES", also called "IOBES": besides, E-x ends a
    name of several steps and S-x is a name of one step.

    Args:
        tags: list of str; the index is the id.
        scheme: "BIO", "IOB2", "BIOES" or "IOBES".

    Returns:
        dict with `allowed_transitions`, `allowed_first` and `allowed_last`.

    Raises:
        ValueError: if the scheme is not known, or a tag is not of it.

    Example:
    >>> rules = bio_constraints(["O", "B-name", "I-name"])
    >>> rules["allowed_first"]
    [True, True, False]
    >>> rules["allowed_transitions"][0]
    [True, True, False]
    """
    bio, bioes = ("B", "I"), ("B", "I", "E", "S")
    inside = {"BIO": bio, "IOB2": bio, "BIOES": bioes, "IOBES": bioes}
    if scheme not in inside:
        raise ValueError(
            f"`scheme` must be one of {', '.join(inside)}. Received: scheme={scheme!r}."
        )
    parts = []
    for tag in tags:
        letter, dash, kind = str(tag).partition("-")
        if tag != "O" and (letter not in inside[scheme] or not dash):
            raise ValueError(
                f"`tags` must be 'O' or begin with one of "
                f"{', '.join(f'{c}-' for c in inside[scheme])} in the scheme {scheme}. "
                f"Received: tag {tag!r}."
            )
        parts.append((letter, kind))
    # Which letters leave a name open, and which need an open one of their kind.
    opens = "BI"
    continues = "IE"
    must_close = len(inside[scheme]) > 2

    def follows(before, after):
        is_open = before[0] in opens
        if after[0] in continues:
            return is_open and before[1] == after[1]
        return not (is_open and must_close)

    return {
        "allowed_transitions": [[follows(a, b) for b in parts] for a in parts],
        "allowed_first": [b[0] not in continues for b in parts],
        "allowed_last": [not (a[0] in opens and must_close) for a in parts],
    }


def _log_likelihood(tags, chain):
    chain = {**chain, "mask": tf.cast(chain["mask"], "bool")}
    return chains.path_score(states=tags, **chain) - chains.log_norm(**chain)


def _allowed(name, value, shape):
    """A constraint as an array of bool, checked."""
    if value is None:
        return None
    try:
        array = np.array(value)
    except ValueError:  # rows of several lengths
        array = np.array(value, "object")
    if array.dtype.kind != "b":
        raise TypeError(
            f"`{name}` must hold True and False, or be None. Received: {name}={value!r}"
            "."
        )
    if array.shape != shape:
        raise ValueError(
            f"`{name}` must be of shape {shape}. "
            f"Received: {name} of shape {array.shape}."
        )
    return array


def _check_some_path(num_tags, allowed_transitions, allowed_first, allowed_last):
    """Raises if no sequence of tags, of whatever length, breaks no rule."""
    reached = np.ones(num_tags, bool) if allowed_first is None else allowed_first
    last = np.ones(num_tags, bool) if allowed_last is None else allowed_last
    if allowed_transitions is not None:
        for _ in range(num_tags):
            reached = reached | (reached @ allowed_transitions)
    elif reached.any():
        reached = np.ones(num_tags, bool)
    if not (reached & last).any():
        raise ValueError(
            "`allowed_transitions`, `allowed_first` and `allowed_last` must leave a "
            "path of some length. Received: rules that forbid every path, with "
            f"allowed_first={_list(allowed_first)}, allowed_last={_list(allowed_last)}."
        )


def _list(array):
    return None if array is None else array.tolist()
