"""The CoNLL reader on small texts, the malformed ones too."""

import re

import pytest

from keras_rnn_zoo.datasets.conll import parse_conll

TAGS = ("O", "B-person", "I-person", "B-group", "I-group")


def test_sentences_end_at_blank_lines_and_at_the_end():
    text = "\n\t\nAda\tB-person\nLovelace\tI-person\r\n\n \t\nwrote\tO\n\U0001f602\tO"
    assert list(parse_conll(text, TAGS)) == [
        (["Ada", "Lovelace"], ["B-person", "I-person"]),
        (["wrote", "\U0001f602"], ["O", "O"]),
    ]
    assert list(parse_conll("", TAGS)) == []


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "a\tO\nb O\n",
            "part.conll, line 2: must be a token, one tab and a tag. Received: 'b O'",
        ),
        (
            "a\tO\tO\n",
            "line 1: must be a token, one tab and a tag. "
            r"Received: 'a\\tO\\tO'",
        ),
        ("\tO\n", r"line 1: must be a token.*Received: '\\tO'"),
        ("a\tB-planet\n", "line 1: the tag must be one of O, B-person.*'B-planet'"),
        (
            "a\tO\n\nb\tI-group\n",
            r"line 3: 'I-group' must follow 'B-group'.*"
            r"Received: 'b\\tI-group' after the start of a sentence",
        ),
        ("a\tB-person\nb\tI-group\n", r"line 2:.*'b\\tI-group' after 'B-person'"),
    ],
)
def test_a_malformed_line_is_named(text, message):
    with pytest.raises(ValueError) as error:
        list(parse_conll(text, TAGS, "part.conll"))
    assert re.search(message, str(error.value)), str(error.value)
    assert str(error.value).startswith("part.conll, line ")
