"""The tests side by side: `make test` keeps those of one group in one process."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import psutil
import pytest

from toy import REPOSITORY

TESTS = """\
import pathlib, pytest, subprocess

@pytest.mark.parametrize("k", range(20))
@pytest.mark.xdist_group("one")
def test_of_a_group(k, worker_id):
    (pathlib.Path(__file__).parent / f"group {worker_id}").touch()

@pytest.mark.parametrize("k", range(20))
def test_alone(k, worker_id):
    (pathlib.Path(__file__).parent / f"alone {worker_id}").touch()

def test_that_leaves_a_process():
    left = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE)
    child = int(left.stdout.readline())
    (pathlib.Path(__file__).parent / "left").write_text(f"{left.pid} {child}")
"""


@pytest.mark.slow
def test_a_group_stays_in_one_process_and_no_process_outlives_its_test(tmp_path):
    (distribution,) = re.findall(
        r"^SIDE_BY_SIDE = .* (--dist \w+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE
    )
    (tmp_path / "test_group.py").write_text(TESTS)
    shutil.copyfile(REPOSITORY / "tests/conftest.py", tmp_path / "conftest.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
    result = subprocess.run(
        [*command, *distribution.split()], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    seen = sorted(path.name for path in tmp_path.glob("* gw?"))
    assert len([name for name in seen if name.startswith("group")]) == 1
    # The first piece of work of each process is dealt before any runs; how the rest is shared out
    # depends on their speed.
    assert {name.split()[1] for name in seen} == {"gw0", "gw1"}
    assert not any(psutil.pid_exists(int(pid)) for pid in (tmp_path / "left").read_text().split())
