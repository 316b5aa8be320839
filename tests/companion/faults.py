"""Faults that need mounts or a network of their own: ``make faults``; Linux only.

As root they work anywhere; as another user where the system allows namespaces of one's own. Where
it does not they fail: none passes without having been tried.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toy import ToyBook

# Own mounts and network, seen by no other process; root in them, for any user.
APART = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
MEGABYTE = 1 << 20


def apart(script: str, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a shell script in namespaces of its own; return its exit code and what it says."""
    result = subprocess.run(
        [*APART, "sh", "-e", "-c", script, "sh", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


@pytest.fixture(autouse=True)
def namespaces() -> None:
    assert apart("true") == (0, ""), "no namespaces here"


def test_no_network_and_a_home_that_cannot_be_written(toy: ToyBook, tmp_path: Path):
    """No network device that is up, a home folder mounted read-only: a build from nothing works."""
    assert apart("ip route get 192.0.2.1")[0] != 0
    shutil.rmtree(toy.root / "_build")
    home = tmp_path / "home"
    home.mkdir()
    mounted = 'mount --bind "$HOME" "$HOME"; mount -o remount,ro,bind "$HOME"'
    refused = f'{mounted}; ! touch "$HOME/file" 2>/dev/null'
    assert apart(refused, HOME=str(home)) == (0, "")
    script = f'{mounted}; exec "$1" -m companion --root "$2" book'
    caches = {"XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
    code, told = apart(script, sys.executable, str(toy.root), HOME=str(home), **caches)
    assert code == 0, told


@pytest.mark.parametrize("part", [0, 1 / 20, 1 / 4])
def test_disk_full(edited: ToyBook, part: float):
    """The build folder on a disk with room for so much of what is in it: the old site stays."""
    good, build = edited.files(), edited.root / "_build"
    size = sum(path.stat().st_size for path in build.rglob("*") if path.is_file())
    megabytes = 3 * size // MEGABYTE  # enough for a build, once the ballast is gone
    # A copy on a small file system, over the folder; what is left of it afterwards is read there,
    # before the mount goes with its namespace.
    script = f"""
        mkdir -p "$2.copy"; cp -a "$2/_build/." "$2.copy"
        mount -t tmpfs -o size={megabytes}m tmpfs "$2/_build"
        cp -a "$2.copy/." "$2/_build"
        dd if=/dev/zero of="$2/_build/ballast" bs=64k 2>/dev/null || true
        truncate -s -{int(part * size)} "$2/_build/ballast"
        code=0
        "$1" -m companion --root "$2" book || code=$?
        rm -rf "$2.copy"; cp -a "$2/_build/html" "$2.copy"
        rm "$2/_build/ballast"
        "$1" -m companion --root "$2" book
        grep -q changed "$2/_build/html/book/toy/index.html"
        echo "the next build worked"
        exit $code
    """
    code, told = apart(script, sys.executable, str(edited.root))
    assert code == 1, told
    assert "No space left on device" in told
    assert "Traceback" not in told
    assert "the next build worked" in told
    left = Path(f"{edited.root}.copy")
    assert {
        p.relative_to(left).as_posix(): p.read_bytes() for p in left.rglob("*") if p.is_file()
    } == good
