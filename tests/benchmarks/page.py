"""Turn the results of the benchmarks into the tables of the book's page on speed.

Run as ``python tests/benchmarks/page.py RESULTS.json … PAGE.md``; ``make bench`` does.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from targets import targets

OURS = {"run_ensemble", "ours"}
LABELS = {"network", "D", "limit"}
MISSING = "not installed"


def page(results: Mapping[str, Any]) -> str:
    """The Markdown of the page: machine, tables, and where this package is slower."""
    parts = [
        machine(results["machine"]),
        f"The limit is measured: {results['multiply-adds a second'] / 1e9:.0f} billion "
        "fused multiply-adds a second in float64, on all cores used.",
        "## Ensembles",
        "Millions of gradient steps a second; the last column is the share of the limit.",
        table(with_share(results["ensembles"])),
        "Each way counts with its best batch. All sizes of a batch, in C of a vector, are:",
        table(list(by_size(results["sizes"]))),
        "How much faster `run_ensemble` is, as a factor:",
        table(list(ratios(results["ensembles"]))),
        "## Targets",
        "What the ensembles were meant to reach, and whether this run reached it.",
        table(list(targets(results))),
        "## Cost of a run",
        f"A basin picture, 1024² starts and 2000 steps of the scalar net, takes "
        f"{results['picture']:.2f} s.",
        *(fitted(size, fit) for size, fit in results["scaling"].items()),
        "The time of a step of networks with two layers grows like the power "
        f"{results['exponent of D']:.2f} of D.",
        "## Exact Hessians",
        "Milliseconds of processor time for a point, with one thread of BLAS.",
        table(results["hessian"]),
        "## Sharpness without the Hessian",
        "Seconds of processor time for the largest eigenvalue, from Hessian-vector products alone.",
        table(results["sharpness"]),
        "## The critical step size",
        "Seconds of processor time for these numbers of inputs and outputs, three layers. Ours is "
        "a proved interval of the relative width named; the other proves nothing.",
        table(results["critical step"]),
        "## Where we are slower",
        "\n".join(slower(results)) or "In none of these rows.",
    ]
    return "\n\n".join(parts) + "\n"


def machine(facts: Mapping[str, Any]) -> str:
    """One paragraph about the machine."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"Measured on {facts['used']} of {facts['cores']} cores ({facts['processor']}, "
        f"{facts['system']}, load before {facts['load before']:.1f}), Python {facts['python']}; "
        f"{versions}."
    )


def with_share(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the ensembles with the share of the limit that is reached, in per cent."""
    return [{**row, "% of limit": 100 * row["run_ensemble"] / row["limit"]} for row in rows]


def ratios(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the ensembles with the speed of ours over that of each other way."""
    for row in rows:
        own = row["run_ensemble"]
        others = {name: row[name] for name in row if name not in OURS | LABELS}
        times = {name: None if value is None else own / value for name, value in others.items()}
        yield {"network": row["network"], **times}


def by_size(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the ways that were timed with several sizes."""
    for row in rows:
        rates = ", ".join(f"{size}: {_cell(rate)}" for size, rate in row["sizes"].items())
        yield {"network": row["network"], "way": row["way"], "size: rate": rates}


def fitted(size: str, fit: Mapping[str, Any]) -> str:
    """The line through the times, and how well it fits."""
    return (
        f"The time is linear in the number of {size} (with {fit['with']}): a line, "
        f"{fit['seconds before the first']:.2g} s and {1e6 * fit['seconds each']:.3g} µs for each, "
        f"summed over the cores, fits within "
        f"{100 * fit['largest deviation']:.0f} % over a factor of "
        f"{max(fit['values']) // min(fit['values'])}."
    )


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table; a missing framework is named as such."""
    header = list(rows[0])
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    lines += [[_cell(row[key]) if key in row else "not run" for key in header] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def slower(results: Mapping[str, Any]) -> Iterator[str]:
    """One list item for every row in which something else is faster."""
    for title, key, more_is_better in (
        ("Ensembles", "ensembles", True),
        ("Exact Hessian", "hessian", False),
        ("Sharpness", "sharpness", False),
        ("Critical step size", "critical step", False),
    ):
        for row in results[key]:
            (own,) = (row[name] for name in row if name in OURS)
            for name, value in row.items():
                if name in OURS | LABELS or value is None:
                    continue
                ratio = value / own if more_is_better else own / value
                if ratio > 1:
                    what = row.get("network", f"D = {row.get('D')}")
                    yield f"* {title}, {what}: {name} is {ratio:.1f} times as fast."


def _cell(value: Any) -> str:
    if value is None:
        return MISSING
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def main() -> None:
    """Read the results, write the page."""
    *sources, target = map(Path, sys.argv[1:])
    results: dict[str, Any] = {}
    for source in sources:
        results |= json.loads(source.read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
