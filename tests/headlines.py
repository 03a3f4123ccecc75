"""Hand-made tables and headlines: trials with records, and what is built from them."""

from toys import make_record, make_score, make_trial

from ganbench.analysis import table
from ganbench.headline import order
from ganbench.headline.build import build
from ganbench.plan import Plan
from ganbench.store import Store


def completed(identifier="t0", value=1.0, training=None, scores=None, **changes):
    """A trial and its record; `value` is its Fréchet distance."""
    trial = make_trial(identifier, **changes)
    scores = [make_score(value)] if scores is None else scores
    return trial, make_record(trial, scores=scores, **(training or {}))


def ended(identifier, status="failed", **changes):
    """A trial that did not complete."""
    trial = make_trial(identifier, **changes)
    return trial, make_record(trial, status=status, reason="broke")


def missing(identifier, **changes):
    """A trial that was planned only."""
    return make_trial(identifier, **changes), None


def many(identifier, values, **changes):
    """A row with these values by seed; None for a failed trial."""
    return [
        ended(f"{identifier}{seed}", "diverged", seed=seed, **changes)
        if value is None
        else completed(f"{identifier}{seed}", value, seed=seed, **changes)
        for seed, value in enumerate(values)
    ]


def baseline(name, values):
    """A reference row with these values by seed."""
    return many(f"{name}-", values, backend="numpy", model=name, loss="none")


def tables_of(*pairs, **options):
    """Tables of these pairs of a trial and its record, or None."""
    trials, records = [trial for trial, _ in pairs], [found for _, found in pairs if found]
    return table.build(trials, records, **options)


def table_of(*pairs, **options):
    """The only table of these pairs."""
    (found,) = tables_of(*pairs, **options)
    return found


def headlines_of(*pairs, wanted=(), sort=None, **options):
    """Headlines of these pairs, one a table."""
    found = [build(own, wanted) for own in tables_of(*pairs, **options)]
    return found if sort is None else order.sort(found, sort)


def headline_of(*pairs, **options):
    """The only headline of these pairs."""
    (found,) = headlines_of(*pairs, **options)
    return found


def folder_of(root, *pairs):
    """A results folder with these trials and records."""
    store = Store(root)
    store.prepare()
    for trial, found in pairs:
        if found is not None:
            store.trial_folder(trial.id)
            store.publish(found)
    store.write_manifest(Plan([trial for trial, _ in pairs], []), root.name)
    return store
