"""Tables: what other programs write is read bit by bit, or refused in one sentence with a cure."""

import csv
import gzip
import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_of_stability.minima.critical_step import critical_step_size
from edge_of_stability.tables.command import main
from edge_of_stability.tables.prepare import PREPARATIONS, prepare, rounding_estimate
from edge_of_stability.tables.read import Table, read_table

GOOD = "x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n"


def saved(folder, content):
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(*columns, names="abcdefg"):
    """A table of given numbers, the last column named y."""
    rows = tuple(tuple(map(repr, map(float, row))) for row in zip(*columns, strict=True))
    return Table("t", (*names[: len(columns) - 1], "y"), rows, tuple(range(2, 2 + len(rows))))


# -- what is read ---------------------------------------------------------------------------------


def semicolons(text=GOOD):
    return text.replace(",", ";")


def rows(suffix, text=GOOD):
    """The text with something behind each of its lines."""
    return text.replace("\n", f"{suffix}\n")


NAMELESS = "column 1 without a name: left out"
READ = {
    "plain": (GOOD, {}),
    "UTF-8 as Excel saves it": (GOOD.encode("utf-8-sig"), {}),
    "Unicode text of Excel": (GOOD.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"), {}),
    "UTF-16, other order": (b"\xfe\xff" + GOOD.encode("utf-16-be"), {}),
    "UTF-16, no mark": (GOOD.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "compressed": (gzip.compress(GOOD.encode()), {}),
    "Windows": (GOOD.replace("\n", "\r\n"), {}),
    "old Macs": (GOOD.replace("\n", "\r"), {}),
    "end of file in DOS": (GOOD + "\x1a", {}),
    "blank lines": (GOOD.replace("\n", "\n \n\n") + ",,\n\n", {}),
    "separator line of Excel": ("sep=;\r\n" + semicolons().replace("\n", "\r\n"), {}),
    "separator line in quotes": ('"sep=|"\n' + GOOD.replace(",", "|"), {}),
    "separator line and option": ("sep=|\n" + semicolons(), {"separator": ";"}),
    "semicolons": (semicolons(), {}),
    "tabs": (GOOD.replace(",", "\t"), {}),
    "bars": (GOOD.replace(",", "|"), {}),
    "named separator": (GOOD.replace(",", ":"), {"separator": ":"}),
    "spaces": (GOOD.replace(",", " , ").replace("4", "+4.0e0").replace("5", "\xa05\xa0"), {}),
    "quotes": (GOOD.replace("x,z,y", '"x", "z", "y"').replace("0,", '"0",'), {}),
    "quotes and semicolons of R": (semicolons().replace("x;z;y", '"x";"z";"y"'), {}),
    "decimal comma": (semicolons().replace("5", "5,0"), {"decimal_comma": True}),
    "decimal comma in quotes": (GOOD.replace("5", '"5,0"'), {"decimal_comma": True}),
    "points": (GOOD.replace("4", "4.").replace("5", ".5e1").replace("7", "+7.0"), {}),
    "true minus": (GOOD.replace("0,", "−0,").replace("5", "5e−0"), {}),
    "row names of R": (GOOD.replace("\n", '\n"r",')[:-4].replace("x,", '"",x,', 1), {}, NAMELESS),
    "index of pandas": (GOOD.replace("\n", "\n7,")[:-2].replace("x,", ",x,", 1), {}, NAMELESS),
    "comma at every line": (rows(suffix=","), {}, "column 4 without a name: left out"),
    "commas at every line": (rows(suffix=",,"), {}, "columns 4, 5 without a name: left out"),
    "comma at every row": (
        rows(suffix=",").replace(",\n", "\n", 1),
        {},
        "empty cells at the end of every line: left out",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_read(case, tmp_path):
    content, options, *notes = READ[case]
    found = read_table(saved(tmp_path, content), **options)
    data = prepare(found, ["y"], preparation="raw")
    assert data.features == ("x", "z")
    assert data.X.tolist() == [[1, 4, 0, 2], [2, 1, 5, 2]]
    assert data.Y.tolist() == [[3, 2, 1, 7]]
    assert list(found.notes) == notes
    assert data.warnings == ()


NAMES = st.lists(
    st.sampled_from(["größe", 'say "x"', "two\nlines", "é|;\tm", "a b"]),
    min_size=2,
    max_size=3,
    unique=True,
)


@given(
    st.lists(st.lists(st.floats(-1e90, 1e90), min_size=3, max_size=3), min_size=1, max_size=4),
    NAMES,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252", "latin-1", "utf-16-be"]),
    st.sampled_from(["", "index", "trailing", "blank"]),
    st.booleans(),
    st.booleans(),
)
def test_any_dialect_gives_the_same_numbers(
    tmp_path_factory, numbers, names, separator, end, quoting, encoding, more, comma, packed
):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting)
    names = [name.replace("\n", end) for name in names]
    lines = [names, *(row[: len(names)] for row in numbers)]
    if comma:
        lines[1:] = [[repr(cell).replace(".", ",") for cell in row] for row in lines[1:]]
    if more == "index":
        lines = [["" if i == 0 else f"row {i}", *line] for i, line in enumerate(lines)]
    if more == "trailing":
        lines = [[*line, ""] for line in lines]
    writer.writerows(lines if more != "blank" else [*lines, [""] * len(names), [" "]])
    content = file.getvalue().encode(encoding)
    path = saved(tmp_path_factory.mktemp("dialect"), gzip.compress(content) if packed else content)
    named = encoding if encoding in ("windows-1252", "latin-1", "utf-16-be") else None
    found = read_table(path, separator, named, decimal_comma=comma)
    assert found.names == tuple(names)
    for index, name in enumerate(names):
        expected = np.array([float(row[index]) for row in numbers])
        if np.abs(expected).max() > 1e-100 or not expected.any():
            assert found.column(name).tobytes() == expected.tobytes()


# -- what is refused ------------------------------------------------------------------------------

COPY = "the features 'x', 'z' are linearly dependent"
BAD = {
    "empty": ("", "the file is empty"),
    "blank": ("\n \n,,\n", "the file is empty"),
    "header only": ("x,z,y\n", "column names, but no rows"),
    "one row": ("x,z,y\n1,2,3\n", "one row; at least two are needed"),
    "missing column": ("x,z\n1,2\n3,1\n", "no column 'y'; there are 'x', 'z'"),
    "constant": ("x,z,y\n1,2,3\n4,2,2\n0,2,1\n2,2,7\n", "column 'z' is constant; leave it out"),
    "constant target": ("x,z,y\n1,2,3\n4,1,3\n0,5,3\n", "column 'y' is constant"),
    "constant in floats": (
        "x,z,y\n1,10000000000000000,3\n4,10000000000000001,2\n0,10000000000000000,1\n2,1e16,7\n",
        "column 'z' is constant",
    ),
    "all digits lost": (
        "x,z,y\n1,100000000000.01,3\n4,100000000000.02,2\n0,100000000000.07,1\n2,1e11,7\n",
        "column 'z' varies too little against its size for double precision; subtract a constant",
    ),
    "too large": (GOOD.replace("5", "1e400"), "column 'z' has numbers up to inf, too large"),
    "large": (GOOD.replace("5", "-2e100"), "numbers up to 2e+100, too large for squares"),
    "small": ("x,z,y\n1,2e-101,3\n2,0,3\n", "numbers up to 2e-101, too small for squares"),
    "duplicate header": ("x,x,y\n1,2,3\n4,1,2\n", "two columns have the name 'x'; rename one"),
    "no header": ("1,2,3\n4,1,2\n0,5,1\n", "the first line must name the columns"),
    "names with commas": (
        "x, m;z, m;y\n1;2;3\n",
        "line 2 has 1 cell, the header 3; delete the line if it is no row of data, put a cell with "
        "a separator in it in quotes, or name another separator (--separator)",
    ),
    "no names": (",,1\n1,2,3\n", "the first line must name the columns"),
    "title": ("Wine 2024\n\n" + GOOD, "only one column, 'Wine 2024'; delete the lines above the n"),
    "title and commas": ("Wine 2024,,\n" + GOOD, "delete the lines above the names"),
    "comment": (GOOD + "# end\n", "line 6 has 1 cell, the header 3; delete the line if it is no r"),
    "ragged": (GOOD.replace("0,5,1", "0,5"), "line 4 has 2 cells, the header 3; delete the line"),
    "long row": (GOOD.replace("0,5,1", "0,5,1,"), "line 4 has 4 cells, the header 3"),
    "unquoted decimal commas": (
        GOOD.replace("5", "5,5"),
        "put a cell with a separator in it in quotes",
    ),
    "row names": (
        "".join(f"{i},{line}\n" if i else f"{line}\n" for i, line in enumerate(GOOD.split())),
        "line 2 has 4 cells, the header 3; if rows begin with their names, put a separator in fr",
    ),
    "only the target": ("y\n1\n2\n", "the first line names only one column, 'y'"),
    "spaces": (GOOD.replace(",", " "), "only one column, 'x z y'; delete the lines above the nam"),
    "two separators": (GOOD.replace("x,z,y", "x;z|y"), "name the separator, as in --separator tab"),
    "open quote": (
        'x,z,y\n1,2,3\n4,"1,2\n',
        "not a CSV file: line 3: unexpected end of data; a ce",
    ),
    "quotes not doubled": ('x,z,y\n1,"2"a,3\n', "not a CSV file: line 2: ',' expected after '\"'"),
    "latin-1": ("x,größe,y\n".encode("latin-1"), "not UTF-8 text (byte 4); save the table as CSV"),
    "cut": (
        GOOD.encode("utf-16")[:-1],
        "not UTF-16 text (byte 60); save the table as CSV in UTF-8",
    ),
    "unmarked": (GOOD.encode("utf-16-le"), "without a byte-order mark: --encoding utf-16-le"),
    "workbook": (
        b"PK\x03\x04\x14\0\x06\0!\0\xd5\xff",
        "not UTF-8 text (byte 10); save the table as",
    ),
    "binary": (bytes(range(128)), "not text, it has null characters; save the table as CSV"),
    "damaged": (gzip.compress(GOOD.encode())[:-9], "cannot be read: Compressed file ended"),
    "damaged more": (b"\x1f\x8b" + b"\xff" * 30, "cannot be read: "),
    "wide": ("x,z,u,y\n1,2,3,1\n4,1,2,5\n0,5,1,2\n", "3 features, but the rows allow 2"),
    "dependent": (
        "x,z,u,y\n0.1,0.2,0.3,1\n0.4,0.1,0.5,4\n0.1,0.6,0.7,0\n0.2,0.2,0.4,6\n1,0,1,8\n",
        "the features 'x', 'z', 'u' are linearly dependent",
    ),
    "copy": ("x,z,y\n1,1,3\n4,4,2\n0,0,1\n2,2,7\n", COPY),
    "unrelated": ("x,z,y\n1,1,1\n-1,1,1\n1,-1,1\n-1,-1,1\n0,0,-4\n", "explain a share of"),
    "huge cell": (f'x,z,y\n1,2,"{"9" * 200_000}a"\n2,3,4\n', "line 2, column 'y': '99999"),
}
MISSING = "is not a finite number; remove the row, or leave the column out (--leave-out)"
PLAIN = "is not a plain number; export numbers without "
SEPARATORS = PLAIN + "thousands separators"
UNITS = PLAIN + "units, currencies and signs"
DATE = "is a date or a time"
TEXT = "is not a number; delete the line if it is no row of data, or leave the column out"
CELLS_REFUSED = {
    **dict.fromkeys(
        ["NA", "n/a", "#N/A", "NaN", "NULL", "None", ".", ".A", "-", "?", "\\N"], MISSING
    ),
    **dict.fromkeys(["-inf", "Infinity", "#DIV/0!", "<NA>"], MISSING),
    **dict.fromkeys(["TRUE", "no"], "is not a number; write 1 and 0"),
    **dict.fromkeys(["2024-01-31", "31.12.2024", "1/2/24", "12:30", "2024-01-31T12:00Z"], DATE),
    **dict.fromkeys(
        ["1,5", "1,234.5", "1.234,5", "1 000", "1\u202f000", "1'000", "1_0"], SEPARATORS
    ),
    **dict.fromkeys(["5%", "$5", "5 kg", "<0.01", "(5)", "=5", "1.5f", "–5", "0x1F", "'5"], UNITS),
    **dict.fromkeys(["five", "m3", "kg", "USD 5", "٥"], TEXT),
}


@pytest.mark.parametrize("case", [*BAD, *CELLS_REFUSED])
def test_refused(case, tmp_path, capsys):
    content, message = BAD.get(case, (None, None))
    if content is None:
        content = GOOD.replace("5", f'"{case}"')
        message = f"line 4, column 'z': {case!r} {CELLS_REFUSED[case]}"
    mean = case in ("all digits lost", "wide", "unrelated")  # refused because one is subtracted
    path = str(saved(tmp_path, content))
    for how in PREPARATIONS[: 2 if mean else 3]:
        assert main(["critical-step", path, "--target", "y", "--depth", "2", f"--{how}"]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert message in err
        assert "data.csv" in err


@pytest.mark.parametrize("cell", ["", "  ", "\xa0"])
def test_an_empty_cell(cell, tmp_path):
    read = read_table(saved(tmp_path, GOOD.replace("5", cell)))
    with pytest.raises(ValueError, match="line 4, column 'z': the cell is empty; remove the row"):
        prepare(read, ["y"])
    assert prepare(read, ["y"], leave_out=["z"]).features == ("x",)


@pytest.mark.parametrize("cell", ["1.5", "1.234,5", "1,5,0"])
def test_a_decimal_comma_leaves_no_room_for_points(cell, tmp_path):
    read = read_table(saved(tmp_path, semicolons().replace("5", cell)), decimal_comma=True)
    with pytest.raises(ValueError, match=f"'{cell}' {PLAIN}thousands separators"):
        prepare(read, ["y"])


def test_long_cells_of_other_columns_are_read_over(tmp_path):
    limit = csv.field_size_limit()
    words = '"' + "word, " * 30_000 + '"'
    assert len(words) > limit
    text = rows(suffix=f",{words}").replace(words, "text", 1)
    data = prepare(read_table(saved(tmp_path, text)), ["y"], leave_out=["text"])
    assert data.features == ("x", "z")
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("name", ["nonsense", "rot13", "a\0b", "undefined"])
def test_encodings_that_are_none(name, tmp_path):
    with pytest.raises(ValueError, match="encoding: need one that Python knows") as caught:
        read_table(saved(tmp_path, "größe,y\n".encode("latin-1")), encoding=name)
    assert "\n" not in str(caught.value)


# -- what is warned of ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "numbers", "warned"),
    [
        ("id", [1, 2, 3, 4, 5], True),
        ("Unnamed: 0", [0, 1, 2, 3, 4], True),
        ("Unnamed: 0", [7, 3, 8, 1, 2], True),
        ("down", [9, 8, 7, 6, 5], True),
        ("t", [0, 2, 4, 6, 8], False),
        ("t", [1, 2, 3, 4, 6], False),
        ("t", [0, 4, 1, 2, 4], False),
    ],
)
def test_columns_that_number_the_rows(name, numbers, warned):
    data = table(numbers, [1, 5, 2, 4, 4], [3, 1, 4, 1, 5], names=(name, "b"))
    message = f"column {name!r} only numbers the rows, it seems, and is a feature; --leave-out lea"
    assert [w[: len(message)] for w in prepare(data, ["y"]).warnings] == [message] * warned
    assert prepare(data, ["y"], [name, "b"]).warnings == ()  # chosen by name
    assert prepare(data, [name]).warnings == ()


@pytest.mark.parametrize(
    ("numbers", "warned"),
    [
        ([1, -9999, 3, 2, -9999], "-9999 in 2 rows"),
        ([1, 99, 3, 2, 4], "99 in 1 row"),
        ([0.5, 1.5, -999.9, 0.25, 3], "-999.9 in 1 row"),
        ([1, 99, 98, 50, 4], None),
        ([1, -9998, 3, 2, 2], None),
        ([0, 99, 0, 99, 99], None),
        ([9, 1, 2, 1, 2], None),
    ],
)
def test_codes_of_missing_values(numbers, warned):
    data = table(numbers, [3, 1, 4, 1, 5])
    message = f"column 'a' has {warned}, far from all its other numbers; if this is a code for"
    for found in (prepare(data, ["y"]), prepare(data, ["a"])):
        assert [w[: len(message)] for w in found.warnings] == [message] * bool(warned)


# -- X and Y --------------------------------------------------------------------------------------

COLUMNS = table([1, 3, 5], [0, 1, 5], [2, 4, 0])


def test_preparations_by_hand():
    raw = prepare(COLUMNS, ["y"], preparation="raw")
    assert raw.X.tolist() == [[1, 3, 5], [0, 1, 5]]
    assert raw.Y.tolist() == [[2, 4, 0]]
    centred = prepare(COLUMNS, ["y"], ["b", "a"], preparation="centre", intercept=True)
    assert centred.X.tolist() == [[-2, -1, 3], [-2, 0, 2], [1, 1, 1]]
    assert centred.Y.tolist() == [[0, 2, -2]]
    assert centred.features == ("b", "a")
    standardised = prepare(COLUMNS, ["y"])
    np.testing.assert_allclose(standardised.X[0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-15)
    np.testing.assert_allclose((standardised.X**2).mean(1), 1, rtol=1e-15)
    assert (standardised.features, standardised.targets) == (("a", "b"), ("y",))
    assert standardised.row_count == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preparation": "scale"}, r"preparation: need one of standardise, .*, got 'scale'"),
        ({"targets": []}, "targets: need at least one column, got none"),
        ({"targets": ["a", "b", "y"]}, "features: need at least one column that is no target"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        prepare(COLUMNS, **{"targets": ["y"], **arguments})


@given(
    st.integers(-(10**6), 10**6),
    st.lists(st.integers(-999, 999), min_size=4, max_size=9, unique=True),
    st.integers(-200, 200),
)
def test_centring_is_accurate(shift, numbers, exponent):
    """Against rational arithmetic, whatever the mean."""
    cells = [Fraction(shift) + Fraction(number, 1024) for number in numbers]  # exact in binary
    column = [float(cell) * 2.0**exponent for cell in cells]
    target = [i**3 % 5 for i in range(len(cells))]
    data = prepare(table(column, target), ["y"], preparation="centre")
    mean = sum(cells) / len(cells)
    exact = [float((cell - mean) * Fraction(2) ** exponent) for cell in cells]
    np.testing.assert_allclose(data.X[0], exact, rtol=0, atol=8e-16 * np.abs(exact).max())


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("noise", [1e-3, 1e-6])
def test_rounding_is_estimated(size, noise):
    """Another rounding of nearly dependent features moves η_C, and not more than estimated."""
    rng = np.random.default_rng(0)
    base, other, target = rng.standard_normal((3, 30))
    columns = size * np.array([base, base + noise * other, target])
    found = []
    for jitter in (0, 1, 2):
        turn = 1 + jitter * np.finfo(float).eps * rng.choice([-1, 1], columns.shape)
        data = prepare(table(*columns * turn), ["y"])
        found.append(critical_step_size(data.X, data.Y, 4).value)
    estimate = rounding_estimate(data, 4, "t")
    assert 1e-4 * estimate < np.ptp(found) / found[0] < estimate


def test_an_intercept_changes_nothing_for_standardised_data():
    rng = np.random.default_rng(2)
    cells = rng.standard_normal((5, 5)) @ rng.standard_normal((5, 12)) / 8
    data = table(*cells)

    def eta(features, preparation, intercept):
        data_ = prepare(data, ["d", "y"], features, preparation, intercept=intercept)
        return critical_step_size(data_.X, data_.Y, 2).value

    every = ["a", "b", "c"]
    assert eta(every, "standardise", True) == pytest.approx(eta(every, "standardise", False), 1e-12)
    assert np.var(cells[0]) < 1 / 4
    assert eta(["a"], "centre", True) < 0.99 * eta(["a"], "centre", False)


# -- files no one would write ---------------------------------------------------------------------

CELL = st.one_of(
    st.text(alphabet='0123456789.eE+-,;"\n\r\t nainfy\0', max_size=8),
    st.integers(-9, 9).map(str),
    st.floats().map(repr),
    st.text(max_size=5),
)
TEXTS = st.builds(
    lambda rows, separator, end: end.join(["x,y", *map(separator.join, rows)]).encode(
        "utf-8", "surrogatepass"
    ),
    st.lists(st.lists(CELL, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t", "\n"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
NUMBERS = st.builds(
    lambda rows: "\n".join(["x,z,y", *(",".join(map(repr, row)) for row in rows)]).encode(),
    st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=2),
)
BYTES = st.builds(
    bytes.__add__,
    st.sampled_from([b"", b"x,y\n1,2\n", b"\xff\xfe", b"\x1f\x8b"]),
    st.binary(max_size=60),
)


@given(st.one_of(TEXTS, NUMBERS, BYTES), st.sampled_from(PREPARATIONS), st.sampled_from("14"))
def test_any_file_gives_an_answer_or_one_sentence(tmp_path_factory, content, how, depth):
    path = saved(tmp_path_factory.mktemp("fuzz"), content)
    try:
        found = read_table(path)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert "data.csv" in str(error)  # noqa: PT017
    else:
        assert all(len(row) == len(found.names) for row in found.rows)
    code = main(["critical-step", str(path), "--target", "y", "--depth", depth, f"--{how}"])
    assert code in (0, 2)
