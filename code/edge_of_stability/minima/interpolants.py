"""A search for flat minimizers of a network that fits its data exactly.

Where L(θ) = 0 the Hessian is 2JᵀJ, so the sharpness is the largest eigenvalue of the small matrix
K(θ) = 2JJᵀ. The search minimises its p-norm, tr(K^p)^{1/p}, on {f_θ(X) = Y} by sequential quadratic
programming for growing p. It does not use gradient descent. Its result is a minimizer, so the
sharpness there is an upper bound for the least one; it may be a local solution.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.network import Network
from ..core.threads import one_thread

POWERS = (8.0, 64.0, 512.0)
FIT_TOLERANCE = 1e-20  # of the loss, relative to ‖Y‖²: beyond it Gauss–Newton steps only add noise


class NoFitError(ArithmeticError):
    """No point with loss zero was reached."""


def flat_interpolant(network: Network, initial: ArrayLike, iterations: int = 200) -> FloatArray:
    """Search for a flat θ (D,) with f_θ(X) = Y, from a starting point (D,).

    The network has at least as many parameters as Y has entries. ``iterations`` bounds the steps
    for each power p. A `NoFitError` is raised if the loss cannot be brought to zero from here.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped, unused-ignore]

    with one_thread():  # SciPy's BLAS, too, which is loaded by now
        best = fit(network, checks.coordinates("initial", initial, network.dimension))
        for power in POWERS:
            found = minimize(
                lambda x, p=power: _smooth_sharpness(network, x, p),
                best,
                jac=True,
                method="SLSQP",
                constraints={
                    "type": "eq",
                    "fun": lambda x: (network.predict(x) - network.Y).ravel(),
                    "jac": network.jacobian,
                },
                options={"maxiter": iterations, "ftol": 1e-12},
            )
            try:
                candidate = fit(network, found.x)
            except (NoFitError, ValueError):
                continue
            if network.sharpness(candidate) <= network.sharpness(best):
                best = candidate
    return best


def fit(network: Network, initial: FloatArray) -> FloatArray:
    """A point with f_θ(X) = Y near the initial one, by a trust-region method."""
    from scipy.optimize import least_squares  # type: ignore[import-untyped, unused-ignore]

    if network.dimension < network.Y.size:
        checks.refuse("network", f"at least {network.Y.size} parameters", f"{network.dimension}")
    found = least_squares(
        lambda x: (network.predict(x) - network.Y).ravel(),
        initial,
        jac=network.jacobian,
        method="trf",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=400,
    )
    theta = np.asarray(found.x)
    for _ in range(3):  # Newton steps of least norm, to the last digits
        residual = (network.Y - network.predict(theta)).ravel()
        theta = theta + np.linalg.lstsq(network.jacobian(theta), residual, rcond=None)[0]
    if not network.loss(theta) <= FIT_TOLERANCE * np.sum(network.Y**2):
        raise NoFitError(f"the loss stays at {network.loss(theta):.3g}")
    return theta


def _smooth_sharpness(
    network: Network, theta: FloatArray, power: float
) -> tuple[float, FloatArray]:
    """tr(K^p)^{1/p} for K = 2JJᵀ, and its gradient.

    An eigenvalue λ = 2‖Jᵀu‖² with unit eigenvector u has the gradient 4 ∇²(u·f) Jᵀu.
    """
    J = network.jacobian(theta)
    values, vectors = np.linalg.eigh(2 * J @ J.T)
    top = values[-1]
    if not top > 0:  # J = 0
        return 0.0, np.zeros_like(theta)
    ratios = np.maximum(values, 0) / top
    norm = np.sum(ratios**power) ** (1 / power)
    gradient = np.zeros_like(theta)
    prediction = network.predict(theta)
    for ratio, u in zip(ratios, vectors.T, strict=True):
        weight = (ratio / norm) ** (power - 1)
        if weight > 1e-9:
            # the residual of this network at θ is u, so its Hessian is 2JᵀJ + 2∇²(u·f)
            shifted = Network(
                network.X,
                prediction - u.reshape(prediction.shape),
                network.widths,
                network.activation,  # type: ignore[arg-type]
            )
            pulled = J.T @ u
            curved = (shifted.hvp(theta, pulled) - 2 * J.T @ (J @ pulled)) / 2
            gradient += 4 * weight * curved
    return float(top * norm), gradient
