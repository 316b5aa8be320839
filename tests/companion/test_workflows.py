"""The workflows are what their checkers accept, and fit the Makefile, the lock and the tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from making import made_options
from test_environment import PYTHONS

from toy import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
# Make targets whose failure says that something is wrong; the others make or show something.
GATES = {
    "check", "coverage", "faults", "launch-check", "lint", "lint-files", "machines", "mutants",
    "paper", "pdf", "archive", "book", "launch", "test", "test-browser", "twice",
}  # fmt: skip
NO_GATES = {
    "bench", "clean", "clean-all", "env", "format", "help", "lab", "lock", "reference", "run",
    "serve",
}  # fmt: skip
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
    assert len(pins) >= 7
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


def test_every_gate_runs_in_some_workflow():
    assert set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE)) == GATES | NO_GATES
    assert made_by(WORKFLOWS) >= GATES
    # A gate that one workflow alone calls is missed when it does not.
    without = [path for path in WORKFLOWS if path.name != "weekly.yml"]
    assert GATES - made_by(without) == {
        "coverage", "faults", "launch-check", "machines", "mutants", "paper", "twice",
    }  # fmt: skip


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


def test_the_whole_book_runs_afresh_every_week_at_full_size(tmp_path):
    path = REPOSITORY / ".github/workflows/weekly.yml"
    (schedule,) = triggers(path)["schedule"]
    assert schedule["cron"].split()[-1].isdigit()  # a day of the week
    paper = jobs(path)["paper"]
    (step,) = [step for step in paper["steps"] if "make paper" in step.get("run", "")]
    (options,) = made_options(tmp_path, *step["run"].removeprefix("make ").split())
    assert (options.scale, options.fresh) == ("paper", True)
    # What hangs is told by our own message, or at least kept, before the job is killed.
    assert options.timeout / 60 < step["timeout-minutes"] < paper["timeout-minutes"]


@pytest.mark.parametrize("target", ["book", "paper", "run", "reference", "archive"])
def test_time_limit_can_be_set(tmp_path, target):
    assert made_options(tmp_path, target, "TIMEOUT=7200")[-1].timeout == 7200
    assert made_options(tmp_path, target)[-1].timeout != 7200


@pytest.mark.parametrize("name", ["book.yml", "release.yml", "weekly.yml"])
def test_what_failed_is_kept(name):
    for job in jobs(REPOSITORY / ".github/workflows" / name).values():
        steps = job.get("steps", ())
        if any(re.search(r"make (paper|archive)", s.get("run", "")) for s in steps):
            (kept,) = [s for s in steps if s.get("if") == "failure()"]
            assert "_build/failed/" in kept["with"]["path"]
            assert "upload-artifact" in kept["uses"]


def test_namespaces_are_allowed_where_faults_need_them():
    steps = jobs(REPOSITORY / ".github/workflows/weekly.yml")["faults"]["steps"]
    told = [step["run"] for step in steps if "run" in step]
    assert told == ["sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0", "make faults"]


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


def test_a_release_is_tested_and_on_main(tmp_path):
    build = jobs(REPOSITORY / ".github/workflows/release.yml")["build"]
    steps = build["steps"]
    told = [step.get("run", "") for step in steps]
    (guard,) = [text for text in told if "merge-base" in text]
    order = [told.index(text) for text in ("make lint", "make test", "make test-browser")]
    assert told.index(guard) < min(order)
    assert max(order) < told.index("make archive")
    checkout = next(step for step in steps if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0

    def run(*command: str) -> int:
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_REF_NAME": "v1.0.0",
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "a"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@example.org"),
        }
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False).returncode

    assert run("git", "init", "--quiet") == 0
    for message in ("one", "two"):
        assert run("git", "commit", "--quiet", "--allow-empty", "--message", message) == 0
    assert run("git", "update-ref", "refs/remotes/origin/main", "HEAD") == 0
    assert run("bash", "-e", "-c", guard) == 0
    assert run("git", "checkout", "--quiet", "HEAD~1") == 0
    assert run("bash", "-e", "-c", guard) == 0  # an older commit of main
    assert run("git", "commit", "--quiet", "--allow-empty", "--message", "elsewhere") == 0
    assert run("bash", "-e", "-c", guard) == 1


def test_committed_notebooks_are_as_nbstripout_leaves_them():
    notebooks = sorted((REPOSITORY / "book").glob("*/*.ipynb"))
    assert len(notebooks) > 20
    assert accepts("nbstripout", "--verify", "--keep-id", *notebooks)


def test_hooks_are_what_pre_commit_accepts(tmp_path):
    path = REPOSITORY / ".pre-commit-config.yaml"
    assert accepts("pre-commit", "validate-config", path)
    broken = tmp_path / "hooks.yaml"
    broken.write_text(path.read_text().replace("language: system", "language: systen", 1))
    assert not accepts("pre-commit", "validate-config", broken)


def test_devcontainer_fits_the_rest():
    """No schema of it is at hand offline: its properties and what they name are held here."""
    text = (REPOSITORY / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    types = {
        "name": str,
        "image": str,
        "onCreateCommand": str,
        "postCreateCommand": str,
        "forwardPorts": list,
        "portsAttributes": dict,
        "customizations": dict,
    }
    assert {name: type(value) for name, value in container.items()} == types
    image = re.fullmatch(r"python:(\d+\.\d+)-\w+", container["image"])
    assert image
    assert image[1] in PYTHONS
    assert container["onCreateCommand"].split()[-1] == "chromium"  # the browser of the tests
    assert container["postCreateCommand"].endswith("make env")
    port = re.search(r"^PORT \?= (\d+)$", MAKEFILE, re.MULTILINE)
    assert port
    assert container["forwardPorts"] == [int(port[1])]
    assert list(container["portsAttributes"]) == [port[1]]
    code = container["customizations"]["vscode"]
    assert code.keys() == {"extensions", "settings"}
    assert all(re.fullmatch(r"[\w-]+\.[\w-]+", name) for name in code["extensions"])
    interpreter = code["settings"]["python.defaultInterpreterPath"]
    python = re.search(r"^PY := (.+)$", MAKEFILE, re.MULTILINE)
    assert python
    assert interpreter == f"${{containerWorkspaceFolder}}/{python[1]}"


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
