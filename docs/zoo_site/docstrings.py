"""Docstrings as Markdown: equations, sections, lists and examples."""

import inspect
import re
import textwrap

#: Title of a section that holds `name: text` or `Kind: text` items.
_SECTION = re.compile(r"^([A-Z][a-z]+(?: [a-z]+)*):[ ]?(.*)$")
_SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Call arguments": "Call arguments",
    "Dtype": "Dtype",
    "Example": "Example",
    "Examples": "Example",
    "Masking": "Masking",
    "Note": "Note",
    "Raises": "Raises",
    "Reference": "Reference",
    "References": "References",
    "Returns": "Returns",
    "Weights": "Weights",
    "When to use it": "When to use it",
    "Yields": "Yields",
}
_ITEM = re.compile(r"^((?:`[^`]+`|[*\w.]+)(?:, (?:`[^`]+`|[*\w.]+))*): (.*)$")


def to_markdown(doc, link=None):
    """A docstring of this package as Markdown.

    Args:
        doc: str, as `inspect.getdoc` gives it.
        link: function from a name in backticks to what stands in its place, or None.

    Returns:
        str.
    """
    made = []
    for block in _blocks(doc.splitlines()):
        made += [*_rendered(block), ""]
    text = "\n".join(made).strip() + "\n"
    return linked(text, link) if link else text


def _blocks(lines):
    """Pieces of a docstring: paragraphs, sections, examples, indented text."""
    block = []
    for line in lines:
        found = _SECTION.match(line)
        starts = found and found[1] in _SECTIONS
        example = line.startswith(">>>")
        # Text goes on in a section only where it is indented, or began on its line.
        if block and (starts or (not line and not _in_example(block))):
            yield block
            block = []
        if example and block and not _in_example(block):
            yield block
            block = []
        if line or block:
            block.append(line)
    if block:
        yield block


def _in_example(block):
    return block[0].startswith(">>>")


def _rendered(block):
    if _in_example(block):
        while not block[-1]:
            block.pop()
        return ["```pycon", *block, "```"]
    if all(line.startswith("    ") for line in block):
        return ["```text", *(line[4:] for line in block), "```"]
    found = _SECTION.match(block[0])
    if not found or found[1] not in _SECTIONS:
        return _prose(block)
    title = f"**{_SECTIONS[found[1]]}**"
    rest = block[1:]
    if found[2]:
        return _prose([f"{title}: {found[2]}", *(line.strip() for line in rest)])
    if found[1].startswith("Example") and not rest:
        return [f"{title}:"]
    return [f"{title}:", "", *_items(rest)]


def _prose(lines):
    """A paragraph, and the list that may follow it without an empty line."""
    made = []
    for line in lines:
        if re.match(r"\* |\d+\. ", line) and made and not made[-1].startswith(("* ",)):
            made.append("")
        made.append(line)
    return made


def _items(lines):
    """A list of the section's items; a plain paragraph if it has none."""
    made = []
    for line in lines:
        text = line[4:] if line.startswith("    ") else line
        found = _ITEM.match(text)
        if found:
            names = ", ".join(
                name if name.startswith("`") else f"`{name}`"
                for name in found[1].split(", ")
            )
            made.append(f"* {names}: {found[2]}")
        elif made:
            made.append("    " + text.strip())
        else:
            made.append(text)
    return made


def linked(text, link):
    """`Name` with a link, outside of code blocks and headings."""
    made, fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("#"):
            line = re.sub(r"(?<![\[`])`([A-Za-z_.]+)`(?!\])", _replacement(link), line)
        made.append(line)
    return "\n".join(made) + "\n"


def _replacement(link):
    return lambda found: link(found[1]) or found[0]


_links = {}


def link_to(name):
    """A link to a public name, or None; not of names that may be any word."""
    where = _links.get(name) if re.search("[A-Z_.]", name) else None
    return f"[`{name}`][{where}]" if where else None


def set_links(links):
    """Tells the names that are linked: dict from a name to its identifier."""
    _links.clear()
    _links.update(links)


def signature_of(cls):
    """A block of code: how an instance is made; empty where Python cannot tell."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return ""
    made, keyword = [], False
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and not keyword:
            made.append("*")
        keyword = keyword or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        made.append(str(one.replace(annotation=one.empty)))
    call = f"{cls.__name__}({', '.join(made)})"
    if len(call) > 80:
        lines = textwrap.wrap(", ".join(made), 76, break_long_words=False)
        call = f"{cls.__name__}(\n    " + "\n    ".join(lines) + "\n)"
    return f"``` {{ .python .signature }}\n{call}\n```\n"
