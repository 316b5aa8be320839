"""Eigenvalues and singular values in the browser."""

from __future__ import annotations

import numpy as np
import pytest

SEED = 20240222

EIGEN = """async ([base, symmetric, rectangular]) => {
  const { symmetricEigen, singularValues } = await import(base + "maths/eigen.js");
  const plain = (found) => Object.fromEntries(
    Object.entries(found).map(([key, part]) => [key, part.map((x) => x.length ? [...x] : x)]));
  return [symmetric.map((A) => plain(symmetricEigen(A))),
          rectangular.map((rows) => plain(singularValues(rows)))];
}"""


def test_eigenvalues_and_singular_values(tab):
    rng = np.random.default_rng(SEED)
    random = [rng.standard_normal((n, n)) for n in (1, 2, 3, 10, 60)]
    symmetric = [A + A.T for A in random]
    symmetric += [np.zeros((4, 4)), np.eye(5), np.diag([3.0, -1, 2, 2]), np.ones((6, 6))]
    symmetric += [
        np.kron(np.eye(3), [[0, 1.0], [1, 0]]),
        1e-150 * symmetric[3],
        1e150 * symmetric[3],
    ]
    rectangular = [rng.standard_normal(shape) for shape in ((1, 3), (5, 9), (4, 2), (30, 30))]
    graded = 10.0 ** -np.arange(12)[:, None] * rng.standard_normal((12, 12))
    rectangular += [graded, np.ones((3, 3)), np.zeros((2, 4))]
    tab.open("book/explorers/index.html")
    found = tab.page.evaluate(
        EIGEN,
        [
            f"{tab.address}_static/explorers/",
            [A.tolist() for A in symmetric],
            [A.tolist() for A in rectangular],
        ],
    )
    for A, ours in zip(symmetric, found[0], strict=True):
        values, V = np.array(ours["values"]), np.array(ours["vectors"])
        size = max(np.abs(A).max() * len(A), np.finfo(float).tiny)
        np.testing.assert_allclose(V @ V.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose((A / size) @ V.T, V.T * (values / size), atol=1e-13)
        np.testing.assert_allclose(values / size, np.linalg.eigvalsh(A / size), atol=1e-13)
    for A, ours in zip(rectangular, found[1], strict=True):
        values, mixing = np.array(ours["values"]), np.array(ours["mixing"])
        expected = np.zeros(len(A))
        expected[: min(A.shape)] = np.linalg.svd(A, compute_uv=False)
        np.testing.assert_allclose(mixing @ mixing.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose(np.linalg.norm(mixing @ A, axis=1), values, atol=1e-13)
        np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-14 * expected[0])
    # NumPy's singular values of the graded rows have no digit left; the determinant tells.
    product = np.abs(np.linalg.det(graded * 10.0 ** np.arange(12)[:, None])) * 10.0**-66
    assert np.prod(found[1][4]["values"]) == pytest.approx(product, 1e-11)
