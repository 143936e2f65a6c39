"""Make a shipped model of a finished run."""

import os
import pathlib

from keras_rnn_zoo.jobs.models import find_run, load_run
from keras_rnn_zoo.presets import new_directory, replaceable
from keras_rnn_zoo.presets.json_files import FIGURE, NUMBER, read_json
from keras_rnn_zoo.presets.places import is_made, whole_file
from keras_rnn_zoo.training import recipes

#: What an `OUT-seeds.json` must have.
_SUMMARY = {
    "name": str,
    "seeds": [int, ...],
    "test": [{"name": str, "metric": str, "mean": NUMBER, "values": [NUMBER]}, ...],
    "baselines": [FIGURE],
    "training_seconds": [NUMBER],
}


#: What of a directory is the author's, and stays.
_CARRIED = (recipes.RECIPE_FILE,)


def publish(
    run: str | os.PathLike,
    seeds_json: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
    *,
    hardware: str = "",
    weights: bool = True,
) -> pathlib.Path:
    """Make a model directory, as the package ships them, of a finished run.

    The directory appears when it is complete and has answered correctly after being
    loaded again; what was there before stays until then. The table over all models
    beside it, `README.md`, is written anew, unless somebody else wrote it. A recipe
    that is there already, in its author's words, stays if the run followed it; so does
    its list of notes.

    Args:
        run: directory of the run whose weights are shipped.
        seeds_json: `NAME-seeds.json` of `train_seeds`, which has this run's figures.
            None: figures of one seed, which is for models without weights only.
        out: the directory to make, or to replace if it holds a recipe or what this
            function wrote, and nothing else. None: `models/NAME`.
        hardware: what the training ran on, for the card.
        weights: bool. False: only the recipe, its card and the figures; for what
            may not be shipped or is too large.

    Returns:
        The directory.

    Raises:
        FileNotFoundError: if the run or the file is not there.
        ValueError: if weights are to be shipped without `seeds_json`; if the file does
            not tell of this run: another name, a seed or figures that it does not have;
            or if the run's recipe is not that of `out`.
        RuntimeError: if the directory, loaded again, answers otherwise.
        OSError: if `out` may not be replaced; found before any work.
    """
    summary = _read_summary(seeds_json, weights)
    directory = find_run(str(run))
    if not (directory / "metrics.json").is_file():
        raise ValueError(
            "`run` must be the directory of a run of your own. Received: "
            f"run={os.fspath(run)!r}, which is a shipped model."
        )
    if out is None:
        recipe = recipes.load(directory / recipes.RECIPE_FILE, check_files=False)
        out = pathlib.Path("models", recipe.name)
    out = pathlib.Path(out)
    place = replaceable(out, "model", carried=_CARRIED, argument="out")
    trained = load_run(str(directory))
    if "seconds" not in trained.metrics:
        raise ValueError(
            "`run` must be the directory of a run, as training leaves it. Received: "
            f"run={os.fspath(run)!r}, a model that was published."
        )
    if summary is None:
        summary = _summary_of_one(trained.metrics)
    else:
        _check_summary(summary, trained.metrics, seeds_json)
    recipe, recipe_text = _recipe_for(out, trained.recipe, run)
    metadata = _metadata(trained, recipe, summary, hardware)
    _write(out, trained, recipe_text, metadata, weights)
    if not place.inside:
        write_table(out.parent)
    return out


def _recipe_for(out, recipe, run):
    """Return the recipe and its text: as its author wrote it, if it is there."""
    file = out / recipes.RECIPE_FILE
    if not file.is_file():
        return recipe, recipe.to_toml()
    text = file.read_text("utf-8")
    written = recipes.parse(text, file)
    keys = ("notes", "search", "example", "published")
    remarks = {key: getattr(recipe, key) for key in keys}
    if written.replace(seed=recipe.seed, **remarks) != recipe.replace():
        raise ValueError(
            f"`run` must follow the recipe in {out}. Received: "
            f"run={os.fspath(run)!r}, which was trained otherwise. Train it again, "
            "or publish to another directory."
        )
    return written.replace(seed=recipe.seed), text


def _metadata(trained, recipe, summary, hardware):
    """Return what the model's files and its card say of it."""
    from keras_rnn_zoo.jobs import cards

    metrics = trained.metrics
    licence = trained.assets.facts.get("licence", "unknown")
    metadata = {
        "name": recipe.name,
        "title": recipe.title,
        "task": recipe.task,
        "model": {"topology": recipe.model.topology, **recipe.model.arguments()},
        "reads": _what_it_reads(trained),
        "parameters": metrics["parameters"],
        "seed": recipe.seed,
        "seeds": summary["seeds"],
        "test": metrics["test"],
        "test_over_seeds": summary["test"],
        "baselines": summary["baselines"],
        "training_seconds": summary["training_seconds"],
        "hardware": hardware,
        "data": metrics["data"],
        "versions": metrics["versions"],
        "licence": "Apache-2.0",
        "data_licence": licence,
        "notice": cards.NOTICES.get(licence, ""),
        "notes": recipe.notes,
    }
    if recipe.example:
        metadata["example"] = recipe.example
    if recipe.published:
        measured = [one["metric"] for one in metrics["test"]]
        if recipe.published["metric"] not in measured:
            raise ValueError(
                f"`published.metric` must be one of {', '.join(measured)}. Received: "
                f"metric={recipe.published['metric']!r}."
            )
        metadata["published"] = recipe.published
    return metadata


def _what_it_reads(trained):
    codec = trained.codec
    if codec is None:
        return f"real-valued sequences, {trained.assets.num_features} a step"
    text = f"text, {codec.unit} by {codec.unit}; {len(codec.tokens)} tokens"
    if codec.characters is None:
        return text
    return f"{text}, {len(codec.characters)} characters"


def _write(out, trained, recipe_text, metadata, weights):
    """Write the directory; it appears when it is complete and answers correctly."""
    from keras_rnn_zoo.export.golden import golden_input
    from keras_rnn_zoo.jobs import cards
    from keras_rnn_zoo.presets import model_directory

    with new_directory(out, "model", carried=_CARRIED) as directory:
        (directory / recipes.RECIPE_FILE).write_text(recipe_text, "utf-8")
        for picture in ("predictions.png", "predictions.svg"):
            if (trained.directory / picture).is_file():
                data = (trained.directory / picture).read_bytes()
                (directory / picture).write_bytes(data)
                metadata["picture"] = picture
        if weights:
            metadata = model_directory.write_model(
                directory,
                trained.model,
                trained.assets,
                golden_input(trained.model, None, trained.assets, shape=(3, 16)),
                metadata,
            )
        else:
            model_directory.write_json(
                directory / model_directory.FIGURES_FILE, metadata
            )
        (directory / "README.md").write_text(cards.card(metadata), "utf-8")


def write_table(directory: pathlib.Path) -> None:
    """Write the table over all models of a directory, unless a README is there."""
    from keras_rnn_zoo.jobs import cards

    path = directory / "README.md"
    if is_made(path) or not os.path.lexists(path):
        with whole_file(path, encoding="utf-8", newline="\n") as file:
            file.write(cards.table(directory))


def _read_summary(path, weights):
    """Return the figures over several seeds; None if there are none and need not be."""
    if path is None:
        if weights:
            raise ValueError(
                "`seeds_json` must be given for a model with weights. Received: "
                "seeds_json=None. Train with several seeds, or leave out the weights."
            )
        return None
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            "`seeds_json` must be a file that training with several seeds leaves. "
            f"Received: seeds_json={str(path)!r}."
        )
    return read_json(path, _SUMMARY, hint="Train with several seeds again.")


def _summary_of_one(metrics):
    """Return the figures of one run in the form of those over several seeds."""
    return {
        "seeds": [metrics["seed"]],
        "test": [
            {
                "name": one["name"],
                "metric": one["metric"],
                "mean": one["value"],
                "standard_deviation": None,
                "values": [one["value"]],
            }
            for one in metrics["test"]
        ],
        "baselines": metrics["baselines"],
        "training_seconds": [metrics["seconds"]["training"]],
    }


def _check_summary(summary, metrics, path):
    """Check that the figures over several seeds are also those of this run."""
    values = {
        (one["name"], one["metric"]): dict(
            zip(summary["seeds"], one["values"], strict=True)
        )
        for one in summary["test"]
    }
    found = {
        (one["name"], one["metric"]): values.get((one["name"], one["metric"]), {}).get(
            metrics["seed"]
        )
        for one in metrics["test"]
    }
    expected = {(one["name"], one["metric"]): one["value"] for one in metrics["test"]}
    if summary["name"] != metrics["name"] or found != expected:
        raise ValueError(
            f"`seeds_json` must have the figures of the run, {metrics['name']} with "
            f"seed {metrics['seed']}. Received: {path}, with {summary['name']}, seeds "
            f"{summary['seeds']} and {list(found.values())} where the run has "
            f"{list(expected.values())}."
        )
