"""From a recurrent layer to what carries it through time, and which of them.

    loop     Keras's loop, differentiated automatically; any cell, any backend
    hoisted  the same over x W + b, computed for all steps before; any backend
    graph    our back-propagation through time, `keras_rnn_zoo.ops.bptt`
    xla      the same, compiled by XLA for each shape
    native   C++ kernels for the CPU, `keras_rnn_zoo.native`
    cudnn    cuDNN's kernels for NVIDIA GPUs, `keras_rnn_zoo.ops.cudnn`

All of them give the same outputs, states and gradients.
"""

import contextlib
import inspect

import keras
import tensorflow as tf
from keras import ops, tree

from keras_rnn_zoo.native import build, kernels
from keras_rnn_zoo.native.context import may_run_here
from keras_rnn_zoo.ops import bptt, cudnn
from keras_rnn_zoo.ops.loop import loop

IMPLEMENTATIONS = ("auto", "loop", "hoisted", "graph", "xla", "native", "cudnn", 1, 2)
# Steps that XLA compiles at once: the same for all lengths, and the products of one
# piece run beside the loop of the next.
PIECE = 32
# What a subclass may override to compute something else than its parent.
_EQUATIONS = (
    *("call", "input_terms", "project", "recurrent_terms", "recur", "sums"),
    *("product", "input_bias", "recurrent_bias", "dropped"),
)


def takes_engine(cell):
    """Whether a cell declares its terms, as a `GatedCell` does."""
    return hasattr(cell, "staged") and hasattr(cell, "input_terms")


def why_not_native(layer):
    """What keeps a layer from the native kernels; None if nothing does."""
    cell = layer.cell
    if reason := _why_no_kernel(layer):
        return reason
    if has_gpu():
        return "there is a GPU"
    if not kernels.supports(cell.native_kernel, cell.compute_dtype):
        if cell.compute_dtype not in build.DTYPES:
            return f"there is no kernel for {cell.compute_dtype}"
        return build.status(cell.compute_dtype).reason
    return None


def why_not_cudnn(layer):
    """What keeps a layer from cuDNN's kernels; None if nothing does."""
    cell = layer.cell
    if layer.use_cudnn is False:
        return "use_cudnn is False"
    if reason := _why_no_kernel(layer):
        return reason
    if cell.native_kernel not in cudnn.MODES:
        return f"cuDNN has no {cell.native_kernel}"
    if cell.recurrent_dropout:
        return "cuDNN has no recurrent dropout"
    if cell.compute_dtype not in cudnn.DTYPES:
        return f"cuDNN has no {cell.compute_dtype}"
    return None if has_gpu() else "there is no GPU"


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def _why_no_kernel(layer):
    """What keeps a layer from any kernel that somebody has written for its cell."""
    cell = layer.cell
    if keras.config.backend() != "tensorflow":
        return f"the backend is {keras.config.backend()}"
    if getattr(cell, "native_kernel", None) is None:
        return f"there is no kernel for this {type(cell).__name__}"
    if _changed_since_declared(type(cell)):
        return f"{type(cell).__name__} has equations of its own"
    if layer.truncate or layer.checkpoint:
        return "truncate and checkpoint are for the other paths"
    if any(cell._zoneout_rates):
        return "there is no kernel with zoneout"
    if cell.dropout and cell.mask_per_gate:
        return "the input has a dropout mask for each gate"
    return None


def _changed_since_declared(cell_class):
    """Whether a subclass changes equations for which a parent names a kernel."""
    for cls in cell_class.__mro__:
        if "native_kernel" in vars(cls):
            return False
        if any(name in vars(cls) for name in _EQUATIONS):
            return True
    return False


def choose(layer, training):
    """The path of one call of `layer`, when its `implementation` is "auto".

        where             cell, options            training    inference
        GPU, fit …        what cuDNN has           cudnn       cudnn
        CPU, fit …, eager what a kernel is for     native      native
        fit …             other                    xla         loop
        another graph     any                      graph       loop
        eager             other                    hoisted     hoisted
        JAX               any                      hoisted     loop
        any               that declares no terms   loop        loop

    "fit …" is Keras's fit, evaluate and predict. A file must never hold a kernel's op,
    nor one that only XLA can run, so that they are taken only where no file can come
    of it, also when asked for by name. In a graph "hoisted" is no gain for inference:
    what it saves in products it loses in memory that is written and read.

    Measured on a CPU by `python -m tests.benchmarks engine` and `native`. What XLA
    costs is a compilation of about a second, once for a layer and a batch size. The
    GPU's row has not been measured.
    """
    wanted, cell = layer.implementation, layer.cell
    if wanted in ("loop", 1, 2) or not takes_engine(cell):
        return "loop"
    if keras.config.backend() != "tensorflow":
        return "hoisted" if training or wanted == "hoisted" else "loop"
    if wanted in ("hoisted", "graph"):
        return wanted
    for path, why_not in (("native", why_not_native), ("cudnn", why_not_cudnn)):
        if wanted == path and (reason := why_not(layer)):
            raise ValueError(
                f"`implementation` must be another than {path!r} for this layer: "
                f"{reason}. Received: implementation={path!r}. Use 'auto'."
            )
        if wanted in (path, "auto") and may_run_here() and why_not(layer) is None:
            return path
    if wanted == "xla":
        return "xla" if may_run_here() else "graph"
    if tf.executing_eagerly():
        return "hoisted"
    if not training:
        return "loop"
    return "xla" if may_run_here() else "graph"


def paths_in_keras(layer):
    """The paths of `layer` inside of Keras's fit, and of its evaluate and predict."""
    paths = []

    @tf.function(autograph=False)
    def one_step_on_data():  # as Keras names it
        paths.extend(choose(layer, training) for training in (True, False))

    one_step_on_data.get_concrete_function()
    return tuple(paths)


@contextlib.contextmanager
def hoisted(cell, sequences, training):
    """Within this context `cell` reads, step by step, what it yields.

    Args:
        cell: a cell that declares its terms, inside `masks_for_one_call`.
        sequences: `(batch, time, features)`.
        training: bool.

    Yields:
        x W + b of all steps: `(batch, time, size)`.
    """
    input_mask, recurrent_mask = cell._masks if training else (None, None)
    if input_mask is None:
        terms = cell.terms_of_all_steps(sequences, training)
    else:  # one for all steps of a row, and the rows are the second axis of a mask
        terms = time_major(cell.terms_of_all_steps(time_major(sequences), training))
    with cell.staged(None, {}, recurrent_mask):
        yield terms


def run_native(layer, sequences, states, mask, training):
    """Carries `layer.cell` through a sequence in C++. As `run`."""
    cell = layer.cell
    _, recurrent_mask = cell._masks if training else (None, None)
    if recurrent_mask is not None:
        recurrent_mask = time_major(recurrent_mask)
    last, outputs, states = kernels.rnn(
        cell.native_kernel,
        _dropped_input(cell, sequences, training),
        list(states),
        cell.kernel,
        cell.recurrent_kernel,
        cell.bias,
        **cell.native_weights(),
        mask=mask,
        recurrent_dropout_mask=recurrent_mask,
        go_backwards=layer.go_backwards,
        zero_output_for_mask=layer.zero_output_for_mask,
        return_sequences=layer.return_sequences,
        training=bool(training),
    )
    return last, last[:, None] if outputs is None else outputs, list(states)


def _dropped_input(cell, sequences, training):
    """The sequences times the dropout mask of a row, the same at all steps."""
    mask = cell._masks[0] if training else None
    return sequences if mask is None else sequences * ops.expand_dims(mask[0], 1)


def _is_short(sequences):
    return sequences.shape[1] is not None and sequences.shape[1] <= PIECE


def run_cudnn(layer, sequences, states, mask, training):
    """Carries `layer.cell` through a sequence on a GPU. As `run`.

    A mask that cuDNN cannot take is known when the step runs, and goes another way.
    """
    cell = layer.cell
    mask = None if mask is None else ops.cast(mask, "bool")

    def with_cudnn():
        weights = (cell.kernel, cell.recurrent_kernel, cell.bias)
        last, outputs, new_states = cudnn.rnn(
            cell.native_kernel,
            _dropped_input(cell, sequences, training),
            states,
            *(None if w is None else ops.cast(w, cell.compute_dtype) for w in weights),
            mask=mask,
            go_backwards=layer.go_backwards,
            zero_output_for_mask=layer.zero_output_for_mask,
            training=bool(training),
        )
        return last, outputs if layer.return_sequences else last[:, None], new_states

    if mask is None:
        return with_cudnn()
    return tf.cond(
        cudnn.takes(mask),
        with_cudnn,
        lambda: run("graph", layer, sequences, states, mask, training),
    )


def run(path, layer, sequences, states, mask, training):
    """Carries `layer.cell` through `(batch, time, features)`.

    Args:
        path: "graph", "xla", "native" or "cudnn".
        layer: an `RNN` whose cell declares its terms, inside `masks_for_one_call`.
        sequences: `(batch, time, features)`.
        states: list of `(batch, size)` tensors.
        mask: bool `(batch, time)`, or None.
        training: bool.

    Returns:
        `(last_output, outputs, states)` as `keras.layers.RNN.inner_loop` does.
    """
    if path == "native":
        return run_native(layer, sequences, states, mask, training)
    if path == "cudnn":
        return run_cudnn(layer, sequences, states, mask, training)
    if path == "xla" and sequences.shape[0] is None:
        return _run_xla(layer, sequences, states, mask, training)
    return _run_bptt(path, layer, sequences, states, mask, training)


def _run_xla(layer, sequences, states, mask, training):
    """XLA on rows that are a multiple of 8, of which the last ones are zeros.

    The last batch of an epoch, or of a bucket, often has a size of its own: without
    this XLA would compile for each of them.
    """
    rows = tf.shape(sequences)[0]
    missing = tf.where(rows > 8, -rows % 8, 0)

    def more(tensor, axis=0):
        after = [[0, missing if k == axis else 0] for k in range(len(tensor.shape))]
        return tf.pad(tensor, after)

    masks = layer.cell._masks or (None, None)
    masks = tuple(None if m is None else more(m, axis=1) for m in masks)
    with layer.cell.given_masks(masks):
        last, outputs, states = _run_bptt(
            "xla",
            layer,
            more(sequences),
            [more(state) for state in states],
            None if mask is None else more(ops.cast(mask, "bool")),
            training,
        )
    return last[:rows], outputs[:rows], [state[:rows] for state in states]


def _run_bptt(path, layer, sequences, states, mask, training):
    cell = layer.cell
    masks = cell._masks if training else (None, None)
    present = [m for m in masks if m is not None]
    of_step = [tf.convert_to_tensor(w.value) for w in cell.step_weights()]
    names = [w.name for w in cell.step_weights()]

    def masks_from(constants):
        given = iter(constants)
        return tuple(None if m is None else next(given) for m in masks)

    def one_step(x, states, weights, constants, product):
        values = dict(zip(names, weights, strict=False))
        with cell.staged(product, values, masks_from(constants)[1]):
            return cell(x[0], states, training=training)

    options = {
        "mask": _time_major_mask(mask),
        "backwards": layer.go_backwards,
        "truncate": layer.truncate,
        "compiled": path == "xla" and (_is_short(sequences) or PIECE),
    }
    steps = time_major(sequences)
    if layer.checkpoint is None:
        terms = cell.terms_of_all_steps(steps, training)
        outputs, states = bptt.bptt(
            one_step, [terms], states, of_step, present, **options
        )
    else:
        of_input = [w for w in cell.weights if w.name in cell.input_weights]
        all_weights = of_step + [tf.convert_to_tensor(w.value) for w in of_input]
        variables = [*cell.step_weights(), *of_input]

        def project(x, weights, constants):
            pairs = list(zip(variables, weights, strict=True))
            with (
                keras.StatelessScope(state_mapping=pairs),
                cell.given_masks(masks_from(constants)),
            ):
                return [cell.terms_of_all_steps(x[0], training)]

        outputs, states = bptt.checkpointed_bptt(
            one_step,
            project,
            [steps],
            states,
            all_weights,
            present,
            every=layer.checkpoint,
            last_only=not layer.return_sequences,
            **options,
        )
    return _results(layer, outputs, states, options["mask"])


def truncated_loop(layer, sequences, states, mask, training):
    """The plain loop that stops the gradient every `layer.truncate` steps."""
    mask = _time_major_mask(mask)
    steps, order = time_major(sequences), mask
    if layer.go_backwards:
        steps, order = steps[::-1], mask if mask is None else mask[::-1]
    outputs, states = loop(
        step_function(layer.cell, training),
        steps,
        list(states),
        mask=order,
        truncate=layer.truncate,
    )
    return _results(layer, outputs, states, mask)


def _results(layer, outputs, states, mask):
    if mask is not None and layer.zero_output_for_mask:
        order = mask[::-1] if layer.go_backwards else mask
        order = order[-tf.shape(outputs)[0] :]
        outputs = tf.where(order, outputs, tf.zeros_like(outputs))
    last = outputs[-1]
    if not layer.return_sequences:
        return last, last[:, None], states
    return last, time_major(outputs), states


def time_major(x):
    """Exchanges the first two axes."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _time_major_mask(mask):
    """`(batch, time)` as bool `(time, batch, 1)`; None stays None."""
    return None if mask is None else time_major(ops.cast(mask, "bool"))[..., None]


def step_function(cell, training):
    """`step(inputs, states)` of any cell, with `training` if it takes that."""
    takes_training = isinstance(cell, keras.Layer) and (
        "training" in inspect.signature(cell.call).parameters
    )
    options = {"training": training} if takes_training else {}

    def step(inputs, states):
        output, new_states = cell(inputs, states, **options)
        if not tree.is_nested(new_states):
            new_states = [new_states]
        return output, list(new_states)

    return step
