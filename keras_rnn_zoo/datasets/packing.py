"""Packing: several short sequences in one row, so that hardly a step is padding."""

import dataclasses

import numpy as np

from keras_rnn_zoo.datasets.checks import check_int


@dataclasses.dataclass(frozen=True)
class Packing:
    """Where each sequence lies in the rows.

    Attributes:
        places: tuple of (row, first step, length), one for each sequence, in order.
        segment_ids: int32 `(rows, max_steps)`: 1, 2, … for the sequences of a row from
            left to right; 0 is padding, all of it at the end.
    """

    places: tuple[tuple[int, int, int], ...]
    segment_ids: np.ndarray

    @property
    def resets(self) -> np.ndarray:
        """1 where a sequence begins, else 0: float32 `(rows, max_steps, 1)`.

        What `keras_rnn_zoo.layers.ResetCell` wants as the last of its features.
        """
        before = np.pad(self.segment_ids, ((0, 0), (1, 0)))[:, :-1]
        begins = (self.segment_ids != before) & (self.segment_ids > 0)
        return begins[..., None].astype("float32")

    def pack(self, sequences, padding=0) -> np.ndarray:
        """Returns `(rows, max_steps, …)` of sequences `(time, …)`.

        Args:
            sequences: list of arrays of the lengths that were planned: inputs, or
                answers or weights of every step.
            padding: what stands where no sequence is.

        Raises:
            ValueError: if there are more or fewer, or one has another length.
        """
        arrays = [np.asarray(one) for one in sequences]
        lengths = [length for _, _, length in self.places]
        if [len(one) for one in arrays] != lengths:
            raise ValueError(
                f"`sequences` must be {len(lengths)} of the planned lengths. Received: "
                f"{len(arrays)} of the lengths {str([len(a) for a in arrays])[:80]}."
            )
        shape = (*self.segment_ids.shape, *arrays[0].shape[1:])
        rows = np.full(shape, padding, arrays[0].dtype)
        for (row, start, length), one in zip(self.places, arrays, strict=True):
            rows[row, start : start + length] = one
        return rows

    def unpack(self, rows) -> list[np.ndarray]:
        """Returns the sequences of rows `(rows, max_steps, …)`: the inverse."""
        rows = np.asarray(rows)
        return [rows[row, start : start + n] for row, start, n in self.places]


def plan_packing(lengths, max_steps: int) -> Packing:
    """Plans which sequences share a row: first fit, the longest first.

    Each goes to the first row with room for it; of equal lengths the earlier comes
    first. The same lengths always give the same plan.

    Rows hold hardly any padding and have one length, but a layer must forget at every
    boundary. `keras_rnn_zoo.layers.ResetCell` in an `RNN` does, in the plain loop over
    time, with none of the fast paths of `LSTM` and `GRU`, which costs more than packing
    wins: batches of like length (`datasets.batches`) are faster. Pack where rows of one
    length are needed, not for speed.

    Args:
        lengths: of the sequences, each from 1 to `max_steps`.
        max_steps: int. Length of the rows.

    Raises:
        TypeError: if `max_steps` is no integer.
        ValueError: if there are no lengths, or one is out of its range.

    Example:
    >>> plan = plan_packing([2, 3, 1], max_steps=4)
    >>> plan.segment_ids.tolist()
    [[1, 1, 1, 2], [1, 1, 0, 0]]
    >>> plan.pack([[5, 6], [7, 8, 9], [4]]).tolist()
    [[7, 8, 9, 4], [5, 6, 0, 0]]
    """
    check_int("max_steps", max_steps, 1)
    lengths = np.asarray(lengths)
    if not lengths.size or lengths.min() < 1 or lengths.max() > max_steps:
        raise ValueError(
            f"`lengths` must be from 1 to max_steps={max_steps}, at least one of them. "
            f"Received: lengths={str(lengths.tolist())[:80]}."
        )
    used, counts = [], []
    places = [(0, 0, 0)] * len(lengths)
    ids = []
    for i in np.argsort(-lengths, kind="stable"):
        n = int(lengths[i])
        row = next((r for r, u in enumerate(used) if u + n <= max_steps), len(used))
        if row == len(used):
            used.append(0)
            counts.append(0)
            ids.append(np.zeros(max_steps, "int32"))
        counts[row] += 1
        ids[row][used[row] : used[row] + n] = counts[row]
        places[i] = (row, used[row], n)
        used[row] += n
    return Packing(tuple(places), np.stack(ids))
