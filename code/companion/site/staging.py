"""The staging copy of the book: sources, with executed notebooks in place of the bare ones.

Jupyter Book renders this copy and nothing else, so a page can only show a run that was checked.
Files whose content is unchanged are left alone, which keeps Sphinx's incremental builds short.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from companion.checking.reproducibility import RECORD
from companion.notebook import FOLDER
from companion.project import NOTEBOOK_SUFFIX, Project
from companion.running.execution import Run
from companion.site.launch import Origin


def stage(project: Project, runs: Sequence[Run], record: Mapping[str, Any]) -> None:
    """Make the staging copy hold the sources, `runs` and the record of this build, no more."""
    wanted = dict(_sources(project))
    for run in runs:
        target = Path(run.notebook)
        wanted[target] = run.executed
        for file in sorted(run.published.rglob("*")):
            if file.is_file():
                wanted[target.parent / FOLDER / file.relative_to(run.published)] = file
    origin = Origin.find(project)
    written = {RECORD: json.dumps(record, indent=1, ensure_ascii=False) + "\n"}
    written[Path("_config.yml")] = _staged_config(project, origin)
    project.stage.mkdir(parents=True, exist_ok=True)
    _remove_others(project.stage, {*wanted, *written})
    for name, source in wanted.items():
        _write_if_changed(project.stage / name, source.read_bytes())
    for name, text in written.items():
        _write_if_changed(project.stage / name, text.encode())


def _sources(project: Project) -> Iterator[tuple[Path, Path]]:
    yield Path("_toc.yml"), project.toc
    if project.citation.is_file():
        yield Path(project.citation.name), project.citation
    for path in sorted(project.book.rglob("*")):
        relative = path.relative_to(project.root)
        hidden = any(part.startswith(".") or part == FOLDER for part in relative.parts)
        if path.is_file() and not hidden and path.suffix != NOTEBOOK_SUFFIX:
            yield relative, path


def _staged_config(project: Project, origin: Origin | None) -> str:
    """The book's configuration, but Jupyter Book must not execute: that has been done."""
    config = project.settings
    config["execute"] = {**config.get("execute", {}), "execute_notebooks": "off"}
    config.update(origin.settings if origin else {})
    return yaml.safe_dump(config, allow_unicode=True, sort_keys=False)


def _remove_others(folder: Path, kept: Collection[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder) not in kept:
            path.unlink()


def _write_if_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
