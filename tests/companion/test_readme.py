"""README, CONTRIBUTING, CHANGELOG and the pages are true: their code and their commands run."""

import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml
from _pytest.mark.structures import ParameterSet
from making import SETTABLE, book_of_one, noted
from sklearn.datasets import load_wine

from companion.__main__ import parser
from toy import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_code_runs(block):
    lines = block.strip().splitlines()
    *body, last = lines
    namespace: dict[str, object] = {}
    exec("\n".join(body), namespace)
    assert last.startswith("certificate.verify()")
    assert eval("certificate.verify()", namespace) is True


# Commands. They are found as a reader finds them: lines of consoles, and code in the text --------

PAGES = [page.read_text(encoding="utf-8") for page in sorted((REPOSITORY / "book").glob("**/*.md"))]
_CONSOLE = re.compile(r"^ *```(?:console|sh)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:make|[\w./]*python|\.venv/bin/\S+) [^`]+)`")


def commands() -> list[str]:
    """Every command that a text gives, each once."""
    found: list[str] = []
    for text in (README, CONTRIBUTING, *PAGES):
        for block in _CONSOLE.findall(text):
            lines = block.replace("\\\n", " ").splitlines()
            # In a transcript, commands have a prompt; what they print has none.
            typed = [
                line.removeprefix("$ ") for line in lines if "$ " not in block or line[:2] == "$ "
            ]
            found += [part for line in typed for part in line.partition("#")[0].split("&&")]
        found += _INLINE.findall(_CONSOLE.sub("", text))
    return sorted({" ".join(command.split()) for command in found} - {""})


def test_commands_of_make_run(tmp_path):
    """Make and its recipes run, with programs that only note how they are called."""
    for command in commands():
        if not command.startswith("make "):
            continue
        words = shlex.split(command)[1:]
        calls = noted(tmp_path, *words, *(["-B"] if words == ["env"] else []))
        assert calls or set(words) <= {"help", "clean", "clean-all"}, command
        for call in calls:
            assert_call_can_be_made(*call)


def assert_call_can_be_made(program: str, *words: str) -> None:
    if words[:2] == ("-m", "companion"):
        parser().parse_args(list(words[2:]))
    elif words[0] == "-m":
        assert find_spec(words[1]) or words[1] == "jupyterlab"
    elif words[0].endswith(".py"):
        assert (REPOSITORY / words[0]).is_file()


def run_real(root: Path, *words: str) -> str:
    """Run a command of this Python in `root`; return what it prints."""
    run = subprocess.run(
        [sys.executable, *words], cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def table(root: Path) -> Path:
    """A small table: a column named COLUMN, which depends on two others."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 2))
    path = root / "DATA.csv"
    content = np.column_stack([rows, rows @ [1, -1] + rng.standard_normal(40)])
    np.savetxt(path, content, delimiter=",", header="a,b,COLUMN", comments="")
    return path


def runs_a_notebook(root: Path, words: list[str]) -> None:
    """Run it as the text says, on a table where the text has one."""
    (notebook,) = (word for word in words if word.endswith(".ipynb") and "/" in word)
    book_of_one(root, notebook)
    path = str(table(root))
    told = [word.replace("/path/to/DATA.csv", path) for word in words]
    run_real(root, *told)
    assert list((root / "_published/figures").glob("*.png"))


def finds_a_step(root: Path, words: list[str]) -> None:
    table(root)
    assert "η_C" in run_real(root, *("2" if word == "N" else word for word in words))


OTHERS = {
    r"-m papermill ": runs_a_notebook,
    r"-m edge_of_stability critical-step ": finds_a_step,
}


def of_python() -> Iterator[ParameterSet]:
    for command in commands():
        for start, check in OTHERS.items():
            if re.search(rf"\bpython {start}", command):
                marks = pytest.mark.slow if check is runs_a_notebook else ()
                yield pytest.param(command, check, marks=marks, id=command)


@pytest.mark.parametrize(("command", "check"), [*of_python()])
def test_commands_of_python_run(tmp_path, command, check):
    check(tmp_path, shlex.split(command.partition("python ")[2]))


# Make variables ----------------------------------------------------------------------------------

# Neither make nor the shell may take any of it for a command, nor a command for an option.
HOSTILE = """a b"; touch x; '$(touch y)' `touch z` ${HOME} $(shell touch w) %* é --all"""


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_variable_reaches_its_command_as_it_is(tmp_path, way):
    variables = {*SETTABLE} - {"ALL", "CHECK", "FRESH", "UPGRADE"}  # switches, whatever they are
    values = {name: f"{name} {HOSTILE}" for name in variables}
    targets = ("run", "reference", "figure", "launch-check", "paper", "test", "mutants", "replay")
    given = [f"{name}={text}" for name, text in values.items()] if way == "argument" else []
    calls = noted(tmp_path, *targets, "serve", *given, **({} if given else values))
    found = "\0".join(word for _, *words in calls for word in words)
    assert [name for name, text in values.items() if text not in found] == []
    assert not any((tmp_path / name).exists() for name in "xyzw")


def test_versions_agree():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    version, released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", changelog, re.MULTILINE)[0]
    assert version == project["version"] == citation["version"]
    assert released == citation["date-released"].isoformat()


# Links in a block are what a page of the book would have.
PROSE = re.sub(r"^ *(`{3,})\w.*?^ *\1$", "", README + CONTRIBUTING, flags=re.MULTILINE | re.DOTALL)


def test_linked_files_exist():
    paths = re.findall(r"\]\(([\w./-]+)\)", PROSE)
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


# The program of a table ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", [c for c in commands() if re.match(r"\S*critical-step ", c)])
def test_critical_steps_are_found(tmp_path, command):
    table(tmp_path)
    wine = load_wine()
    names = ",".join(wine.feature_names)
    np.savetxt(tmp_path / "wine.csv", wine.data, delimiter=",", header=names, comments="")
    program, *words = ("2" if word == "N" else word for word in shlex.split(command))
    run = [Path(sysconfig.get_path("scripts"), Path(program).name), *words]
    said = subprocess.run(run, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert "η_C = " in said.stdout
    [shown] = re.findall(r"\$ \S+/critical-step wine.csv .*\n([^`]+)\n\.\.\.\n", README)
    assert said.stdout.startswith(shown) or "wine.csv" not in command
