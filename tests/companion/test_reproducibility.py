"""Two clean builds agree, and the page on reproducibility says what happened."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from twice import differences, lasting

from companion.checking.references import load_arrays
from companion.checking.reproducibility import RECORD, commit_in_words, commit_of, digest
from companion.project import Project
from companion.running.machine import machine
from toy import DRAW, ToyBook


@pytest.fixture
def record(toy: ToyBook) -> dict:
    return json.loads((toy.root / "_build/stage" / RECORD).read_text())


def page(toy: ToyBook) -> str:
    return (toy.site / "book/reproducibility.html").read_text()


def test_two_clean_builds_agree_but_for_what_is_volatile(toy, built_once, build):
    shutil.rmtree(toy.root / "_build")
    assert build() == 0
    assert list(differences(toy.site, built_once.site)) == []
    # The comparison leaves out no more than the marked words, and these do differ.
    first, second = (site / "book/reproducibility.html" for site in (toy.site, built_once.site))
    assert first.read_bytes() != second.read_bytes()
    assert len(lasting(first)) > 0.9 * len(first.read_bytes())
    one, other = (site / "book/toy/index.html" for site in (toy.site, built_once.site))
    assert one.read_bytes() != other.read_bytes()  # a volatile number, as text and as a formula
    assert "× 10⁻¹¹</span>" in one.read_text(encoding="utf-8")


def test_difference_is_seen(toy, built_once):
    data = next(toy.site.rglob("line.npz"))
    arrays = load_arrays(data)
    np.savez_compressed(data, **{**arrays, "y": np.nextafter(arrays["y"], 9)})
    text = (toy.site / "book/toy/index.html").read_text()
    (toy.site / "book/toy/index.html").write_text(text.replace("42.0", "42.1"))
    (toy.site / "genindex.html").unlink()
    found = list(differences(toy.site, built_once.site))
    assert [name.rpartition("/")[2] for name in found] == [
        "line.npz",
        "index.html",
        "genindex.html",
    ]


def test_page_says_what_happened(toy, record):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page(toy)))
    assert "This build shows 1 figures and 3 numbers from 2 notebooks" in text
    assert "compared 2 arrays behind the figures and 2 of the numbers" in text
    assert "4 of 4 are equal to the last bit" in text
    arrays = load_arrays(toy.root / "tests/references/figures/line.npz")
    assert record["figures"]["line"]["digest"] == digest(arrays)
    assert digest(arrays) in page(toy)
    run = record["volatile"]["runs"]["book/toy/lines.ipynb"]
    assert f'<span class="volatile">{run["started"]}</span>' in page(toy)
    assert record["volatile"]["machine"][0]["processor"] in page(toy)
    assert record["packages"][0]["numpy"] == np.__version__


def test_page_shows_the_deviation(toy, build):
    toy.write_notebook(draw=DRAW.replace('"y": slope * x', '"y": slope * x * (1 + 3e-10)'))
    assert build() == 0
    assert "The largest deviation is 0.3 of its tolerance" in page(toy)
    assert "3.0e-10 (y)" in re.sub(r"<[^>]+>", "", page(toy))


def test_digest_is_of_names_types_shapes_and_entries():
    x = np.arange(6.0)
    same = digest({"x": x, "y": x})
    assert digest({"y": x.copy(), "x": x.astype(">f8")}) == same
    assert digest({"x": np.asfortranarray(x.reshape(2, 3))}) == digest({"x": x.reshape(2, 3)})
    others = [{"x": x}, {"x": x, "z": x}, {"x": x, "y": x.reshape(2, 3)}]
    others += [{"x": x, "y": x.astype(int)}, {"x": x, "y": np.nextafter(x, 9)}]
    assert len({same, *map(digest, others)}) == 6


def test_compare(toy, build, capsys):
    reference = toy.root / "tests/references/figures/line.npz"
    assert build("compare", str(reference)) == 0
    assert digest(load_arrays(reference)) in capsys.readouterr().out
    other = toy.root / "line.npz"
    arrays = load_arrays(reference)
    np.savez(other, x=arrays["x"], y=arrays["y"] * 1.01)
    assert build("compare", str(other)) == 1
    assert "figure line: y is beyond its tolerance" in capsys.readouterr().err
    other.write_bytes(reference.read_bytes()[:-40])
    assert build("compare", str(other)) == 1
    assert "line.npz in" in (told := capsys.readouterr().err)
    assert "cannot be read" in told
    assert build("compare", str(toy.root / "none.npz")) == 1
    assert "no figure is called 'none'" in capsys.readouterr().err


def test_a_blas_that_cannot_be_asked(monkeypatch):
    """Accelerate of macOS is unknown to threadpoolctl: NumPy tells what it was built with."""
    asked = machine.__wrapped__()
    assert any("kernels for" in blas for blas in asked["blas"])
    monkeypatch.setattr("threadpoolctl.threadpool_info", list)
    (named,) = machine.__wrapped__()["blas"]
    assert named.endswith(", as NumPy was built")
    monkeypatch.setattr("numpy.show_config", lambda mode: {"SIMD Extensions": {}})
    assert machine.__wrapped__()["blas"] == []


def test_a_machine_without_blas_is_said_and_an_unchanged_build_leaves_the_page_alone(toy, build):
    made = toy.root / "_build/sphinx/_build/html/book/reproducibility.html"
    for path in (toy.root / "_build/runs").rglob("run.json"):
        run = json.loads(path.read_text())
        run["machine"]["blas"] = []
        path.write_text(json.dumps(run))
    assert build() == 0
    assert '<span class="volatile">not reported</span>' in page(toy)
    before = made.stat().st_mtime_ns
    assert build() == 0
    assert made.stat().st_mtime_ns == before


@pytest.mark.slow
def test_another_scale_says_that_nothing_was_compared(toy, build, capsys):
    assert build("book", "--scale", "quick") == 0
    assert "no data compared: references belong to scale default" in capsys.readouterr().out
    text = " ".join(page(toy).split())
    assert "no figure and no number was compared with a reference" in text
    assert "All are within their tolerances" not in text


@pytest.mark.parametrize(
    ("git", "told"),
    [
        (None, "not built from a checkout"),
        ("#!/bin/sh\nexit 128\n", "unknown: git refused to read the checkout (safe.directory?)"),
        ("", "unknown: git could not be started"),
    ],
    ids=["no checkout", "refused", "no git"],
)
def test_why_the_commit_is_not_known(toy, monkeypatch, tmp_path, git, told):
    if git is not None:
        (toy.root / ".git").mkdir()
        programs = tmp_path / "programs"
        programs.mkdir()
        if git:
            (programs / "git").write_text(git)
            (programs / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(programs))
    assert commit_in_words(commit_of(Project(toy.root))) == told
