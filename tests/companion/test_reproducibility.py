"""Two clean builds agree, and the page on reproducibility says what happened."""

import json
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from twice import differences, lasting

from companion.checking.references import load_arrays
from companion.checking.reproducibility import RECORD, commit_of, digest
from companion.project import Project
from companion.running.machine import packages
from toy import DRAW, ToyBook


def page(toy: ToyBook) -> str:
    return (toy.site / "book/reproducibility.html").read_text()


def words(toy: ToyBook) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page(toy)).split())


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


def test_page_says_what_happened(toy):
    record = json.loads((toy.root / "_build/stage" / RECORD).read_text())
    text = words(toy)
    assert "This build shows 1 figures and 3 numbers from 2 notebooks" in text
    assert "compared 2 arrays behind the figures and 2 of the numbers" in text
    assert "4 of 4 are equal to the last bit" in text
    (figure,) = record["figures"]
    assert figure["Data digest"] == digest(load_arrays(reference(toy)))
    assert figure["Data digest"] in page(toy)
    assert record["packages"] == [
        {"Package": name, "Version": version(name)} for name in sorted(packages())
    ]
    values = {number["Number"]: number["Value"] for number in record["numbers"]}
    assert (values["answer"], list(values["now"])) == (42.0, ["volatile"])
    run = record["notebooks"][0]
    for shown in (run["Executed (UTC)"], run["Seconds"], record["machine"][1]["Value"]):
        assert f'<span class="volatile">{shown["volatile"]}</span>' in page(toy)


def test_page_shows_deviations_and_what_is_not_known(toy, build):
    toy.write_notebook(draw=DRAW.replace('"y": slope * x', '"y": slope * x * (1 + 3e-10)'))
    assert build("run") == 0
    for path in (toy.root / "_build/runs").rglob("run.json"):
        run = json.loads(path.read_text())
        run["machine"]["blas"] = []
        path.write_text(json.dumps(run))
    assert build() == 0
    assert "The largest deviation is 0.3 of its tolerance: line (y)." in words(toy)
    assert "3.0e-10 (y)" in words(toy)
    assert '<span class="volatile">not reported</span>' in page(toy)


def test_digest_is_of_names_types_shapes_and_entries():
    x = np.arange(6.0)
    same = digest({"x": x, "y": x})
    assert digest({"y": x.copy(), "x": x.astype(">f8")}) == same
    assert digest({"x": np.asfortranarray(x.reshape(2, 3))}) == digest({"x": x.reshape(2, 3)})
    others = [{"x": x}, {"x": x, "z": x}, {"x": x, "y": x.reshape(2, 3)}]
    others += [{"x": x, "y": x.astype(int)}, {"x": x, "y": np.nextafter(x, 9)}]
    assert len({same, *map(digest, others)}) == 6


def reference(toy: ToyBook) -> Path:
    return toy.root / "tests/references/figures/line.npz"


def test_compare(toy, build, refusal, capsys):
    arrays = load_arrays(reference(toy))
    assert build("compare", str(reference(toy))) == 0
    assert digest(arrays) in capsys.readouterr().out
    other = toy.root / "line.npz"
    np.savez(other, x=arrays["x"], y=arrays["y"] * 1.01)
    assert "figure line: y deviates from its" in refusal(toy.root, "compare", str(other))
    other.write_bytes(reference(toy).read_bytes()[:-40])
    assert "cannot be read" in refusal(toy.root, "compare", str(other))


@pytest.mark.slow
def test_another_scale_says_that_nothing_was_compared(toy, build, capsys):
    assert build("book", "--scale", "paper") == 0
    assert "no data compared: references belong to scale default" in capsys.readouterr().out
    text = words(toy)
    assert "no figure and no number was compared with a reference" in text
    assert "All are within their tolerances" not in text


def test_the_commit_is_named_and_whether_files_changed_since(sources):
    def git(*words: str) -> str:
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(sources.root), *author, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert commit_of(Project(sources.root)) == "not built from a checkout"
    git("init", "-q")
    git("add", "_toc.yml")
    git("commit", "-qm", "A book")
    git("tag", "v1")
    commit = git("rev-parse", "HEAD")
    assert commit_of(Project(sources.root)) == commit
    (sources.root / "_toc.yml").write_text("")
    assert commit_of(Project(sources.root)) == f"{commit}, and files changed since"
