"""The data flow of one step of a cell, found by running `step` on symbols.

The terms of the input and the products with the states are recorded as they are asked
for; everything between them is read from the TensorFlow graph that the step leaves.
"""

import dataclasses
import functools
import re

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.layers.core.step import Blocks

_UNARY = {
    "Sigmoid": "σ",
    "Tanh": "tanh",
    "Relu": "ReLU",
    "Exp": "exp",
    "Expm1": "exp − 1",
    "Log": "log",
    "Softplus": "softplus",
    "Sqrt": "√",
    "Rsqrt": "1/√",
    "Abs": "|·|",
    "Sign": "sign",
    "Square": "²",
    "Mean": "mean",
    "Sum": "Σ",
    "Max": "max",
    "Floor": "floor",
    "Neg": "−",
    "Cos": "cos",
    "Sin": "sin",
    "Softmax": "softmax",
    "LogicalNot": "not",
}
_BINARY = {
    "AddV2": "+",
    "Add": "+",
    "Sub": "−",
    "Mul": "⊙",
    "RealDiv": "÷",
    "Maximum": "max",
    "Minimum": "min",
    "FloorMod": "mod",
    "Equal": "=",
    "Pow": "power",
    "ConcatV2": "‖",
    "Pack": "‖",
    "SelectV2": "choose",
    "MatMul": "@",
    "BatchMatMulV2": "@",
    "Less": "<",
    "Greater": ">",
}
#: What gives a tensor another shape or type, and no other numbers.
_SAME = frozenset(
    "Identity Cast Reshape ExpandDims Squeeze StridedSlice Split SplitV StopGradient "
    "Transpose BroadcastTo Unpack GatherV2 Snapshot EnsureShape".split()
)
_ACTIVATIONS = frozenset(("σ", "tanh", "ReLU", "softplus"))
_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "zeta": "ζ",
    "nu": "ν",
    "kernel": "W",
    "recurrent_kernel": "U",
    "bias": "b",
}


@dataclasses.dataclass
class Step:
    """A node of the data flow.

    Attributes:
        kind: "state", "input", "product", "unit" (an activation of a sum of products),
            "function", "element" (element by element), "many" (folded), "new" or
            "output".
        label: what is written in it; `_f` is an index.
        inputs: list of the numbers of the nodes that it reads.
        weights: names of the weights in it.
        activation: of a unit, what stands above the products.
        words: of a sum that is still to be drawn, its terms; "" of one that is a line.
    """

    kind: str
    label: str
    inputs: list
    weights: tuple = ()
    activation: str = ""
    words: tuple = ()


class _Parts(Blocks):
    """Blocks of which only those that are read are made."""

    def __init__(self, sizes, make, others=None):
        self.sizes, self._make, self.others, self._made = sizes, make, others or {}, {}

    def also(self, **others):
        return _Parts(self.sizes, self._make, {**self.others, **others})

    @property
    def tensor(self):
        return self._of(tuple(self.sizes))

    def _of(self, names):
        if names not in self._made:
            self._made[names] = self._make(names)
        return self._made[names]

    def _split(self):
        return {name: self._of((name,)) for name in self.sizes}

    def __getattr__(self, name):
        if not name.startswith("_") and name in self.sizes:
            return self._of((name,))
        return super().__getattr__(name)


class _Side:
    """In the place of `Products`: says what was multiplied by what."""

    training = False

    def __init__(self, tracer, letter, sizes, biased):
        self._tracer, self._letter = tracer, letter
        self._sizes, self._biased = sizes, biased  # the bias's letter, or None

    def __call__(self, a, blocks=None, plus=None):
        sizes = {b: self._sizes[b] for b in (blocks or self._sizes)}

        def make(names):
            made = self._product(a, names)
            if plus is None:
                return made
            if len(names) == len(sizes) > 1:
                return made + plus.tensor
            return made + list(plus)[list(sizes).index(names[0])]

        return _Parts(sizes, make)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._sizes:
            return lambda a: self._product(a, (name,))
        return self._tracer.weight(name)

    def _product(self, a, names):
        single = len(self._sizes) == 1
        words = [
            self._letter if single else f"{self._letter}_{block}" for block in names
        ]
        letter = self._biased
        biases = [letter + word[1:] for word in words] if letter else []
        size = sum(self._sizes[name] for name in names)
        return self._tracer.product(a, words, biases, size)

    def blocks(self, tensor):
        return Blocks(self._sizes, tensor)

    def product(self, a, matrix):
        word = self._tracer.matrix(matrix)
        return self._tracer.product(a, [word], [], matrix.shape[-1])

    def apart(self):
        return _Side(self._tracer, self._letter, self._sizes, None), None

    def dropped(self, a):
        return a


class _Tracer:
    """Runs a step on placeholders, and remembers what they stand for."""

    def __init__(self, cell, features):
        self.cell, self.products, self.known = cell, {}, {}
        self.graph = tf.Graph()
        values = {w.name: np.asarray(w) for w in cell.own_weights}
        with self.graph.as_default():
            self.weights = {n: self._new(v.shape) for n, v in values.items()}
            for name, tensor in self.weights.items():
                self.known[tensor.ref()] = name
            recording = _Derived(self.weights)
            self.made_of = {}
            for name, tensor in cell.derived(recording).items():
                if name not in self.weights:
                    self.made_of[name] = self._names_below(tensor)
                    self.weights[name] = self._new(tensor.shape)
                    self.known[self.weights[name].ref()] = name
            self.input = self._new((1, features))
            self.states = [self._new((1, *shape)) for shape in cell.state_shapes]
            biases = cell._bias_of(self.weights) if cell.use_bias else (None, None)
            first = None if biases[0] is None else "b"
            second = None if biases[1] is None else "d" if first else "b"
            sides = [
                _Side(self, "W", cell._sizes(cell.blocks), first),
                _Side(self, "U", cell._sizes(cell.recurrent_blocks), second),
            ]
            x = cell.terms(self.input, sides[0])
            output, states = cell.step(x, list(self.states), sides[1])
        self.outputs = output if isinstance(output, list | tuple) else [output]
        self.new = states

    def _new(self, shape):
        made = tf.raw_ops.Placeholder(dtype="float32", shape=tuple(shape))
        made.set_shape(shape)
        return made

    def weight(self, name):
        if name in self.weights:
            return self.weights[name]
        raise AttributeError(f"There is no weight {name!r}.")

    def product(self, a, words, biases, size):
        made = self._new((*a.shape[:-1], size))
        self.products[made.ref()] = (a, words, biases)
        return made

    def matrix(self, tensor):
        """A matrix in words: W and U, and others with their names as an index."""
        word = self.words(tensor)
        return (
            word if word[0] in "WU" else f"W_{{{word.replace('_{', ' ').strip('}')}}}"
        )

    def _names_below(self, tensor):
        found, todo, seen = set(), [tensor], set()
        while todo:
            one = todo.pop()
            if one.ref() in seen:
                continue
            seen.add(one.ref())
            found |= {self.known[one.ref()]} if one.ref() in self.known else set()
            todo += one.op.inputs
        return tuple(name for name in self.weights if name in found)

    def words(self, tensor) -> str:
        """A leaf, such as a part of a weight, or a function of weights, in words."""
        value = tf.get_static_value(tensor)
        if value is not None:
            value = np.asarray(value)
            return _number(value) if value.size == 1 else "numbers"
        if tensor.ref() in self.known:
            return str(self._named(self.known[tensor.ref()]))
        op, kind = tensor.op, tensor.op.type
        if kind in ("Split", "SplitV"):
            weight = op.inputs[1 if kind == "Split" else 0]
            return self._part(weight, tensor.value_index, len(op.outputs))
        if kind in _SAME:
            data = self.words(op.inputs[0])
            single = kind == "StridedSlice" and len(op.inputs[0].shape) > 1
            where = tf.get_static_value(op.inputs[1]) if single else None
            if where is not None and where.ndim and np.any(where > 0):
                return f"{data}′"
            return data
        inside = [self.words(one) for one in op.inputs]
        if kind in _BINARY and len(inside) > 1:
            return f"{inside[0]} {_BINARY[kind]} {inside[1]}"
        symbol = _UNARY.get(kind, kind)
        if symbol == "−":
            return f"−{inside[0]}"
        return f"{symbol}({inside[0] if inside else ''})"

    def _named(self, name):
        return _GREEK.get(name, name.removesuffix("_kernel"))

    def _part(self, tensor, index, count):
        name = self.known.get(tensor.ref(), "")
        word = self.words(tensor)
        blocks = {
            "recurrent_kernel": self.cell.recurrent_blocks or self.cell.blocks,
            "kernel": self.cell.blocks,
        }.get(name, ())
        if len(blocks) == count:
            return f"{word}_{blocks[index]}"
        return f"{word}_{{{index + 1}}}"


class _Derived:
    """What `derived` reads: the weights by name."""

    def __init__(self, weights):
        self._weights = weights

    def __getattr__(self, name):
        return self._weights[name]


def _number(value):
    return f"{float(np.ravel(value)[0]):.3g}".replace("-", "−")


def flow_of(cell, features):
    """The data flow of one step of a built cell.

    Returns:
        `(nodes, notes)`: a list of `Step`, each after those that it reads, and a dict
        from the name of a derived weight to the names of those it is made of.
    """
    tracer = _Tracer(cell, features)
    nodes = _Reader(tracer).nodes
    nodes = _without_unused(_fused(nodes))
    used = {name for node in nodes for name in node.weights}
    return nodes, {n: parts for n, parts in tracer.made_of.items() if n in used}


def _at(name, time):
    """`h_{t}`; of a state with an index of its own, `h_{re,t}`."""
    base, _, index = name.partition("_")
    return f"{base}_{{{index + ',' if index else ''}{time}}}"


def _symbol(label):
    """The other way round, without the time."""
    found = re.match(r"(\w+)_\{(?:(\w+),)?t", label)
    assert found is not None, label
    base, index = found.groups()
    return f"{base}_{index}" if index else base


class _Reader:
    """Makes nodes of the tensors, from the results backwards."""

    def __init__(self, tracer):
        self.tracer, self.nodes, self.places = tracer, [], {}
        cell = tracer.cell
        for name, tensor in zip(cell.state_names, tracer.states, strict=True):
            self.places[tensor.ref()] = self._add("state", _at(name, "t−1"), [])
        self.places[tracer.input.ref()] = self._add("input", _at("x", "t"), [])
        results = {}
        for name, tensor in zip(cell.state_names, tracer.new, strict=True):
            place = self.read(tensor)
            self._add("new", _at(name, "t"), [place])
            results.setdefault(place, name)
        shown = [self.read(tensor) for tensor in tracer.outputs]
        for number, place in enumerate(shown, start=1):
            if place not in results:
                index = f"y_{number}" if len(shown) > 1 else "y"
                self._add("output", _at(index, "t"), [place])
        for node in self.nodes:
            if node.kind == "new" and node.inputs[0] in shown:
                node.kind = "output"

    def _add(self, kind, label, inputs, weights=(), activation=""):
        self.nodes.append(Step(kind, label, inputs, tuple(weights), activation))
        return len(self.nodes) - 1

    @functools.cached_property
    def _alive(self):
        """Tensors that depend on the input or on a state."""
        return {}

    def alive(self, tensor):
        key = tensor.ref()
        if key not in self._alive:
            self._alive[key] = key in self.places or key in self.tracer.products
            if not self._alive[key]:
                self._alive[key] = any(self.alive(one) for one in tensor.op.inputs)
        return self._alive[key]

    def read(self, tensor):
        key = tensor.ref()
        if key not in self.places:
            self.places[key] = self._read(tensor)
        return self.places[key]

    def _read(self, tensor):
        if tensor.ref() in self.tracer.products:
            a, words, biases = self.tracer.products[tensor.ref()]
            place = self.read(a)
            node = self._add("product", "", [place], [*words, *biases])
            self.nodes[node].words = tuple(biases)
            return node
        op, kind = tensor.op, tensor.op.type
        if not self.alive(tensor):
            word = self.tracer.words(tensor)
            return self._add("element", word, [], self._weights_of(tensor))
        alive = [one for one in op.inputs if self.alive(one)]
        leaves = [one for one in op.inputs if not self.alive(one)]
        if kind in _SAME:
            return self.read(alive[0])
        if kind == "IdentityN":  # around what has a gradient of its own
            return self.read(op.inputs[tensor.value_index])
        inside = _inside(op, "Neg", "Softplus", "Neg")
        if inside is not None:
            return self._add("function", "log σ", [self.read(inside)])
        inputs = [self.read(one) for one in alive]
        if kind in _UNARY:
            symbol = _UNARY[kind]
            names = "function" if symbol in _ACTIVATIONS else "element"
            return self._add(names, symbol, inputs)
        symbol = str(_BINARY.get(kind, kind))
        if kind in ("ConcatV2", "Pack"):
            return self._add("element", symbol, inputs)
        if symbol == "⊙" and len(inputs) == 2:
            for one, other in (inputs, inputs[::-1]):
                if self.nodes[one].label == "σ" and self.nodes[one].inputs == [other]:
                    return self._add("function", "SiLU", [other])
        if len(inputs) > 1 or not leaves:
            return self._add("element", symbol, inputs)
        word = self.tracer.words(leaves[0])
        weights = self._weights_of(leaves[0])
        if symbol in "⊙+" and word == {"⊙": "1", "+": "0"}[symbol]:
            return inputs[0]
        first = op.inputs[0] is leaves[0]
        if symbol == "⊙" and not weights:
            symbol = "×"
        if any(sign in word for sign in " ") and symbol not in "+":
            word = f"({word})"
        if first and symbol in "−÷":
            label = f"{word} {symbol}"
        elif symbol in ("max", "min", "power", "mod"):
            label = f"{symbol} {word}"
        else:
            label = f"{symbol} {word}"
        return self._add("element", label, inputs, weights)

    def _weights_of(self, tensor):
        names = self.tracer._names_below(tensor)
        return [self.tracer.words(tensor), *names] if names else []


def _inside(op, *kinds):
    """What operations of these kinds, one around the other, are applied to, or None."""
    for kind in kinds:
        if op.type != kind:
            return None
        inner = op.inputs[0]
        op = inner.op
    return inner


def _consumers(nodes):
    found = [[] for _ in nodes]
    for place, node in enumerate(nodes):
        for one in node.inputs:
            found[one].append(place)
    return found


def _fused(nodes):
    """Sums of sums as one, products into sums, and activations onto these."""
    gone = {}
    used = _consumers(nodes)
    names = {
        p: _symbol(n.label) for p, n in enumerate(nodes) if n.kind in ("state", "input")
    }
    for place, node in enumerate(nodes):
        if node.kind == "element" and node.label[:1] == "+":
            parts, words, weights = [], [], list(node.weights)
            if len(node.label) > 1:
                words.append(node.label[2:])
            for one in node.inputs:
                below = nodes[one]
                alone = len(used[one]) == 1
                if alone and below.kind == "sum":
                    parts += below.inputs
                    words += below.words
                    weights += below.weights
                    gone[one] = place
                elif alone and below.kind == "product":
                    parts += below.inputs
                    words += _words(below, names)
                    weights += below.weights
                    gone[one] = place
                else:
                    parts.append(one)
                    words.append("")
            nodes[place] = Step("sum", "", parts, tuple(weights), words=tuple(words))
        elif node.kind == "function":
            [one] = node.inputs
            below = nodes[one]
            alone = len(used[one]) == 1
            summed = below.kind == "sum" and any(below.words)
            if alone and (summed or below.kind == "product"):
                words = [word or "·" for word in below.words]
                words = words if summed else _words(below, names)
                nodes[place] = Step(
                    "unit", _joined(words), below.inputs, below.weights, node.label
                )
                gone[one] = place
    for node in nodes:
        if node.kind == "sum":
            words = [word for word in node.words if word]
            plain = len(node.words) - len(words)
            node.kind = "product" if words and not plain else "element"
            node.label = _joined(words) if not plain else "+"
            if words and plain:
                node.label = "+ " + _joined(words)
        elif node.kind == "product":
            node.label = _joined(_words(node, names))
    for place in gone:
        nodes[place] = None
    return _renumbered(nodes)


def _words(node, names):
    """`x W_f`, and `b_f`."""
    read = names.get(node.inputs[0], "·")
    matrices = [word for word in node.weights if word not in node.words]
    if len(matrices) == 1:
        return [f"{read} {matrices[0]}", *node.words]
    biases = [f"[{' '.join(node.words)}]"] * bool(node.words)
    return [f"{read} [{' '.join(matrices)}]", *biases]


def _joined(words):
    """A sum: what is multiplied first, then what is only added."""
    return " + ".join(sorted(words, key=_rank))


def _rank(word):
    return word == "·", " " not in word, word[:2] != "x "


def _renumbered(nodes):
    """Without the places that are None; what is read twice from one place, once."""
    order = [place for place, node in enumerate(nodes) if node is not None]
    new = {old: place for place, old in enumerate(order)}
    made = []
    for old in order:
        node = nodes[old]
        made.append(
            dataclasses.replace(
                node, inputs=[new[one] for one in dict.fromkeys(node.inputs)]
            )
        )
    return made


def _without_unused(nodes):
    """Without what leads to no result; sources stay."""
    needed = set()
    todo = [
        p
        for p, node in enumerate(nodes)
        if node.kind in ("new", "output", "state", "input")
    ]
    while todo:
        place = todo.pop()
        if place not in needed:
            needed.add(place)
            todo += nodes[place].inputs
    return _renumbered([n if p in needed else None for p, n in enumerate(nodes)])


def folded(nodes):
    """The same flow with what works element by element in few boxes.

    All such nodes between the same products become one: those that need as many
    products, one after the other, as each other.
    """
    ends = ("state", "input", "new", "output")
    level, group, made = [], {}, []
    place_of = {}
    sources = [p for p, n in enumerate(nodes) if n.kind in ("state", "input")]
    for node in nodes:
        depth = max((level[one] for one in node.inputs), default=0)
        multiplies = node.kind in ("product", "unit")
        level.append(depth + 1 if multiplies else depth)
    for place, node in enumerate(nodes):
        if node.kind in ends:
            continue
        multiplies = node.kind in ("product", "unit")
        key = (level[place], multiplies)
        if multiplies:
            key = (
                *key,
                tuple(sorted({p if p in sources else -1 for p in node.inputs})),
            )
        group.setdefault(key, []).append(place)
    for key, places in group.items():
        for place in places:
            place_of[place] = key
    place_of |= {place: place for place in sources}
    order = sorted(group, key=lambda key: (key[0], not key[1]))
    numbers = {}
    for place in sources:
        numbers[place] = len(made)
        made.append(nodes[place])
    for key in order:
        members = [nodes[place] for place in group[key]]
        inputs = [
            numbers[place_of[one]]
            for node in members
            for one in node.inputs
            if place_of[one] != key
        ]
        weights = tuple(dict.fromkeys(w for node in members for w in node.weights))
        if key[1]:
            label = _joined(
                dict.fromkeys(" + ".join(n.label for n in members).split(" + "))
            )
            signs = dict.fromkeys(n.activation for n in members if n.activation)
            kind, activation = (
                "unit",
                "products" + (", " + ", ".join(signs) if signs else ""),
            )
        elif len(members) == 1:
            label, kind, activation = members[0].label, members[0].kind, ""
        else:
            signs = dict.fromkeys(n.label.split(" ")[0] for n in members)
            named = [
                one
                for one in weights
                if re.fullmatch(r"\w+(_\{\d+\})?", one) and one not in _GREEK
            ]
            label, kind = "  ".join([*signs, *named]), "many"
            activation = f"{len(members)} operations"
        numbers[key] = len(made)
        made.append(Step(kind, label, list(dict.fromkeys(inputs)), weights, activation))
    for node in nodes:
        if node.kind in ("new", "output"):
            made.append(
                dataclasses.replace(
                    node, inputs=[numbers[place_of[one]] for one in node.inputs]
                )
            )
    return made
