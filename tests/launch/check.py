"""Run every launched notebook as Binder and as Colab would, as far as one machine can show it.

The launch buttons open a branch. This makes that branch in a repository of its own and runs its
notebooks, each in its folder, in fresh environments:

Binder
    the Python and the pip part of ``environment.yml``, installed in a checkout of the branch, and
    nothing else;
Colab
    the Python and the packages of ``colab.yml``, NumPy imported and a module ``google.colab``
    before the notebook starts; only the first cell of the notebook installs the rest, from the
    branch.

Figures and numbers are compared with their references.

What this cannot show is the services themselves: that they are up, and what else they install.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from tqdm import tqdm

from companion.checking.checks import check_runs
from companion.notebook import FOLDER
from companion.project import BookError, Project
from companion.running.execution import Run
from companion.site.launch import Origin, prepared, write_tree

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Project(ROOT)
# What starts a kernel, given what is to be done before it.
START = "{before}; from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
IN_BINDER = "pass"
IN_COLAB = (
    "import numpy, sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')"
)


@dataclass(frozen=True)
class Place:
    """An environment with its interpreter, and the folder whose notebooks run in it."""

    name: str
    interpreter: str
    folder: Path
    before: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", required=True, help="once for each version")
    parser.add_argument("notebooks", nargs="*", help="default: all of the book")
    options = parser.parse_args()
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    colab = yaml.safe_load(Path(__file__).with_name("colab.yml").read_text(encoding="utf-8"))
    (pinned,) = (d for d in environment["dependencies"] if str(d).startswith("python="))
    in_binder = _interpreter(options.python, pinned.removeprefix("python="))
    in_colab = _interpreter(options.python, colab["python"])
    notebooks = options.notebooks or [PROJECT.name(path) for path in PROJECT.notebooks]
    with tempfile.TemporaryDirectory(prefix="launch check ") as name:
        folder = Path(name)
        branch = _make_branch(folder / "repository")
        binder = _binder(branch, folder / "binder", in_binder)
        failures = _run_all(binder, notebooks)
        in_there = _colab(branch, folder / "colab", in_colab, colab["packages"])
        failures += _run_all(in_there, notebooks)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(notebooks)} notebooks in Binder and in Colab, {len(failures)} failures")
    return 1 if failures else 0


def _interpreter(pythons: Sequence[str], version: str) -> str:
    """The one of that version; without it the script ends."""
    asked = "import sys; print('{}.{}'.format(*sys.version_info))"
    for python in filter(shutil.which, pythons):
        told = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
        if told.stdout.strip() == version:
            return python
    sys.exit(f"Python {version} needed: set PYTHON or COLAB_PYTHON")


# Places -------------------------------------------------------------------------------------


def _make_branch(repository: Path) -> Origin:
    origin = Origin(repository.as_uri(), "launch")
    write_tree(PROJECT, repository, origin)
    git = ["git", "-C", str(repository), "-c", "user.name=check", "-c", "user.email=c@localhost"]
    _run([*git, "init", "--quiet", "--initial-branch", origin.ref])
    _run([*git, "add", "--all", "--force"])
    _run([*git, "commit", "--quiet", "--message", "Notebooks to be launched"])
    return origin


def _binder(branch: Origin, folder: Path, python: str) -> Place:
    checkout = folder / "checkout"
    _run(["git", "clone", "--quiet", "--branch", branch.ref, branch.url, str(checkout)])
    environment = yaml.safe_load((checkout / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    # As conda does it: a file beside environment.yml, so that `-e .` is the checkout.
    (checkout / "pip.txt").write_text("\n".join(pip), encoding="utf-8")
    interpreter = _environment(python, folder / "environment", ["-r", "pip.txt"], checkout)
    return Place("Binder", interpreter, checkout, IN_BINDER)


def _colab(branch: Origin, folder: Path, python: str, packages: Sequence[str]) -> Place:
    # Colab opens one notebook, not a checkout: nothing else is there.
    bare = folder / "content"
    for path in PROJECT.notebooks:
        notebook = bare / PROJECT.name(path)
        notebook.parent.mkdir(parents=True, exist_ok=True)
        notebook.write_text(prepared(path, branch), encoding="utf-8")
    interpreter = _environment(python, folder / "environment", packages, folder)
    return Place("Colab", interpreter, bare, IN_COLAB)


def _environment(python: str, target: Path, packages: Sequence[str], cwd: Path) -> str:
    """Make an environment with `packages`; return its interpreter."""
    _run([python, "-m", "venv", str(target)])
    interpreter = str(target / "bin" / "python")
    _run([interpreter, "-m", "pip", "install", "--quiet", *packages], cwd=cwd)
    return interpreter


# Runs ---------------------------------------------------------------------------------------


def _run_all(place: Place, notebooks: Sequence[str]) -> list[str]:
    """Run the notebooks; return a line for each that fails or publishes something else."""
    found = ((n, _run_one(place, n)) for n in tqdm(notebooks, desc=place.name, unit="nb"))
    return [f"{place.name}: {name}: {problem}" for name, problem in found if problem]


def _run_one(place: Place, name: str) -> str:
    """Run a notebook; return what is wrong, or nothing."""
    notebook = place.folder / name
    # Notebooks of one folder publish into the same place.
    shutil.rmtree(notebook.parent / FOLDER, ignore_errors=True)
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", "--kernel", "launched"]
    result = subprocess.run(
        [*command, notebook.name, notebook.with_suffix(".executed").name],
        cwd=notebook.parent,
        env=_bare_environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        return result.stderr.strip().splitlines()[-1]
    try:
        run = Run(name, "", notebook.parent, notebook)
        check_runs(PROJECT, [run])
    except BookError as error:
        return str(error)
    return ""


def _bare_environment(place: Place) -> dict[str, str]:
    """Without this project's own variables: nothing but the environment helps the notebook."""
    kernel = place.folder / "jupyter" / "kernels" / "launched" / "kernel.json"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    start = START.format(before=place.before)
    argv = [place.interpreter, "-c", start, "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": place.name, "language": "python"}))
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {
        **kept,
        "PATH": f"{Path(place.interpreter).parent}{os.pathsep}{kept['PATH']}",
        "JUPYTER_PATH": str(kernel.parents[2]),
    }


def _run(command: Sequence[str], cwd: Path | None = None) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, cwd=cwd, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
