"""Faults that need mounts or a network of their own, tried on the toy book; Linux only.

    python tests/faults/faults.py

As root it works anywhere; as another user where the system allows namespaces of one's own. Where
it does not, the script fails: it never passes without having tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "companion"))

from toy import ToyBook, make_toy_book  # noqa: E402

# Own mounts and network, seen by no other process; root in them, for any user.
APART = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
MEGABYTE = 1 << 20


def apart(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in namespaces of its own."""
    return subprocess.run(
        [*APART, "sh", "-e", "-c", script, "sh", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def require(condition: bool, what: str, told: str) -> None:
    """Stop with what a build printed unless the condition holds."""
    if not condition:
        sys.exit(f"{what} FAILED\n{told}")


def no_network_and_a_home_that_cannot_be_written(toy: ToyBook) -> None:
    """No network device that is up, a home folder mounted read-only: a build from nothing works."""
    what = "no network"
    require(apart("ip route get 192.0.2.1").returncode != 0, what, "the namespace has a way out")
    shutil.rmtree(toy.root / "_build")
    with tempfile.TemporaryDirectory() as home:
        mounted = 'mount --bind "$HOME" "$HOME"; mount -o remount,ro,bind "$HOME"'
        refused = f'{mounted}; ! touch "$HOME/file" 2>/dev/null'
        require(apart(refused, HOME=home).returncode == 0, what, "the home is writable")
        script = f'{mounted}; exec "$1" -m companion --root "$2" book'
        caches = {"XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
        done = apart(script, sys.executable, str(toy.root), HOME=home, **caches)
    require(done.returncode == 0, what, done.stdout + done.stderr)


def disk_full(toy: ToyBook) -> None:
    """The build folder on a disk with less and less room: each time the old site stays."""
    good = toy.files()
    title = toy.page.read_text().partition("\n")[0]
    toy.edit(toy.page, title, f"{title} again")  # the next build has something to do
    size = sum(path.stat().st_size for path in (toy.root / "_build").rglob("*") if path.is_file())
    for room in (0, size // 20, size // 4):
        # A copy on a small file system, over the folder; what is left of it afterwards is read
        # there, before the mount goes with its namespace.
        megabytes = 3 * size // MEGABYTE  # enough for a build, once the ballast is gone
        script = f"""
            mkdir -p "$2.copy"; cp -a "$2/_build/." "$2.copy"
            mount -t tmpfs -o size={megabytes}m tmpfs "$2/_build"
            cp -a "$2.copy/." "$2/_build"
            dd if=/dev/zero of="$2/_build/ballast" bs=64k 2>/dev/null || true
            truncate -s -{room} "$2/_build/ballast"
            code=0
            "$1" -m companion --root "$2" book || code=$?
            rm -rf "$2.copy"; cp -a "$2/_build/html" "$2.copy"
            rm "$2/_build/ballast"
            "$1" -m companion --root "$2" book
            grep -q again "$2/_build/html/book/toy/index.html"
            echo "the next build worked"
            exit $code
        """
        done = apart(script, sys.executable, str(toy.root))
        left = Path(f"{toy.root}.copy")
        after = {str(p.relative_to(left)): p.read_bytes() for p in left.rglob("*") if p.is_file()}
        shutil.rmtree(left)
        told = f"room for {room} bytes: {done.returncode}\n{done.stdout}{done.stderr}"
        require(done.returncode == 1, "disk full", told)
        require("No space left on device" in done.stderr, "disk full", told)
        require("Traceback" not in done.stderr, "disk full", told)
        require(after == good, "disk full, site", told)
        require("the next build worked" in done.stdout, "disk full, next build", told)


FAULTS = (no_network_and_a_home_that_cannot_be_written, disk_full)


def main() -> int:
    """Try every fault."""
    if (allowed := apart("true")).returncode:
        sys.exit(f"no namespaces here, nothing was tried: {allowed.stderr.strip()}")
    with tempfile.TemporaryDirectory() as folder:
        toy = make_toy_book(Path(folder) / "a book")
        for command in (["reference", "--all"], ["book"]):
            call = [sys.executable, "-m", "companion", "--root", str(toy.root), *command]
            subprocess.run(call, check=True, capture_output=True)
        for fault in FAULTS:
            fault(toy)
            print(
                f"{fault.__name__.replace('_', ' ')}: the site stayed whole, the next build worked"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
