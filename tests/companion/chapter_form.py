"""The form that every chapter has, as CONTRIBUTING.md says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXERCISE = re.compile(
    r"^\((?P<label>exercise-[\w-]+)\)=\n"
    r"\*\*Exercise (?P<number>\d+)(?: \(with the computer\))?\.\*\*"
    r"(?P<rest>.*?)(?=^\(exercise-|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SOLUTION = re.compile(r"^:::\{dropdown\} Solution\n(.*?)^:::$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    label: str
    number: int
    solution: str

    @property
    def code(self) -> list[str]:
        return _CODE.findall(self.solution)


def exercises(page: str) -> list[Exercise]:
    text = page.partition("\n## Exercises\n")[2]
    found = []
    for match in _EXERCISE.finditer(text):
        solutions = _SOLUTION.findall(match["rest"])
        assert len(solutions) == 1, f"{match['label']}: one hidden solution needed"
        found.append(Exercise(match["label"], int(match["number"]), solutions[0]))
    assert len(found) == text.count("**Exercise "), "an exercise without label"
    return found


def assert_form_of_a_chapter(page: str) -> None:
    found = exercises(page)
    assert len(found) >= 4
    assert [exercise.number for exercise in found] == list(range(1, len(found) + 1))
    assert any(exercise.code for exercise in found)
    assert "What if the hypothesis fails" in page
