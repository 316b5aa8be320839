"""Execute notebooks, each once for its inputs, in parallel, into a store of runs.

A run is in ``_build/runs/<notebook>/<key>/``: the executed notebook, what it published, and
``run.json``. It is made under ``_build/running/`` and moved into place by one rename when it is
complete, so the store never holds half a run, whatever kills the process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
from tqdm import tqdm

from companion.errors import BookError, refuse
from companion.notebook import FOLDER
from companion.project import Project
from companion.running.environment import clean
from companion.running.execution import EXECUTED, RECORD, Job, execute
from companion.running.keys import common_key, run_key
from companion.running.notebooks import Notebook
from companion.running.processes import begin_worker, end

SCALES = ("quick", "default", "paper")
KEPT = 3  # runs kept per notebook: switching between branches does not execute anything again


@dataclass(frozen=True)
class Run:
    """A finished run: its folder holds the executed notebook and what it published."""

    notebook: str
    key: str
    folder: Path
    reused: bool

    @property
    def executed(self) -> Path:
        """The notebook with its outputs."""
        return self.folder / EXECUTED

    @property
    def published(self) -> Path:
        """The folder of what it published."""
        return self.folder / FOLDER

    @property
    def record(self) -> dict[str, Any]:
        """When and how it ran."""
        loaded: dict[str, Any] = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
        return loaded


def run_notebooks(
    project: Project,
    notebooks: Sequence[Path],
    *,
    scale: str = "default",
    parameters: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    timeout: int = 900,
    reuse: bool = True,
) -> list[Run]:
    """Execute each notebook, or reuse its run if nothing it depends on has changed.

    Every notebook with a parameter `scale` is given the scale, and must have the other parameters.
    `jobs` notebooks run at a time (by default one for each processor), and no cell for longer than
    `timeout` seconds. A parameter that is unknown and a notebook that fails are refused, with
    notebook, cell and error; runs that were completed stay in the store.
    """
    plans = _plans(project, notebooks, scale, parameters or {})
    todo = [plan for plan in plans if not (reuse and _is_complete(plan.target))]
    _execute_all(project, todo, jobs or os.cpu_count() or 1, timeout)
    done = {plan.name for plan in todo}
    for plan in plans:
        _forget_old_runs(plan.target)
    return [Run(plan.name, plan.key, plan.target, plan.name not in done) for plan in plans]


def stored_runs(project: Project, notebooks: Sequence[Path]) -> list[Run]:
    """Return the finished runs of `notebooks` at scale "default"; nothing is executed."""
    plans = _plans(project, notebooks, "default", {})
    return [
        Run(plan.name, plan.key, plan.target, reused=True)
        for plan in plans
        if _is_complete(plan.target)
    ]


def _plans(
    project: Project, notebooks: Sequence[Path], scale: str, parameters: Mapping[str, Any]
) -> list[Job]:
    common = common_key(project)
    return [_plan(project, path, scale, parameters, common) for path in notebooks]


def _plan(
    project: Project, path: Path, scale: str, parameters: Mapping[str, Any], common: str
) -> Job:
    name = project.name(path)
    notebook = Notebook.read(path)
    refuse(f"{name}: {obstacle}" for obstacle in notebook.obstacles())
    known = notebook.parameters
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise BookError(
            f"{name}: no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    # What equals the default is not injected: the page then shows the cell the author wrote.
    if "scale" in known and known["scale"] != repr(scale):
        parameters = {"scale": scale, **parameters}
    key = run_key(common, notebook, parameters)
    target = project.runs / Path(name).with_suffix("") / key
    return Job(name, path, parameters, key, target)


def _is_complete(folder: Path) -> bool:
    return (folder / RECORD).is_file()


def _execute_all(project: Project, jobs: Sequence[Job], at_a_time: int, timeout: int) -> None:
    if not jobs:
        return
    shutil.rmtree(project.running, ignore_errors=True)  # left over from a killed build
    failures: list[str] = []
    with (
        tqdm(total=len(jobs), desc="notebooks", unit="nb") as progress,
        _pool(project, min(at_a_time, len(jobs))) as pool,
    ):
        try:
            # Workers are started here. A pool cannot be handed an environment for them.
            environment = clean(os.environ, project.cache)
            with mock.patch.dict(os.environ, environment, clear=True):
                futures = [pool.submit(execute, project, job, timeout) for job in jobs]
            for future in as_completed(futures):
                progress.update()
                if problem := future.result():
                    failures.append(problem)
        except BrokenProcessPool as error:
            workers = (child.pid for child in multiprocessing.active_children())
            end(psutil.Process(pid) for pid in workers if psutil.pid_exists(pid))
            raise BookError(
                "a process that runs notebooks was killed (out of memory?); finished runs are kept"
            ) from error
    refuse(sorted(failures))


def _pool(project: Project, size: int) -> ProcessPoolExecutor:
    # Processes, not threads: papermill changes the working folder of the whole process.
    context = multiprocessing.get_context("spawn")
    compiled = Path(os.environ.get("NUMBA_CACHE_DIR") or project.cache / "numba")
    return ProcessPoolExecutor(size, context, initializer=begin_worker, initargs=(compiled,))


def _forget_old_runs(target: Path) -> None:
    """Keep the newest runs of a notebook, the current one first."""
    others = sorted(
        (folder for folder in target.parent.iterdir() if folder != target),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
