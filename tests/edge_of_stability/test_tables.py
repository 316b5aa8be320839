"""Tables: what other programs write is read bit by bit, or refused in one sentence with a cure."""

import csv
import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_of_stability.tables.command import main
from edge_of_stability.tables.prepare import prepare
from edge_of_stability.tables.read import read_table

GOOD = "x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n"
SEMICOLONS = GOOD.replace(",", ";")
TABS = GOOD.replace(",", "\t")


def saved(folder, content):
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# -- what is read ---------------------------------------------------------------------------------

NAMELESS = "column 1 without a name: left out"
READ = {
    "Unicode text of Excel": (TABS.replace("\n", "\r\n").encode("utf-16"), {}),
    "UTF-16, other order": (b"\xfe\xff" + GOOD.encode("utf-16-be"), {}),
    "blank lines": ("\n" + GOOD.replace("\n", "\n \n\n") + ",,\n\n", {}),
    "separator line of Excel": ("sep=;\r\n" + SEMICOLONS.replace("\n", "\r\n"), {}),
    "separator line in quotes": ('"sep=|"\n' + GOOD.replace(",", "|"), {}),
    "spaces": (GOOD.replace(",", " , ").replace("4", "+4.0e0").replace("5", "\xa05\xa0"), {}),
    "quotes": (GOOD.replace("x,z,y", '"x", "z", "y"').replace("0,", '"0",'), {}),
    "decimal comma in quotes": (GOOD.replace("5", '"5,0"'), {"decimal_comma": True}),
    "points": (GOOD.replace("4", "4.").replace("5", ".5e1").replace("7", "+7.0"), {}),
    "true minus": (GOOD.replace("0,", "−0,").replace("5", "5e−0"), {}),
    "row names of R": (GOOD.replace("\n", '\n"r",')[:-4].replace("x,", '"",x,', 1), {}, NAMELESS),
    "index of pandas": (TABS.replace("\n", "\n7\t")[:-2].replace("x", "\tx", 1), {}, NAMELESS),
    "comma at every line": (GOOD.replace("\n", ",\n"), {}, "column 4 without a name: left out"),
    "comma at every row": (GOOD.replace("\n", ",\n").replace(",\n", "\n", 1), {}),
}


@pytest.mark.parametrize("case", READ)
def test_read(case, tmp_path):
    content, options, *notes = READ[case]
    found = read_table(saved(tmp_path, content), **options)
    data = prepare(found, ["y"], preparation="raw")
    assert data.features == ["x", "z"]
    assert data.X.tolist() == [[1, 4, 0, 2], [2, 1, 5, 2]]
    assert data.Y.tolist() == [[3, 2, 1, 7]]
    assert (found.notes, data.warnings) == (notes, [])


NAMES = ["größe", 'say "x"', "two\nlines", "é|;\tm", "a b"]


@given(
    st.lists(st.lists(st.floats(-1e90, 1e90), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True),
    st.sampled_from(",;\t|:"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([None, "utf-8-sig", "utf-16", "windows-1252", "latin-1", "utf-16-be"]),
    st.booleans(),
    st.booleans(),
)
def test_any_dialect_gives_the_same_numbers(
    tmp_path_factory, numbers, names, separator, end, quoting, encoding, comma, packed
):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting)
    names = [name.replace("\n", end) for name in names]
    cells = [row[: len(names)] for row in numbers]
    if comma:
        cells = [[repr(cell).replace(".", ",") for cell in row] for row in cells]
    writer.writerows([names, *cells])
    content = file.getvalue().encode(encoding or "utf-8")
    path = saved(tmp_path_factory.mktemp("dialect"), gzip.compress(content) if packed else content)
    named = separator if separator == ":" else None  # the others are found
    unmarked = encoding if encoding in ("windows-1252", "latin-1", "utf-16-be") else None
    found = read_table(path, named, unmarked, decimal_comma=comma)
    assert list(found.cells) == names
    for index, name in enumerate(names):
        expected = np.array([float(row[index]) for row in numbers])
        if np.abs(expected).max() > 1e-100 or not expected.any():
            assert found.column(name).tobytes() == expected.tobytes()


# -- what is refused ------------------------------------------------------------------------------

CONSTANT = "constant or vary too little against their size:"
LOST = "x,z,y\n1,100000000000.01,3\n4,100000000000.02,2\n0,100000000000.07,1\n"
DEPENDENT = "x,z,u,w,y\n.1,.2,.3,1,1\n.4,.1,.5,2,4\n.1,.6,.7,0,0\n.2,.2,.4,5,6\n1,0,1,4,8\n"
BAD = {
    "empty": ("", "the file is empty"),
    "header only": ("x,z,y\n", "column names, but no rows"),
    "one row": ("x,z,y\n1,2,3\n", "rows: 1; at least two are needed"),
    "constant": ("x,z,u,y\n1,2,5,3\n4,2,5,2\n0,2,5,1\n", f"{CONSTANT} 'z', 'u'; leave them out"),
    "all digits lost": (LOST, f"{CONSTANT} 'z'; leave them out (--leave-out), or"),
    "too large": (GOOD.replace("5", "1e400"), "column 'z' has numbers up to inf, whose squares"),
    "small": ("x,z,y\n1,2e-101,3\n2,0,3\n", "up to 2e-101, whose squares may leave double precis"),
    "duplicate header": ("x,x,y\n1,2,3\n4,1,2\n", "two columns have the name 'x'; rename one"),
    "no header": ("1,2,3\n4,1,2\n0,5,1\n", "the first line must name the columns"),
    "names with commas": (
        "x, m;z, m;y\n1;2;3\n",
        "line 2 has 1 instead of 3 cells; delete the line",
    ),
    "title": ("Wine 2024\n\n" + GOOD, "only one column, 'Wine 2024'; delete the lines above the n"),
    "ragged": (GOOD.replace("0,5,1", "0,5"), "line 4 has 2 instead of 3 cells; delete the line"),
    "decimal commas": (GOOD.replace("5", "5,5"), "put a cell with a separator in it in quotes"),
    "row names": (
        GOOD.replace("\n", "\nr,")[:-2],
        "cells; if rows begin with their names, put a",
    ),
    "two separators": (GOOD.replace("x,z,y", "x;z|y"), "name the separator (--separator tab)"),
    "open quote": ('x,z,y\n1,2,3\n4,"1,2\n', "line 3: unexpected end of data; put a cell with quo"),
    "quotes not doubled": ('x,z,y\n1,"2"a,3\n', "not a CSV file: line 2: ',' expected after '\"'"),
    "latin-1": ("x,größe,y\n".encode("latin-1"), "not UTF-8 text; save the table as CSV in UTF-8"),
    "unmarked": (GOOD.encode("utf-16-le"), "not UTF-8 text; save the table as CSV in UTF-8, or na"),
    "workbook": (b"PK\x03\x04\x14\0\x06\0!\0\xd5\xff", "not UTF-8 text; save the table as"),
    "damaged": (gzip.compress(GOOD.encode())[:-9], "cannot be read: Compressed file ended"),
    "wide": ("x,z,u,y\n1,2,3,1\n4,1,2,5\n0,5,1,2\n", "features: 3, but the rows allow 2 indep"),
    "dependent": (DEPENDENT, "the features 'x', 'z', 'u' are linearly dependent"),
    "unrelated": ("x,z,y\n1,1,1\n-1,1,1\n1,-1,1\n-1,-1,1\n0,0,-4\n", "explain a share of"),
}
MISSING = "is not a finite number; drop such rows (--drop-missing), or leave the column out"
PLAIN = "is not a plain number; export numbers without thousands separators, units and signs"
TEXT = "is not a number; delete the line if it is no row of data, or leave the column out"
CELLS = {  # between semicolons
    MISSING: r"NA;n/a;#N/A;NaN;NULL;None;.;.A;-;?;\N;-inf;Infinity;#DIV/0!;<NA>",
    "is not a number; write 1 and 0": "TRUE;no",
    "is a date or a time": "2024-01-31;31.12.2024;1/2/24;12:30;2024-01-31T12:00Z",
    PLAIN: "1,5;1,234.5;1.234,5;1 000;1\u202f000;1'000;1_0;5%;$5;5 kg;<0.01;(5);=5;1.5f;–5;0x1F;'5",
    TEXT: "five;m3;kg;USD 5;٥",
}
BAD |= {
    cell: (GOOD.replace("5", f'"{cell}"'), f"line 4, column 'z': {cell!r} {cure}")
    for cure, cells in CELLS.items()
    for cell in cells.split(";")
}
BAD |= {
    repr(cell): (GOOD.replace("5", cell), f"line 4, column 'z': the empty cell {MISSING}")
    for cell in ("", " ", "\xa0")
}


@pytest.mark.parametrize("case", BAD)
def test_refused(case, tmp_path, capsys):
    content, message = BAD[case]
    path = str(saved(tmp_path, content))
    assert main(["critical-step", path, "--target", "y", "--depth", "2"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert f"{path!r}: " in err


def test_a_decimal_comma_leaves_no_room_for_points(tmp_path):
    path = saved(tmp_path, GOOD.replace(",", ";").replace("5", "1.5"))
    read = read_table(path, decimal_comma=True)
    with pytest.raises(ValueError, match=f"'1.5' {PLAIN}"):
        prepare(read, ["y"])
    assert prepare(read, ["y"], leave_out=["z"]).features == ["x"]


# -- files no one would write ---------------------------------------------------------------------

CELL = st.text(alphabet='0123456789.eE+-,;"\n\r\t nainfy\0', max_size=8) | st.floats().map(repr)
TEXTS = st.builds(
    lambda rows, separator, end: end.join(["x,y", *map(separator.join, rows)]).encode(),
    st.lists(st.lists(CELL, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t", "\n"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
NUMBERS = st.lists(st.tuples(*[st.floats(allow_nan=False)] * 3), min_size=2).map(
    lambda rows: "\n".join(["x,z,y", *(",".join(map(repr, row)) for row in rows)]).encode()
)
BYTES = st.builds(
    bytes.__add__,
    st.sampled_from([b"", b"x,y\n1,2\n", b"\xff\xfe", b"\x1f\x8b"]),
    st.binary(max_size=60),
)


@given(TEXTS | NUMBERS | BYTES, st.sampled_from(["raw", "centre", "standardise"]))
def test_any_file_gives_an_answer_or_one_sentence(tmp_path_factory, content, how):
    path = saved(tmp_path_factory.mktemp("fuzz"), content)
    try:
        prepare(read_table(path), ["y"], preparation=how)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017
    for depth in "14":
        code = main(["critical-step", str(path), "--target", "y", "--depth", depth, f"--{how}"])
        assert code in (0, 2)
