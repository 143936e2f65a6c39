"""What the fuzz tests are fed with: all generators, and how many are drawn.

By default a few examples, always the same. `KRZ_FUZZ_EXAMPLES=N` (`make fuzz`) draws
N others for each cheap property, and a part of N for a dear one.
"""

import contextlib
import json
import os
import pathlib
import re
import string
import sys
import tempfile

import hypothesis
import hypothesis.strategies as st
import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
MODELS = ROOT / "models"
ON_REQUEST = os.environ.get("KRZ_FUZZ_EXAMPLES")


def examples(default, cost=1):
    """Settings of a property: `default` examples, or N / cost of those on request.

    What is dear is not shrunk: that takes hundreds of tries.
    """
    phases = [hypothesis.Phase.generate]
    if cost < 5:
        phases.append(hypothesis.Phase.shrink)
    if not ON_REQUEST:
        return hypothesis.settings(
            max_examples=default,
            derandomize=True,
            phases=[hypothesis.Phase.explicit, *phases],
        )
    return hypothesis.settings(
        max_examples=max(default, int(ON_REQUEST) // cost),
        derandomize=False,
        database=None,
        print_blob=True,
        report_multiple_bugs=True,
        phases=phases,
    )


# --- the places around a test ---------------------------------------------------------

_watch = None
#: What TensorFlow and Keras put into the directory for temporary files.
_TEMPORARY = re.compile(
    re.escape(os.path.realpath(tempfile.gettempdir()))
    + r"(/(tmp\w{8}|__autograph_generated_file|__tmp).*)?"
)


def _hook(event, arguments):
    """Notes what leaves the place; an audit hook stays for the life of a process."""
    if _watch is None:
        return
    if event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen"):
        _watch.append(f"{event} {arguments[0]!r}")
    elif event in ("socket.connect", "pickle.find_class"):
        _watch.append(f"{event} {arguments[1:]!r}")
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        flags = arguments[2] if isinstance(arguments[2], int) else 0
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if path.rsplit("/", 1)[-1].startswith("secret") and not path.endswith(".py"):
            _watch.append(f"read {path}")
        elif writes and not path.startswith((_watch.place, "/dev/", *_watch.allowed)):
            if "__pycache__" not in path and not _TEMPORARY.fullmatch(path):
                _watch.append(f"wrote {path}")


class _Watch(list):
    place, allowed = "", ()


@contextlib.contextmanager
def nothing_outside(place, allowed=()):
    """Fails if a process is started, or a file outside of `place` is written.

    Files whose names begin with "secret" must not even be read; Python has a module of
    that name.
    """
    global _watch
    if not getattr(sys, "_krz_hooked", False):
        sys.addaudithook(_hook)
        sys._krz_hooked = True
    watch = _Watch()
    watch.place = os.path.realpath(place)
    watch.allowed = tuple(os.path.realpath(one) for one in allowed)
    _watch = watch
    try:
        yield watch
    finally:
        _watch = None
    assert not watch, watch


def snapshot(directory, without=()):
    """All files below a directory, with their content."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(pathlib.Path(directory).rglob("*"))
        if path.is_file() and path.relative_to(directory).parts[0] not in without
    }


# --- values ---------------------------------------------------------------------------

#: Pieces that have broken readers somewhere before.
NASTY = [
    *("", " ", "\t", "\n", "\r", "\r\n", "\x00", "\x1b[2J", "\x85", "\u00a0"),
    *("\u2028", "\u3000", "\ufeff", "\ufffd", "\x03", "e\u0301", "İ", "ß", "Σς"),
    *("\U0001f600", "\u2c2f", "\U00010570", "\u202eabc", "'", '"', '"""', "\\", "\\u"),
    *("[/]", "[bold]", "{}", "%s", "../secret", "/", "..", ".", "-", "--help", "~"),
    *("nan", "inf", "-inf", "1e300", "1e999", "0x10", "1_000", "-0", "1" * 400),
    *(
        "null",
        "true",
        "[]",
        "#",
        ";",
        ",",
        ":",
        "=",
        "<script>",
        "__class__",
        "a" * 999,
    ),
]
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=12),
    st.text(string.ascii_letters + string.digits + "_-./", max_size=10),
)
numbers = st.one_of(
    st.sampled_from([0, 1, -1, 2, 3, 7, 2**31 - 1, 2**31, 2**63, -(2**63), 10**30]),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 1e-300, 1e300, float("inf"), float("nan")]),
    st.integers(-10, 100),
    st.floats(-2, 2),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def mutated(draw, text, pieces=tuple(NASTY), most=4):
    """A text with a few places cut, doubled, replaced or with something put in."""
    for _ in range(draw(st.integers(1, most))):
        first = draw(st.integers(0, len(text)))
        last = min(len(text), first + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 30])))
        kind = draw(st.sampled_from(["put", "put", "cut", "double", "move"]))
        piece = draw(st.sampled_from(list(pieces)) | st.text(max_size=3))
        part = text[first:last]
        if kind == "put":
            text = text[:first] + piece + text[last:]
        elif kind == "cut":
            text = text[:first] + text[last:]
        elif kind == "double":
            text = text[:last] + part + text[last:]
        else:
            text = text[:first] + text[last:] + part
    return text


@st.composite
def mutated_bytes(draw, data, most=4):
    """Bytes with a few places changed; sometimes cut off, sometimes all drawn."""
    kind = draw(st.sampled_from(["some", "some", "some", "end", "drawn"]))
    if kind == "drawn":
        return draw(st.binary(max_size=60))
    if kind == "end":
        return data[: draw(st.integers(0, len(data)))]
    data = bytearray(data)
    for _ in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        new = draw(st.binary(min_size=1, max_size=8))
        data[place : place + draw(st.sampled_from([0, len(new)]))] = new
    return bytes(data)


# --- recipes --------------------------------------------------------------------------


def toml_value(value):
    """A value as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        inside = ", ".join(
            f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items()
        )
        return "{" + inside + "}"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), repr(value))
    return str(value) if value is not None else '"none"'


RECIPES = {
    path.parent.name: path.read_text("utf-8") for path in MODELS.glob("*/recipe.toml")
}
_KEYS = sorted(
    {m for text in RECIPES.values() for m in re.findall(r"^(\w+) *=", text, re.M)}
    | {"name", "options", "head", "cell", "sampling_schedule", "warmup_epochs"}
    | {"initial_weights", "class_weights", "patience", "unknown"}
)


@st.composite
def recipe_texts(draw):
    """A shipped recipe with other values, lines or characters."""
    text = RECIPES[draw(st.sampled_from(sorted(RECIPES)))]
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["value", "value", "value", "key", "drop", "raw"]))
        places = [i for i, line in enumerate(lines) if re.match(r"\w+ *=", line)]
        if not places or kind == "raw":
            return draw(mutated("\n".join(lines) + "\n"))
        i = draw(st.sampled_from(places))
        value = toml_value(draw(json_values))
        if kind == "value":
            lines[i] = f"{lines[i].partition('=')[0]}= {value}"
        elif kind == "key":
            lines.insert(i, f"{draw(st.sampled_from(_KEYS))} = {value}")
        else:
            del lines[i]
    return "\n".join(lines) + "\n"


# --- data files -----------------------------------------------------------------------

_WORDS = ["Ada", "wrote", "in", "Paris", "10", "ÿ", "naïve", "x" * 30, ".", "的"]
words = st.one_of(st.sampled_from(_WORDS), texts, st.text(min_size=1, max_size=6))


@st.composite
def data_files(draw):
    """`(task, suffix, bytes)`: a right file of that format, or one that was right."""
    task, suffix = draw(
        st.sampled_from(
            [
                *(("tagging", s) for s in (".conll", ".tsv", ".jsonl")),
                *(("classification", s) for s in (".csv", ".jsonl", ".steps.jsonl")),
                *(("language_model", s) for s in (".txt", ".jsonl", ".csv")),
                ("regression", ".csv"),
            ]
        )
    )
    rows = draw(st.integers(1, 5))
    some = [
        draw(
            st.lists(
                st.tuples(words, st.sampled_from(["O", "B-x", "I-x"])),
                min_size=1,
                max_size=4,
            )
        )
        for _ in range(rows)
    ]
    ascii_only = draw(st.booleans())
    lines = []
    for i, one in enumerate(some):
        line, tags = [w for w, _ in one], [t for _, t in one]
        text = " ".join(line)
        if suffix in (".conll", ".tsv"):
            gap = "\t" if suffix == ".tsv" else " "
            lines += [f"{w}{gap}{t}" for w, t in one] + [""]
        elif suffix == ".steps.jsonl":
            steps = [[draw(numbers), draw(numbers)] for _ in one]
            lines.append(json.dumps({"steps": steps, "label": tags[0]}))
        elif suffix == ".jsonl":
            what = {
                "tagging": {"tokens": line, "tags": tags},
                "classification": {"text": text, "label": tags[0]},
                "language_model": {"text": text},
            }[task]
            lines.append(json.dumps(what, ensure_ascii=ascii_only))
        elif suffix == ".txt":
            lines += [text, ""]
        elif task == "regression":
            lines.append(f"{i},{draw(numbers)}")
        else:
            quoted = '"' + text.replace('"', '""') + '"'
            lines.append(quoted if task == "language_model" else f"{quoted},{tags[0]}")
    head = {
        ("classification", ".csv"): ["text,label"],
        ("language_model", ".csv"): ["text"],
        ("regression", ".csv"): ["time,value"],
    }.get((task, suffix), [])
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = end.join(head + lines) + draw(st.sampled_from(["", end]))
    kind = draw(st.sampled_from(["right", "text", "text", "escaped", "bytes"]))
    if kind == "text":
        text = draw(mutated(text))
    elif kind == "escaped":  # what JSON can say and UTF-8 cannot
        escapes = ("\\ud83d", "\\udc00", "\\u0000", "\\ud83d\\ude00", "\\n", "\\/")
        text = draw(mutated(text, escapes, 2))
    data = text.encode("utf-8", "surrogatepass")
    if kind == "bytes":
        data = draw(mutated_bytes(data))
    if draw(st.booleans()) and kind == "right":
        data = b"\xef\xbb\xbf" + data
    return task, suffix, data


# --- directories of models ------------------------------------------------------------

#: Parts of a config that would run code or read files if a reader were careless.
HOSTILE = [
    {"class_name": "Lambda", "config": {"function": "exec"}, "module": "keras.layers"},
    {"class_name": "system", "config": "touch pwned", "module": "os"},
    {"class_name": "function", "config": "system", "module": "os"},
    {"class_name": "__lambda__", "config": {"value": "eA=="}, "module": None},
    {"class_name": "load_model", "config": "../secret", "module": "keras.saving"},
    {
        "class_name": "Popen",
        "config": {"args": ["touch", "pwned"]},
        "module": "subprocess",
    },
    {
        "class_name": "TFSMLayer",
        "config": {"filepath": "../secret"},
        "module": "keras.layers",
    },
    {
        "class_name": "StringLookup",
        "config": {"vocabulary": "../secret"},
        "module": "keras.layers",
    },
    {"module": "builtins", "class_name": "eval", "config": {"source": "1"}},
]


@st.composite
def mutated_documents(draw, document):
    """A JSON document with a value, key or part of it replaced; sometimes its text."""
    text = json.dumps(document)
    if draw(st.integers(0, 4)) == 0:
        return draw(mutated(text))
    document = json.loads(text)
    for _ in range(draw(st.integers(1, 2))):
        place, key = [document], 0
        for _ in range(draw(st.integers(0, 7))):
            inside = place[key]
            if isinstance(inside, dict) and inside:
                place, key = inside, draw(st.sampled_from(sorted(inside)))
            elif isinstance(inside, list) and inside:
                place, key = inside, draw(st.integers(0, len(inside) - 1))
            else:
                break
        kind = draw(st.sampled_from(["value", "value", "hostile", "drop", "add"]))
        if kind == "drop" and place is not document and isinstance(place, dict):
            del place[key]
        elif kind == "add" and isinstance(place[key], dict):
            place[key][draw(texts)] = draw(json_values)
        else:
            new = draw(st.sampled_from(HOSTILE) if kind == "hostile" else json_values)
            if place is document or (isinstance(place, list) and place[0] is document):
                document = new
            else:
                place[key] = new
    return json.dumps(document)


# --- command lines --------------------------------------------------------------------

_NAMES = st.one_of(
    st.sampled_from(
        ["digits_gru", "py_tagger_bilstm", "py_chars_lstm", "sunspots_gru"]
    ),
    st.sampled_from(
        ["run", "./run", "empty", "victim", "..", ".", "file.txt", "r.toml"]
    ),
    texts,
)
_VALUES = st.one_of(
    texts, numbers.map(str), _NAMES, st.sampled_from(["1,2", "64,", ","])
)
_PATHS = st.one_of(
    st.sampled_from(["out", "victim", "empty", "file.txt", "file.txt/x", ".", "run"]),
    st.sampled_from(["../outside", "..", "out/a/b", "link", "mine.csv", "x.npy", "/"]),
    texts,
)
#: Of every command: its argument, if it has one, and its options with their values.
COMMANDS = {
    "list": (None, {"--runs": _PATHS}),
    "show": (_NAMES, {"--runs": _PATHS}),
    "predict": (
        _NAMES,
        {
            "": st.one_of(
                texts, st.just("1 " * 64), st.lists(numbers.map(str)).map(" ".join)
            ),
            "--file": _PATHS,
            "--example": _VALUES,
            "--runs": _PATHS,
        },
    ),
    "generate": (
        _NAMES | st.just("py_chars_lstm"),
        {
            "--prompt": texts,
            "--steps": st.sampled_from(["0", "-1", "3", "7", "x", "1.5", ""]),
            "--temperature": numbers.map(str),
            "--top-k": numbers.map(str),
            "--seed": numbers.map(str),
        },
    ),
    "train": (
        _NAMES,
        {
            "--epochs": st.sampled_from(["0", "-1", "x", "1"]),
            "--cell": _VALUES | st.sampled_from(["LSTM", "IndRNN", "CRF", "RNN", "os"]),
            "--units": _VALUES,
            "--seed": numbers.map(str),
            "--seeds": _VALUES,
            "--search": st.sampled_from(["0", "-1", "x"]),
            "--limit": st.sampled_from(["0", "-5", "x"]),
            "--batch-size": st.sampled_from(["0", "-5", "x"]),
            "--device": _VALUES,
            "--data": _PATHS,
            "--out": _PATHS,
            "--resume": None,
        },
    ),
    "export": (
        _NAMES,
        {
            "--to": st.sampled_from(["saved_model", "onnx", "litert"]) | texts,
            "--out": _PATHS,
            "--batch-size": numbers.map(str),
            "--steps": st.sampled_from(["0", "-1", "8", "x"]),
        },
    ),
    "publish": (
        _NAMES,
        {
            "--seeds-json": _PATHS,
            "--out": _PATHS,
            "--hardware": texts,
            "--no-weights": None,
        },
    ),
    "evaluate": (_NAMES, {"--runs": _PATHS}),
    "native": (st.sampled_from(["status", "clean", "build", "x"]), {"--dtype": texts}),
}


@st.composite
def command_lines(draw, commands=tuple(COMMANDS)):
    """The words of a command line: options may be unknown, doubled, without value."""
    command = draw(st.sampled_from(list(commands)))
    name, options = COMMANDS[command]
    line = [command]
    if name is not None and draw(st.integers(0, 9)):
        line.append(draw(name))
    for option in draw(st.lists(st.sampled_from(sorted(options)), max_size=3)):
        values = options[option]
        if option:
            line.append(option)
        if values is not None and draw(st.integers(0, 19)):
            line.append(draw(values))
    if draw(st.integers(0, 14)) == 0:
        line.insert(draw(st.integers(0, len(line))), draw(texts))
    return [word.replace("\x00", "0") for word in line]  # no system passes NUL


# --- arrays for exported files --------------------------------------------------------


@st.composite
def arrays(draw, shape, dtype):
    """An array for a signature: of its shape, or with another rank or width."""
    shape = [draw(st.integers(0, 3)) if one is None else one for one in shape]
    kind = draw(st.sampled_from(["right"] * 5 + ["shape", "dtype", "value", "value"]))
    if kind == "shape":
        change = draw(st.sampled_from(["more", "less", "width"]))
        if change == "more" or not shape:
            shape = [*shape, draw(st.integers(0, 2))]
        elif change == "less":
            shape = shape[:-1]
        else:
            shape[-1] += draw(st.sampled_from([-1, 1]))
        shape = [max(0, one) for one in shape]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype is object:
        size = int(np.prod(shape))
        return np.array(
            [draw(st.sampled_from(["d", "", "ab", "é"])) for _ in range(size)], object
        ).reshape(shape)
    if np.dtype(dtype).kind in "iu":
        value = rng.integers(0, 4, shape).astype(dtype)
        extreme = [-1, 5, 10**6, 2**31 - 1]
    else:
        value = rng.normal(size=shape).astype(dtype)
        extreme = [np.nan, np.inf, -np.inf, 1e38, -1e38]
    if kind == "value" and value.size:
        value.flat[int(rng.integers(value.size))] = draw(st.sampled_from(extreme))
    if kind == "dtype":
        value = value.astype(draw(st.sampled_from(["float64", "int64", "bool"])))
    return value


# --- arguments of constructors --------------------------------------------------------


class Nothing:
    """An object that nobody has heard of."""

    def __repr__(self):
        return "Nothing()"


argument_values = st.one_of(
    numbers,
    st.booleans(),
    st.none(),
    st.sampled_from(NASTY).filter(lambda text: len(text) < 20),
    st.sampled_from(["relu", "tanh", "loop", "auto", "native", "ones", "l2", "LSTM"]),
    st.sampled_from([np.int64(3), np.float32(0.5), np.bool_(True), np.zeros(2)]),
    st.sampled_from(
        [[], [3], [3, 0], [0.5, 2.0], (1, 2), {}, {"name": "crf"}, {"a": 1}]
    ),
    st.sampled_from([b"x", {1, 2}, Nothing(), Nothing, print, 1j, range(2)]),
    json_values,
)
