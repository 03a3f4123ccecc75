"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_losses.hinge import Hinge
from ganbench_losses.least_squares import LeastSquares
from ganbench_losses.standard import Minimax, NonSaturating


@ganbench.hookimpl
def ganbench_losses():
    """Offer the four losses."""
    return [Minimax, NonSaturating, LeastSquares, Hinge]
