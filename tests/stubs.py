"""What editors and type checkers read of signatures that are made, and of lazy rooms.

    python -m tests.stubs            says which stubs are not what the package has
    python -m tests.stubs --write    writes them

A cell declares its arguments, and its `__init__` is made of them: no checker could know
them. Beside each such file stands a `.pyi` that says them, and beside each `__init__`
that finds its names one that lists them.
"""

import builtins
import collections
import importlib
import inspect
import pathlib
import re
import sys

import keras_rnn_zoo
from keras_rnn_zoo.layers.core.arguments import CELL_ARGUMENTS, REQUIRED
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer

ROOT = pathlib.Path(keras_rnn_zoo.__file__).parents[1]
FIRST = '"""Written by `python -m tests.stubs --write`."""\n'
WRITTEN_OUT = "keras_rnn_zoo.layers.core.kinds"

#: What may be given for an argument, and what it is afterwards, by its kind.
KINDS = {
    "positive integer": ("int", "int"),
    "positive integer or None": ("int | None", "int | None"),
    "number": ("float", "float"),
    "positive number": ("float", "float"),
    "rate": ("float", "float"),
    "share": ("float", "float"),
    "rates": ("Rates", "float | tuple[float, ...]"),
    "flag": ("bool", "bool"),
    "seed": ("int | None", "int | None"),
    "activation": ("Activation", "Any"),
    "initializer": ("Initializer", "Any"),
    "regularizer": ("Regularizer", "Any"),
    "constraint": ("Constraint", "Any"),
}
#: Arguments of a layer that are none of its cell.
OF_LAYERS = {
    "activity_regularizer": "Regularizer",
    "return_sequences": "bool",
    "return_state": "bool",
    "go_backwards": "bool",
    "stateful": "bool",
    "unroll": "bool",
    "zero_output_for_mask": "bool",
    "implementation": "Implementation",
    "truncate": "int | None",
    "checkpoint": "int | None",
    "use_cudnn": 'bool | Literal["auto"]',
}
#: What `**kwargs` may hold.
OF_KERAS = {"name": "str | None", "dtype": "DType", "trainable": "bool"}
DEFAULTS = {"trainable": "True"}

ALIASES = (
    *("Activation", "Constraint", "DType", "Implementation", "Initializer", "Rates"),
    "Regularizer",
)
#: Rooms whose `__init__` finds its names, or gets them when they are asked for.
LISTED = (
    *("layers", "layers.cells", "layers.heads", "layers.readers", "layers.wrappers"),
    *("topologies", "export", "inspection"),
)


def made():
    """The classes whose signature is made, by their module, in the order of lines."""
    found = collections.defaultdict(list)
    todo = [*GatedCell.__subclasses__(), *RecurrentLayer.__subclasses__()]
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        here = found[cls.__module__]
        if cls.__module__.startswith("keras_rnn_zoo.") and cls not in here:
            here.append(cls)
    for classes in found.values():
        classes.sort(key=lambda cls: inspect.getsourcelines(cls)[1])
    return {name: found[name] for name in sorted(found) if found[name]}


def _parameter(name, annotation, default):
    return f"        {name}: {annotation}{default},"


def _default(value):
    if value is REQUIRED:
        return ""
    if value is None or isinstance(value, bool | int | float):
        return f" = {value!r}"
    return f' = "{value}"' if isinstance(value, str) else " = ..."


def _init(cls, arguments):
    lines, keyword_only = [], False
    for parameter in cls.__signature__.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            lines.append("        *,")
        kind = arguments.get(parameter.name)
        annotation = OF_LAYERS[parameter.name] if kind is None else KINDS[kind.kind][0]
        default = _default(parameter.default)
        lines.append(_parameter(parameter.name, annotation, default))
    for other, name in cls.also_named.items():
        lines.append(_parameter(other, KINDS[arguments[name].kind][0], " = ..."))
    if issubclass(cls, GatedCell):
        lines.append(_parameter("implementation", "Implementation", " = 2"))
    for name, annotation in OF_KERAS.items():
        lines.append(_parameter(name, annotation, f" = {DEFAULTS.get(name, 'None')}"))
    return ["    def __init__(", "        self,", *lines, "    ) -> None: ..."]


def _said(annotation):
    """An annotation as a stub has it; `Any` where none is, or needs an import."""
    if annotation is inspect.Signature.empty:
        return "Any"
    text = inspect.formatannotation(annotation)
    known = {"Any", "None", *vars(builtins)}
    return text if set(re.findall(r"\w+", text)) <= known else "Any"


def _function(name, function, indent):
    signature = inspect.signature(function)
    first = ", ".join(
        f"{'*' * (p.kind is p.VAR_POSITIONAL) + '**' * (p.kind is p.VAR_KEYWORD)}{n}"
        + ("" if n == "self" else f": {_said(p.annotation)}")
        + ("" if p.default is p.empty else " = ...")
        for n, p in signature.parameters.items()
    )
    answer = _said(signature.return_annotation)
    line = f"{indent}def {name}({first}) -> {answer}: ..."
    if len(line) <= 87:  # "None" is longer than "Any"
        return line
    return f"{indent}def {name}(\n{indent}    {first}\n{indent}) -> {answer}: ..."


def _members(cls, base, arguments):
    """What a class has beyond its base, but for its arguments."""
    for name, value in vars(cls).items():
        if name.startswith("__") or name in arguments or hasattr(base, name):
            continue
        if name in ("arguments", "late_arguments", "also_named"):
            continue
        if isinstance(value, property):
            yield from ("    @property", _function(name, value.fget, "    "))
        elif inspect.isfunction(value):
            yield _function(name, value, "    ")
        elif isinstance(value, bool | int | float | str):
            yield f"    {name}: {type(value).__name__}"
        else:
            yield f"    {name}: Any"


def _class(cls):
    [base] = cls.__bases__
    cell = getattr(cls, "cell_class", None)
    arguments = (cls if cell is None else cell).arguments
    lines = []
    if cell is not None:
        lines.append(f"    cell: {cell.__name__}")
        lines.append(f"    cell_class: type[{cell.__name__}]")
    before = getattr(base, "arguments", CELL_ARGUMENTS)
    for name, argument in arguments.items():
        if name not in CELL_ARGUMENTS and (cell is not None or name not in before):
            lines.append(f"    {name}: {KINDS[argument.kind][1]}")
    lines += _members(cls, base, arguments)
    return [f"class {cls.__name__}({base.__name__}):", *lines, *_init(cls, arguments)]


def _imports(module, classes, text):
    """What a stub reads of other modules, those of the package in order."""
    wanted = collections.defaultdict(set)
    for cls in classes:
        for one in (*cls.__bases__, getattr(cls, "cell_class", None)):
            if one is not None and one.__module__ != module:
                wanted[one.__module__].add(one.__name__)
    wanted[WRITTEN_OUT] |= {name for name in ALIASES if f": {name}" in text}
    typing = [name for name in ("Any", "Literal") if name in text]
    lines = [f"from typing import {', '.join(typing)}", ""] if typing else []
    for name in sorted(wanted):
        lines.append(_from(name, sorted(wanted[name])))
    return lines


def _from(module, names):
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])


def _of_module(name, classes):
    module = importlib.import_module(name)
    constants, functions, further = [], [], []
    for key, value in vars(module).items():
        if key.isupper() and not inspect.isclass(value):
            constants.append(f"{key}: Any")
        if getattr(value, "__module__", None) != name:
            continue
        if inspect.isfunction(value):
            functions.append(_function(key, value, ""))
        elif inspect.isclass(value) and value not in classes:
            init = _function("__init__", value.__init__, "    ")
            init = init.replace("> Any", "> None")
            further.append(f"class {key}(Any):\n{init}")
    paragraphs = ["\n".join(constants), "\n".join(functions), *further]
    paragraphs += ["\n".join(_class(cls)) for cls in classes]
    text = "\n\n".join(filter(None, paragraphs))
    return "\n".join([FIRST, *_imports(name, classes, text), "", text, ""])


def _listed(room):
    package = f"keras_rnn_zoo.{room}" if room else "keras_rnn_zoo"
    module = importlib.import_module(package)
    places = collections.defaultdict(list)
    for name in sorted({*module.__all__} - {"__version__"}):
        value = getattr(module, name)
        if inspect.ismodule(value):
            places[package].append(name)
        else:
            places[value.__module__].append(name)
    if not room:
        places["keras_rnn_zoo.version"].append("__version__")
    lines = []
    for place in sorted(places):
        for name in places[place]:
            line = f"from {place} import {name} as {name}"
            if len(line) > 88:
                line = f"from {place} import (\n    {name} as {name},\n)"
            lines.append(line)
    return "\n".join([FIRST, *lines, ""])


def stubs():
    """The text of every stub, by its path."""
    found = {
        ROOT.joinpath(*name.split(".")).with_suffix(".pyi"): _of_module(name, classes)
        for name, classes in made().items()
    }
    for room in ("", *LISTED):
        place = ROOT.joinpath("keras_rnn_zoo", *filter(None, room.split(".")))
        found[place / "__init__.pyi"] = _listed(room)
    return found


def different():
    """Stubs that are missing, other than what the package has, or of nothing."""
    wanted = stubs()
    there = set((ROOT / "keras_rnn_zoo").rglob("*.pyi"))
    wrong = [path for path in wanted if path not in there]
    wrong += [path for path in there if wanted.get(path) != path.read_text()]
    return sorted(str(path.relative_to(ROOT)) for path in wrong)


def main(arguments):
    """Writes the stubs, or says which are not what the package has."""
    if arguments == ["--write"]:
        for path in (ROOT / "keras_rnn_zoo").rglob("*.pyi"):
            path.unlink()
        for path, text in stubs().items():
            path.write_text(text)
    elif arguments:
        sys.exit(__doc__)
    wrong = different()
    for path in wrong:
        print(f"{path} is not what the package has.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
