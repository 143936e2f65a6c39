"""An encoder-decoder in files: its encoder, and a step of its decoder.

All that goes between is in the open, for a loop of the caller's.
"""

import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.graphs import Graph, Graphs, Input, Writer

#: Steps of the target at which files are compared with the model.
STEPS = 6


def graphs_of(model):
    """Returns the `Graphs` of an `EncoderDecoder`."""
    source = Input("source", "tokens", model.num_source, padding=0)
    target = Input("target", "tokens", model.num_target, last=model.end)
    token = Input("token", "tokens", model.num_target, steps=False)

    def encode(given):
        values, _, states = model._encode(given["source"])
        return {"memory": values} | _named(states)

    def begin(given, found):
        mask = ops.cast(given["source"], "int32") != 0
        values, states = found["memory"], _states(found)
        states, _ = model._first(states, (values, mask))
        copies = model._copies(given["source"])
        fixed = {"memory": values, "memory_mask": mask}
        fixed |= {} if copies is None else {"copies": copies}
        return fixed | _named(states)

    def decode_step(given):
        ready = None
        if model.decoder_cell is not None:
            attention = model.decoder_cell.attention
            ready = attention.prepare(given["memory"], given["memory_mask"])
        step = model._stepper(ops.shape(given["token"])[0], ready)
        copies, states = given.get("copies"), _states(given)
        log_p, states = model._next(given["token"], states, step, copies)
        found = {"log_probabilities": log_p} | _named(states)
        return found if ready is None else found | {"alignment": states[-1]}

    def difference(run, golden):
        rows, target = golden["source"], golden["target"][:, :STEPS]
        inputs = {"source": rows, "target": target}
        expected = np.asarray(model(inputs, training=False))
        given, differences = run["encode"](source=rows), []
        token = np.full(len(rows), model.start)
        for t in range(target.shape[1]):
            found = run["decode_step"](token=token.astype("int32"), **given)
            p = np.exp(found["log_probabilities"])
            counts = target[:, t] != 0
            apart = np.abs(p - expected[:, t])[counts]
            differences.append(apart.max(initial=0.0))
            given = {name: found.get(name, value) for name, value in given.items()}
            token = target[:, t]
        return float(np.max(differences))  # nan, if there is one

    names = model.source_vocabulary, model.target_vocabulary
    return Graphs(
        inputs=(source, target),
        graphs=(
            Graph("encode", (source,), encode, begin, file="encoder"),
            Graph("decode_step", (token,), decode_step, after="encode"),
        ),
        facts={
            "source_tokens": names[0] or model.num_source,
            "target_tokens": names[1] or model.num_target,
            "start": model.start,
            "end": model.end,
        },
        difference=difference,
        writer=Writer(source, model.decode, model.start, model.end, *names),
    )


def _named(states):
    return {f"state_{i}": state for i, state in enumerate(states)}


def _states(named):
    """The states of a dict, in their order."""
    count = sum(name.startswith("state_") for name in named)
    return [named[f"state_{i}"] for i in range(count)]
