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
    are skipped.

The numbers
    12, -0.5, .5 or 1.2e-3, with a true minus sign or a hyphen; with ``decimal_comma`` 0,5 instead
    of 0.5. No other text is read as a number: what may mean two things is an error.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core import checks
from ..core.checks import FloatArray
from .messages import counted, listed, quoted, refuse

_LONGEST_CELL = 2**31 - 1  # the largest limit that the module csv accepts on every system
_SEPARATOR_LINE = re.compile(r'"?sep=([^\s"]|\t)"?[\r\n]', re.IGNORECASE)
_FIRST_LINE = re.compile(r'[\r\n]*((?:[^"\r\n]+|"[^"]*")*)')

_NUMBER = {
    sign: re.compile(rf"[+-]?(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?")
    for sign, point in ((".", r"\."), (",", ","))
}
_LEAVE = "remove the row, or leave the column out (--leave-out)"
_CURES = (  # the first pattern that the whole cell matches
    (
        r"n/?a|<na>|nan|null|none|missing|\\n|\.[a-z_]?|[-–—]+|[?*]+|#.*|[+-]?inf(inity)?",
        f"is not a finite number; {_LEAVE}",
    ),
    (r"true|false|yes|no|[tfyn]", "is not a number; write 1 and 0"),
    (
        r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}.*|[0-9]{1,2}:[0-9][0-9].*",
        "is a date or a time; turn it into a number, or leave the column out (--leave-out)",
    ),
    (
        r"[+-]?[0-9.,][0-9.,'’_\s]*(e[+-]?[0-9]+)?",
        "is not a plain number; export numbers without thousands separators, either all with a "
        "decimal point or all with a decimal comma (--decimal-comma)",
    ),
    (
        r"[^a-z]*[0-9].*",
        "is not a plain number; export numbers without units, currencies and signs such as % or <",
    ),
    (
        r".*",
        "is not a number; delete the line if it is no row of data, or leave the column out "
        "(--leave-out)",
    ),
)


@dataclass(frozen=True)
class Table:
    """The cells of a file, as text.

    Attributes
    ----------
    path : str
        The file, for messages.
    names : tuple of str
        Of the columns, all different.
    rows : tuple of tuples of str
        One for each row, as long as ``names``.
    lines : tuple of int
        The line of the file on which each row ends; the names are on line 1, as a rule.
    decimal : str
        The decimal sign, a point or a comma.
    notes : tuple of str
        What was left out, in sentences for the reader of the answer.
    """

    path: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    decimal: str = "."
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> FloatArray:
        """The numbers of one column, (n,).

        Raises
        ------
        ValueError
            If there is no such column, a cell of it is not a number, or the largest absolute value
            is not between 1e-100 and 1e100 (or 0), so that squares may leave double precision.
        """
        self.require([name])
        index = self.names.index(name)
        cells = zip(self.rows, self.lines, strict=True)
        column = np.array([self._number(row[index], line, name) for row, line in cells])
        largest = np.abs(column).max(initial=0.0)
        if largest and not 1e-100 < largest < 1e100:
            refuse(
                self.path,
                f"column {quoted(name)} has numbers up to {largest:.0e}, too "
                f"{'large' if largest > 1 else 'small'} for squares in double precision; "
                "use another unit",
            )
        return column

    def require(self, names: Sequence[str]) -> None:
        """Raise a ValueError if there is a name that no column has."""
        for name in names:
            if name not in self.names:
                there = listed(self.names)
                refuse(self.path, f"no column {quoted(name)}; there are {there}")

    def _number(self, cell: str, line: int, name: str) -> float:
        text = cell.strip().replace("−", "-")
        if _NUMBER[self.decimal].fullmatch(text):
            return float(text.replace(self.decimal, "."))
        fault = f"the cell is empty; {_LEAVE}"
        if text:
            flags = re.IGNORECASE | re.DOTALL
            cure = next(cure for kind, cure in _CURES if re.fullmatch(kind, text, flags))
            fault = f"{quoted(cell.strip())} {cure}"
        refuse(self.path, f"line {line}, column {quoted(name)}: {fault}")


def read_table(
    path: str | os.PathLike[str],
    separator: str | None = None,
    encoding: str | None = None,
    *,
    decimal_comma: bool = False,
) -> Table:
    """Read a text file; the module's text says of which form.

    Parameters
    ----------
    path : path
    separator : str, optional
        One character. Default: as the first line says.
    encoding : str, optional
        Any that Python knows. A byte-order mark goes before it. Default: UTF-8.
    decimal_comma : bool
        Whether the decimal sign is a comma.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the file cannot be read or is no text in this encoding, no table or has no rows; if a
        row is of another length, or a name is there twice. The message is one sentence with the
        path in front.
    """
    shown = quoted(os.fspath(path), 200)
    if separator is not None and (len(separator) != 1 or separator in '"\r\n '):
        checks.refuse("separator", "one character, no quote, space or line break", repr(separator))
    text = _text(path, encoding, shown)
    line_for_excel = _SEPARATOR_LINE.match(text)
    named = line_for_excel.group(1) if line_for_excel else _likely_separator(text)
    records = _records(text, separator or named, shown)[bool(line_for_excel) :]
    if not records:
        refuse(shown, "the file is empty")
    names = _header(records[0][1], shown)
    rows, notes = _rows(records[1:], len(names), shown)
    kept = [index for index, name in enumerate(names) if name]
    nameless = [str(index + 1) for index, name in enumerate(names) if not name]
    if nameless:
        which = "column" if len(nameless) == 1 else "columns"
        notes.append(f"{which} {', '.join(nameless)} without a name: left out")
    return Table(
        shown,
        tuple(names[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in rows),
        tuple(line for line, _ in records[1:]),
        "," if decimal_comma else ".",
        tuple(notes),
    )


def _text(path: str | os.PathLike[str], encoding: str | None, shown: str) -> str:
    """The file as text, without a byte-order mark, and without the mark that ends files in DOS."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (OSError, EOFError, ValueError, zlib.error) as error:  # ValueError: a null in the path
        refuse(shown, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    codec = encoding or "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        codec = "utf-8-sig"
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf-16"
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        refuse(
            shown,
            f"not {codec.removesuffix('-sig').upper()} text (byte {error.start}); save the table "
            "as CSV in UTF-8, or name the encoding, as in --encoding windows-1252",
        )
    except (LookupError, ValueError):
        checks.refuse("encoding", "one that Python knows, as windows-1252", repr(encoding))
    if "\0" in text:
        refuse(
            shown,
            "not text, it has null characters; save the table as CSV in UTF-8 (UTF-16 without a "
            "byte-order mark: --encoding utf-16-le)",
        )
    return text.rstrip("\x1a")


def _likely_separator(text: str) -> str:
    first = _FIRST_LINE.match(text)
    outside = re.sub('"[^"]*"', "", first.group(1) if first else "")
    found = [character for character in ",;\t|" if character in outside]
    return found[0] if len(found) == 1 else ","


def _records(text: str, separator: str, path: str) -> list[tuple[int, list[str]]]:
    """The lines that are not blank, as cells; with the number of the line on which each ends."""
    limit = csv.field_size_limit(_LONGEST_CELL)  # the limit belongs to the whole process
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
    )
    try:
        return [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        refuse(
            path,
            f"not a CSV file: line {reader.line_num}: {error}; a cell with quotes in it is in "
            "quotes, and they are doubled; another separator: --separator",
        )
    finally:
        csv.field_size_limit(limit)


def _header(cells: Sequence[str], path: str) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    present = [name for name in names if name]
    if all(any(number.fullmatch(name) for number in _NUMBER.values()) for name in present):
        refuse(path, "the first line must name the columns, and has only numbers")
    for number, name in enumerate(present):
        if name in present[:number]:
            refuse(path, f"two columns have the name {quoted(name)}; rename one")
    if len(present) == 1:
        refuse(
            path,
            f"the first line names only one column, {quoted(present[0])}; delete the lines above "
            "the names, or name the separator, as in --separator tab",
        )
    return names


def _rows(
    records: Sequence[tuple[int, list[str]]], width: int, path: str
) -> tuple[list[list[str]], list[str]]:
    """The rows as long as the header; empty cells beyond it, if each has some, are left out."""
    if not records:
        refuse(path, "column names, but no rows")
    rows, notes = [row for _, row in records], []
    if all(len(row) > width and not any(map(str.strip, row[width:])) for row in rows):
        rows = [row[:width] for row in rows]
        notes.append("empty cells at the end of every line: left out")
    for (line, _), row in zip(records, rows, strict=True):
        if len(row) == width:
            continue
        cure = (
            "delete the line if it is no row of data, put a cell with a separator in it in quotes, "
            "or name another separator (--separator)"
        )
        if all(len(row) == width + 1 for row in rows):
            cure = "if rows begin with their names, put a separator in front of the column names"
        refuse(path, f"line {line} has {counted(len(row), 'cell')}, the header {width}; {cure}")
    return rows, notes
