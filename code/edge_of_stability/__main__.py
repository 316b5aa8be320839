"""``python -m edge_of_stability critical-step DATA.csv --target COLUMN --depth N``.

Tells the critical step size of a deep linear network for the data of a CSV file. The file, its
preparation and what is refused: :mod:`edge_of_stability.table`.

Exit code 0, and the answer on stdout; or 2, and one line on stderr that says what is wrong.

With ``--json`` stdout is one JSON object. Keys may be added to it; those here stay as long as
``format`` is 1:

``format``              1
``file``                the path as given
``rows``                n
``features``            list of the columns that are rows of X, in order
``targets``             list of the columns that are rows of Y, in order
``preparation``         ``"standardise"``, ``"centre"`` or ``"raw"``
``intercept``           whether X has a last row of ones
``depth``               N
``sufficient_width``    hidden widths of at least this much are enough: min(d_0, d_N)
``rounding``            how much the rounding of cells and prepared numbers to double precision may
                        move η_C, relative; an estimate
``critical_step_size``  object with the keys ``"mean"`` (of the squared error over rows, summed over
                        targets), ``"half_mean"``, ``"sum"``, ``"half_sum"``, ``"mean_of_entries"``
                        (over rows and targets); each an object with the numbers ``lower``,
                        ``value``, ``upper``. [lower, upper] is the proven interval.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from io import TextIOWrapper
from typing import Any, NoReturn

from .minima.critical_step import CriticalStepSize, PrecisionError, critical_step_size
from .table import PREPARATIONS, PreparedData, loss_factors, prepare, read_table, rounding_estimate

PROGRAM = "python -m edge_of_stability"
DIGITS = 12  # printed, rounded outward; as many as the widest accepted interval has, and some

_LOSSES = {
    "mean": "mean over rows",
    "half_mean": "½ mean over rows",
    "sum": "sum over rows",
    "half_sum": "½ sum over rows",
    "mean_of_entries": "mean over rows and targets",
}

_PREPARATIONS = {
    "standardise": "every column less its mean, divided by its standard deviation",
    "centre": "every column less its mean",
    "raw": "the numbers of the file as they are",
}

_MEANING = """\
Above η_C gradient descent on this deep linear network converges to a global minimizer
only from a null set of starts; below η_C from a set with interior, which need not
contain the start you use.
For a non-linear network, for stochastic gradients or momentum, and for data prepared in
another way, it is neither a safe step size nor an upper bound of one."""

_MEANING_ONE_LAYER = """\
Below η_C gradient descent on this linear regression converges from every start; above
η_C only from a null set of starts.
For a non-linear network, for stochastic gradients or momentum, and for data prepared in
another way, it is neither a safe step size nor an upper bound of one."""


@dataclass(frozen=True)
class Interval:
    """η_C for one loss: proven bounds and the computed value between them."""

    lower: float
    value: float
    upper: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 after a failure that was reported on stderr."""
    options = _parser().parse_args(arguments)
    try:
        text = options.command(options)
    except (ValueError, PrecisionError) as error:
        print(f"{PROGRAM}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(text)
    return 0


def intervals(eta: CriticalStepSize, row_count: int, target_count: int) -> dict[str, Interval]:
    """η_C for each loss of :func:`edge_of_stability.table.loss_factors`, rounded outward.

    Raises
    ------
    ValueError
        If a step size is no finite float64.
    """
    return {
        loss: _times(eta, factor) for loss, factor in loss_factors(row_count, target_count).items()
    }


def _times(eta: CriticalStepSize, factor: int) -> Interval:
    if factor == 1:
        return Interval(eta.lower, eta.value, eta.upper)
    lower = math.nextafter(eta.lower * factor, 0.0)
    upper = math.nextafter(eta.upper * factor, math.inf)
    if not math.isfinite(upper):
        raise ValueError(f"η_C: need step sizes of double precision, got {eta.value} · {factor}")
    return Interval(lower, min(max(eta.value * factor, lower), upper), upper)


def _critical_step(options: argparse.Namespace) -> str:
    table = read_table(options.data, options.separator)
    data = prepare(
        table,
        options.target,
        options.features,
        options.preparation,
        leave_out=options.leave_out,
        intercept=options.intercept,
    )
    rounding = rounding_estimate(data, options.depth, table.path)
    try:
        eta = critical_step_size(data.X, data.Y, options.depth)
    except (ValueError, PrecisionError) as error:
        raise ValueError(f"{table.path}: no interval for η_C: {error}") from error
    found = intervals(eta, data.row_count, len(data.targets))
    write = _as_json if options.json else _as_text
    return write(options, data, found, rounding)


def _as_json(
    options: argparse.Namespace, data: PreparedData, found: Mapping[str, Interval], rounding: float
) -> str:
    document: dict[str, Any] = {
        "format": 1,
        "file": options.data,
        "rows": data.row_count,
        "features": list(data.features),
        "targets": list(data.targets),
        "preparation": data.preparation,
        "intercept": data.intercept,
        "depth": options.depth,
        "sufficient_width": min(len(data.X), len(data.Y)),
        "rounding": rounding,
        "critical_step_size": {loss: vars(interval) for loss, interval in found.items()},
    }
    return json.dumps(document, indent=2)


def _as_text(
    options: argparse.Namespace, data: PreparedData, found: Mapping[str, Interval], rounding: float
) -> str:
    width = min(len(data.X), len(data.Y))
    features = f"{len(data.features)} features" + (" and an intercept" if data.intercept else "")
    layers = "1 layer" if options.depth == 1 else f"{options.depth} layers"
    hidden = "" if options.depth == 1 else f", hidden widths at least {width}"
    lines = [
        f"{_one_line(options.data)}: {data.row_count} rows, {features}",
        f"targets: {', '.join(map(_one_line, data.targets))}",
        f"prepared: {_PREPARATIONS[data.preparation]}",
        f"network: {layers}{hidden}",
        "",
        "critical step size η_C, proven interval for the prepared numbers in double precision",
        f"  {'squared error':27} {'at least':>19} {'at most':>19}  conversion",
    ]
    factors = loss_factors(data.row_count, len(data.targets))
    for loss, interval in found.items():
        lower = Context(DIGITS, ROUND_FLOOR).create_decimal_from_float(interval.lower)
        upper = Context(DIGITS, ROUND_CEILING).create_decimal_from_float(interval.upper)
        conversion = f"{factors[loss]} × sum"
        lines.append(f"  {_LOSSES[loss]:27} {lower:>19} {upper:>19}  {conversion}")
    meaning = _MEANING_ONE_LAYER if options.depth == 1 else _MEANING
    lines.append(f"  rounding of the data before: about {rounding:.0e}, relative")
    return "\n".join([*lines, "", meaning])


def _one_line(text: str) -> str:
    return text if text.isprintable() else repr(text)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def _depth(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"need an integer from 1 to 9999, got {text!r}")
    return int(text)


def _separator(text: str) -> str:
    return {"tab": "\t", "\\t": "\t"}.get(text, text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description="Deep linear networks and large steps.")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "critical-step",
        help="the critical step size for the data of a CSV file",
        description="Tell an interval that contains the critical step size of gradient descent on "
        "a deep linear network, for the data of a CSV file.",
        allow_abbrev=False,
    )
    command.set_defaults(command=_critical_step)
    command.add_argument("data", metavar="DATA.csv", help="UTF-8; the first line names the columns")
    command.add_argument(
        "--target", action="append", required=True, metavar="COLUMN", help="may be repeated"
    )
    command.add_argument("--depth", type=_depth, required=True, metavar="N", help="of layers")
    columns = command.add_mutually_exclusive_group()
    columns.add_argument(
        "--feature",
        dest="features",
        action="append",
        metavar="COLUMN",
        help="may be repeated; default: every column that is no target",
    )
    columns.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="COLUMN",
        help="no feature; may be repeated",
    )
    preparation = command.add_mutually_exclusive_group()
    for name in PREPARATIONS:
        preparation.add_argument(
            f"--{name}",
            dest="preparation",
            action="store_const",
            const=name,
            help=_PREPARATIONS[name] + (" (default)" if name == PREPARATIONS[0] else ""),
        )
    command.set_defaults(preparation=PREPARATIONS[0])
    command.add_argument(
        "--intercept", action="store_true", help="add a constant feature 1, after the preparation"
    )
    command.add_argument(
        "--separator",
        type=_separator,
        default=",",
        metavar="CHARACTER",
        help="between cells; default: comma; a tab is written tab",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # no failure because of η on an ASCII terminal
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
