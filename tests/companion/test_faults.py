"""What a machine may do to a build: the last good site stays whole, and the next build works.

What needs mounts or a network of its own is in faults.py: a full disk, a home that cannot be
written, no network. All of this runs as any user.
"""

import errno
import os
import signal

import pytest
from builds import await_end, await_file, finish, shows_edit, slow_but, start, startup

from companion.project import BookError, Project
from companion.running.runs import run_notebooks
from toy import DRAW

# Dies by its own hand as soon as the condition holds; an audit hook sees what is about to happen.
DIES = """
import os, signal, sys

def hook(event, args):
    if {condition}:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
"""
STAGES = {
    "staging": 'event == "open" and "/_build/stage/" in str(args[0]) and "w" in str(args[1])',
    "half copied": 'event == "open" and str(args[0]).endswith("html.coming/genindex.html")',
    "copied": 'event == "os.rename" and str(args[1]).endswith("html.going")',
    "swapped": 'event == "shutil.rmtree" and str(args[0]).endswith("going") and '
    "os.path.isdir(args[0])",
}


@pytest.mark.parametrize("condition", slow_but("half copied", STAGES))
def test_kill_at_a_stage(edited, build, condition):
    good = edited.files()
    assert finish(start(edited, before=DIES.format(condition=condition)))[0] == -signal.SIGKILL
    assert shows_edit(edited) or edited.files() == good
    assert build() == 0
    assert shows_edit(edited)
    assert {path.name for path in (edited.root / "_build").glob("html*")} == {"html"}


@pytest.mark.slow
def test_kill_while_a_notebook_runs_leaves_no_kernel(toy, build, tmp_path):
    marker, fast = tmp_path / "running", toy.notebook.read_text()
    toy.write_notebook(
        draw=f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)\n{DRAW}"
    )
    good = toy.files()
    process = start(toy)
    await_file(marker, process)
    process.kill()
    finish(process)
    await_end(toy)
    assert toy.files() == good
    toy.notebook.write_text(fast)
    assert build() == 0


def test_worker_that_is_killed(sources, refusal):
    sources.write_alone("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    told = refusal(sources.root, "run", "book/toy/alone.ipynb")
    assert "a process that runs notebooks was killed (out of memory?)" in told


DIES_AS_A_KERNEL = """
import os, sys
if "ipykernel_launcher" in sys.orig_argv:
    os._exit(1)
"""


def test_kernel_that_cannot_start(sources, tmp_path, monkeypatch):
    path = startup(tmp_path / "startup", DIES_AS_A_KERNEL)
    monkeypatch.setenv("PYTHONPATH", path)
    with pytest.raises(BookError, match=r"^book/toy/alone\.ipynb: no kernel could be started"):
        run_notebooks(Project(sources.root), [sources.root / "book/toy/alone.ipynb"])


@pytest.mark.slow
def test_notebook_that_hangs_and_ignores_signals(sources, refusal):
    ignore = "import signal as s\nfor n in (s.SIGINT, s.SIGTERM): s.signal(n, s.SIG_IGN)"
    sources.write_alone(f"{ignore}\nimport time\nwhile True: time.sleep(1)")
    alone = "book/toy/alone.ipynb"
    told = refusal(sources.root, "run", alone, "--timeout", "2")
    assert f"{alone}: cell 1 took longer than 2 s, which --timeout sets, or TIMEOUT=" in told
    await_end(sources)


def test_what_the_machine_refuses_is_said_in_a_line(sources, refusal, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a file")

    monkeypatch.setattr("companion.commands.check_sources", fail)
    told = refusal(sources.root, "book")
    assert told == "No space left on device (a file); the site is as it was"
