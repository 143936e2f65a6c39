"""One row of the table in `tests/cases.py`."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """A unit under one set of options.

    `reference(x, states, weights, activations…)` is one step in NumPy float64 and
    returns `(output, states)`. `weights` maps weight names to shapes for 3 features
    and 4 units. `scale_free` units are not made linear by small weights: they divide
    by the scale of what they multiply, or what comes back is not scaled by weights.
    `in_training` is the step in training, where it is another than `reference`.
    `output_of(output, states)` is what a cell gives after zoneout has changed its
    states: the first of them where nothing is said. `flat` names what has no gradient,
    and `learns` is false where a token that is copied teaches nothing: what stands
    beside them says why.
    """

    id: str
    layer: type
    reference: object
    weights: dict
    options: dict = dataclasses.field(default_factory=dict)
    states: int = 1
    scale_free: bool = False
    output_of: object = lambda output, states: states[0]
    in_training: object = None
    flat: tuple = ()
    learns: bool = True

    @property
    def memories(self):
        """Names of the states that zoneout and trained initial states are for."""
        cell = self.cell
        return [name for name in cell.state_names if name not in cell.bookkeeping]

    @property
    def cell(self):
        return self.layer.cell_class

    def make_layer(self, units=4, **options):
        return self.layer(units, **{**self.options, **options})

    def make_cell(self, units=4, **options):
        return self.cell(units, **{**self.options, **options})
