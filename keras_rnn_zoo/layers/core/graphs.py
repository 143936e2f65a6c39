"""What a model declares of itself: the graphs that it becomes in files.

A model of one input needs none of it: files take it as it is called, whole sequences
and, where it reads forwards, single steps. Another one has a method `graphs`, which
returns `Graphs`; whoever writes files asks for that, and knows no model by name.
"""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Input:
    """One named array that a graph is given.

    Attributes:
        name: str.
        reads: "tokens", ids from 0 to `size` - 1, or "features", `size` numbers.
        size: int.
        steps: bool. Whether it is of whole sequences, `(batch, time)` or `(batch, time,
            size)`, or of one step, `(batch,)` or `(batch, size)`.
        padding: what stands in steps that do not count: 0 of tokens, a number of
            features; None: this input does not tell. Of a graph, one input may.
        last: int. The token that ends each row; None: any.
    """

    name: str
    reads: str
    size: int
    steps: bool = True
    padding: float | None = None
    last: int | None = None

    @property
    def dtype(self) -> str:
        """Of its values."""
        return "int32" if self.reads == "tokens" else "float32"

    def shape(self, batch: Any = None, time: Any = None) -> tuple[Any, ...]:
        """Returns its shape for a number of rows and steps."""
        shape = (batch, time) if self.steps else (batch,)
        return shape if self.reads == "tokens" else (*shape, self.size)


@dataclasses.dataclass(frozen=True)
class Graph:
    """One function of a model, from named tensors to named tensors.

    Attributes:
        name: str. Of the signature of a SavedModel.
        inputs: tuple of `Input`; all sequences have the same steps.
        read: function of a dict; gives a dict. Files may give it rows whose padding
            lies behind; of what it gives, `(batch, time, …)` is then put back.
        finish: function of the inputs as they were given and of what `read` gave, which
            gives the dict of outputs. None: that is what `read` gave.
        after: name of the graph whose outputs this one is given too, in their order; an
            output of the same name is what takes its place at the next step.
        file: str. Of the LiteRT and ONNX file, if not `name`.
    """

    name: str
    inputs: tuple[Input, ...]
    read: Callable[[dict[str, Any]], dict[str, Any]]
    finish: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]] | None = None
    after: str | None = None
    file: str | None = None

    def __call__(self, given: dict[str, Any]) -> dict[str, Any]:
        """Returns the outputs, by name."""
        found = self.read(given)
        return found if self.finish is None else self.finish(given, found)


@dataclasses.dataclass(frozen=True)
class Writer:
    """A model that writes tokens by itself, inside a graph.

    Attributes:
        source: `Input` of what it reads.
        decode: function of the source, `ops.decoding.Rules`, a sampler and the random
            numbers it draws by, or None; gives `ops.decoding.Decoded`.
        start: int. The token before the first one.
        end: int. The token behind which nothing is written.
        source_tokens: list of the tokens that it reads by their id, or None.
        target_tokens: list of those that it writes, or None.
    """

    source: Input
    decode: Callable[..., Any]
    start: int
    end: int
    source_tokens: list[str] | None = None
    target_tokens: list[str] | None = None


@dataclasses.dataclass(frozen=True)
class Graphs:
    """All that a model becomes in files.

    Attributes:
        inputs: tuple of `Input`: what a call of the model is given, a dict by name.
        graphs: tuple of `Graph`, each behind the one it comes after.
        facts: dict of what lies beside the files, for JSON.
        difference: function of `{name of a graph: function of named arrays}`, which run
            the files, and of a dict of arrays for `inputs`; gives the largest
            difference from the model. None: each graph is compared with its function.
        writer: `Writer`, or None.
    """

    inputs: tuple[Input, ...]
    graphs: tuple[Graph, ...]
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    difference: Callable[..., float] | None = None
    writer: Writer | None = None


def graphs_of(model: Any) -> Graphs | None:
    """Returns what a model declares; None of one that is taken as it is called.

    Example:
    >>> [one.name for one in graphs_of(EncoderDecoder(5, 6, 4)).graphs]
    ['encode', 'decode_step']
    >>> graphs_of(ManyToOne(2, 3, num_features=1)) is None
    True
    """
    method = getattr(model, "graphs", None)
    declared: Any = method() if callable(method) else None
    return declared


def several(
    model: Any, inputs: tuple[Input, ...], answer: str = "probabilities"
) -> Graphs:
    """Returns the `Graphs` of a model of several inputs with one answer.

    Args:
        model: the model; its call takes a dict of the inputs.
        inputs: tuple of `Input`.
        answer: name of the output.
    """
    one = Graph(
        "serving_default",
        inputs,
        lambda given: {answer: model(given, training=False)},
        file="sequence",
    )
    return Graphs(inputs, (one,))
