"""The workflows fit the Makefile, the lock and each other.

`make lint-files` has them checked by their schemas and by zizmor, which wants every action pinned
and few permissions.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from test_environment import PYTHONS

from toy import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
# Make targets that make or show something; the failure of any other says that something is wrong.
NO_GATES = {
    "bench", "clean", "clean-all", "env", "figure", "format", "help", "lab", "lock", "mutants",
    "reference", "replay", "run", "serve",
}  # fmt: skip
WEEKLY = {"coverage", "faults", "launch-check", "machines", "paper", "twice"}


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, dict]:
    return load(path)["jobs"]


def commands(path: Path) -> str:
    steps = [step for job in jobs(path).values() for step in job.get("steps", ())]
    return "\n".join(step.get("run", "") for step in steps)


def needed_by(target: str) -> list[str]:
    """The targets that make brings up to date before this one."""
    (rule,) = re.findall(rf"^{target}:([^=\n]*?)##", MAKEFILE, re.MULTILINE)
    return [name for name in rule.split() if not name.startswith("$")]


def made_by(paths: list[Path]) -> set[str]:
    """The make targets of some workflows, with those they need."""
    todo = [name for path in paths for name in re.findall(r"\bmake ([a-z-]+)", commands(path))]
    made: set[str] = set()
    while todo:
        made.add(target := todo.pop())
        todo += needed_by(target)
    return made


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_allowed_but_what_a_job_names(path):
    assert load(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert isinstance(job["permissions"], dict), name
        if "write" in job["permissions"].values():
            # What may write runs nothing of the repository and has no step that could.
            assert not any("checkout" in s.get("uses", "") for s in job.get("steps", ())), name
        assert "uses" in job or 0 < job["timeout-minutes"] <= 360, name


def test_every_gate_runs_in_some_workflow():
    targets = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))
    assert made_by(WORKFLOWS) <= targets
    assert targets - made_by(WORKFLOWS) <= NO_GATES < targets
    # A gate that one workflow alone calls is missed when it does not.
    without = [path for path in WORKFLOWS if path.name != "weekly.yml"]
    assert targets - NO_GATES - made_by(without) == WEEKLY


def test_package_is_tested_on_every_python_and_system():
    matrix = jobs(REPOSITORY / ".github/workflows/tests.yml")["package"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    families = {system.partition("-")[0] for system in matrix["system"]}
    assert families == {"ubuntu", "macos", "windows"}


def test_a_release_is_tested_and_on_main(tmp_path):
    build = jobs(REPOSITORY / ".github/workflows/release.yml")["build"]
    steps = build["steps"]
    told = [step.get("run", "") for step in steps]
    (guard,) = [text for text in told if "merge-base" in text]
    order = [guard, "make lint", "make test-all", "make archive"]
    assert [text for text in told if text in order] == order
    checkout = next(step for step in steps if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0

    def git(*words: str) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *author, *words], cwd=tmp_path, check=True)

    def on_main() -> bool:
        tag = {"PATH": os.environ["PATH"], "GITHUB_REF_NAME": "v1.0.0"}
        call = ["bash", "-e", "-c", guard]
        return subprocess.run(call, cwd=tmp_path, env=tag, check=False).returncode == 0

    git("init", "--quiet")
    for message in ("one", "two"):
        git("commit", "--quiet", "--allow-empty", "--message", message)
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert on_main()
    git("checkout", "--quiet", "HEAD~1")
    assert on_main()  # an older commit of main
    git("commit", "--quiet", "--allow-empty", "--message", "elsewhere")
    assert not on_main()


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
