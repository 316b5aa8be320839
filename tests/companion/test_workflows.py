"""The workflows fit the Makefile, the lock and each other.

`make lint-files` has them checked by their schemas and by zizmor, which wants every action pinned
and few permissions.
"""

import re
import subprocess
import sys

import yaml
from test_environment import PYTHONS

from toy import REPOSITORY

WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (REPOSITORY / ".github" / "workflows").glob("*.yml")
}
JOBS = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def commands(job: dict) -> list[str]:
    return [step["run"] for step in job.get("steps", ()) if "run" in step]


def test_nothing_is_allowed_but_what_a_job_names():
    assert [workflow["permissions"] for workflow in WORKFLOWS.values()] == [{}] * len(WORKFLOWS)
    for job in JOBS:
        if "write" in job["permissions"].values():
            # What may write runs nothing of the repository and has no step that could.
            assert not any("checkout" in step.get("uses", "") for step in job.get("steps", ()))
        assert "uses" in job or 0 < job["timeout-minutes"] <= 360


def test_every_command_of_a_workflow_is_one_of_make():
    targets = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))
    called = {
        target
        for job in JOBS
        for command in commands(job)
        for target in re.findall(r"\bmake ([a-z-]+)", command)
    }
    assert {"lint", "test", "test-browser", "test-all", "coverage", "launch-check"} <= called
    assert called <= targets


def test_a_replay_that_runs_nothing_fails():
    replay = [sys.executable, REPOSITORY / "tests/workflows/replay.py", "--only", "tests/lunt"]
    run = subprocess.run(replay, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "no job with 'tests/lunt' in its name could be replayed" in run.stderr


def test_package_is_tested_on_every_python():
    matrix = WORKFLOWS["tests"]["jobs"]["package"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS


def test_a_release_is_on_main_and_tested_before_it_is_packed():
    order = commands(WORKFLOWS["release"]["jobs"]["build"])
    (guard,) = (text for text in order if "merge-base" in text)
    wanted = [guard, "make lint", "make test-all", "make archive"]
    assert [text for text in order if text in wanted] == wanted


def test_only_main_is_deployed():
    for job in WORKFLOWS["book"]["jobs"].values():
        if "write" in job["permissions"].values():
            assert job["if"] == "github.ref == 'refs/heads/main' && github.event_name == 'push'"
    assert "pull_request_target" not in WORKFLOWS["book"][True]  # YAML reads a bare `on` as true
