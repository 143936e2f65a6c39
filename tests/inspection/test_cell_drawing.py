"""Cells drawn from their `step`: what is in the drawing, and that it can be read."""

import re
import xml.etree.ElementTree

import keras
import pytest

from keras_rnn_zoo import LSTM, GRUCell, inspection
from keras_rnn_zoo.inspection import cell_graph, layered
from keras_rnn_zoo.layers.core.base import GatedCell
from keras_rnn_zoo.layers.core.registry import recurrent_layers

FOLDED = {"LTC", "MLSTM", "RWKV7", "LayerNormLSTM", "LayerNormGRU"}
NAMES = [entry.name for entry in inspection.catalogue()]


@pytest.fixture(scope="module")
def drawings():
    return {name: inspection.draw_cell(name) for name in NAMES}


def words_for(cell, folded):
    """Dict from what must be named to how a drawing may write it."""
    found = {}
    for letter, name, blocks in (
        ("W", "kernel", cell.blocks),
        ("U", "recurrent_kernel", cell.recurrent_blocks or cell.blocks),
    ):
        if getattr(cell, name) is None:
            continue
        for block in blocks:
            single = len(blocks) == 1
            found[f"{name} {block}"] = [letter if single else f"{letter}_{block}"]
            found[f"{name} {block}"] += [letter] * folded
    for weight in cell.own_weights:
        if weight.name not in ("kernel", "recurrent_kernel", "bias"):
            short = weight.name.removesuffix("_kernel")
            greek = cell_graph._GREEK.get(weight.name, weight.name)
            found[weight.name] = [weight.name, short, greek]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_names_each_weight_and_each_state(name, drawings):
    drawing = drawings[name]
    root = xml.etree.ElementTree.fromstring(drawing.svg)
    assert root.get("role") == "img" and root.get("aria-label") == drawing.alt
    texts = ["".join(one.itertext()) for one in root.findall(".//{*}text")]
    shown = "  ".join(texts).replace("\u00a0", " ")
    labels = " ".join([*(n["label"] for n in drawing.nodes), *drawing.notes])
    layer = recurrent_layers()[name](64)
    layer.build((None, None, 32))
    named = set(re.findall(r"\w+", labels.replace("_{", " ")))
    named |= set(re.findall(r"[WU]_[A-Za-z0-9]+", labels))
    for what, ways in words_for(layer.cell, drawing.folded).items():
        assert named & set(ways), (what, labels)
    for state in layer.cell.state_names:
        base, _, index = state.partition("_")
        index += "," * bool(index)
        assert f"{base}{index}t−1" in shown and f"{base}{index}t" in texts, state
    assert f"{drawing.nodes[0]['label'][:1]}" in shown and "xt" in texts
    assert drawing.folded == (
        name in {"LTC", "MLSTM", "RWKV7", "LayerNormLSTM", "LayerNormGRU"}
    )


def test_boxes_stand_apart_and_lines_keep_off_them(monkeypatch):
    kept = []

    def arrange(boxes, first):
        kept.append((boxes, layered.arrange(boxes, first)))
        return kept[-1][1]

    monkeypatch.setattr("keras_rnn_zoo.inspection.cell_drawing.arrange", arrange)
    for name in NAMES:
        inspection.draw_cell(name)
        boxes, layout = kept[-1]
        areas = {
            n: (x - b.width / 2, y - b.height / 2, x + b.width / 2, y + b.height / 2)
            for n, (b, (x, y)) in enumerate(zip(boxes, layout.places, strict=True))
            if not b.below
        }
        for n, one in areas.items():
            assert one[0] >= 0 and one[2] <= layout.width, name
            assert one[1] >= 0 and one[3] <= layout.height, name
            for m, other in areas.items():
                assert m <= n or not meet(one, other), (name, n, m)
        for source, target, points in layout.lines:
            for (a, b), (c, d) in zip(points, points[1:], strict=False):
                line = (min(a, c), min(b, d), max(a, c), max(b, d))
                for n, area in areas.items():
                    if n not in (source, target):
                        assert not meet(line, area), (name, source, target, n)


def test_lines_from_different_places_do_not_run_in_one(monkeypatch):
    """Two lines on one another could not be told apart."""
    kept = []

    def arrange(boxes, first):
        kept.append(layered.arrange(boxes, first))
        return kept[-1]

    monkeypatch.setattr("keras_rnn_zoo.inspection.cell_drawing.arrange", arrange)
    for name in ("LSTM", "GRU", "ATR", "MinLSTM", "CIFGLSTM", "PeepholeLSTM", "NAS"):
        inspection.draw_cell(name)
        level = [
            (source, b, min(a, c), max(a, c))
            for source, _, points in kept[-1].lines
            for (a, b), (c, d) in zip(points, points[1:], strict=False)
            if abs(b - d) < 0.1
        ]
        for source, height, left, right in level:
            for other, near, begin, end in level:
                apart = abs(height - near) > 2 or begin > right - 1 or left > end - 1
                assert source == other or apart, (name, source, other)


def meet(one, other):
    return (
        one[0] < other[2] - 1
        and other[0] < one[2] - 1
        and one[1] < other[3] - 1
        and other[1] < one[3] - 1
    )


def test_lstm_is_drawn_as_its_equations_are_written(drawings):
    nodes = drawings["LSTM"].nodes

    def text(n):
        node = nodes[n]
        inside = [text(one) for one in node["inputs"]]
        if node["kind"] == "unit":
            return f"({node['label']})"
        return node["label"] + (f"[{', '.join(inside)}]" if inside else "")

    gate = "(x W_{0} + h U_{0} + b_{0})".format
    memory = f"+[⊙[{gate('f')}, c_{{t−1}}], ⊙[{gate('i')}, {gate('c')}]]"
    ends = [
        text(n) for n, node in enumerate(nodes) if node["kind"] in ("new", "output")
    ]
    assert ends == [
        f"h_{{t}}[⊙[{gate('o')}, tanh[{memory}]]]",
        f"c_{{t}}[{memory}]",
    ]
    assert "σ of x W_f + h U_f + b_f" in drawings["LSTM"].alt


def test_a_cell_of_ones_own_is_drawn(tmp_path):
    class OwnCell(GatedCell):
        blocks = ("q", "n")

        def step(self, x, states, u):
            [h] = states
            a = u(h, plus=x)
            h = keras.ops.exp(-0.5 * keras.ops.relu(a.q)) * h + self.activation(a.n)
            return h, [h]

    drawing = inspection.draw_cell(OwnCell(4))
    labels = [node["label"] for node in drawing.nodes]
    assert "x W_q + h U_q + b_q" in labels and "× −0.5" in labels and "exp" in labels
    assert drawing.save(tmp_path / "own.svg").read_text("utf-8") == drawing._repr_svg_()


def test_what_is_subtracted_or_divides_bears_a_sign(drawings):
    def signs(name):
        root = xml.etree.ElementTree.fromstring(drawings[name].svg)
        return [one.text for one in root.findall(".//*[@class='sign']")]

    assert signs("ATR") == ["−"] and "÷" in signs("MinLSTM") and not signs("LSTM")


def test_options_are_in_the_drawing():
    before = inspection.draw_cell(GRUCell(4, reset_after=False, use_bias=False))
    assert "x W_h + · U_h" in [node["label"] for node in before.nodes]
    assert inspection.draw_cell(LSTM(4)).svg == inspection.draw_cell(LSTM(4)).svg
    folded = inspection.draw_cell("LSTM", fold=True)
    assert folded.folded and len(folded.nodes) < 10 and "Folded" in folded.notes[0]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="`cell` must be .*Received: cell='Lstm'"):
        inspection.draw_cell("Lstm")
    with pytest.raises(TypeError, match="`cell` must be a `GatedCell`.*cell=3"):
        inspection.draw_cell(3)
