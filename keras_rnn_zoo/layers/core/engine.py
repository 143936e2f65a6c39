"""From a recurrent layer to what carries it through time, and which of them.

    loop     a plain loop, differentiated automatically; any cell, any backend
    hoisted  the same over x W + b, computed for all steps before; any backend
    graph    our back-propagation through time, `keras_rnn_zoo.ops.bptt`
    xla      the same, compiled by XLA for each shape
    native   C++ kernels for the CPU, `keras_rnn_zoo.native`
    cudnn    cuDNN's kernels for NVIDIA GPUs, `keras_rnn_zoo.ops.cudnn`

All of them give the same outputs, states and derivatives: they are given the same
functions of a cell, its `terms` and its `step`.
"""

import inspect
import weakref

import keras
import tensorflow as tf
from keras import ops, tree

from keras_rnn_zoo.native import build, kernels
from keras_rnn_zoo.native.context import (
    compiles_with_xla,
    gives_answers_alone,
    keep_out_of_files,
    may_run_here,
)
from keras_rnn_zoo.native.later import trace_again_when_built
from keras_rnn_zoo.ops import bptt, cudnn
from keras_rnn_zoo.ops.derivatives import with_reference
from keras_rnn_zoo.ops.loop import loop

IMPLEMENTATIONS = (
    "auto",
    "loop",
    "hoisted",
    "graph",
    "xla",
    "native",
    "cudnn",
    0,
    1,
    2,
)
# Steps that XLA compiles at once: the same for all lengths, and the products of one
# piece run beside the loop of the next.
PIECE = 32
# What a subclass may have of its own and still compute what its parent computes.
_HARMLESS = frozenset(
    ("__module__", "__qualname__", "__doc__", "__init__", "__signature__", "arguments")
    + ("__parameters__", "__firstlineno__", "__static_attributes__", "__annotations__")
    + ("extra_arguments", "get_config", "from_config", "_tf_api_names")
)


def takes_engine(cell):
    """Whether a cell is the pure step of a `GatedCell`, and not a `call` of its own."""
    return bool(getattr(cell, "is_pure", False))


def prepare(layer):
    """Begins to compile the native kernels, where a layer will want them."""
    if wants_native(layer):
        build.start_building(layer.cell.compute_dtype)


def wants_native(layer):
    """Whether a layer takes the native kernels where there are some."""
    wants = layer.implementation in ("auto", "native")
    return wants and _why_no_kernel(layer, "native_kernel") is None and not has_gpu()


def why_not_native(layer):
    """What keeps a layer from the native kernels; None if nothing does."""
    cell = layer.cell
    if reason := _why_no_kernel(layer, "native_kernel"):
        return reason
    if has_gpu():
        return "there is a GPU"
    if layer.implementation == "native":  # asked for by name: waits for it to be built
        build.load(cell.compute_dtype, wait=None)
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
    if reason := _why_no_kernel(layer, "cudnn_kernel"):
        return reason
    if cell.recurrent_dropout:
        return "cuDNN has no recurrent dropout"
    if cell.compute_dtype not in cudnn.DTYPES:
        return f"cuDNN has no {cell.compute_dtype}"
    return None if has_gpu() else "there is no GPU"


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def _why_no_kernel(layer, kind):
    """What keeps a layer from any kernel that somebody has written for its cell."""
    cell = layer.cell
    if keras.config.backend() != "tensorflow":
        return f"the backend is {keras.config.backend()}"
    if getattr(cell, kind, None) is None:
        return f"there is no kernel for this {type(cell).__name__}"
    if differs_from_declared(type(cell), "elsewhere"):
        return f"{type(cell).__name__} has equations of its own"
    if layer.truncate or layer.checkpoint:
        return "truncate and checkpoint are for the other paths"
    if any(cell.zoneout_rates):
        return "there is no kernel with zoneout"
    if cell.dropout and cell.mask_per_block:
        return "the input has a dropout mask for each block"
    return None


def differs_from_declared(cell_class, declaration):
    """Whether a subclass has anything of its own beneath what a parent declares.

    Args:
        cell_class: a subclass of `GatedCell`.
        declaration: str. Name of what some class of it says of its equations.
    """
    for cls in cell_class.__mro__:
        if declaration in vars(cls):
            return False
        if not _HARMLESS.issuperset(vars(cls)):
            return True
    return False


def choose(layer, training):
    """The path of one call of `layer`, when its `implementation` is "auto".

        where             cell, options            training    inference
        GPU, fit …        what cuDNN has           cudnn       cudnn
        CPU, fit …, eager what a kernel is for     native      native
        another graph     what a kernel is for     native      loop
        fit …             other                    xla         loop
        another graph     other                    graph       loop
        eager             other                    hoisted     hoisted
        JAX               any                      hoisted     loop
        any               with a `call` of its own loop        loop

    "fit …" is Keras's fit, evaluate and predict. A file must never hold a kernel's op,
    nor one that only XLA can run. A graph of inference may be traced for an export, and
    takes what any process can run, also where a kernel is asked for by name. A graph of
    training is a user's own training step: a kernel may run there, and a file that
    would hold the graph is refused when it is saved (`keep_out_of_files`). In a graph
    "hoisted" is no gain for inference: what it saves in products it loses in memory
    that is written and read.

    Measured on a CPU by `python -m tests.benchmarks engine`, `native` and `loops`, on a
    GPU by `loops`. What XLA costs is a compilation of about a second, once for a layer
    and a batch size.
    """
    wanted, cell = layer.implementation, layer.cell
    if wanted in ("loop", 0, 1, 2) or not takes_engine(cell):
        return "loop"
    if keras.config.backend() != "tensorflow":
        if wanted not in ("auto", "hoisted") or layer.checkpoint:
            raise ValueError(
                "`implementation` must be 'auto', 'loop' or 'hoisted', and "
                "`checkpoint` None, on a backend other than TensorFlow. Received: "
                f"implementation={wanted!r}, checkpoint={layer.checkpoint!r} on "
                f"{keras.config.backend()}."
            )
        return "hoisted" if training or wanted == "hoisted" else "loop"
    if wanted in ("hoisted", "graph"):
        return wanted
    in_trainer = may_run_here()
    safe = in_trainer or (training and not compiles_with_xla())
    for path, why_not in (("native", why_not_native), ("cudnn", why_not_cudnn)):
        if wanted == path and (reason := why_not(layer)):
            raise ValueError(
                f"`implementation` must be another than {path!r} for this layer: "
                f"{reason}. Received: implementation={path!r}. Use 'auto'."
            )
        if wanted in (path, "auto") and safe and why_not(layer) is None:
            return path
    if in_trainer and not tf.executing_eagerly() and wants_native(layer):
        trace_again_when_built(cell.compute_dtype)
    if wanted == "xla":
        return "xla" if in_trainer else "graph"
    if layer.checkpoint and training:
        return "xla" if in_trainer and not tf.executing_eagerly() else "graph"
    if tf.executing_eagerly():
        return "hoisted"
    if not training:
        return "loop"
    return "xla" if in_trainer else "graph"


def paths_in_keras(layer):
    """The paths of `layer` inside of Keras's fit, and of its evaluate and predict."""
    paths = []

    @tf.function(autograph=False)
    def one_step_on_data():  # as Keras names it
        paths.extend(choose(layer, training) for training in (True, False))

    one_step_on_data.get_concrete_function()
    return tuple(paths)


def run(path, layer, sequences, states, mask, training):
    """Carries `layer.cell` through `(batch, time, features)`.

    Args:
        path: one of `IMPLEMENTATIONS`' names, "auto" aside.
        layer: an `RNN`, whose cell declares its terms for another path than "loop".
        sequences: `(batch, time, features)`, in the cell's compute dtype.
        states: list of `(batch, size)` tensors, in the structure of the cell.
        mask: bool `(batch, time)`, or None.
        training: bool.

    Returns:
        `(last_output, outputs, states)` as `keras.layers.RNN.inner_loop` does.
    """
    if path == "native":
        draws = layer.cell.draw(*ops.shape(sequences)[:2], training=training)
        return run_native(layer, sequences, states, mask, training, draws)
    sequences = unmasked(sequences, mask)
    if sequences.shape[1] is None and keras.config.backend() == "tensorflow":
        return _of_any_length(path, layer, sequences, states, mask, training)
    return _run(path, layer, sequences, states, mask, training)


def unmasked(sequences, mask):
    """The sequences, 0 where they are masked: that touches no weight, not even as NaN.

    The native kernels have no need of it: they do not read what is masked.
    """
    if mask is None:
        return sequences
    return ops.where(ops.expand_dims(mask, -1), sequences, ops.zeros_like(sequences))


def _of_any_length(path, layer, sequences, states, mask, training):
    """As `run`, where there may be no step at all.

    TensorFlow's arrays cannot be empty. A sequence of no steps is given one, and its
    results are those from before it.
    """
    steps = tf.shape(sequences)[1]
    empty = tf.equal(steps, 0)
    more = tf.cast(empty, steps.dtype)
    before = list(states)
    last, outputs, states = _run(
        path,
        layer,
        tf.pad(sequences, [[0, 0], [0, more], [0, 0]]),
        states,
        None if mask is None else tf.pad(mask, [[0, 0], [0, more]]),
        training,
    )
    last = tf.where(empty, tf.zeros_like(last), last)
    # Of the last output alone there is always one.
    outputs = outputs[:, :steps] if layer.return_sequences else last[:, None]
    states = tree.map_structure(
        lambda new, old: tf.where(empty, old, new), list(states), before
    )
    return last, outputs, states


def _run(path, layer, sequences, states, mask, training):
    if path in ("loop", "hoisted"):
        return _run_loop(layer, sequences, states, mask, training, path == "hoisted")
    cell = layer.cell
    draws = cell.draw(*ops.shape(sequences)[:2], training=training)
    if path == "cudnn":
        return run_cudnn(layer, sequences, states, mask, training, draws)
    if not tf.executing_eagerly():
        weights = cell.all_weights(training=training)
        more = mask, training, draws
        return _run_graph(path, layer, sequences, states, weights, *more)
    program = _program(layer, path, training)

    def in_graph(*given):
        given = *given, mask, draws
        # Traced here: TensorFlow would warn of it where there are many layers.
        results = program.get_concrete_function(*given)(*given)
        last, outputs, states = results
        return [last, *([outputs] * layer.return_sequences), *states]

    return _with_plain(layer, in_graph, sequences, states, mask, draws, training)


# --- The plain loop


def _run_loop(layer, sequences, states, mask, training, hoist):
    cell = layer.cell
    if takes_engine(cell):
        draws = cell.draw(*ops.shape(sequences)[:2], training=training)
        weights = cell.all_weights(training=training)
        x, step = _steps_of(cell, sequences, weights, draws, training, hoist)
    elif hasattr(cell, "cells") and all(map(takes_engine, cell.cells)):
        x, step = _stacked_steps(cell, sequences, training)
    else:
        x, step = [time_major(sequences)], step_function(cell, training)
    return _looped(layer, x, step, states, mask, layer.unroll)


def _looped(layer, x, step, states, mask, unroll):
    structure = list(states)

    def flat_step(x, states):
        output, new = step(x, tree.pack_sequence_as(structure, states))
        return output, tree.flatten(new)

    last, outputs, new = loop(
        flat_step,
        x,
        tree.flatten(structure),
        output_size=layer.cell.output_size,
        mask=_time_major_mask(mask),
        backwards=layer.go_backwards,
        truncate=layer.truncate,
        unroll=unroll,
        zero_output_for_mask=layer.zero_output_for_mask,
    )
    outputs = time_major(outputs) if layer.return_sequences else last[:, None]
    return last, outputs, tree.pack_sequence_as(structure, new)


def _steps_of(cell, sequences, weights, draws, training, hoist=False):
    """What a loop reads, `(time, batch, …)` each, and `step(x, states)` of it."""
    w = cell.of_input(weights, draws.inputs, training)
    u = cell.of_states(weights, draws.states, training)
    keep = [] if draws.keep is None else [time_major(draws.keep)]
    steps = time_major(sequences)
    terms = cell.terms(steps, w) if hoist else None
    x = [steps] if terms is None else terms.tensors()

    def step(given, states):
        now = given[: len(x)]
        now = cell.terms(now[0], w) if terms is None else terms.with_tensors(now)
        return cell.advance(now, list(states), u, *given[len(x) :])

    return [*x, *keep], step


def _stacked_steps(stack, sequences, training):
    """As `_steps_of`, for cells on top of each other: what is drawn, drawn once."""
    parts, kept = [], []
    for cell in stack.cells:
        draws = cell.draw(*ops.shape(sequences)[:2], training=training)
        weights = cell.all_weights(training=training)
        w = cell.of_input(weights, draws.inputs, training)
        u = cell.of_states(weights, draws.states, training)
        keep = [] if draws.keep is None else [time_major(draws.keep)]
        kept += keep
        parts.append((cell, w, u, len(keep)))

    def step(given, states):
        output, *keeps = given
        new_states = []
        for (cell, w, u, count), own in zip(parts, states, strict=True):
            keep, keeps = keeps[:count], keeps[count:]
            own = own if isinstance(own, (list, tuple)) else [own]
            x = cell.terms(ops.cast(output, cell.compute_dtype), w)
            output, new = cell.advance(x, list(own), u, *keep)
            new_states.append(new)
        return output, new_states

    return [time_major(sequences), *kept], step


def step_function(cell, training):
    """`step(inputs, states)` of any cell, with `training` if it takes that."""
    takes_training = isinstance(cell, keras.Layer) and (
        "training" in inspect.signature(cell.call).parameters
    )
    options = {"training": training} if takes_training else {}

    def step(inputs, states):
        if isinstance(inputs, list):
            [inputs] = inputs
        output, new_states = cell(inputs, states, **options)
        if not tree.is_nested(new_states):
            new_states = [new_states]
        return output, list(new_states)

    return step


# --- Back-propagation through time


# Functions for eager calls, traced once for a layer and a shape. Not attributes of the
# layer, which TensorFlow would save with it.
_programs = weakref.WeakKeyDictionary()


def _program(layer, path, training):
    programs = _programs.setdefault(layer, {})
    key = path, bool(training)
    if key not in programs:
        this = weakref.ref(layer)

        @tf.function(autograph=False, reduce_retracing=True)
        def program(sequences, states, weights, mask, draws):
            more = mask, training, draws
            return _run_graph(path, this(), sequences, states, weights, *more)

        programs[key] = program
    return programs[key]


def _run_graph(path, layer, sequences, states, weights, mask, training, draws):
    if path == "xla" and sequences.shape[0] is None:
        return _run_xla(layer, sequences, states, weights, mask, training, draws)
    return _run_bptt(path, layer, sequences, states, weights, mask, training, draws)


def _run_xla(layer, sequences, states, weights, mask, training, draws):
    """XLA on rows that are a multiple of 8, the last of which repeat the last one.

    The last batch of an epoch, or of a bucket, often has a size of its own: without
    this XLA would compile for each of them. What is repeated is a row that counts, so
    that its derivatives are finite if those of the batch are.
    """
    rows = tf.shape(sequences)[0]
    missing = tf.where(rows > 8, -rows % 8, 0)
    places = tf.minimum(tf.range(rows + missing), rows - 1)

    def more(tensor, axis=0):
        return None if tensor is None else tf.gather(tensor, places, axis=axis)

    last, outputs, states = _run_bptt(
        "xla",
        layer,
        more(sequences),
        [more(state) for state in states],
        weights,
        more(mask),
        training,
        type(draws)(more(draws.inputs, 1), more(draws.states, 1), more(draws.keep)),
    )
    return last[:rows], outputs[:rows], [state[:rows] for state in states]


def _run_bptt(path, layer, sequences, states, weights, mask, training, draws):
    cell = layer.cell
    names, values = list(weights), list(weights.values())
    constants = [m for m in (draws.inputs, draws.states) if m is not None]
    kept = [] if draws.keep is None else [time_major(draws.keep)]
    forms = []

    def masks_from(constants):
        given = iter(constants)
        return [None if m is None else next(given) for m in draws[:2]]

    def terms_of(x, weights, constants):
        w = dict(zip(names, weights, strict=True))
        mask, _ = masks_from(constants)
        terms = cell.terms(x[0], cell.of_input(w, mask, training))
        forms.append(terms)
        return [*terms.tensors(), *x[1:]]

    def one_step(x, states, weights, constants, product):
        form = forms[0]
        count = len(form.tensors())
        _, mask = masks_from(constants)
        w = dict(zip(names, weights, strict=True))
        u = cell.of_states(w, mask, training, product)
        return cell.advance(form.with_tensors(x[:count]), states, u, *x[count:])

    options = {
        "mask": _time_major_mask(mask),
        "backwards": layer.go_backwards,
        "truncate": layer.truncate,
        "compiled": path == "xla" and (_is_short(sequences) or PIECE),
    }
    x = [time_major(sequences), *kept]
    if layer.checkpoint is None:
        terms = terms_of(x, values, constants)
        outputs, states = bptt.bptt(
            one_step, terms, states, values, constants, **options
        )
    else:
        outputs, states = bptt.checkpointed_bptt(
            one_step,
            terms_of,
            x,
            states,
            values,
            constants,
            every=layer.checkpoint,
            last_only=not layer.return_sequences,
            **options,
        )
    return _results(layer, outputs, states, options["mask"])


def _is_short(sequences):
    return sequences.shape[1] is not None and sequences.shape[1] <= PIECE


def _results(layer, outputs, states, mask):
    if mask is not None and layer.zero_output_for_mask:
        order = mask[::-1] if layer.go_backwards else mask
        order = order[-tf.shape(outputs)[0] :]
        outputs = tf.where(order, outputs, tf.zeros_like(outputs))
    nothing = tf.zeros((1, tf.shape(states[0])[0], outputs.shape[-1]), outputs.dtype)
    last = tf.concat([nothing, outputs[-1:]], 0)[-1]
    if not layer.return_sequences:
        return last, last[:, None], states
    return last, time_major(outputs), states


# --- Kernels


def run_native(layer, sequences, states, mask, training, draws):
    """Carries `layer.cell` through a sequence in C++. As `run`."""
    cell = layer.cell
    recurrent_mask = draws.states
    if recurrent_mask is not None:
        recurrent_mask = time_major(recurrent_mask)

    def kernel(sequences, states, weights):
        last, outputs, states = kernels.rnn(
            cell.native_kernel,
            sequences,
            states,
            weights["kernel"],
            weights["recurrent_kernel"],
            weights.get("bias"),
            **{key: weights[name] for key, name in cell.native_weights.items()},
            mask=mask,
            recurrent_dropout_mask=recurrent_mask,
            go_backwards=layer.go_backwards,
            zero_output_for_mask=layer.zero_output_for_mask,
            return_sequences=layer.return_sequences,
            training=bool(training),
        )
        return [last, *([] if outputs is None else [outputs]), *states]

    if not may_run_here():
        keep_out_of_files()
    sequences = _dropped_input(sequences, draws)
    draws = draws._replace(inputs=None)
    return _with_plain(layer, kernel, sequences, states, mask, draws, training)


def _with_plain(layer, fast, sequences, states, mask, draws, training):
    """A fast way's results, with the plain loop for derivatives of derivatives.

    Args:
        layer: the layer.
        fast: `fast(sequences, states, weights)`, differentiable once, returns a list:
            the last output, all outputs if the layer returns them, and the states.
        sequences: as of `run`.
        states: as of `run`.
        mask: as of `run`.
        draws: what of chance is left to apply to the sequences and states.
        training: bool.
    """
    cell = layer.cell
    known = sequences, list(states), cell.all_weights(training=training)
    if gives_answers_alone():
        last, *rest = fast(*known)
        return last, rest.pop(0) if layer.return_sequences else last[:, None], rest
    drawn = [t for t in draws if t is not None]
    others = drawn if mask is None else [*drawn, mask]

    def forward(args, _):
        def taped():
            with tf.GradientTape() as tape:
                tape.watch(args)
                return tape, fast(*tf.nest.pack_sequence_as(known, args))

        kept = [taped()]
        [(_, results)] = kept

        def backward(deltas):
            # A second derivative comes here twice, and a tape that lasts is one that
            # XLA's loops cannot have.
            tape, again = kept.pop() if kept else taped()
            return tape.gradient(again, args, deltas, "zero")

        return results, backward

    def reference(args, rest):
        sequences, states, weights = tf.nest.pack_sequence_as(known, args)
        given = iter(rest)
        now = type(draws)(*(None if t is None else next(given) for t in draws))
        there = next(given, None)
        sequences = unmasked(sequences, there)
        x, step = _steps_of(cell, sequences, weights, now, True)
        # Written out where that can be: a loop cannot be vectorised for a Jacobian.
        unroll = sequences.shape[1] is not None
        last, outputs, new = _looped(*(layer, x, step, states, there, unroll))
        return [last, *([outputs] * layer.return_sequences), *new]

    last, *rest = with_reference(forward, reference, tf.nest.flatten(known), others)
    outputs = rest.pop(0) if layer.return_sequences else last[:, None]
    return last, outputs, rest


def _dropped_input(sequences, draws):
    """The sequences times the dropout mask of a row, the same at all steps."""
    mask = draws.inputs
    return sequences if mask is None else sequences * ops.expand_dims(mask[0], 1)


def run_cudnn(layer, sequences, states, mask, training, draws):
    """Carries `layer.cell` through a sequence on a GPU. As `run`.

    A mask that cuDNN cannot take is known when the step runs, and goes another way.
    """
    cell = layer.cell

    def kernel(sequences, states, weights):
        last, outputs, states = cudnn.rnn(
            cell.cudnn_kernel,
            sequences,
            states,
            weights["kernel"],
            weights["recurrent_kernel"],
            weights.get("bias"),
            mask=mask,
            go_backwards=layer.go_backwards,
            zero_output_for_mask=layer.zero_output_for_mask,
        )
        return [last, *([outputs] * layer.return_sequences), *states]

    def with_cudnn():
        dropped = _dropped_input(sequences, draws)
        left = draws._replace(inputs=None)
        return _with_plain(layer, kernel, dropped, states, mask, left, training)

    if not may_run_here():
        keep_out_of_files()
    if mask is None:
        return with_cudnn()
    return tf.cond(
        cudnn.takes(mask),
        with_cudnn,
        lambda: _run_bptt(
            *("graph", layer, sequences, states),
            *(cell.all_weights(training=training), mask, training, draws),
        ),
    )


def time_major(x):
    """Exchanges the first two axes."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _time_major_mask(mask):
    """`(batch, time)` as bool `(time, batch, 1)`; None stays None."""
    return None if mask is None else time_major(mask)[..., None]
