"""Options and parameters of the command line: what they mean, and what is refused."""

from __future__ import annotations

import ast

import pytest

from companion.__main__ import parser
from companion.project import Project
from companion.running.notebooks import Notebook
from companion.running.runs import SCALES
from toy import REPOSITORY


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("1e3", 1000.0),
        ("True", True),
        ("['a', 2]", ["a", 2]),
        ("'3'", "3"),
        # What YAML, or Python with less care, takes for something else.
        *((text, text) for text in ("no", "1:30", "a: b.csv", "", "007", "[1", "1 + 1", "a=b")),
    ],
)
def test_a_parameter_is_a_python_literal_or_else_text(text, value):
    options = parser().parse_args(["run", "-p", f"target={text}"])
    assert options.parameter == [("target", value)]
    assert type(options.parameter[0][1]) is type(value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--jobs", "-3"], "argument --jobs: '-3': a whole number of at least 1 needed"),
        (["run", "--timeout", "1e3"], "argument --timeout: '1e3': a whole number"),
        (["run", "-p", "seed"], "'seed': name=value needed"),
        (["run", "-p", "scale=paper"], "the option --scale sets it"),
        (["run", "--scale", "huge"], "invalid choice: 'huge'"),
        (["book", "-p", "slope=3"], "unrecognized arguments"),
        # No other experiment becomes a reference.
        (["reference", "--all", "-p", "slope=3"], "unrecognized arguments: -p"),
        (["reference", "--all", "--scale", "paper"], "unrecognized arguments: --scale"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        parser().parse_args(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_the_scale_chooses_a_size_and_nothing_else():
    for path in Project(REPOSITORY).notebooks:
        notebook = Notebook.read(path)
        for cell in notebook.code:
            if cell == notebook.parameters_cell:
                continue
            nodes = list(ast.walk(ast.parse(cell.source)))
            choices = {
                node.slice
                for node in nodes
                if isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Dict)
                and tuple(getattr(key, "value", None) for key in node.value.keys) == SCALES
            }
            used = {node for node in nodes if isinstance(node, ast.Name) and node.id == "scale"}
            assert used <= choices, f"{path.name}: cell {cell.index}"
