"""Execute notebooks, each once for its inputs, in parallel, into a store of runs.

A run is in ``_build/runs/<notebook>/<key>/``: the executed notebook, what it published, and
``run.json``. It is made under ``_build/running/`` and moved into place by one rename when it is
complete, so the store never holds half a run, whatever kills the process.
"""

import multiprocessing
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from unittest import mock

import psutil
from tqdm import tqdm

from companion.errors import BookError, refuse
from companion.project import Project
from companion.running.environment import clean
from companion.running.execution import RECORD, Run, execute
from companion.running.keys import common_key, run_key
from companion.running.notebooks import Notebook
from companion.running.processes import begin_worker, end

SCALES = ("default", "paper")
KEPT = 3  # runs kept per notebook: switching between branches does not execute anything again


def run_notebooks(
    project: Project,
    notebooks: Sequence[Path],
    *,
    scale: str = "default",
    jobs: int | None = None,
    timeout: int = 900,
    reuse: bool = True,
) -> list[Run]:
    """Execute each notebook, or reuse its run if nothing it depends on has changed.

    Every notebook with a parameter `scale` is given the scale. `jobs` notebooks run at a time (by
    default one for each processor), and no cell for longer than `timeout` seconds. Notebooks that
    fail are refused, with cell and error; runs that were completed stay in the store.
    """
    runs = _planned(project, notebooks, scale, reuse)
    todo = [run for run in runs if not run.reused]
    _execute_all(project, todo, jobs or os.cpu_count() or 1, timeout)
    for run in runs:
        _forget_old_runs(run.folder)
    return runs


def stored_runs(project: Project, notebooks: Sequence[Path]) -> list[Run]:
    """Return the finished runs of `notebooks` at scale "default"; nothing is executed."""
    return [run for run in _planned(project, notebooks, "default", reuse=True) if run.reused]


def _planned(
    project: Project,
    notebooks: Sequence[Path],
    scale: str,
    reuse: bool,
) -> list[Run]:
    common = common_key(project)
    runs = []
    for path in notebooks:
        name, notebook = project.name(path), Notebook.read(path)
        refuse(f"{name}: {obstacle}" for obstacle in notebook.obstacles())
        # What equals the default is not injected: the page then shows the cell the author wrote.
        default = notebook.parameters.get("scale", repr(scale))
        given = {"scale": scale} if default != repr(scale) else {}
        key = run_key(common, notebook, given)
        folder = project.runs / Path(name).with_suffix("") / key
        reused = reuse and (folder / RECORD).is_file()
        runs.append(Run(name, key, folder, path, given, reused))
    return runs


def _execute_all(project: Project, runs: Sequence[Run], jobs: int, timeout: int) -> None:
    if not runs:
        return
    shutil.rmtree(project.running, ignore_errors=True)  # left over from a killed build
    failures: list[str] = []
    with (
        tqdm(total=len(runs), desc="notebooks", unit="nb") as progress,
        _pool(project, min(jobs, len(runs))) as pool,
    ):
        try:
            # Workers are started here. A pool cannot be handed an environment for them.
            environment = clean(os.environ, project.cache)
            with mock.patch.dict(os.environ, environment, clear=True):
                futures = [pool.submit(execute, project, run, timeout) for run in runs]
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


def _forget_old_runs(current: Path) -> None:
    """Keep the newest runs of a notebook, the current one first."""
    others = sorted(
        (folder for folder in current.parent.iterdir() if folder != current),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
