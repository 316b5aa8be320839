"""What errors are planted in, and the tests that guard it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Suite:
    """A package, the tests that guard it, and what is asked of them.

    Parts of the names of tests in `left_out` keep these out. `through` maps modules whose compiled
    code is kept, so that most tests that use them reach none of their lines, to the modules by
    which they are reached. In the modules of `only_planted` errors are planted by hand alone.
    """

    root: Path
    package: str
    tests: str
    required: float
    sample: int
    left_out: Sequence[str] = ()
    through: Mapping[str, str] = field(default_factory=dict)
    only_planted: Sequence[str] = ()

    @property
    def work(self) -> Path:
        """Where the gate keeps everything it makes."""
        return self.root / "_build" / "mutants"

    @property
    def base(self) -> Path:
        """The packages as they are, with what was compiled for them."""
        return self.work / "base"

    def states(self) -> dict[str, str]:
        """By file of tests, a digest of all that the outcomes of its tests depend on."""
        folder = self.root / self.tests
        files = {path.relative_to(self.root).as_posix(): path for path in folder.glob("test_*.py")}
        helpers = sorted(set(folder.glob("*.py")) - set(files.values()))
        shared = f"{digest_of_package(self.base, self.package)} {digest(helpers)}"
        return {
            name: f"{shared} {digest([path])}"
            for name, path in sorted(files.items())
            if not any(part in name for part in self.left_out)
        }


def file_of(test: str) -> str:
    """The file of a test, given its name for pytest."""
    return test.partition("::")[0]


def digest_of_package(folder: Path, package: str) -> str:
    """A digest of the modules of a package in `folder`."""
    return digest(sorted((folder / package).rglob("*.py")))


def digest(files: Iterable[Path]) -> str:
    """A digest of the contents of `files`, in their order."""
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:20]
