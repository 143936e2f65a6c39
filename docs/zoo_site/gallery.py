"""The gallery of the models under models/, by task, and their cards as pages."""

import html
import io
import json
import pathlib
import re

from keras_rnn_zoo.tasks import TASKS

ROOT = pathlib.Path(__file__).parents[2]
MODELS = ROOT / "models"

_WIDTH = 560


def read():
    """Dict from a model's name to its figures, those with weights first."""
    found = {}
    for file in ("metadata.json", "figures.json"):
        for path in sorted(MODELS.glob(f"*/{file}")):
            figures = json.loads(path.read_text("utf-8"))
            found.setdefault(path.parent.name, {**figures, "shipped": file[0] == "m"})
    return found


def pages():
    """Dict from path to Markdown or picture: the gallery, the cards, the pictures."""
    models = read()
    made = {"models/index.md": _index(models)}
    for name in models:
        card = (MODELS / name / "README.md").read_text("utf-8")
        made[f"models/{name}.md"] = _card(card) + _lessons(name)
        picture = MODELS / name / "predictions.png"
        if picture.exists():
            made[f"models/{name}.png"] = picture
            made[f"models/{name}_small.jpg"] = thumbnail(picture)
        if (drawing := picture.with_suffix(".svg")).exists():
            made[f"models/{name}.svg"] = drawing
    return made


def thumbnail(path):
    """The upper left of a picture, small, as JPEG."""
    from PIL import Image

    with Image.open(path) as image:
        whole = image.convert("RGB")
        height = min(whole.height, int(whole.width * 9 / 16))
        part = whole.crop((0, 0, whole.width, height))
        part = part.resize((_WIDTH, max(1, round(_WIDTH * height / whole.width))))
    file = io.BytesIO()
    part.save(file, "JPEG", quality=80)
    return file.getvalue()


def _card(text):
    text = re.sub(r"<!--.*?-->\n*", "", text)
    name = re.search(r"^# (.*)", text, re.M)[1]
    return re.sub(r"\]\(predictions\.(png|svg)\)", rf"]({name}.\1)", text)


def _lessons(name):
    """Links to the notebooks that name the model."""
    found = [
        f"* [{path.stem.replace('_', ' ')}](../notebooks/{path.stem}.md)"
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        if re.search(rf"\b{name}\b", path.read_text("utf-8"))
    ]
    return "\n".join(["", "## In the notebooks", "", *found, ""]) if found else ""


def _index(models):
    lines = [
        "# Models",
        "",
        "Trained, measured over seeds beside honest baselines, and loaded by name: "
        '`keras_rnn_zoo.load("digits_gru")`. Those without weights are recipes that '
        "were measured: `keras-rnn-zoo train NAME` makes them again. The pictures are "
        "of answers on test data.",
        "",
    ]
    for task, kind in TASKS.items():
        of_task = {n: m for n, m in models.items() if m.get("task") == task}
        if not of_task:
            continue
        title = kind.words[:1].upper() + kind.words[1:]
        lines += [f"## {title}", "", '<div class="gallery" markdown="0">']
        lines += [_tile(name, one) for name, one in of_task.items()]
        lines += ["</div>", ""]
    return "\n".join(lines)


def _tile(name, model):
    picture = ""
    for file, shown in (("png", f"{name}_small.jpg"), ("svg", f"{name}.svg")):
        if (MODELS / name / f"predictions.{file}").exists():
            alt = f"Answers of {name} on test data"
            picture = f'<img src="{shown}" alt="{alt}" loading="lazy">'
    weights = f"{model['parameters']:,} weights" if model["shipped"] else "recipe"
    return (
        f'<a class="model" href="{name}.html">{picture}<span class="words">'
        f'<span class="name">{name}</span>{html.escape(model["title"])}<br>'
        f"{html.escape(_figure(model))} · {weights}</span></a>"
    )


def _figure(model):
    """The first figure over the seeds, as the card has it."""
    first = model["test_over_seeds"][0]
    metric = first["metric"].replace("_", " ")
    spread = first.get("standard_deviation")
    number = f"{first['mean']:.4g}"
    return f"{metric} {number}" + (f" ± {spread:.2g}" if spread else "")
