"""Small matrices of vectors of lanes as a type of Numba, with one operation: C ± AB.

A lane carries one orbit, and a matrix here is one of each lane, its entries vectors of float64.
LLVM takes a vector apart to the width of the processor, so it may have more lanes than a register.
No instruction mixes lanes, and each multiply-add is one explicit ``llvm.fma`` with one rounding, so
what a lane computes depends neither on its neighbours, nor on its place, nor on the width of the
vectors, nor on the processor.

The functions are for compiled code alone. Shapes are part of the types; loops over entries are
unrolled.
"""

from itertools import product
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import intrinsic, register_model

WIDE = bool(binding.get_host_cpu_features().get("avx512f"))  # every feature is a key
WIDTH = 8 if WIDE else 4  # lanes that fit a register

_INT: Any = ir.IntType(64)


class Lanes(types.Type):  # type: ignore[misc]
    """A matrix (rows, columns) of vectors of ``lanes`` lanes, row by row."""

    def __init__(self, rows: int, columns: int, lanes: int) -> None:
        self.rows, self.columns, self.lanes = rows, columns, lanes
        super().__init__(name=f"Lanes({rows}, {columns}, {lanes})")

    @property
    def vector(self) -> Any:
        return ir.VectorType(ir.DoubleType(), self.lanes)


@register_model(Lanes)
class LanesModel(PrimitiveModel):  # type: ignore[misc]
    """In registers, as far as they suffice."""

    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, ir.ArrayType(kind.vector, kind.rows * kind.columns))


def _gathered(builder: Any, kind: Lanes, entries: Any) -> Any:
    """The matrix of these entries."""
    matrix = ir.Constant(ir.ArrayType(kind.vector, kind.rows * kind.columns), ir.Undefined)
    for place, entry in enumerate(entries):
        matrix = builder.insert_value(matrix, entry, place)
    return matrix


def _places(context: Any, builder: Any, kind: Lanes, array: Any, values: Any) -> Any:
    """The address of each entry, at + i·down + j·right vectors into the array."""
    data = context.make_array(array)(context, builder, values[0]).data
    for i, j in product(range(kind.rows), range(kind.columns)):
        at, down, right = values[1:4]
        at = builder.add(at, builder.mul(down, _INT(i)))
        at = builder.add(at, builder.mul(right, _INT(j)))
        place = builder.gep(data, [builder.mul(at, _INT(kind.lanes))])
        yield builder.bitcast(place, kind.vector.as_pointer())


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def load(
    typing: Any, array: Any, at: Any, down: Any, right: Any, rows: Any, columns: Any, lanes: Any
) -> Any:
    """The matrix whose entry (i, j) is vector number at + i·down + j·right of an array."""
    kind = Lanes(rows.literal_value, columns.literal_value, lanes.literal_value)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        places = _places(context, builder, kind, array, values)
        return _gathered(builder, kind, (builder.load(place, align=8) for place in places))

    return kind(array, *[types.int64] * 3, rows, columns, lanes), emit


@intrinsic  # type: ignore[untyped-decorator]
def store(typing: Any, array: Any, at: Any, down: Any, right: Any, A: Any) -> Any:
    """Write a matrix to where :func:`load` finds it."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        for n, place in enumerate(_places(context, builder, A, array, values)):
            builder.store(builder.extract_value(values[4], n), place, align=8)
        return context.get_dummy_value()

    return types.void(array, *[types.int64] * 3, A), emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def add_product(typing: Any, C: Any, A: Any, B: Any, sign: Any) -> Any:
    """C + sign·AB with sign ±1, summed in the order of the columns of A; C may be None."""
    kind = Lanes(A.rows, B.columns, A.lanes)
    if A.columns != B.rows or C not in (kind, types.none):
        raise TypeError(f"shapes do not fit: {C}, {A}, {B}")

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        call = ir.FunctionType(kind.vector, [kind.vector] * 3)
        fma = builder.module.declare_intrinsic(f"llvm.fma.v{kind.lanes}f64", (), call)
        entry = builder.extract_value

        def one(i: int, j: int) -> Any:
            total = None if C is types.none else entry(values[0], i * kind.columns + j)
            for k in range(A.columns):
                a, b = entry(values[1], i * A.columns + k), entry(values[2], k * B.columns + j)
                a = builder.fneg(a) if sign.literal_value < 0 else a
                total = builder.fmul(a, b) if total is None else builder.call(fma, [a, b, total])
            return total

        places = product(range(kind.rows), range(kind.columns))
        return _gathered(builder, kind, (one(i, j) for i, j in places))

    return kind(C, A, B, sign), emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def add_stored(typing: Any, C: Any, array: Any, A: Any, B: Any, count: Any, sign: Any) -> Any:
    """C + sign·AB for A and B in an array, each (at, down, right) as in :func:`load`.

    The loop over the ``count`` columns of A is here, as Numba takes longer over its text than LLVM
    over the loop.
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = Lanes(C.rows, 1, C.lanes), Lanes(1, C.columns, C.lanes)
        call = ir.FunctionType(C.vector, [C.vector] * 3)
        fma = builder.module.declare_intrinsic(f"llvm.fma.v{C.lanes}f64", (), call)
        sums = []
        for n in range(C.rows * C.columns):
            sums.append(cgutils.alloca_once(builder, C.vector))
            builder.store(builder.extract_value(values[0], n), sums[-1])
        with cgutils.for_range(builder, values[4]) as loop:
            entries = []
            for kind, matrix, step in zip(kinds, values[2:4], (2, 1), strict=True):
                at, *distances = cgutils.unpack_tuple(builder, matrix, 3)
                at = builder.add(at, builder.mul(loop.index, distances[step - 1]))
                places = _places(context, builder, kind, array, [values[1], at, *distances])
                entries.append([builder.load(place, align=8) for place in places])
            if sign.literal_value < 0:
                entries[0] = [builder.fneg(entry) for entry in entries[0]]
            for total, (a, b) in zip(sums, product(*entries), strict=True):
                builder.store(builder.call(fma, [a, b, builder.load(total)]), total)
        return _gathered(builder, C, map(builder.load, sums))

    matrix = types.UniTuple(types.int64, 3)
    return C(C, array, matrix, matrix, types.int64, sign), emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def view(typing: Any, A: Any, rows: Any, columns: Any, down: Any, right: Any) -> Any:
    """The matrix whose entry (i, j) is entry number i·down + j·right of A, for instance Aᵀ."""
    kind = Lanes(rows.literal_value, columns.literal_value, A.lanes)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        places = product(range(kind.rows), range(kind.columns))
        numbers = (i * down.literal_value + j * right.literal_value for i, j in places)
        return _gathered(builder, kind, (builder.extract_value(values[0], n) for n in numbers))

    return kind(A, rows, columns, down, right), emit


@intrinsic  # type: ignore[untyped-decorator]
def gemm(typing: Any, array: Any, *numbers: Any) -> Any:
    """BLAS's C ← αAB + βC by the function of SciPy that Numba's own ``np.dot`` calls.

    α, β and the matrices are parts of one array. The numbers are two flags (the letters N or T),
    three sizes, the places of α, A (and from there the distance of its columns), B (the same), β
    and C (the same).
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(array)(context, builder, values[0]).data
        flag = ir.IntType(8)
        given = [ir.Constant(flag, ord("d"))]
        for n, kind in enumerate("ffnnnppnpnppn"):
            number = builder.extract_value(values[1], n)
            if kind == "f":
                number = builder.trunc(number, flag)
            elif kind == "p":
                number = builder.bitcast(builder.gep(data, [number]), flag.as_pointer())
            given.append(number)
        call = ir.FunctionType(ir.IntType(32), [value.type for value in given])
        function = cgutils.get_or_insert_function(builder.module, call, "numba_xxgemm")
        builder.call(function, given)
        return context.get_dummy_value()

    return types.void(array, types.StarArgUniTuple(types.int64, len(numbers))), emit
