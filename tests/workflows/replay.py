"""Run the steps of the workflows on this machine, as a push to main or a new tag would.

``python tests/workflows/replay.py [--only TEXT]``: every job starts from a fresh clone and runs its
``run:`` steps in order, with the environment, the shell and the conditions the workflow gives. What
actions do is stood in for: a checkout is a clone, Python an environment of that version, artefacts
are folders. The host is a bare repository beside the clone; git is sent there by its own settings.

Not replayed, and printed as such: other systems and Pythons than those of this machine, permissions
and environments, signing, deployment. ``gh`` and ``sudo`` only record how they were called.
"""

import argparse
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
SLUG = "OWNER/NAME"
HOST = f"https://github.com/{SLUG}"
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


class StepError(Exception):
    """A step failed, or does what this script does not know."""


class ElsewhereError(Exception):
    """A job needs another machine than this one."""


@dataclass
class Runner:
    """One replay: the host, the artefacts, what could not be replayed."""

    work: Path
    version: str
    skipped: list[str] = field(default_factory=list)
    replayed: int = 0

    @property
    def origin(self) -> Path:
        """The bare repository that stands in for the host."""
        return self.work / "origin.git"

    def prepare(self) -> None:
        """Make the host, with the commit that is checked out as main and as the tag."""
        run("git", "clone", "--quiet", "--bare", str(ROOT), str(self.origin))
        head = subprocess.check_output(["git", "-C", str(ROOT), "rev-parse", "HEAD"], text=True)
        for ref in ("refs/heads/main", f"refs/tags/v{self.version}"):
            run("git", "-C", str(self.origin), "update-ref", ref, head.strip())
        programs = self.work / "programs"
        programs.mkdir()
        for name in ("gh", "sudo"):
            (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> "{self.called}"\n')
            (programs / name).chmod(0o755)

    @property
    def called(self) -> Path:
        """How the programs that only the host has were called."""
        return self.work / "called.txt"

    def workflow(self, path: Path, only: str, ref: str, inputs: Mapping[str, str]) -> None:
        """Run the jobs of a workflow in its order, in which each comes after those it needs."""
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        github = SimpleNamespace(
            ref=ref,
            ref_name=ref.split("/", 2)[2],
            event_name="push",
            server_url="https://github.com",
            repository=SLUG,
            token="none",
        )
        for name, job in loaded["jobs"].items():
            for matrix in rows(job.get("strategy", {}).get("matrix", {})):
                where = " ".join([f"{path.stem}/{name}", *map(str, matrix.values())])
                names = {
                    "github": github,
                    "inputs": SimpleNamespace(**inputs),
                    "matrix": SimpleNamespace(**matrix),
                }
                if only not in where or not holds(job.get("if", ""), names):
                    continue
                if "uses" in job:
                    called = ROOT / job["uses"].removeprefix("$/")
                    given = {key: filled(value, names) for key, value in job["with"].items()}
                    self.workflow(called, "", ref, given)
                elif not is_here(system := job.get("container") or filled(job["runs-on"], names)):
                    self.skipped.append(f"{where}: needs {system}")
                else:
                    self.replayed += 1
                    env = {**loaded.get("env", {}), **job.get("env", {})}
                    try:
                        self.job(where, job["steps"], env, names)
                    except ElsewhereError as error:
                        self.skipped.append(f"{where}: {error}")

    def job(
        self, where: str, steps: list[dict[str, Any]], env: Mapping[str, str], names: dict[str, Any]
    ) -> None:
        """Run the steps of one job in a folder of its own, with a Python of its own."""
        folder, python = (Path(tempfile.mkdtemp(dir=self.work)) for _ in range(2))
        for step in steps:
            if not holds(step.get("if", ""), names):
                continue
            title = step.get("name") or step.get("run") or step["uses"]
            print(f"== {where}: {title.splitlines()[0]}", flush=True)
            if "uses" in step:
                given = {key: filled(value, names) for key, value in step.get("with", {}).items()}
                self.action(where, step["uses"].partition("@")[0], given, folder, python)
            else:
                own = {**env, **step.get("env", {})}
                own = {name: filled(value, names) for name, value in own.items()}
                own["GITHUB_REF_NAME"] = names["github"].ref_name
                place = folder / step.get("working-directory", "")
                self.shell(filled(step["run"], names), own, place, python)
        shutil.rmtree(folder)
        shutil.rmtree(python)

    def shell(self, script: str, env: Mapping[str, str], folder: Path, python: Path) -> None:
        """Run a script as the host would: bash, ended by the first command that fails."""
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        machine = {name: os.environ[name] for name in os.environ if name in kept or "PIP" in name}
        machine |= {
            "PATH": f"{self.work / 'programs'}:{python / 'bin'}:{machine['PATH']}",
            "CI": "true",
            "GITHUB_SHA": "0" * 40,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.origin}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOST,
        }
        run("bash", "-e", "-o", "pipefail", "-c", script, cwd=folder, env={**machine, **env})

    def action(
        self, where: str, action: str, given: Mapping[str, str], folder: Path, python: Path
    ) -> None:
        """Stand in for what an action does to the machine; `python` is for an environment."""
        artefact = self.work / "artefacts" / given.get("name", "pages")
        match action:
            case "actions/checkout":
                depth = [] if given.get("fetch-depth") == "0" else ["--depth", "1"]
                run("git", "clone", "--quiet", *depth, f"file://{self.origin}", str(folder))
            case "actions/setup-python":
                wanted = [f"python{version}" for version in given["python-version"].split()]
                if missing := [name for name in wanted if not runs(name)]:
                    raise ElsewhereError(f"needs {', '.join(missing)}")
                run(wanted[-1], "-m", "venv", str(python))  # the last one is the default
            case "actions/upload-artifact" | "actions/upload-pages-artifact":
                keep(folder, given["path"].split(), artefact)
            case "actions/download-artifact":
                if not artefact.is_dir():
                    raise StepError(f"{where}: no artefact {artefact.name}; another job makes it")
                shutil.copytree(artefact, folder / given.get("path", ""), dirs_exist_ok=True)
            case "actions/deploy-pages" | "actions/attest-build-provenance":
                self.skipped.append(f"{where}: {action}")
            case _:
                raise StepError(f"{where}: no stand-in for {action}")


def run(*command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run a command; its output is ours."""
    if code := subprocess.run(command, cwd=cwd, env=env, check=False).returncode:
        raise StepError(f"exit code {code}: {' '.join(command)}")


def runs(program: str) -> bool:
    """Whether a program is there, and no mere shim of one."""
    found = shutil.which(program)
    return bool(found) and not subprocess.run([found, "-V"], capture_output=True).returncode


def is_here(system: str) -> bool:
    """Whether this machine stands in for a runner of the host, or is that of a container."""
    release = platform.freedesktop_os_release()
    return system.startswith("ubuntu") or system == f"{release['ID']}:{release['VERSION_ID']}"


def keep(folder: Path, paths: list[str], artefact: Path) -> None:
    """Copy what an artefact holds: the contents of folders, and files."""
    found = [folder / path for path in paths if (folder / path).exists()]
    if not found:
        raise StepError(f"nothing to keep: {', '.join(paths)}")
    artefact.mkdir(parents=True, exist_ok=True)
    for path in found:
        if path.is_dir():
            shutil.copytree(path, artefact, dirs_exist_ok=True)
        else:
            shutil.copy2(path, artefact)


def rows(matrix: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The combinations of a matrix."""
    axes = {name: values for name, values in matrix.items() if name != "include"}
    product = [dict(zip(axes, row, strict=True)) for row in itertools.product(*axes.values())]
    return [*(product if axes or not matrix else []), *matrix.get("include", [])]


def holds(condition: str, names: Mapping[str, Any]) -> bool:
    """Whether a step or a job runs; nothing has failed before, or we would not be here."""
    python = condition.replace("&&", " and ").replace("||", " or ") or "True"
    return bool(eval(python, {"failure": lambda: False}, dict(names)))


def filled(value: Any, names: Mapping[str, Any]) -> str:
    """`value` with its expressions replaced; `json` spells a boolean as the host does."""
    if not isinstance(value, str):
        return json.dumps(value)
    return EXPRESSION.sub(lambda match: str(eval(match[1], {}, dict(names))), value)


def main() -> int:
    """Replay; return 0, or 1 with the step that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="jobs with this in workflow/job")
    options = parser.parse_args()
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    with tempfile.TemporaryDirectory(prefix="replay-") as work:
        runner = Runner(Path(work), version[1])
        try:
            runner.prepare()
            for path in sorted(WORKFLOWS.glob("*.yml")):
                triggers = yaml.safe_load(path.read_text(encoding="utf-8"))[True]  # YAML's `on`
                if "workflow_call" in triggers:
                    continue  # run by those that call it
                tagged = "tags" in (triggers.get("push") or {})
                ref = f"refs/tags/v{version[1]}" if tagged else "refs/heads/main"
                runner.workflow(path, options.only, ref, {})
            if not runner.replayed:
                raise StepError(f"no job with {options.only!r} in its name could be replayed")
        except StepError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            for line in runner.skipped:
                print(f"not replayed: {line}")
            if runner.called.is_file():
                print("called, and not run:", runner.called.read_text(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
