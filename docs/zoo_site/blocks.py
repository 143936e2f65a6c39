"""Blocks of code on the pages: found, and run."""

import contextlib
import dataclasses
import io
import re

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<head>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```[ ]*$",
    re.S | re.M,
)


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block: its language, further words of its head, and the code."""

    language: str
    words: frozenset
    code: str
    end: int


def find(text):
    """List of the blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(text):
        words = re.findall(r"[\w-]+", match["head"].partition("title=")[0])
        found.append(
            Block(
                language=words[0] if words else "",
                words=frozenset(words[1:]),
                code=match["code"],
                end=match.end(),
            )
        )
    return found


def runnable(text):
    """The blocks of Python that stand for themselves, in order.

    Not those of class `source` (pieces of the package) and `notebook` (which are run as
    notebooks).
    """
    return [
        block
        for block in find(text)
        if block.language == "python" and not block.words & {"source", "notebook"}
    ]


def run(text):
    """Runs a page's blocks in one namespace.

    Returns:
        A list of tuples: the block, what it printed, and the pictures it drew, as PNG.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    names, done = {"__name__": "__page__"}, []
    for block in runnable(text):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(block.code, "<page>", "exec"), names)
        pictures = []
        for number in plt.get_fignums():
            file = io.BytesIO()
            plt.figure(number).savefig(
                file,
                format="png",
                dpi=144,
                bbox_inches="tight",
                metadata={"Software": None},
            )
            pictures.append(file.getvalue())
        plt.close("all")
        done.append((block, said.getvalue(), pictures))
    return done


def with_answers(text, done, picture):
    """The page with what its blocks printed and drew behind each of them.

    Args:
        text: str, the page.
        done: what `run` returned.
        picture: function from a picture's number to the path that the page links.

    Returns:
        str.
    """
    made, last, number = [], 0, 0
    # The page may have got links since: where a block ends is looked for again.
    for block, (_, said, pictures) in zip(runnable(text), done, strict=True):
        made.append(text[last : block.end])
        last = block.end
        if said.strip():
            made.append(f"\n\n``` {{ .text .output .no-copy }}\n{said.rstrip()}\n```\n")
        for _ in pictures:
            made.append(f"\n\n![Drawn by the code above]({picture(number)})\n")
            number += 1
    return "".join([*made, text[last:]])


def commands(text):
    """The lines of shell on a page: of blocks without a language, and in backticks."""
    lines = []
    for block in find(text):
        if block.language in ("", "bash", "sh", "console"):
            lines += block.code.splitlines()
    without = _FENCE.sub("", text)
    lines += re.findall(r"`((?:\.venv/bin/)?keras-rnn-zoo [^`]+)`", without)
    return [line.strip() for line in lines if line.strip()]
