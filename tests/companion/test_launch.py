"""Launch buttons and downloads lead to notebooks that are there and install their packages."""

import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from types import ModuleType, SimpleNamespace
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from companion.project import BookError, Project
from companion.site.launch import REF, REPOSITORY, Origin, prepared, write_tree
from toy import CITATION
from toy import REPOSITORY as ROOT

PROJECT = Project(ROOT)
URL = "https://github.com/someone/companion"
ORIGIN = Origin(URL, "launch-v0.1.0")  # not the branch that is the default


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    target = tmp_path_factory.mktemp("launch") / "tree"
    write_tree(PROJECT, target, ORIGIN)
    return target


def links(page: str, host: str) -> list[str]:
    return re.findall(rf'href="(https://{re.escape(host)}/[^"]*)"', page)


def run_first_cell(installed: str, origin: Origin | None = ORIGIN) -> list[str]:
    """Run the cell where `installed` is the NumPy on the disk; return the magics it calls."""
    source = nbformat.reads(prepared(PROJECT.notebooks[0], origin), as_version=4).cells[0].source
    magics: list[str] = []
    shell = SimpleNamespace(run_line_magic=lambda name, line: magics.append(f"%{name} {line}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.metadata.version", lambda name: {"numpy": installed}[name])
        exec(TransformerManager().transform_cell(source), {"get_ipython": lambda: shell})
    return magics


# Not quiet: Colab reads what pip prints, to see whether it has to offer a restart.
PACKAGE = f"edge-of-stability-companion[notebooks] @ git+{ORIGIN.url}@{ORIGIN.ref}"
INSTALL = f'%pip install "git+{ORIGIN.url}@{ORIGIN.ref}"'


def test_the_first_cell_installs_in_colab_and_stops_where_numpy_was_replaced(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    assert run_first_cell(np.__version__) == [INSTALL]
    with pytest.raises(RuntimeError, match="Restart session"):
        run_first_cell("1.26.4")


def test_the_first_cell_does_nothing_where_the_packages_are():
    assert run_first_cell("1.26.4", ORIGIN) == run_first_cell("1.26.4", None) == []


@pytest.mark.parametrize(
    ("origin", "how"),
    [
        (ORIGIN, f'run "{{}}" -m pip install "{PACKAGE}"'),
        (None, 'in a clone of the book\'s repository, run "{}" -m pip install ".[notebooks]"'),
    ],
)
def test_the_first_cell_says_how_to_get_what_is_missing(monkeypatch, origin, how):
    missing = "sklearn"
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError) as raised:
        run_first_cell("1.26.4", origin)
    message = str(raised.value)
    assert missing in message.partition(". ")[0]
    assert f"the packages of its book: {how.format(sys.executable)} and restart" in message


def test_what_the_first_cell_installs_is_all_that_notebooks_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = Requirement(PACKAGE)
    assert (package.name, package.extras) == (project["name"], {"notebooks"})
    needed = [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]
    provided = {canonicalize_name(Requirement(text).name) for text in needed}
    provided |= {"ipython", "mpmath"}  # with Jupyter, with SymPy
    known = {*sys.stdlib_module_names, "companion", "edge_of_stability"}
    distributions = packages_distributions()
    for path in PROJECT.notebooks:
        code = (c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")
        for module in re.findall(r"^\s*(?:import|from) (\w+)", "\n".join(code), re.MULTILINE):
            if module not in known:
                assert provided & set(map(canonicalize_name, distributions[module])), module


def test_tree_is_the_repository_without_workflows_and_with_one_more_cell(tree):
    first = set()
    for path in PROJECT.notebooks:
        launched = json.loads((tree / PROJECT.name(path)).read_text(encoding="utf-8"))
        nbformat.validate(nbformat.from_dict(launched))
        first.add("".join(launched["cells"].pop(0)["source"]))
        assert launched == json.loads(nbformat.writes(nbformat.read(path, as_version=4)))
        assert "google.colab" not in path.read_text(encoding="utf-8")
    assert len(first) == 1
    assert not (tree / ".github").exists()
    for name in ("environment.yml", "pyproject.toml", "code/companion/notebook/publish.py"):
        assert (tree / name).is_file()


def test_buttons_lead_to_notebooks_of_the_tree(toy, build, monkeypatch):
    ref = ORIGIN.ref
    monkeypatch.setenv(REPOSITORY, f"{URL}.git")
    monkeypatch.setenv(REF, ref)
    assert build() == 0
    for name in ("book/toy/lines", "book/toy/alone"):
        page = (toy.site / f"{name}.html").read_text(encoding="utf-8")
        assert (toy.root / f"{name}.ipynb").is_file()
        assert links(page, "colab.research.google.com") == [
            f"https://colab.research.google.com/github/someone/companion/blob/{ref}/{name}.ipynb"
        ]
        (binder,) = links(page, "mybinder.org")
        assert urlsplit(binder).path == f"/v2/gh/someone/companion/{ref}"
        assert urlsplit(binder).query == f"urlpath=lab/tree/{name}.ipynb"
        downloaded = (toy.site / f"_sources/{name}.ipynb").read_text(encoding="utf-8")
        assert downloaded == prepared(toy.root / "_build/stage" / f"{name}.ipynb", Origin(URL, ref))
    index = (toy.site / "book/toy/index.html").read_text(encoding="utf-8")
    assert not links(index, "mybinder.org")  # no notebook, nothing to launch
    assert links(index, "github.com") == [URL]  # it was read again, since the address is new
    assert "The code is in a clone." not in index


def test_without_a_repository_the_executed_notebook_asks_for_a_clone(built_once):
    toy = built_once
    index = (toy.site / "book/toy/index.html").read_text(encoding="utf-8")
    assert "The code is in a clone." in index
    assert "The code is <a" not in index
    page = (toy.site / "book/toy/lines.html").read_text(encoding="utf-8")
    assert not links(page, "mybinder.org") + links(page, "colab.research.google.com")
    (href,) = re.findall(r'href="([^"]*_sources/[^"]*\.ipynb)"', page)
    downloaded = (toy.site / "book/toy" / href).resolve()
    assert downloaded.read_text(encoding="utf-8") == prepared(
        toy.root / "_build/stage/book/toy/lines.ipynb", None
    )
    assert "image/png" in downloaded.read_text(encoding="utf-8")


def test_where_the_repository_is_named_and_what_is_refused(sources, tmp_path, monkeypatch, refusal):
    project = Project(sources.root)
    assert Origin.find(project) is None
    assert REPOSITORY in refusal(sources.root, "launch")
    sources.write_yaml("CITATION.cff", {**CITATION, "repository-code": f"{URL}/"})
    assert Origin.find(project) == Origin(URL, "launch")
    with pytest.raises(BookError, match="git checkout needed"):
        write_tree(project, tmp_path / "tree", ORIGIN)
    monkeypatch.setenv(REPOSITORY, "https://example.org/a/b")
    assert "https://github.com/OWNER/NAME needed" in refusal(sources.root, "launch")
