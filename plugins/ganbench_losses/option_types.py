"""Types of options that several penalties share."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt

NonNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
