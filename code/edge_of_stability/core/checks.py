"""Argument checks, all with one form of message: ``argument: need ..., got ...``."""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def refuse(argument: str, need: str, got: object) -> NoReturn:
    """Raise the one kind of ValueError this package raises for bad input."""
    raise ValueError(f"{argument}: need {need}, got {got}")


def to_floats(argument: str, value: ArrayLike) -> FloatArray:
    """The value in float64, without a copy where possible; complex or other entries are refused."""
    try:
        array = np.asarray(value)
        if array.dtype.kind != "c":
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        refuse(argument, "a rectangular array of real numbers", type(value).__name__)
    refuse(argument, "real numbers", "complex numbers")


def data_matrix(argument: str, value: ArrayLike) -> FloatArray:
    """A read-only float64 copy of a non-empty finite matrix."""
    matrix = np.array(to_floats(argument, value), copy=True, order="C")
    if matrix.ndim != 2 or matrix.size == 0:
        refuse(argument, "a non-empty matrix (two axes)", f"shape {matrix.shape}")
    _finite(argument, matrix)
    matrix.flags.writeable = False
    return matrix


def _finite(argument: str, array: FloatArray) -> None:
    if bad := np.count_nonzero(~np.isfinite(array)):
        refuse(argument, "finite entries", f"{bad} entries NaN or infinite")


def layer_widths(value: Sequence[int]) -> tuple[int, ...]:
    """(d_0, ..., d_N) as a tuple of ints, N >= 1."""
    widths = tuple(value) if np.iterable(value) else ()
    integral = all(isinstance(d, (int, np.integer)) and not isinstance(d, bool) for d in widths)
    if len(widths) < 2 or not integral or min(widths) < 1:
        refuse("widths", "at least two positive integers (d_0, ..., d_N)", repr(value))
    return tuple(int(d) for d in widths)


def data_shapes(
    widths: tuple[int, ...], x_shape: tuple[int, ...], y_shape: tuple[int, ...]
) -> None:
    """Check that X is (d_0, n) and Y is (d_N, n)."""
    for name, shape, width in (("X", x_shape, widths[0]), ("Y", y_shape, widths[-1])):
        if shape[0] != width:
            refuse(name, f"{width} rows since widths = {widths}", f"shape {shape}")
    if x_shape[1] != y_shape[1]:
        refuse("Y", f"{x_shape[1]} columns as X has", f"shape {y_shape}")


def data(
    X: ArrayLike, Y: ArrayLike, widths: tuple[int, ...] | None = None
) -> tuple[FloatArray, FloatArray]:
    """X (d_0, n) and Y (d_N, n) as by :func:`data_matrix`, checked against each other."""
    inputs, targets = data_matrix("X", X), data_matrix("Y", Y)
    data_shapes(widths or (len(inputs), len(targets)), inputs.shape, targets.shape)
    return inputs, targets


def coordinates(argument: str, value: ArrayLike, dimension: int) -> FloatArray:
    """A finite float64 array of shape (..., D)."""
    theta = to_floats(argument, value)
    if theta.ndim == 0 or theta.shape[-1] != dimension:
        refuse(argument, f"shape (..., {dimension})", f"shape {theta.shape}")
    _finite(argument, theta)
    return theta


def broadcast(argument: str, array: FloatArray, other: FloatArray) -> FloatArray:
    """The array, a read-only view, in the joint shape of both."""
    try:
        return np.broadcast_to(array, np.broadcast_shapes(array.shape, other.shape))
    except ValueError:
        refuse(argument, f"a shape that broadcasts with {other.shape}", f"shape {array.shape}")


def step_size(value: ArrayLike, batch: tuple[int, ...]) -> FloatArray:
    """η as a float64 array () or one that broadcasts to the batch shape."""
    eta = to_floats("eta", value)
    if not (np.isfinite(eta).all() and (eta > 0).all()):
        refuse("eta", "a positive finite step size", repr(value))
    try:
        np.broadcast_to(eta, batch)
    except ValueError:
        refuse("eta", f"one number or a shape that broadcasts to {batch}", f"shape {eta.shape}")
    return eta


def count(argument: str, value: int, least: int = 0) -> int:
    """A non-negative int, or with ``least`` 1 a positive one."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        kind = "positive" if least else "non-negative"
        refuse(argument, f"a {kind} integer", repr(value))
    return int(value)


def positive(argument: str, value: float) -> None:
    """Refuse what is not a positive finite number."""
    if not (np.isfinite(value) and value > 0):
        refuse(argument, "a positive number", repr(value))
