"""One long text for a language model."""

from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.codec import END_OF_TEXT, PADDING, UNKNOWN, Codec
from keras_rnn_zoo.datasets.source import Content, data_set, facts_of, texts_of


@data_set("tiny_shakespeare")
def load_tiny_shakespeare(source, window=200):
    """Plays for a language model, in consecutive windows.

    Each begins with an end-of-text token. x is the text before every character, y
    the character: all of a split are predicted once, each from those before it in
    its window. Option `window` (default 200).
    """
    check_int("window", window, 2)
    builder, examples = source.read("tiny_shakespeare")
    whole = {split: "".join(parts) for split, parts in texts_of(examples).items()}
    tokens = (PADDING, UNKNOWN, END_OF_TEXT, *sorted(set(whole["train"])))
    codec = Codec(tokens, boundary=END_OF_TEXT)
    texts = {
        split: [text[i : i + window] for i in range(0, len(text), window)]
        for split, text in whole.items()
    }
    raw = {split: [] for split in texts}
    for split, windows in texts.items():
        for text in windows:
            ids = codec.encode(text)
            raw[split].append((ids[:-1], ids[1:]))
    facts = facts_of(builder) | {
        "split": "TFDS's: the first 90 % of the text, then 5 % and 5 %",
        "counted as predicted": "every character; each window begins without context",
    }
    return Content(raw, tokens, facts, texts, codec)
