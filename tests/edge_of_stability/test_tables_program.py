"""The command as a program: how it is started, and how it ends."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

MODULE = [sys.executable, "-m", "edge_of_stability", "critical-step"]
INSTALLED = [Path(sysconfig.get_path("scripts"), "critical-step")]
ARGUMENTS = ["data.csv", "--depth", "2", "--target"]
PLAIN = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n", encoding="utf-8")


@pytest.mark.parametrize("program", [MODULE, INSTALLED])
def test_the_program_and_the_module(program):
    done = subprocess.run(
        [*program, *ARGUMENTS, "y"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert (done.returncode, done.stdout[:6]) == (0, "η_C = ")


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="only Linux has a full disk to write to"
)
@pytest.mark.parametrize(
    ("target", "stdout", "code", "err"),
    [
        ("y", "out", 0, ""),
        ("y", "pipe", 1, ""),
        ("y", "/dev/full", 1, "the answer cannot be written: No space left on device"),
        ("η", "out", 2, "no column '\\u03b7'"),
    ],
)
def test_how_it_ends(tmp_path, target, stdout, code, err):
    if stdout == "pipe":  # whose reader has ended
        reader, out = os.pipe()
        os.close(reader)
    else:
        out = os.open(tmp_path / stdout, os.O_WRONLY | os.O_CREAT)
    done = subprocess.run(
        [*MODULE, *ARGUMENTS, target],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN | {"PYTHONIOENCODING": "ascii"},  # η is shown all the same
    )
    os.close(out)
    assert done.returncode == code
    assert err in done.stderr
    assert done.stderr.count("\n") == bool(err)
    if code == 0:
        assert "\\u03b7_C = " in (tmp_path / "out").read_text()
