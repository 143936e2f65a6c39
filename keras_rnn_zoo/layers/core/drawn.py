"""What a model without a network declares for its drawing through time."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Chain:
    """Values of which each depends on those of the steps before.

    Attributes:
        title: str. Of the drawing.
        hidden: str. The symbol of hidden values, each of which shows one; None: those
            that are shown are linked themselves.
        order: int. How many steps before count.
    """

    title: str
    hidden: str | None = None
    order: int = 1
