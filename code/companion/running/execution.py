"""Execute one notebook with papermill, in a process of its own, and move its run into the store."""

import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from companion.notebook import FOLDER
from companion.project import Project
from companion.running.machine import machine, packages
from companion.running.notebooks import Notebook

EXECUTED = "notebook.ipynb"
RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """A run of a notebook; its folder holds it as soon as it is finished."""

    notebook: str
    key: str
    folder: Path
    source: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reused: bool = False
    """Whether it was finished before it was asked for."""

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


class _FailedError(Exception):
    """A notebook did not run to its end; the message says where and why."""


def execute(project: Project, run: Run, timeout: int) -> str | None:
    """Execute one notebook, each cell within `timeout` seconds; return what failed, or None."""
    work = project.running / uuid.uuid4().hex
    try:
        work.mkdir(parents=True)
        with tempfile.TemporaryDirectory(prefix="book-") as sockets:
            record = _execute(run, work, timeout, Path(sockets))
        _store(run, work, record)
    except _FailedError as error:
        kept = _keep_failed(project, run, work)
        return f"{run.notebook}: {error} (see {kept})"
    except OSError as error:  # a full disk, say
        return f"{run.notebook}: {error}"
    return None


def _execute(run: Run, work: Path, timeout: int, sockets: Path) -> dict[str, Any]:
    """Execute the notebook in the folder `work`; return the record of the run."""
    # Not above: a build that executes nothing starts sooner without them.
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    started = time.time()
    clock = time.monotonic()  # the other one may be set back meanwhile
    executed = work / EXECUTED
    # Sockets in a folder. Of TCP ports the client only hopes that they are still free when the
    # kernel binds them.
    reached = {"transport": "ipc", "connection_file": str(sockets / "kernel.json")}
    try:
        papermill.execute_notebook(
            _literally(run.source),
            _literally(executed),
            parameters=dict(run.parameters),
            kernel_name="python3",
            cwd=str(work),
            progress_bar=False,
            execution_timeout=timeout,
            iopub_timeout=timeout,  # on a busy machine outputs come late
            coalesce_streams=True,  # and in pieces
            extra_arguments=["--log-level=CRITICAL"],
            config=Config({"KernelManager": reached}),
        )
    except PapermillExecutionError as error:
        cell = _in_source(run, error.cell_index)
        raise _FailedError(f"cell {cell}: {error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise _FailedError(
            f"cell {_in_source(run, _last_begun(executed))} took longer than {timeout} s, "
            "which --timeout sets, or TIMEOUT= of make"
        ) from error
    except DeadKernelError as error:
        raise _FailedError("the kernel died") from error
    except RuntimeError as error:  # jupyter_client has no class of its own for this one
        raise _FailedError(f"no kernel could be started: {error}") from error
    _require_every_cell(run, executed)
    return {
        "notebook": run.notebook,
        "key": run.key,
        "parameters": dict(run.parameters),
        "started": started,
        "seconds": round(time.monotonic() - clock, 3),
        "machine": machine(),
        "packages": packages(),
    }


def _literally(path: Path) -> str:
    """Escape a path for papermill, which formats it with the parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _require_every_cell(run: Run, executed: Path) -> None:
    """Refuse ``raise SystemExit`` and cells that did not run after it, which papermill passes."""
    last = 0
    for index, cell in enumerate(nbformat.read(executed, as_version=4).cells):
        if cell.cell_type != "code":
            continue
        stopped = [output.ename for output in cell.outputs if output.output_type == "error"]
        complete = cell.metadata.papermill.status == "completed" and not stopped
        if not complete or (cell.execution_count or 0) <= last:
            why = f"stopped by {stopped[0]}" if stopped else "did not run, or not in its order"
            raise _FailedError(f"cell {_in_source(run, index)} {why}")
        last = cell.execution_count


def _in_source(run: Run, index: int) -> int:
    """Return the index in the source: papermill injects a cell below the one with the defaults."""
    defaults = Notebook.read(run.source).parameters_cell
    return index - bool(run.parameters and defaults and index > defaults.index)


def _last_begun(path: Path) -> int:
    """Return the index of the cell at which an execution stopped, as papermill notes it."""
    cells = nbformat.read(path, as_version=4).cells
    begun = [k for k, cell in enumerate(cells) if cell.metadata.papermill.start_time]
    return max(begun, default=0)


def _keep_failed(project: Project, run: Run, work: Path) -> str:
    """Move what there is of the executed notebook to where it can be read; return its name."""
    kept = project.failed / run.notebook
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = work / EXECUTED
    if partial.exists():
        os.replace(partial, kept)
    shutil.rmtree(work, ignore_errors=True)
    return project.name(kept)


def _store(run: Run, work: Path, record: Mapping[str, Any]) -> None:
    """Move a complete run into the store, by one rename."""
    _tidy(work / EXECUTED)
    (work / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(run.folder, ignore_errors=True)
    work.rename(run.folder)


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
