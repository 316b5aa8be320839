"""Random problems with a W⋆ of given rank, and walks within the set M of their minimizers."""

import numpy as np
from hypothesis import strategies as st

from edge_of_stability import DeepLinearProblem
from edge_of_stability.minima.minimizers import reduced_hessian


def instance(widths, rank, rng, spread=1.0, noise=1.0):
    """Data with rank W⋆ = ``rank`` and singular values of X over 10^±spread."""
    d_0, d_N = widths[0], widths[-1]
    n = d_0 + 2
    X = rng.standard_normal((d_0, n))
    U, _, Vt = np.linalg.svd(X, full_matrices=False)
    X = U * 10 ** rng.uniform(-spread, spread, d_0) @ Vt
    W = rng.standard_normal((d_N, rank)) @ rng.standard_normal((rank, d_0))
    outside = rng.standard_normal((d_N, n))
    outside -= outside @ np.linalg.pinv(X) @ X  # what no network can fit
    return DeepLinearProblem(X, W @ X + noise * outside, widths)


@st.composite
def instances(draw, min_depth=1, max_depth=5, max_width=4):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    N = draw(st.integers(min_depth, max_depth))
    d_0, d_N = draw(st.integers(1, max_width)), draw(st.integers(1, max_width))
    rank = draw(st.integers(1, min(d_0, d_N)))
    hidden = draw(st.lists(st.integers(rank, rank + 2), min_size=N - 1, max_size=N - 1).map(tuple))
    return instance((d_0, *hidden, d_N), rank, rng), rank, rng


def products(weights):
    """P_0, …, P_N and Q_0, …, Q_N."""
    P = [np.eye(weights[0].shape[1])]
    for W in weights:
        P.append(W @ P[-1])
    Q = [np.eye(weights[-1].shape[0])]
    for W in reversed(weights):
        Q.append(Q[-1] @ W)
    return P, Q[::-1]


def move(weights, size, rng):
    """A random step of one of three kinds that keeps W_N ⋯ W_1.

    A change of basis of every hidden layer; a term E in one layer with Q_j E P_{j−1} = 0; the same
    with Q_j E = 0 and E P_{j−1} = 0.
    """
    weights = [W.copy() for W in weights]
    kind = rng.integers(3)
    if kind == 0:
        for j in range(len(weights) - 1):
            h = weights[j].shape[0]
            g = np.eye(h) + size * rng.standard_normal((h, h))
            if np.linalg.cond(g) < 1e3:
                weights[j] = g @ weights[j]
                weights[j + 1] = weights[j + 1] @ np.linalg.inv(g)
        return weights
    j = int(rng.integers(len(weights)))
    P, Q = products(weights)
    onto_rows = np.linalg.pinv(Q[j + 1], rcond=1e-9) @ Q[j + 1]
    onto_columns = P[j] @ np.linalg.pinv(P[j], rcond=1e-9)
    Z = rng.standard_normal(weights[j].shape)
    if kind == 1:
        weights[j] += size * (Z - onto_rows @ Z @ onto_columns)
    else:
        weights[j] += size * (Z - onto_rows @ Z) @ (np.eye(len(onto_columns)) - onto_columns)
    return weights


def random_point_of_M(problem, rank, rng):
    """A point of M: factors of W⋆ padded with zeros, then moved at random."""
    U, s, Vt = np.linalg.svd(problem.solution)
    factors = [s[:rank, None] * Vt[:rank], *[np.eye(rank)] * (problem.depth - 2), U[:, :rank]]
    if problem.depth == 1:
        return [np.array(problem.solution)]
    weights = []
    for factor, shape in zip(factors, problem.shapes, strict=True):
        W = np.zeros(shape)
        W[: factor.shape[0], : factor.shape[1]] = factor
        weights.append(W)
    for _ in range(3):
        weights = move(weights, 1.0, rng)
    return weights


def sharpness(problem, weights):
    """λ_max at a point of M."""
    return np.linalg.eigvalsh(reduced_hessian(problem, problem.join(weights)))[-1]
