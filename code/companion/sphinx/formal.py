"""Show what Coq has checked: below a statement a fold with the theorem, and a page of tables."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from companion.checking.formal import (
    AXIOMS,
    Record,
    definitions,
    read_record,
    registered_theorems,
    used_definitions,
)
from companion.checking.statements import TIERS, Evidence, Statement, read_registry
from companion.sphinx.elements import (
    Content,
    badge,
    depended_on,
    download,
    fold,
    fold_line,
    name_link,
    table,
)

RECORD = "book/formal.json"
STATEMENTS = "book/statements.yml"
WHOLE = "the whole statement"


def setup(app: Sphinx) -> None:
    app.add_directive("formal-tiers", _TiersDirective)
    app.add_directive("formal-theorems", _TheoremsDirective)
    app.add_directive("formal-axioms", _AxiomsDirective)


def formal_theorems(env: BuildEnvironment, statement: Statement) -> list[nodes.Element]:
    """What Coq checked of a statement, a fold for each theorem."""
    return [_theorem(env, item) for item in statement.evidence if item.place == "proof"]


def _theorem(env: BuildEnvironment, item: Evidence) -> nodes.Element:
    record = read_record(depended_on(env, RECORD))
    file, _, name = item.target.partition("#")
    theorem = record.theorems[item.target]
    book = Path(env.srcdir) / "book"
    known = definitions(book, depended_on(env, file))
    words = [*used_definitions(theorem.statement, known), f"Theorem {name} :\n{theorem.statement}."]
    text = "\n\n".join(words)
    about = f"In Coq: {item.part}" if item.part else "In Coq"
    shown = fold("", fold_line("", about), classes=["formal"])
    shown += nodes.literal_block(text, text, language="coq", force=True)
    rests = ", ".join(axiom.rpartition(".")[2] for axiom in theorem.axioms) or "none"
    link = download(env, "the proof", Path(file))
    # Sphinx has already collected what this page lets readers download.
    link["filename"] = env.dlfiles.add_file(env.docname, file)
    axioms = nodes.Text(f"Checked by Coq {record.coq}. Axioms: {rests}. File: ")
    shown += nodes.paragraph("", "", axioms, link, nodes.Text("."))
    return shown


class _Directive(SphinxDirective):
    def read(self) -> tuple[dict[str, Statement], Record]:
        """Return the registry and the record."""
        statements = read_registry(depended_on(self.env, STATEMENTS))
        return statements, read_record(depended_on(self.env, RECORD))


class _TiersDirective(_Directive):
    """How many statements, definitions apart, have each kind of evidence."""

    def run(self) -> list[nodes.Node]:
        statements, record = self.read()
        asserted = [s for s in statements.values() if not s.label.startswith("def-")]
        counts = Counter(tier for statement in asserted for tier in statement.tiers)
        rows: list[Sequence[Content]] = [
            [
                [badge(tier)],
                meaning,
                str(counts[tier]),
                f"{100 * counts[tier] / len(asserted):.0f} %",
            ]
            for tier, meaning in TIERS.items()
        ]
        columns = {"Evidence": 20, "What it means": 50, "Statements": 15, "Share": 15}
        theorems = registered_theorems(statements)
        text = (
            f"The book has {len(asserted)} statements. Coq {record.coq} has checked "
            f"{len(theorems)} theorems about them. A statement may have several kinds of evidence."
        )
        return [nodes.paragraph("", text), table(columns, rows, "formal-tiers")]


class _TheoremsDirective(_Directive):
    """Every theorem that Coq checked, with the statement it belongs to, and its part of it."""

    def run(self) -> list[nodes.Node]:
        statements, record = self.read()
        rows: list[Sequence[Content]] = []
        for statement in statements.values():
            link = name_link(
                self.env.docname, statement.label, statement.label, domain="prf", explicit=False
            )
            for item in statement.evidence:
                if item.place == "proof":
                    number = str(len(record.theorems[item.target].axioms))
                    name = nodes.literal("", item.target.rpartition("#")[2])
                    rows.append([[link.deepcopy()], item.part or WHOLE, [name], number])
        columns = {"Statement": 25, "What Coq has checked": 40, "Theorem": 25, "Axioms": 10}
        return [table(columns, rows, "formal-theorems", "sortable")]


class _AxiomsDirective(_Directive):
    """The axioms that theorems rest on, each with what it says and how many need it."""

    def run(self) -> list[nodes.Node]:
        _, record = self.read()
        counts = Counter(axiom for theorem in record.theorems.values() for axiom in theorem.axioms)
        rows: list[Sequence[Content]] = [
            [[nodes.literal("", axiom.rpartition(".")[2])], AXIOMS[axiom], str(counts[axiom])]
            for axiom in AXIOMS
            if counts[axiom]
        ]
        return [table({"Axiom": 30, "What it says": 55, "Theorems": 15}, rows, "formal-axioms")]
