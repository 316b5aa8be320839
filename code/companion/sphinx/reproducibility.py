"""The page on reproducibility: tables from the record that a build leaves beside its pages."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.declarations import TOLERANCE
from companion.checking.reproducibility import RECORD
from companion.sphinx.elements import (
    Content,
    depended_on,
    download,
    name_link,
    page_link,
    table,
    volatile,
)
from companion.sphinx.published import declared_figures

_DIGEST = re.compile(r"[0-9a-f]{20,}")
_SHORT = 12  # characters of a digest that are shown; the record has all of them
_COMPARED = {"Largest deviation": 18, "Tolerance": 10, "Share": 8}
_WIDTHS = {
    "notebooks": {"Notebook": 44, "Executed (UTC)": 24, "Seconds": 12, "Key": 20},
    "figures": {"Figure": 24, "Notebook": 24, "Data digest": 16, **_COMPARED},
    "numbers": {"Number": 28, "Value": 14, **_COMPARED, "Notebook": 28},
    "machine": {"What": 30, "Value": 70},
    "packages": {"Package": 50, "Version": 50},
}


def setup(app: Sphinx) -> None:
    app.add_directive("reproducibility", _ReproducibilityDirective)


class _ReproducibilityDirective(SphinxDirective):
    """``{reproducibility} part``: one part of the record, as a sentence or a table."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        part = self.arguments[0]
        if part not in (*_WIDTHS, "summary", "link", "reasons"):
            raise self.error(f"the record has no part {part!r}")
        path = depended_on(self.env, RECORD)
        if not path.is_file():
            missing = "This site was built by Jupyter Book alone: nothing was compared or recorded."
            return [nodes.paragraph("", missing)] if part == "summary" else []
        if part == "reasons":
            return [self._reasons()]
        if part == "link":
            link = download(self.env, "All of this page as one file", RECORD)
            return [nodes.paragraph("", "", link, nodes.Text(", for programs."))]
        found = json.loads(path.read_text(encoding="utf-8"))[part]
        if part == "summary":
            return [nodes.paragraph("", found)]
        rows = [{**row, **_worst(row.get("compared", ()))} for row in found]
        cells = [[self._cell(heading, row[heading]) for heading in _WIDTHS[part]] for row in rows]
        kind = "machine" if part == "machine" else "reproducibility"
        return [table(_WIDTHS[part], cells, kind, "sortable")]

    def _cell(self, heading: str, value: Any) -> Content:
        if isinstance(value, dict):
            return volatile(text=_shown(value["volatile"]))
        text = _shown(value)
        if heading == "Figure":
            return name_link(self.env.docname, text, f"fig-{text}")
        if heading == "Notebook":
            docname = text.removesuffix(".ipynb")
            # Zero-width spaces, where a narrow column may break it.
            name = docname.removeprefix("book/").replace("/", "/\N{ZERO WIDTH SPACE}")
            return page_link(self.env, self.env.docname, docname, "", nodes.Text(name))
        if heading in ("Number", "Package"):
            return nodes.literal("", text)
        if _DIGEST.fullmatch(text):
            return nodes.abbreviation("", "", nodes.literal("", text[:_SHORT]), explanation=text)
        return text

    def _reasons(self) -> nodes.definition_list:
        """Return a list and no table: the reasons are prose, which a phone shows at full width."""
        found = nodes.definition_list(classes=["reasons"])
        for name, entry in declared_figures(self.env).items():
            if "why" not in entry:
                continue
            own = {"": entry.get("tolerance", TOLERANCE), **entry.get("arrays", {})}
            text = ", ".join(f"{a} {float(t):.2g}".strip() for a, t in own.items() if t is not None)
            if ignored := [array for array, tolerance in own.items() if tolerance is None]:
                text += f"; not compared: {', '.join(ignored)}"
            term = nodes.term("", "", self._cell("Figure", name), nodes.Text(f": {text}"))
            why = nodes.paragraph("", " ".join(entry["why"].split()))
            found += nodes.definition_list_item("", term, nodes.definition("", why))
        return found


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _worst(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return deviation, tolerance and share of the array that comes nearest to its tolerance."""
    if not rows:
        return dict(zip(_COMPARED, ("not compared", "", ""), strict=True))
    worst = max(rows, key=lambda row: float(row["share"]))
    deviation = f"{worst['deviation']:.1e} ({worst['array']})" if worst["deviation"] else "0"
    shown = (deviation, f"{worst['tolerance']:.2g}", f"{worst['share']:.2g}")
    return dict(zip(_COMPARED, shown, strict=True))
