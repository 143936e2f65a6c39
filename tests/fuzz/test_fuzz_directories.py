"""Any directory of a model: it answers, or an error names the file; nothing is run."""

import hashlib
import json
import pathlib
import shutil

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_rnn_zoo import jobs, presets
from keras_rnn_zoo.jobs.models import load_run
from tests.fuzz import strategies as given

NAME = "digits_gru"
PIXELS = " ".join(["1"] * 64)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's directory, made of the shipped model: no training is needed."""
    place = tmp_path_factory.mktemp("run") / "run"
    place.mkdir()
    shipped = given.MODELS / NAME
    presets.load(NAME).save(place / "model.keras")
    shutil.copy(shipped / "assets/assets.json", place)
    shutil.copy(shipped / "recipe.toml", place)
    metadata = json.loads((shipped / "metadata.json").read_text())
    metrics = {
        key: metadata[key]
        for key in ("name", "task", "seed", "test", "baselines", "data", "versions")
        if key in metadata
    }
    metrics |= {"parameters": 1, "seconds": {"training": 1.0}}
    (place / "metrics.json").write_text(json.dumps(metrics))
    return place


def copy_of(place, beside):
    """A copy with secrets beside it, which nobody is to read."""
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    shutil.copytree(place, beside / "model")
    (beside / "secret").write_text("secret")
    return beside / "model"


def sign(directory):
    """The sums that `metadata.json` has become those of the files, as anybody can."""
    file = directory / presets.METADATA_FILE
    document = json.loads(file.read_text())
    for name, facts in document["files"].items():
        data = (directory / name).read_bytes()
        facts |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    file.write_text(json.dumps(document))


def asked(directory, *changed):
    """Look at a directory in all ways; every error names what was changed."""
    allowed = [pathlib.Path.home() / ".keras", "/tmp/.keras"]
    for what, ask in {
        "show": lambda: jobs.show(str(directory)),
        "load": lambda: load_run(str(directory)),
        "predict": lambda: jobs.predict(str(directory), PIXELS),
    }.items():
        with given.nothing_outside(directory, allowed):
            try:
                answer = ask()
            except (ValueError, TypeError, OSError, RuntimeError) as error:
                said = str(error)
                right = "eceived" in said or isinstance(error, OSError)
                assert right or "recipe.toml" in said, f"{what}: {error!r}"
                assert any(one in said for one in changed), f"{what}: {error!r}"
                continue
        if what == "predict":
            assert np.shape(answer.probabilities)
    assert not (directory / "pwned").exists()


@pytest.mark.filterwarnings("default")
@given.examples(30, cost=10)
@hypothesis.given(data=st.data())
def test_a_shipped_directory_with_other_documents(tmp_path_factory, data):
    place = tmp_path_factory.getbasetemp() / "shipped"
    directory = copy_of(given.MODELS / NAME, place)
    name = data.draw(
        st.sampled_from(["metadata.json", "config.json", "assets/assets.json"])
    )
    document = json.loads((directory / name).read_text())
    changed = data.draw(given.mutated_documents(document))
    (directory / name).write_text(changed, "utf-8", "surrogatepass")
    if name != "metadata.json" and data.draw(st.integers(0, 3)):
        sign(directory)
    asked(directory, pathlib.Path(name).name)


@pytest.mark.filterwarnings("default")
@given.examples(25, cost=10)
@hypothesis.given(data=st.data())
def test_a_run_with_other_documents(run, tmp_path_factory, data):
    directory = copy_of(run, tmp_path_factory.getbasetemp() / "runs")
    name = data.draw(st.sampled_from(["metrics.json", "assets.json"]))
    document = json.loads((directory / name).read_text())
    changed = data.draw(given.mutated_documents(document))
    (directory / name).write_text(changed, "utf-8", "surrogatepass")
    asked(directory, name)


@pytest.mark.filterwarnings("default")
@given.examples(20, cost=10)
@hypothesis.given(data=st.data())
def test_a_directory_with_other_bytes(run, tmp_path_factory, data):
    shipped = data.draw(st.booleans())
    source = given.MODELS / NAME if shipped else run
    directory = copy_of(source, tmp_path_factory.getbasetemp() / "bytes")
    names = sorted(
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and path.suffix in (".json", ".h5", ".npz", ".keras")
    )
    name = data.draw(st.sampled_from(names))
    content = data.draw(given.mutated_bytes((directory / name).read_bytes()))
    kind = data.draw(st.sampled_from(["bytes", "bytes", "gone", "directory", "link"]))
    (directory / name).unlink()
    if kind == "bytes":
        (directory / name).write_bytes(content)
        if shipped and name != "metadata.json" and data.draw(st.booleans()):
            sign(directory)
    elif kind == "directory":
        (directory / name).mkdir()
    elif kind == "link":
        (directory / name).symlink_to("nowhere")
    # Without one of its files it may be no model at all.
    more = [] if kind == "bytes" else [str(directory)]
    asked(directory, pathlib.Path(name).name, *more)
