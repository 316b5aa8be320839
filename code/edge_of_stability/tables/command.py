"""``python -m edge_of_stability critical-step DATA.csv --target COLUMN --depth N``.

Prints the critical step size of a deep linear network for the data of a text file, which
:mod:`edge_of_stability.tables.read` reads and :mod:`edge_of_stability.tables.prepare` prepares.

Exit codes
    0    The answer is on stdout. Warnings are on stderr, one line each.
    1    The answer could not be written. One line on stderr says why; none if the answer went
         into a pipe whose reader had ended.
    2    No answer. One line on stderr says what is wrong; below the usage if it is an option.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from io import TextIOWrapper

from ..core import checks
from ..minima.critical_step import CriticalStepSize, critical_step_size
from .prepare import PREPARATIONS, prepare, rounding_estimate
from .read import read_table

PROGRAM = "python -m edge_of_stability"
DIGITS = 12  # printed, rounded outward; as many as the widest accepted interval has, and some

_LOSSES = {  # in words, and in PyTorch
    "mean": ("mean over rows", ""),
    "half_mean": ("½ mean over rows", ""),
    "sum": ("sum over rows", 'MSELoss(reduction="sum")'),
    "half_sum": ("½ sum over rows", ""),
    "mean_of_entries": ("mean over rows and targets", "MSELoss()"),
}

_MEANING = """\
Above η_C gradient descent on this deep linear network converges to a global minimizer
only from a null set of initialisations. Below η_C it does so from a set of
initialisations with interior, which need not contain yours."""

_MEANING_ONE_LAYER = """\
Below η_C gradient descent on this linear regression converges from every initialisation;
above η_C only from a null set of initialisations."""

_LIMITS = """\
For a non-linear network, for stochastic gradients or momentum, and for data prepared in
another way, η_C is neither a safe step size nor an upper bound of one."""


@dataclass(frozen=True)
class Interval:
    """η_C for one loss: proven bounds, and the computed value between them."""

    lower: float
    value: float
    upper: float


@dataclass(frozen=True)
class Answer:
    """The JSON object that is printed. Keys may be added to it; those here stay in format 1."""

    format: int
    file: str  # the path as given
    rows: int  # n
    features: Sequence[str]  # the columns that are rows of X, in order
    targets: Sequence[str]  # the same of Y
    preparation: str
    intercept: bool  # whether X has a last row of ones
    depth: int  # N
    sufficient_width: int  # hidden widths of at least this much are enough: min(d_0, d_N)
    rounding: float  # how much rounding of the data may move η_C, relative; an estimate
    critical_step_size: Mapping[str, Interval]  # for the losses of loss_factors
    notes: Sequence[str]  # what of the file was left out
    warnings: Sequence[str]  # which columns may not be what they seem


def run() -> int:
    """The command of this process: the exit code, and nothing left to write after it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # no failure because of η on an ASCII terminal
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except OSError as error:
        # Python tries once more when it ends; then there is nothing left that can fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _complain(f"the answer cannot be written: {error.strerror}")
        code = 1
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 after a failure that was reported on stderr.

    Raises
    ------
    OSError
        If stdout cannot be written to.
    SystemExit
        After --help (code 0), or if an option is wrong (code 2).
    """
    options = _parser().parse_args(arguments)
    try:
        answer = _critical_step(options)
    except (ValueError, ArithmeticError) as error:
        _complain(f"{options.data!r}: {error}")
        return 2
    for warning in answer.warnings:
        _complain(f"warning: {warning}")
    print(json.dumps(asdict(answer), indent=2) if options.json else _as_text(answer))
    return 0


def loss_factors(row_count: int, target_count: int) -> Mapping[str, int]:
    """By which η_C of the summed squared error is multiplied if another loss is minimised.

    The loss c·L has the gradient c·∇L, so the step size η/c takes the same steps.

    Returns
    -------
    mapping of str to int
        1/c for "mean" (over rows, summed over targets), "half_mean", "sum", "half_sum",
        "mean_of_entries" (over rows and targets).
    """
    n = checks.positive_count("row_count", row_count)
    d = checks.positive_count("target_count", target_count)
    return {"mean": n, "half_mean": 2 * n, "sum": 1, "half_sum": 2, "mean_of_entries": n * d}


def interval(eta: CriticalStepSize, factor: int) -> Interval:
    """η_C times a factor, rounded outward."""
    lower, upper = eta.lower * factor, eta.upper * factor
    return Interval(math.nextafter(lower, 0), eta.value * factor, math.nextafter(upper, math.inf))


def _complain(sentence: str) -> None:
    print(f"{PROGRAM}: {sentence}", file=sys.stderr)


def _critical_step(options: argparse.Namespace) -> Answer:
    comma = options.decimal_comma
    table = read_table(options.data, options.separator, options.encoding, decimal_comma=comma)
    data = prepare(
        table,
        options.target,
        options.feature,
        options.preparation,
        leave_out=options.leave_out,
        intercept=options.intercept,
    )
    rounding = rounding_estimate(data, options.depth)
    eta = critical_step_size(data.X, data.Y, options.depth)
    factors = loss_factors(data.row_count, len(data.targets))
    return Answer(
        format=1,
        file=options.data,
        rows=data.row_count,
        features=data.features,
        targets=data.targets,
        preparation=options.preparation,
        intercept=options.intercept,
        depth=options.depth,
        sufficient_width=min(len(data.X), len(data.Y)),
        rounding=rounding,
        critical_step_size={loss: interval(eta, factor) for loss, factor in factors.items()},
        notes=table.notes,
        warnings=data.warnings,
    )


def _as_text(answer: Answer) -> str:
    features = _counted(len(answer.features), "feature") + " and an intercept" * answer.intercept
    hidden = f", hidden widths at least {answer.sufficient_width}" * (answer.depth > 1)
    lines = [
        f"{answer.file}: {answer.rows} rows, {features}",
        *answer.notes,
        f"targets: {', '.join(answer.targets)}",
        f"prepared: {PREPARATIONS[answer.preparation]}",
        f"network: {_counted(answer.depth, 'layer')}{hidden}",
        "",
        "critical step size η_C, proven interval for the prepared numbers in double precision",
    ]
    cells = [("squared error", "at least", "at most", "conversion", "PyTorch")]
    for loss, factor in loss_factors(answer.rows, len(answer.targets)).items():
        eta = answer.critical_step_size[loss]
        lower = Context(DIGITS, ROUND_FLOOR).create_decimal_from_float(eta.lower)
        upper = Context(DIGITS, ROUND_CEILING).create_decimal_from_float(eta.upper)
        words, torch = _LOSSES[loss]
        cells.append((words, str(lower), str(upper), f"{factor} × sum", torch))
    name, low, high, times, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
    lines += [
        f"  {a:{name}}  {b:>{low}}  {c:>{high}}  {d:{times}}  {e}".rstrip()
        for a, b, c, d, e in cells
    ]
    rounding = (
        f"rounding the data to double precision moves η_C by about {answer.rounding:.0e} of it"
    )
    meaning = _MEANING_ONE_LAYER if answer.depth == 1 else _MEANING
    return "\n".join([*lines, f"  {rounding}", "", meaning, _LIMITS])


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def _separator(text: str) -> str:
    if text in ("tab", r"\t"):
        return "\t"
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"need one character or the word tab, got {text!r}")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description="Deep linear networks and large steps.")
    commands = parser.add_subparsers(required=True, metavar="command")
    about = "the critical step size of a deep linear network for the data of a CSV file"
    command = commands.add_parser(
        "critical-step",
        help=about,
        description=f"Prints {about}, with an interval that is proven to contain it.",
        epilog="Exit codes: 0 answered; 1 the answer could not be written; 2 no answer.",
        allow_abbrev=False,
    )
    add = command.add_argument
    add("data", metavar="DATA.csv", help="its first line names the columns; may be gzipped")
    add("--target", action="append", required=True, metavar="COLUMN", help="may be repeated")
    add("--depth", type=int, required=True, metavar="N", help="number of layers")
    columns = command.add_mutually_exclusive_group().add_argument
    every = "may be repeated; default: every named column that is no target"
    columns("--feature", action="append", metavar="COLUMN", help=every)
    none = "not a feature; may be repeated"
    columns("--leave-out", action="append", default=[], metavar="COLUMN", help=none)
    preparation = command.add_mutually_exclusive_group().add_argument
    for choice, text in PREPARATIONS.items():
        preparation(
            f"--{choice}",
            dest="preparation",
            action="store_const",
            const=choice,
            default="standardise",
            help=text + " (default)" * (choice == "standardise"),
        )
    add("--intercept", action="store_true", help="add a constant feature 1, after the preparation")
    help_separator = "between cells; tab for a tab; default: as the first line has it"
    add("--separator", type=_separator, metavar="CHARACTER", help=help_separator)
    add("--decimal-comma", action="store_true", help="numbers are written as 0,5")
    add("--encoding", metavar="NAME", help="as windows-1252; default: UTF-8, or the mark's")
    add("--json", action="store_true", help="print one JSON object")
    return parser
