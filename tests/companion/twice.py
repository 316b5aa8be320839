"""Build the book twice from nothing and compare: the same data to the last bit, the same pages.

What may differ is listed in `VOLATILE` and nowhere else.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toy import REPOSITORY

VOLATILE = re.compile(rb'<span class="(?:[\w-]+ )*volatile">.*?</span>', re.DOTALL)
"""Times, the machine, the commit: in pages they carry this mark; in the record, this key."""


def differences(one: Path, other: Path) -> Iterator[str]:
    """Names of the files of two sites that differ by more than what is volatile."""
    names = {path.relative_to(site) for site in (one, other) for path in site.rglob("*")}
    for name in sorted(names):
        first, second = one / name, other / name
        if first.is_dir() and second.is_dir():
            continue
        if not (first.is_file() and second.is_file()) or lasting(first) != lasting(second):
            yield name.as_posix()


def lasting(path: Path) -> bytes:
    """Return what a file has in every build of its commit on this machine."""
    content = path.read_bytes()
    if path.suffix == ".html":
        return VOLATILE.sub(b"", content)
    if path.name == "reproducibility.json":
        return json.dumps(json.loads(content, object_hook=lasting_part)).encode()
    if path.suffix == ".ipynb":
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            cell["outputs"] = [o for o in cell.get("outputs", ()) if not is_volatile(o)]
        return json.dumps(notebook).encode()
    return content


def lasting_part(part: dict[str, Any]) -> dict[str, Any] | None:
    return None if part.keys() == {"volatile"} else part


def is_volatile(output: dict[str, Any]) -> bool:
    """Whether an output of a cell has a number that was published as volatile."""
    mark = output.get("metadata", {}).get("text/plain", {})
    return any(number["volatile"] for number in mark.get("numbers", ()))


def copy_of_the_book(folder: Path) -> Path:
    """Copy the checkout, without what is installed or built."""
    built = shutil.ignore_patterns(".*", "_build", "__pycache__", "code")
    return Path(shutil.copytree(REPOSITORY, folder, ignore=built))


def build(root: Path) -> Path:
    """Build the book in `root` from nothing; return its site."""
    subprocess.run([sys.executable, "-m", "companion", "--root", str(root), "book"], check=True)
    return root / "_build" / "html"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        one, other = (build(copy_of_the_book(Path(folder) / name)) for name in ("one", "other"))
        found = list(differences(one, other))
        data = sum(1 for path in one.rglob("*.npz"))
        pages = sum(1 for path in one.rglob("*.html"))
    if found:
        print(f"two clean builds differ in {len(found)} files:", *found, sep="\n  ")
        return 1
    print(f"two clean builds agree: {data} data files to the bit, {pages} pages but for the marks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
