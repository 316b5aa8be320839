"""Lock, environment.yml and pyproject.toml name the same things.

That what is locked needs nothing beyond the lock is seen where it is installed: `make env` and the
workflow *Tests*, on every Python and system, end with `pip check`.
"""

import re
import tomllib
from collections import defaultdict

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from toy import REPOSITORY

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LOCKS = {name: (REPOSITORY / name).read_text() for name in ("requirements.lock", "lab.lock")}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def locked_in(name: str) -> dict[str, set[str]]:
    """The versions that a lock has of each package: several, if systems or Pythons differ."""
    found = defaultdict(set)
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCKS[name], re.MULTILINE):
        found[canonicalize_name(package)].add(version)
    return found


LOCKED, LAB = map(locked_in, LOCKS)


def declared(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["project"]["dependencies"], *(t for extra in extras for t in EXTRAS[extra])]
    return [Requirement(text) for text in texts]


def test_everything_declared_is_locked_in_versions_that_fit():
    lab = [Requirement(text) for text in PROJECT["dependency-groups"]["lab"]]
    for locked, wanted in ((LOCKED, declared(*EXTRAS)), (LAB, lab)):
        for item in wanted:
            versions = locked[canonicalize_name(item.name)]
            assert versions, item
            assert all(version in item.specifier for version in versions), item
    # JupyterLab is installed beside the rest, and changes nothing of it.
    assert all(LAB[name] <= LOCKED[name] for name in LOCKED.keys() & LAB.keys())
    assert "jupyterlab" not in LOCKED


def test_locks_are_hashed_and_name_no_address():
    for text in LOCKS.values():
        blocks = re.split(r"\n(?=[\w.-]+==)", text)
        assert len(blocks) > 50
        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text
        assert "--index" not in text


def test_environment_has_everything_the_book_needs_in_the_versions_of_the_lock():
    content = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    (python,) = (d for d in content["dependencies"] if str(d).startswith("python="))
    assert python.removeprefix("python=") in PYTHONS
    (pip,) = (d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    assert "-e ." in pip
    named = dict(text.split("==") for text in pip if text != "-e .")
    # Where the lock has several, older ones are for older Pythons.
    newest = {name: max(LOCKED[canonicalize_name(name)], key=Version) for name in named}
    assert named == newest
    needed = {canonicalize_name(requirement.name) for requirement in declared("notebooks", "book")}
    assert needed == set(map(canonicalize_name, named))


def test_the_range_of_pythons_is_the_same_everywhere():
    for path in ("README.md", "Makefile", "book/index.md", "book/owndata/index.md"):
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        assert f"{PYTHONS[0]} to {PYTHONS[-1]}" in text, path
