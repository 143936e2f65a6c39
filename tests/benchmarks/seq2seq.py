"""An epoch of an encoder-decoder's `fit`, against the same model of Keras's layers.

    python -m tests.benchmarks seq2seq [--model cmudict_g2p] [--pairs 6400]
        [--rounds 5] [--threads 2] [--data-dir DIR] [--csv FILE]

Both read the same pairs of the recipe's training data, real words and their phones.
Keras's side is what one writes by hand after keras.io: `Embedding`, a bidirectional
`GRU`, a dense bridge, a `GRU` that begins with its states, `Attention`, two `Dense`,
and a target shifted in the pipeline; the same number of weights, and the same loss of
the same weights, which is checked before anything is timed. Its batches are once ours,
of pairs of like lengths, and once those of keras.io's examples, padded to the longest
pair of the data. `compile` is left alone on both sides. A figure is the median over the
rounds, in which all run in turn, in one process; the first epoch, with tracing and
compiling, stands beside it.
"""

import argparse
import csv
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets.batches import batches
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes
from tests.benchmarks.models import epoch_of, in_turn


def by_hand(ours):
    """The same model of Keras's layers, with the same weights."""
    units, width = ours.decoder.cell.units, ours.embedding_dim
    source = keras.Input((None,), dtype="int32", name="source")
    before = keras.Input((None,), dtype="int32", name="before")
    read = keras.layers.Embedding(ours.num_source, width, mask_zero=True)
    given = keras.layers.Embedding(ours.num_target, width)
    encoder = keras.layers.Bidirectional(
        keras.layers.GRU(units, return_sequences=True, return_state=True)
    )
    bridge = keras.layers.Dense(units, activation="tanh")
    decoder = keras.layers.GRU(units, return_sequences=True)
    keys = keras.layers.Dense(units, use_bias=False)
    join = keras.layers.Dense(units, activation="tanh", use_bias=False)
    output = keras.layers.Dense(ours.num_target, activation="softmax")
    memory, *states = encoder(read(source))
    first = bridge(keras.layers.Concatenate()(states))
    h = decoder(given(before), initial_state=first)
    context = keras.layers.Attention()([h, memory, keys(memory)])
    a = join(keras.layers.Concatenate()([h, context]))
    model = keras.Model([source, before], output(a))
    cell = ours.decoder_cell
    for layer, weights in (
        (read, ours.source_embedding.get_weights()),
        (given, ours.target_embedding.get_weights()),
        (encoder, ours.encoder[0].get_weights()),
        (bridge, ours.bridges[0].get_weights()),
        (decoder, ours.decoder.cell.get_weights()),
        (keys, [np.asarray(cell.attention.memory_kernel)]),
        (join, [np.asarray(cell.kernel)]),
        (output, ours.output_layer.get_weights()),
    ):
        layer.set_weights(weights)
    assert model.count_params() == ours.count_params()
    return model


def shifted(start):
    """What keras.io's examples do in the pipeline, with weights without padding."""

    def pair(source, target):
        begins = tf.fill([tf.shape(target)[0], 1], tf.cast(start, target.dtype))
        before = tf.concat([begins, target[:, :-1]], axis=1)
        counts = tf.cast(target != 0, "float32")
        counts *= tf.cast(tf.size(target), "float32") / tf.reduce_sum(counts)
        return {"source": source, "before": before}, target, counts

    return pair


def padded_to_the_longest(pairs, batch_size):
    def of(which):
        rows = [pair[which] for pair in pairs]
        return keras.utils.pad_sequences(rows, padding="post", dtype="int32")

    dataset = tf.data.Dataset.from_tensor_slices((of(0), of(1)))
    dataset = dataset.shuffle(len(pairs), seed=0)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def compiled(model, recipe):
    rate, clipnorm = recipe.training.learning_rate, recipe.training.clipnorm
    model.compile(
        keras.optimizers.Adam(rate, clipnorm=clipnorm),
        "sparse_categorical_crossentropy",
    )
    return model


def rows(options):
    recipe = recipes.load(options.model).replace(model__dropout=0.0)
    pipelines = fitting.load_data(recipe, data_dir=options.data_dir)
    picked = np.random.default_rng(0).permutation(len(pipelines.raw["train"]))
    pairs = [pipelines.raw["train"][i] for i in picked[: options.pairs]]
    size = recipe.data.batch_size
    ours = compiled(fitting.build_model(recipe, pipelines), recipe)
    alike = batches(pairs, size, seed=0)
    longest = padded_to_the_longest(pairs, size)
    shift = shifted(ours.start)
    hands = [compiled(by_hand(ours), recipe) for _ in range(2)]
    one = next(iter(alike))
    losses = [ours.test_on_batch(*one)]
    losses += [hand.test_on_batch(*shift(*one)) for hand in hands]
    np.testing.assert_allclose(losses[1:], losses[0], rtol=1e-5)
    runs = {
        "ours": epoch_of(ours, alike),
        "ours, padded": epoch_of(ours, longest),
        "by hand": epoch_of(hands[0], alike.map(shift)),
        "by hand, padded": epoch_of(hands[1], longest.map(shift)),
    }
    first, median = in_turn(runs, options.rounds)
    for name in runs:
        yield {
            "model": options.model,
            "pairs": len(pairs),
            "what": name,
            "first epoch s": round(first[name], 2),
            "epoch s": round(median[name], 3),
            "over ours": round(median[name] / median["ours"], 2),
        }


def main(arguments=None):
    """Prints a line for each way as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="cmudict_g2p")
    parser.add_argument("--pairs", type=int, default=6400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-dir")
    parser.add_argument("--csv")
    options = parser.parse_args(arguments)
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    found = []
    for row in rows(options):
        found.append(row)
        print(*(f"{key}={value}" for key, value in row.items()), flush=True)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(found[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)


if __name__ == "__main__":
    main()
