"""Does the test suite notice errors? ``make mutants`` plants some and counts.

For each package: run its tests once, noting which test reaches which line; generate mutants, take a
sample of every class of error in every module (the same as long as the text is the same), add the
planted ones of ``planted.yml``; run each against the tests that reach its lines, the likely and
the quick ones first, until one fails. The gate fails if too few are caught, or if a survivor is not
in ``survivors.yml`` with a reason.

Results are kept in ``_build/mutants`` while packages and tests are as they were, so an interrupted
run goes on where it was, and after a change of tests only these are tried on the survivors. A whole
run writes its counts to ``results.md`` beside this file.

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
import json
import os
import platform
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from operators import Mutant
from planting import generated, planted, sample
from reach import Reach, measure
from results import Outcome, Results
from suite import Suite, digest_of_package, file_of
from tqdm import tqdm
from trial import Job, load_libraries, prepare, run_all

ROOT = Path(__file__).resolve().parents[2]
PLANTED_MISSED = "planted by hand, and not caught"


# The trials -----------------------------------------------------------------------------------


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

    def ended(mutant: Mutant, outcome: Outcome) -> None:
        known[mutant] = outcome
        results.put(mutant, outcome)
        progress.update()
        if outcome.kind == "survived":
            progress.write(f"survived: {mutant.name}")

    def jobs() -> Iterator[Job]:
        for number, mutant in enumerate(todo):
            passed = results.survived(mutant)
            tests = [t for t in reach.tests(mutant, suite.through) if file_of(t) not in passed]
            if not tests and passed:
                ended(mutant, Outcome("survived", "", 0.0))
                continue
            text = mutant.apply((suite.base / mutant.module).read_text("utf-8"))
            ast.parse(text)  # what is no Python would be caught by any test
            folder = suite.work / f"trial-{suite.package}-{number}"
            prepare(folder, suite.base, mutant.module, text)
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
        shutil.rmtree(job.folder, ignore_errors=True)
        ended(mutant, Outcome(kind, by, round(seconds, 2)))

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
        if digest_of_package(suite.base, package) != digest_of_package(source, package):
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
