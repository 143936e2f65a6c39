"""The reference: every public name of every room, through mkdocstrings."""

import functools
import importlib
import inspect
import pkgutil
import types

import keras_rnn_zoo

#: Those that stand first on the page; a room that is not named here comes after them.
_FIRST = ("layers", "topologies", "ops", "metrics", "datasets", "tasks", "training")
ROOMS = (*_FIRST, *(room for room in keras_rnn_zoo._ROOMS if room not in _FIRST))
#: Rooms whose modules have names of their own, which the room does not repeat.
_BY_MODULE = ("datasets", "training")


def is_cell_or_layer(one):
    """Whether a class has a page of its own among the cells."""
    place = getattr(one, "__module__", "")
    return (
        inspect.isclass(one)
        and place.startswith("keras_rnn_zoo.layers.cells.")
        and (hasattr(one, "cell_class") or hasattr(one, "blocks"))
    )


@functools.cache
def public_names(room):
    """Dict from name to object: what a room gives to its users.

    Its `__all__` where it has one; else what its `__init__` hands on, or, where that is
    a module of functions, what is defined there.
    """
    module = importlib.import_module(f"keras_rnn_zoo.{room}")
    if hasattr(module, "__all__"):
        return {name: getattr(module, name) for name in module.__all__}
    found = {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    return {n: v for n, v in found.items() if _ours(v, module.__name__)}


def _ours(value, module):
    place = getattr(value, "__module__", None)
    return place is None or place.startswith(module)


def module_names(room):
    """Dict from a module's name to its own public functions and classes."""
    package = importlib.import_module(f"keras_rnn_zoo.{room}")
    found = {}
    for one in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if one.ispkg or one.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(one.name)
        found[one.name] = {
            name: value
            for name, value in sorted(vars(module).items())
            if not name.startswith("_")
            and (inspect.isclass(value) or inspect.isfunction(value))
            and value.__module__ == one.name
            and inspect.getdoc(value)
        }
    return {name: values for name, values in found.items() if values}


def identifier(room, name, value):
    """Where a name is defined: what mkdocstrings documents, and links lead to."""
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"keras_rnn_zoo.{room}.{name}"


def identifiers():
    """Dict from `(room, name)` to identifier, of every public name."""
    found = {("", "load"): identifier("presets", "load", keras_rnn_zoo.load)}
    for room in ROOMS:
        for name, value in public_names(room).items():
            found[room, name] = identifier(room, name, value)
        if room in _BY_MODULE:
            for module, values in module_names(room).items():
                short = module.removeprefix(f"keras_rnn_zoo.{room}.")
                for name, value in values.items():
                    place = identifier(room, name, value)
                    if place not in found.values():
                        found[room, f"{short}.{name}"] = place
    return found


def links():
    """Dict from a name as docstrings write it to its identifier."""
    found = {}
    for (room, name), place in identifiers().items():
        if _is_constant(room, place):
            continue
        if "." not in name:
            found.setdefault(name, place)
        found[f"keras_rnn_zoo.{room}.{name}" if room else f"keras_rnn_zoo.{name}"] = (
            place
        )
    return found


def pages():
    """Dict from path to Markdown: a page for each room, and the list of them."""
    everything = identifiers()
    made = {"api/index.md": _index(everything)}
    written = set()
    for room in ROOMS:
        made[f"api/{room}.md"] = _page(room, everything, written)
    return made


def _index(everything):
    lines = [
        "# API",
        "",
        "Every public name, where it is defined. Classes of `layers` and `topologies`, "
        "and [`load`][keras_rnn_zoo.presets.model_directory.load], stand in "
        "`keras_rnn_zoo` itself as well: `from keras_rnn_zoo import LSTM`.",
        "",
    ]
    for room in ROOMS:
        lines += [f"## [`keras_rnn_zoo.{room}`]({room}.md)", "", _first_line(room)]
        names = {
            name: place for (where, name), place in everything.items() if where == room
        }
        lines += ["", " · ".join(_to(room, n, p) for n, p in names.items()), ""]
    return "\n".join(lines)


def _first_line(room):
    module = importlib.import_module(f"keras_rnn_zoo.{room}")
    return inspect.getdoc(module).partition("\n")[0]


def _is_constant(room, place):
    """Whether mkdocstrings would not document it: neither a class nor a function."""
    value = public_names(room).get(place.rpartition(".")[2]) if room else None
    if value is None or inspect.isclass(value) or inspect.isfunction(value):
        return False
    return place.rpartition(".")[0] == f"keras_rnn_zoo.{room}"


def _to(room, name, place):
    """A link; the headings of constants are our own."""
    if _is_constant(room, place):
        return f"[`{name}`]({room}.md#{place})"
    return f"[`{name}`][{place}]"


def _page(room, everything, written):
    module = importlib.import_module(f"keras_rnn_zoo.{room}")
    lines = [f"# keras_rnn_zoo.{room}", "", inspect.getdoc(module), ""]
    values = public_names(room)
    if room == "layers":
        lines += [
            "Cells and their layers have [pages of their own](../cells/index.md).",
            "",
        ]
    last = ""
    for (where, name), place in everything.items():
        if where != room or place in written or is_cell_or_layer(values.get(name)):
            continue
        part = name.rpartition(".")[0]
        if part != last:
            own = importlib.import_module(f"keras_rnn_zoo.{room}.{part}")
            lines += [f"## {part}", "", inspect.getdoc(own) or "", ""]
        last = part
        written.add(place)
        if _is_constant(room, place):
            value = values[name]
            value = list(value) if isinstance(value, dict) else value
            lines += [f"### `{name}` {{ #{place} }}", "", f"`{value!r}`", ""]
        else:
            lines += [f"::: {place}", *_of_parts(values.get(name)), ""]
    return "\n".join(lines)


def _of_parts(cls):
    """The option for methods that a class has from a file that is a part of its own."""
    if not inspect.isclass(cls):
        return []
    names = [
        name
        for base in cls.__mro__[1:]
        if base.__module__.startswith(f"{cls.__module__.rpartition('.')[0]}._")
        for name in vars(base)
        if not name.startswith("_")
    ]
    return ["    options:", f"      inherited_members: {names!r}"] if names else []
