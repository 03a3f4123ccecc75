"""How numbers are written. Every format takes its texts from here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL, Summary

UNKNOWN = "—"
FAILS = "fails"
MOST_DECIMALS = 4
LEAST_DIGITS = 2
SMALLEST_DECIMAL, LARGEST_DECIMAL = 1e-5, 1e9  # numbers beyond are written with an exponent
BETWEEN, FROM_TO = " · ", " … "


@dataclass(frozen=True)
class Decimals:
    """How a column writes its numbers: with one count of decimals."""

    count: int

    @classmethod
    def of(cls, values: Iterable[float], every: Iterable[float] = ()) -> Decimals:
        """Choose the count: three significant digits of the median value, four decimals at most.

        `every` are all single values of the column. Where they are whole, the values are counts:
        they have no decimals, or one if a median lies between two counts.
        """
        known = [value for value in values if math.isfinite(value)]
        counts = [value for value in every if math.isfinite(value)]
        if counts and all(value == int(value) for value in counts):
            return cls(0 if all(value == int(value) for value in known) else 1)
        sizes = [abs(value) for value in known or counts if value]
        if not sizes:
            return cls(3 if known or counts else 0)
        return cls(min(MOST_DECIMALS, max(0, 2 - _exponent(median(sizes)))))

    def text(self, value: float) -> str:
        """Write a number. One that would keep fewer than two significant digits has its own."""
        if math.isnan(value):
            return UNKNOWN
        if math.isinf(value):
            return FAILS
        if value == 0:
            return "0"
        if not SMALLEST_DECIMAL <= abs(value) < LARGEST_DECIMAL:
            return f"{value:.1e}"
        own = LEAST_DIGITS - 1 - _exponent(value)
        decimals = self.count if self.count == 0 and value == int(value) else max(self.count, own)
        return f"{value:,.{decimals}f}"


def spread(summary: Summary, decimals: Decimals) -> tuple[str, str]:
    """Write the spread of a row, in full and in short; empty where all seeds agree.

    Five trials and more: `[low, high]`. Four and fewer: every value, `0.24 · 0.36 · 0.44`, in
    short the lowest and highest, `0.24 … 0.44`; a failed trial is written `fails`.
    """
    if summary.count < 2 or (not summary.failed and len(set(summary.values)) == 1):
        return "", ""
    if summary.interval is not None:
        ends = [decimals.text(end) for end in (summary.interval.low, summary.interval.high)]
        return f"[{', '.join(ends)}]", ""
    if summary.count >= FEWEST_FOR_AN_INTERVAL and summary.failed:
        return "", ""
    texts = [decimals.text(value) for value in summary.values] + [FAILS] * summary.failed
    full = BETWEEN.join(texts)
    return full, FROM_TO.join((texts[0], texts[-1])) if len(texts) > 2 else ""


def rounded(value: float, digits: int = 3) -> float:
    """Round to significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - _exponent(value))


def speed(value: float, is_doubtful: bool) -> str:
    """Write a speed with three significant digits and commas; `?` behind a doubtful one."""
    shown = rounded(value)
    text = f"{shown:,.0f}" if abs(shown) >= 100 else f"{shown:.{max(0, 2 - _exponent(shown))}f}"
    return f"{text}?" if is_doubtful else text


def plain(value: float) -> str:
    """Write a number alone: about three significant digits, whole numbers as they are."""
    if math.isfinite(value) and value == int(value) and abs(value) < LARGEST_DECIMAL:
        return f"{value:,.0f}"
    return Decimals.of([value]).text(value)


def aligned(texts: Sequence[str]) -> list[str]:
    """Pad texts on the right so that decimal points stand under each other when flushed right."""
    tails = [_tail(text) for text in texts]
    longest = max(tails, default=0)
    return [
        text + " " * (longest - tail) if text and text[0] in "-0123456789" else text
        for text, tail in zip(texts, tails, strict=True)
    ]


def _tail(text: str) -> int:
    """Characters from the decimal point on, as far as the text is a number."""
    number = text.rstrip("?")
    if "e" in number or not number.replace(",", "").replace(".", "").lstrip("-").isdigit():
        return 0
    return len(text) - text.index(".") if "." in text else len(text) - len(number)


def _exponent(value: float) -> int:
    """The power of ten of a number, as it is after rounding to three digits."""
    return int(f"{abs(value):.2e}".partition("e")[2]) if value else 0
