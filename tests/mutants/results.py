"""What became of the planted errors, kept on disk."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from operators import Mutant
from suite import Suite, file_of


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: ``caught`` (by a test), ``stopped`` (at a limit) or ``survived``."""

    kind: str
    by: str
    seconds: float


class Results:
    """Outcomes by mutant, on disk after each.

    A catch counts as long as the package and the file of the test that made it are the same; what
    no test made, only as long as all of them are. A survivor need not meet the same tests again.
    """

    def __init__(self, suite: Suite) -> None:
        self.path = suite.work / f"outcomes-{suite.package}.json"
        self.states = suite.states()
        self.kept: dict[str, dict[str, Any]] = {}
        if self.path.is_file():
            self.kept = json.loads(self.path.read_text())

    def _entry(self, mutant: Mutant) -> dict[str, Any] | None:
        entry = self.kept.get(mutant.name)
        return entry if entry is not None and entry["new"] == mutant.new else None

    def get(self, mutant: Mutant) -> Outcome | None:
        """What is known about a mutant."""
        entry = self._entry(mutant)
        if entry is None or entry["states"] != self._states_of(entry["by"]):
            return None
        return Outcome(entry["kind"], entry["by"], entry["seconds"])

    def survived(self, mutant: Mutant) -> set[str]:
        """The files whose tests it is known to survive."""
        entry = self._entry(mutant)
        if entry is None or entry["kind"] != "survived":
            return set()
        return {name for name, state in self.states.items() if entry["states"].get(name) == state}

    def put(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what became of a mutant."""
        states = self._states_of(outcome.by)
        self.kept[mutant.name] = {"new": mutant.new, "states": states, **vars(outcome)}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.kept, ensure_ascii=False, indent=0))
        os.replace(part, self.path)

    def _states_of(self, by: str) -> dict[str, str]:
        file = file_of(by)
        return {file: self.states[file]} if file in self.states else self.states
