"""Coq itself: what it is asked, what it refuses, and that its definitions are the package's."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from proving import PROOF, TARGET

from companion.project import BookError, Project
from companion.proving.coq import prove
from edge_of_stability import DeepLinearProblem
from toy import REPOSITORY

BOOK = REPOSITORY / "book"
needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Coq is not installed")


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Compile texts as the modules Book.one.formal.…, in order; the result of the last."""

    def run(**texts: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "one/formal"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.v").write_text(text, encoding="utf-8")
            command = ["coqc", "-w", "none", "-Q", ".", "Book", f"one/formal/{name}.v"]
            result = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, check=False
            )
        return result

    return run


@needs_coq
def test_coq_is_asked_for_statement_and_axioms(proved):
    record = prove(Project(proved.root))
    assert record["theorems"] == {
        TARGET: {"statement": "forall n : nat, n + n = 2 * n", "axioms": []}
    }


@needs_coq
def test_coq_says_what_is_not_proved(proved):
    source = proved.root / "book/toy/formal/two.v"
    for proof, axioms in (
        ("Theorem thm_two (n : nat) : n + n = 3 * n.\nProof. Admitted.\n", ["thm_two"]),
        (f"Axiom lie : 0 = 1.\n{PROOF.replace('Qed', 'Defined')}", []),
    ):
        source.write_text(proof)
        assert prove(Project(proved.root))["theorems"][TARGET]["axioms"] == axioms


@needs_coq
def test_coq_refuses_what_is_wrong(proved):
    source = proved.root / "book/toy/formal/two.v"
    for proof, named in (
        (PROOF.replace("2 * n", "3 * n"), "formal/two.v"),
        (PROOF.replace("thm_two", "thm_three"), "thm_two"),
        ("Definition thm_two := 2.\n", "thm_two"),
    ):
        source.write_text(proof)
        with pytest.raises(BookError, match=named):
            prove(Project(proved.root))


def test_without_coq_one_sentence_says_how_to_get_it(proved, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BookError) as caught:
        prove(Project(proved.root))
    assert "`.ci/coq` installs Coq" in str(caught.value)
    assert "\n" not in str(caught.value)


# Errors planted in what is stated: the proof of the theorem named must fail.
PLANTED = {
    "past/formal/scalar_net.v": [
        ("lem_planar_map", "+ h ^ 2 * r * (r + 1)) /\\", "- h ^ 2 * r * (r + 1)) /\\"),
        ("lem_planar_map", "- η * (2 * r θ * snd θ i)", "+ η * (2 * r θ * snd θ i)"),
        ("lem_planar_map", "dot k (fst θ) (snd θ) - 1.", "dot k (fst θ) (snd θ)."),
        ("lem_basin_invariant", "+ h ^ 2 * r θ.", "+ h * r θ."),
        ("lem_basin_invariant", "  (0 < η < 1 ->\n     0 < 1", "  (0 < η ->\n     0 < 1"),
        ("cor_boundary_map", "F 1 η θ = 0 /\\", "F 1 η θ = 1 /\\"),
        ("lem_lyapunov_function", "V k η (G k η θ) <= V k η θ).", "V k η (G k η θ) < V k η θ)."),
    ],
    "nonsingularity/formal/transport.v": [
        ("lem_transport", "forall G A, non_singular G -> null A", "forall G A, null A"),
        ("lem_transport", "lem_transport : null_sets ->", "lem_transport :"),
    ],
    "setting/formal/networks.v": [
        ("lem_derivatives", "- map_mx polyC Y) i j) ^+ 2.", "+ map_mx polyC Y) i j) ^+ 2."),
        ("lem_balance_identity", "*m W^T) (gradient X Y w) /", "*m W) (gradient X Y w) /"),
        ("lem_balance_identity", "let W1 := W - eta", "let W1 := W + eta"),
    ],
    "practice/formal/heavy_ball.v": [
        ("lem_momentum_map", "(beta != 0 -> bijective", "(bijective"),
        ("lem_momentum_map", "= beta ^+ D.", "= - beta ^+ D."),
    ],
}


@needs_coq
@pytest.mark.parametrize(
    ("file", "theorem", "old", "new"),
    [
        pytest.param(file, *planted, marks=() if "transport" in file else pytest.mark.slow)
        for file, errors in PLANTED.items()
        for planted in errors
    ],
)
def test_an_error_in_what_is_stated_is_noticed(compiled, file, theorem, old, new):
    text = (BOOK / file).read_text("utf-8")
    assert text.count(old) == 1
    # The file up to this theorem: what comes later need not be compiled.
    end = text.index("Qed.", text.index(f"Theorem {theorem} ")) + len("Qed.")
    result = compiled(planted=text.replace(old, new)[: end + len(new) - len(old)])
    assert result.returncode != 0
    # It fails in a proof, not for bad syntax.
    assert "Syntax error" not in result.stderr
    assert "Error" in result.stderr


def sampled() -> Iterator[tuple[int, Fraction, list[Fraction]]]:
    """Widths, step sizes and weights of scalar nets, of which floats are exact."""
    rng = np.random.default_rng(17)
    for k in (1, 2, 3):
        yield k, Fraction(int(rng.integers(1, 8)), 8), [
            Fraction(int(n), 4) for n in rng.integers(-8, 9, size=2 * k)
        ]  # fmt: skip


@needs_coq
def test_the_formal_scalar_net_is_that_of_the_package(compiled):
    """Loss, step, s and F of Coq's definitions, at weights of which all floats are exact."""
    goals = []
    for k, eta, weights in sampled():
        net = DeepLinearProblem([[1.0]], [[1.0]], (1, k, 1))
        floats = np.array(weights, dtype=float)
        stepped = [exact(x) for x in net.step(floats, float(eta))]
        s, r = sum(x * x for x in weights), sum(map(Fraction.__mul__, weights[:k], weights[k:])) - 1
        point = f"({vector(weights[:k])}, {vector(weights[k:])})"
        values = {f"loss {k} {point}": exact(net.loss(floats)), f"s {k} {point}": s}
        values[f"F {k} {real(eta)} {point}"] = 4 - 2 * eta * s + 4 * eta**2 * r
        for i in range(k):
            values[f"fst (G {k} {real(eta)} {point}) {i}%nat"] = stepped[i]
            values[f"snd (G {k} {real(eta)} {point}) {i}%nat"] = stepped[k + i]
        goals += [f"Goal {term} = {real(value)}." for term, value in values.items()]
    text = (BOOK / "past/formal/scalar_net.v").read_text("utf-8").partition("(** ** The step")[0]
    proof = "Proof. unfold F, s, loss, G, h, r, norm2; simpl; lra. Qed."
    result = compiled(instances=text + "\n".join(f"{goal} {proof}" for goal in goals))
    assert result.returncode == 0, result.stderr
    wrong = goals[0].replace("=", "= 1 +", 1)
    assert compiled(instances=f"{text}\n{wrong} {proof}").returncode != 0


@needs_coq
def test_the_checker_has_the_loss_and_the_hessian_of_the_package(compiled):
    rng = np.random.default_rng(18)
    lines, expected = [], []
    for widths in ((1, 2, 1), (2, 1, 2), (2, 2, 2, 1)):
        X, Y = (rng.integers(-3, 4, size=(d, 2)) for d in (widths[0], widths[-1]))
        problem = DeepLinearProblem(X.astype(float), Y.astype(float), widths)
        theta = rng.integers(-2, 3, size=problem.dimension)
        expected += [problem.loss(theta.astype(float)), *problem.hessian(theta.astype(float)).flat]
        data = f"X := {integers(X)}; Y := {integers(Y)}; η := 1"
        instance = f"{{| widths := {list_of(widths)}%nat; {data} |}} {list_of(theta)}"
        lines.append(f"Eval vm_compute in (loss {instance} :: concat (hessian {instance})).")
    text = (BOOK / "nonsingularity/formal/checker.v").read_text("utf-8")
    result = compiled(instances="\n".join([text, *lines]))
    assert result.returncode == 0, result.stderr
    # Of integers everything is an integer.
    found = [int(number) for number in re.findall(r"-?\d+", result.stdout)]
    np.testing.assert_allclose(expected, found, rtol=1e-12)


@needs_coq
def test_the_checker_refuses_a_congruence_that_is_not_square(compiled):
    """The forged numbers are wrong: H − (2/η)I of the scalar net at (1, 1) is invertible."""
    text = (BOOK / "nonsingularity/formal/checker.v").read_text("utf-8")
    problem = "{| widths := [1; 1; 1]%nat; X := [[1]]; Y := [[1]]; η := 3 # 5 |}"
    wide, tall = "[[0; 0; 1; 0]; [0; 0; 0; 1]]", "[[0; 0]; [0; 0]; [1; 0]; [0; 1]]"
    forged = (
        f"Goal inertia ({problem}, [1; 1], (0, 2, 0)%nat).\n"
        f"Proof. exists {wide}, {tall}, [0; 0]; vm_compute; repeat split. Qed."
    )
    assert "incomplete proof" in compiled(forged=f"{text}\n{forged}").stderr
    square = "map (@length Q) P = repeat n n /\\ "
    assert text.count(square) == 1
    assert compiled(forged=f"{text.replace(square, '')}\n{forged}").returncode == 0


def exact(value: float) -> Fraction:
    """The fraction of quarters, eighths and their products that a float means."""
    return Fraction(float(value)).limit_denominator(2**14)


def real(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})"


def vector(values: list[Fraction]) -> str:
    cases = " | ".join(f"{i}%nat => {real(value)}" for i, value in enumerate(values))
    return f"(fun i => match i with {cases} | _ => 0 end)"


def list_of(values) -> str:
    return f"[{'; '.join(f'({v})' for v in values)}]"


def integers(matrix: np.ndarray) -> str:
    return f"[{'; '.join(map(list_of, matrix))}]"
