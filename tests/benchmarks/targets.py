"""What the ensembles are meant to reach, and whether a run of ``bench_ensemble.py`` reached it."""

from collections.abc import Iterator, Mapping
from typing import Any

SMALL = ("1-1-1", "1-1-1-1-1-1", "2-2-2", "5-10-10-3")
LARGE = ("30-30-30", "40-40-40", "20-64-64-10", "50-64-64-10")
TIMES_AS_FAST = [  # networks, factor, whom to beat, and the ways of whom the best counts
    (SMALL, 3, "JAX by hand", ["JAX by hand"]),
    (SMALL, 0.9, "C by hand", ["C by hand"]),
    (
        LARGE,
        1.3,
        "the best framework by hand",
        ["NumPy by hand", "PyTorch by hand", "JAX by hand"],
    ),
]
NEAR_THE_LIMIT, LEAST_SHARE = (*SMALL, "10-20-10", "20-20-20"), 45  # per cent
FIRST_CALL = {"cold": 3.0, "cached": 0.3}  # seconds
PICTURE = 5  # seconds


def targets(results: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One row a target; a framework that is missing leaves it open."""
    rows = {row["network"]: row for row in results["ensembles"]}
    for networks, factor, what, ways in TIMES_AS_FAST:
        for row in map(rows.get, networks):
            target = f"{row['network']}: at least {factor} × {what}"
            if None in (others := [row[way] for way in ways]):
                yield {"target": target, "measured": "not measured", "met": "open"}
                continue
            ratio = row["run_ensemble"] / max(others)
            yield _row(target, f"{ratio:.2f} ×", ratio >= factor)
    for network in NEAR_THE_LIMIT:
        share = 100 * rows[network]["run_ensemble"] / rows[network]["limit"]
        target = f"{network}: at least {LEAST_SHARE} % of the limit"
        yield _row(target, f"{share:.0f} %", share >= LEAST_SHARE)
    for name, seconds in results["first call"].items():
        most = FIRST_CALL[name.split(", ")[1]]
        yield _row(f"first call of {name}: at most {most} s", f"{seconds:.2f} s", seconds <= most)
    seconds = results["picture"]
    target = f"the basin picture: at most {PICTURE} s"
    yield _row(target, f"{seconds:.2f} s", seconds <= PICTURE)


def _row(target: str, measured: str, met: bool) -> dict[str, str]:
    return {"target": target, "measured": measured, "met": "yes" if met else "**no**"}
