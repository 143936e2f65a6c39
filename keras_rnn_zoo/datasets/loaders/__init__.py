"""One loader for each data set: what `keras_rnn_zoo.datasets.load` calls.

A loader takes a `Source` and the options of its data set, and returns a `Content`.
"""

from collections.abc import Callable

from keras_rnn_zoo.datasets.loaders.broad_twitter import (
    load_broad_twitter,
    load_wnut17_btc,
)
from keras_rnn_zoo.datasets.loaders.digits import load_digits
from keras_rnn_zoo.datasets.loaders.jsb_chorales import load_jsb_chorales
from keras_rnn_zoo.datasets.loaders.mnist import load_mnist
from keras_rnn_zoo.datasets.loaders.own_file import load_file
from keras_rnn_zoo.datasets.loaders.pronunciations import load_cmudict
from keras_rnn_zoo.datasets.loaders.python_source import (
    load_py_cursor,
    load_py_functions,
    load_py_tokens,
)
from keras_rnn_zoo.datasets.loaders.real_valued import (
    load_adding,
    load_japanese_vowels,
    load_sunspots,
)
from keras_rnn_zoo.datasets.loaders.recall import load_copy
from keras_rnn_zoo.datasets.loaders.sentences import (
    load_conll2003,
    load_imdb_reviews,
    load_sentence_polarity,
    load_trec,
    load_uner_zh,
    load_universal_dependencies,
)
from keras_rnn_zoo.datasets.loaders.shakespeare import load_tiny_shakespeare
from keras_rnn_zoo.datasets.loaders.speech import (
    load_speech_commands,
    load_spoken_digit,
)
from keras_rnn_zoo.datasets.loaders.surnames import load_names_18_languages
from keras_rnn_zoo.datasets.loaders.wnut17 import load_wnut17
from keras_rnn_zoo.datasets.source import Content

#: Loaders by the name of the data set.
LOADERS: dict[str, Callable[..., Content]] = {
    "krz_py_tokens": load_py_tokens,
    "krz_py_cursor": load_py_cursor,
    "krz_py_functions": load_py_functions,
    "krz_wnut17": load_wnut17,
    "krz_wnut17_btc": load_wnut17_btc,
    "krz_broad_twitter": load_broad_twitter,
    "krz_uner_zh": load_uner_zh,
    "krz_digits": load_digits,
    "krz_sunspots": load_sunspots,
    "krz_adding": load_adding,
    "krz_japanese_vowels": load_japanese_vowels,
    "krz_jsb_chorales": load_jsb_chorales,
    "krz_copy": load_copy,
    "krz_cmudict": load_cmudict,
    "tiny_shakespeare": load_tiny_shakespeare,
    "mnist": load_mnist,
    "imdb_reviews": load_imdb_reviews,
    "krz_sentence_polarity": load_sentence_polarity,
    "krz_names_18_languages": load_names_18_languages,
    "conll2003": load_conll2003,
    "universal_dependencies": load_universal_dependencies,
    "trec": load_trec,
    "spoken_digit": load_spoken_digit,
    "speech_commands": load_speech_commands,
    "file": load_file,
}
