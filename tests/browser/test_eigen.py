"""Eigenvalues and singular values in the browser."""

import numpy as np
import pytest

SEED = 20240222


def test_eigenvalues(call):
    rng = np.random.default_rng(SEED)
    cases = [A + A.T for A in (rng.standard_normal((n, n)) for n in (1, 2, 3, 10, 60))]
    cases += [np.zeros((4, 4)), np.eye(5), np.diag([3.0, -1, 2, 2]), np.ones((6, 6))]
    cases += [np.kron(np.eye(3), [[0, 1.0], [1, 0]]), 1e-150 * cases[3], 1e150 * cases[3]]
    found = call("eigen", "symmetricEigen", [[A] for A in cases])
    for A, ours in zip(cases, found, strict=True):
        values, V = np.array(ours["values"]), np.array(ours["vectors"])
        size = max(np.abs(A).max() * len(A), np.finfo(float).tiny)
        np.testing.assert_allclose(V @ V.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose((A / size) @ V.T, V.T * (values / size), atol=1e-13)
        np.testing.assert_allclose(values / size, np.linalg.eigvalsh(A / size), atol=1e-13)


def test_singular_values(call):
    rng = np.random.default_rng(SEED)
    graded = 10.0 ** -np.arange(12)[:, None] * rng.standard_normal((12, 12))
    cases = [rng.standard_normal(shape) for shape in ((1, 3), (5, 9), (4, 2), (30, 30))]
    cases += [np.ones((3, 3)), np.zeros((2, 4)), graded]
    found = call("eigen", "singularValues", [[A] for A in cases])
    for A, ours in zip(cases, found, strict=True):
        values, mixing = np.array(ours["values"]), np.array(ours["mixing"])
        expected = np.zeros(len(A))
        expected[: min(A.shape)] = np.linalg.svd(A, compute_uv=False)
        np.testing.assert_allclose(mixing @ mixing.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose(np.linalg.norm(mixing @ A, axis=1), values, atol=1e-13)
        np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-14 * expected[0])
    # NumPy's singular values of the graded rows have no digit left; the determinant tells.
    product = np.abs(np.linalg.det(graded * 10.0 ** np.arange(12)[:, None])) * 10.0**-66
    assert np.prod(values) == pytest.approx(product, 1e-11)
