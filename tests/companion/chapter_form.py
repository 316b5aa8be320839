"""The form that every chapter has, as CONTRIBUTING.md says it."""

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


def exercises(text: str) -> list[Exercise]:
    found = []
    for match in _EXERCISE.finditer(text):
        solutions = _SOLUTION.findall(match["rest"])
        assert len(solutions) == 1, f"{match['label']}: one hidden solution needed"
        found.append(Exercise(match["label"], int(match["number"]), solutions[0]))
    assert len(found) == text.count("**Exercise "), "an exercise without label"
    return found


def assert_form_of_a_chapter(pages: dict[str, str]) -> None:
    """Check the pages of a chapter, its exercises on the last of them; all by their file's name."""
    *_, last = pages
    assert last == "exercises.md"
    found = exercises(pages[last])
    assert len(found) >= 4
    assert [exercise.number for exercise in found] == list(range(1, len(found) + 1))
    assert any(exercise.code for exercise in found)
    others = [text for name, text in pages.items() if name != last]
    assert not any(exercises(text) for text in others)
    assert any("What if the hypothesis fails" in text for text in others)
    for text in others:
        opening = text.partition("\n## ")[0]
        seen = any(directive in opening for directive in ("{published}", "{explorer}"))
        assert seen, "a picture or an explorer above the first section"
        assert "**You need:**" in opening
