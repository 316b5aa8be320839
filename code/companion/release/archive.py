"""What a release and CI keep of a build: the site, the PDF, the executed notebooks, the data.

The archives depend on their content alone, not on when or by whom they were made.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from companion.project import BookError, Project
from companion.running.runs import Run

CHECKSUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can name
_MODE = 0o644 << 16


def write_archives(project: Project, runs: Sequence[Run], target: Path) -> list[Path]:
    """Write the archives of `runs` and of the built site into the new folder `target`.

    Return ``site.zip``, ``notebooks.zip``, ``figure-data.zip``, the PDF if the site has one, the
    packages (wheel and source), and ``SHA256SUMS``.
    """
    if not (project.site / "index.html").is_file():
        raise BookError(f"{project.name(project.site)}: no site; build it first")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _zip(
        target / "site.zip",
        ((file, file.relative_to(project.site)) for file in _files(project.site)),
    )
    _zip(target / "notebooks.zip", ((run.executed, Path(run.notebook)) for run in runs))
    _zip(
        target / "figure-data.zip",
        (
            (file, Path(run.notebook).with_suffix("") / file.relative_to(run.published))
            for run in runs
            for file in _files(run.published)
        ),
    )
    for pdf in sorted(project.site.rglob("*.pdf")):
        shutil.copyfile(pdf, target / pdf.name)
    _build_packages(project, target)
    written = sorted(target.iterdir())
    sums = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in written)
    (target / CHECKSUMS).write_text(sums, encoding="utf-8")
    return [*written, target / CHECKSUMS]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _zip(target: Path, members: Iterable[tuple[Path, Path]]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, name in sorted(members, key=lambda member: member[1]):
            entry = zipfile.ZipInfo(name.as_posix(), _EPOCH)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def _build_packages(project: Project, target: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BookError(f"hatchling build: {(result.stdout + result.stderr).strip()}")
