"""The archives hold what was built, the same to the byte each time."""

from __future__ import annotations

import hashlib
import zipfile

import numpy as np
import pytest

from companion.project import BookError, Project
from companion.release.archive import CHECKSUMS, write_archives
from companion.running.runs import run_notebooks
from toy import REPOSITORY


@pytest.fixture
def project(toy):
    # What the distributions are made of; the toy book has no packages of its own.
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (toy.root / name).write_bytes((REPOSITORY / name).read_bytes())
    for package in ("edge_of_stability", "companion"):
        (toy.root / "code" / package).mkdir(parents=True)
        (toy.root / "code" / package / "__init__.py").write_text("")
    return Project(toy.root)


def test_archives_hold_site_notebooks_and_data(project, tmp_path):
    (project.site / "book.pdf").write_bytes(b"%PDF-1.7")
    runs = run_notebooks(project, project.notebooks)
    written = write_archives(project, runs, tmp_path / "one")
    names = {path.name for path in written}
    assert {"site.zip", "notebooks.zip", "figure-data.zip", "book.pdf", CHECKSUMS} < names
    assert sum(name.endswith((".whl", ".tar.gz")) for name in names) == 2
    with zipfile.ZipFile(tmp_path / "one" / "site.zip") as archive:
        for name in ("index.html", "book/toy/lines.html"):
            assert archive.read(name) == (project.site / name).read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "notebooks.zip") as archive:
        assert set(archive.namelist()) == {run.notebook for run in runs}
        assert archive.read("book/toy/lines.ipynb") == runs[0].executed.read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "figure-data.zip") as archive:
        data = np.load(archive.open("book/toy/lines/figures/line.npz"))
        np.testing.assert_array_equal(data["y"], 2 * data["x"])
        assert "book/toy/lines/numbers/answer.json" in archive.namelist()


def test_checksums_are_right_and_archives_reproducible(project, tmp_path):
    runs = run_notebooks(project, project.notebooks)
    write_archives(project, runs, tmp_path / "one")
    write_archives(project, runs, tmp_path / "two")
    sums = (tmp_path / "one" / CHECKSUMS).read_text()
    assert sums == (tmp_path / "two" / CHECKSUMS).read_text()
    listed = dict(reversed(line.split("  ")) for line in sums.splitlines())
    others = {path.name for path in (tmp_path / "one").iterdir()} - {CHECKSUMS}
    assert set(listed) == others
    for name, digest in listed.items():
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest


def test_archives_do_not_tell_when_they_were_made(project, tmp_path):
    runs = run_notebooks(project, project.notebooks)
    for path in write_archives(project, runs, tmp_path / "one"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_archive_needs_a_site(project, tmp_path):
    runs = run_notebooks(project, project.notebooks)
    (project.site / "index.html").unlink()
    with pytest.raises(BookError, match="no site"):
        write_archives(project, runs, tmp_path / "one")
