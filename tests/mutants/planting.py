"""Which errors are planted: a sample of the generated ones, and those written by hand."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from operators import Mutant, mutants_of
from suite import Suite


def generated(suite: Suite) -> dict[str, Mutant]:
    """All generated mutants of a package by name."""
    paths = sorted((suite.base / suite.package).rglob("*.py"))
    modules = {path.relative_to(suite.base).as_posix(): path for path in paths}
    return {
        mutant.name: mutant
        for module, path in modules.items()
        if not module.startswith(tuple(suite.only_planted))
        for mutant in mutants_of(module, path.read_text("utf-8"))
    }


def planted(folder: Path, package: str, entries: Iterable[Mapping[str, str]]) -> dict[str, Mutant]:
    """The mutants written by hand; each names a piece of text that its module has once.

    Raises
    ------
    SystemExit
        If it is not there, or there twice: the entry is stale.
    """
    found = {}
    for entry in entries:
        module, old = entry["module"], entry["old"]
        if not module.startswith(f"{package}/"):
            continue
        text = (folder / module).read_text("utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"planted.yml: {module} has {old!r} {text.count(old)} times, not once")
        start = text.index(old)
        first, last = (text.count("\n", 0, at) + 1 for at in (start, start + len(old)))
        name = f"{module}: planted: {entry['what']}"
        lines = range(first, last + 1)
        found[name] = Mutant(
            name, module, "planted", start, start + len(old), entry["new"], lines, cached=True
        )
    return found


def sample(mutants: Iterable[Mutant], size: int, salt: str = "") -> list[Mutant]:
    """About `size` of them: as evenly as can be over pairs of module and operator.

    In each pair those with the smallest digest of their name are taken. So the choice is
    haphazard, but another one only where the text is, or by another `salt`.
    """

    def lot(mutant: Mutant) -> str:
        return hashlib.sha256((salt + mutant.name).encode()).hexdigest()

    strata: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        strata[mutant.module, mutant.operator].append(mutant)
    for pair in strata.values():
        pair.sort(key=lot)
    chosen: list[Mutant] = []
    depth = 0
    while len(chosen) < size and any(len(pair) > depth for pair in strata.values()):
        layer = [pair[depth] for pair in strata.values() if len(pair) > depth]
        layer.sort(key=lot)
        chosen += layer[: size - len(chosen)]
        depth += 1
    return chosen
