"""The options of a plugin's class: names, defaults, values, and what the data set decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from ganbench import option_notes, selectors
from ganbench.contracts import Task
from ganbench.plugins import Catalog

BY_DATASET = "by data set"


def of_class(cls: type[Any], catalog: Catalog, task: Task | None) -> list[Table | str]:
    """A table with one row for each option, and a line on the defaults that a data set decides.

    With a task, these defaults are those of its data set.
    """
    cls = getattr(cls, "reader", cls)
    types, phrases = selectors.option_types(cls), option_notes.notes(cls)
    if not types:
        return ["options: none"]
    by_dataset, remark = _of_dataset(cls, catalog, task)
    table = Table("option", "default", "values", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for item in dataclasses.fields(cls):
        if item.name in types:
            values = [selectors.type_text(types[item.name]), phrases.get(item.name, "")]
            cells = (item.name, by_dataset.get(item.name, _default(item)))
            table.add_row(*map(Text, (*cells, "; ".join(filter(None, values)))))
    return [table, *([remark] if remark else [])]


def _of_dataset(cls: type[Any], catalog: Catalog, task: Task | None) -> tuple[dict[str, str], str]:
    """The defaults of the options that a data set decides, and a remark on them."""
    if not hasattr(cls, "for_task"):
        return {}, ""
    if task is None:
        names = {name for some in _tasks(catalog) for name in _decided(cls(), some)}
        remark = f"{BY_DATASET}: depends on the data set; --dataset D shows it"
        return dict.fromkeys(names, BY_DATASET), remark if names else ""
    reason = cls().unsuitable(task)
    if reason:
        return {}, f"on {task.dataset}: not supported, {reason}"
    values = {name: _shown(value) for name, value in _decided(cls(), task).items()}
    return values, f"defaults of {task.dataset}: {', '.join(values)}" if values else ""


def _decided(model: Any, task: Task) -> dict[str, Any]:
    """The options that are None until `for_task` sets them, where the model can do the task."""
    if model.unsuitable(task):
        return {}
    before, after = selectors.options(model), selectors.options(model.for_task(task))
    return {name: after[name] for name in before if before[name] is None is not after[name]}


def _tasks(catalog: Catalog) -> Iterator[Task]:
    """The tasks of the data sets that need no options."""
    for entry in catalog.entries("datasets"):
        if not hasattr(entry.cls, "reader"):
            yield selectors.build(entry.cls, selectors.Selector(entry.name)).task()


def _default(item: dataclasses.Field[Any]) -> str:
    if item.default is not dataclasses.MISSING:
        return _shown(item.default)
    return "required" if item.default_factory is dataclasses.MISSING else "computed"


def _shown(value: Any) -> str:
    """A value as selectors take it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
