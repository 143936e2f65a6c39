"""Batches of sequences: shuffled, grouped by length, padded."""

import numpy as np
import tensorflow as tf

#: How many groups of similar length the training sequences are batched in.
NUM_BUCKETS = 6


def batches(examples, batch_size, seed=None):
    """Returns padded batches of `examples`, shuffled and bucketed if `seed` is given.

    All examples are held as one constant; what is shuffled and bucketed are indices,
    and a batch is cut out of the constant at once.
    """
    xs, ys = zip(*examples, strict=True)
    lengths = np.array([len(x) for x in xs])
    x, y = _Rows(xs), _Rows(ys)
    dataset = tf.data.Dataset.range(len(xs))
    bounds = []
    if seed is not None:
        dataset = dataset.shuffle(len(xs), seed=seed, reshuffle_each_iteration=True)
        quantiles = np.linspace(0, 1, NUM_BUCKETS + 1)[1:-1]
        bounds = np.unique(np.quantile(lengths, quantiles, method="lower"))
        bounds = bounds[bounds > lengths.min()].tolist()
    if bounds:
        steps = tf.constant(lengths, "int32")
        dataset = dataset.bucket_by_sequence_length(
            lambda i: tf.gather(steps, i), bounds, [batch_size] * (len(bounds) + 1)
        )
        bucket_sizes = np.bincount(np.digitize(lengths, bounds))
        num_batches = int(np.sum(-(-bucket_sizes // batch_size)))
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_batches))
    else:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(lambda i: (x.take(i), y.take(i)), num_parallel_calls=2)
    return dataset.prefetch(tf.data.AUTOTUNE)


class _Rows:
    """Arrays of one or several lengths, of which `take` makes padded batches."""

    def __init__(self, rows):
        if len({np.shape(row) for row in rows}) == 1:
            self.values = tf.constant(np.stack(rows))
        else:
            self.values = tf.RaggedTensor.from_row_lengths(
                np.concatenate(rows), [len(row) for row in rows]
            )

    def take(self, indices):
        rows = tf.gather(self.values, indices)
        return rows.to_tensor() if isinstance(rows, tf.RaggedTensor) else rows
