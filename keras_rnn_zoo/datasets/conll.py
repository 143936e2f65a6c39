"""Reader of two-column CoNLL files: a token, a tab and a tag a line."""

from collections.abc import Iterator, Sequence


def parse_conll(
    text: str, tags: Sequence[str], file_name: str = "<text>"
) -> Iterator[tuple[list[str], list[str]]]:
    r"""Yields the sentences of `text` as (tokens, tags).

    A line with nothing but white space ends a sentence; several in a row, or one at the
    start, make no empty sentence; the last sentence may end with the text.

    Args:
        text: str. The content of a file.
        tags: the tags that may occur.
        file_name: str. Named in errors.

    Raises:
        ValueError: if a line is not a token, one tab and a known tag, or if an
            inside tag "I-x" follows neither "B-x" nor "I-x".

    Example:
    >>> list(parse_conll("Ada\tB-person\nwrote\tO\n", ["O", "B-person"]))
    [(['Ada', 'wrote'], ['B-person', 'O'])]
    """
    tokens, labels = [], []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            if tokens:
                yield tokens, labels
            tokens, labels = [], []
            continue
        fields = line.split("\t")
        if len(fields) != 2 or not fields[0].strip():
            raise ValueError(
                f"{file_name}, line {number}: must be a token, one tab and a tag. "
                f"Received: {line!r}."
            )
        token, tag = fields
        if tag not in tags:
            raise ValueError(
                f"{file_name}, line {number}: the tag must be one of "
                f"{', '.join(tags)}. Received: {tag!r}."
            )
        if tag.startswith("I-") and (not labels or labels[-1][2:] != tag[2:]):
            before = repr(labels[-1]) if labels else "the start of a sentence"
            raise ValueError(
                f"{file_name}, line {number}: {tag!r} must follow 'B-{tag[2:]}' or "
                f"{tag!r}. Received: {line!r} after {before}."
            )
        tokens.append(token)
        labels.append(tag)
    if tokens:
        yield tokens, labels
