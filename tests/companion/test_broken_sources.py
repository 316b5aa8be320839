"""Sources that do not fit together: `make check`, the first step of every build, says so.

What is wrong about one entry of the real registries is in test_every_statement_bites.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from companion.checking.claims import check_claims
from companion.project import Project
from toy import DRAW, NOTATION, STATEMENTS, TITLE, ToyBook

FIGURE = {"notebook": "book/toy/lines.ipynb"}


def draws(old: str, new: str) -> Callable[[ToyBook], None]:
    return lambda toy: toy.write_notebook(draw=DRAW.replace(old, new))


def adds(text: str) -> Callable[[ToyBook], None]:
    return lambda toy: toy.edit(toy.page, "# A toy book\n", f"# A toy book\n\n{text}\n")


def declares(**fields: object) -> Callable[[ToyBook], None]:
    return lambda toy: toy.write_yaml("book/figures.yml", {"line": {**FIGURE, **fields}})


def states(label: str = "thm-two", **fields: object) -> Callable[[ToyBook], None]:
    changed = {**STATEMENTS.get(label, {}), **fields}
    return lambda toy: toy.write_yaml("book/statements.yml", {**STATEMENTS, label: changed})


def proves(**evidence: str) -> Callable[[ToyBook], None]:
    return states(evidence=[evidence])


def claims(**fields: object) -> Callable[[ToyBook], None]:
    return lambda toy: toy.write_claims(**fields)


def notes(scope: str, *, alone: bool = False, **fields: object) -> Callable[[ToyBook], None]:
    notation = {key: [dict(entry) for entry in entries] for key, entries in NOTATION.items()}
    notation[scope][0].update(fields)
    if alone:
        notation["local"] = []
    return lambda toy: toy.write_yaml("book/notation.yml", notation)


def cites(toy: ToyBook) -> None:
    entries = "".join(f"@misc{{{key},\n}}\n" for key in ("page", "registry", "idle"))
    (toy.root / "book/references.bib").write_text(entries)
    adds("See {cite:p}`page,missing`.")(toy)
    states(source="{cite:t}`registry`")(toy)


def listed_nowhere(toy: ToyBook) -> None:
    (toy.root / "book/toy/lost.md").write_text("# Lost\n")


CASES: list[tuple[Callable[[ToyBook], None], str]] = [
    # Figures and notebooks
    (draws('"line"', '"other"'), "figure line: no cell of book/toy/lines.ipynb publishes it"),
    (adds(TITLE.removeprefix("# Lines\n\n")), "figure line: shown more than once"),
    (adds("```{published} ghost\nBoo.\n```"), "ghost: shown in book/toy/index.md but not declared"),
    (declares(tolerance=1e-3), "line: a tolerance of its own needs a reason"),
    (declares(notebook="book/toy/none.ipynb"), "'book/toy/none.ipynb' is not in the book"),
    (listed_nowhere, "book/toy/lost.md: not listed in _toc.yml"),
    # Works of others
    (cites, "references.bib: nothing cites idle; cite it or remove it"),
    (cites, "references.bib: no entry missing, which is cited"),
    # Statements
    (adds("```{prf:lemma} Odd\nOne is odd.\n```"), "book/toy/index.md: lemma 'Odd' has no label"),
    (adds("```{prf:lemma}\nZero is even.\n```"), "without a title"),
    (
        proves(tier="sampled", cell="book/toy/lines.ipynb#title"),  # prose is no evidence
        "cell book/toy/lines.ipynb#title does not exist",
    ),
    (proves(tier="exact", test="a", cell="b"), "a tier and at most one of function, test, cell"),
    # Claims
    (claims(quote="two is an odd number"), "one: tract does not say 'two is an odd number'"),
    (claims(quote="two is an even number … or even"), "or not in 3 words or more"),
    (claims(quote="known that every number is odd"), "one: tract does not say"),
    (claims(verdict="true"), "one.verdict: 'true' is not one of ['holds', 'holds with hypoth"),
    (claims(**{"in": ["sermon"]}), "one: source 'sermon' is not among the sources"),
    (claims(statements=["thm-three"]), "one: statement thm-three is not registered"),
    (claims(statements=None), "one: the verdict 'corrected' needs a statement"),
    (claims(cells=None), "one: the verdict 'corrected' needs a cell"),
    (claims(cells=None, verdict="refuted"), "one: the verdict 'refuted' needs a cell"),
    (claims(cells=["book/toy/lines.ipynb#draw-curve"]), "draw-curve does not exist"),
    (claims(cells=["book/toy/curves.ipynb#draw-line"]), "curves.ipynb#draw-line does not exist"),
    (
        claims(sources={"tract": "a tract", "sermon": "a sermon"}, **{"in": ["sermon"]}),
        "one: sermon has no fingerprint book/claims/fingerprints/sermon.txt",
    ),
    # Notation
    (notes("throughout", where="def-odd"), "m: no page has the label def-odd"),
    (notes("throughout", symbol="q", alone=True), "q: does not occur in book/toy/index.md"),
    (notes("local", instead=False), "m: a symbol that is used throughout, and only such a one"),
    (
        notes("local", meanings={"other": {"meaning": "a number", "where": "thm-two"}}),
        "thm-two is in book/toy/index.md, not in chapter other",
    ),
    (
        lambda toy: toy.write_yaml(
            "book/notation.yml", {**NOTATION, "throughout": NOTATION["throughout"] * 2}
        ),
        "m: listed twice",
    ),
    # With its argument, the same letter is no new symbol.
    (notes("local", symbol=r"m(\theta)", instead=False), "instead: true"),
]


@pytest.mark.parametrize(("change", "sentence"), CASES)
def test_what_does_not_fit_is_named(sources, refusal, change, sentence):
    change(sources)
    assert sentence in refusal(sources.root)


def test_a_build_begins_with_the_check(sources, refusal):
    states(evidence=[])(sources)
    assert "thm-two: no evidence" in refusal(sources.root, "book")
    assert not (sources.root / "_build/runs").exists()


def test_a_judgement_that_cannot_be_made_needs_neither_statement_nor_cell(sources):
    sources.write_claims(verdict="cannot be judged", statements=None, cells=None)
    check_claims(Project(sources.root))
