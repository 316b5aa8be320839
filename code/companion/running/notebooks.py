"""What a source notebook says about itself, read without running it."""

import ast
import symtable
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from companion.errors import BookError, refuse
from companion.source_files import called, form, read_json, read_text


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: its index, its source, its name (or ``""``) and its tags."""

    index: int
    is_code: bool
    source: str
    name: str
    tags: frozenset[str]

    @property
    def anchor(self) -> str:
        """Where the cell is on its page (see :mod:`companion.sphinx.elements`)."""
        return anchor(self.index, self.name)


def anchor(index: int, name: str) -> str:
    """The HTML id of a cell: by its name where it has one, else by its index."""
    return f"cell-{name or index}"


@dataclass(frozen=True)
class Notebook:
    """A source notebook."""

    path: Path
    cells: tuple[Cell, ...]

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read a ``.ipynb`` file; once, as long as it does not change.

        What is not a notebook as Jupyter saves it, or has a name or an id twice, is refused.
        """
        state = path.stat()
        return _read(path, state.st_mtime_ns, state.st_size)

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.is_code)

    @property
    def parameters_cell(self) -> Cell | None:
        """The first cell tagged ``parameters``, below which papermill injects those of a run."""
        return next((cell for cell in self.cells if "parameters" in cell.tags), None)

    @property
    def parameters(self) -> dict[str, str]:
        """Names of the parameters and the source of their defaults."""
        cell = self.parameters_cell
        if cell is None or not cell.is_code:
            return {}
        return {
            node.targets[0].id: ast.unparse(node.value)
            for node in self._parsed(cell).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }

    def obstacles(self) -> Iterator[str]:
        """What keeps a code cell from running, an error from showing, a parameter from counting."""
        for cell in self.code:
            if not self._parsed(cell).body:
                yield f"cell {cell.index} has no statement; delete it"
            for tag in sorted(cell.tags & {"skip-execution", "raises-exception"}):
                yield f"cell {cell.index} has the tag {tag}; every cell runs, and none may fail"
        yield from self._misread_parameters()

    def _misread_parameters(self) -> Iterator[str]:
        tagged = [cell for cell in self.cells if "parameters" in cell.tags]
        for cell in tagged[1:]:
            yield f"cell {cell.index} is the second one with the tag parameters; one needed"
        for cell in tagged[:1]:
            statements = self._parsed(cell).body
            if not len(statements) == len(self.parameters) == cell.source.count("="):
                yield (
                    f"cell {cell.index} has the tag parameters, so it needs lines `name = value`, "
                    "with one equals sign each, and nothing else"
                )
        for cell in self.code:
            if cell not in tagged:
                for name in sorted(_assigned(cell.source) & {*self.parameters, "scale"}):
                    yield f"cell {cell.index} sets {name}, but lacks the tag parameters"

    def publishing_cell(self, figure: str) -> Cell | None:
        """The cell that calls ``publish(…, "figure", …)``, if there is one."""
        for cell in self.code:
            for node in ast.walk(self._parsed(cell)):
                if isinstance(node, ast.Call) and _names_figure(node, figure):
                    return cell
        return None

    def named(self, name: str) -> Cell | None:
        """The cell of that name, if there is one."""
        return next((cell for cell in self.cells if cell.name == name), None)

    def _parsed(self, cell: Cell) -> ast.Module:
        # IPython's magics and shell escapes are not Python; a book's cells do without them.
        try:
            symtable.symtable(cell.source, "cell", "exec")  # finds a little more than the parser
            return ast.parse(cell.source)
        except (SyntaxError, ValueError) as error:  # ValueError: a null byte, before Python 3.12
            raise BookError(f"{called(self.path)}: cell {cell.index}: {error}") from error


def prose(page: Path) -> str:
    """Return the Markdown of a page, whatever its format."""
    if page.suffix == ".md":
        return read_text(page)
    cells = Notebook.read(page).cells
    return "\n\n".join(cell.source for cell in cells if not cell.is_code)


@lru_cache(maxsize=256)
def _read(path: Path, _modified: int, _size: int) -> Notebook:
    raw = read_json(path, form("notebook"))["cells"]
    cells = tuple(_cell(index, cell) for index, cell in enumerate(raw))
    # A copied cell keeps its name, which is to be the address of one cell.
    names = [(f"the name {cell.name!r}", cell.index) for cell in cells if cell.name]
    ids = [(f"the id {cell['id']!r}", index) for index, cell in enumerate(raw)]
    places: dict[str, list[int]] = {}
    for what, index in (*names, *ids):
        places.setdefault(what, []).append(index)
    refuse(
        f"{called(path)}: cells {' and '.join(map(str, indices))} have {what}; change it in one"
        for what, indices in places.items()
        if len(indices) > 1
    )
    return Notebook(path, cells)


def _cell(index: int, raw: Mapping[str, Any]) -> Cell:
    metadata = raw["metadata"]
    return Cell(
        index=index,
        is_code=raw["cell_type"] == "code",
        source="".join(raw["source"]),  # a text or its lines
        name=metadata.get("name", ""),
        tags=frozenset(metadata.get("tags", ())),
    )


def _assigned(source: str) -> set[str]:
    """Names that the code of a cell binds outside of functions and comprehensions."""
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned()}


def _names_figure(call: ast.Call, figure: str) -> bool:
    if not (isinstance(call.func, ast.Name) and call.func.id == "publish"):
        return False
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    return any(
        isinstance(node, ast.Constant) and node.value == figure for node in (*call.args, *named)
    )
