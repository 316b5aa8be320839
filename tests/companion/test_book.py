"""The real book: every figure regenerates when papermill runs its notebook."""

import subprocess
import sys
import time

import pytest

from companion.checking.checks import check_runs
from companion.checking.declarations import read_declarations
from companion.project import Project
from companion.running.runs import run_notebooks
from toy import REPOSITORY

PROJECT = Project(REPOSITORY)
# They work in the build folder of this very book, whose lock admits one at a time.
pytestmark = pytest.mark.xdist_group("the build folder")
PATIENCE = 1800  # seconds for a build by someone else: the reader's own `make book`, say


def run_book() -> None:
    """Run the notebooks as `make book` does, after any other build of this folder."""
    command = [sys.executable, "-m", "companion", "--root", str(REPOSITORY), "run"]
    deadline = time.monotonic() + PATIENCE
    while True:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if "another build is under way" not in result.stderr or time.monotonic() > deadline:
            break
        time.sleep(2)
    assert result.returncode == 0, result.stderr


def test_every_figure_and_number_regenerates():
    # Through the command, which holds the lock of the build folder; then compare once more here,
    # from the store, to see that the gate compared something for every figure.
    run_book()
    runs = run_notebooks(PROJECT, PROJECT.notebooks)
    assert all(run.reused for run in runs)
    compared = {deviation.figure for deviation in check_runs(PROJECT, runs)}
    assert set(read_declarations(PROJECT)) <= compared
