"""The workflows fit the Makefile, the lock and each other.

`make lint-files` has them checked by their schemas and by zizmor, which wants every action pinned
and few permissions.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from test_environment import PYTHONS

from toy import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, dict]:
    return load(path)["jobs"]


def commands(path: Path) -> str:
    steps = [step for job in jobs(path).values() for step in job.get("steps", ())]
    return "\n".join(step.get("run", "") for step in steps)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_allowed_but_what_a_job_names(path):
    assert load(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert isinstance(job["permissions"], dict), name
        if "write" in job["permissions"].values():
            # What may write runs nothing of the repository and has no step that could.
            assert not any("checkout" in s.get("uses", "") for s in job.get("steps", ())), name
        assert "uses" in job or 0 < job["timeout-minutes"] <= 360, name


def test_every_command_of_a_workflow_is_one_of_make():
    targets = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))
    called = {t for path in WORKFLOWS for t in re.findall(r"\bmake ([a-z-]+)", commands(path))}
    assert called <= targets
    assert called >= {"lint", "test", "test-browser", "test-all", "coverage", "launch-check"}


def test_package_is_tested_on_every_python_and_system():
    matrix = jobs(REPOSITORY / ".github/workflows/tests.yml")["package"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    families = {system.partition("-")[0] for system in matrix["system"]}
    assert families == {"ubuntu", "macos", "windows"}


def test_a_release_is_tested_before_it_is_packed():
    steps = jobs(REPOSITORY / ".github/workflows/release.yml")["build"]["steps"]
    told = [step.get("run", "") for step in steps]
    (guard,) = [text for text in told if "merge-base" in text]  # the tag is on main
    order = [guard, "make lint", "make test-all", "make archive"]
    assert [text for text in told if text in order] == order


def test_what_must_be_set_up_by_hand_is_told():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = text[text.index("### A fork of your own") :]
    labels = {label for form in FORMS for label in load(form)["labels"]}
    environments = {
        job["environment"]["name"]
        for path in WORKFLOWS
        for job in jobs(path).values()
        if "environment" in job
    } - {"github-pages"}  # GitHub makes that one with the first deployment
    assert labels
    assert environments
    for name in labels | environments | {"launch*"}:
        assert f"`{name}`" in told


def test_only_main_is_deployed():
    path = REPOSITORY / ".github/workflows/book.yml"
    for name, job in jobs(path).items():
        if "write" in job["permissions"].values():
            assert job["if"] == "github.ref == 'refs/heads/main' && github.event_name == 'push'", (
                name
            )
    assert "pull_request_target" not in load(path)[True]  # YAML reads a bare `on` as true
