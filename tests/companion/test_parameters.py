"""Options and parameters of the command line: what they mean, and what is refused."""

from __future__ import annotations

import ast

import pytest

from companion.__main__ import parser
from companion.project import Project
from companion.running.notebooks import Notebook
from companion.running.parameters import assignment, misfits
from companion.running.runs import SCALES
from toy import REPOSITORY


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("True", True),
        ("None", None),
        ("['a', 2]", ["a", 2]),
        ("'3'", "3"),
        # What YAML, or Python with less care, takes for something else.
        *((text, text) for text in ("no", "on", "1:30", "a: b.csv", "2026-01-31", "~", "", "007")),
        *((text, text) for text in ("[1", "1 + 1", "os.name", "C:\\new", "a=b", "é.csv")),
    ],
)
def test_a_parameter_is_a_python_literal_or_else_text(text, value):
    name, given = assignment(f"target={text}")
    assert (name, given, type(given)) == ("target", value, type(value))


@pytest.mark.parametrize(
    ("given", "default", "fits"),
    [
        (3, "2.0", True),
        (2.5, "7", True),
        ([1, 2], "3", True),
        (["a", "b"], '"a"', True),
        ("x", "None", True),
        ("x", "Path()", True),
        ("no", "0", False),
        ("7", "0  # a comment", False),
        (7, '"a"', False),
        (None, '"a"', False),
    ],
)
def test_text_is_given_where_the_default_is_text(given, default, fits):
    problems = misfits({"target": given}, {"target": default})
    assert (problems == []) is fits


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--jobs", "-3"], "argument --jobs: '-3': a whole number of at least 1 needed"),
        (["run", "--timeout", "0"], "argument --timeout: '0': a whole number of at least 1"),
        (["run", "--timeout", "1e3"], "argument --timeout: '1e3': a whole number"),
        (["run", "-p", "seed"], "'seed': name=value needed"),
        (["run", "-p", "2=1"], "'2=1': name=value needed"),
        (["run", "-p", "scale=quick"], "the option --scale sets it"),
        (["run", "-p", "slope={1}"], "a number, text, True, False, None or a list of these"),
        (["run", "-p", "slope=2j"], "a number, text, True, False, None or a list of these"),
        (["run", "--scale", "huge"], "invalid choice: 'huge'"),
        (["book", "-p", "slope=3"], "unrecognized arguments"),
        # No other experiment becomes a reference.
        (["reference", "--all", "-p", "slope=3"], "unrecognized arguments: -p"),
        (["reference", "--all", "--scale", "quick"], "unrecognized arguments: --scale"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        parser().parse_args(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("path", Project(REPOSITORY).notebooks, ids=lambda path: path.stem)
def test_the_scale_chooses_one_of_three_sizes_and_nothing_else(path):
    notebook = Notebook.read(path)
    for cell in notebook.code:
        tree = ast.parse(cell.source)
        choices = [
            node.slice
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Dict)
            and tuple(getattr(key, "value", None) for key in node.value.keys) == SCALES
        ]
        used = {
            node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "scale"
        }
        if cell != notebook.parameters_cell:
            assert used <= set(choices), f"cell {cell.index}"
