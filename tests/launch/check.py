"""Run every launched notebook as Binder and as Colab would, as far as one machine can show it.

The launch buttons open a branch. This makes that branch in a repository of its own and runs its
notebooks, each in its folder, at the scale asked for, in two fresh environments:

Binder
    the pip part of ``environment.yml``, installed in a checkout of the branch, and nothing else;
Colab
    what Colab has before a notebook starts (Jupyter's kernel, Matplotlib, scikit-learn) and a
    module ``google.colab``; only the first cell of the notebook installs the rest, from the branch.

What this cannot show is the services themselves: that they are up, and what else they install.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import yaml
from tqdm import tqdm

from companion.declarations import read_declarations
from companion.launch import Origin, write_tree
from companion.project import Project
from companion.publish import BUILDING, FOLDER

ROOT = Path(__file__).resolve().parents[2]
COLAB_HAS = ("ipykernel", "ipython", "matplotlib", "papermill", "scikit-learn")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="makes both environments")
    parser.add_argument("--scale", default="quick")
    parser.add_argument("notebooks", nargs="*", help="default: all of the book")
    options = parser.parse_args()
    project = Project(ROOT)
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    wanted = next(d for d in environment["dependencies"] if str(d).startswith("python="))
    have = _output([options.python, "-c", "import platform; print(platform.python_version())"])
    if not have.startswith(f"{wanted.removeprefix('python=')}."):
        print(
            f"environment.yml says {wanted}, {options.python} is {have}: set PYTHON",
            file=sys.stderr,
        )
        return 2
    notebooks = options.notebooks or [project.name(path) for path in project.notebooks]
    with tempfile.TemporaryDirectory(prefix="launch check ") as folder:
        branch = _make_branch(project, Path(folder) / "repository")
        failures = [
            *_as_binder(branch, Path(folder), options.python, options.scale, notebooks),
            *_as_colab(branch, Path(folder), options.python, options.scale, notebooks),
        ]
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{2 * len(notebooks) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


def _make_branch(project: Project, repository: Path) -> Origin:
    origin = Origin(repository.as_uri(), "launch")
    write_tree(project, repository, origin)
    git = [
        "git",
        "-C",
        str(repository),
        "-c",
        "user.name=check",
        "-c",
        "user.email=check@localhost",
    ]
    _run([*git, "init", "--quiet", "--initial-branch", origin.ref])
    _run([*git, "add", "--all", "--force"])
    _run([*git, "commit", "--quiet", "--message", "Notebooks to be launched"])
    return origin


def _as_binder(
    branch: Origin, folder: Path, python: str, scale: str, notebooks: Sequence[str]
) -> list[str]:
    checkout = _clone(branch, folder / "binder")
    environment = yaml.safe_load((checkout / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    interpreter = _environment(python, folder / "binder environment", [], checkout)
    # As conda does it: a file beside environment.yml, so that `-e .` is the checkout.
    (checkout / "pip.txt").write_text("\n".join(pip), encoding="utf-8")
    _run([interpreter, "-m", "pip", "install", "--quiet", "-r", "pip.txt"], cwd=checkout)
    return _run_all("Binder", interpreter, checkout, scale, notebooks)


def _as_colab(
    branch: Origin, folder: Path, python: str, scale: str, notebooks: Sequence[str]
) -> list[str]:
    interpreter = _environment(python, folder / "colab environment", COLAB_HAS, folder)
    _pretend_to_be_colab(interpreter)
    # Colab opens one notebook, not a checkout: nothing else is there.
    checkout = _clone(branch, folder / "for colab")
    bare = folder / "colab"
    for name in notebooks:
        (bare / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / name, bare / name)
    failures = _run_all("Colab", interpreter, bare, scale, notebooks)
    installed = _output([interpreter, "-m", "pip", "freeze"])
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "name"
    ]
    # Some versions of pip print the address as it was given, some without its %20.
    source = f"{package} @ git+{unquote(branch.url)}@"
    if not any(unquote(line).startswith(source) for line in installed.splitlines()):
        failures.append(f"Colab: {package} was not installed from {branch.url}")
    return failures


def _clone(branch: Origin, target: Path) -> Path:
    _run(["git", "clone", "--quiet", "--branch", branch.ref, branch.url, str(target)])
    return target


def _environment(python: str, target: Path, packages: Sequence[str], cwd: Path) -> str:
    _run([python, "-m", "venv", str(target)])
    interpreter = str(target / "bin" / "python")
    if packages:
        _run([interpreter, "-m", "pip", "install", "--quiet", *packages], cwd=cwd)
    return interpreter


def _pretend_to_be_colab(interpreter: str) -> None:
    """Have every Python of the environment import a module `google.colab` at its start."""
    packages = Path(
        _output([interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    )
    (packages / "google" / "colab").mkdir(parents=True)
    (packages / "google" / "colab" / "__init__.py").touch()
    (packages / "colab.pth").write_text("import google.colab\n", encoding="utf-8")


def _run_all(
    where: str, interpreter: str, checkout: Path, scale: str, notebooks: Sequence[str]
) -> list[str]:
    """Run the notebooks; return a line for each that fails or does not publish its figures."""
    declared = read_declarations(Project(ROOT)).values()
    failures = []
    for name in tqdm(notebooks, desc=where, unit="nb"):
        notebook = checkout / name
        command = [interpreter, "-m", "papermill", "--no-progress-bar", "--kernel", "python3"]
        parameters = ["-p", "scale", scale] if _has_scale(notebook) else []
        result = subprocess.run(
            [*command, *parameters, notebook.name, f"{notebook.stem}.executed"],
            cwd=notebook.parent,
            env=_bare_environment(interpreter),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            failures.append(f"{where}: {name}: {result.stderr.strip().splitlines()[-1]}")
            continue
        published = {p.stem for p in (notebook.parent / FOLDER / "figures").glob("*.npz")}
        if missing := {d.name for d in declared if d.notebook == name} - published:
            failures.append(f"{where}: {name}: no figure {', '.join(sorted(missing))}")
    return failures


def _has_scale(notebook: Path) -> bool:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return any(
        "parameters" in cell["metadata"].get("tags", ()) and "scale" in "".join(cell["source"])
        for cell in cells
    )


def _bare_environment(interpreter: str) -> dict[str, str]:
    """Without this project's own variables: nothing but the environment helps the notebook."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", BUILDING)}
    return {**kept, "PATH": f"{Path(interpreter).parent}{os.pathsep}{kept['PATH']}"}


def _run(command: Sequence[str], cwd: Path | None = None) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, cwd=cwd, env=environment, check=True)


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
