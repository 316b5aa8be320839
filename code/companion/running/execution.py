"""Execute one notebook in a kernel of its own, and move its run into the store."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

import nbformat
import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.translators import PythonTranslator

from companion.project import Project
from companion.running.machine import packages

EXECUTED = "notebook.ipynb"
RECORD = "run.json"
_STARTS = 3  # times that a kernel is started before its notebook fails


@dataclass(frozen=True)
class Job:
    """One notebook to be executed: a plan, nothing done yet."""

    name: str
    source: Path
    parameters: Mapping[str, Any]
    key: str
    target: Path


@dataclass(frozen=True)
class Setting:
    """What all notebooks of a build are executed with.

    Parameters
    ----------
    timeout
        Longest time one cell may take, in seconds.
    environment
        What kernels inherit.
    sockets
        A folder with a short name, for the sockets of kernels.
    caches
        Folders for compiled code, one for each kernel that runs at a time: Numba may hand out code
        for other types after two processes have written one cache at once.
    machine
        What kernels compute with, for the records of their runs.
    stopped
        Set when no further kernel is to be started.
    """

    timeout: int
    environment: Mapping[str, str]
    sockets: Path
    caches: SimpleQueue[Path]
    machine: Mapping[str, Any]
    stopped: Event


class _FailedError(Exception):
    """A notebook did not run to its end; the message says where and why."""


def execute(project: Project, job: Job, setting: Setting) -> str | None:
    """Execute one notebook; return what went wrong, in one line, or None."""
    work = project.running / uuid.uuid4().hex
    cache = setting.caches.get()
    notebook = nbformat.read(job.source, as_version=4)
    started = time.time()
    clock = time.monotonic()  # the other one may be set back meanwhile
    try:
        work.mkdir(parents=True)
        injected = _inject(notebook, job.parameters)
        environment = {**setting.environment, "NUMBA_CACHE_DIR": str(cache)}
        _run(notebook, injected, work, environment, setting)
        record = {
            "notebook": job.name,
            "key": job.key,
            "parameters": dict(job.parameters),
            "started": started,
            "seconds": round(time.monotonic() - clock, 3),
            "machine": setting.machine,
            "packages": packages(),
        }
        nbformat.write(notebook, work / EXECUTED)
        (work / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        job.target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(job.target, ignore_errors=True)
        work.rename(job.target)
    except _FailedError as error:
        kept = project.failed / job.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, kept)
        return f"{job.name}: {error} (see {project.name(kept)})"
    except OSError as error:  # a full disk, say
        return f"{job.name}: {error}"
    finally:
        setting.caches.put(cache)
        shutil.rmtree(work, ignore_errors=True)
    return None


def _inject(notebook: nbformat.NotebookNode, parameters: Mapping[str, Any]) -> int:
    """Set parameters in a hidden cell of their own below the defaults; return its index.

    Without parameters there is no such cell, and the index is that of the end.
    """
    if not parameters:
        return len(notebook.cells)
    tagged = (k for k, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", ()))
    cell = nbformat.v4.new_code_cell(
        PythonTranslator.codify(parameters),
        metadata={"tags": ["injected-parameters", "remove-input"]},
    )
    index = next(tagged) + 1
    notebook.cells.insert(index, cell)
    return index


def _run(
    notebook: nbformat.NotebookNode,
    injected: int,
    work: Path,
    environment: Mapping[str, str],
    setting: Setting,
) -> None:
    """Execute the cells, in the folder `work`; where the kernel does not start, try another one."""
    begun = 0

    def begin(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal begun
        begun = cell_index - (cell_index >= injected)  # as cells are counted in the source

    for start in range(1, _STARTS + 1):
        client = NotebookClient(
            notebook,
            _kernel(setting.sockets),
            timeout=setting.timeout,
            iopub_timeout=setting.timeout,  # on a busy machine outputs come late
            raise_on_iopub_timeout=True,
            record_timing=False,
            extra_arguments=["--log-level=CRITICAL"],
            on_cell_start=begin,
        )
        try:
            asyncio.run(client.async_execute(cwd=str(work), env=environment, cleanup_kc=True))
            return
        except CellExecutionError as error:
            raise _FailedError(f"cell {begun}: {error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise _FailedError(
                f"cell {begun} took longer than {setting.timeout} s, "
                "which --timeout sets, or TIMEOUT= of make"
            ) from error
        except DeadKernelError as error:
            raise _FailedError("the kernel died") from error
        except RuntimeError as error:  # jupyter_client has no class of its own for this one
            if not str(error).startswith("Kernel"):
                raise
            if start == _STARTS or setting.stopped.is_set():
                raise _FailedError(f"no kernel could be started: {error}") from error


def _kernel(sockets: Path) -> AsyncKernelManager:
    """A kernel of this Python, whatever kernels are installed, reached by sockets in a folder.

    Over TCP, which is left where the system has no such sockets, a client chooses free ports, which
    the kernel binds a second later; in between another process may take them.
    """
    manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    if zmq.has("ipc"):
        manager.transport = "ipc"
        manager.connection_file = str(sockets / f"{uuid.uuid4().hex[:12]}.json")
    return manager
