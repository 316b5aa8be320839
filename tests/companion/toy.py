"""A book small enough to build in a test, made of the real machinery and configuration."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]

INDEX = """\
# A toy book

It says {number}`answer:.1f` and {number}`tiny:.2e`.

```{prf:definition} Evenness
:label: def-even

A number is *even* if it is twice another.
```

```{prf:theorem} Two is even
:label: thm-two

The number two is even.
```

(proof-thm-two)=
```{prf:proof}
Two is twice one.
```

See {prf:ref}`thm-two`, {numref}`fig-line` and [the notebook](lines.ipynb).

```{with-repository}
The code is [there]({url}).
```

```{without-repository}
The code is in a clone.
```

```{statement-table}
```
"""

STATEMENTS = {
    "def-even": {"source": "Folklore."},
    "thm-two": {
        "uses": ["def-even"],
        "source": "Folklore.",
        "evidence": [
            {"tier": "proved"},
            {"tier": "sampled", "cell": "book/toy/lines.ipynb#draw-line"},
        ],
    },
}

AUTHORS = [{"name": "A group"}, {"family-names": "Weierstraß", "given-names": "Karl"}]
CITATION = {
    "message": "Cite it.",
    "title": "T",
    "authors": AUTHORS,
    "version": "2.1",
    "date-released": "2027-01-31",
    "references": [{"title": "P", "year": 1874, "url": "https://example.org/", "authors": AUTHORS}],
}

TITLE = "# Lines\n\n```{published} line\nA line of slope $m$.\n```"
SETUP = "import numpy as np\nimport matplotlib.pyplot as plt\nfrom companion import publish, publish_number, style\nstyle.use()"  # noqa: E501
DRAW = """\
x = np.linspace(0.0, 1.0, 20)
figure, axes = plt.subplots()
axes.plot(x, slope * x)
publish(figure, "line", data={"x": x, "y": slope * x},
        alt="A straight line rising from the origin with constant slope.")
publish_number("answer", 42.0)
publish_number("tiny", -1.5e-7)"""
ALONE = "# Alone\n\nIt publishes nothing."


@dataclass(frozen=True)
class ToyBook:
    """A toy book on disk, with the few edits that tests make."""

    root: Path

    @property
    def notebook(self) -> Path:
        return self.root / "book" / "toy" / "lines.ipynb"

    @property
    def page(self) -> Path:
        return self.root / "book" / "toy" / "index.md"

    @property
    def site(self) -> Path:
        return self.root / "_build" / "html"

    def write_notebook(self, draw: str = DRAW, title: str = TITLE, below: str = "") -> None:
        cells = [
            markdown("title", title),
            code("setup", SETUP),
            code("knobs", 'scale = "default"\nslope = 2.0', tags=["parameters"]),
            code("draw-line", draw),
            *([markdown("below", below)] if below else []),
        ]
        write_cells(self.notebook, cells)

    def write_alone(self, source: str) -> None:
        """Write the notebook that publishes nothing: one cell, which imports nothing slow."""
        cells = [markdown("t", ALONE), code("one", source)]
        write_cells(self.root / "book/toy/alone.ipynb", cells)

    def write_statements(self, statements: dict[str, object]) -> None:
        text = yaml.safe_dump(statements, sort_keys=False)
        (self.root / "book" / "statements.yml").write_text(text)

    def write_figures(self, figures: dict[str, object]) -> None:
        (self.root / "book" / "figures.yml").write_text(yaml.safe_dump(figures, sort_keys=False))

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def make_toy_book(root: Path) -> ToyBook:
    """Write a toy book into an empty folder; it has no references yet."""
    toy = ToyBook(root)
    toy.notebook.parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / "_config.yml", root / "_config.yml")
    shutil.copytree(REPOSITORY / "book" / "_static", root / "book" / "_static")
    shutil.copyfile(REPOSITORY / "book/reproducibility.md", root / "book/reproducibility.md")
    (root / "book" / "references.bib").write_text("")
    (root / "requirements.lock").write_text("numpy==2\n")
    toc = {
        "format": "jb-book",
        "root": "book/toy/index",
        "defaults": {"numbered": True},
        "chapters": [
            {"file": "book/toy/lines"},
            {"file": "book/toy/alone"},
            {"file": "book/reproducibility"},
        ],
    }
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    toy.page.write_text(INDEX)
    toy.write_notebook()
    toy.write_alone("1 + 1")
    toy.write_statements(STATEMENTS)
    toy.write_figures({"line": {"notebook": "book/toy/lines.ipynb"}})
    return toy


def markdown(name: str, source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {"name": name}, "source": source}


def code(name: str, source: str, tags: list[str] | None = None) -> dict[str, object]:
    metadata = {"name": name, **({"tags": tags} if tags else {})}
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": source,
        "execution_count": None,
        "outputs": [],
    }


def write_cells(path: Path, cells: list[dict[str, object]]) -> None:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content, indent=1))
