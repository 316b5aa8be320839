"""The program ``critical-step DATA.csv --target COLUMN --depth N``.

It is also ``python -m edge_of_stability critical-step ...``.

Prints the critical step size of a deep linear network for the data of a text file, which
:mod:`edge_of_stability.tables.read` reads and :mod:`edge_of_stability.tables.prepare` prepares.

Exit codes
    0    The answer is on stdout. Warnings are on stderr, one line each.
    1    The answer could not be written. One line on stderr says why, unless the answer went into a
         pipe whose reader had ended.
    2    No answer. One line on stderr says what is wrong, below the usage if it is an option.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from fractions import Fraction
from io import TextIOWrapper
from typing import Any

from ..minima.critical_step import CriticalStepSize, critical_step_size
from ..minima.variants import biases_lower, logistic_data, with_biases
from .prepare import PREPARATIONS, PreparedData, prepare, rounding_estimate
from .read import read_table

Answer = dict[str, Any]  # the JSON object that is printed

PROGRAM = "python -m edge_of_stability"
DIGITS = 12  # printed, rounded outward; as many as the widest accepted interval has, and some

_LOSSES = {  # in the order of the answer
    "mean_of_entries": "mean over rows and targets",
    "mean": "mean over rows",
    "half_mean": "½ mean over rows",
    "sum": "sum over rows",
    "half_sum": "½ sum over rows",
}
_TORCH = {  # first the default of its class
    "squared": {"mean_of_entries": "MSELoss()", "sum": 'MSELoss(reduction="sum")'},
    "logistic": {"mean": "BCEWithLogitsLoss()", "sum": 'BCEWithLogitsLoss(reduction="sum")'},
}

_MEANING = """\
Do not train with a larger step size: above η_C, gradient descent on this deep linear network
converges to a global minimizer only from a null set of starting points. Below η_C, it does so
from a set of starting points with interior, which need not contain yours: try fractions of η_C."""

_MEANING_ONE_LAYER = """\
Below η_C, gradient descent on this linear regression converges from every starting point.
Above η_C, it does so only from a null set of starting points."""

_BIASES = "biases in every layer, the default of nn.Linear, would lower η_C: see --biases"
_TWO_VALUES = "the target has two values: for BCEWithLogitsLoss() see --loss logistic --intercept"

_LIMITS = """\
For a non-linear network, for stochastic gradients, other momentum or weight decay, and for data
prepared in another way, η_C is neither a safe step size nor an upper bound of one."""

_VELOCITIES = """\
With momentum, a null set is one of pairs of a starting point and a velocity."""


def critical_step() -> int:
    """The program ``critical-step``."""
    return run(["critical-step", *sys.argv[1:]])


def run(arguments: Sequence[str] | None = None) -> int:
    """The command of this process: the exit code, and nothing left to write after it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # no failure because of η on an ASCII terminal
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main(arguments)
        sys.stdout.flush()
    except OSError as error:
        # Python tries to write once more when it ends; then nothing is left that can fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            _complain(f"the answer cannot be written: {error.strerror}")
        code = 1
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 after a failure that was reported on stderr.

    A wrong option and --help end in a SystemExit; an OSError says that stdout cannot be written to.
    """
    options = _parser().parse_args(arguments)
    try:
        answer = _critical_step(options)
    except (ValueError, ArithmeticError) as error:
        _complain(f"{options.data!r}: {error}")
        return 2
    for warning in answer["warnings"]:
        _complain(f"warning: {warning}")
    print(json.dumps(answer, indent=2) if options.json else _as_text(answer))
    return 0


def loss_factors(row_count: int, target_count: int) -> Mapping[str, int]:
    """The factors from η_C of the sum of squared errors to η_C of other losses.

    The loss c·L has the gradient c·∇L, so that the step size η/c takes the same steps. The factor
    is 1/c, for n rows and d targets.
    """
    n, d = row_count, target_count
    return {"mean_of_entries": n * d, "mean": n, "half_mean": 2 * n, "sum": 1, "half_sum": 2}


def interval(eta: CriticalStepSize, factor: Fraction | int) -> dict[str, float]:
    """η_C times a factor: proven bounds, rounded outward, and the computed value between them."""
    lower, value, upper = (float(Fraction(x) * factor) for x in (eta.lower, eta.value, eta.upper))
    lower, upper = math.nextafter(lower, 0), math.nextafter(upper, math.inf)
    return {"lower": lower, "value": value, "upper": upper}


def _complain(sentence: str) -> None:
    print(f"critical-step: {sentence}", file=sys.stderr)


def _critical_step(options: argparse.Namespace) -> Answer:
    comma = options.decimal_comma
    table = read_table(options.data, options.separator, options.encoding, decimal_comma=comma)
    data = prepare(
        table,
        options.target,
        options.feature,
        options.preparation,
        target_preparation=options.target_preparation,
        leave_out=options.leave_out,
        drop_missing=options.drop_missing,
        intercept=options.intercept,
    )
    rounding = rounding_estimate(data, options.depth)
    eta, proven, lowered = _eta(data, options)
    stretch = 1 + Fraction(options.momentum)
    factors = loss_factors(data.row_count, len(data.targets))
    losses = _TORCH["logistic"] if options.loss == "logistic" else factors
    return {  # keys may be added to it; those here stay in format 1
        "format": 1,
        "file": options.data,  # the path as given
        "rows": data.row_count,  # n
        "features": data.features,  # the columns that are rows of X, in order
        "targets": data.targets,  # the same of Y
        "preparation": options.preparation,
        "target_preparation": options.target_preparation or options.preparation,
        "intercept": options.intercept,  # whether X has a last row of ones
        "depth": options.depth,  # N
        "loss": options.loss,  # "squared" or "logistic"
        "momentum": options.momentum,  # β of the heavy ball
        "biases": options.biases,  # in every layer
        "biases_lower": lowered,  # whether these lower η_C; null if that is not known
        "proven": proven,  # whether the intervals are; otherwise they are computed, up to rounding
        "sufficient_width": min(len(data.X), len(data.Y)),  # of hidden layers: min(d_0, d_N)
        "rounding": rounding,  # how much rounding of the data may move η_C, relative; an estimate
        "critical_step_size": {loss: interval(eta, stretch * factors[loss]) for loss in losses},
        "notes": data.notes,  # what of the file was left out
        "two_values": len(data.Y) == 1 and len(set(data.Y[0])) == 2,  # of the target
        "warnings": data.warnings,  # which columns may not be what they seem
    }


def _eta(
    data: PreparedData, options: argparse.Namespace
) -> tuple[CriticalStepSize, bool, bool | None]:
    """η_C for the sum over rows, without momentum; whether it is proven, and biases lower it."""
    if not 0 <= options.momentum < 1:
        raise ValueError(f"--momentum needs a number from 0 to below 1, got {options.momentum}")
    if options.loss == "logistic":
        if options.biases or options.depth == 1 or len(data.Y) > 1:
            raise ValueError("--loss logistic needs two layers or more, one target, no --biases")
        return critical_step_size(*logistic_data(data.X, data.Y[0]), options.depth), False, None
    centred = options.preparation != "raw" and not options.intercept
    if not options.biases:
        eta = critical_step_size(data.X, data.Y, options.depth)
        return eta, True, biases_lower(eta, data.row_count, options.depth) if centred else None
    if not centred:
        raise ValueError("biases in every layer (--biases) need centred features and no intercept")
    eta, lowered = with_biases(data.X, data.Y, options.depth)
    return eta, not lowered, lowered


def _as_text(answer: Answer) -> str:
    features = (
        _counted(len(answer["features"]), "feature") + " and an intercept" * answer["intercept"]
    )
    prepared, of_targets = answer["preparation"], answer["target_preparation"]
    other = f"; {PREPARATIONS[of_targets]}" * (of_targets != prepared)
    hidden = f", hidden widths at least {answer['sufficient_width']}" * (answer["depth"] > 1)
    change = "lower" if answer["biases_lower"] else "do not change"
    biases = f"biases in every layer, which {change} η_C here" if answer["biases"] else "no biases"
    loss, torch = next(iter(_TORCH[answer["loss"]].items()))
    lines = [
        f"η_C = {answer['critical_step_size'][loss]['value']:.6g} for {torch} and "
        f"SGD(lr=η, momentum={answer['momentum']:g}, weight_decay=0)",
        "",
        f"{answer['file']}: {answer['rows']} rows, {features}",
        *answer["notes"],
        f"prepared: {PREPARATIONS[prepared]}",
        f"targets: {', '.join(answer['targets'])}{other}",
        f"network: {_counted(answer['depth'], 'layer')}, {biases}{hidden}",
        *[_BIASES] * bool(answer["biases_lower"] and not answer["biases"]),
        *[_TWO_VALUES] * (answer["two_values"] and answer["loss"] == "squared"),
        "",
        *_table(answer),
        f"  rounding to double precision moves η_C by about {answer['rounding']:.0e} of it",
        "",
        _MEANING_ONE_LAYER if answer["depth"] == 1 else _MEANING,
        *[_VELOCITIES] * (answer["momentum"] > 0),
        _LIMITS,
    ]
    return "\n".join(lines)


def _table(answer: Answer) -> list[str]:
    """The intervals for every loss."""
    how = "proven interval" if answer["proven"] else "computed"
    head = f"critical step size η_C, {how} for the prepared numbers in double precision"
    cells = [(f"{answer['loss']} loss", "at least", "at most", "conversion", "PyTorch")]
    factors = loss_factors(answer["rows"], len(answer["targets"]))
    for loss, eta in answer["critical_step_size"].items():
        lower = Context(DIGITS, ROUND_FLOOR).create_decimal_from_float(eta["lower"])
        upper = Context(DIGITS, ROUND_CEILING).create_decimal_from_float(eta["upper"])
        torch = _TORCH[answer["loss"]].get(loss, "")
        cells.append((_LOSSES[loss], str(lower), str(upper), f"{factors[loss]} × sum", torch))
    name, low, high, times, _ = (max(map(len, column)) for column in zip(*cells, strict=True))
    return [head] + [
        f"  {a:{name}}  {b:>{low}}  {c:>{high}}  {d:{times}}  {e}".rstrip()
        for a, b, c, d, e in cells
    ]


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
        prog="critical-step",
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
    same = "the same for the targets alone; default: as the features"
    add("--target-preparation", choices=tuple(PREPARATIONS), help=same)
    dropped = "drop the rows with a missing value in a feature or target"
    add("--drop-missing", action="store_true", help=dropped)
    add("--intercept", action="store_true", help="add a constant feature 1, after the preparation")
    add("--biases", action="store_true", help="in every layer; the features have to be centred")
    add("--momentum", type=float, default=0.0, metavar="β", help="of the heavy ball; default 0")
    add("--loss", choices=tuple(_TORCH), default="squared", help="default: squared")
    help_separator = "between cells; tab for a tab; default: as the first line has it"
    add("--separator", type=_separator, metavar="CHARACTER", help=help_separator)
    add("--decimal-comma", action="store_true", help="numbers are written as 0,5")
    add("--encoding", metavar="NAME", help="as windows-1252; default: UTF-8, or the mark's")
    add("--json", action="store_true", help="print one JSON object")
    return parser
