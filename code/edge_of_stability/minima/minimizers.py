r"""Global minimizers: membership, the spectrum of the Hessian there, and the flattest one.

The global minimizers are M = {θ : π(θ) = W⋆}, W⋆ = SΣ⁻¹, provided Σ is invertible (assumption A1)
and every hidden width is at least r⋆ = rank W⋆. With P_j = W_j ⋯ W_1 and Q_j = W_N ⋯ W_{j+1}, the
non-zero eigenvalues of the Hessian at θ ∈ M are those of

    K(θ) = 2 Σ_j (Σ^{1/2} P_{j−1}ᵀ P_{j−1} Σ^{1/2}) ⊗ (Q_j Q_jᵀ)      (d_0 d_N, d_0 d_N).

All functions raise a ValueError if X has not full row rank, except `reduced_hessian`.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.linear import DeepLinearProblem
from ..core.threads import one_thread
from .duality import joint_maximum

# θ counts as a global minimizer if ‖(π(θ) − W⋆)X‖_F ≤ 1e-8 ‖Y‖_F: the loss is then within 1e-16 of
# its minimum relative to ‖Y‖², which is as much as the loss itself shows in float64.
MINIMIZER_RTOL = 1e-8

# Singular values of Ŵ = W⋆Σ^{1/2} up to this fraction of ‖Y‖_F count as 0 for r⋆ = rank W⋆. (Those
# of W⋆ itself have another scale than their errors, that of Y.) Rounding leaves about
# 1e-16·cond(X); dropping one moves π by less than MINIMIZER_RTOL allows.
RANK_RTOL = 1e-10


@one_thread()
def is_minimizer(problem: DeepLinearProblem, theta: ArrayLike) -> bool:
    """Whether θ (D,) is a global minimizer up to rounding.

    That is, whether ‖(π(θ) − W⋆)X‖_F ≤ ``MINIMIZER_RTOL`` · ‖Y‖_F, up to the rounding error of
    π(θ)X. The left-hand side squared is L(θ) − min L.
    """
    weights = _weights(problem, theta)
    rounding = np.finfo(float).eps * max(problem.widths) * problem.depth
    sizes = float(np.prod([np.linalg.norm(W) for W in weights])) * np.linalg.norm(problem.X)
    return bool(_excess(problem, theta) <= _allowed(problem) + rounding * sizes)


def reduced_hessian(problem: DeepLinearProblem, theta: ArrayLike) -> FloatArray:
    """K(θ) = 2 Σ_j (Σ^{1/2} P_{j−1}ᵀ P_{j−1} Σ^{1/2}) ⊗ (Q_j Q_jᵀ), (d_0 d_N, d_0 d_N).

    At any point θ (D,) it is symmetric positive semidefinite: H(θ) is 2JᵀJ plus a term with the
    residual, and K = 2JJᵀ for J in coordinates of the row space of X.

    Source: this book, the spectrum of the Hessian at a global minimizer.
    """
    weights = _weights(problem, theta)
    d_0, d_N = problem.widths[0], problem.widths[-1]
    U, s, _ = np.linalg.svd(problem.X, full_matrices=False)
    before = (U * s) @ U.T  # P_{j-1} Σ^{1/2}, (d_{j-1}, d_0), from X without squaring its condition
    after = [np.eye(d_N)]  # Q_N, …, Q_1; Q_j (d_N, d_j)
    for W in reversed(weights[1:]):
        after.append(after[-1] @ W)
    K = np.zeros((d_0 * d_N, d_0 * d_N))
    for W, Q in zip(weights, reversed(after), strict=True):
        K += 2 * np.kron(before.T @ before, Q @ Q.T)
        before = W @ before
    return K


@one_thread()
def minimizer_spectrum(problem: DeepLinearProblem, theta: ArrayLike) -> FloatArray:
    """The eigenvalues of K(θ), (d_0 d_N,), ascending, at a global minimizer θ (D,).

    They are the non-zero eigenvalues of the Hessian. If rank W⋆ < min(d_0, d_N), some of them may
    be zero. The Hessian has D − d_0 d_N further eigenvalues, all zero (or, if D < d_0 d_N, it has
    fewer zeros). A ValueError is raised if θ is not a minimizer in the sense of `is_minimizer`.
    """
    if not is_minimizer(problem, theta):
        need = "a global minimizer, ‖(π(θ) − W⋆)X‖_F ≤ "
        need += f"{MINIMIZER_RTOL} ‖Y‖_F = {_allowed(problem):.3g}"
        checks.refuse("theta", need, f"{_excess(problem, theta):.3g}")
    return np.asarray(np.linalg.eigvalsh(reduced_hessian(problem, theta)))


@one_thread()
def flattest_minimizer(problem: DeepLinearProblem) -> FloatArray:
    """A global minimizer (D,) with the smallest sharpness there is, 2/η_C.

    With W⋆ = U W°, UᵀU = I_{r⋆}, and q² = x, the minimizer of λ_max(x^{N−1}Σ + (N−1)x^{−1}ŴᵀŴ):

        W_1 = W°/q^{N−1},   W_2 = … = W_{N−1} = q I_{r⋆},   W_N = qU,

    padded with zeros to the widths of the problem; r⋆ is numerical, by ``RANK_RTOL``.

    A ValueError is raised if a hidden width is below r⋆, since then W⋆ is out of reach, or N ≥ 2
    and W⋆ = 0 numerically, since then the sharpness has infimum 0 on M.

    Source: this book, the theorem on the flattest minimizer.
    """
    N, solution = problem.depth, problem.solution
    if N == 1:
        return problem.join([solution])
    U, s, Vt = np.linalg.svd(problem.X, full_matrices=False)
    left, values, right = np.linalg.svd(problem.Y @ Vt.T, full_matrices=False)  # of ŴU
    rank = int(np.sum(values > RANK_RTOL * np.linalg.norm(problem.Y)))
    if rank == 0:
        checks.refuse("problem", "W⋆ ≠ 0 (for depth ≥ 2)", "W⋆ = 0 to working precision")
    if min(problem.widths[1:-1]) < rank:
        checks.refuse("problem", f"hidden widths at least rank W⋆ = {rank}", problem.widths)
    x = joint_maximum(np.diag(s**2), (right.T * values**2) @ right, N).x
    q = np.sqrt(x)
    outer = left[:, :rank]  # (d_N, r⋆), orthonormal columns
    inner = (values[:rank, np.newaxis] * right[:rank]) / s @ U.T  # W° = UᵀŴΣ^{−1/2}, (r⋆, d_0)
    blocks = [inner / q ** (N - 1), *[q * np.eye(rank)] * (N - 2), q * outer]
    weights = [np.zeros(shape) for shape in problem.shapes]
    for W, block in zip(weights, blocks, strict=True):
        W[: len(block), : len(block.T)] = block
    return problem.join(weights)


def _weights(problem: DeepLinearProblem, theta: ArrayLike) -> list[FloatArray]:
    if np.ndim(theta) != 1:
        checks.refuse("theta", f"one point, shape ({problem.dimension},)", np.shape(theta))
    return problem.split(theta)


def _excess(problem: DeepLinearProblem, theta: ArrayLike) -> float:
    """‖(π(θ) − W⋆)X‖_F."""
    return float(np.linalg.norm((problem.end_to_end(theta) - problem.solution) @ problem.X))


def _allowed(problem: DeepLinearProblem) -> float:
    return MINIMIZER_RTOL * float(np.linalg.norm(problem.Y))
