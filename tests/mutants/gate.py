"""Does the test suite notice errors? ``make mutants`` plants some and counts.

For each package: run its tests once, noting which test reaches which line; generate mutants, take a
sample of every class of error in every module (the same as long as the text is the same), add the
planted ones of ``planted.yml``; run each against the tests that reach its lines, the likely and
the quick ones first, until one fails. The gate fails if too few are caught, or if a survivor is not
in ``survivors.yml`` with a reason.

Results are kept in ``_build/mutants`` while packages and tests are as they were, so an interrupted
run goes on where it was. A whole run writes its counts to ``results.md`` beside this file.

The tests were mended until they caught the sample, so its share is not that of all mutants.
``--salt`` takes a sample nobody has seen: its counts go to ``unseen.md``, with all its survivors,
and it fails only for what is planted by hand. Some survivors will compute the same.

Why not one of the known tools: Cosmic Ray changes the files in place, starts a new Python for each
mutant (five seconds of imports here) and has one test command for all; mutmut's errors are fixed,
and none of them is a lost transpose, term or exponent. Neither knows survivors with reasons.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import hashlib
import json
import os
import platform
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from operators import Mutant, mutants_of
from tqdm import tqdm
from trial import Job, load_libraries, prepare, run_all

ROOT = Path(__file__).resolve().parents[2]
PLANTED_MISSED = "planted by hand, and not caught"


@dataclass(frozen=True)
class Suite:
    """A package, the tests that guard it, and what is asked of them.

    Parts of the names of tests in `left_out` keep these out. `through` maps modules whose compiled
    code is kept, so that most tests that use them reach none of their lines, to the modules by
    which they are reached. In the modules of `only_planted` errors are planted by hand alone.
    """

    root: Path
    package: str
    tests: str
    required: float
    sample: int
    left_out: Sequence[str] = ()
    through: Mapping[str, str] = field(default_factory=dict)
    only_planted: Sequence[str] = ()

    @property
    def work(self) -> Path:
        """Where the gate keeps everything it makes."""
        return self.root / "_build" / "mutants"

    @property
    def base(self) -> Path:
        """The packages as they are, with what was compiled for them."""
        return self.work / "base"


# What is planted ------------------------------------------------------------------------------


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


# Which tests ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """Which test reaches which line, and how long each takes."""

    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[str, Sequence[str]]]
    left_out: Sequence[str] = ()

    def tests(self, mutant: Mutant, through: Mapping[str, str]) -> list[str]:
        """Tests that can notice a mutant: first what is likely to, and of that the quickest."""
        module = self.lines.get(mutant.module, {})
        found = on_the_lines = {test for line in mutant.lines for test in module.get(str(line), ())}
        for other in {mutant.module, through.get(mutant.module, mutant.module)}:
            if not found or mutant.cached or mutant.module in through:
                found = found | {t for tests in self.lines.get(other, {}).values() for t in tests}
        if not found:  # what acts at import only
            found = set(self.seconds)

        def order(test: str) -> tuple[bool, bool, float, str]:
            named = Path(test.partition("::")[0]).stem == f"test_{Path(mutant.module).stem}"
            return not named, test not in on_the_lines, self.seconds[test], test

        wanted = (test for test in found if not any(part in test for part in self.left_out))
        return sorted(wanted, key=order)


def measure(suite: Suite) -> Reach:
    """Run the tests once on the packages as they are.

    Raises
    ------
    SystemExit
        If they do not pass: every mutant would seem to be caught.
    """
    stamp = f"{_digest(suite.base, suite.package)} {_digest_tests(suite)}"
    kept = suite.work / f"reach-{suite.package}.json"
    if kept.is_file():
        content = json.loads(kept.read_text())
        if content["stamp"] == stamp:
            return Reach(content["seconds"], content["lines"], suite.left_out)
    folder = suite.work / f"measure-{suite.package}"
    prepare(folder, suite.base)
    files = sorted((suite.root / suite.tests).glob("test_*.py"))
    tests = [file.relative_to(suite.root).as_posix() for file in files]
    tests = [test for test in tests if not any(part in test for part in suite.left_out)]
    job = Job(suite.root, suite.package, folder, tests, {}, True, suite.left_out, limited=False)
    print(f"{suite.package}: running its tests once, to see which reaches which line", flush=True)
    codes: list[int | None] = []
    run_all(iter([job]), 1, lambda _, code, seconds: codes.append(code))
    if codes != [0]:
        raise SystemExit(f"the tests do not pass as they are ({codes[0]}): see {job.log}")
    content = {"stamp": stamp, **json.loads(job.record.read_text())}
    kept.write_text(json.dumps(content))
    # What Numba compiled serves all mutants that do not change it.
    shutil.rmtree(suite.base)
    shutil.copytree(folder / "code", suite.base)
    shutil.rmtree(folder)
    return Reach(content["seconds"], content["lines"], suite.left_out)


def _digest(folder: Path, package: str) -> str:
    return _digest_files(sorted((folder / package).rglob("*.py")))


def _digest_tests(suite: Suite) -> str:
    return _digest_files(sorted((suite.root / suite.tests).glob("*.py")))


def _digest_files(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:20]


# The trials -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: ``caught`` (by a test), ``stopped`` (at a limit) or ``survived``."""

    kind: str
    by: str
    seconds: float


class Results:
    """Outcomes by mutant, on disk after each.

    A catch counts as long as the package and the files of the test that made it are the same; a
    survival only as long as all tests are.
    """

    def __init__(self, suite: Suite) -> None:
        self.path = suite.work / f"results-{suite.package}.json"
        self.package = _digest(suite.base, suite.package)
        self.suite = suite
        self.kept: dict[str, dict[str, Any]] = {}
        if self.path.is_file():
            self.kept = json.loads(self.path.read_text())

    @cached_property
    def _all_tests(self) -> str:
        return _digest_tests(self.suite)

    def _state(self, by: str) -> str:
        if not (self.suite.root / by.partition("::")[0]).is_file():  # no test, or a signal
            return f"{self.package} {self._all_tests}"
        tests = self.suite.root / self.suite.tests
        helpers = [path for path in sorted(tests.glob("*.py")) if not path.stem.startswith("test_")]
        return (
            f"{self.package} {_digest_files([self.suite.root / by.partition('::')[0], *helpers])}"
        )

    def get(self, mutant: Mutant) -> Outcome | None:
        """What is known about a mutant."""
        entry = self.kept.get(mutant.name)
        if (
            entry is None
            or entry["new"] != mutant.new
            or entry["state"] != self._state(entry["by"])
        ):
            return None
        return Outcome(entry["kind"], entry["by"], entry["seconds"])

    def put(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what became of a mutant."""
        state = self._state(outcome.by)
        self.kept[mutant.name] = {"new": mutant.new, "state": state, **vars(outcome)}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.kept, ensure_ascii=False, indent=0))
        os.replace(part, self.path)


def try_all(
    suite: Suite,
    mutants: Sequence[Mutant],
    reach: Reach,
    processes: int,
    patience: float,
) -> dict[Mutant, Outcome]:
    """Run every mutant against the tests that can notice it.

    Raises
    ------
    SystemExit
        If a trial says nothing: no test ran, pytest was used wrongly, another copy was tested.
    """
    results = Results(suite)
    known = {mutant: results.get(mutant) for mutant in mutants}
    todo = [mutant for mutant in mutants if known[mutant] is None]
    progress = tqdm(total=len(todo), desc=suite.package, unit="mutant", disable=not todo)
    of_job: dict[Path, Mutant] = {}

    def jobs() -> Iterator[Job]:
        for number, mutant in enumerate(todo):
            text = mutant.apply((suite.base / mutant.module).read_text("utf-8"))
            ast.parse(text)  # what is no Python would be caught by any test
            folder = suite.work / f"trial-{suite.package}-{number}"
            prepare(folder, suite.base, mutant.module, text)
            tests = reach.tests(mutant, suite.through)
            of_job[folder] = mutant
            seconds = {test: reach.seconds[test] for test in tests}
            yield Job(suite.root, suite.package, folder, tests, seconds, patience=patience)

    def finished(job: Job, code: int | None, seconds: float) -> None:
        mutant = of_job[job.folder]
        record = json.loads(job.record.read_text()) if job.record.is_file() else {}
        by = record.get("failed") or ""
        kind = {0: "survived", None: "stopped"}.get(code, "caught")
        if code is not None and code < 0:
            by = f"the end of the process by signal {-code}"
        if kind == "caught" and not by:
            raise SystemExit(f"{mutant.name}: no test failed (exit code {code}): see {job.log}")
        outcome = Outcome(kind, by, round(seconds, 2))
        known[mutant] = outcome
        results.put(mutant, outcome)
        shutil.rmtree(job.folder, ignore_errors=True)
        progress.update()
        if kind == "survived":
            progress.write(f"survived: {mutant.name}")

    with progress:
        run_all(jobs(), processes, finished)
    return {mutant: outcome for mutant, outcome in known.items() if outcome is not None}


# The verdict ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """The survivors that have a reason, by name.

    `equivalent` ones compute the same, so there is nothing to notice: they do not count. The others
    are `tolerated` and count as missed.
    """

    equivalent: Mapping[str, str]
    tolerated: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Listed:
        """Read ``survivors.yml``: two mappings from names to reasons."""
        raw = yaml.safe_load(path.read_text("utf-8")) or {}
        return cls(raw.get("equivalent") or {}, raw.get("tolerated") or {})

    def of(self, package: str) -> Listed:
        """Those of one package."""
        both = (self.equivalent, self.tolerated)
        parts = ({n: r for n, r in one.items() if n.startswith(f"{package}/")} for one in both)
        return Listed(*parts)

    def __contains__(self, name: str) -> bool:
        return name in self.equivalent or name in self.tolerated


def verdict(
    outcomes: Mapping[Mutant, Outcome], listed: Listed, existing: Iterable[str], required: float
) -> tuple[float, list[str]]:
    """The share of mutants that were caught, and everything that is wrong."""
    names = {mutant.name: outcome for mutant, outcome in outcomes.items()}
    missed = [name for name, outcome in names.items() if outcome.kind == "survived"]
    counted = [name for name in names if name not in listed.equivalent]
    score = 1 - sum(name in counted for name in missed) / max(len(counted), 1)
    problems = [
        f"survived, and survivors.yml does not say why: {name}"
        for name in missed
        if name not in listed
    ]
    for name, reason in [*listed.equivalent.items(), *listed.tolerated.items()]:
        if not str(reason or "").strip():
            problems.append(f"survivors.yml: no reason: {name}")
        if name not in set(existing):
            problems.append(f"survivors.yml: stale, there is no such mutant: {name}")
        elif name in names and name not in missed:
            problems.append(f"survivors.yml: it is caught now ({names[name].by}): {name}")
    for name in missed:
        if ": planted: " in name and name not in listed.equivalent:
            problems.append(f"{PLANTED_MISSED}: {name}")
    if score < required:
        problems.append(f"{score:.1%} caught, {required:.0%} needed")
    return score, problems


def table(outcomes: Mapping[Mutant, Outcome], listed: Listed, by: str) -> str:
    """Counts by ``module`` or ``operator``."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for mutant, outcome in outcomes.items():
        missed = "equivalent" if mutant.name in listed.equivalent else "survived"
        kind = missed if outcome.kind == "survived" else outcome.kind
        for row in (rows[getattr(mutant, by)], rows["all"]):
            row[0] += 1
            row[1 + ("caught", "stopped", "survived", "equivalent").index(kind)] += 1
    columns = ("mutants", "caught", "stopped", "missed", "equal", "share")
    lines = [f"  {by:42} " + " ".join(f"{column:>8}" for column in columns)]
    for name, row in sorted(rows.items(), key=lambda item: (item[0] == "all", item[0])):
        counted = row[0] - row[4]
        share = f"{(row[1] + row[2]) / counted:8.1%}" if counted else f"{'–':>8}"
        lines.append(f"  {name:42} " + " ".join(f"{n:8}" for n in row) + f" {share}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate; return 0, or 1 with everything that is wrong on stderr."""
    options = _parser().parse_args(arguments)
    root = options.root.resolve()
    here = root / "tests" / "mutants"
    settings = yaml.safe_load((here / "suites.yml").read_text("utf-8"))
    entries = yaml.safe_load((here / "planted.yml").read_text("utf-8")) or []
    listed = Listed.read(here / "survivors.yml")
    load_libraries(settings["libraries"])
    problems: list[str] = []
    counts = []
    for package, rest in settings["suites"].items():
        if options.package in (None, package):
            suite = Suite(root, package, **rest)
            text, found = _run(suite, entries, listed.of(package), options)
            print(f"\n{text}", flush=True)
            counts.append(text)
            problems += found
    if not (options.package or options.only or options.all):
        name = "unseen.md" if options.salt else "results.md"
        (here / name).write_text(_report(counts, problems, options.salt), "utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    if options.salt:
        problems = [problem for problem in problems if problem.startswith(PLANTED_MISSED)]
    return int(bool(problems))


def _run(
    suite: Suite, entries: Sequence[Mapping[str, str]], listed: Listed, options: argparse.Namespace
) -> tuple[str, list[str]]:
    """Try the mutants of one package, and return the counts and what is wrong."""
    _make_base(suite)
    reach = measure(suite)
    every = generated(suite)
    by_hand = planted(suite.base, suite.package, entries)
    if options.all:
        chosen = list(every.values())
    else:
        chosen = sample(every.values(), suite.sample, options.salt)
    if not options.salt:  # what is listed stays under test: it must survive still
        chosen += [every[name] for name in every if name in listed and every[name] not in chosen]
    chosen += by_hand.values()
    if options.only:
        chosen = [mutant for mutant in chosen if options.only in mutant.name]
    outcomes = try_all(suite, chosen, reach, options.jobs, options.patience)
    score, problems = verdict(outcomes, listed, [*every, *by_hand], suite.required)
    head = (
        f"{suite.package}: {len(every)} mutants generated and {len(by_hand)} planted by hand; "
        f"{len(outcomes)} tried, {score:.1%} caught"
    )
    parts = [head, table(outcomes, listed, "module"), table(outcomes, listed, "operator")]
    return "\n\n".join(parts), problems


def _report(counts: Iterable[str], problems: Sequence[str], salt: str) -> str:
    """The counts as a page, with what is wrong."""
    day = datetime.now(UTC).date()
    python = platform.python_version()
    lines = ["# Planted errors", "", f"Written by `make mutants`, {day}, Python {python}."]
    if salt:
        lines += [
            "",
            f"A sample that nobody had seen (`SALT={salt}`). Which survivors compute the same is "
            "not said here: that takes a reader.",
        ]
    for text in counts:
        lines += ["", "```text", text, "```"]
    lines += ["", *(f"- {problem}" for problem in problems or ["Nothing is wrong."])]
    return "\n".join(lines) + "\n"


def _make_base(suite: Suite) -> None:
    source = suite.root / "code"
    suite.work.mkdir(parents=True, exist_ok=True)
    for package in sorted(path.parent.name for path in source.glob("*/__init__.py")):
        if _digest(suite.base, package) != _digest(source, package):
            shutil.rmtree(suite.base / package, ignore_errors=True)
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source / package, suite.base / package, ignore=ignore)
    compileall.compile_dir(str(suite.base), quiet=1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, prog="python tests/mutants/gate.py")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--package", help="only this one")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample: hours")
    parser.add_argument("--salt", default="", help="take another sample, and only report on it")
    parser.add_argument("--only", metavar="TEXT", help="only mutants with TEXT in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trials at a time")
    parser.add_argument(
        "--patience", type=float, default=30.0, help="seconds a test may take more than it should"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
