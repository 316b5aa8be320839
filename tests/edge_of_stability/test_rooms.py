"""How the modules of the package may use each other, and what importing it costs."""

import ast
import doctest
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import edge_of_stability

ROOT = Path(edge_of_stability.__file__).parent
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts): file
    for file in ROOT.rglob("*.py")
    if file.name not in ("__init__.py", "__main__.py")
}


def imported(name):
    """The modules of the package that a module imports at its top."""
    room = name.split(".")[:-1]
    for node in ast.parse(FILES[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = room[: len(room) + 1 - node.level] + (node.module or "").split(".")
            path = ".".join(filter(None, base))
            inside = [f"{path}.{alias.name}".lstrip(".") for alias in node.names]
            yield from [path] if path in FILES else inside


def test_imports_form_no_circle_and_stay_out_of_private_modules():
    graph = {name: set(imported(name)) for name in FILES}
    assert all(target in FILES for targets in graph.values() for target in targets)
    list(TopologicalSorter(graph).static_order())
    for name, targets in graph.items():
        for room, _, module in (target.rpartition(".") for target in targets):
            assert not module.startswith("_") or name.startswith(f"{room}."), (name, module)


def test_checks_share_nothing_with_what_they_check():
    for name in FILES:
        if name.endswith("_check"):
            assert all(target.endswith("_check") for target in imported(name)), name


@pytest.mark.parametrize("name", FILES)
def test_examples_of_docstrings(name):
    assert not doctest.testmod(import_module(f"edge_of_stability.{name}")).failed


def test_importing_the_package_leaves_the_large_libraries_alone():
    program = "import sys, edge_of_stability; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    large = {"sympy", "numba", "scipy.optimize", "scipy.sparse.linalg", "sklearn"}
    assert not large & set(run.stdout.split())
    assert edge_of_stability.SymbolicProblem([[1]], [[1]], (1, 1)).widths == (1, 1)
