"""Mathematics as MathML, which every browser draws: no script and no font is loaded."""

import html
import re
import unicodedata

_ACCENTS = {"\u0303": "~", "\u0304": "¯", "\u0302": "^"}
_FUNCTIONS = {"exp", "log", "max", "mean", "mod", "sign", "softmax", "softplus", "sqrt"}
_FUNCTIONS |= {"sum", "variance", "Re"}
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<root>√)"
    r"|(?P<name>[^\W\d_][\u0300-\u036f]*|\d+(?:\.\d+)?)"
    r"|(?P<other>.)"
)
# A prime of the font stands high already: in a superscript it would be a speck.
_PRIME = (
    r'<mpadded height="0.5em" voffset="-0.35em">'
    r'<mo class="prime" lspace="0" rspace="0">\1</mo></mpadded>'
)
_BRACKET = '<mo stretchy="false">'
_SUPERSCRIPTS = {"ᵀ": "⊤", "²": "2"}


def equations(text):
    """Lines as the docstrings write them, `h_t = φ(x_t W + b)    remark`, as a table.

    Returns:
        str, one line of MathML; None where a line could not be read.

    Example:
    >>> "<msub><mi>h</mi><mi>t</mi></msub>" in equations("h_t = x_t W")
    True
    """
    rows = []
    for line in text.splitlines():
        if not line.strip():
            continue
        rows.append(_row(line))
    inside = "".join(
        "<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>"
        for row in rows
    )
    return f'<math display="block"><mtable>{inside}</mtable></math>'


def _row(line):
    """Left side, right side and remark of a line."""
    goes_on = line.startswith("      ")
    first, *remarks = re.split(r"\s{3,}", line.strip())
    left, equals, right = first.partition(" = ")
    if not equals or goes_on:
        left, right = "", first
    right = expression(("= " if equals and not goes_on else "") + right)
    remark = f"<mtext>{html.escape('   '.join(remarks))}</mtext>" if remarks else ""
    return expression(left), right, remark


def expression(text):
    """One side of an equation as MathML."""
    tokens = _Tokens(unicodedata.normalize("NFD", text))
    made = []
    while tokens:
        made.append(_one(tokens))
    return "<mrow>" + "".join(made) + "</mrow>"


class _Tokens:
    """What is left to read of an expression."""

    def __init__(self, text):
        self.text = text

    def __bool__(self):
        return bool(self.text)

    def take(self, pattern):
        """The match at the beginning, taken away; None if there is none."""
        found = re.match(pattern, self.text)
        if found:
            self.text = self.text[found.end() :]
        return found


def _one(tokens):
    word = tokens.take(r"[A-Za-z]{2,}")
    if word:
        if word[0] in _FUNCTIONS:
            return f"<mi>{word[0]}</mi>"
        more = tokens.take(r"( [a-z]{2,}(?![\w^(]))+")
        text = f"<mtext>{html.escape(word[0] + (more[0] if more else ''))}</mtext>"
        return text if more else _scripts(text, tokens)
    kind = tokens.take(_TOKEN)
    if kind["space"]:
        return '<mspace width="0.22em"/>'  # a product, by standing side by side
    if kind["root"]:
        inside = _group(tokens) if tokens.take(r"[(]") else _one(tokens)
        return f"<msqrt>{inside}</msqrt>"
    if kind["name"]:
        name = _name(kind["name"])
        return _scripts(name, tokens, number=name.startswith("<mi>"))
    text = kind["other"]
    if text in "()[]|":
        return _scripts(f'<mo stretchy="false">{text}</mo>', tokens)
    return f"<mo>{html.escape({'-': '−'}.get(text, text))}</mo>"


def _group(tokens):
    """What stands before the closing bracket, which is taken too."""
    made = []
    while tokens and not tokens.take(r"[)]"):
        if tokens.take(r"[(]"):
            made.append(f"{_BRACKET}(</mo>{_group(tokens)}{_BRACKET})</mo>")
        else:
            made.append(_one(tokens))
    return f"<mrow>{''.join(made)}</mrow>"


def _name(text):
    if text[0].isdigit():
        return f"<mn>{text}</mn>"
    letter = f"<mi>{html.escape(text[0])}</mi>"
    for accent in text[1:]:
        letter = f'<mover accent="true">{letter}<mo>{_ACCENTS[accent]}</mo></mover>'
    return letter


def _scripts(base, tokens, number=False):
    """The base with what stands below and above it; `number`: l0 is l with a zero."""
    below = tokens.take(r"_\{([^}]*)\}|_([A-Za-z0-9]+|[^\W_])")
    if number and not below:
        below = tokens.take(r"(\d)")
    above = tokens.take(r"\^\{([^}]*)\}|\^(\w)|([ᵀ²])")
    low = _small(below) if below else ""
    high = _small(above) if above else ""
    if below and above:
        return f"<msubsup>{base}{low}{high}</msubsup>"
    if below:
        return f"<msub>{base}{low}</msub>"
    return f"<msup>{base}{high}</msup>" if above else base


def _small(found):
    text = next(one for one in found.groups() if one)
    if text.isalpha() and len(text) > 1:
        return f"<mi>{html.escape(text)}</mi>"
    made = expression(_SUPERSCRIPTS.get(text, text))
    return made[6:-7] if len(text) == 1 else made


def latex(source, display="inline"):
    """LaTeX as MathML.

    Raises:
        ValueError: if there is a command or an environment that is not known.
    """
    from latex2mathml.converter import convert

    known = re.sub(r"\b(begin|end)\{aligned\}", r"\1{align*}", source.strip())
    made = convert(known, display=display)
    # The left and right of one pair must have one size.
    made = re.sub(
        r"<mo[^>]*>(&#x02016;|&#x02225;|‖|∥)", r'<mo stretchy="false">\1', made
    )
    made = re.sub(r"<mi>(&#x02032;|′)</mi>", _PRIME, made)
    if re.search(r"<mi>(&<|\\)", made):
        raise ValueError(f"`source` must be LaTeX that is known. Received: {source!r}.")
    return made


_FOUND = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">(?P<tex>.*?)</(?P=tag)>', re.S
)


def render_latex(page):
    """HTML of a page with the LaTeX that `pymdownx.arithmatex` found as MathML."""

    def replaced(found):
        source = html.unescape(found["tex"]).strip()[2:-2]
        return latex(source, "block" if found["tag"] == "div" else "inline")

    return _FOUND.sub(replaced, page)


def render_title(title):
    """A title of the table of contents: there LaTeX stands bare, in brackets."""
    return re.sub(r"\\\((.*?)\\\)", lambda found: latex(html.unescape(found[1])), title)
