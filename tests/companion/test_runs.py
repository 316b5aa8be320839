"""The store of runs: what an executed notebook holds."""

import json
import os
import sys

import nbformat
import pytest

from companion.project import BookError, Project
from companion.running.environment import COUNTED
from companion.running.keys import common_key
from companion.running.runs import run_notebooks
from toy import code, write_cells


def test_executed_notebook_has_neither_times_nor_paths(built_once):
    executed = sorted(Project(built_once.root).runs.rglob("*.ipynb"))
    assert len(executed) == 2
    for path in executed:
        notebook = nbformat.read(path, as_version=4)
        for part in (notebook, *notebook.cells):
            assert not {"papermill", "execution"} & set(part.metadata)
        assert str(built_once.root) not in path.read_text(encoding="utf-8")


MISLEADING = {
    "PYTHONOPTIMIZE": "1",  # no assert is checked
    "PYTHONWARNINGS": "error",
    "NUMBA_DISABLE_JIT": "1",
    "NPY_PROMOTION_STATE": "legacy",
    "MPLBACKEND": "svg",
    "MATPLOTLIBRC": "no such file",
    "JUPYTER_PATH": "elsewhere",
    "OMP_NUM_THREADS": "7",
    "SOURCE_DATE_EPOCH": "0",
    "LC_ALL": "de_DE.ISO-8859-1",
    "TZ": "Asia/Tokyo",
}
SEEN = """\
import json, os
from ipykernel.kernelapp import IPKernelApp
print(json.dumps([__debug__, IPKernelApp.instance().transport, dict(os.environ)]))
"""


def test_kernel_knows_nothing_of_what_misleads_and_is_reached_by_sockets(sources, monkeypatch):
    for name, value in MISLEADING.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    before = dict(os.environ)
    sources.write_alone(SEEN)
    project = Project(sources.root)
    (run,) = run_notebooks(project, [sources.root / "book/toy/alone.ipynb"])
    assert dict(os.environ) == before
    (cell,) = (c for c in nbformat.read(run.executed, as_version=4).cells if c.cell_type == "code")
    checks_asserts, transport, environment = json.loads(cell.outputs[0].text)
    assert checks_asserts
    assert transport == "ipc"
    assert not MISLEADING.items() & environment.items()
    assert environment["OPENBLAS_CORETYPE"] == "Haswell"
    cache = before.get("NUMBA_CACHE_DIR", str(project.cache / "numba"))
    assert environment["NUMBA_CACHE_DIR"] == cache  # one for all workers


def test_what_reaches_the_kernel_belongs_to_the_key(sources, monkeypatch):
    keys = [common_key(Project(sources.root))]
    for name in sorted(COUNTED):
        monkeypatch.setenv(name, "another")
        keys.append(common_key(Project(sources.root)))
    assert len(set(keys)) == 1 + len(COUNTED)


def test_run_counts_only_if_every_cell_ran_to_its_end(sources):
    alone = sources.root / "book/toy/alone.ipynb"
    write_cells(alone, [code("one", "raise SystemExit"), code("two", "assert 1 == 2")])
    reset = "get_ipython().execution_count = 1"
    write_cells(sources.notebook, [code("one", "1"), code("two", reset), code("three", "3")])
    with pytest.raises(BookError) as refused:
        run_notebooks(Project(sources.root), [alone, sources.notebook])
    one, other = str(refused.value).splitlines()
    assert one.startswith("book/toy/alone.ipynb: cell 0 stopped by SystemExit (see _build/failed/")
    assert other.startswith("book/toy/lines.ipynb: cell 2 did not run, or not in its order (see ")


PARAMETERS = "has the tag parameters, so it needs lines `name = value`"
REFUSED = [
    ([code("a", "1", ["skip-execution"])], "cell 0 has the tag skip-execution"),
    ([code("a", "1 / 0", ["raises-exception"])], "cell 0 has the tag raises-exception"),
    ([code("a", "1"), code("b", "# later")], "cell 1 has no statement"),
    ([code("a", "import edge_of_stability"), code("b", "%%script true\n1")], "cell 1: "),
    ([code("a", 'scale: Literal["paper"] = "paper"', ["parameters"])], f"cell 0 {PARAMETERS}"),
    ([code("a", 'scale, seed = "default", 0', ["parameters"])], f"cell 0 {PARAMETERS}"),
    ([code("a", "if True:\n    seed = 0", ["parameters"])], f"cell 0 {PARAMETERS}"),
    ([code("a", 'scale = "default"')], "cell 0 sets scale, but lacks the tag parameters"),
    ([code("a", "n = 1", ["parameters"]), code("b", "n = 2")], "cell 1 sets n, but lacks"),
    ([code("a", "n = 1", ["parameters"]), code("b", "m = 2", ["parameters"])], "the second"),
]


def test_what_would_not_run_or_not_count_is_refused_before_anything_runs(sources, refusal):
    for cells, message in REFUSED:
        write_cells(sources.notebook, cells)
        assert message in refusal(sources.root)
        assert message in refusal(sources.root, "run", "book/toy/lines.ipynb")


def test_cells_are_counted_as_in_the_source(sources):
    sources.write_notebook(draw="1 / 0")
    with pytest.raises(BookError, match="cell 3: ZeroDivisionError"):
        run_notebooks(Project(sources.root), [sources.notebook], scale="paper")


def test_minor_versions_of_python_have_keys_of_their_own(sources, monkeypatch):
    now = sys.version_info[:3]

    def key(*version: int) -> str:
        monkeypatch.setattr(sys, "version_info", version)
        return common_key(Project(sources.root))

    assert key(*now[:2], now[2] + 1) == key(*now)
    assert key(now[0], now[1] + 1, now[2]) != key(*now)
