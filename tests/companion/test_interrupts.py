"""Ctrl-C ends a build, wherever it is, and leaves the last good site whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from builds import await_end, command_of, finish, slow_but, start


@pytest.fixture
def load() -> Iterator[list[psutil.Popen]]:
    """Four busy processes for each core, which rest until they are resumed."""
    idle = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass"
    command = [sys.executable, "-S", "-c", idle]
    started = [psutil.Popen(command) for _ in range(4 * (os.cpu_count() or 1))]
    yield started
    for busy in started:
        busy.kill()
        busy.wait()


def has_started(part: str) -> Callable[[psutil.Process, Path], bool]:
    return lambda build, _: any(part in command_of(p) for p in build.children(recursive=True))


def loading(build: psutil.Process, _: Path) -> bool:
    """The program is being imported: it no longer ignores SIGINT, and has no handler yet."""
    status = Path(f"/proc/{build.pid}/status")
    if not status.exists():  # not Linux
        return build.cpu_times().user > 0.15
    masks = dict(line.split(":", 1) for line in status.read_text().splitlines())
    taken = int(masks["SigIgn"], 16) | int(masks["SigCgt"], 16)
    return build.cpu_times().user > 0.05 and not taken & 1 << signal.SIGINT - 1


MOMENTS = {
    "loading": loading,
    "workers start": has_started("spawn_main"),
    "kernels start": has_started("ipykernel_launcher"),
    "a cell runs": lambda _, marker: marker.exists(),
    "Sphinx": has_started("jupyter_book"),
}


@pytest.mark.parametrize("has_come", slow_but("a cell runs", MOMENTS))
def test_ctrl_c_ends_a_build(edited, tmp_path, load, request, has_come):
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
    for busy in load:
        busy.resume()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: Sphinx hears it, too
    _, told = process.communicate(timeout=5)
    if "loading" in request.node.name:
        assert (process.returncode, told) == (-signal.SIGINT, "")
    else:
        assert process.returncode == 130
        assert "Traceback" not in told
        assert "interrupted; finished runs are kept" in told
    await_end(edited)
    assert edited.files() == good


def test_ctrl_c_that_gets_lost_ends_a_build_nevertheless():
    code = """
import subprocess, time
from companion.running.processes import end_on_interrupt
end_on_interrupt()
child = subprocess.Popen(["sleep", "600"])
while True:
    try: print(child.pid, flush=True); time.sleep(600)
    except KeyboardInterrupt: pass
"""
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert "interrupted" in process.communicate(timeout=5)[1]
    assert process.returncode == 130
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
