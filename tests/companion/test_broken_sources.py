"""Sources that do not fit together: `make check`, the first step of every build, says so.

What is wrong with the form of a file is in test_hand_edited.
"""

import pytest

from companion.__main__ import main
from companion.checking import checks, statements
from companion.checking.declarations import read_declarations
from companion.checking.statements import TIERS, Evidence, Statement, read_registry
from companion.project import BookError, Project
from companion.running.notebooks import prose
from toy import (
    ALONE,
    CLAIM,
    DRAW,
    NOTATION,
    REPOSITORY,
    STATEMENTS,
    TITLE,
    ToyBook,
    code,
    markdown,
    write_cells,
)

PROJECT = Project(REPOSITORY)
REGISTRY = read_registry(PROJECT.statements)
FIGURES = read_declarations(PROJECT)
PROVED = [label for label, entry in REGISTRY.items() if "proved" in entry.tiers]
FIGURE = {"notebook": "book/toy/lines.ipynb"}
SLOPE = {"symbol": "m", "meaning": "a slope", "where": "def-even"}


def missing(sentences: list[str], said: str) -> list[str]:
    return [sentence for sentence in sentences if sentence not in said]


def test_figures_that_do_not_fit(sources: ToyBook, refusal):
    sources.write_yaml("book/figures.yml", {"line": {**FIGURE, "tolerance": 1e-3}})
    assert "line: a tolerance of its own needs a reason" in refusal(sources.root)
    sources.write_yaml("book/figures.yml", {"line": {"notebook": "book/toy/none.ipynb"}})
    assert "'book/toy/none.ipynb' is not in the book" in refusal(sources.root)

    sources.write_yaml("book/figures.yml", {"line": FIGURE})
    sources.write_notebook(draw=DRAW.replace('"line"', '"other"'))
    shown = f"{TITLE.removeprefix('# Lines')}\n\n```{{published}} ghost\nBoo.\n```"
    sources.edit(sources.page, "# A toy book\n", f"# A toy book\n{shown}\n")
    left = sources.root / "tests/references/figures/gone.npz"
    left.parent.mkdir(parents=True)
    left.touch()
    said = refusal(sources.root, "book")
    expected = [
        "tests/references/figures/gone.npz: a stale reference: nothing in the book belongs to it",
        "figure line: no cell of book/toy/lines.ipynb publishes it",
        "figure line: shown on book/toy/index.md, book/toy/lines.ipynb; one page needed",
        "figure ghost: shown in book/toy/index.md but not declared in figures.yml",
    ]
    assert missing(expected, said) == []
    assert len(said.splitlines()) == len(expected)
    assert not (sources.root / "_build/runs").exists()

    (sources.root / "book/toy/lost.md").write_text("# Lost\n")
    assert "book/toy/lost.md: not listed in _toc.yml" in refusal(sources.root)


def test_a_cell_shows_at_most_thirty_lines(sources: ToyBook, refusal):
    sources.write_alone("x = 1\n" * 30)
    assert main(["--root", str(sources.root), "check"]) == 0
    sources.write_alone("x = 1\n" * 31)
    assert "alone.ipynb: cell one shows 31 lines, more than 30" in refusal(sources.root)
    folded = code("one", "x = 1\n" * 31, tags=["hide-input"])
    write_cells(sources.root / "book/toy/alone.ipynb", [markdown("t", ALONE), folded])
    assert main(["--root", str(sources.root), "check"]) == 0


def sampled(**place: str) -> dict[str, object]:
    return {"evidence": [{"tier": "sampled", **place}]}


# Entries of the registry, beyond the source of each, and what is said of them.
ENTRIES: dict[str, tuple[dict[str, object], str]] = {
    "thm-gone": ({}, "thm-gone: stated on no page; one page needed"),
    "thm-bare": ({"evidence": []}, "thm-bare: no evidence"),
    "thm-user": ({"uses": ["thm-none"]}, "thm-user: uses thm-none, which is not registered"),
    "thm-loop": ({"uses": ["thm-loop"]}, "a circle of uses: thm-loop → thm-loop"),
    "thm-cited": ({"evidence": [{"tier": "cited"}]}, "its source 'Folklore.' cites nothing"),
    "thm-proved": ({"evidence": [{"tier": "proved"}]}, "proof at (proof-thm-proved)= does not"),
    "thm-test": (sampled(test="tests/no.py::test_a"), "test tests/no.py::test_a does not exist"),
    "thm-function": (sampled(function="edge_of_stability.no"), "edge_of_stability.no does not"),
    "thm-package": (sampled(function="nothing.here"), "function nothing.here does not exist"),
    # Prose is no evidence.
    "thm-cell": (sampled(cell="book/toy/lines.ipynb#title"), "cell book/toy/lines.ipynb#title "),
    "thm-file": (sampled(cell="book/toy/none.ipynb#one"), "cell book/toy/none.ipynb#one does not"),
}


def test_statements_that_do_not_fit(sources: ToyBook, refusal):
    lemmas = "```{prf:lemma} Odd\nOne is odd.\n```\n\n```{prf:lemma}\nZero is even.\n```"
    sources.edit(sources.page, "# A toy book\n", f"# A toy book\n\n{lemmas}\n")
    sources.edit(sources.page, "{prf:proof} We name the other number.", "{prf:proof}")
    entries = {label: {"source": "Folklore.", **entry} for label, (entry, _) in ENTRIES.items()}
    sources.write_yaml("book/statements.yml", {"thm-two": STATEMENTS["thm-two"], **entries})
    expected = [
        "book/toy/index.md: lemma 'Odd' has no label",
        "book/toy/index.md: lemma 'without a title' has no label",
        "index.md: the proof that begins 'Two is twice one.' needs its idea, one sentence after",
        "def-even: stated in book/toy/index.md but not registered in statements.yml",
        *(sentence for _, sentence in ENTRIES.values()),
    ]
    assert missing(expected, refusal(sources.root)) == []


def test_the_strongest_tier_comes_first():
    order = ("proved", "formal", "formal in part", "exact", "rigorous", "cited", "sampled")
    statement = Statement("thm", (), "", tuple(map(Evidence, reversed(order))))
    assert statement.tiers == order == tuple(TIERS)


# What is taken from every page of the real book, and what is said of each of `names`.
@pytest.mark.parametrize(
    ("old", "new", "module", "sentence", "names"),
    [
        (":label:", ":name:", statements, "{}: stated on no page; one page needed", REGISTRY),
        ("(proof-", "(prof-", statements, "proof at (proof-{})= does not exist", PROVED),
        ("{prf:proof}", "{note}", statements, "proof at (proof-{})= does not exist", PROVED),
        ("{published}", "{x}", checks, "{}: shown on no page; one page needed", FIGURES),
    ],
)
def test_what_is_gone_from_every_page(monkeypatch, old, new, module, sentence, names):
    check = checks.check_sources if module is checks else statements.check_statements
    check(PROJECT)
    monkeypatch.setattr(module, "prose", lambda page: prose(page).replace(old, new))
    with pytest.raises(BookError) as caught:
        check(PROJECT)
    assert len(names) > 20
    assert missing([sentence.format(name) for name in names], str(caught.value)) == []


def test_what_a_proof_refers_to_is_among_its_uses(sources: ToyBook, refusal):
    sources.edit(
        sources.page, "Two is twice one.", "By {prf:ref}`this <def-even>`, and {prf:ref}`thm-two`."
    )
    assert main(["--root", str(sources.root), "check"]) == 0
    registered = {**STATEMENTS["thm-two"], "uses": []}
    sources.write_yaml("book/statements.yml", {**STATEMENTS, "thm-two": registered})
    said = refusal(sources.root)
    assert said.count("thm-two: its proof refers to def-even, which is not among its uses") == 1
    assert "refers to thm-two" not in said


# What is changed in a claim, and what is said of it; None leaves an entry out.
CLAIMS: dict[str, tuple[dict[str, object], str]] = {
    "wrong": ({"quote": "two is an odd number"}, "tract does not say 'two is an odd number'"),
    "short": ({"quote": "two is an even number … or even"}, "or not in 3 words or more"),
    "joined": ({"quote": "known that every number is odd"}, "joined: tract does not say"),
    "order": ({"quote": "every number is odd … two is an even number"}, "order: tract does not"),
    "unknown": ({"statements": ["thm-three"]}, "unknown: statement thm-three is not registered"),
    "unproved": ({"statements": None}, "unproved: the verdict 'corrected' needs a statement"),
    "unseen": ({"cells": None}, "unseen: the verdict 'corrected' needs a cell"),
    "refuted": ({"cells": None, "verdict": "refuted"}, "the verdict 'refuted' needs a cell"),
    "cell": ({"cells": ["book/toy/lines.ipynb#curve"]}, "lines.ipynb#curve does not exist"),
    "file": ({"cells": ["book/toy/curves.ipynb#draw-line"]}, "curves.ipynb#draw-line does not"),
    "unprinted": ({"in": ["sermon"]}, "no fingerprint book/claims/fingerprints/sermon.txt"),
}


def test_claims_that_do_not_fit(sources: ToyBook, refusal):
    claims = {
        key: {k: v for k, v in {**CLAIM, **changes}.items() if v is not None}
        for key, (changes, _) in CLAIMS.items()
    }
    registry = {"sources": {"tract": "a tract", "sermon": "a sermon"}, "claims": claims}
    sources.write_yaml("book/claims.yml", registry)
    said = refusal(sources.root)
    assert missing([sentence for _, sentence in CLAIMS.values()], said) == []
    assert len(said.splitlines()) == len(CLAIMS)
    sources.write_yaml("book/claims.yml", {"claims": claims})
    assert "wrong: source 'tract' is not among the sources" in refusal(sources.root)


def test_a_judgement_that_cannot_be_made_needs_neither_statement_nor_cell(sources: ToyBook):
    claim = {key: CLAIM[key] for key in ("title", "in", "quote", "reason")}
    claim["verdict"] = "cannot be judged"
    sources.write_yaml("book/claims.yml", {"sources": {"tract": "T"}, "claims": {"one": claim}})
    assert main(["--root", str(sources.root), "check"]) == 0


def test_symbols_that_do_not_fit(sources: ToyBook, refusal):
    local = NOTATION["local"][0]
    elsewhere = {"other": {"meaning": "a number", "where": "thm-two"}}
    for notation, sentence in (
        ({"throughout": [{**SLOPE, "where": "def-odd"}]}, "m: no page has the label def-odd"),
        (
            {"throughout": [{**SLOPE, "symbol": "q"}], "local": []},
            "q: does not occur in book/toy/index.md",
        ),
        ({"throughout": [SLOPE, SLOPE]}, "m: listed twice"),
        ({"local": [{**local, "instead": False}]}, "m: a symbol that is used throughout, and only"),
        # With its argument, the same letter is no new symbol.
        ({"local": [{**local, "symbol": r"m(\theta)", "instead": False}]}, "`instead: true`"),
        ({"local": [{**local, "meanings": elsewhere}]}, "thm-two is in book/toy/index.md, not in"),
    ):
        sources.write_yaml("book/notation.yml", {**NOTATION, **notation})
        assert sentence in refusal(sources.root)
