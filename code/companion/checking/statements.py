"""The registry of statements: what each uses, where it comes from, and how we know it.

``book/statements.yml`` holds what a page cannot say about itself; kind, title and place of a
statement are read from the page that states it, so nothing is written twice.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from companion.errors import refuse
from companion.project import BookError, Project, package_source
from companion.running.notebooks import Notebook, prose
from companion.source_files import called, form, read_text, read_yaml

TIERS = {
    "proved": "the proof is on the page",
    "formal": "checked by the proof assistant Coq",
    "formal in part": "a part of it, which is named, is checked by Coq",
    "exact": "certified in exact arithmetic",
    "rigorous": "enclosed by intervals",
    "cited": "a theorem of others, quoted without its proof",
    "sampled": "supported by numerics; not a proof",
}
"""How a statement is known; numerics last."""

_STATED = re.compile(
    r"^(?P<fence>```+|:::+)\{prf:(?P<kind>\w+)\}[ \t]*(?P<title>[^\n]*)\n"
    r"(?:[ \t]*:(?!label:)[\w-]+:[^\n]*\n)*"
    r"(?:[ \t]*:label:[ \t]*(?P<label>\S+))?",
    re.MULTILINE,
)
_UNREGISTERED_KINDS = frozenset({"proof", "remark", "example", "algorithm", "notation"})
"""Kinds that may go without a label: they assert nothing that others build on."""


@dataclass(frozen=True)
class Evidence:
    """One reason to believe a statement; `place` is ``""`` for a proof, here or elsewhere.

    `part` says which part of the statement a formal theorem states, if it is not the whole.
    """

    tier: str
    place: str = ""
    target: str = ""
    part: str = ""


@dataclass(frozen=True)
class Statement:
    """A registered statement."""

    label: str
    uses: tuple[str, ...]
    source: str
    evidence: tuple[Evidence, ...]

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers of its evidence, strongest first, each once."""
        present = {item.tier for item in self.evidence}
        return tuple(tier for tier in TIERS if tier in present)


_REFERRED = re.compile(r"\{prf:ref\}`(?:[^`<]*<)?([\w-]+)>?`")


def proof_target(label: str) -> str:
    """The MyST target in front of a statement's proof."""
    return f"proof-{label}"


def read_registry(path: Path) -> dict[str, Statement]:
    """Return the registry by label."""
    entries = read_yaml(path, form("statements"))
    return {label: _statement(label, entry) for label, entry in entries.items()}


def check_statements(project: Project) -> None:
    """Check that pages and registry agree, that uses are complete, and that all evidence exists."""
    registry = read_registry(project.statements)
    proofs = _proofs(project)
    problems = (
        *_disagreements(project, registry.keys()),
        *_without_idea(project),
        *_bad_uses(registry),
        *_unnamed_uses(registry, proofs),
        *(
            f"{label}: {problem}"
            for label, statement in registry.items()
            for problem in _bad_evidence(project, statement, proofs.keys())
        ),
    )
    refuse(problems)


def _statement(label: str, entry: Mapping[str, Any]) -> Statement:
    evidence = tuple(map(_evidence, entry.get("evidence", ())))
    return Statement(label, tuple(entry.get("uses", ())), entry["source"], evidence)


def _evidence(item: dict[str, str]) -> Evidence:
    tier, part = item.pop("tier"), item.pop("part", "")
    # What is left is the place and the target, of evidence that has one.
    place, target = next(iter(item.items()), ("", ""))
    return Evidence(f"{tier} in part" if part else tier, place, target, part)


def _disagreements(project: Project, labels: Collection[str]) -> Iterator[str]:
    places: dict[str, list[str]] = {label: [] for label in labels}
    for page in project.pages:
        for match in _STATED.finditer(prose(page)):
            if match["label"]:
                places.setdefault(match["label"], []).append(project.name(page))
            elif match["kind"] not in _UNREGISTERED_KINDS:
                title = match["title"].strip() or "without a title"
                yield f"{project.name(page)}: {match['kind']} {title!r} has no label"
    for label, pages in places.items():
        if label not in labels:
            yield f"{label}: stated in {pages[0]} but not registered in statements.yml"
        elif len(pages) != 1:
            yield f"{label}: stated on {', '.join(pages) or 'no page'}; one page needed"


def _without_idea(project: Project) -> Iterator[str]:
    for page in project.pages:
        for line in re.findall(
            r"^(?:```+|:::+)\{prf:proof\}[ \t]*\n(.*)", prose(page), re.MULTILINE
        ):
            yield (
                f"{project.name(page)}: the proof that begins {line[:40]!r} needs its idea, "
                "one sentence after {prf:proof}"
            )


def _bad_uses(registry: Mapping[str, Statement]) -> Iterator[str]:
    for label, statement in registry.items():
        for used in statement.uses:
            if used not in registry:
                yield f"{label}: uses {used}, which is not registered"
    try:
        TopologicalSorter({k: v.uses for k, v in registry.items()}).prepare()
    except CycleError as error:
        yield f"a circle of uses: {' → '.join(error.args[1])}"


def _unnamed_uses(registry: Mapping[str, Statement], proofs: Mapping[str, str]) -> Iterator[str]:
    for label, statement in registry.items():
        named = {label, *statement.uses}
        for other in sorted(set(_REFERRED.findall(proofs.get(label, ""))) - named):
            yield f"{label}: its proof refers to {other}, which is not among its uses"


def _bad_evidence(project: Project, statement: Statement, proved: Collection[str]) -> Iterator[str]:
    if not statement.evidence and not statement.label.startswith("def-"):
        yield "no evidence"
    for item in statement.evidence:
        if item.tier == "cited":
            if "{cite:" not in statement.source:
                yield f"cited, but its source {statement.source!r} cites nothing"
            continue
        if not item.place:
            if statement.label not in proved:
                target = proof_target(statement.label)
                yield f"{item.tier} evidence: proof at ({target})= does not exist"
            continue
        if item.place == "proof":
            continue  # checked with what Coq says of it, in companion.checking.formal
        exists = {"function": _function_exists, "test": _test_exists, "cell": cell_exists}
        if not exists[item.place](project, item.target):
            yield f"{item.tier} evidence: {item.place} {item.target} does not exist"


def _proofs(project: Project) -> dict[str, str]:
    """The proofs on the pages, each after its target, by the label of what it proves."""
    pattern = re.compile(
        rf"^\({proof_target('')}(\S+)\)=\s*\n(```+|:::+)\{{prf:proof\}}(.*?)^\2$",
        re.MULTILINE | re.DOTALL,
    )
    return {
        label: text for page in project.pages for label, _, text in pattern.findall(prose(page))
    }


def _function_exists(project: Project, target: str) -> bool:
    package, _, name = target.partition(".")
    try:
        source = package_source(package)
    except BookError:
        return False
    return any(name.rpartition(".")[2] in _defined(path) for path in source)


def _test_exists(project: Project, target: str) -> bool:
    file, _, name = target.partition("::")
    path = project.root / file
    return path.is_file() and name.partition("[")[0].rpartition("::")[2] in _defined(path)


@cache
def _defined(path: Path) -> frozenset[str]:
    try:
        tree = ast.parse(read_text(path))
    except (SyntaxError, ValueError) as error:  # ValueError for a null byte, before Python 3.12
        raise BookError(f"{called(path)}: not Python: {error}") from error
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
    )


def cell_exists(project: Project, target: str) -> bool:
    """Whether the code cell ``notebook.ipynb#name`` is in the book."""
    file, _, name = target.partition("#")
    path = project.root / file
    return path in project.notebooks and name in (c.name for c in Notebook.read(path).code)
