"""The workflows are what their checkers accept, and fit the Makefile, the lock and the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_environment import PYTHONS

from toy import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
PIN = re.compile(r"(?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+")


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path: Path) -> dict[str, dict]:
    return load(path)["jobs"]


def triggers(path: Path) -> dict:
    return load(path)[True]  # YAML reads a bare `on` as true


def commands(path: Path) -> str:
    steps = [step for job in jobs(path).values() for step in job.get("steps", ())]
    return "\n".join(step.get("run", "") for step in steps)


def accepts(tool: str, *arguments: object) -> bool:
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert program, f"{tool} is not installed"
    command = [program, *map(str, arguments)]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    print(result.stdout, result.stderr)
    return result.returncode == 0


def follows(schema: str, *files: Path) -> bool:
    assert files
    return accepts("check-jsonschema", "--builtin-schema", schema, *files)


def test_files_follow_their_schemas():
    assert follows("vendor.github-workflows", *WORKFLOWS)
    assert follows("vendor.github-issue-forms", *FORMS)
    assert follows("vendor.github-issue-config", REPOSITORY / ".github/ISSUE_TEMPLATE/config.yml")
    assert follows("vendor.dependabot", REPOSITORY / ".github/dependabot.yml")
    assert follows("vendor.citation-file-format", REPOSITORY / "CITATION.cff")


def test_a_broken_file_is_refused(tmp_path):
    workflow = tmp_path / "broken.yml"
    workflow.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "runs_on:"))
    assert not follows("vendor.github-workflows", workflow)
    citation = tmp_path / "CITATION.cff"
    text = (REPOSITORY / "CITATION.cff").read_text()
    citation.write_text(text.replace("date-released: 2", "date-released: x"))
    assert not follows("vendor.citation-file-format", citation)


def test_zizmor_finds_nothing():
    assert accepts("zizmor", "--offline", "--persona", "pedantic", ".")


def test_zizmor_would_find_something(tmp_path):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = (REPOSITORY / ".github/workflows/tests.yml").read_text()
    (folder / "tests.yml").write_text(text.replace("persist-credentials: false", "fetch-depth: 1"))
    assert not accepts("zizmor", "--offline", "--persona", "pedantic", tmp_path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path):
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used or "run:" in path.read_text(encoding="utf-8")
    for action in used:
        if action.startswith("$/"):  # this repository, at the commit that runs
            assert (REPOSITORY / action.removeprefix("$/")).is_file()
        else:
            assert PIN.fullmatch(action), action


def test_an_action_has_one_commit():
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for match in PIN.finditer(path.read_text(encoding="utf-8")):
            pins.setdefault(match["action"], set()).add(match["commit"])
    assert len(pins) >= 8
    assert all(len(commits) == 1 for commits in pins.values()), pins


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_allowed_but_what_a_job_names(path):
    assert load(path)["permissions"] == {}
    for name, job in jobs(path).items():
        assert isinstance(job["permissions"], dict), name
        if "write" in job["permissions"].values():
            # What may write runs nothing of the repository and has no step that could.
            assert not any("checkout" in s.get("uses", "") for s in job.get("steps", ())), name
        assert "uses" in job or 0 < job["timeout-minutes"] <= 360, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_make_targets_exist(path):
    for target in re.findall(r"\bmake ([a-z-]+)", commands(path)):
        assert f".PHONY: {target}\n" in MAKEFILE, target


def test_package_is_tested_on_every_python_and_system():
    matrix = jobs(REPOSITORY / ".github/workflows/tests.yml")["package"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    families = {system.partition("-")[0] for system in matrix["system"]}
    assert families == {"ubuntu", "macos", "windows"}


def test_only_main_is_deployed():
    path = REPOSITORY / ".github/workflows/book.yml"
    for name, job in jobs(path).items():
        if "write" in job["permissions"].values():
            assert job["if"] == "github.ref == 'refs/heads/main' && github.event_name == 'push'", (
                name
            )
    assert "pull_request_target" not in triggers(path)


def test_the_whole_book_runs_afresh_every_week_at_full_size():
    path = REPOSITORY / ".github/workflows/weekly.yml"
    (schedule,) = triggers(path)["schedule"]
    assert schedule["cron"].split()[-1].isdigit()  # a day of the week
    assert "make paper FRESH=1" in commands(path)
    asked = subprocess.run(
        ["make", "--dry-run", "--always-make", "paper", "FRESH=1"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"companion book --scale paper .*--fresh", asked)


def test_a_release_has_checksums_and_provenance():
    path = REPOSITORY / ".github/workflows/release.yml"
    publish = jobs(path)["publish"]
    assert publish["permissions"] == {
        "contents": "write",
        "id-token": "write",
        "attestations": "write",
    }
    steps = publish["steps"]
    checked = next(i for i, s in enumerate(steps) if "sha256sum --check" in s.get("run", ""))
    attested = next(i for i, s in enumerate(steps) if "attest-build" in s.get("uses", ""))
    released = next(i for i, s in enumerate(steps) if "gh release create" in s.get("run", ""))
    assert checked < attested < released


def test_committed_notebooks_are_as_nbstripout_leaves_them():
    notebooks = sorted((REPOSITORY / "book").glob("*/*.ipynb"))
    assert len(notebooks) > 20
    assert accepts("nbstripout", "--verify", "--keep-id", *notebooks)


def test_hooks_run_programs_of_the_lock():
    config = load(REPOSITORY / ".pre-commit-config.yaml")
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, argument, *_ = hook["entry"].split()
        if program == "make":
            assert f".PHONY: {argument}\n" in MAKEFILE
        else:
            assert program.startswith(".venv/bin/")
            assert shutil.which(Path(program).name, path=str(Path(sys.executable).parent))
