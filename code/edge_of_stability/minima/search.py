r"""The joint maximum of :mod:`.duality` for many features, found by a rational Krylov method.

The points are z = Xᵀu/‖Xᵀu‖. With K = αΣ² + βSᵀS, α = x^{N−1}, β = (N−1)/x, the dual asks for the
x > 0 at which the largest λ with Ku = λΣu is least. The problem is solved on a space of a few u.
Then vectors (σΣ − K)⁻¹Σu are added, with a shift σ a little above the λ found, and so on. The
closer σ is, the faster this converges: three or four factorisations suffice, where a method with
products alone needs hundreds of products. Nothing is proved here; :mod:`.rounding` proves what was
found.
"""

import numpy as np

from ..core.checks import FloatArray
from .duality import JointMaximum, joint_maximum
from .rounding import Forms

# The start vector is Gaussian, since a structured one may be orthogonal to the maximum.
_SEED = 240213108

# Vectors added in the first round, which begins far away, and in each later one.
_STEPS = (16, 6)

_ROUNDS = 20

# The estimated relative error of λ at which to end. The proof allows for a hundred times as much.
_TOLERANCE = 1e-12

# σ/λ − 1 is at least this, so that rounding does not decide whether σΣ − K ≻ 0.
_SHIFT = 1e-5

# A vector lies in the span of others, up to rounding, if its distance is at most this share.
_NOTHING = 1e-13


def leading(forms: Forms, depth: int) -> JointMaximum:
    """x, u and λ, with u (d_0,) of norm 1.

    A ZeroDivisionError is raised if S = 0 and N ≥ 2, a LinAlgError if Σ is singular in float64.
    """
    from scipy.linalg.lapack import dpotrf, dpotrs  # type: ignore[import-untyped, unused-ignore]

    Sigma, S = forms.Sigma, forms.S
    # λ_max(ŴᵀŴ) is about λ_max(SᵀS) over the mean of the eigenvalues of Σ.
    mean = float(np.trace(Sigma)) / len(Sigma)
    x = (_largest(forms.gram) / mean / _largest(Sigma)) ** (1 / depth) if depth > 1 else 1.0
    u = np.random.default_rng(_SEED).standard_normal(len(Sigma))
    for _ in range(3):  # so that the Rayleigh quotient has the size of λ
        u = Sigma @ (u / np.linalg.norm(u))
    Su, vector = Sigma @ u, u
    alpha, beta = x ** (depth - 1), (depth - 1) / x
    value = offset = float(alpha * Su @ Su + beta * np.sum((S @ u) ** 2)) / float(u @ Su)
    space: list[FloatArray] = [np.empty((0, k)) for k in (len(Sigma), len(Sigma), len(S))]
    for _ in range(_ROUNDS):
        # To LAPACK a lower triangle stored by rows is an upper one stored by columns.
        shifted = forms.pencil(value + offset, alpha, beta).T
        factor, failed = dpotrf(shifted, lower=0, clean=0, overwrite_a=1)
        if failed:
            offset *= 4
            continue
        for _ in range(_STEPS[len(space[0]) > 0]):
            vector = dpotrs(factor, vector, lower=0)[0]
            if not _extend(space, forms, vector):
                break
            vector = space[1][-1]
        if not len(space[0]):
            raise np.linalg.LinAlgError("Σ is singular to working precision")
        U, P, Q = space
        found = joint_maximum(P @ P.T, Q @ Q.T, depth)
        x, value, u = found.x, found.dual, found.y @ U
        alpha, beta = x ** (depth - 1), (depth - 1) / x
        Su = found.y @ P
        vector = alpha * (Sigma @ Su) + beta * ((found.y @ Q) @ S) - value * Su
        error = abs(float(vector @ dpotrs(factor, vector, lower=0)[0]))
        if error <= _TOLERANCE * value:
            break
        offset = max(8 * error, _SHIFT * value)
    return JointMaximum(x, u / np.linalg.norm(u), value)


def _largest(A: FloatArray) -> float:
    """A mean of the eigenvalues of A ⪰ 0 (d, d), weighted by themselves."""
    return float(np.linalg.norm(A)) ** 2 / float(np.trace(A))


def _extend(space: list[FloatArray], forms: Forms, u: FloatArray) -> bool:
    """Add u, made Σ-orthonormal, to the rows u, Σu and Su of a space; False if it lies in it."""
    U, P, _ = space
    before = float(np.linalg.norm(u))
    for _ in range(2):  # what the first time leaves by rounding would grow
        u = u - (P @ u) @ U
    Su = forms.Sigma @ u
    square = float(u @ Su)
    if not (np.linalg.norm(u) > _NOTHING * before and square > 0):
        return False
    for k, row in enumerate((u, Su, forms.S @ u)):
        space[k] = np.vstack([space[k], row / np.sqrt(square)])
    return True
