"""Print the certificates of two notebooks as Coq terms; see ``checker.v``.

``make formal`` runs this. It executes book/nonsingularity/certificates.ipynb and
book/stability/certificates.ipynb up to the cells that make the certificates, and
exports these, the witnesses of up to twelve weights. It adds what Coq needs to check
them: an inverse of I − ηH, and a congruence that makes H − (2/η)I diagonal. Coq
multiplies this out, and believes none of it.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from edge_of_stability.certificates.hessian import exact, fraction, hessian, identity

BOOK = Path(__file__).parents[2]
MOST_WEIGHTS = 12  # Coq needs a second for a matrix of order twenty
HEAD = """\
From Book.nonsingularity.formal Require Import checker.
Require Import List QArith.
Import ListNotations.
Open Scope Q_scope.
"""


def main() -> None:
    """Print the whole file."""
    made = (
        cells(BOOK / part / "certificates.ipynb")
        for part in ("nonsingularity", "stability")
    )
    rows, certificates = next(made)["rows"], next(made)["certificates"]
    print(HEAD)
    small = [row[-1] for row in rows if len(row[-1].witness) <= MOST_WEIGHTS]
    print(*theorem("witnesses", "regular", map(witness, small)), sep="\n")
    print(*theorem("signatures", "inertia", map(signature, certificates)), sep="\n")


def cells(notebook: Path, last: str = "all-certificates") -> dict[str, Any]:
    """Run the cells of a notebook up to that called `last`; return what they define."""
    found: dict[str, Any] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            with contextlib.redirect_stdout(io.StringIO()):
                exec("".join(cell["source"]), found)
        if cell["metadata"].get("name") == last:
            return found
    raise LookupError(f"{notebook}: no cell {last}")


def theorem(
    name: str, property_: str, items: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """A list of instances, the theorem that each has the property, and its proof."""
    instances, proofs = zip(*items, strict=True)
    yield f"Definition {name} :=\n  [{f';{chr(10)}   '.join(instances)}].\n"
    count = f"length {name} = {len(instances)}%nat"
    yield f"Theorem {name}_hold : {count} /\\ Forall {property_} {name}."
    yield "Proof.\n  split; [reflexivity|]. unfold " + name + "."
    yield from (f"  apply Forall_cons; [{proof}|]." for proof in proofs)
    yield "  apply Forall_nil.\nQed.\n"


def witness(certificate: Any) -> tuple[str, str]:
    """A point at which det DG is not zero, and the proof by an inverse."""
    size = len(certificate.witness)
    step = exact([[certificate.eta]])[0, 0]
    jacobian = identity(size) - step * hessian(certificate, certificate.witness)
    proof = (
        f"exists {matrix(jacobian.inv())}; vm_cast_no_check (eq_refl (identity {size}))"
    )
    return f"({problem(certificate)}, {row(certificate.witness)})", proof


def signature(certificate: Any) -> tuple[str, str]:
    """A minimizer with three numbers of eigenvalues, and the proof by a congruence."""
    size = len(certificate.theta)
    limit = exact([[2 / certificate.eta]])[0, 0]
    P, signs = congruence(
        hessian(certificate, certificate.theta) - limit * identity(size)
    )
    counts = ", ".join(
        str(getattr(certificate, of)) for of in ("above", "equal", "below")
    )
    parts = (matrix(P.tolist()), matrix(P.inv().tolist()), row(signs))
    proof = f"exists {', '.join(parts)}; vm_compute; repeat split"
    return f"({problem(certificate)}, {row(certificate.theta)}, ({counts})%nat)", proof


def congruence(M: Any) -> tuple[Any, list[Fraction]]:
    """An invertible P and the diagonal of PMPᵀ, for a symmetric M."""
    n = M.nrows()
    A = [[fraction(entry) for entry in line] for line in M.tolist()]
    P = [[Fraction(i == j) for j in range(n)] for i in range(n)]

    def add(i: int, j: int, c: Fraction) -> None:
        """Add c times row and column j to row and column i."""
        for B in (A, P):
            B[i] = [a + c * b for a, b in zip(B[i], B[j], strict=True)]
        for line in A:
            line[i] += c * line[j]

    for k in range(n):
        for i in range(k + 1, n):
            if A[i][k] and not A[k][k]:
                # The new A[k][k] is A[i][i] ± 2 A[i][k]: not zero for one of the signs.
                add(k, i, Fraction(1 if A[i][i] + 2 * A[i][k] else -1))
        for i in range(k + 1, n):
            if A[i][k]:
                add(i, k, -A[i][k] / A[k][k])
    return exact(P), [A[k][k] for k in range(n)]


def problem(certificate: Any) -> str:
    """Widths, data and step size."""
    widths = "; ".join(map(str, certificate.widths))
    data = f"X := {matrix(certificate.X)}; Y := {matrix(certificate.Y)}"
    return f"{{| widths := [{widths}]%nat; {data}; η := {number(certificate.eta)} |}}"


def matrix(rows: Any) -> str:
    """A list of rows, of fractions or of FLINT's numbers."""
    listed = rows if isinstance(rows, Sequence) else rows.tolist()
    return f"[{'; '.join(map(row, listed))}]"


def row(entries: Sequence[Any]) -> str:
    """A list of numbers."""
    return f"[{'; '.join(map(number, entries))}]"


def number(value: Any) -> str:
    """A rational number in lowest terms."""
    exactly = value if isinstance(value, Fraction) else fraction(value)
    return f"({exactly.numerator} # {exactly.denominator})"


if __name__ == "__main__":
    main()
