"""Ctrl-C ends a build, wherever it is, and leaves the last good site whole."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from builds import await_end, command_of, finish, slow_but, start


def has_started(part: str) -> Callable[[psutil.Process, Path], bool]:
    return lambda build, _: any(part in command_of(p) for p in build.children(recursive=True))


MOMENTS = {
    "kernels start": has_started("ipykernel_launcher"),
    "a cell runs": lambda _, marker: marker.exists(),
    "Sphinx": has_started("jupyter_book"),
}


@pytest.mark.parametrize("has_come", slow_but("a cell runs", MOMENTS))
def test_ctrl_c_ends_a_build(edited, tmp_path, request, has_come):
    good, marker = edited.files(), tmp_path / "running"
    if "Sphinx" not in request.node.name:
        edited.write_alone(f"open({str(marker)!r}, 'w').close()\nimport time\ntime.sleep(600)")
    # As a shell starts what runs in the background: with SIGINT ignored.
    process = start(edited, before="import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    deadline = time.monotonic() + 120
    while not has_come(psutil.Process(process.pid), marker):
        assert process.poll() is None, finish(process)
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: Sphinx hears it, too
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "interrupted; finished runs are kept" in told
    await_end(edited)
    assert edited.files() == good
