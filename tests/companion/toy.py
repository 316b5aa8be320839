"""A book small enough to build in a test, made of the real machinery and configuration."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from companion.checking.claims import fingerprint

REPOSITORY = Path(__file__).resolve().parents[2]
_PAGES = Path(__file__).with_name("toy_book")

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

NOTATION = {
    "throughout": [{"symbol": "m", "meaning": "a slope", "where": "def-even"}],
    "local": [
        {
            "symbol": "m",
            "instead": True,
            "meanings": {"toy": {"meaning": "a number", "where": "thm-two"}},
        }
    ],
}
TRACT = "It is known that two is an even number; so is $2 + 2$, and every number is _odd_ or even."
CLAIM = {
    "title": "Two",
    "in": ["tract"],
    "quote": "two is an even number … every number is odd",
    "verdict": "corrected",
    "reason": "It holds, with {number}`answer:.0f` in mind; see {ref}`claim-other`.",
    "statements": ["thm-two"],
    "cells": ["book/toy/lines.ipynb#draw-line"],
}
CLAIMS = {
    "one": CLAIM,
    "other": {**CLAIM, "title": "Four", "quote": "so is $2+2$, and", "verdict": "holds"},
}

TITLE = "# Lines\n\n```{published} line\nA line of slope $m$.\n```"
SETUP = "import time\nimport numpy as np\nimport matplotlib.pyplot as plt\nfrom companion import publish, publish_number, style\nstyle.use()"  # noqa: E501
DRAW = """\
x = np.linspace(0.0, 1.0, 20)
figure, axes = plt.subplots()
axes.plot(x, slope * x)
publish(figure, "line", data={"x": x, "y": slope * x},
        alt="A straight line rising from the origin with constant slope.")
publish_number("answer", 42.0)
publish_number("tiny", -1.5e-7)
publish_number("now", time.time() * 1e-20, volatile=True)"""
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

    def files(self) -> dict[str, bytes]:
        """The site, file by file."""
        files = (path for path in self.site.rglob("*") if path.is_file())
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in files}

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

    def write_yaml(self, name: str, content: object) -> None:
        """Write a registry of the book, or any other file of YAML."""
        (self.root / name).write_text(yaml.safe_dump(content, sort_keys=False))

    @property
    def apparatus(self) -> Path:
        return self.root / "book" / "toy" / "apparatus.md"

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def make_toy_book(root: Path) -> ToyBook:
    """Write a toy book into an empty folder; it has no references yet."""
    toy = ToyBook(root)
    toy.notebook.parent.mkdir(parents=True)
    shutil.copyfile(REPOSITORY / "_config.yml", root / "_config.yml")
    for folder in ("_root", "_static"):
        shutil.copytree(REPOSITORY / "book" / folder, root / "book" / folder)
    toy.edit(root / "book/_root/index.html", "book/index", "book/toy/index")
    shutil.copyfile(REPOSITORY / "book/reproducibility.md", root / "book/reproducibility.md")
    (root / "book" / "references.bib").write_text("")
    (root / "requirements.lock").write_text("numpy==2\n")
    prints = root / "book" / "claims" / "fingerprints"
    prints.mkdir(parents=True)
    (prints / "tract.txt").write_text(fingerprint(TRACT))
    toc = {
        "format": "jb-book",
        "root": "book/toy/index",
        "defaults": {"numbered": True},
        "chapters": [
            {"file": "book/toy/lines"},
            {"file": "book/toy/alone"},
            {"file": "book/toy/apparatus"},
            {"file": "book/reproducibility"},
        ],
    }
    for page in (toy.page, toy.apparatus):
        shutil.copyfile(_PAGES / page.name, page)
    toy.write_notebook()
    toy.write_alone("1 + 1")
    for name, content in {
        "_toc.yml": toc,
        "CITATION.cff": CITATION,
        "book/figures.yml": {"line": {"notebook": "book/toy/lines.ipynb"}},
        "book/claims.yml": {"sources": {"tract": "a tract"}, "claims": CLAIMS},
        "book/notation.yml": NOTATION,
        "book/statements.yml": STATEMENTS,
    }.items():
        toy.write_yaml(name, content)
    return toy


def markdown(name: str, source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=name, metadata={"name": name})


def code(name: str, source: str, tags: Sequence[str] = ()) -> NotebookNode:
    metadata = {"name": name, **({"tags": list(tags)} if tags else {})}
    return nbformat.v4.new_code_cell(source, id=name, metadata=metadata)


def write_cells(path: Path, cells: Sequence[NotebookNode]) -> None:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": kernel})
    nbformat.write(nbformat.from_dict(notebook), path)
