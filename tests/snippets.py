"""The plugins of the documents, as files, and as distributions that pip could have installed."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "docs" / "plugins.md"]
PLUGINS = ["squared_hinge", "drift", "tiny_torch", "energy_distance"]
PLUGINS += ["spiral", "thumbnails", "plain"]


def snippet(name):
    """The code block that follows a mark in one of the documents."""
    pattern = rf"<!-- snippet: {re.escape(name)} -->\n```python\n(.*?)```"
    (found,) = (
        match[1] for page in PAGES for match in re.finditer(pattern, page.read_text(), re.DOTALL)
    )
    return found


def write(folder, *names):
    """Put these plugins into a folder, each as a file."""
    paths = [folder / f"{name}.py" for name in names]
    for path in paths:
        path.write_text(snippet(path.name))
    return paths


def distribution(folder, name, modules, version="0.1"):
    """Put the metadata of a distribution of these modules into a folder, as pip would."""
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = "\n".join(f"{module} = {module}" for module in modules)
    (metadata / "entry_points.txt").write_text(f"[ganbench]\n{points}\n")
    (metadata / "RECORD").write_text("".join(f"{module}.py,,\n" for module in modules))
