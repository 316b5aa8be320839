"""Lock, environment.yml and pyproject.toml name the same things.

That what is locked needs nothing beyond the lock is seen where it is installed: `make env` and the
workflow *Tests*, on every Python and system, end with `pip check`.
"""

from __future__ import annotations

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

everywhere = pytest.mark.parametrize(
    ("system", "python"), [(system, python) for system in SYSTEMS for python in PYTHONS]
)


def markers(system: str, python: str) -> dict[str, str]:
    """What a marker sees on that system with that Python: all of it, nothing of this machine."""
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_version": f"{python}.0",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "sys_platform": system,
        "platform_release": "",
        "platform_version": "",
        **SYSTEMS[system],
        "extra": "",
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
def test_everything_declared_is_locked_in_a_version_that_fits(system, python):
    locked = {item.name: locked_version(item.name, python, system) for item in declared(*EXTRAS)}
    misfits = [
        f"{item}, locked: {locked[item.name]}"
        for item in declared(*EXTRAS)
        if applies(item, markers(system, python)) and locked[item.name] not in item.specifier
    ]
    assert misfits == []


def test_what_is_installed_is_checked_wherever_it_is():
    for path in ("Makefile", ".github/workflows/tests.yml"):
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        _, _, rest = text.partition("--require-hashes -r requirements.lock")
        assert re.search(r"pip .*\bcheck\b", rest), path


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


def test_make_says_which_python_it_needs(capsys, monkeypatch):
    command = ["make", "--dry-run", "--always-make", "env"]
    asked = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    program = re.findall(r"-c '(.*?)'", asked.stdout, re.DOTALL)[0]

    def told(*version: int) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "version_info", (*version, 0, "final", 0))
            try:
                exec(program, {})
            except SystemExit as stop:
                return str(stop.code)
        return capsys.readouterr().err

    assert re.fullmatch("Python 3.11 to 3.14 needed, this is 3.10; PYTHON=.*", told(3, 10))
    assert [told(*map(int, python.split("."))) for python in PYTHONS] == [""] * len(PYTHONS)
    assert re.match("not tried with the lock: Python 3.11 to 3.14 needed, .* 3.15", told(3, 15))


def test_the_range_of_pythons_is_the_same_everywhere():
    for path in ("README.md", "Makefile", "book/index.md", "book/owndata/index.md"):
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        assert f"{PYTHONS[0]} to {PYTHONS[-1]}" in text, path
