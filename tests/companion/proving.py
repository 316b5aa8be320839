"""A toy book with one formal proof, and its record, for the tests of both."""

from companion.checking.formal import formal_inputs
from companion.project import Project
from companion.proving.coq import render
from toy import ToyBook

PROOF = "Theorem thm_two (n : nat) : n + n = 2 * n.\nProof. simpl. now rewrite <- plus_n_O. Qed.\n"
TARGET = "book/toy/formal/two.v#thm_two"


def with_proof(book: ToyBook) -> ToyBook:
    """Add the proof to a toy book, as if Coq had checked it."""
    path = book.root / "book/toy/formal/two.v"
    path.parent.mkdir()
    path.write_text(PROOF)
    formal = f"- tier: proved\n  - tier: formal\n    proof: {TARGET}\n"
    book.edit(book.root / "book/statements.yml", "- tier: proved\n", formal)
    write_record(book)
    return book


def write_record(book: ToyBook, target: str = TARGET, axioms: tuple[str, ...] = ()) -> None:
    """Write the record of this one theorem, for the sources as they are."""
    theorems = {target: {"statement": "forall n : nat, n + n = 2 * n", "axioms": [*axioms]}}
    record = {"coq": "8.0", "inputs": formal_inputs(Project(book.root)), "theorems": theorems}
    (book.root / "book/formal.json").write_text(render(record))
