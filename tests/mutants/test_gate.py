"""The gate itself: errors are of the kind they say, and a weak test suite does not pass."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from gate import Listed, verdict  # noqa: E402
from operators import OPERATORS, Mutant, mutants_of  # noqa: E402
from planting import planted, sample  # noqa: E402
from reach import Reach  # noqa: E402
from results import Outcome  # noqa: E402

CODE = HERE.parents[1] / "code"


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("sign", "a - b", "a + b"),
        ("sign", "-a", "a"),
        ("dropped", "a + b", "b"),
        ("dropped", "a @ b", "a"),
        ("dropped", "a - b", "a"),
        ("factor", "a * b", "2 * (a * b)"),
        ("factor", "a / b", "a * b"),
        ("factor", "a @ b", "2 * (a @ b)"),
        ("exponent", "a ** (n - 1)", "a ** (n - 1 + 1)"),
        ("exponent", "a ** 2", "a ** (2 - 1)"),
        ("transpose", "a.T @ b", "a @ b"),
        ("transpose", "_t(a) @ b", "a @ b"),
        ("transpose", "a.transpose() * b", "a * b"),
        ("transpose", "a @ b", "b @ a"),
        ("constant", "a * 2", "a * 3"),
        ("constant", "a * 0.5", "a * 1.0"),
        ("off by one", "range(n)", "range(n - 1)"),
        ("off by one", "range(1, n)", "range(1 + 1, n)"),
        ("off by one", "a[m:n]", "a[m:n - 1]"),
        ("off by one", "a[::-1]", "a[:]"),
        ("off by one", "a[j]", "a[j - 1]"),
        ("comparison", "a < b", "a <= b"),
        ("comparison", "a <= b < c", "a <= b >= c"),
        ("comparison", "a in b", "a not in b"),
        ("opposite", "max(a)", "min(a)"),
        ("opposite", "np.all(a)", "np.any(a)"),
        ("swap", "f(a, b, c)", "f(b, a, c)"),
        ("logic", "a and b and c", "a or b or c"),
        ("logic", "a and b", "a"),
        ("logic", "not a", "a"),
        ("logic", "f(x=True)", "f(x=False)"),
    ],
)
def test_operator_does_what_it_says(operator, before, after):
    text = f"x = {before}  # as it was\n"
    found = [m.apply(text) for m in mutants_of("m.py", text) if m.operator == operator]
    assert all(new.endswith("  # as it was\n") for new in found)
    assert ast.unparse(ast.parse(f"x = {after}")) in [ast.unparse(ast.parse(new)) for new in found]


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("statement", "def f():\n    g()\n    return 1\n", "def f():\n    pass\n    return 1\n"),
        ("statement", "if a:\n    raise E\n", "if a:\n    pass\n"),
        ("statement", "for a in b:\n    c += a\n", "for a in b:\n    pass\n"),
        ("logic", "if a:\n    b = 1\n", "if not a:\n    b = 1\n"),
        (
            "hollow",
            'def f() -> Iterator[str]:\n    "Say."\n    if a:\n        yield b\n',
            'def f() -> Iterator[str]:\n    "Say."\n    return\n    if a:\n        yield b\n',
        ),
    ],
)
def test_operator_on_statements(operator, before, after):
    found = [m.apply(before) for m in mutants_of("m.py", before) if m.operator == operator]
    assert ast.dump(ast.parse(after)) in [ast.dump(ast.parse(new)) for new in found]


@pytest.mark.parametrize(
    "text",
    [
        '"""Docs: a + b."""\n',
        "def f(a: Literal[1] = b) -> Literal[2]:\n    return a\n",
        "@cache(maxsize=1)\ndef f():\n    return a\n",
        'refuse("n", f"{n + 1}")\n',
        'x = "a" + b\n',
        "for a in zip(c, strict=True):\n    e = max(a, b)\n",
        "f(a, a)\n",
    ],
)
def test_what_is_left_alone(text):
    assert [
        m.name for m in mutants_of("m.py", text) if m.operator not in ("statement", "opposite")
    ] == []


@pytest.mark.parametrize(
    "path",
    [
        "edge_of_stability/core/linear.py",
        "companion/checking/checks.py",
        "edge_of_stability/core/parameters.py",
    ],
)
def test_every_mutant_is_python_other_than_before(path):
    text = (CODE / path).read_text("utf-8")
    found = mutants_of(path, text)
    assert {m.operator for m in found} <= set(OPERATORS)
    assert len({m.name for m in found}) == len(found)
    for mutant in found[::7]:
        assert ast.dump(ast.parse(mutant.apply(text))) != ast.dump(ast.parse(text)), mutant


def test_names_outlast_changes_elsewhere():
    before = "def f(a):\n    return a + 1\n"
    after = "import math\n\n\ndef g():\n    return math.pi\n\n\n" + before
    names = {m.name for m in mutants_of("m.py", before)}
    assert names
    assert names <= {m.name for m in mutants_of("m.py", after)}


def test_sample_is_even_and_the_same_always():
    text = "\n".join(f"x = a{n} + b{n} * c{n}" for n in range(30))
    found = mutants_of("m.py", text)
    chosen = sample(found, 12)
    assert chosen == sample(reversed(found), 12)
    counts = [sum(m.operator == o for m in chosen) for o in ("sign", "dropped", "factor")]
    assert counts == [4, 4, 4]
    assert set(sample(found, 10**6)) == set(found)
    assert sample(found, 12, "other") != chosen


def test_likely_and_quick_tests_run_first():
    seconds = {"a.py::whole": 5.0, "a.py::part": 2.0, "test_m.py::slow": 9.0, "a.py::other": 0.1}
    first = ["a.py::whole", "a.py::part", "test_m.py::slow"]
    lines = {"p/m.py": {"1": first, "9": ["a.py::other"]}}
    reach = Reach(seconds, lines)
    mutant = Mutant("p/m.py: x", "p/m.py", "planted", 0, 1, "", range(1, 2))
    on_the_line = ["test_m.py::slow", "a.py::part", "a.py::whole"]
    assert reach.tests(mutant, {}) == on_the_line
    assert reach.tests(replace(mutant, cached=True), {}) == [*on_the_line, "a.py::other"]
    assert Reach(seconds, lines, ["part"]).tests(mutant, {}) == on_the_line[::2]
    elsewhere = replace(mutant, module="p/n.py")
    assert set(reach.tests(elsewhere, {})) == set(seconds)
    assert reach.tests(elsewhere, {"p/n.py": "p/m.py"})[0] == "a.py::other"


def test_planted_error_whose_place_is_gone():
    module = "edge_of_stability/core/parameters.py"
    entry = {"module": module, "old": "no such text", "new": "", "what": "x"}
    with pytest.raises(SystemExit, match="0 times, not once"):
        planted(CODE, "edge_of_stability", [entry])


@pytest.mark.parametrize("package", ["edge_of_stability", "companion"])
def test_what_is_listed_is_there(package):
    planted(CODE, package, yaml.safe_load((HERE / "planted.yml").read_text("utf-8")))
    listed = Listed.read(HERE / "survivors.yml").of(package)
    names = [*listed.equivalent, *listed.tolerated]
    modules = {name.partition(".py")[0] + ".py" for name in names}
    texts = {module: (CODE / module).read_text("utf-8") for module in modules}
    existing = {m.name for module, text in texts.items() for m in mutants_of(module, text)}
    assert set(names) <= existing


def _mutant(name: str) -> Mutant:
    return Mutant(name, "m.py", "sign", 0, 1, "", range(1))


CAUGHT, MISSED = Outcome("caught", "t", 0.0), Outcome("survived", "", 0.0)


@pytest.mark.parametrize(
    ("survivors", "score", "problem"),
    [
        ({}, 0.75, "survived, and survivors.yml does not say why: d"),
        ({"equivalent": {"d": "because"}}, 1.0, None),
        ({"tolerated": {"d": "because"}}, 0.75, "75.0% caught, 95% needed"),
        ({"equivalent": {"d": ""}}, 1.0, "no reason: d"),
        ({"equivalent": {"d": "because", "a": "because"}}, 1.0, "it is caught now (t): a"),
        (
            {"equivalent": {"d": "because", "z": "because"}},
            1.0,
            "stale, there is no such mutant: z",
        ),
    ],
)
def test_verdict(tmp_path, survivors, score, problem):
    (tmp_path / "survivors.yml").write_text(yaml.safe_dump(survivors))
    outcomes = {_mutant(name): CAUGHT for name in "abc"} | {_mutant("d"): MISSED}
    found, problems = verdict(outcomes, Listed.read(tmp_path / "survivors.yml"), "abcd", 0.95)
    assert found == score
    assert [text for text in problems if problem and problem in text] == problems[:1]


F = "def f(a, b):\n    return 2 * a + b\n"
GOOD = "from toys import f\n\ndef test_f():\n    assert f(2, 3) == 7\n    assert f(0, 1) == 1\n"
WEAK = "from toys import f\n\ndef test_f():\n    assert f(0, 0) == 0\n"
USES_FIXTURE = """\
import pytest
from toys import f

@pytest.fixture(scope="module")
def found():
    return f(2, 3), f(0, 1)

def test_weak(found):
    assert f(0, 0) == 0

def test_good(found):
    assert found == (7, 1)
"""
LOOP = "def g(n):\n    while n > 0:\n        n -= 1\n    return n\n"
WAIT = (
    "from threading import Event\n\ndef g(n):\n    done = Event()\n"
    "    done.set()\n    return done.wait() * n - n\n"
)
NEVER_FALSE = "toys/__init__.py.g: dropped: done.wait() * n → n"
USES_G = "from toys import g\n\ndef test_g():\n    assert g(3) == 0\n"


def _gate(
    root: Path, tests: str, survivors: dict[str, object], code: str = F, salt: str = ""
) -> tuple[int, str]:
    (root / "code/toys").mkdir(parents=True, exist_ok=True)
    (root / "code/toys/__init__.py").write_text(code)
    (root / "tests/mutants").mkdir(parents=True, exist_ok=True)
    (root / "tests/test_toys.py").write_text(tests)
    (root / "pytest.ini").write_text("[pytest]\n")
    suite = {"tests": "tests", "required": 0.95, "sample": 100}
    settings = {"libraries": [], "suites": {"toys": suite}}
    for name, content in (("suites", settings), ("planted", []), ("survivors", survivors)):
        (root / f"tests/mutants/{name}.yml").write_text(yaml.safe_dump(content))
    command = [
        sys.executable,
        str(HERE / "gate.py"),
        "--root",
        str(root),
        "--jobs",
        "1",
        "--patience",
        "4",  # a busy machine may need some seconds to start a trial
        "--salt",
        salt,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def test_good_tests_pass_the_gate(tmp_path):
    code, said = _gate(tmp_path, GOOD, {})
    assert code == 0, said
    assert "100.0% caught" in said
    assert "return 2 * a + b" in (tmp_path / "code/toys/__init__.py").read_text()
    report = (tmp_path / "tests/mutants/results.md").read_text()
    assert "100.0% caught" in report
    assert "Nothing is wrong." in report


def test_weak_tests_do_not(tmp_path):
    code, said = _gate(tmp_path, WEAK, {})
    assert code == 1
    missed = "toys/__init__.py.f: dropped: 2 * a → a"
    assert f"survived, and survivors.yml does not say why: {missed}" in said
    assert "95% needed" in said


def test_what_a_fixture_reaches_counts_for_all_its_tests(tmp_path):
    code, said = _gate(tmp_path, USES_FIXTURE, {})
    assert code == 0, said
    assert "100.0% caught" in said


def test_another_sample_is_reported_and_no_gate(tmp_path):
    code, said = _gate(tmp_path, WEAK, {}, salt="other")
    assert code == 0, said
    report = (tmp_path / "tests/mutants/unseen.md").read_text()
    assert "survived, and survivors.yml does not say why: toys/__init__.py.f: dropped" in report
    assert not (tmp_path / "tests/mutants/results.md").exists()


def test_only_what_has_changed_is_tried_again(tmp_path):
    ran = tmp_path / "ran"
    weak = f"{WEAK}    open({str(ran)!r}, 'a').write('.')\n"
    assert _gate(tmp_path, weak, {})[0] == 1
    once = len(ran.read_text())
    assert once > 1

    (tmp_path / "tests/test_more.py").write_text(GOOD)
    code, said = _gate(tmp_path, weak, {})
    assert code == 0, said
    assert len(ran.read_text()) == once  # the old test met neither the package nor a survivor

    (tmp_path / "tests/test_more.py").unlink()
    code, said = _gate(tmp_path, weak, {})
    assert code == 1  # what only the new test had caught meets the old one again
    assert len(ran.read_text()) > once

    once = len(ran.read_text())
    assert _gate(tmp_path, weak, {}, code=f"{F}\n")[0] == 1
    assert len(ran.read_text()) > once


def test_tests_that_fail_without_an_error_say_nothing(tmp_path):
    code, said = _gate(tmp_path, GOOD.replace("== 7", "== 8"), {})
    assert code == 1
    assert "the tests do not pass as they are" in said


@pytest.mark.parametrize(
    ("kind", "survivors"),
    [(LOOP, {}), (WAIT, {"equivalent": {NEVER_FALSE: "wait() is never false"}})],
    ids=["computes", "waits"],
)
def test_error_that_never_ends_is_stopped(tmp_path, kind, survivors):
    code, said = _gate(tmp_path, USES_G, survivors, kind)
    assert code == 0, said
    total = next(line.split() for line in said.splitlines() if line.startswith("  all "))
    assert int(total[3]) >= 1, said  # stopped, and taken for noticed
