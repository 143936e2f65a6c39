"""A series to forecast, and tasks that only memory can solve."""

import csv
import importlib.util
import pathlib
from typing import Any

import numpy as np

from keras_rnn_zoo import extras


def sunspots(context: int = 24, horizon: int = 8):
    """Windows over the yearly sunspot numbers, 1700 to 2008.

    x is `context` years, y the `horizon` years after them, both in hundreds of
    sunspots. All targets of training lie before 1900, those of validation from 1900 to
    1949, those of test from 1950 on; the inputs of a window may reach back into earlier
    years, as those of a forecaster do, never forward: nothing leaks.

    Args:
        context: int. Years that are read.
        horizon: int. Years that are forecast.

    Returns:
        dict of split to list of (x, y): float32 `(context, 1)` and `(horizon,)`.

    Raises:
        ImportError: without statsmodels, which carries the series.

    Example:
    >>> windows = sunspots()
    >>> [len(part) for part in windows.values()], windows["train"][0][0].shape
    ([169, 43, 52], (24, 1))
    """
    extras.require("data", "krz_sunspots needs statsmodels.", "statsmodels")
    found: Any = importlib.util.find_spec("statsmodels")
    [place] = found.submodule_search_locations
    path = pathlib.Path(place, "datasets", "sunspots", "sunspots.csv")
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    years = np.array([int(float(row["YEAR"])) for row in rows])
    values = np.array([float(row["SUNACTIVITY"]) for row in rows], "float32") / 100
    bounds = {"train": (1700, 1900), "validation": (1900, 1950), "test": (1950, 2009)}
    return {
        split: windows(values, years, context, horizon, *between)
        for split, between in bounds.items()
    }


def windows(values, times, context, horizon, start, stop):
    """Return the windows of a series whose targets all lie in [start, stop).

    Args:
        values: array `(time,)`.
        times: array `(time,)`, rising.
        context: int. Steps read.
        horizon: int. Steps forecast.
        start: first time that a target may have.
        stop: time before which all targets lie.

    Returns:
        list of (x, y): `(context, 1)` and `(horizon,)`.

    Raises:
        ValueError: if a value is not finite, or there is no such window.

    Example:
    >>> windows(np.arange(6.0), np.arange(6), 2, 1, 4, 6)[0][1]
    array([4.], dtype=float32)
    """
    values = np.asarray(values, "float32")
    if not np.isfinite(values).all():
        where = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(
            "`values` must be finite. Received: "
            f"values[{where}]={values[where]} at time {times[where]}. Fill the gap, or "
            "cut the series there."
        )
    found = [
        (values[i - context : i, None], values[i : i + horizon])
        for i in range(context, len(values) - horizon + 1)
        if times[i] >= start and times[i + horizon - 1] < stop
    ]
    if not found:
        raise ValueError(
            f"`values` must have a window of {context} + {horizon} steps with targets "
            f"from {start} to {stop}. Received: {len(values)} values."
        )
    return found


def adding(steps: int = 100, train: int = 20_000, seed: int = 0):
    """The adding problem (Hochreiter & Schmidhuber 1997), generated.

    Each step has a number drawn from 0 to 1 and a mark; two steps are marked, one in
    each half. The answer is the sum of the two marked numbers. Always to say 1 has a
    mean squared error of 1/6.

    Args:
        steps: int. Length of the sequences.
        train: int. Training sequences; validation and test have 1,000 each.
        seed: int. Of the generator.

    Returns:
        dict of split to list of (x, y): float32 `(steps, 2)` and `(1,)`.

    Example:
    >>> x, y = adding(steps=6, train=1)["train"][0]
    >>> x[:, 1].sum(), bool(np.isclose(x[:, 0] @ x[:, 1], y[0]))
    (np.float32(2.0), True)
    """
    rng = np.random.default_rng(seed)
    parts = {}
    for split, count in (("train", train), ("validation", 1000), ("test", 1000)):
        x = np.zeros((count, steps, 2), "float32")
        x[..., 0] = rng.random((count, steps))
        first = rng.integers(0, steps // 2, count)
        second = rng.integers(steps // 2, steps, count)
        x[np.arange(count), first, 1] = x[np.arange(count), second, 1] = 1
        y = (x[..., 0] * x[..., 1]).sum(-1, keepdims=True)
        parts[split] = list(zip(x, y, strict=True))
    return parts


#: What texts of `copying` are made of: symbols, the pause, the sign to write.
COPY_SYMBOLS, COPY_BLANK, COPY_GO = "abcdefgh", ".", ">"


def copying(blanks: int = 100, train: int = 10_000, seed: int = 0):
    """The copy memory problem (Hochreiter & Schmidhuber 1997), generated.

    Ten symbols, `blanks` - 1 blanks, a sign, ten blanks; the answer is `blanks` + 10
    blanks and the ten symbols. Without a memory the best loss, the mean over all steps,
    is 10 log 8 / (blanks + 20). In this form: Arjovsky, Shah & Bengio, 2016, "Unitary
    Evolution Recurrent Neural Networks", https://arxiv.org/abs/1511.06464, section 5.1.

    Args:
        blanks: int. Steps from the last symbol to the sign.
        train: int. Training sequences; validation and test have 1,000 each.
        seed: int. Of the generator.

    Returns:
        dict of split to list of (x, y), each a str of `blanks` + 20 characters.

    Example:
    >>> copying(blanks=3, train=1)["train"]
    [('gfeccaaabg..>..........', '.............gfeccaaabg')]
    """
    rng = np.random.default_rng(seed)
    parts = {}
    for split, count in (("train", train), ("validation", 1000), ("test", 1000)):
        words = np.array(list(COPY_SYMBOLS))[rng.integers(0, 8, (count, 10))]
        pause = COPY_BLANK * (blanks - 1) + COPY_GO + COPY_BLANK * 10
        parts[split] = [
            (word + pause, COPY_BLANK * (blanks + 10) + word)
            for word in map("".join, words)
        ]
    return parts
