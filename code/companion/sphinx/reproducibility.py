"""The page on reproducibility: tables from the record that a build leaves beside its pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from companion.checking.declarations import TOLERANCE
from companion.checking.reproducibility import RECORD, commit_in_words
from companion.checking.statements import TIERS, Statement
from companion.running.notebooks import Notebook
from companion.sphinx.cells import page_link
from companion.sphinx.published import declared_figures
from companion.sphinx.registry import STATEMENTS, badge, name_link, registry, statement_link
from companion.sphinx.tables import sortable_table
from companion.sphinx.volatile import volatile

_SHORT = 12  # characters of a digest that are shown; the record has all of them

Cell = list[nodes.Node]


def setup(app: Sphinx) -> None:
    app.add_directive("reproducibility", _ReproducibilityDirective)


class _ReproducibilityDirective(SphinxDirective):
    """``{reproducibility} part``: one part of the record, as a sentence or a table."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        part = _PARTS.get(self.arguments[0])
        if part is None:
            raise self.error(f"no part {self.arguments[0]!r}; one of {', '.join(_PARTS)} needed")
        path = Path(self.env.srcdir) / RECORD
        for file in (path, Path(self.env.srcdir) / STATEMENTS):
            self.env.note_dependency(str(file))
        if not path.is_file():
            missing = "This site was built by Jupyter Book alone: nothing was compared or recorded."
            return [nodes.paragraph("", missing)] if part is _Page.summary else []
        return list(part(_Page(self.env, json.loads(path.read_text(encoding="utf-8")))))


class _Page:
    """The record, and the page it is shown on."""

    def __init__(self, env: BuildEnvironment, record: Mapping[str, Any]) -> None:
        self.env = env
        self.record = record
        self.volatile: Mapping[str, Any] = record["volatile"]

    def summary(self) -> Iterator[nodes.Node]:
        figures, numbers = self.record["figures"], self.record["numbers"]
        rows = [
            (name, row)
            for results in (figures, numbers)
            for name, result in results.items()
            for row in result["compared"]
        ]
        if not rows:
            yield nodes.paragraph(
                "",
                "References belong to the default scale, and this site was built at another one. "
                "Everything that is declared was published, but no figure and no number was "
                "compared with a reference.",
            )
            return
        equal = sum(row["deviation"] == 0 for _, row in rows)
        name, worst = max(rows, key=lambda item: item[1]["share"])
        arrays = sum(len(figure["compared"]) for figure in figures.values())
        compared = sum(bool(number["compared"]) for number in numbers.values())
        yield nodes.paragraph(
            "",
            f"This build shows {len(figures)} figures and {len(numbers)} numbers from "
            f"{len(self.record['notebooks'])} notebooks. It compared {arrays} arrays behind the "
            f"figures and {compared} of the numbers with their references. All are within their "
            f"tolerances; {equal} of {len(rows)} are equal to the last bit.",
        )
        if worst["deviation"]:
            where = f" ({worst['array']})" if name in figures else ""
            yield nodes.paragraph(
                "",
                "",
                nodes.Text(f"The largest deviation is {worst['share']:.2g} of its tolerance: "),
                nodes.literal("", name),
                nodes.Text(f"{where}."),
            )

    def link(self) -> Iterator[nodes.Node]:
        link = addnodes.download_reference(
            "",
            "",
            nodes.inline("", "All of this page as one file"),
            refdoc=self.env.docname,
            reftarget=f"/{RECORD.as_posix()}",
        )
        yield nodes.paragraph("", "", link, nodes.Text(", for programs."))

    def notebooks(self) -> Iterator[nodes.Node]:
        rows = []
        for notebook, facts in self.record["notebooks"].items():
            run = self.volatile["runs"][notebook]
            tiers = {
                tier
                for statement in self._statements.values()
                for tier, cell in _cells(statement)
                if cell.partition("#")[0] == notebook
            }
            rows.append(
                [
                    [self._notebook_link(notebook)],
                    [volatile(text=run["started"])],
                    [volatile(text=f"{run['seconds']:.1f}")],
                    [_shortened(facts["key"])],
                    [
                        part
                        for tier in TIERS
                        if tier in tiers
                        for part in (badge(tier), nodes.Text(" "))
                    ],
                ]
            )
        columns = {"Notebook": 36, "Executed (UTC)": 22, "Seconds": 10, "Key": 16, "Evidence": 16}
        yield sortable_table(columns, rows, "reproducibility")

    def figures(self) -> Iterator[nodes.Node]:
        rows = []
        for name, figure in self.record["figures"].items():
            worst = _worst(figure["compared"])
            where = f" ({worst['array']})" if worst and worst["deviation"] else ""
            rows.append(
                [
                    [_figure_link(self.env.docname, name)],
                    [self._notebook_link(figure["notebook"])],
                    [_shortened(figure["digest"])],
                    [*_deviation(worst), nodes.Text(where)],
                    _tolerance(worst),
                    _share(worst),
                    self._supported(figure["notebook"], name),
                ]
            )
        columns = {
            "Figure": 18,
            "Notebook": 18,
            "Data digest": 12,
            "Largest deviation": 14,
            "Tolerance": 8,
            "Share": 8,
            "Supports": 22,
        }
        yield sortable_table(columns, rows, "reproducibility")

    def numbers(self) -> Iterator[nodes.Node]:
        rows = []
        for name, number in self.record["numbers"].items():
            worst = _worst(number["compared"])
            rows.append(
                [
                    [nodes.literal("", name)],
                    [
                        volatile(text=f"{self.volatile['numbers'][name]:.6g}")
                        if number["value"] is None
                        else nodes.Text(f"{number['value']:.6g}")
                    ],
                    _deviation(worst),
                    _tolerance(worst),
                    _share(worst),
                    [self._notebook_link(number["notebook"])],
                ]
            )
        columns = {
            "Number": 28,
            "Value": 14,
            "Deviation": 12,
            "Tolerance": 10,
            "Share": 8,
            "Notebook": 28,
        }
        yield sortable_table(columns, rows, "reproducibility")

    def machine(self) -> Iterator[nodes.Node]:
        rows = [("Commit", commit_in_words(self.volatile["commit"]))]
        for machine in self.volatile["machine"]:
            rows += [
                ("Processor", f"{machine['processor']}, {machine['cores']} cores"),
                ("System", f"{machine['system']}, Python {machine['python']}"),
                ("Vector instructions NumPy uses", ", ".join(machine["simd"])),
                *(("BLAS", blas) for blas in machine["blas"] or ["not reported"]),
            ]
        table = [[[nodes.Text(key)], [volatile(text=value)]] for key, value in rows]
        table.append([[nodes.Text("Lock")], [_shortened(self.record["lock"])]])
        yield sortable_table({"What": 30, "Value": 70}, table, "machine")

    def packages(self) -> Iterator[nodes.Node]:
        rows = [
            [[nodes.literal("", name)], [nodes.Text(version)]]
            for packages in self.record["packages"]
            for name, version in packages.items()
        ]
        yield sortable_table({"Package": 50, "Version": 50}, rows, "reproducibility")

    def reasons(self) -> Iterator[nodes.Node]:
        """Return a list and no table: the reasons are prose, which a phone shows at full width."""
        found = nodes.definition_list(classes=["reasons"])
        for name, entry in declared_figures(self.env).items():
            if "why" not in entry:
                continue
            own = {"": entry.get("tolerance", TOLERANCE), **(entry.get("arrays") or {})}
            told = [f"{array} {value:.2g}".strip() for array, value in _floats(own)]
            ignored = [array for array, value in own.items() if value is None]
            text = f": {', '.join(told)}"
            if ignored:
                text += f"; not compared: {', '.join(ignored)}"
            term = nodes.term("", "", _figure_link(self.env.docname, name), nodes.Text(text))
            why = nodes.paragraph("", " ".join(entry["why"].split()))
            found += nodes.definition_list_item("", term, nodes.definition("", why))
        yield found

    # Links --------------------------------------------------------------------------------

    @cached_property
    def _statements(self) -> Mapping[str, Statement]:
        return registry(self.env)

    def _notebook_link(self, notebook: str) -> nodes.Node:
        name = notebook.removeprefix("book/").removesuffix(".ipynb")
        name = name.replace("/", "/\N{ZERO WIDTH SPACE}")  # where a narrow column may break it
        return page_link("", nodes.Text(name), docname=notebook.removesuffix(".ipynb"), anchor="")

    def _supported(self, notebook: str, figure: str) -> Cell:
        """Statements whose evidence is a cell that drew the figure, or whose results it drew."""
        source = Notebook.read(Path(self.env.srcdir) / notebook)
        drew = source.publishing_cell(figure)
        cells = source.sources_of(drew) if drew else set()
        targets = {f"{notebook}#{cell.name}" for cell in cells if cell.name}
        found: Cell = []
        for label, statement in self._statements.items():
            for tier in dict.fromkeys(tier for tier, cell in _cells(statement) if cell in targets):
                found += [badge(tier), nodes.Text(" "), statement_link(self.env.docname, label)]
                found += [nodes.Text(" ")]
        return found


def _cells(statement: Statement) -> list[tuple[str, str]]:
    return [(item.tier, item.target) for item in statement.evidence if item.place == "cell"]


def _floats(tolerances: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    return ((name, float(value)) for name, value in tolerances.items() if value is not None)


def _figure_link(docname: str, name: str) -> addnodes.pending_xref:
    return name_link(docname, name, f"fig-{name}")


def _shortened(digest: str) -> nodes.Node:
    return nodes.abbreviation("", "", nodes.literal("", digest[:_SHORT]), explanation=digest)


def _worst(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return max(rows, key=lambda row: float(row["share"]), default=None)


def _deviation(row: Mapping[str, Any] | None) -> Cell:
    if not row:
        return [nodes.Text("not compared")]
    return [nodes.Text(f"{row['deviation']:.1e}" if row["deviation"] else "0")]


def _tolerance(row: Mapping[str, Any] | None) -> Cell:
    return [nodes.Text(f"{row['tolerance']:.2g}" if row else "")]


def _share(row: Mapping[str, Any] | None) -> Cell:
    return [nodes.Text(f"{row['share']:.2g}" if row else "")]


_PARTS: Mapping[str, Callable[[_Page], Iterator[nodes.Node]]] = {
    part.__name__: part
    for part in (
        _Page.summary,
        _Page.link,
        _Page.notebooks,
        _Page.figures,
        _Page.numbers,
        _Page.machine,
        _Page.packages,
        _Page.reasons,
    )
}
