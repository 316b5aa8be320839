"""Execute notebooks with papermill, each once, in parallel, into a store of runs.

A run lives in ``_build/runs/<notebook>/<key>/``: the executed notebook, what it published, and
``run.json``. It is made under ``_build/running/`` and moved into place by one rename when it is
complete, so the store never holds half a run, whatever kills the process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from companion.keys import run_key
from companion.machine import machine, packages
from companion.notebooks import Notebook
from companion.project import BookError, Project
from companion.publish import FOLDER

SCALES = ("quick", "default", "paper")
KEPT = 3  # runs kept per notebook: switching between branches does not execute anything again
_EXECUTED = "notebook.ipynb"
_RECORD = "run.json"


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
        return self.folder / _EXECUTED

    @property
    def published(self) -> Path:
        """The folder of what it published."""
        return self.folder / FOLDER

    @property
    def record(self) -> dict[str, Any]:
        """When and how it ran."""
        loaded: dict[str, Any] = json.loads((self.folder / _RECORD).read_text(encoding="utf-8"))
        return loaded


@dataclass(frozen=True)
class _Job:
    """One notebook to be executed: a plan, nothing done yet."""

    name: str
    source: Path
    parameters: Mapping[str, Any]
    key: str
    target: Path


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

    Parameters
    ----------
    project, notebooks
        The book and the source notebooks to run.
    scale
        ``"quick"``, ``"default"`` or ``"paper"``; given to every notebook with such a parameter.
    parameters
        Further parameters; every notebook must have each of them.
    jobs
        Notebooks executed at a time; the number of processors by default.
    timeout
        Longest time one cell may take, in seconds.
    reuse
        False executes everything again.

    Returns
    -------
    list of Run
        In the order of `notebooks`.

    Raises
    ------
    BookError
        If a parameter is unknown or a notebook fails; the message names notebook, cell and error.
        Runs that were completed stay in the store.
    """
    if scale not in SCALES:
        raise BookError(f"scale {scale!r}: one of {', '.join(SCALES)} needed")
    plans = [_plan(project, path, scale, dict(parameters or {})) for path in notebooks]
    todo = [plan for plan in plans if not (reuse and _is_complete(plan.target))]
    _execute_all(project, todo, jobs or os.cpu_count() or 1, timeout)
    done = {plan.name for plan in todo}
    for plan in plans:
        _forget_old_runs(plan.target)
    return [Run(plan.name, plan.key, plan.target, plan.name not in done) for plan in plans]


def stored_runs(project: Project, notebooks: Sequence[Path]) -> list[Run]:
    """Finished runs of `notebooks` at scale "default", as they are now; nothing is executed."""
    plans = [_plan(project, path, "default", {}) for path in notebooks]
    return [
        Run(plan.name, plan.key, plan.target, reused=True)
        for plan in plans
        if _is_complete(plan.target)
    ]


def _plan(project: Project, path: Path, scale: str, parameters: dict[str, Any]) -> _Job:
    name = project.name(path)
    notebook = Notebook.read(path)
    known = notebook.parameters()
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise BookError(
            f"{name}: no parameter {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    # What equals the default is not injected: the page then shows the cell the author wrote.
    if "scale" in known and known["scale"].strip("\"'") != scale:
        parameters = {"scale": scale, **parameters}
    key = run_key(project, notebook, parameters)
    target = project.runs / Path(name).with_suffix("") / key
    return _Job(name, path, parameters, key, target)


def _is_complete(folder: Path) -> bool:
    return (folder / _RECORD).is_file()


def _execute_all(project: Project, plans: Sequence[_Job], jobs: int, timeout: int) -> None:
    if not plans:
        return
    shutil.rmtree(project.running, ignore_errors=True)  # left over from a killed build
    os.environ.update(_kernel_environment(project))
    failures: list[str] = []
    progress = tqdm(total=len(plans), desc="notebooks", unit="nb")
    # Processes, not threads: papermill changes the working folder of the whole process.
    pool = ProcessPoolExecutor(
        max_workers=min(jobs, len(plans)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
    )
    with progress, pool:
        futures: list[Future[str | None]] = [
            pool.submit(_execute, project, plan, timeout) for plan in plans
        ]
        try:
            for future in as_completed(futures):
                progress.update()
                if problem := future.result():
                    failures.append(problem)
        except BrokenProcessPool as error:
            _stop_workers()
            raise BookError(
                "a process that runs notebooks was killed (out of memory?); finished runs are kept"
            ) from error
        except BaseException:
            _stop_workers()
            raise
    if failures:
        raise BookError("\n".join(sorted(failures)))


def _start_worker() -> None:
    """Leave Ctrl-C to the build, and end with it: killed, it could not end its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _stop_children(psutil.Process())
    os._exit(1)


def _execute(project: Project, plan: _Job, timeout: int) -> str | None:
    """Execute one notebook; return what went wrong, in one line, or None."""
    try:
        return _execute_and_store(project, plan, timeout)
    except OSError as error:  # a full disk, say
        return f"{plan.name}: {error}"


def _execute_and_store(project: Project, plan: _Job, timeout: int) -> str | None:
    work = project.running / uuid.uuid4().hex
    work.mkdir(parents=True)
    started = time.time()
    clock = time.monotonic()  # the other one may be set back meanwhile
    try:
        papermill.execute_notebook(
            str(plan.source),
            str(work / _EXECUTED),
            parameters=dict(plan.parameters),
            kernel_name="python3",
            cwd=str(work),
            progress_bar=False,
            execution_timeout=timeout,
            extra_arguments=["--log-level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        kept = _keep_failed(project, plan, work)
        cell = error.cell_index
        return f"{plan.name}: cell {cell}: {error.ename}: {error.evalue} (see {kept})"
    except CellTimeoutError:
        cell = _last_begun(work / _EXECUTED)
        kept = _keep_failed(project, plan, work)
        return (
            f"{plan.name}: cell {cell} took longer than {timeout} s, "
            f"which --timeout sets, or TIMEOUT= of make (see {kept})"
        )
    except DeadKernelError:
        kept = _keep_failed(project, plan, work)
        return f"{plan.name}: the kernel died (see {kept})"
    except RuntimeError as error:  # jupyter_client has no class of its own for this one
        if not str(error).startswith("Kernel"):
            raise
        shutil.rmtree(work, ignore_errors=True)
        return f"{plan.name}: no kernel could be started: {error}"
    _tidy(work / _EXECUTED)
    record = {
        "notebook": plan.name,
        "key": plan.key,
        "parameters": dict(plan.parameters),
        "started": started,
        "seconds": round(time.monotonic() - clock, 3),
        "machine": machine(),
        "packages": packages(),
    }
    (work / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    plan.target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(plan.target, ignore_errors=True)
    work.rename(plan.target)
    return None


def _keep_failed(project: Project, plan: _Job, work: Path) -> str:
    kept = project.failed / plan.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = work / _EXECUTED
    if partial.exists():
        os.replace(partial, kept)
    shutil.rmtree(work, ignore_errors=True)
    return project.name(kept)


def _last_begun(path: Path) -> int:
    """The cell at which an execution stopped, by papermill's account."""
    cells = nbformat.read(path, as_version=4).cells
    begun = [k for k, cell in enumerate(cells) if cell.metadata.papermill.start_time]
    return max(begun, default=0)


def _tidy(path: Path) -> None:
    """Hide injected parameters; take out papermill's times and paths, which differ every time."""
    notebook = nbformat.read(path, as_version=4)
    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        tags = cell.metadata.get("tags", [])
        if "injected-parameters" in tags:
            cell.metadata["tags"] = [*tags, "remove-input"]
    nbformat.write(notebook, path)


def _kernel_environment(project: Project) -> dict[str, str]:
    """What kernels inherit: one thread each, nothing read from or written to the home folder."""
    cache = project.cache
    (cache / "ipython").mkdir(parents=True, exist_ok=True)
    return {
        "OMP_NUM_THREADS": "1",  # notebooks already run side by side, and sums must not depend
        "OPENBLAS_NUM_THREADS": "1",  # on how many threads share them
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "IPYTHONDIR": str(cache / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(cache / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(cache / "jupyter-runtime"),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # debugger notice on every kernel's stderr
    }


def _stop_workers() -> None:
    """End workers and their kernels at once."""
    for worker in multiprocessing.active_children():
        with suppress(psutil.NoSuchProcess):
            _stop_children(psutil.Process(worker.pid))
        worker.kill()


def _stop_children(process: psutil.Process) -> None:
    """End what a process started; kernels sit in sessions that Ctrl-C does not reach."""
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()


def _forget_old_runs(target: Path) -> None:
    """Keep the newest runs of a notebook, the current one first."""
    others = sorted(
        (folder for folder in target.parent.iterdir() if folder != target),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
