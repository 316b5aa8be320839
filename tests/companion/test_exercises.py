"""Every chapter ends with exercises; the code of their solutions runs and shows what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from chapter_form import assert_chapters_listed, assert_form_of_a_chapter, exercises, title

from toy import REPOSITORY

CHAPTERS = sorted(path.parent.name for path in (REPOSITORY / "book").glob("*/index.md"))


def page(chapter: str) -> str:
    return Path(REPOSITORY / "book" / chapter / "index.md").read_text(encoding="utf-8")


# The explorers and the audit of claims teach nothing of their own, and so have no exercises.
TEACHING = [chapter for chapter in CHAPTERS if chapter not in ("claims", "explorers")]
COMPUTED = [
    pytest.param(code, exercise.label, id=exercise.label)
    for path in sorted((REPOSITORY / "book").glob("*/*.md"))
    for exercise in exercises(path.read_text(encoding="utf-8"))
    for code in exercise.code
]


def test_all_numbered_chapters_teach():
    toc = (REPOSITORY / "_toc.yml").read_text()
    chapters = toc.partition("numbered:")[2].partition("caption: Reference")[0]
    numbered = set(re.findall(r"book/(\w+)/index$", chapters, re.MULTILINE))
    assert numbered & set(CHAPTERS) >= {"setting", "minima", "stability", "past"}
    assert set(TEACHING) >= numbered - {"explorers", "claims"}


def test_every_chapter_is_in_the_list_of_the_first_page():
    parts = yaml.safe_load((REPOSITORY / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    (chapters,) = (part["chapters"] for part in parts if part["caption"] == "Chapters")
    files = [REPOSITORY / f"{entry['file']}.md" for entry in chapters]
    assert_chapters_listed(
        (REPOSITORY / "book/index.md").read_text(encoding="utf-8"),
        [(title(file), file.relative_to(REPOSITORY / "book").as_posix()) for file in files],
    )


@pytest.mark.parametrize("chapter", TEACHING)
def test_exercises_and_box_of_a_chapter(chapter):
    assert_form_of_a_chapter(page(chapter))


def kink(names: dict[str, Any], _: str) -> None:
    spectrum = names["eos"].minimizer_spectrum
    problem = names["problem"]
    flat = spectrum(problem, names["eos"].flattest_minimizer(problem))
    np.testing.assert_allclose(flat, 10.0)
    np.testing.assert_allclose(np.sort(spectrum(problem, names["balanced"])), [5, 8, 8, 20])


def resonance(names: dict[str, Any], _: str) -> None:
    certificate = names["certificate"]
    assert certificate.verify()
    assert [int(entry) for entry in certificate.witness] == [0, 0, 2]
    assert certificate.determinant == 12


def sharp_and_rising(names: dict[str, Any], _: str) -> None:
    sharp, rises = set(names["sharp"]), set(names["rises"])
    assert sharp - rises or rises - sharp
    assert sharp
    assert rises


def superlinear(names: dict[str, Any], printed: str) -> None:
    diagonal, other = (
        [float(number) for number in re.findall(r"'([^']+)'", line)]
        for line in printed.splitlines()
    )
    for before, after in pairwise(diagonal[:5]):
        assert abs(after) < before**2
    assert all(before * after < 0 for before, after in pairwise(other[3:]))


def near(_: dict[str, Any], printed: str) -> None:
    below, above, farther = (float(line.split()[1]) for line in printed.splitlines())
    assert below < 1e-12
    assert 1.8 < farther / above < 2.2


def depth_three_line(names: dict[str, Any], _: str) -> None:
    window = names["h"] / 2 * 3
    assert np.sqrt(5) - 1 < window < 1.1 * (np.sqrt(5) - 1)


def flip_constant(_: dict[str, Any], printed: str) -> None:
    drift, distance, ratio = (float(line) for line in printed.splitlines())
    assert drift < 1e-12 < 1e-4 < distance < 0.02
    assert abs(ratio - 1) < 0.02


def own_network(_: dict[str, Any], printed: str) -> None:
    verified, below, above = printed.splitlines()
    assert verified == "True"
    assert float(below.split()[1]) > 0
    assert float(above.split()[1]) < float(below.split()[1])


def depths(_: dict[str, Any], printed: str) -> None:
    rows = [line.split() for line in printed.splitlines()]
    assert all(holds == "True" for _, _, holds in rows)
    sizes = [float(size) for _, size, _ in rows]
    assert sizes[0] < sizes[1]
    assert sizes[1:] == sorted(sizes[1:], reverse=True)


CLAIMS: dict[str, Callable[[dict[str, Any], str], None]] = {
    "exercise-kink": kink,
    "exercise-resonance": resonance,
    "exercise-sharp-and-rising": sharp_and_rising,
    "exercise-superlinear": superlinear,
    "exercise-mz-near": near,
    "exercise-depth-three-line": depth_three_line,
    "exercise-flip-constant": flip_constant,
    "exercise-own-network": own_network,
    "exercise-depths": depths,
}


@pytest.mark.parametrize(("code", "label"), COMPUTED)
def test_solution_runs_and_shows_what_it_says(code, label, capsys):
    names: dict[str, Any] = {"__name__": label}
    exec(compile(code, label, "exec"), names)
    CLAIMS[label](names, capsys.readouterr().out)


def test_every_claim_belongs_to_an_exercise():
    assert set(CLAIMS) == {parameter.values[1] for parameter in COMPUTED}
