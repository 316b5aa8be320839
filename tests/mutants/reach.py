"""Which tests can notice an error: those that reach its lines when nothing is wrong."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trial
from operators import Mutant
from suite import Suite, digest, file_of
from trial import Job, prepare, run_all


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
            named = Path(file_of(test)).stem == f"test_{Path(mutant.module).stem}"
            return not named, test not in on_the_lines, self.seconds[test], test

        wanted = (test for test in found if not any(part in test for part in self.left_out))
        return sorted(wanted, key=order)


def measure(suite: Suite) -> Reach:
    """Run the tests once on the packages as they are; again, only those that have changed.

    Raises
    ------
    SystemExit
        If they do not pass: every mutant would seem to be caught.
    """
    how = digest([Path(trial.__file__)])
    states = {name: f"{state} {how}" for name, state in suite.states().items()}
    path = suite.work / f"reach-{suite.package}.json"
    kept = json.loads(path.read_text()) if path.is_file() else {}
    known = kept.get("states", {})
    stale = [name for name, state in states.items() if known.get(name) != state]
    if states != known:
        found = _measured(suite, stale) if stale else {"seconds": {}, "lines": {}}
        settled = states.keys() - set(stale)
        seconds = {t: s for t, s in kept.get("seconds", {}).items() if file_of(t) in settled}
        lines: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for part, files in ((kept.get("lines", {}), settled), (found["lines"], set(stale))):
            for module, numbers in part.items():
                for number, tests in numbers.items():
                    lines[module][number] += [test for test in tests if file_of(test) in files]
        kept = {"states": states, "seconds": seconds | found["seconds"], "lines": lines}
        path.write_text(json.dumps(kept))
    return Reach(kept["seconds"], kept["lines"], suite.left_out)


def _measured(suite: Suite, files: Sequence[str]) -> dict[str, Any]:
    """Run the tests in `files`; return how long each takes, and who reaches which line."""
    folder = suite.work / f"measure-{suite.package}"
    prepare(folder, suite.base)
    job = Job(suite.root, suite.package, folder, files, {}, True, suite.left_out, limited=False)
    print(f"{suite.package}: running its tests once, to see which reaches which line", flush=True)
    codes: list[int | None] = []
    run_all(iter([job]), 1, lambda _, code, seconds: codes.append(code))
    if codes != [0]:
        raise SystemExit(f"the tests do not pass as they are ({codes[0]}): see {job.log}")
    record: dict[str, Any] = json.loads(job.record.read_text())
    # What Numba compiled serves all mutants that do not change it.
    shutil.rmtree(suite.base)
    shutil.copytree(folder / "code", suite.base)
    shutil.rmtree(folder)
    return record
