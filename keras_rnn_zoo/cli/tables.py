"""Figures beside each other, and what is said below them."""

from rich.table import Table

from keras_rnn_zoo.tasks import direction
from keras_rnn_zoo.terminal import shown


def print_origin(console, facts):
    """Print what the data were, where that differs between machines."""
    for key in ("interpreter", "corpus sha256"):
        if key in facts:
            console.print(f"{key}: {shown(facts[key])}", soft_wrap=True, style="dim")


def print_notes(console, figures):
    """Print each note once, after the methods that it is about."""
    names = {}
    for figure in figures:
        if figure.note:
            names.setdefault(figure.note, []).append(figure.name)
    for note, those in names.items():
        those = ", ".join(dict.fromkeys(those))
        console.print(f"  {shown(those)}: {shown(note)}", style="dim", soft_wrap=True)


def of_figures(title, model, baselines, spread=None):
    """Return one row a method, one column a metric, the best by the first on top."""
    metrics = list(dict.fromkeys(figure.metric for figure in [*model, *baselines]))
    rows = {}
    for figure in [*model, *baselines]:
        rows.setdefault(figure.name, {})[figure.metric] = figure.value
    ours = {figure.name for figure in model}
    lower_is_better = direction(metrics[0], "max") == "min"

    def order(item):
        value = item[1].get(metrics[0])
        if value is None:
            return float("inf")
        return value if lower_is_better else -value

    table = Table(title=shown(title), title_justify="left", title_style="bold")
    table.add_column("method")
    for metric in metrics:
        arrow = "lower is better" if direction(metric, "max") == "min" else ""
        heading = shown(metric.replace("_", " ")) + (f"\n({arrow})" if arrow else "")
        table.add_column(heading, justify="right")
    for name, values in sorted(rows.items(), key=order):
        cells = []
        for metric in metrics:
            value = values.get(metric)
            cell = "" if value is None else f"{value:.4f}"
            if spread and (name, metric) in spread:
                cell += f" ± {spread[name, metric]:.4f}"
            cells.append(cell)
        style = "bold green" if name in ours else None
        table.add_row(shown(name), *cells, style=style)
    return table
