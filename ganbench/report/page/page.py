"""Write `report.html`: one file that loads nothing and sends nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

import ganbench
from ganbench import palette
from ganbench.headline import Headline
from ganbench.report.clean import clean, clean_headline
from ganbench.report.page import about, rows, speed, training
from ganbench.report.page.gallery import gallery
from ganbench.report.page.limits import STEPS, Limits, too_large
from ganbench.report.page.look import Looks
from ganbench.report.page.samples import Samples, collect
from ganbench.rows import Key

if TYPE_CHECKING:
    from ganbench.store import Store

FILE = "report.html"
MOST_BYTES = 5_000_000
_TEMPLATES = Path(__file__).with_name("templates")


def write(
    store: Store,
    headlines: Sequence[Headline],
    description: str = "",
    most_bytes: int = MOST_BYTES,
) -> Path:
    """Write the report of a results folder and return its path; raises StorageError.

    `headlines` are those of the folder's tables, `description` is one sentence about the
    benchmark. Samples, then training curves, are left out until the page has
    `most_bytes` at most; a page that is still larger says so at its top.
    """
    store.write(FILE, render(store, headlines, description, most_bytes))
    return store.root / FILE


def render(
    store: Store,
    headlines: Sequence[Headline],
    description: str = "",
    most_bytes: int = MOST_BYTES,
) -> str:
    """Make the report as text, the same bytes for the same folder."""
    headlines = [clean_headline(headline) for headline in headlines]
    looks = Looks.of(headlines)
    found = [collect(store, headline) for headline in headlines]
    fixed = _fixed(store, headlines, description)
    drawn = [
        {
            "speed": speed.section(headline, looks),
            "measured": about.measured(headline),
            "heading": heading,
        }
        for headline, heading in zip(headlines, _headings(headlines), strict=True)
    ]
    for limits in STEPS:
        tables = [
            {**_table(headline, samples, looks, limits, place), **own}
            for place, (headline, samples, own) in enumerate(
                zip(headlines, found, drawn, strict=True)
            )
        ]
        text = _template().render(tables=tables, warning="", **fixed)
        size = len(text.encode("utf-8"))
        if size <= most_bytes:
            return text
    return _template().render(tables=tables, warning=too_large(size, most_bytes), **fixed)


def _fixed(store: Store, headlines: Sequence[Headline], description: str) -> dict[str, Any]:
    """What does not depend on how much is left out."""
    name = about.manifest_name(store)
    return {
        "name": name,
        "description": description,
        "failures": about.failures(store, headlines),
        "machine": about.machine(headlines),
        "repeat": about.repeat(store, name),
        "data": _embedded_json([rows.numbers(headline) for headline in headlines]),
        "version": ganbench.__version__,
        "palette": Markup(palette.css()),
        "style": _asset("report.css"),
        "script": _asset("report.js"),
    }


def _table(
    headline: Headline, found: dict[Key, Samples], looks: Looks, limits: Limits, place: int
) -> dict[str, Any]:
    pictures = gallery(headline, found, looks, limits, place)
    return {
        "place": place,
        "title": headline.title,
        "shared": headline.shared,
        "sentences": [_on_a_page(sentence) for sentence in headline.sentences],
        "table": rows.table(headline, pictures, looks),
        "gallery": pictures,
        "training": training.section(headline, looks, limits, place),
        "primary": headline.primary.short_name if headline.primary else "",
    }


def _headings(headlines: Sequence[Headline]) -> list[str]:
    """Name each table by its data set, and by what else differs where two have the same."""
    found = []
    for headline in headlines:
        dataset = headline.title[0]
        others = [own for own in headlines if own is not headline and own.title[0] == dataset]
        differing = [
            part for part in headline.title[1:] if any(part not in own.title for own in others)
        ]
        found.append(", ".join([dataset, *differing]))
    return found


def _on_a_page(sentence: str) -> str:
    """A closing sentence without the options of a terminal's command."""
    return sentence.replace("--notes says why", "Failures says why")


def _embedded_json(values: Any) -> Markup:
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_without_names,
    )
    environment.filters["prose"] = _prose
    return environment.get_template("report.html.j2")


def _without_names(value: Any) -> Any:
    """Remove paths and names of users from every text that the template writes."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A note of the terminal: what stands between backticks is code."""
    parts = [escape(part) for part in clean(text).split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )


@cache
def _asset(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text("utf-8").strip())
