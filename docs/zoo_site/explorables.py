"""What the pages to play with are given: numbers of shipped models, as a script.

A page that is opened as a file may not read others, but it may load a script.
"""

import json

import numpy as np

import keras_rnn_zoo
from keras_rnn_zoo import inspection, presets
from keras_rnn_zoo.datasets import Codec

READER, DIGITS = "py_cursor_lstm", "digits_gru"
TEXT = "x = 'a b'  # it's\nif y: return \"c\""


def files():
    """Dict from path to the script that holds the numbers."""
    data = {"gates": gates(), "digits": digits()}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return {"assets/explore_data.js": f"const EXPLORE_DATA = {text};\n"}


def gates():
    """The gates of a trained LSTM while it reads a text, in hundredths.

    Returns:
        dict: `model`, `text`, and of each gate the units' rows over time, `gates`.
    """
    model = keras_rnn_zoo.load(READER)
    ids = Codec(**presets.read_assets(READER).codec).encode(TEXT)
    [found] = inspection.gate_activations(model, ids[None]).gates.values()
    # Units that do something come first: those whose forget gate changes most.
    order = np.argsort(-found["f"][0].std(axis=0))
    return {
        "model": READER,
        "text": TEXT,
        "gates": {
            name: np.round(100 * values[0].T[order]).astype(int).tolist()
            for name, values in found.items()
        },
    }


def digits():
    """The weights of a shipped GRU that reads pictures of digits row by row.

    Returns:
        dict: `model`, `W` and `U` by rows, `b` and `d`, blocks z, r, h side by side;
        `V`, `c`; `example`, rows of a three.
    """
    model = keras_rnn_zoo.load(DIGITS)
    names = {
        "recurrent_1/gru_cell/kernel": "W",
        "recurrent_1/gru_cell/recurrent_kernel": "U",
        "recurrent_1/gru_cell/bias": "b",
        "output/kernel": "V",
        "output/bias": "c",
    }
    found = {}
    for weight in model.weights:
        path = weight.path.removeprefix(f"{model.name}/")
        found[names[path]] = np.asarray(weight, "float64").round(5).tolist()
    found["b"], found["d"] = found["b"]
    return {"model": DIGITS, **found}
