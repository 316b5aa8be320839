"""Lock, environment.yml and pyproject.toml name the same things."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from toy import REPOSITORY

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LOCK = (REPOSITORY / "requirements.lock").read_text()
LOCKED = [
    Requirement(line.removesuffix("\\").strip())
    for line in LOCK.splitlines()
    if re.match(r"[\w.-]+==", line)
]


def locked_version(name: str, python: str) -> str | None:
    """The version the lock gives `name` on Linux with that Python, or None."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for requirement in LOCKED:
        if canonicalize_name(requirement.name) != canonicalize_name(name):
            continue
        if requirement.marker is None or requirement.marker.evaluate(environment):
            return str(requirement.specifier).removeprefix("==")
    return None


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


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_satisfies_what_is_declared(python):
    for requirement in declared("book", "test", "lint", "pdf", "build"):
        version = locked_version(requirement.name, python)
        assert version is not None, requirement
        assert requirement.specifier.contains(version, prereleases=True), requirement


def test_lock_is_hashed_and_names_no_address():
    entries = len(LOCKED)
    assert entries > 50
    blocks = re.split(r"\n(?=[\w.-]+==)", LOCK)
    assert sum("--hash=sha256:" in block for block in blocks) == entries
    assert "://" not in LOCK
    assert "--index" not in LOCK


@pytest.mark.parametrize("recipe", ["Makefile", ".github/workflows/tests.yml"])
def test_lock_is_installed_without_resolving(recipe):
    lines = (REPOSITORY / recipe).read_text().splitlines()
    installs = [line for line in lines if "-r requirements.lock" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line
        assert "--no-deps" in line


def test_lock_is_complete():
    """Whatever a locked package needs here is locked too, in a version that it accepts."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    missing = []
    for requirement in LOCKED:
        try:
            needs = importlib.metadata.requires(requirement.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or another Python
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version = locked_version(need.name, python)
                if version is None or not need.specifier.contains(version, prereleases=True):
                    missing.append(f"{requirement.name} needs {need}, locked: {version}")
    assert missing == []


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
    needed = {canonicalize_name(requirement.name) for requirement in declared("book")}
    assert needed == named - {canonicalize_name("-e .")}
