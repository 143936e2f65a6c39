"""`train`: one model, several seeds of it, or a search."""

import pathlib
from typing import Annotated, Any

import typer

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing, trained
from keras_rnn_zoo.cli.options import DataDir, Download


def _integers(option, text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"`{option}` must be an integer or several with commas between them. "
            f"Received: {option}={text!r}."
        ) from None


def train(
    name: Annotated[
        str, typer.Argument(help="Name of a recipe (see `list`), or path of one.")
    ] = jobs.DEFAULT_NAME,
    epochs: Annotated[int | None, typer.Option(help="Most epochs.")] = None,
    cell: Annotated[
        str | None, typer.Option(help="Cell: SimpleRNN, LSTM, GRU, …")
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="Units: 64, or 64,32 for a stack.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything.")] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="Several seeds, such as 1,2,3: mean and spread."),
    ] = None,
    search: Annotated[
        int | None,
        typer.Option(
            help="Try so many settings from the recipe's table [search] on the "
            "validation data, then train with the best.",
            metavar="N",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Train on about this many sequences an epoch.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences a batch.")] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, gpu or gpu:1; a GPU if there is one.")
    ] = None,
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in half precision.")
    ] = False,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="Directory for the run; runs/NAME by default."),
    ] = None,
    data: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Your own file instead: .conll, .conllu, .csv or .jsonl for taggers, "
            ".csv or .jsonl (text, label) for classifiers, .txt for language models."
        ),
    ] = None,
    token_column: Annotated[
        str | None,
        typer.Option(
            help="Of that file for a tagger: name or number of the column of the "
            "tokens.",
            metavar="COLUMN",
        ),
    ] = None,
    tag_column: Annotated[
        str | None,
        typer.Option(help="That of the tags.", metavar="COLUMN"),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="Scheme of the tags of names: BIO, IOB1, IO, BIOES, BILOU, BMES; none "
            "reads them as they are. It is recognised if left out.",
        ),
    ] = None,
    data_dir: DataDir = None,
    download: Download = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a run that was interrupted, exactly as if it had not "
            "been; or, with a constant learning rate and more --epochs, with one that "
            "is complete.",
        ),
    ] = False,
    tensorboard: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Write losses, metrics, learning rate and gradient norms there, for "
            "TensorBoard.",
            metavar="DIR",
        ),
    ] = None,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Draw nothing.")
    ] = False,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="Leave out the simpler methods.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the result only.")
    ] = False,
):
    """Train a model on real data and judge it beside simpler methods.

    Saves the model, draws pictures, exports a SavedModel and checks it. A checkpoint is
    kept after each epoch: what was interrupted goes on with --resume.
    """
    console = printing.console()
    reporter: Any = jobs.Reporter() if quiet else printing.ConsoleReporter(console)
    options = {"token_column": token_column, "tag_column": tag_column, "scheme": scheme}
    arguments = {
        "epochs": epochs,
        "cell": cell,
        "units": None if units is None else _units(units),
        "limit": limit,
        "batch_size": batch_size,
        "device": device,
        "mixed_precision": mixed_precision,
        "out": out,
        "data": data,
        "data_options": {key: one for key, one in options.items() if one is not None},
        "data_dir": data_dir,
        "download": download,
        "pictures": not no_pictures,
        "baselines": not no_baselines,
        "tensorboard": tensorboard,
        "resume": resume,
        "reporter": reporter,
    }
    try:
        if search is not None:
            if seeds is not None:
                raise ValueError(
                    "`seeds` must be left out when `search` is given. Received: "
                    f"search={search}, seeds={seeds!r}. Train the run's recipe.toml "
                    "with several seeds afterwards."
                )
            result = jobs.search(name, search, seed=seed, **arguments)
            trained.print_search(console, result)
        elif seeds is not None:
            if seed is not None:
                raise ValueError(
                    "`seed` must be left out when `seeds` is given. Received: "
                    f"seed={seed}, seeds={seeds!r}."
                )
            result = jobs.train_seeds(name, _integers("seeds", seeds), **arguments)
            trained.print_seeds(console, result)
        else:
            result = jobs.train(name, seed=seed, **arguments)
            trained.print_training(console, result)
    finally:
        if not quiet:
            reporter.close()


def _units(text):
    units = _integers("units", text)
    return units if len(units) > 1 else units[0]
