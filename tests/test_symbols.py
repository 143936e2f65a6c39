"""One notation: x W + h U + b, in docstrings, pages and notebooks alike."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
#: W of a state or U of an input, without an index: the letters the other way round.
OTHER_WAY_ROUND = re.compile(
    r"""x_t\}?\ ?U\b | \bU\ ?x_ | \bx\ ?U\b            # formulas
    | (h|y\}?|ŷ)_\{t-1\}\ ?W(?!['_\w]) | \bW\ ?(h|\\hat\ y|ŷ)_\{?t-1
    | \bx(\[[^]]*\])?\ @\ U\b | \b(h|before|answer)(\[[^]]*\])?\ @\ W\b   # code
    | \bU,\ W,\ b\b
    """,
    re.VERBOSE,
)


def texts():
    """Path and text of all that shows formulas; of notebooks, the cells."""
    for path in sorted(ROOT.glob("keras_rnn_zoo/**/*.py")):
        yield path, path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/pages/*.md"))):
        yield path, path.read_text("utf-8")
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        yield path, "\n".join("".join(cell["source"]) for cell in cells)


def test_the_letters_are_the_same_everywhere():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        for match in OTHER_WAY_ROUND.finditer(text)
    ]
    assert not found


def test_the_other_way_round_is_seen():
    for wrong in (
        "h_t = φ(x_t U + b)",
        "φ(W x_t + W h_{t-1})",
        r"\tanh(x_t W + h_{t-1} W + b)",
        r"\hat y_{t-1} W",
        "φ(U x_t)",
        "np.tanh(x[:, t] @ U)",
        "h @ W + b",
        "U, W, b, V, c = model.get_weights()",
    ):
        assert OTHER_WAY_ROUND.search(wrong), wrong
    for right in ("x_t W + h_{t-1} U + b", "h_{t-1} W_h", "h[k - 1] @ U", "W, U, b"):
        assert not OTHER_WAY_ROUND.search(right), right


def test_every_symbol_has_its_line():
    page = (ROOT / "docs" / "pages" / "symbols.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| $")]
    for symbol in ("x_t", "h_t", "h_0", "W", "U", "b", "o_t", r"\hat y_t", "L_t"):
        assert any(f"${symbol}$" in line.split("|")[1] for line in lines), symbol
    for kernel in ("`kernel`", "`recurrent_kernel`", "$w_s$", "$W_{hh}$", "$w_{aa}$"):
        assert kernel in page
