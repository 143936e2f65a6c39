"""What chance decides for a cell: masks of dropout, and of zoneout."""

import itertools
from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.step import Draws


class DrawsMasks:
    """The part of a cell that draws masks, and applies zoneout's."""

    # What the cell has.
    blocks: Any
    recurrent_blocks: Any
    recurrent_rows: Any
    state_names: Any
    state_sizes: Any
    bookkeeping: Any
    kernel: Any
    compute_dtype: Any
    seed_generator: Any
    dropout: Any
    recurrent_dropout: Any
    mask_per_block: Any
    zoneout: Any
    zoneout_rates: Any
    _sizes: Any

    def draw(self, batch_size: Any, time: Any = None, training: bool = False) -> Any:
        """Draws what chance decides for a sequence, or, without `time`, for one step.

        Returns:
            `Draws`; outside of training all of it is None.
        """
        if not training:
            return Draws()
        keep = None
        if any(self.zoneout_rates):
            rows = (batch_size,) if time is None else (batch_size, time)
            keep = self.zoneout_masks(*rows)
        inputs = states = None
        if self.dropout:
            count = len(self.blocks) if self.mask_per_block else 1
            rows = self.kernel.shape[0]
            inputs = self._dropout_mask(count, batch_size, rows, self.dropout)
        if self.recurrent_dropout:
            count = len(self._sizes(self.recurrent_blocks))
            rows = self.recurrent_rows
            states = self._dropout_mask(count, batch_size, rows, self.recurrent_dropout)
        return Draws(inputs, states, keep)

    def _dropout_mask(self, count, batch_size, size, rate):
        ones = ops.ones((count, batch_size, size), dtype=self.compute_dtype)
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def _one_rate_per_state(self):
        names = [name for name in self.state_names if name not in self.bookkeeping]
        rates = self.zoneout
        if not isinstance(rates, tuple):
            rates = (rates,) * len(names)
        if len(rates) != len(names):
            raise ValueError(
                f"`zoneout` must be one rate, or {len(names)} in the order "
                f"[{', '.join(names)}]. Received: zoneout={list(self.zoneout)!r}."
            )
        rates = dict(zip(names, rates, strict=True))
        return [rates.get(name, 0.0) for name in self.state_names]

    def zoneout_masks(self, *shape: Any) -> Any:
        """Draws 1 where a state element keeps its value, and 0 elsewhere.

        Args:
            *shape: `batch`, or `batch, time` for all steps at once.

        Returns:
            `(*shape, sum of sizes)`, in the compute dtype: a block for each state.
        """
        rates = [
            ops.full((size,), rate)
            for size, rate in zip(self.state_sizes, self.zoneout_rates, strict=True)
        ]
        drawn = keras.random.uniform(
            (*shape, sum(self.state_sizes)), dtype="float32", seed=self.seed_generator
        )
        keep = drawn < ops.cast(ops.concatenate(rates), "float32")
        return ops.cast(keep, self.compute_dtype)

    def _zoned(self, states, new_states, keep):
        """The new states with some elements, or some of each element, as they were."""
        if keep is None:
            return [
                new + rate * (old - new) if rate else new
                for old, new, rate in zip(
                    states, new_states, self.zoneout_rates, strict=True
                )
            ]
        ends = list(itertools.accumulate(self.state_sizes))[:-1]
        blocks = ops.split(keep, ends, axis=-1) if ends else [keep]
        return [
            ops.where(block > 0.5, old, new)
            for old, new, block in zip(states, new_states, blocks, strict=True)
        ]
