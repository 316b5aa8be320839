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


def test_archives_hold_site_notebooks_and_data_and_say_not_when_they_were_made(project, tmp_path):
    (project.site / "book.pdf").write_bytes(b"%PDF-1.7")
    runs = run_notebooks(project, project.notebooks)
    written = {path.name: path for path in write_archives(project, runs, tmp_path / "one")}
    assert {"site.zip", "notebooks.zip", "figure-data.zip", "book.pdf", CHECKSUMS} < set(written)
    assert sum(name.endswith((".whl", ".tar.gz")) for name in written) == 2
    site, notebooks, figures = (
        zipfile.ZipFile(written[name]) for name in ("site.zip", "notebooks.zip", "figure-data.zip")
    )
    for name in ("index.html", "book/toy/lines.html"):
        assert site.read(name) == (project.site / name).read_bytes()
    assert set(notebooks.namelist()) == {run.notebook for run in runs}
    assert notebooks.read("book/toy/lines.ipynb") == runs[0].executed.read_bytes()
    data = np.load(figures.open("book/toy/lines/figures/line.npz"))
    np.testing.assert_array_equal(data["y"], 2 * data["x"])
    assert "book/toy/lines/numbers/answer.json" in figures.namelist()
    for archive in (site, notebooks, figures):
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        archive.close()
    sums = written[CHECKSUMS].read_text()
    listed = dict(reversed(line.split("  ")) for line in sums.splitlines())
    assert set(listed) == set(written) - {CHECKSUMS}
    for name, digest in listed.items():
        assert hashlib.sha256(written[name].read_bytes()).hexdigest() == digest
    write_archives(project, runs, tmp_path / "two")
    assert (tmp_path / "two" / CHECKSUMS).read_text() == sums
    (project.site / "index.html").unlink()
    with pytest.raises(BookError, match="no site"):
        write_archives(project, runs, tmp_path / "three")
