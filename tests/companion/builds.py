"""Builds of a toy book in processes of their own, for tests of what may happen to one."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
from _pytest.mark.structures import ParameterSet

from toy import ToyBook


def start(
    toy: ToyBook, *options: str, before: str = "", **environment: str
) -> subprocess.Popen[str]:
    """Start a build in a process of its own, which runs the statements `before` first."""
    as_main = "import runpy; runpy.run_module('companion', run_name='__main__', alter_sys=True)"
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{as_main}", "--root", str(toy.root), "book", *options],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code and what a reader sees, without the progress bar."""
    _, told = process.communicate(timeout=300)
    told = "\n".join(line for line in told.splitlines() if not line.startswith("notebooks:"))
    return process.returncode, told.strip()


def startup(folder: Path, code: str) -> str:
    """Return a search path with which every Python process runs `code` as it starts."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


def await_file(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, finish(process)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def await_end(toy: ToyBook) -> None:
    """Wait until no process of a build of this book is left."""
    deadline = time.monotonic() + 60
    while left := [p for p in psutil.process_iter() if str(toy.root) in command_of(p)]:
        assert time.monotonic() < deadline, [command_of(process) for process in left]
        time.sleep(0.1)


def command_of(process: psutil.Process) -> str:
    try:
        return f"{process.cmdline()} {process.cwd()}"
    except psutil.Error:  # it ended, or is not ours to look at
        return ""


def shows_edit(toy: ToyBook) -> bool:
    return "A changed book" in (toy.site / "book/toy/index.html").read_text()


def slow_but(quick: str, cases: Mapping[str, object]) -> list[ParameterSet]:
    """All cases; those but one are slow."""
    marks = {name: () if name == quick else pytest.mark.slow for name in cases}
    return [pytest.param(case, marks=marks[name], id=name) for name, case in cases.items()]
