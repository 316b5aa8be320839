r"""A table in a text file: from bytes to cells, and from cells to numbers.

The file
    Text in UTF-8, in UTF-16 with a byte-order mark, or in the encoding that the caller names; it
    may be compressed with gzip. Lines end with \n, \r\n or \r. Cells are as Python's
    module :mod:`csv` reads them; a cell with a separator, a quote or a line break in it is in
    double quotes. A first line ``sep=;`` (Excel) names the separator. Without it, and if the
    caller names none, the separator is the comma; but if the first line has no comma outside
    quotes, and one kind of semicolons, tabs or bars, then it is that kind.

The columns
    The first line names them. A column without a name is left out; it may hold row names (R,
    pandas) or nothing (a separator at the end of each line). Lines without any text in their cells
    are skipped, and so are empty cells beyond the last column.

The numbers
    12, -0.5, .5 or 1.2e-3, with a true minus sign or a hyphen; with ``decimal_comma`` 0,5 instead
    of 0.5. No other text is read as a number: what may mean two things is an error.
"""

import codecs
import csv
import gzip
import io
import os
import re
import reprlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from ..core.checks import FloatArray

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SEPARATOR_LINE = re.compile(r'"?sep=([^\s"]|\t)"?[\r\n]', re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MISSING = r"|n/?a|<na>|nan|null|none|missing|\\n|\.[a-z_]?|[-–—]+|[?*]+|#.*|[+-]?inf(inity)?"
_FLAGS = re.IGNORECASE | re.DOTALL
_CURES = (  # the first pattern that the whole cell matches
    (
        _MISSING,
        "is not a finite number; drop such rows (--drop-missing), or leave the column out "
        "(--leave-out)",
    ),
    (r"true|false|yes|no", "is not a number; write 1 and 0"),
    (
        r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}.*|[0-9]{1,2}:[0-9][0-9].*",
        "is a date or a time; turn it into a number, or leave the column out (--leave-out)",
    ),
    (
        r"[^a-z]*[0-9].*",
        "is not a plain number; export numbers without thousands separators, units and signs such "
        "as % or <, either all with a decimal point or all with a decimal comma (--decimal-comma)",
    ),
    (
        r".*",
        "is not a number; delete the line if it is no row of data, or leave the column out "
        "(--leave-out)",
    ),
)

_short = reprlib.Repr()
_short.maxstring = 40
shown = _short.repr  # a name in quotes and on one line, not too long


@dataclass(frozen=True)
class Table:
    """The cells of a file, as text."""

    cells: Mapping[str, Sequence[str]]  # the columns, by name; each has n cells
    lines: Sequence[int]  # n, the line of the file on which each row ends
    decimal_comma: bool = False  # whether the decimal sign is a comma
    notes: Sequence[str] = ()  # sentences that say what was left out

    def column(self, name: str) -> FloatArray:
        """The numbers of one column, (n,).

        A ValueError is raised if a cell is not a number, or the largest absolute value is not 0 and
        not between 1e-100 and 1e100, so that squares may leave double precision.
        """
        column = np.empty(len(self.lines))
        for row, (cell, line) in enumerate(zip(self.cells[name], self.lines, strict=True)):
            number = _number(cell, self.decimal_comma)
            if number is None:
                text = cell.strip()
                cure = next(cure for kind, cure in _CURES if re.fullmatch(kind, text, _FLAGS))
                what = shown(text) if text else "the empty cell"
                raise ValueError(f"line {line}, column {shown(name)}: {what} {cure}")
            column[row] = number
        largest = np.abs(column).max()
        if largest and not 1e-100 < largest < 1e100:
            raise ValueError(
                f"column {shown(name)} has numbers up to {largest:.0e}, whose squares may leave "
                "double precision; use another unit"
            )
        return column

    def complete(self, names: Sequence[str]) -> "Table":
        """The rows without a missing value in these columns; a note says how many are dropped."""
        rows = zip(*(self.cells[name] for name in names), strict=True)
        kept = [not any(re.fullmatch(_MISSING, c.strip(), _FLAGS) for c in row) for row in rows]
        if all(kept):
            return self
        dropped = f"{kept.count(False)} of {len(kept)} rows have a missing value: dropped"
        cells = {name: [*compress(column, kept)] for name, column in self.cells.items()}
        lines, notes = [*compress(self.lines, kept)], [*self.notes, dropped]
        return Table(cells, lines, self.decimal_comma, notes)


def read_table(
    path: str | os.PathLike[str],
    separator: str | None = None,
    encoding: str | None = None,
    *,
    decimal_comma: bool = False,
) -> Table:
    """Read a text file of the form that the module's text describes.

    The separator is one character, by default what the first line says; the encoding any that
    Python knows, by default that of the byte-order mark, or else UTF-8. A ValueError says in one
    sentence why the file is not a table.
    """
    text = _text(path, encoding)
    line_for_excel = _SEPARATOR_LINE.match(text)
    named = line_for_excel.group(1) if line_for_excel else _likely_separator(text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator or named,
        strict=True,
        skipinitialspace=True,
    )
    try:
        records = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(
            f"not a CSV file: line {reader.line_num}: {error}; put a cell with quotes in it in "
            "quotes and double them, or name another separator (--separator)"
        ) from error
    if line_for_excel:
        del records[0]
    if not records:
        raise ValueError("the file is empty")
    names = _header(records[0][1], decimal_comma)
    cells = dict(zip(names, zip(*_rows(records[1:], len(names)), strict=True), strict=True))
    nameless = [str(number) for number, name in enumerate(names, start=1) if not name]
    notes = []
    if cells.pop("", None):
        notes.append(
            f"column{'s' * (len(nameless) > 1)} {', '.join(nameless)} without a name: left out"
        )
    return Table(cells, [line for line, _ in records[1:]], decimal_comma, notes)


def _text(path: str | os.PathLike[str], encoding: str | None) -> str:
    """The file as text, without a byte-order mark."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"cannot be read: {reason}") from error
    marked = (codec for mark, codec in _MARKS.items() if content.startswith(mark))
    codec = next(marked, encoding or "utf-8")
    try:
        text = content.decode(codec)
    except UnicodeError:
        text = "\0"
    except LookupError as error:
        raise ValueError(f"encoding: need one that Python knows, got {encoding!r}") from error
    if "\0" in text:
        raise ValueError(
            f"not {codec.removesuffix('-sig').upper()} text; save the table as CSV in UTF-8, or "
            "name the encoding (--encoding windows-1252)"
        )
    return text


def _likely_separator(text: str) -> str:
    first, *_ = re.sub('"[^"]*"', "", text).lstrip("\r\n").splitlines() or [""]
    found = [character for character in ",;\t|" if character in first]
    return found[0] if len(found) == 1 else ","


def _number(cell: str, decimal_comma: bool) -> float | None:
    text = cell.strip().replace("−", "-")
    if decimal_comma:
        text = text.translate({ord(","): ".", ord("."): ","})
    return float(text) if _NUMBER.fullmatch(text) else None


def _header(cells: Sequence[str], decimal_comma: bool) -> list[str]:
    names = [cell.strip() for cell in cells]
    present = [name for name in names if name]
    if all(_number(name, decimal_comma) is not None for name in present):
        raise ValueError("the first line must name the columns, and has only numbers")
    for number, name in enumerate(present):
        if name in present[:number]:
            raise ValueError(f"two columns have the name {shown(name)}; rename one")
    if len(present) == 1:
        raise ValueError(
            f"the first line names only one column, {shown(present[0])}; delete the lines above "
            "the names, or name the separator (--separator tab)"
        )
    return names


def _rows(records: Sequence[tuple[int, list[str]]], width: int) -> list[list[str]]:
    """The rows as long as the header; empty cells beyond it are left out."""
    if not records:
        raise ValueError("column names, but no rows")
    rows = [row if any(map(str.strip, row[width:])) else row[:width] for _, row in records]
    for (line, _), row in zip(records, rows, strict=True):
        if len(row) != width:
            cure = (
                "delete the line if it is no row of data, put a cell with a separator in it in "
                "quotes, or name another separator (--separator)"
            )
            if all(len(row) == width + 1 for row in rows):
                cure = "if rows begin with their names, put a separator in front of the first line"
            raise ValueError(f"line {line} has {len(row)} instead of {width} cells; {cure}")
    return rows
