"""Random points and steps within the set M of global minimizers."""

import numpy as np

from edge_of_stability.minima.minimizers import reduced_hessian


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
