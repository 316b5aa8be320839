"""The record of what Coq has checked: ``book/formal.json``, written by ``make formal`` alone.

It holds the version of Coq, digests of all that was checked, and for every theorem that the
registry names what Coq printed: its statement, and the axioms it rests on. The pages show it as
long as the digests fit, so the book can be built where there is no Coq.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.checking.statements import Statement, read_registry
from companion.errors import refuse
from companion.project import Project
from companion.running.notebooks import Notebook
from companion.source_files import form, read_json, read_text

AXIOMS = {
    "ClassicalDedekindReals.sig_forall_dec": (
        "a property of natural numbers that can be decided for each of them holds for all, or a "
        "counterexample can be given (part of Coq's definition of the real numbers)"
    ),
    "ClassicalDedekindReals.sig_not_dec": (
        "for every statement P one can choose which holds, ¬P or ¬¬P "
        "(part of Coq's definition of the real numbers)"
    ),
    "FunctionalExtensionality.functional_extensionality_dep": (
        "two functions with the same values are equal"
    ),
    "Classical_Prop.classic": "a statement is true, or its negation is",
}
"""What a theorem of the book may rest on, beyond the logic of Coq, in words."""

# A sentence of Coq that defines something; it ends with a full stop at the end of a line.
_DEFINITION = re.compile(
    r"^(?:Definition|Fixpoint|Inductive|Record)\s+([\w']+).*?\.$", re.MULTILINE | re.DOTALL
)
# What a section declares; it becomes an argument of the definitions below.
_DECLARED = re.compile(r"^Variables?\b(.*?)\.$", re.MULTILINE | re.DOTALL)
_REQUIRED = re.compile(r"^From Book\.(\w+)\.formal Require Import (\w+)\.$", re.MULTILINE)
_NAME = re.compile(r"[^\W\d][\w']*")
_COMMENT = re.compile(r"\(\*.*?\*\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Theorem:
    """What Coq printed of a theorem."""

    statement: str
    axioms: Sequence[str]


@dataclass(frozen=True)
class Record:
    """The version of Coq, the digests of what it checked, its theorems by ``file#name``."""

    coq: str
    inputs: Mapping[str, str]
    theorems: Mapping[str, Theorem]


def read_record(path: Path) -> Record:
    """Read ``book/formal.json``; without the file nothing has been checked."""
    if not path.is_file():
        return Record("", {}, {})
    content = read_json(path, form("formal"))
    theorems = {name: Theorem(**entry) for name, entry in content["theorems"].items()}
    return Record(content["coq"], content["inputs"], theorems)


def formal_sources(project: Project) -> tuple[Path, ...]:
    """Return the proofs, and the scripts that print proofs, beside the chapters."""
    found = project.book.glob("*/formal/*")
    return tuple(sorted(path for path in found if path.suffix in (".v", ".py")))


def formal_inputs(project: Project) -> dict[str, str]:
    """SHA-256 of each proof, of each script, and of the code cells of the notebooks it names."""
    inputs = {}
    for path in formal_sources(project):
        text = read_text(path)
        inputs[project.name(path)] = text
        if path.suffix == ".py":
            for name in re.findall(r"book/[\w/]+\.ipynb", text):
                cells = Notebook.read(project.root / name).code
                inputs[name] = "\n".join(cell.source for cell in cells)
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in inputs.items()}


def registered_theorems(statements: Mapping[str, Statement]) -> list[str]:
    """Return the theorems that the registry names, each once, as ``file#name``."""
    evidence = (item for statement in statements.values() for item in statement.evidence)
    return list(dict.fromkeys(item.target for item in evidence if item.place == "proof"))


def check_formal(project: Project) -> None:
    """Check that Coq has checked these proofs, and every theorem that the registry names."""
    wanted = registered_theorems(read_registry(project.statements))
    record = read_record(project.formal)
    inputs = formal_inputs(project)
    problems = list(_missing(project, wanted))
    if not problems:
        problems += _stale(record, inputs)
        problems += _disagreements(record, wanted)
    refuse((*problems, *unfounded(record)))


def unfounded(record: Record) -> Iterator[str]:
    """Name the theorems that rest on more than the axioms allowed; an `Admitted` is one."""
    for name, theorem in record.theorems.items():
        for axiom in theorem.axioms:
            if axiom not in AXIOMS:
                yield f"{name}: rests on {axiom}, which is neither proved nor an axiom of the list"


def definitions(book: Path, file: Path) -> dict[str, str]:
    """Return the definitions of a proof, and of those it requires, by their names."""
    text = _COMMENT.sub("", read_text(file))
    found: dict[str, str] = {}
    for chapter, name in _REQUIRED.findall(text):
        found |= definitions(book, book / chapter / "formal" / f"{name}.v")
    for match in _DECLARED.finditer(text):
        found |= dict.fromkeys(re.findall(r"([^\W\d]\w*)(?=[\w ]* :)", match[1]), match[0])
    return found | {match[1]: match[0] for match in _DEFINITION.finditer(text)}


def used_definitions(statement: str, known: Mapping[str, str]) -> list[str]:
    """Return those of the definitions that a statement needs, in the order of the file."""
    used: set[str] = set()
    named = set(_NAME.findall(statement))
    while new := (named & known.keys()) - used:
        used |= new
        named = {name for found in new for name in _NAME.findall(known[found])}
    return list(dict.fromkeys(text for name, text in known.items() if name in used))


def _missing(project: Project, wanted: list[str]) -> Iterator[str]:
    known = {project.name(path) for path in formal_sources(project)}
    for target in wanted:
        file = target.partition("#")[0]
        if file not in known:
            yield f"formal evidence: {file} is no proof beside a chapter (book/*/formal/*.v or .py)"


def _stale(record: Record, inputs: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(record.inputs.keys() | inputs.keys()):
        if record.inputs.get(name) != inputs.get(name):
            yield f"{name}: changed since Coq checked it; `make formal` has it checked again"


def _disagreements(record: Record, wanted: list[str]) -> Iterator[str]:
    for target in wanted:
        if target not in record.theorems:
            yield f"{target}: no theorem that Coq has checked; `make formal` asks Coq for it"
    for target in record.theorems:
        if target not in wanted:
            yield f"{target}: checked by Coq, but no longer in statements.yml; run `make formal`"
