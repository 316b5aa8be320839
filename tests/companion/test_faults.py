"""What a machine may do to a build: the last good site stays whole, and the next build works.

What needs mounts or a network of its own is in tests/faults: a full disk, a home that cannot be
written, no network. All of this runs as any user.
"""

from __future__ import annotations

import signal

import pytest
from builds import await_end, await_file, finish, shows_edit, slow_but, start, startup, with_path

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


# Killed -------------------------------------------------------------------------------------


STAGES = {
    "staging": 'event == "open" and "/_build/stage/" in str(args[0]) and "w" in str(args[1])',
    "site checked": 'event == "shutil.copytree" and str(args[1]).endswith("html.coming")',
    "half copied": 'event == "open" and str(args[0]).endswith("html.coming/genindex.html")',
    "copied": 'event == "os.rename" and str(args[1]).endswith("html.going")',
    "between": 'event == "os.rename" and str(args[0]).endswith("html.coming")',
    "swapped": 'event == "shutil.rmtree" and str(args[0]).endswith("going") and '
    "os.path.isdir(args[0])",
}


@pytest.mark.parametrize("condition", slow_but("between", STAGES))
def test_kill_at_a_stage(edited, build, condition):
    good = edited.files()
    assert finish(start(edited, before=DIES.format(condition=condition)))[0] == -signal.SIGKILL
    statements = (edited.root / "book/statements.yml").read_text()
    edited.write_yaml("book/statements.yml", {})
    assert build() == 1  # a failing build leaves a whole site, too
    assert shows_edit(edited) or edited.files() == good
    (edited.root / "book/statements.yml").write_text(statements)
    assert build() == 0
    assert shows_edit(edited)
    assert {path.name for path in (edited.root / "_build").glob("html*")} == {"html"}


@pytest.mark.slow
def test_kill_while_sphinx_writes_leaves_no_second_writer(edited, build, tmp_path):
    good = edited.files()
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
    assert edited.files() == good
    edited.edit(config, "companion.sphinx, slow]", "companion.sphinx]")
    assert build() == 0
    assert shows_edit(edited)


@pytest.mark.slow
@pytest.mark.parametrize("few", [0, 3])
def test_kill_while_a_notebook_runs_leaves_no_kernel(toy, build, tmp_path, few):
    marker, fast = tmp_path / "running", toy.notebook.read_text()
    toy.write_notebook(
        draw=f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(600)\n{DRAW}"
    )
    good = toy.files()
    process = start(toy, before=f"from companion.running import runs; runs.FEW = {few}")
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


# Kernels ------------------------------------------------------------------------------------


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


def test_notebook_that_hangs_and_ignores_signals(sources, refusal):
    ignore = "import signal as s\nfor n in (s.SIGINT, s.SIGTERM): s.signal(n, s.SIG_IGN)"
    sources.write_alone(f"{ignore}\nimport time\nwhile True: time.sleep(1)")
    alone = "book/toy/alone.ipynb"
    told = refusal(sources.root, "run", alone, "--timeout", "2")
    assert f"{alone}: cell 1 took longer than 2 s, which --timeout sets, or TIMEOUT=" in told
    await_end(sources)
