"""Compiled Hessians of a deep linear problem, by the formula of :mod:`.linear`.

For a small network the calls of NumPy alone take longer than the arithmetic.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from .checks import FloatArray

_INTS, _MATRIX, _HESSIANS = types.uint64[::1], types.float64[:, ::1], types.float64[:, :, ::1]


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _transpose_times(A: Any, B: Any, C: Any, rows: int) -> None:
    """C = AᵀB for the first rows of A and B; the innermost loop is vectorised."""
    for a in range(A.shape[1]):
        for c in range(B.shape[1]):
            C[a, c] = A[0, a] * B[0, c]
        for b in range(1, rows):
            factor = A[b, a]
            for c in range(B.shape[1]):
                C[a, c] += factor * B[b, c]


@njit(  # type: ignore[untyped-decorator]
    types.void(_MATRIX, _INTS, _INTS, _INTS, _MATRIX, _MATRIX, _HESSIANS), nogil=True, cache=True
)
def _write(theta: Any, d: Any, at: Any, block: Any, X: Any, Y: Any, H: Any) -> None:
    """Write the Hessians at θ (m, D) into H; for the integers see :func:`_places`.

    The P_ji are the blocks of P (S, S), the F_j of F (S, k) and the Q_j of Q (d_N, S); of P and F
    the transpose is kept. Two entries that mirror each other are computed alike, so H is symmetric
    to the bit.
    """
    N, (d_N, k), S = len(d) - 1, Y.shape, int(block[-1])
    P, F, Q, R = np.empty((S, S)), np.empty((k, S)), np.empty((d_N, S)), np.empty((d_N, k))
    QQ, FF, RQ, QRF = np.empty((S, S)), np.empty((S, S)), np.empty((k, S)), np.empty((S, S))
    for a in range(S):
        for b in range(S):
            P[a, b] = a == b
    for m in range(theta.shape[0]):
        for i in range(N - 1, -1, -1):  # P_ji = P_j,i+1 W_{i+1}
            for q in range(d[i]):
                iq = block[i] + q
                for c in range(block[i + 1], S):
                    P[iq, c] = 0.0
                for p in range(d[i + 1]):
                    weight, ip = theta[m, at[i] + p * d[i] + q], block[i + 1] + p
                    for c in range(block[i + 1], S):
                        P[iq, c] += weight * P[ip, c]
        _transpose_times(X, P, F, d[0])
        for a in range(d_N):
            for b in range(S):
                Q[a, b] = P[b, S - d_N + a]
            for c in range(k):
                R[a, c] = F[c, S - d_N + a] - Y[a, c]
        _transpose_times(Q, Q, QQ, d_N)
        _transpose_times(F, F, FF, k)
        _transpose_times(R, Q, RQ, d_N)
        _transpose_times(RQ, F, QRF, k)
        for i in range(N):
            for p in range(d[i + 1]):
                for q in range(d[i]):
                    row, ip, iq = at[i] + p * d[i] + q, block[i + 1] + p, block[i] + q
                    for j in range(N):
                        for r in range(d[j + 1]):
                            column, jr = at[j] + r * d[j], block[j + 1] + r
                            one, two, last = 2 * QQ[ip, jr], 2 * QRF[jr, iq], P
                            if j < i:
                                two, last = 2 * P[jr, iq], QRF
                            for s in range(d[j]):
                                js = block[j] + s
                                H[m, row, column + s] = one * FF[iq, js] + two * last[ip, js]


def hessians(
    theta: FloatArray, widths: tuple[int, ...], X: FloatArray, Y: FloatArray
) -> FloatArray:
    """The Hessians at θ (m, D), (m, D, D), for the reduced data X (d_0, k), Y (d_N, k)."""
    H = np.empty((*theta.shape, theta.shape[1]))
    # Copies: what is read-only, or not in this order, would be other types to Numba.
    points, X, Y = (np.array(matrix, order="C") for matrix in (theta, X, Y))
    _write(points, *_places(widths), X, Y, H)
    return H


@lru_cache
def _places(widths: tuple[int, ...]) -> tuple[NDArray[np.uint64], ...]:
    """The widths, where W_1, …, W_N begin in θ, and where the blocks begin among S rows."""
    d = np.array(widths, dtype=np.uint64)
    starts = (np.cumsum(sizes) for sizes in (d[1:] * d[:-1], d))
    return d, *(np.append(np.uint64(0), ends) for ends in starts)
