"""Lock, environment.yml and pyproject.toml name the same things."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence

import pytest
import yaml
from making import noted
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from toy import REPOSITORY

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
SYSTEMS = {
    "linux": {"platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "darwin": {"platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    "win32": {"platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
}
EXTRAS = ("notebooks", "book", "test", "lint", "pdf", "build")
LOCKS = {name: (REPOSITORY / name).read_text() for name in ("requirements.lock", "lab.lock")}


def locked_in(name: str) -> list[Requirement]:
    """What a lock has, one requirement each."""
    return [
        Requirement(line.removesuffix("\\").strip())
        for line in LOCKS[name].splitlines()
        if re.match(r"[\w.-]+==", line)
    ]


LOCKED = locked_in("requirements.lock")
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

everywhere = pytest.mark.parametrize(
    ("system", "python"), [(system, python) for system in SYSTEMS for python in PYTHONS]
)


def markers(system: str, python: str, extra: str = "") -> dict[str, str]:
    """What a marker sees on that system with that Python: all of it, nothing of this machine."""
    full = platform.python_version() if python == THIS_PYTHON else f"{python}.0"
    return {
        "python_version": python,
        "python_full_version": full,
        "implementation_version": full,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "sys_platform": system,
        "platform_release": "",
        "platform_version": "",
        **SYSTEMS[system],
        "extra": extra,
    }


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def locked_version(
    name: str, python: str, system: str = "linux", locked: Sequence[Requirement] = LOCKED
) -> str | None:
    """The version the lock gives `name` on that system with that Python, or None."""
    environment = markers(system, python)
    for requirement in locked:
        same = canonicalize_name(requirement.name) == canonicalize_name(name)
        if same and applies(requirement, environment):
            return str(requirement.specifier).removeprefix("==")
    return None


def needs(name: str, version: str) -> list[Requirement] | None:
    """What that version of a package needs, with its markers; None if it is not installed here."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    if found.version != version:
        return None
    return [Requirement(text) for text in found.requires or ()]


def walk(
    system: str, python: str, locked: Sequence[Requirement] = LOCKED
) -> tuple[list[str], set[tuple[str, str]]]:
    """Follow everything that is declared to what it needs, extras too.

    Returns what is needed and not locked in a version that fits, and the packages whose own needs
    cannot be told, as that version of them is not installed here.
    """
    missing, untold, seen = [], set(), set()
    todo = [(requirement, "the project") for requirement in declared(*EXTRAS)]
    while todo:
        requirement, parent = todo.pop()
        name = canonicalize_name(requirement.name)
        version = locked_version(name, python, system, locked)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            missing.append(f"{parent} needs {requirement}, locked: {version}")
            continue
        needed = needs(name, version)
        if needed is None:
            untold.add((name, version))
            continue
        for extra in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, extra))
            environment = markers(system, python, extra)
            todo += [(need, name) for need in needed if applies(need, environment)]
    return missing, untold


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def conda_environment() -> tuple[str, list[str]]:
    content = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    (python,) = (d for d in content["dependencies"] if str(d).startswith("python="))
    (pip,) = (d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    return python.removeprefix("python="), pip


@everywhere
def test_lock_is_complete(system, python):
    """Whatever is declared, and whatever that needs, is locked in a version that fits."""
    missing, untold = walk(system, python)
    assert missing == []
    # Metadata is lacking only of what this system does not install.
    for name, version in untold:
        assert version != locked_version(name, THIS_PYTHON, sys.platform), name


@pytest.mark.parametrize(
    ("system", "package"),
    [("darwin", "appnope"), ("win32", "colorama"), ("linux", "numpy"), ("linux", "pexpect")],
)
def test_what_a_system_lacks_is_found(system, package):
    locked = [item for item in LOCKED if canonicalize_name(item.name) != package]
    assert len(locked) < len(LOCKED)
    missing, _ = walk(system, THIS_PYTHON, locked)
    assert any(f" needs {package}" in line for line in missing), missing


@pytest.mark.parametrize("name", LOCKS)
def test_lock_is_hashed_and_names_no_address(name):
    entries = len(locked_in(name))
    assert entries > 50
    blocks = re.split(r"\n(?=[\w.-]+==)", LOCKS[name])
    assert sum("--hash=sha256:" in block for block in blocks) == entries
    assert "://" not in LOCKS[name]
    assert "--index" not in LOCKS[name]


@everywhere
def test_jupyterlab_is_locked_apart_and_changes_no_version(system, python):
    lab = locked_in("lab.lock")
    names = {canonicalize_name(item.name) for item in lab}
    changed = {
        name: found
        for name in names
        if (found := locked_version(name, python, system, lab))
        and locked_version(name, python, system) not in (None, found)
    }
    assert changed == {}
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"]
    for requirement in map(Requirement, groups["lab"]):
        assert locked_version(requirement.name, python, system, lab) in requirement.specifier
        assert locked_version(requirement.name, python, system) is None


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_is_installed_without_resolving(tmp_path, lock):
    workflow = (REPOSITORY / ".github/workflows/tests.yml").read_text().splitlines()
    called = [" ".join(call) for call in noted(tmp_path, "-B", "lab")]
    installs = [line for line in (*workflow, *called) if f"-r {lock}" in line]
    assert len(installs) == (2 if lock == "requirements.lock" else 1)
    for line in installs:
        assert "--require-hashes" in line
        assert "--no-deps" in line


def test_environment_names_the_versions_of_the_lock():
    python, pip = conda_environment()
    for text in pip:
        if text != "-e .":
            name, _, version = text.partition("==")
            assert version == locked_version(name, python), name


def test_environment_has_everything_the_book_needs():
    _, pip = conda_environment()
    assert "-e ." in pip
    named = {canonicalize_name(text.partition("==")[0]) for text in pip}
    needed = {canonicalize_name(requirement.name) for requirement in declared("notebooks", "book")}
    assert needed == named - {canonicalize_name("-e .")}


@pytest.mark.parametrize(
    ("version", "code", "told"),
    [
        ((3, 10), 1, "3.11 to 3.14 needed"),
        *((tuple(map(int, python.split("."))), 0, "") for python in PYTHONS),
        ((3, 15), 0, "3.11 to 3.14"),
    ],
)
def test_make_says_which_python_it_needs(version, code, told):
    command = ["make", "--dry-run", "--always-make", "env"]
    asked = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    (program,) = re.findall(r"-c '(.*?)'", asked.stdout, re.DOTALL)[:1]
    program = f"import sys; sys.version_info = (*{version}, 0, 'final', 0)\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert told in done.stderr
    assert bool(done.stderr) == bool(told)
    assert ("PYTHON=" in done.stderr) == bool(told)


@pytest.mark.parametrize(
    "path", ["README.md", "Makefile", "book/index.md", "book/owndata/index.md"]
)
def test_the_range_of_pythons_is_the_same_everywhere(path):
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    assert f"{PYTHONS[0]} to {PYTHONS[-1]}" in text
