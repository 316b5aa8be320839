"""The page on reproducibility: tables from the record that a build leaves beside its pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.declarations import TOLERANCE
from companion.checking.reproducibility import RECORD, commit_in_words
from companion.sphinx.elements import name_link, page_link, table, volatile
from companion.sphinx.published import declared_figures

_SHORT = 12  # characters of a digest that are shown; the record has all of them
_CLASSES = "reproducibility", "sortable"
_COMPARED = {"Largest deviation": 18, "Tolerance": 10, "Share": 8}

Record = Mapping[str, Any]


def setup(app: Sphinx) -> None:
    app.add_directive("reproducibility", _ReproducibilityDirective)


class _ReproducibilityDirective(SphinxDirective):
    """``{reproducibility} part``: one part of the record, as a sentence or a table."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        parts: Mapping[str, Callable[[Record], list[nodes.Node]]] = {
            "summary": _summary,
            "link": self._link,
            "notebooks": _notebooks,
            "figures": self._figures,
            "numbers": _numbers,
            "machine": _machine,
            "packages": _packages,
            "reasons": self._reasons,
        }
        wanted = self.arguments[0]
        if wanted not in parts:
            raise self.error(f"no part {wanted!r}; one of {', '.join(parts)} needed")
        path = Path(self.env.srcdir) / RECORD
        self.env.note_dependency(str(path))
        if path.is_file():
            return parts[wanted](json.loads(path.read_text(encoding="utf-8")))
        missing = "This site was built by Jupyter Book alone: nothing was compared or recorded."
        return [nodes.paragraph("", missing)] if wanted == "summary" else []

    def _link(self, _: Record) -> list[nodes.Node]:
        text = nodes.inline("", "All of this page as one file")
        link = addnodes.download_reference("", "", text, refdoc=self.env.docname)
        link["reftarget"] = f"/{RECORD.as_posix()}"
        return [nodes.paragraph("", "", link, nodes.Text(", for programs."))]

    def _figures(self, record: Record) -> list[nodes.Node]:
        rows = [
            (
                self._figure_link(name),
                _notebook_link(figure["notebook"]),
                _shortened(figure["digest"]),
                *_comparison(figure["compared"]),
            )
            for name, figure in record["figures"].items()
        ]
        columns = {"Figure": 24, "Notebook": 24, "Data digest": 16, **_COMPARED}
        return [table(columns, rows, *_CLASSES)]

    def _reasons(self, _: Record) -> list[nodes.Node]:
        """Return a list and no table: the reasons are prose, which a phone shows at full width."""
        found = nodes.definition_list(classes=["reasons"])
        for name, entry in declared_figures(self.env).items():
            if "why" not in entry:
                continue
            arrays = entry.get("arrays") or {}
            own = {"": entry.get("tolerance", TOLERANCE), **arrays}
            text = ", ".join(f"{a} {float(t):.2g}".strip() for a, t in own.items() if t is not None)
            if ignored := [array for array, tolerance in own.items() if tolerance is None]:
                text += f"; not compared: {', '.join(ignored)}"
            term = nodes.term("", "", self._figure_link(name), nodes.Text(f": {text}"))
            why = nodes.paragraph("", " ".join(entry["why"].split()))
            found += nodes.definition_list_item("", term, nodes.definition("", why))
        return [found]

    def _figure_link(self, name: str) -> addnodes.pending_xref:
        return name_link(self.env.docname, name, f"fig-{name}")


def _summary(record: Record) -> list[nodes.Node]:
    figures, numbers = record["figures"], record["numbers"]
    results = {**figures, **numbers}
    rows = [(name, row) for name in results for row in results[name]["compared"]]
    if not rows:
        text = (
            "References belong to the default scale, and this site was built at another one. "
            "Everything that is declared was published, but no figure and no number was "
            "compared with a reference."
        )
        return [nodes.paragraph("", text)]
    arrays = sum(len(figure["compared"]) for figure in figures.values())
    equal = sum(row["deviation"] == 0 for _, row in rows)
    text = (
        f"This build shows {len(figures)} figures and {len(numbers)} numbers from "
        f"{len(record['notebooks'])} notebooks. It compared {arrays} arrays behind the figures and "
        f"{sum(bool(number['compared']) for number in numbers.values())} of the numbers with their "
        f"references. All are within their tolerances; {equal} of {len(rows)} are equal to the "
        "last bit."
    )
    name, worst = max(rows, key=lambda item: item[1]["share"])
    if worst["deviation"]:
        where = f"{name} ({worst['array']})" if worst["array"] else name
        text += f" The largest deviation is {worst['share']:.2g} of its tolerance: {where}."
    return [nodes.paragraph("", text)]


def _notebooks(record: Record) -> list[nodes.Node]:
    rows = []
    for notebook, facts in record["notebooks"].items():
        run = record["volatile"]["runs"][notebook]
        times = (run["started"], f"{run['seconds']:.1f}")
        ran = (volatile(text=text) for text in times)
        rows.append((_notebook_link(notebook), *ran, _shortened(facts["key"])))
    columns = {"Notebook": 44, "Executed (UTC)": 24, "Seconds": 12, "Key": 20}
    return [table(columns, rows, *_CLASSES)]


def _numbers(record: Record) -> list[nodes.Node]:
    rows = []
    for name, number in record["numbers"].items():
        changing = number["value"] is None
        value = record["volatile"]["numbers"][name] if changing else number["value"]
        text = f"{value:.6g}"
        rows.append(
            (
                nodes.literal("", name),
                volatile(text=text) if changing else text,
                *_comparison(number["compared"]),
                _notebook_link(number["notebook"]),
            )
        )
    columns = {"Number": 28, "Value": 14, **_COMPARED, "Notebook": 28}
    return [table(columns, rows, *_CLASSES)]


def _machine(record: Record) -> list[nodes.Node]:
    rows = [("Commit", commit_in_words(record["volatile"]["commit"]))]
    for machine in record["volatile"]["machine"]:
        rows += [
            ("Processor", f"{machine['processor']}, {machine['cores']} cores"),
            ("System", f"{machine['system']}, Python {machine['python']}"),
            ("Vector instructions NumPy uses", ", ".join(machine["simd"])),
            *(("BLAS", blas) for blas in machine["blas"] or ["not reported"]),
        ]
    facts = [(key, volatile(text=value)) for key, value in rows]
    facts.append(("Lock", _shortened(record["lock"])))
    return [table({"What": 30, "Value": 70}, facts, "machine", "sortable")]


def _packages(record: Record) -> list[nodes.Node]:
    rows = [
        (nodes.literal("", name), version)
        for packages in record["packages"]
        for name, version in packages.items()
    ]
    return [table({"Package": 50, "Version": 50}, rows, *_CLASSES)]


def _comparison(rows: Sequence[Record]) -> tuple[str, str, str]:
    """Return deviation, tolerance and share of the array that comes nearest to its tolerance."""
    if not rows:
        return "not compared", "", ""
    worst = max(rows, key=lambda row: float(row["share"]))
    deviation = f"{worst['deviation']:.1e}" if worst["deviation"] else "0"
    if worst["deviation"] and worst["array"]:
        deviation += f" ({worst['array']})"
    return deviation, f"{worst['tolerance']:.2g}", f"{worst['share']:.2g}"


def _notebook_link(notebook: str) -> nodes.Node:
    docname = notebook.removesuffix(".ipynb")
    # Zero-width spaces, where a narrow column may break it.
    name = docname.removeprefix("book/").replace("/", "/\N{ZERO WIDTH SPACE}")
    return page_link("", nodes.Text(name), docname=docname, anchor="")


def _shortened(digest: str) -> nodes.Node:
    return nodes.abbreviation("", "", nodes.literal("", digest[:_SHORT]), explanation=digest)
