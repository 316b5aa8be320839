"""Pages open as they should; chapters end with exercises, whose code shows what they say."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from chapter_form import assert_form_of_a_chapter, exercises

from toy import REPOSITORY

CHAPTERS = sorted(path.parent.name for path in (REPOSITORY / "book").glob("*/index.md"))
TOC = yaml.safe_load((REPOSITORY / "_toc.yml").read_text(encoding="utf-8"))["parts"]


def pages(chapter: str) -> dict[str, str]:
    """The text of a chapter's pages that are no notebooks, in the order of the book."""
    (entry,) = (
        entry
        for part in TOC
        for entry in part["chapters"]
        if entry["file"] == f"book/{chapter}/index"
    )
    files = [REPOSITORY / f"{item['file']}.md" for item in (entry, *entry["sections"])]
    return {path.name: path.read_text(encoding="utf-8") for path in files if path.is_file()}


# The explorers and the audit of claims teach nothing of their own, and so have no exercises.
TEACHING = [chapter for chapter in CHAPTERS if chapter not in ("claims", "explorers")]
COMPUTED = [
    pytest.param(code, exercise.label, id=exercise.label)
    for path in sorted((REPOSITORY / "book").glob("*/*.md"))
    for exercise in exercises(path.read_text(encoding="utf-8"))
    for code in exercise.code
]


def test_the_first_page_lists_every_chapter_by_its_title_in_order():
    (chapters,) = (part["chapters"] for part in TOC if part["caption"] == "Chapters")
    index = (REPOSITORY / "book/index.md").read_text(encoding="utf-8")
    part = index.partition("\n## The chapters\n")[2].partition("<!--")[0]
    listed = re.findall(r"^(\d+)\. \[(.+?)\]\((\S+)\): \S", part, re.MULTILINE)
    files = [Path(f"{entry['file']}.md") for entry in chapters]
    titles = [re.match(r"# (.+)", (REPOSITORY / file).read_text("utf-8"))[1] for file in files]
    assert listed == [
        (str(number), title, file.relative_to("book").as_posix())
        for number, (title, file) in enumerate(zip(titles, files, strict=True), 1)
    ]


@pytest.mark.parametrize("chapter", TEACHING)
def test_openings_box_and_exercises_of_a_chapter(chapter):
    assert_form_of_a_chapter(pages(chapter))


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


def schur(names: dict[str, Any], _: str) -> None:
    sizes = np.array([1e-1, 1e-2, 1e-3])
    assert np.all(np.abs(np.array(names["ratios"]) - 1) < 2 * sizes)


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


def zero_velocity(_: dict[str, Any], printed: str) -> None:
    resting, moving = (line.split() for line in printed.splitlines())
    assert resting[:2] == ["0", "True"]
    assert moving[:2] == ["0.001", "False"]
    assert float(resting[2]) < 1e-2 < float(moving[2])


CLAIMS: dict[str, Callable[[dict[str, Any], str], None]] = {
    "exercise-kink": kink,
    "exercise-resonance": resonance,
    "exercise-sharp-and-rising": sharp_and_rising,
    "exercise-superlinear": superlinear,
    "exercise-mz-near": near,
    "exercise-saddles-schur": schur,
    "exercise-depth-three-line": depth_three_line,
    "exercise-flip-constant": flip_constant,
    "exercise-own-network": own_network,
    "exercise-depths": depths,
    "exercise-zero-velocity": zero_velocity,
}


@pytest.mark.parametrize(("code", "label"), COMPUTED)
def test_solution_runs_and_shows_what_it_says(code, label, capsys):
    names: dict[str, Any] = {"__name__": label}
    exec(compile(code, label, "exec"), names)
    CLAIMS[label](names, capsys.readouterr().out)


def test_every_claim_belongs_to_an_exercise():
    assert set(CLAIMS) == {parameter.values[1] for parameter in COMPUTED}
