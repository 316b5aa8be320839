"""Compile the proofs with Coq, in a copy below ``_build``, and ask Coq what the theorems say."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from companion.checking.formal import formal_inputs, formal_sources, registered_theorems
from companion.checking.statements import read_registry
from companion.errors import BookError
from companion.project import Project
from companion.source_files import read_text

_WIDTH = 84  # columns of a printed statement: fits the page's text
# What opens scopes and notations, without which Coq would print names for symbols.
_HEADER = re.compile(
    r"^(?:Require|From|Import|Open Scope|Local Open Scope)\b.*?\.$", re.MULTILINE | re.DOTALL
)
_AXIOM = re.compile(r"^([^\W\d][\w.']*)\s+:", re.MULTILINE)
_BEGIN, _THEN = "=== statement ===", "=== axioms ==="


def prove(project: Project) -> dict[str, Any]:
    """Compile every proof and return the record that ``book/formal.json`` holds.

    A proof that Coq refuses, and a theorem of the registry that it does not know, are errors.
    """
    if shutil.which("coqc") is None:
        raise BookError("no coqc: on Debian `.ci/coq` installs Coq and its libraries")
    sources = _copy(project)
    _compile(project.proofs, sources)
    wanted = registered_theorems(read_registry(project.statements))
    theorems: dict[str, Any] = {}
    for file in dict.fromkeys(target.partition("#")[0] for target in wanted):
        names = [target.partition("#")[2] for target in wanted if target.startswith(f"{file}#")]
        found = _ask(project.proofs, Path(file).relative_to("book").with_suffix(".v"), names)
        theorems |= {f"{file}#{name}": found[name] for name in names}
    version = _run(["coqc", "--print-version"], project.proofs).split()[0]
    return {"coq": version, "inputs": formal_inputs(project), "theorems": theorems}


def render(record: Mapping[str, Any]) -> str:
    """Return the text of ``book/formal.json``."""
    return json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _copy(project: Project) -> list[Path]:
    """Copy the proofs, and write those that scripts print; return their paths in the copy."""
    kept = []
    for path in formal_sources(project):
        target = (project.proofs / path.relative_to(project.book)).with_suffix(".v")
        text = (
            read_text(path)
            if path.suffix == ".v"
            else _run([sys.executable, str(path)], project.root)
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        # What is as it was keeps its time: it is not compiled again.
        if not target.is_file() or read_text(target) != text:
            target.write_text(text, encoding="utf-8")
        kept.append(target.relative_to(project.proofs))
    for other in project.proofs.glob("*/formal/*.v"):
        if other.relative_to(project.proofs) not in kept:
            other.unlink()
    return kept


def _compile(folder: Path, sources: Sequence[Path]) -> None:
    names = [path.as_posix() for path in sources]
    options = ["-arg", "-w", "-arg", "none", "-Q", ".", "Book"]
    _run(["coq_makefile", *options, *names, "-o", "Makefile.coq"], folder)
    jobs = f"-j{os.cpu_count() or 1}"
    _run(["make", "--no-print-directory", "-s", "-f", "Makefile.coq", jobs], folder)


def _ask(folder: Path, source: Path, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what Coq prints of the theorems of one compiled file: statement and axioms."""
    header = "\n".join(_HEADER.findall(read_text(folder / source)))
    module = f"Book.{'.'.join(source.with_suffix('').parts)}"
    lines = [header, f"Require Import {module}.", f"Set Printing Width {_WIDTH}."]
    lines.append("Unset Printing Implicit Defensive.")
    for name in names:
        # Only a theorem has a type that is a proposition.
        lines.append(
            f"Goal True. let T := type of {module}.{name} in let _ := constr:(T : Prop) in"
        )
        lines.append(f'idtac "{_BEGIN}". Abort. Check {module}.{name}.')
        lines.append(f'Goal True. idtac "{_THEN}". Abort. Print Assumptions {module}.{name}.')
    question = folder / "questions" / f"{source.parts[0]}_{source.stem}.v"
    question.parent.mkdir(exist_ok=True)
    question.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["coqc", "-w", "none", "-Q", ".", "Book", str(question.relative_to(folder))]
    try:
        answers = _run(command, folder).split(_BEGIN)[1:]
    except BookError as error:
        called = f"book/{source.as_posix()}: {', '.join(names)}"
        raise BookError(f"{called}: not all of these are theorems\n{error}") from error
    found = {}
    for name, answer in zip(names, answers, strict=True):
        statement, axioms = answer.split(_THEN)
        first, *others = statement.strip().partition(":")[2].split("\n")
        lines = [first.strip(), *(line.removeprefix(" " * 7).rstrip() for line in others)]
        found[name] = {"statement": "\n".join(lines), "axioms": sorted(_AXIOM.findall(axioms))}
    return found


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a program in a folder and return what it prints; if it fails, raise what it says."""
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if found.returncode:
        raise BookError((found.stdout + found.stderr).strip() or f"{command[0]} failed")
    return found.stdout
