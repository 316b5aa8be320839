"""Lock, environment.yml and pyproject.toml name the same things.

That what is locked needs nothing beyond the lock is seen where it is installed: `make env` and the
workflow *Tests*, on every Python and system, end with `pip check`.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tomllib

import yaml
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


LOCKED, LAB = map(locked_in, LOCKS)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def everywhere() -> list[dict[str, str]]:
    """What a marker sees, on each system with each Python: all of it, nothing of this machine."""
    return [
        {
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
        for system, python in itertools.product(SYSTEMS, PYTHONS)
    ]


def versions(locked: list[Requirement], where: dict[str, str]) -> dict[str, str]:
    """The versions that a lock gives there, by name."""
    return {
        canonicalize_name(item.name): str(item.specifier).removeprefix("==")
        for item in locked
        if item.marker is None or item.marker.evaluate(where)
    }


def declared(*extras: str) -> list[Requirement]:
    optional = PROJECT["project"]["optional-dependencies"]
    texts = [*PROJECT["project"]["dependencies"], *(t for extra in extras for t in optional[extra])]
    return [Requirement(text) for text in texts]


def test_everything_declared_is_locked_in_a_version_that_fits():
    lab = [Requirement(text) for text in PROJECT["dependency-groups"]["lab"]]
    for where in everywhere():
        usual, more = versions(LOCKED, where), versions(LAB, where)
        for found, wanted in ((usual, declared(*EXTRAS)), (more, lab)):
            for item in wanted:
                if item.marker is None or item.marker.evaluate(where):
                    assert found[canonicalize_name(item.name)] in item.specifier, (item, where)
        # JupyterLab is installed beside the rest, and changes nothing of it.
        assert {name: usual[name] for name in usual.keys() & more.keys()}.items() <= more.items()
        assert "jupyterlab" not in usual


def test_locks_are_hashed_and_name_no_address():
    for name, text in LOCKS.items():
        entries = len(locked_in(name))
        assert entries > 50
        blocks = re.split(r"\n(?=[\w.-]+==)", text)
        assert sum("--hash=sha256:" in block for block in blocks) == entries
        assert "://" not in text
        assert "--index" not in text


def test_environment_has_everything_the_book_needs_in_the_versions_of_the_lock():
    content = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    (python,) = (d for d in content["dependencies"] if str(d).startswith("python="))
    (pip,) = (d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    assert "-e ." in pip
    named = dict(text.split("==") for text in pip if text != "-e .")
    (here,) = (
        where
        for where in everywhere()
        if f"python={where['python_version']}" == python and where["sys_platform"] == "linux"
    )
    assert {canonicalize_name(name): v for name, v in named.items()}.items() <= versions(
        LOCKED, here
    ).items()
    needed = {canonicalize_name(requirement.name) for requirement in declared("notebooks", "book")}
    assert needed == set(map(canonicalize_name, named))


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
