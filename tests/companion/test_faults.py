"""What a machine may do to a build: the last good site stays whole, and the next build works.

What needs mounts or a network of its own is in tests/faults; all of this runs as any user.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from companion.project import BookError, Project
from companion.running.runs import run_notebooks
from toy import DRAW, REPOSITORY, ToyBook

DAY = 86_400.0

# Dies by its own hand as soon as the condition holds; an audit hook sees what is about to happen.
DIES = """
import os, signal, sys

def hook(event, args):
    if {condition}:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
"""

# Refuses every connection that leaves the machine, and remembers that someone tried.
NO_NETWORK = """
import sys

def hook(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if host not in (None, "", "localhost", "::1") and not str(host).startswith("127."):
        with open({log!r}, "a") as file:
            print(event, host, file=file)
        raise OSError(101, "Network is unreachable")

sys.addaudithook(hook)
"""


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
    """Return the exit code and what a reader is told, without the progress bar."""
    _, told = process.communicate(timeout=300)
    told = "\n".join(line for line in told.splitlines() if not line.startswith("notebooks:"))
    return process.returncode, told.strip()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def startup(folder: Path, code: str) -> str:
    """Return a search path with which every Python process runs `code` as it starts."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return with_path(folder)


def with_path(folder: Path) -> str:
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
    while left := [p for p in psutil.process_iter() if str(toy.root) in _command(p)]:
        assert time.monotonic() < deadline, [_command(process) for process in left]
        time.sleep(0.1)


def _command(process: psutil.Process) -> str:
    try:
        return f"{process.cmdline()} {process.cwd()}"
    except psutil.Error:  # it ended, or is not ours to look at
        return ""


def shows_edit(toy: ToyBook) -> bool:
    return "A changed book" in (toy.site / "book/toy/index.html").read_text()


@pytest.fixture
def edited(toy: ToyBook) -> ToyBook:
    """A built book, one page of which was changed since."""
    toy.edit(toy.page, "# A toy book", "# A changed book")
    return toy


# Killed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        'event == "open" and "/_build/stage/" in str(args[0]) and "w" in str(args[1])',
        'event == "shutil.copytree" and str(args[1]).endswith("html.coming")',
        'event == "open" and str(args[0]).endswith("html.coming/genindex.html")',
        'event == "os.rename" and str(args[1]).endswith("html.going")',
        'event == "shutil.rmtree" and str(args[0]).endswith("going") and os.path.isdir(args[0])',
    ],
    ids=["staging", "site checked", "half copied", "copied", "swapped"],
)
def test_kill_at_a_stage(edited, build, condition):
    good = files(edited.site)
    assert finish(start(edited, before=DIES.format(condition=condition)))[0] == -signal.SIGKILL
    statements = (edited.root / "book/statements.yml").read_text()
    edited.write_statements({})
    assert build() == 1  # a failing build leaves a whole site, too
    assert shows_edit(edited) or files(edited.site) == good
    (edited.root / "book/statements.yml").write_text(statements)
    assert build() == 0
    assert shows_edit(edited)
    assert {path.name for path in (edited.root / "_build").glob("html*")} == {"html"}


def test_kill_while_sphinx_writes_leaves_no_second_writer(edited, build, tmp_path):
    good = files(edited.site)
    marker = tmp_path / "writing"
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "slow.py").write_text(
        "import pathlib, time\n"
        f"def wait(*_): pathlib.Path({str(marker)!r}).touch(); time.sleep(600)\n"
        "def setup(app): app.connect('html-collect-pages', wait)\n"
    )
    config = edited.root / "_config.yml"
    edited.edit(config, "companion.sphinx]", "companion.sphinx, slow]")
    process = start(edited, PYTHONPATH=with_path(modules))
    await_file(marker, process)
    process.kill()
    finish(process)
    await_end(edited)
    assert files(edited.site) == good
    edited.edit(config, "companion.sphinx, slow]", "companion.sphinx]")
    assert build() == 0
    assert shows_edit(edited)


def test_kill_while_a_notebook_runs_leaves_no_kernel(toy, build, tmp_path):
    marker, fast = tmp_path / "running", toy.notebook.read_text()
    toy.write_notebook(
        draw=f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)\n{DRAW}"
    )
    good = files(toy.site)
    process = start(toy)
    await_file(marker, process)
    process.kill()
    finish(process)
    await_end(toy)
    assert files(toy.site) == good
    toy.notebook.write_text(fast)
    assert build() == 0


# Interrupted --------------------------------------------------------------------------------


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
    return lambda build, _: any(part in _command(p) for p in build.children(recursive=True))


@pytest.mark.parametrize(
    "has_come",
    [
        lambda build, _: build.cpu_times().user > 0.5,
        has_started("spawn_main"),
        has_started("ipykernel_launcher"),
        lambda _, marker: marker.exists(),
        has_started("jupyter_book"),
    ],
    ids=["loading", "workers start", "kernels start", "a cell runs", "Sphinx"],
)
def test_ctrl_c_ends_a_build(edited, tmp_path, load, request, has_come):
    good, marker = files(edited.site), tmp_path / "running"
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
    assert files(edited.site) == good


def test_ctrl_c_that_gets_lost_ends_a_build_nevertheless():
    code = """
import subprocess, time
from companion.running.processes import end_on_interrupt
end_on_interrupt()
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
while True:
    try: time.sleep(600)
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


def test_worker_that_is_killed(toy, build, capsys):
    source = toy.notebook.read_text()
    toy.write_notebook(draw="import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + DRAW)
    assert build() == 1
    assert "a process that runs notebooks was killed (out of memory?)" in capsys.readouterr().err
    toy.notebook.write_text(source)
    assert build() == 0


# Refused ------------------------------------------------------------------------------------


def limited(size: int) -> str:
    """No file may grow beyond `size`: what a full disk does, but for the number of the error."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


@pytest.mark.parametrize(
    ("size", "where"),
    [(3_000, "book/toy/lines.ipynb: "), (200_000, "")],
    ids=["in a notebook", "in Sphinx"],
)
def test_disk_full(edited, build, size, where):
    good = files(edited.site)
    edited.write_notebook(draw=DRAW + "\n# run me again")
    code, told = finish(start(edited, before=limited(size)))
    print(told)
    assert code == 1
    assert "File too large" in told
    assert where in told
    assert "Traceback" not in told
    assert files(edited.site) == good
    assert build() == 0
    assert shows_edit(edited)


def test_home_that_cannot_be_written(edited, tmp_path):
    # Below a file nothing can be made, not even by root.
    home = tmp_path / "home"
    home.touch()
    shutil.rmtree(edited.root / "_build")
    homes = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    code, told = finish(start(edited, **homes))
    assert code == 0, told
    assert shows_edit(edited)


def test_home_is_left_alone(edited, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    shutil.rmtree(edited.root / "_build")
    code, told = finish(start(edited, HOME=str(home)))
    assert code == 0, told
    assert files(home) == {}


def test_no_network(edited, tmp_path):
    log = tmp_path / "tried"
    path = startup(tmp_path / "startup", NO_NETWORK.format(log=str(log)))
    shutil.rmtree(edited.root / "_build")
    code, told = finish(start(edited, PYTHONPATH=path))
    assert code == 0, told
    assert not log.exists(), log.read_text()
    # The guard itself bites.
    tries = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 9))"]
    result = subprocess.run(tries, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert "192.0.2.1" in log.read_text()


# Kernels ------------------------------------------------------------------------------------


DIES_AS_A_KERNEL = """
import os, sys
if "ipykernel_launcher" in sys.orig_argv and {condition}:
    os._exit(1)
"""


def test_kernel_that_cannot_start(toy, tmp_path, monkeypatch):
    project, alone = Project(toy.root), toy.root / "book/toy/alone.ipynb"
    path = startup(tmp_path / "a", DIES_AS_A_KERNEL.format(condition=True))
    monkeypatch.setenv("PYTHONPATH", path)
    with pytest.raises(BookError, match=r"^book/toy/alone\.ipynb: no kernel could be started"):
        run_notebooks(project, [alone])
    once = str(tmp_path / "once")
    first = f"not os.path.exists({once!r}) and os.mkdir({once!r}) is None"
    path = startup(tmp_path / "b", DIES_AS_A_KERNEL.format(condition=first))
    monkeypatch.setenv("PYTHONPATH", path)
    (run,) = run_notebooks(project, [alone])
    assert os.path.exists(once)
    assert not run.reused


def test_notebook_that_hangs_and_ignores_signals(toy, build, capsys):
    ignore = "import signal as s\nfor n in (s.SIGINT, s.SIGTERM): s.signal(n, s.SIG_IGN)"
    toy.write_alone(f"{ignore}\nwhile True: pass")
    assert build("book", "--timeout", "2") == 1
    assert "book/toy/alone.ipynb: cell 1 took longer than 2 s" in capsys.readouterr().err
    await_end(toy)


# Side by side, and against the clock --------------------------------------------------------


def test_second_build_at_the_same_time_is_refused(toy, tmp_path):
    marker, go = tmp_path / "running", tmp_path / "go"
    toy.write_notebook(
        draw=f"""\
import pathlib, time
pathlib.Path({str(marker)!r}).touch()
while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)
{DRAW}"""
    )
    first = start(toy)
    await_file(marker, first)
    assert finish(start(toy)) == (1, "another build is under way in this folder")
    go.touch()
    code, told = finish(first)
    assert code == 0, told


def test_sources_from_the_future(edited, build):
    for path in (edited.root / "book").rglob("*"):
        os.utime(path, (time.time() + DAY,) * 2)
    assert build() == 0
    assert shows_edit(edited)
    edited.edit(edited.page, "# A changed book", "# Changed again")
    assert build() == 0
    assert "Changed again" in (edited.site / "book/toy/index.html").read_text()


def test_lock_from_the_future_does_not_install_again_and_again(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    os.utime(tmp_path / "requirements.lock", (time.time() + DAY,) * 2)
    # Stands for the Python that would make the environment: it makes one that does nothing.
    python = tmp_path / "python"
    makes = 'case "$*" in *venv*) mkdir -p .venv/bin; cp "$0" .venv/bin;; esac'
    python.write_text(f"#!/bin/sh\n{makes}\n")
    python.chmod(0o755)
    command = ["make", "env", f"PYTHON={python}"]
    told = [
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert "Setting up .venv" in told[0]
    assert "Setting up .venv" not in told[1]
