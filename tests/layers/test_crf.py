"""The CRF head: against enumeration, in plain `fit`, and as files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import CRF, CRFLoss, ManyToMany, ManyToOne, bio_constraints
from keras_rnn_zoo.layers.heads.crf import FORBIDDEN
from tests.compare import randomise
from tests.fresh import run_without_the_zoo
from tests.references import chains as reference

TAGS = ["O", "B-per", "I-per", "B-loc", "I-loc"]


@pytest.fixture
def mask(rng):
    mask = rng.random((4, 5)) < 0.6
    mask[0], mask[1] = False, True
    return mask


def expected_of(crf, x, mask):
    """log_norm, marginals, path, … by enumeration, from the layer's weights."""
    weights = {w.name: w.numpy().astype("float64") for w in crf.weights}
    unary = x @ weights["kernel"] + weights["bias"]
    rules = crf.get_config()

    def allowed(name, scores):
        rule = rules[name]
        return scores if rule is None else np.where(rule, scores, FORBIDDEN)

    chain = (
        allowed("allowed_transitions", weights["transition"]),
        mask,
        allowed("allowed_first", weights["initial"]),
        allowed("allowed_last", weights["final"]),
    )
    return unary, chain, reference.summary(unary, *chain)


@pytest.mark.parametrize("rules", [{}, bio_constraints(TAGS)], ids=["free", "bio"])
def test_enumeration(rng, mask, rules):
    x = rng.normal(size=(4, 5, 3)).astype("float32")
    y = np.where(mask, rng.integers(0, 2, size=(4, 5)), -1)  # O and B-per: allowed
    crf = CRF(5, **rules)
    crf.build((None, None, 3))
    randomise(crf, rng, 1.0)
    unary, (transition, _, initial, final), expected = expected_of(crf, x, mask)
    likelihood = []
    for row in range(4):
        steps = np.flatnonzero(mask[row])
        every, scores = reference.paths(unary[row, steps], transition, initial, final)
        chosen = scores[(every == y[row, steps]).all(axis=1)]
        likelihood.append(chosen[0] - expected["log_norm"][row])
    near = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(crf.log_likelihood(x, y, mask), likelihood, **near)
    np.testing.assert_allclose(crf.marginals(x, mask), expected["marginals"], **near)
    tags, score = crf.viterbi(x, mask)
    np.testing.assert_array_equal(tags, expected["path"])
    np.testing.assert_allclose(score, expected["score"], **near)
    one_hot = np.eye(5)[expected["path"]] * mask[..., None]
    for returns, value in (
        ("path", one_hot),
        ("tags", expected["path"]),
        ("marginals", expected["marginals"]),
    ):
        layer = CRF.from_config({**crf.get_config(), "returns": returns})
        layer.build((None, None, 3))
        layer.set_weights(crf.get_weights())
        outputs = layer(x, mask=mask)
        np.testing.assert_allclose(outputs, value, **near)
        assert (
            outputs.dtype == layer.compute_output_spec(keras.KerasTensor(x.shape)).dtype
        )
        loss = CRFLoss()(y, outputs)
        np.testing.assert_allclose(loss, -np.mean(likelihood), **near)
    weighted = CRFLoss(reduction="sum")(y, outputs, np.array([1.0, 2, 3, 4]))
    np.testing.assert_allclose(weighted, -np.dot(likelihood, [1, 2, 3, 4]), **near)


def test_potentials_without_kernel_and_boundary(rng):
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    crf = CRF(
        3, use_kernel=False, use_boundary=False, allowed_first=[True, False, True]
    )
    crf.build(x.shape)
    randomise(crf, rng)
    [transition] = crf.get_weights()
    initial = np.array([0, FORBIDDEN, 0])
    expected = reference.summary(x, transition, np.ones((2, 4), bool), initial)
    np.testing.assert_allclose(crf.marginals(x), expected["marginals"], atol=1e-5)


def test_half_precision_scores_are_float32(rng):
    x = rng.normal(size=(2, 4, 3)).astype("float16")
    crf = CRF(3, dtype="mixed_float16", returns="marginals")
    full = CRF(3, returns="marginals")
    full.build(x.shape)
    crf.build(x.shape)
    randomise(full, rng)
    crf.set_weights(full.get_weights())
    assert crf(x).dtype == "float32"
    np.testing.assert_array_equal(crf(x), full(x.astype("float32")))


# === In a model ===


def word_problem(rng, rows=64, time=9):
    """A tag of B-per begins at token 1, one of B-loc at 2; 3 continues either."""
    x = rng.integers(1, 6, size=(rows, time))
    x *= np.arange(time) < rng.integers(3, time + 1, size=(rows, 1))
    y, open_ = np.zeros_like(x), np.zeros(rows, int)
    for t in range(time):
        inside = (x[:, t] == 3) & (open_ > 0)
        open_ = np.where(x[:, t] == 1, 1, np.where(x[:, t] == 2, 3, open_ * inside))
        y[:, t] = np.where(inside, open_ + 1, open_)
    return x.astype("int32"), np.where(x > 0, y, 0).astype("int32")


def tagger(**options):
    head = {"name": "crf", **bio_constraints(TAGS)}
    options = {"units": 12, "cell": "GRU", "bidirectional": True} | options
    return ManyToMany(5, vocabulary_size=6, embedding_dim=8, head=head, **options)


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(1)
    x, y = word_problem(np.random.default_rng(3))
    model = tagger()
    model.compile(keras.optimizers.Adam(0.02), CRFLoss(), metrics=["accuracy"])
    history = model.fit(
        x, y, batch_size=16, epochs=12, verbose=0, validation_data=(x[:10], y[:10])
    )
    return model, x, y, history.history


def test_plain_fit_learns_and_reports(trained):
    model, x, y, history = trained
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert history["val_loss"][-1] < 1.0
    loss, accuracy = model.evaluate(x, y, verbose=0)
    crf = model.get_layer("output")
    hidden = keras.Model(model.input, model.get_layer("recurrent_1").output)(x)
    likelihood = crf.log_likelihood(hidden, y, x > 0)
    np.testing.assert_allclose(loss, -np.mean(likelihood), rtol=1e-4)
    assert accuracy > 0.95
    tags = model.predict(x, verbose=0).argmax(-1)
    assert np.mean((tags == y)[x > 0]) == pytest.approx(accuracy, abs=1e-6)
    allowed = np.array(bio_constraints(TAGS)["allowed_transitions"])
    assert allowed[tags[:, :-1], tags[:, 1:]][x[:, 1:] > 0].all()


def test_keras_file_keeps_model_loss_and_optimizer(trained, tmp_path):
    model, x, y, _ = trained
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.loss) is CRFLoss
    configs = again.get_config(), model.get_config()
    assert configs[0]["head"] == configs[1]["head"] != "crf"
    before = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(again.evaluate(x, y, verbose=0), before, rtol=1e-6)
    again.fit(x, y, verbose=0)
    assert again.evaluate(x, y, verbose=0) != before


SERVE = """
import numpy as np, tensorflow as tf
served, inputs = tf.saved_model.load(sys.argv[1]), np.load(sys.argv[2])
short = served.serve(tf.constant(inputs[:1, :2]))
assert short.shape == (1, 2, 5)
np.save(sys.argv[3], served.serve(tf.constant(inputs)))
"""


def test_saved_model_decodes_where_the_zoo_is_unknown(trained, tmp_path):
    model, x, _, _ = trained
    model.export(tmp_path / "exported", verbose=False)
    served = run_without_the_zoo(SERVE, tmp_path, x)
    np.testing.assert_array_equal(served, model.predict(x, verbose=0))


def test_compiled_by_xla_and_under_mixed_precision(rng):
    x, y = word_problem(rng, rows=8, time=4)
    crf = CRF(5, **bio_constraints(TAGS))
    crf.build((None, None, 5))
    randomise(crf, rng)

    def step(x, y):
        with tf.GradientTape() as tape:
            tags = crf(tf.one_hot(x, 5), mask=x > 0)
            loss = CRFLoss()(y, tags)
        weights = [w.value for w in crf.trainable_weights]
        return tags, loss, *tape.gradient(loss, weights)

    for actual, expected in zip(
        tf.function(step, jit_compile=True)(x, y), step(x, y), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    model = tagger(dtype="mixed_float16")
    model.compile("sgd", CRFLoss())
    assert model.get_layer("output").kernel.dtype == "float32"
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])


def test_all_masked_rows_and_no_steps(rng):
    x, y = word_problem(rng, rows=4)
    model = tagger()
    model.compile("sgd", CRFLoss(reduction="sum"))
    empty = np.zeros((2, 9), "int32")
    both = model.evaluate(
        np.concatenate([x, empty]), np.concatenate([y, empty]), verbose=0
    )
    assert both == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-6)
    assert not model.predict(empty, verbose=0).any()
    nothing = np.zeros((2, 0), "int32")
    assert CRFLoss()(nothing, CRF(3)(np.zeros((2, 0, 4)))) == 0.0


def test_a_row_that_no_path_fits_has_a_finite_loss_and_gradient():
    # A path of three steps is allowed, and none shorter: no error, and a defined value.
    order = np.eye(3, k=1, dtype=bool).tolist()
    ends = {"allowed_first": [True, False, False], "allowed_last": [False, False, True]}
    crf = CRF(3, use_kernel=False, allowed_transitions=order, **ends)
    tags, score = crf.viterbi(np.zeros((1, 3, 3)))
    assert tags.numpy().tolist() == [[0, 1, 2]] and score[0] == 0
    assert crf.viterbi(np.zeros((1, 2, 3)))[1][0] == FORBIDDEN
    # Every path begins with 0 and ends with 1: one step alone can not do both.
    crf = CRF(2, allowed_first=[True, False], allowed_last=[False, True])
    with tf.GradientTape() as tape:
        loss = CRFLoss(reduction=None)(
            np.array([[0, 0], [0, 1]]),
            crf(np.ones((2, 2, 3)), mask=np.array([[True, False], [True, True]])),
        )
        total = tf.reduce_sum(loss)
    gradients = tape.gradient(total, [w.value for w in crf.trainable_weights])
    assert np.all(np.isfinite(loss)) and loss[1] < 2 * np.log(2) + 2
    assert all(np.all(np.isfinite(g)) for g in gradients)


# === Bad input ===


def test_a_label_out_of_range_is_an_error_in_fit_too(rng):
    x, y = word_problem(rng, rows=4)
    y[2, 1] = 5
    with pytest.raises(ValueError, match=r"`y_true`.*0 to 4.*the tag 5 at .*\(2, 1\)"):
        CRFLoss()(y, tagger()(x))
    model = tagger()
    model.compile("sgd", CRFLoss())
    with pytest.raises(tf.errors.InvalidArgumentError, match="0 to 4.*with tags from"):
        model.fit(x, y, verbose=0)


def test_the_loss_wants_the_output_of_the_layer(rng):
    x, y = word_problem(rng, rows=4)
    with pytest.raises(ValueError, match=r"`CRF` layer returned, unchanged.*y_pred="):
        CRFLoss()(y, tagger()(x) + 0.0)
    model = ManyToMany(5, units=4, vocabulary_size=6)
    model.compile("sgd", CRFLoss())
    with pytest.raises(ValueError, match="Make `CRF` the last layer"):
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match=r"whole sequences.*shape \(4, 9\)"):
        CRFLoss()(y, tagger()(x), np.ones((4, 9)))


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"num_tags": 0}, ValueError, "positive integer.*num_tags=0"),
        ({"returns": "best"}, ValueError, "'path', 'tags', 'marginals'.*'best'"),
        ({"use_kernel": 1}, TypeError, "True or False.*use_kernel=1"),
        ({"use_boundary": "no"}, TypeError, "True or False.*use_boundary='no'"),
        ({"allowed_first": [1, 0]}, TypeError, r"True and False.*=\[1, 0\]"),
        ({"allowed_last": [True]}, ValueError, r"shape \(2,\).*of shape \(1,\)"),
        (
            {"allowed_transitions": [[True], [True, False]]},
            TypeError,
            r"allowed_transitions=\[\[True\], \[True, False\]\]",
        ),
        (
            {"allowed_first": [False, False]},
            ValueError,
            r"leave a path.*forbid every path.*allowed_first=\[False, False\]",
        ),
        (
            {
                "allowed_transitions": [[True, False], [False, True]],
                "allowed_first": [True, False],
                "allowed_last": [False, True],
            },
            ValueError,
            r"forbid every path.*allowed_last=\[False, True\]",
        ),
    ],
)
def test_arguments(options, error, message):
    with pytest.raises(error, match=message):
        CRF(**{"num_tags": 2} | options)


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match=r"`num_tags`.*shape \(2, 4, 3\), num_tags=2"):
        CRF(2, use_kernel=False)(np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match=r"\(batch, time, features\).*shape \(2, 4\)"):
        CRF(2)(np.zeros((2, 4)))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: ManyToOne(3, vocabulary_size=4, head="crf"), "'dense'.*head='crf'"),
        (lambda: ManyToMany(3, vocabulary_size=4, head="soft"), "'crf'.*head='soft'"),
        (
            lambda: ManyToMany(3, vocabulary_size=4, head={"name": "crf", "tag": 1}),
            "keyword arguments passed to CRF: {'tag': 1}",
        ),
        (lambda: tagger(output_activation="tanh"), "output_activation='tanh'"),
        (lambda: tagger(bidirectional=False).generate([1], 2), "generate.*head='crf'"),
    ],
)
def test_heads(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="a name, or a dict.*head=1"):
        ManyToMany(3, vocabulary_size=4, head=1)


# === Schemes ===


def is_valid(path, scheme):
    """Whether a path of (letter, kind) is well-formed, read like an automaton."""
    open_kind = None
    closes = scheme == "BIOES"
    for letter, kind in path:
        if letter in "IE":
            if open_kind != kind:
                return False
            open_kind = kind if letter == "I" else None
        else:
            if closes and open_kind is not None:
                return False
            open_kind = kind if letter == "B" else None
    return not (closes and open_kind is not None)


@pytest.mark.parametrize("scheme, letters", [("BIO", "BI"), ("BIOES", "BIES")])
def test_schemes_allow_just_the_well_formed_paths(scheme, letters):
    import itertools

    parts = [("O", "")] + [(letter, kind) for kind in "xy" for letter in letters]
    tags = ["-".join(part).strip("-") for part in parts]
    rules = {k: np.array(v) for k, v in bio_constraints(tags, scheme).items()}
    for path in itertools.product(range(len(tags)), repeat=3):
        allowed = (
            rules["allowed_first"][path[0]]
            and rules["allowed_transitions"][path[:-1], path[1:]].all()
            and rules["allowed_last"][path[-1]]
        )
        assert allowed == is_valid([parts[i] for i in path], scheme), path
    same = bio_constraints(tags, {"BIO": "IOB2", "BIOES": "IOBES"}[scheme])
    assert same == bio_constraints(tags, scheme)


def test_scheme_errors():
    with pytest.raises(ValueError, match="one of BIO.*scheme='IO'"):
        bio_constraints(TAGS, "IO")
    for tag in ("E-per", "per", "BI-per", "-per", "B"):
        with pytest.raises(ValueError, match=f"B-, I-.*tag '{tag}'"):
            bio_constraints(["O", tag])
