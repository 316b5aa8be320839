"""Degenerate saddles: their normal form, and a search for one outside the classification."""

from itertools import accumulate

import numpy as np
import pytest
from random_problems import orthogonal, product
from scipy.linalg import block_diag, null_space

from edge_of_stability import DeepLinearProblem

# Widths and the rank of π at the saddle; W* has the full rank.
SADDLES = [
    ((2, 2, 2, 2), 1),
    ((3, 4, 3, 5), 2),
    ((4, 3, 2, 3), 1),
    ((2, 3, 3, 2), 0),
    ((2, 2, 3, 2, 2), 1),
    ((3, 4, 4, 3, 4), 2),
    ((1, 2, 2, 1, 1), 0),
    ((3, 3, 4, 4, 3, 3), 1),
]


def conditioned(rng, size):
    """A random invertible matrix with singular values between 1/2 and 2."""
    left, right = orthogonal(rng, size), orthogonal(rng, size)
    return left @ np.diag(rng.uniform(0.5, 2, size)) @ right


def diagonal(values, rows, columns):
    """The rows × columns matrix with the given diagonal."""
    matrix = np.zeros((rows, columns))
    np.fill_diagonal(matrix, values)
    return matrix


def saddle(rng, widths, learned, small):
    """W_1, …, W_N = frames · diag(A_j, Z_j) · frames⁻¹ with A_N ⋯ A_1 = diag(learned)."""
    depth, rank = len(widths) - 1, len(learned)
    inner = [conditioned(rng, rank) for _ in range(depth - 1)]
    first = np.linalg.solve(product(inner, rank), np.diag(learned))
    frames = [np.eye(widths[0]), *(conditioned(rng, d) for d in widths[1:-1]), np.eye(widths[-1])]
    return [
        frames[j + 1] @ block_diag(A, small[j]) @ np.linalg.inv(frames[j])
        for j, A in enumerate([first, *inner])
    ]


def frames_of(weights, rank, base=None):
    """T_1, …, T_{N-1} of the proof, in the bases of the splitting at the point `base`."""
    before = list(accumulate(weights, lambda product, W: W @ product))
    after = list(accumulate(reversed(weights), lambda product, W: product @ W))[::-1]
    found = []
    for j in range(1, len(weights)):
        images, kernel = before[j - 1][:, :rank], null_space(after[j][:rank])
        if rank == 0:
            kernel = np.eye(len(before[j - 1]))
        if base is None:
            found.append(np.hstack([images, kernel]))
            continue
        images, kernel = (np.linalg.solve(base[j - 1], part) for part in (images, kernel))
        images = images @ np.linalg.inv(images[:rank])
        kernel = kernel @ np.linalg.inv(kernel[rank:])
        found.append(base[j - 1] @ np.hstack([images, kernel]))
    return found


@pytest.mark.parametrize(("widths", "rank"), SADDLES)
def test_normal_form_is_an_identity(widths, rank):
    """Near a saddle, not only at it: zero blocks, Schur complement, and the loss itself."""
    rng = np.random.default_rng(sum(widths))
    full = min(widths[0], widths[-1])
    sigma = np.sort(rng.uniform(1, 3, full))[::-1]
    small = [np.zeros((widths[j + 1] - rank, widths[j] - rank)) for j in range(len(widths) - 1)]
    small[-1] = rng.standard_normal(small[-1].shape)
    at = saddle(rng, widths, sigma[:rank], small)
    base = frames_of(at, rank)
    target = diagonal(sigma, widths[-1], widths[0])
    R = target[rank:, rank:]
    for size in (0.1, 0.03):
        weights = [W + size * rng.uniform(-1, 1, W.shape) / widths[0] for W in at]
        frames = [np.eye(widths[0]), *frames_of(weights, rank, base), np.eye(widths[-1])]
        tilde = [np.linalg.solve(frames[j + 1], W) @ frames[j] for j, W in enumerate(weights)]
        for j, W in enumerate(tilde):
            assert j == 0 or np.allclose(W[:rank, rank:], 0, atol=1e-12)
            assert j == len(tilde) - 1 or np.allclose(W[rank:, :rank], 0, atol=1e-12)
        Z = [W[rank:, rank:] for W in tilde]
        pi = product(weights, widths[0])
        alpha, beta, gamma = pi[:rank, :rank], pi[:rank, rank:], pi[rank:, :rank]
        learned = gamma @ np.linalg.solve(alpha, beta)
        zeta = product(Z, widths[0] - rank)
        np.testing.assert_allclose(pi[rank:, rank:] - learned, zeta, atol=1e-13)
        shift = -learned - zeta / 2  # R̂ − R
        if widths[0] <= widths[-1]:
            Z[-1] = (np.eye(len(R)) + shift @ np.linalg.pinv(R)).T @ Z[-1]
        else:
            Z[0] = Z[0] @ (np.eye(R.shape[1]) + np.linalg.pinv(R) @ shift).T
        parts = alpha - np.diag(sigma[:rank]), beta, gamma, learned - R
        value = sum(np.sum(part**2) for part in parts)
        value -= 2 * np.sum(R * product(Z, widths[0] - rank))
        assert np.sum((pi - target) ** 2) == pytest.approx(value, abs=1e-12)


def small_network(rng, R, w_1, w_2):
    """Random Z_1, Z_2, Z_3 that are critical for ⟨R, Z_3 Z_2 Z_1⟩ and whose product vanishes."""
    out, into = R.shape
    Z = [np.zeros((w_1, into)), np.zeros((w_2, w_1)), np.zeros((out, w_2))]
    thin = rng.integers(1, w_1 + 1)
    Z_1 = rng.standard_normal((w_1, thin)) @ rng.standard_normal((thin, into))
    Z_2 = np.outer(rng.standard_normal(w_2), rng.standard_normal(w_1))
    Z_3 = rng.standard_normal((out, w_2))
    blind_in, blind_out = null_space(R), null_space(R.T)
    match rng.integers(12):  # beyond 8: nothing but zeros
        case 1:
            Z[0] = Z_1
        case 2:
            Z[2] = Z_3
        case 3:
            Z[1] = Z_2
        case 4:  # two outer layers that do not see each other through the error
            Z[0] = Z_1
            seen = R @ Z_1.T
            Z[2] = Z_3 - seen @ np.linalg.pinv(seen) @ Z_3
        case 5:  # the second layer is blind for what comes out of the first
            Z[0], Z[1] = Z_1, Z_2 - Z_2 @ Z_1 @ np.linalg.pinv(Z_1)
        case 6:  # and the third for the second
            Z[1], Z[2] = Z_2, Z_3 - Z_3 @ Z_2 @ np.linalg.pinv(Z_2)
        case 7:  # invisible to the error
            Z[0] = rng.standard_normal((w_1, blind_in.shape[1])) @ blind_in.T
            Z[2] = blind_out @ rng.standard_normal((blind_out.shape[1], w_2))
        case 8:
            Z[0] = rng.standard_normal((w_1, blind_in.shape[1])) @ blind_in.T
            Z[1] = Z_2
    return Z


def critical_points(rng, widths, sigma, count):
    """Critical points with Σ = I and W* = diag(σ), and what is learned at each of them."""
    weights, chosen = [], []
    while len(weights) < count:
        order = rng.permutation(len(sigma))
        if rng.integers(2):  # the largest ones
            order = np.argsort(-sigma)
        learned = order[: rng.integers(min(widths))]
        missing = np.setdiff1d(np.arange(len(sigma)), learned)
        ends = [
            np.eye(d)[:, [*learned, *missing, *range(len(sigma), d)]]
            for d in (widths[0], widths[-1])
        ]
        rank = len(learned)
        R = diagonal(sigma[missing], widths[-1] - rank, widths[0] - rank)
        small = small_network(rng, R, widths[1] - rank, widths[2] - rank)
        W_1, W_2, W_3 = saddle(rng, widths, sigma[learned], small)
        weights.append([W_1 @ ends[0].T, W_2, ends[1] @ W_3])
        chosen.append((sigma[learned], sigma[missing]))
    return weights, chosen


def test_three_layers_have_no_degenerate_saddle_outside_the_classification():
    """`H ≥ 0` if and only if thin and best approximation; and then H has the predicted rank."""
    rng = np.random.default_rng(20261130)
    degenerate = critical = 0
    for _ in range(40):
        widths = tuple(int(d) for d in rng.integers(1, 4, 4))
        d_0, d_3 = widths[0], widths[-1]
        sigma = rng.integers(1, 4, min(d_0, d_3)).astype(float)  # ties are likely
        X = conditioned(rng, d_0)
        spectrum, basis = np.linalg.eigh(X @ X.T)
        unroot = (basis / np.sqrt(spectrum)) @ basis.T  # Σ^(-1/2)
        problem = DeepLinearProblem(X, diagonal(sigma, d_3, d_0) @ unroot @ X, widths)
        weights, chosen = critical_points(rng, widths, sigma, 100)
        points = np.stack([problem.join([W[0] @ unroot, *W[1:]]) for W in weights])
        assert np.abs(problem.gradient(points)).max() < 1e-8
        spectra = np.linalg.eigvalsh(problem.hessian(points))
        for theta, spectrum, (learned, missing) in zip(points, spectra, chosen, strict=True):
            rank, unit = len(learned), max(1.0, np.abs(spectrum).max())
            W_1, W_2, W_3 = problem.split(theta)
            E = problem.end_to_end(theta) @ problem.Sigma - problem.S
            thin = (
                np.linalg.matrix_rank(W_2, tol=1e-9) == rank
                and max(np.abs(W_3.T @ E).max(), np.abs(E @ W_1.T).max()) < 1e-9
            )
            best = min(learned, default=np.inf) >= max(missing)
            critical += 1
            assert (spectrum[0] > -1e-9 * unit) == (thin and best), (widths, theta)
            if thin and best:
                degenerate += 1
                ties = np.sum(learned[:, None] == missing)
                positive = rank**2 + rank * (d_0 + d_3 - 2 * rank) - ties
                assert np.sum(spectrum > 1e-6) == positive, (widths, learned, missing)
    assert critical == 4000
    assert degenerate > 1500
