"""What Coq has checked is what the book says: the record, the proofs, and what they define."""

import pytest
from proving import TARGET, with_proof, write_record

from companion.checking.formal import (
    check_formal,
    definitions,
    read_record,
    used_definitions,
)
from companion.checking.statements import read_registry
from companion.project import BookError, Project
from toy import DRAW, REPOSITORY, ToyBook

BOOK = REPOSITORY / "book"

RECORD = read_record(BOOK / "formal.json")
FORMAL = [
    (label, item)
    for label, statement in read_registry(BOOK / "statements.yml").items()
    for item in statement.evidence
    if item.place == "proof"
]


def complaint(book: ToyBook) -> str:
    with pytest.raises(BookError) as caught:
        check_formal(Project(book.root))
    return str(caught.value)


# The record --------------------------------------------------------------------------------


def test_a_record_that_fits_is_accepted_and_a_book_without_proofs_needs_none(sources):
    check_formal(Project(sources.root))
    check_formal(Project(with_proof(sources).root))


def test_a_proof_that_changed_is_named(proved):
    proved.edit(proved.root / "book/toy/formal/two.v", "2 * n", "3 * n")
    assert "book/toy/formal/two.v: changed since Coq checked it; `make formal`" in complaint(proved)


def test_a_proof_that_is_gone_is_named(proved):
    (proved.root / "book/toy/formal/two.v").unlink()
    assert "book/toy/formal/two.v is no proof beside a chapter" in complaint(proved)


def test_a_theorem_that_coq_was_not_asked_for_is_named(proved):
    write_record(proved, f"{TARGET}_old")
    told = complaint(proved)
    assert f"{TARGET}: no theorem that Coq has checked" in told
    assert f"{TARGET}_old: checked by Coq, but no longer in statements.yml" in told


def test_what_is_not_proved_is_no_axiom(proved):
    write_record(proved, axioms=("Classical_Prop.classic", "two.lemma_without_proof"))
    assert complaint(proved) == (
        f"{TARGET}: rests on two.lemma_without_proof, "
        "which is neither proved nor an axiom of the list"
    )


def test_a_script_depends_on_the_code_of_the_notebooks_it_names(proved):
    script = proved.root / "book/toy/formal/terms.py"
    script.write_text('"""From book/toy/lines.ipynb."""\n')
    write_record(proved)
    proved.write_notebook(below="Hm.")
    check_formal(Project(proved.root))
    proved.write_notebook(draw=f"{DRAW}\n1 + 1")
    assert "book/toy/lines.ipynb: changed since Coq checked it" in complaint(proved)


def test_evidence_of_another_form_is_refused(proved):
    registry = proved.root / "book/statements.yml"
    sound = registry.read_text()
    for old, new, needed in (
        (f"    proof: {TARGET}\n", "", "'proof' is a required property"),
        ("formal/two.v", "two.v", "book/….v#theorem needed"),
        ("tier: formal", "tier: exact", "tier formal needed"),
    ):
        proved.edit(registry, old, new)
        assert needed in complaint(proved)
        registry.write_text(sound)


# The proofs of the book --------------------------------------------------------------------


def test_the_book_is_as_coq_checked_it():
    check_formal(Project(REPOSITORY))


def test_a_whole_statement_is_proved_under_its_own_name():
    """Other names are for parts, and every part says which it is."""
    own = [item.target.rpartition("#")[2] == label.replace("-", "_") for label, item in FORMAL]
    assert [
        label for (label, item), same in zip(FORMAL, own, strict=True) if not (item.part or same)
    ] == []
    assert {item.tier for _, item in FORMAL} == {"formal", "formal in part"}


def test_theorems_on_matrices_rest_on_no_axiom():
    """The page says so."""
    files = (
        "setting/formal/networks.v",
        "minima/formal/flattest.v",
        "practice/formal/heavy_ball.v",
    )
    axioms = {
        name: found.axioms
        for name, found in RECORD.theorems.items()
        if name.split("#")[0][5:] in files
    }
    assert len(axioms) > 4
    assert not any(axioms.values())


def test_a_statement_is_shown_with_the_definitions_it_uses():
    statement = RECORD.theorems["book/minima/formal/flattest.v#thm_flattest"].statement
    known = definitions(BOOK, BOOK / "minima/formal/flattest.v")
    shown = [text.split()[1] for text in used_definitions(statement, known)]
    for name in ("inner", "net", "pi", "hessian_form", "bounds_hessian", "upper"):
        assert name in shown  # all but the last are of the file that it requires
    assert "shares" not in shown  # of the proof alone


def test_a_definition_is_shown_with_what_its_section_declares():
    known = definitions(BOOK, BOOK / "past/formal/scalar_net.v")
    assert used_definitions("h η = 1", known) == [
        "Variables (k : nat) (η : R).",
        "Definition h := 2 * η.",
    ]
