"""Tags of names in the schemes that files are published with.

A scheme writes spans, `(first, stop, kind)`, as one tag a token. `O` is no name; other
tags are a letter, a dash and the kind:

| scheme | first token | between | last token | only token | also called |
|---|---|---|---|---|---|
| BIO | B | I | I | B | IOB2 |
| IOB1 | I | I | I | I | IOB; B where a name of the same kind goes before |
| IO | I | I | I | I | names of one kind that touch are one |
| BIOES | B | I | E | S | IOBES |
| BILOU | B | I | L | U | |
| BMES | B | M | E | S | BMEWO with W for S |

`recognise` tells the scheme by what occurs:

* Tags are names if some begin with such a letter and a dash, and the others are O. If
  there is no O, all must begin so; else they are classes, as parts of speech are.
* M or W: BMES. L or U: BILOU. E or S: BIOES. B and I alone, or one of them: BIO if
  every name begins with B; IOB1 if every B follows a token of its own kind; never both,
  as soon as there is a name. I alone: IO, which IOB1 is where no two names touch: both
  are read alike.
* Files with few tags leave open what they do not need: a file whose names all have
  two tokens, B E, is BIOES as well as BMES. It is called by the first that fits, and
  both are read alike.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

#: Letters of a scheme: first token, between, last token, only token.
SCHEMES = {
    "BIO": "BIIB",
    "IOB1": "IIII",
    "IO": "IIII",
    "BIOES": "BIES",
    "BILOU": "BILU",
    "BMES": "BMES",
    "BMEWO": "BMEW",
}

#: Other names of schemes.
ALIASES = {"IOB2": "BIO", "IOB": "IOB1", "IOBES": "BIOES", "BILUO": "BILOU"}

OUTSIDE = "O"

#: The fact on data that holds the scheme of the files.
SCHEME = "scheme of the tags"
_TAG = re.compile(r"([BIESLUMW])-(\S.*)", re.DOTALL)


class TagError(ValueError):
    """Tags that no scheme has.

    Attributes:
        sentence: int. Index of the sentence.
        token: int. Index of the token in it.
        other: (sentence, token) of what it contradicts, or None.
    """

    def __init__(self, problem, sentence, token, other=None):
        self.sentence, self.token, self.other = sentence, token, other
        super().__init__(problem)


def scheme_named(name: str) -> str:
    """Return the name in `SCHEMES` of a scheme, which may have another one.

    Raises:
        ValueError: if there is none.

    Example:
    >>> scheme_named("iob2")
    'BIO'
    """
    upper = str(name).upper()
    found = ALIASES.get(upper, upper)
    if found not in SCHEMES:
        known = ", ".join([*SCHEMES, *ALIASES])
        raise ValueError(f"`scheme` must be one of {known}. Received: scheme={name!r}.")
    return found


def is_name_tag(tag: str) -> bool:
    """Whether a tag can be one of names: O, or a letter, a dash and a kind.

    Example:
    >>> [is_name_tag(tag) for tag in ("O", "B-person", "NOUN", "B-")]
    [True, True, False, False]
    """
    return tag == OUTSIDE or _TAG.fullmatch(tag) is not None


def recognise(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the scheme of the tags of sentences; None if they are not of names.

    Args:
        sentences: sequences of tags.

    Raises:
        TagError: if some tags are of names and others are not, or are of no scheme, or
            of two.

    Example:
    >>> recognise([["I-LOC", "O", "I-PER", "B-PER"]]), recognise([["NOUN", "VERB"]])
    ('IOB1', None)
    """
    sentences = list(sentences)
    places = {}  # of tags, where each occurs first
    for i, tags in enumerate(sentences):
        for j, tag in enumerate(tags):
            if tag not in places:
                places[tag] = (i, j)
    letters = {}
    for tag, place in places.items():
        if match := _TAG.fullmatch(tag):
            letters.setdefault(match[1], (tag, *place))
    others = [tag for tag in places if not is_name_tag(tag)]
    if not letters or (others and OUTSIDE not in places):
        return None
    if others:
        some = next(iter(letters.values()))[0]
        raise TagError(
            f"a tag must be O or a letter of a scheme, a dash and a kind, as {some!r} "
            f"is. Received: {others[0]!r}. Correct it; or, if the tags are not of "
            'names, read them as they are with scheme = "none".',
            *places[others[0]],
        )
    if set(letters) == {"I"}:
        return "IO"
    for scheme in ("BIO", "BIOES", "BILOU", "BMES", "BMEWO"):
        if set(letters) <= set(SCHEMES[scheme]):
            break
    else:
        first = {letter: rank for rank, letter in enumerate("BIESLUMW")}
        last = max(letters, key=first.__getitem__)
        fits = next(s for s in SCHEMES if last in SCHEMES[s])
        odd = next(one for one in letters if one not in SCHEMES[fits])
        place: Any
        tag, *place = letters[odd]
        raise TagError(
            f"the tags must be of one scheme. Received: {tag!r}, and elsewhere "
            f"{letters[last][0]!r}, which is of {fits}.",
            *place,
            other=letters[last][1:],
        )
    if scheme != "BIO":
        check(sentences, scheme)
        return scheme
    # A name that begins with I is against BIO, a B that must not be against IOB1.
    against = {one: next(_offences(sentences, one), None) for one in ("BIO", "IOB1")}
    for one, offence in against.items():
        if offence is None:
            return one
    offence: Any = against["BIO"]
    other, tag = against["IOB1"], lambda place: sentences[place[0]][place[1]]
    raise TagError(
        f"the tags must be of one scheme. Received: {tag(offence)!r} begins a name "
        f"here, as in IOB1, and elsewhere {tag(other)!r} does, as in BIO. Correct it; "
        'or read the tags as they are with scheme = "none": a stray I then begins a '
        "name.",
        *offence,
        other=other,
    )


def check(sentences: Iterable[Sequence[str]], scheme: str) -> None:
    """Check that tags are of a scheme.

    Raises:
        TagError: if one is not.
    """
    sentences = list(sentences)
    for i, j in _offences(sentences, scheme):
        tags = sentences[i]
        before = repr(tags[j - 1]) if j else "the start of the sentence"
        after = repr(tags[j + 1]) if j + 1 < len(tags) else "the end of the sentence"
        raise TagError(
            f"the tags must be of the scheme {scheme}. Received: {tags[j]!r} between "
            f"{before} and {after}.",
            i,
            j,
        )


def _offences(sentences, scheme):
    """Yield the places of tags that reading and writing them again does not keep."""
    for i, tags in enumerate(sentences):
        again = tags_of(spans_of(tags, scheme), len(tags), scheme)
        for j, (tag, expected) in enumerate(zip(tags, again, strict=True)):
            if tag != expected:
                yield i, j
                break


def spans_of(tags: Sequence[str], scheme: str = "BIO") -> list[tuple[int, int, str]]:
    """Return the names in tags, those of a model too, which may break the rules.

    A name begins where the scheme says so, and where another kind or O went before. It
    goes on through tags of its kind until one begins or has ended a name.

    Args:
        tags: sequence of tags.
        scheme: a key of `SCHEMES`.

    Returns:
        list of `(first, stop, kind)`.

    Example:
    >>> spans_of(["B-person", "I-person", "O", "S-group", "S-group"], "BIOES")
    [(0, 2, 'person'), (3, 4, 'group'), (4, 5, 'group')]
    """
    first, _, last, only = SCHEMES[scheme]
    begins = {"B"} if first == last else {first, only}
    ends = set() if last == "I" else {last, only}
    spans, is_open = [], False
    for i, tag in enumerate(tags):
        letter, _, kind = tag.partition("-")
        if not kind:
            is_open = False
            continue
        if is_open and letter not in begins and spans[-1][2] == kind:
            spans[-1] = (spans[-1][0], i + 1, kind)
        else:
            spans.append((i, i + 1, kind))
        is_open = letter not in ends
    return spans


def tags_of(
    spans: Iterable[tuple[int, int, str]], length: int, scheme: str = "BIO"
) -> list[str]:
    """Return the tags that a scheme writes for names.

    Args:
        spans: `(first, stop, kind)`, in their order, none inside of another.
        length: int. Number of tokens.
        scheme: a key of `SCHEMES`. In IO, names of one kind that touch become one.

    Example:
    >>> tags_of([(0, 2, "person"), (3, 4, "group")], 4, "BILOU")
    ['B-person', 'L-person', 'O', 'U-group']
    """
    begin, between, last, only = SCHEMES[scheme]
    tags, before = [OUTSIDE] * length, None
    for first, stop, kind in spans:
        letters = [begin, *between * (stop - first - 2), last]
        if stop - first == 1:
            letters = [only]
        if scheme == "IOB1" and before == (first, kind):
            letters[0] = "B"
        tags[first:stop] = [f"{letter}-{kind}" for letter in letters]
        before = (stop, kind)
    return tags
