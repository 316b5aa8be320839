"""README, CONTRIBUTING and CHANGELOG are true: code runs, commands, files and versions exist."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
import yaml

from companion.launch import REPOSITORY as REPOSITORY_VARIABLE
from toy import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()
MAKEFILE = (REPOSITORY / "Makefile").read_text()
TARGETS = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))


def mentioned(text: str) -> set[str]:
    """Targets that a text tells to make: `make one two VARIABLE=…` in code, or a console's line."""
    calls = re.findall(r"(?:^|`|^\$ )make ((?:[a-z-]+\b ?)+)", text, re.MULTILINE)
    return {target for call in calls for target in call.split()}


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_code_runs(block):
    lines = block.strip().splitlines()
    *body, last = lines
    namespace: dict[str, object] = {}
    exec("\n".join(body), namespace)
    assert last.startswith("certificate.verify()")
    assert eval("certificate.verify()", namespace) is True


@pytest.mark.parametrize("target", sorted(mentioned(README) | mentioned(CONTRIBUTING)))
def test_commands_exist(target):
    assert target in TARGETS


def test_every_command_is_explained():
    assert TARGETS - mentioned(README) - mentioned(CONTRIBUTING) == set()


# What a caller may set: a variable with a default, or one that switches something on.
_SETTABLE = re.findall(r"^([A-Z_]+) \?=|\$\(if \$\(([A-Z_]+)\)", MAKEFILE, re.MULTILINE)
VARIABLES = {name for pair in _SETTABLE for name in pair if name}
FROM_THE_ENVIRONMENT = {REPOSITORY_VARIABLE}


def test_every_variable_is_in_the_help_and_explained():
    command = ["make", "-s", "help"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True)
    assert {"FRESH", "SCALE", "JOBS", "PYTHON", "NOTEBOOK", "ALL"} <= VARIABLES
    for name in VARIABLES:
        assert re.search(rf"\b{name}\b", run.stdout), f"make help does not name {name}"
    # Those of several commands have a line of their own there, and a word here.
    listed = set(re.findall(r"^  ([A-Z]+)=", run.stdout, re.MULTILINE))
    assert listed >= {"FRESH", "SCALE", "JOBS", "PYTHON"}
    told = set(re.findall(r"\b([A-Z]+)=", README + CONTRIBUTING))
    assert listed - told == set()


def test_variables_that_are_told_exist():
    told = re.findall(r"\bmake [a-z -]+ ([A-Z_]+)=", README + CONTRIBUTING)
    assert len(told) > 10
    assert set(told) - VARIABLES - FROM_THE_ENVIRONMENT == set()


def test_versions_agree():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    version, released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", changelog, re.MULTILINE)[0]
    assert version == project["version"] == citation["version"]
    assert released == citation["date-released"].isoformat()


# Links in a block are what a page of the book would have.
PROSE = re.sub(r"^ *(`{3,})\w.*?^ *\1$", "", README + CONTRIBUTING, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w./-]+)\)", PROSE))
def test_linked_files_exist(path):
    assert (REPOSITORY / path).exists()


def test_every_target_has_its_line_of_help():
    documented = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))
    assert len(documented) > 10
    assert documented == TARGETS
