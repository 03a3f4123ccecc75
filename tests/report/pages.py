"""What the tests of the page share: folders of results, their headlines, and a tree of the HTML."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image
from toys import make_record, make_score, make_trial

from ganbench import pictures, record
from ganbench.analysis import table
from ganbench.headline.build import build
from ganbench.report import page
from ganbench.store import Store

RESULTS = Path(__file__).parents[2] / "results"
FOLDERS = ("digits-losses", "mixtures", "fashion-losses")
_VOID = {"meta", "link", "img", "input", "br", "hr", "wbr"}


def headlines(store):
    trials = store.planned()
    records = [found for trial in trials if (found := store.load(trial.id))]
    return [build(own) for own in table.build(trials, records)]


@cache
def committed(name):
    """Store, headlines and page of a committed folder."""
    store = Store(RESULTS / name)
    own = headlines(store)
    return store, own, page.render(store, own)


def make_folder(root, *pairs, name="toy", manifest=True):
    """Write a results folder of (trial, record or None) pairs."""
    root.mkdir(parents=True, exist_ok=True)
    if manifest:
        text = {
            "manifest_version": 1,
            "name": name,
            "trials": [asdict(trial) for trial, _ in pairs],
            "skipped": [],
        }
        (root / "manifest.json").write_text(json.dumps(text))
    for trial, found in pairs:
        if found is not None:
            folder = root / "trials" / trial.id
            folder.mkdir(parents=True)
            (folder / "record.json").write_text(record.to_json(found))
    return Store(root)


def completed(loss="hinge", seed=0, value=1.0, scores=None, training=None, **changes):
    """A trial with one value of `fd-pixels`."""
    model = changes.get("model", "toy")
    backend = changes.get("backend", "toy")
    dataset = changes.get("dataset", "specks")
    # Ids are names of folders, so long names are cut, as planning cuts them.
    parts = f"{backend}-{model}-{loss}-{dataset}".replace("/", "-")
    identifier = f"{parts[:60]}-{zlib.crc32(parts.encode())}-s{seed}"
    trial = make_trial(identifier, loss=loss, seed=seed, **changes)
    scores = [make_score(value)] if scores is None else scores
    return trial, make_record(trial, scores=scores, **(training or {}))


def failed(loss="hinge", seed=0, reason="the loss grew without bounds", **changes):
    trial, _ = completed(loss, seed, **changes)
    return trial, make_record(trial, status="diverged", reason=reason)


def baselines(seeds=3, **changes):
    values = {"real": 0.1, "memorizer": 0.5, "pixel-gaussian": 4.0}
    return [
        completed("none", seed, value * (1 + seed / 10), model=model, backend="numpy", **changes)
        for model, value in values.items()
        for seed in range(seeds)
    ]


def write_samples(store, trial, images):
    """Write `samples.png` as a run writes it: enlarged below 32 pixels, eight a line."""
    factor = max(1, -(-32 // images.shape[1]))
    laid = pictures.grid(images.repeat(factor, 1).repeat(factor, 2))
    path = store.root / "trials" / trial.id / "samples.png"
    Image.fromarray(laid[:, :, 0] if laid.shape[2] == 1 else laid).save(path)
    return path


def some_images(count=64, side=8, channels=1, seed=0):
    shape = (count, side, side, channels)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


# --------------------------------------------------------------------------- a tree of the HTML


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list = field(default_factory=list)

    @property
    def text(self):
        parts = (item if isinstance(item, str) else item.text for item in self.children)
        return " ".join("".join(parts).split())

    def all(self, tag="", kind="", **attributes):
        found = []
        for child in self.children:
            if isinstance(child, str):
                continue
            classes = (child.attributes.get("class") or "").split()
            fits = (not tag or child.tag == tag) and (not kind or kind in classes)
            if fits and all(child.attributes.get(k) == v for k, v in attributes.items()):
                found.append(child)
            found += child.all(tag, kind, **attributes)
        return found

    def one(self, tag="", kind="", **attributes):
        (found,) = self.all(tag, kind, **attributes)
        return found


class _Tree(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(text):
    """The tree of a page; fails where tags are not nested."""
    tree = _Tree()
    tree.feed(text)
    tree.close()
    assert len(tree.open) == 1, tree.open[-1].tag
    return tree.root
