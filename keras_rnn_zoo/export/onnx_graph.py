"""An ONNX graph in the making, and what a traced TensorFlow function means in it."""

import numpy as np

OPSET = 17


class Graph:
    """Collects nodes and constants; every value is known by its name.

    Args:
        parent: the graph around this one, whose names and constants it may use.
    """

    def __init__(self, parent=None):
        self.nodes = []
        self._root = self if parent is None else parent._root
        if parent is None:
            self.initializers, self._count, self._known = [], 0, {}

    def name(self, stem):
        """A name that is not taken."""
        self._root._count += 1
        return f"{stem}_{self._root._count}"

    def constant(self, value, dtype=None):
        """The name of an array that the file holds."""
        from onnx import numpy_helper

        value = np.asarray(value, dtype)
        key = (value.dtype.str, value.shape, value.tobytes())
        root = self._root
        if key not in root._known:
            root._known[key] = self.name("constant")
            root.initializers.append(numpy_helper.from_array(value, root._known[key]))
        return root._known[key]

    def integers(self, *values):
        """The name of a vector of int64."""
        return self.constant(values, "int64")

    def add(self, op, *inputs, outputs=1, name=None, **attributes):
        """Adds a node. The name of its output, or a list if there are several."""
        from onnx import helper

        names = [self.name(op) for _ in range(outputs)]
        if name is not None:
            names[0] = name
        node = helper.make_node(op, list(inputs), names, name=names[0], **attributes)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def cast(self, x, dtype):
        """Adds a conversion to a NumPy dtype."""
        return self.add("Cast", x, to=onnx_type(dtype))


def onnx_type(dtype):
    """ONNX's number for a dtype."""
    from onnx import helper

    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


_SIMPLE = {
    **dict.fromkeys(("AddV2", "Add", "BiasAdd"), "Add"),
    "Sub": "Sub",
    "Mul": "Mul",
    "RealDiv": "Div",
    "Maximum": "Max",
    "Minimum": "Min",
    "Pow": "Pow",
    "Neg": "Neg",
    "Exp": "Exp",
    "Log": "Log",
    "Floor": "Floor",
    "Sqrt": "Sqrt",
    "Abs": "Abs",
    "Sign": "Sign",
    "Erf": "Erf",
    "Sin": "Sin",
    "Cos": "Cos",
    "Tanh": "Tanh",
    "Sigmoid": "Sigmoid",
    "Relu": "Relu",
    "Elu": "Elu",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Softmax": "Softmax",
    "LogSoftmax": "LogSoftmax",
    "Equal": "Equal",
    "Less": "Less",
    "LessEqual": "LessOrEqual",
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "LogicalAnd": "And",
    "LogicalOr": "Or",
    "LogicalNot": "Not",
    "SelectV2": "Where",
    "Reciprocal": "Reciprocal",
}
_PASS = ("Identity", "StopGradient", "EnsureShape", "PreventGradient", "Snapshot")
_REDUCE = {"Mean": "ReduceMean", "Max": "ReduceMax", "Min": "ReduceMin"}
_REDUCE |= {"Prod": "ReduceProd"}


class Translator:
    """Writes what a traced function computes into a graph, op by op.

    Only what the wanted outputs need is written.

    Args:
        graph: a `Graph`.
        function: a concrete function, traced without control flow.
        inputs: names in the graph, one for each of the function's arguments.
        markers: `{tensor name: function of this translator}` for tensors that stand
            for something else; gives the name of the value.
    """

    def __init__(self, graph, function, inputs, markers=None):
        self.graph, self.markers = graph, markers or {}
        self.values, self.captured = {}, {}
        free = function.inputs[: len(function.inputs) - len(function.captured_inputs)]
        for tensor, name in zip(free, inputs, strict=True):
            self.values[tensor.name] = name
        for outside, inside in function.graph.captures:
            self.captured[inside.name] = outside
        self.variables = {}
        for variable in function.graph.variables:
            self.variables[id(variable.handle)] = variable

    def __call__(self, tensor):
        """The name of a tensor's value in the graph."""
        if tensor.name not in self.values:
            if tensor.name in self.markers:
                self.values[tensor.name] = self.markers[tensor.name](self)
            elif tensor.name in self.captured:
                outside = self.captured[tensor.name]
                self.values[tensor.name] = self.graph.constant(outside.numpy())
            else:
                self._write(tensor.op)
        return self.values[tensor.name]

    def _write(self, op):
        if op.type in _PASS:
            results = self(op.inputs[0])
        elif op.type == "IdentityN":  # around what has a gradient of its own
            results = [self(x) for x in op.inputs]
        elif op.type in _SIMPLE:
            inputs = [self(x) for x in op.inputs]
            results = self.graph.add(_SIMPLE[op.type], *inputs)
        elif hasattr(self, f"_{op.type}"):
            results = getattr(self, f"_{op.type}")(op)
        elif op.type in _REDUCE:
            results = self._reduced(op)
        else:
            raise ValueError(
                "`model` must hold only what there is an ONNX counterpart for. "
                f"Received: op={op.type!r} ({op.name})."
            )
        results = results if isinstance(results, list) else [results]
        for output, name in zip(op.outputs, results, strict=True):
            self.values[output.name] = name

    # --- Weights and constants

    def _known(self, tensor):
        """The array of a tensor that is the same in every call."""
        import tensorflow as tf

        while tensor.op.type in _PASS:
            tensor = tensor.op.inputs[0]
        value = tf.get_static_value(tensor)
        if value is None:
            raise ValueError(
                "`model` must have fixed axes and sizes in its operations. "
                f"Received: {tensor.name!r}, which depends on the input."
            )
        return value

    def _variable(self, handle):
        outside = self.captured[handle.name]
        return self.graph.constant(self.variables[id(outside)].numpy())

    def _Const(self, op):
        return self.graph.constant(self._known(op.outputs[0]))

    def _ReadVariableOp(self, op):
        return self._variable(op.inputs[0])

    def _ResourceGather(self, op):
        return self.graph.add(
            "Gather", self._variable(op.inputs[0]), self(op.inputs[1])
        )

    # --- Arithmetic

    def _MatMul(self, op):
        a, b = (self(x) for x in op.inputs)
        if op.get_attr("transpose_a"):
            a = self.graph.add("Transpose", a, perm=[1, 0])
        if op.get_attr("transpose_b"):
            b = self.graph.add("Transpose", b, perm=[1, 0])
        return self.graph.add("MatMul", a, b)

    def _BatchMatMulV2(self, op):
        inputs = []
        for x, flag in zip(op.inputs, ("adj_x", "adj_y"), strict=True):
            inputs.append(self(x))
            if op.get_attr(flag):
                order = list(range(len(x.shape)))
                order[-2:] = order[:-3:-1]
                inputs[-1] = self.graph.add("Transpose", inputs[-1], perm=order)
        return self.graph.add("MatMul", *inputs)

    def _Cumsum(self, op):
        axis = self.graph.constant(int(self._known(op.inputs[1])), "int64")
        return self.graph.add(
            "CumSum",
            self(op.inputs[0]),
            axis,
            exclusive=int(op.get_attr("exclusive")),
            reverse=int(op.get_attr("reverse")),
        )

    def _Range(self, op):
        return self.graph.add("Range", *(self(x) for x in op.inputs))

    def _Conv2D(self, op):
        """Of a sequence: filters of one row, zeros beyond the ends."""
        if (
            op.get_attr("padding") != b"SAME"
            or op.get_attr("data_format") != b"NHWC"
            or [*op.get_attr("strides"), *op.get_attr("dilations")] != [1] * 8
        ):
            raise ValueError(
                "`model` must hold only what there is an ONNX counterpart for. "
                f"Received: op='Conv2D' ({op.name}) with steps, gaps or no padding."
            )
        x, kernel = (self(one) for one in op.inputs)
        x = self.graph.add("Transpose", x, perm=[0, 3, 1, 2])
        kernel = self.graph.add("Transpose", kernel, perm=[3, 2, 0, 1])
        y = self.graph.add("Conv", x, kernel, auto_pad="SAME_UPPER")
        return self.graph.add("Transpose", y, perm=[0, 2, 3, 1])

    def _FloorMod(self, op):
        a, b = (self(x) for x in op.inputs)
        if op.outputs[0].dtype.is_integer:
            return self.graph.add("Mod", a, b)
        # With the sign of b, where ONNX's has that of a.
        rest = self.graph.add("Mod", a, b, fmod=1)
        zero = self.graph.constant(0, op.outputs[0].dtype.as_numpy_dtype)
        other = self.graph.add("Less", self.graph.add("Mul", rest, b), zero)
        return self.graph.add("Where", other, self.graph.add("Add", rest, b), rest)

    def _Square(self, op):
        x = self(op.inputs[0])
        return self.graph.add("Mul", x, x)

    def _SquaredDifference(self, op):
        difference = self.graph.add("Sub", *(self(x) for x in op.inputs))
        return self.graph.add("Mul", difference, difference)

    def _Expm1(self, op):
        # 2 e^(x/2) sinh(x/2): without the rounding of e^x - 1 near 0.
        half, two = (
            self.graph.constant(np.asarray(one, op.outputs[0].dtype.as_numpy_dtype))
            for one in (0.5, 2.0)
        )
        x = self.graph.add("Mul", self(op.inputs[0]), half)
        product = self.graph.add("Mul", self.graph.add("Exp", x), two)
        return self.graph.add("Mul", product, self.graph.add("Sinh", x))

    def _Rsqrt(self, op):
        return self.graph.add("Reciprocal", self.graph.add("Sqrt", self(op.inputs[0])))

    def _LeakyRelu(self, op):
        return self.graph.add(
            "LeakyRelu", self(op.inputs[0]), alpha=op.get_attr("alpha")
        )

    def _Relu6(self, op):
        zero, six = self.graph.constant(0, "float32"), self.graph.constant(6, "float32")
        return self.graph.add("Clip", self(op.inputs[0]), zero, six)

    def _Selu(self, op):
        return self.graph.add("Selu", self(op.inputs[0]))

    def _NotEqual(self, op):
        return self.graph.add(
            "Not", self.graph.add("Equal", *(self(x) for x in op.inputs))
        )

    def _Cast(self, op):
        return self.graph.cast(self(op.inputs[0]), op.outputs[0].dtype.as_numpy_dtype)

    def _ArgMax(self, op):
        axis = int(self._known(op.inputs[1]))
        found = self.graph.add("ArgMax", self(op.inputs[0]), axis=axis, keepdims=0)
        return self.graph.cast(found, op.outputs[0].dtype.as_numpy_dtype)

    def _BitwiseAnd(self, op):
        """The sign bit, which `keras.ops.argmax` asks for: -0 is less than 0 there."""
        bits, mask = op.inputs
        if bits.op.type != "Bitcast" or self._known(mask) != np.iinfo("int32").min:
            raise ValueError(
                "`model` must hold only what there is an ONNX counterpart for. "
                f"Received: op='BitwiseAnd' ({op.name}) of another than the sign bit."
            )
        x, zero = self(bits.op.inputs[0]), self.graph.constant(0.0, "float32")
        below = (x, self.graph.add("Reciprocal", x))  # that of -0 is -inf
        negative = self.graph.add(
            "Or", *(self.graph.add("Less", one, zero) for one in below)
        )
        bit = self.graph.constant(np.iinfo("int32").min, "int32")
        return self.graph.add("Where", negative, bit, self.graph.constant(0, "int32"))

    def _OneHot(self, op):
        depth, on, off = (self._known(x) for x in op.inputs[1:])
        values = self.graph.constant([off, on])
        return self.graph.add(
            "OneHot",
            self(op.inputs[0]),
            self.graph.integers(int(depth)),
            values,
            axis=op.get_attr("axis"),
        )

    def _reduced(self, op):
        axes = np.atleast_1d(self._known(op.inputs[1])).tolist()
        keep = int(op.get_attr("keep_dims"))
        return self.graph.add(
            _REDUCE[op.type], self(op.inputs[0]), axes=axes, keepdims=keep
        )

    def _Any(self, op):
        # A count: of nothing it is 0, where the largest is not defined.
        axes = np.atleast_1d(self._known(op.inputs[1]))
        x, axes = (
            self.graph.cast(self(op.inputs[0]), "int32"),
            self.graph.integers(*axes),
        )
        keep = int(op.get_attr("keep_dims"))
        return self.graph.cast(
            self.graph.add("ReduceSum", x, axes, keepdims=keep), "bool"
        )

    def _Sum(self, op):
        axes = np.atleast_1d(self._known(op.inputs[1]))
        keep = int(op.get_attr("keep_dims"))
        return self.graph.add(
            "ReduceSum", self(op.inputs[0]), self.graph.integers(*axes), keepdims=keep
        )

    # --- Shapes

    def _Shape(self, op):
        shape = self.graph.add("Shape", self(op.inputs[0]))
        return self.graph.cast(shape, op.outputs[0].dtype.as_numpy_dtype)

    def _long(self, tensor):
        return self.graph.cast(self(tensor), "int64")

    def _Reshape(self, op):
        return self.graph.add("Reshape", self(op.inputs[0]), self._long(op.inputs[1]))

    def _ExpandDims(self, op):
        axis = self.graph.integers(int(self._known(op.inputs[1])))
        return self.graph.add("Unsqueeze", self(op.inputs[0]), axis)

    def _Squeeze(self, op):
        axes = self.graph.integers(*op.get_attr("squeeze_dims"))
        return self.graph.add("Squeeze", self(op.inputs[0]), axes)

    def _Pack(self, op):
        axis = op.get_attr("axis")
        where = self.graph.integers(axis)
        parts = [self.graph.add("Unsqueeze", self(x), where) for x in op.inputs]
        return self.graph.add("Concat", *parts, axis=axis)

    def _ConcatV2(self, op):
        *parts, axis = op.inputs
        axis = int(self._known(axis))
        return self.graph.add("Concat", *(self(x) for x in parts), axis=axis)

    def _Split(self, op):
        axis, x = int(self._known(op.inputs[0])), self(op.inputs[1])
        if len(op.outputs) == 1:
            return x
        return self.graph.add("Split", x, outputs=len(op.outputs), axis=axis)

    def _SplitV(self, op):
        axis = int(self._known(op.inputs[2]))
        sizes = [output.shape[axis] for output in op.outputs]
        x = self(op.inputs[0])
        if len(op.outputs) == 1:
            return x
        sizes = self.graph.integers(*sizes)
        return self.graph.add("Split", x, sizes, outputs=len(op.outputs), axis=axis)

    def _GatherV2(self, op):
        axis = int(self._known(op.inputs[2]))
        x, indices = self(op.inputs[0]), self(op.inputs[1])
        return self.graph.add("Gather", x, indices, axis=axis)

    def _Transpose(self, op):
        order = self._known(op.inputs[1]).tolist()
        return self.graph.add("Transpose", self(op.inputs[0]), perm=order)

    def _BroadcastTo(self, op):
        return self.graph.add("Expand", self(op.inputs[0]), self._long(op.inputs[1]))

    def _Fill(self, op):
        shape = self._long(op.inputs[0])
        return self.graph.add("Expand", self(op.inputs[1]), shape)

    def _ZerosLike(self, op):
        return self._like(op, 0)

    def _OnesLike(self, op):
        return self._like(op, 1)

    def _like(self, op, number):
        x = self(op.inputs[0])
        number = self.graph.constant(number, op.outputs[0].dtype.as_numpy_dtype)
        return self.graph.add("Expand", number, self.graph.add("Shape", x))

    def _StridedSlice(self, op):
        begin, end, strides = (self._known(x).tolist() for x in op.inputs[1:])
        masks = {
            name: op.get_attr(f"{name}_mask")
            for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
        }
        rank = len(op.inputs[0].shape)
        axis, starts, ends, axes, steps, squeezed, new = 0, [], [], [], [], [], []
        for i, (first, last, stride) in enumerate(
            zip(begin, end, strides, strict=True)
        ):
            bit = 1 << i
            if masks["ellipsis"] & bit:
                rest = bin(masks["new_axis"] >> (i + 1)).count("1")
                axis = rank - (len(begin) - i - 1 - rest)
                continue
            if masks["new_axis"] & bit:
                new.append(axis - len(squeezed) + len(new))
                continue
            if masks["shrink_axis"] & bit:
                squeezed.append(axis)
                last = first + 1 if first != -1 else 2**31
            else:
                big = 2**31
                if masks["begin"] & bit:
                    first = 0 if stride > 0 else big
                if masks["end"] & bit:
                    last = big if stride > 0 else -big
            starts.append(first)
            ends.append(last)
            axes.append(axis)
            steps.append(stride)
            axis += 1
        x = self(op.inputs[0])
        if starts:
            parts = (self.graph.integers(*p) for p in (starts, ends, axes, steps))
            x = self.graph.add("Slice", x, *parts)
        if squeezed:
            x = self.graph.add("Squeeze", x, self.graph.integers(*squeezed))
        if new:
            x = self.graph.add("Unsqueeze", x, self.graph.integers(*new))
        return x
