"""Options of the command line that are refused, and what the parameter `scale` may choose."""

import ast

import pytest

from companion.__main__ import parser
from companion.project import Project
from companion.running.notebooks import Notebook
from companion.running.runs import SCALES
from toy import REPOSITORY


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--jobs", "-3"], "argument --jobs: '-3': a whole number of at least 1 needed"),
        (["run", "--timeout", "1e3"], "argument --timeout: '1e3': a whole number"),
        (["run", "--scale", "huge"], "invalid choice: 'huge'"),
        # No other experiment becomes a reference.
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
