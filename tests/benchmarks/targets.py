"""What the ensembles are meant to reach, and whether a run of ``bench_ensemble.py`` reached it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SMALL = ("1-1-1", "1-1-1-1-1-1", "2-2-2", "5-10-10-3")
LARGE = ("30-30-30", "40-40-40", "20-64-64-10", "50-64-64-10")
FRAMEWORKS = ("NumPy by hand", "PyTorch by hand", "JAX by hand")
TIMES_AS_FAST = [  # networks, factor, the best of these ways
    (SMALL, 3, ("JAX by hand",)),
    (SMALL, 0.9, ("C by hand",)),
    (LARGE, 1.3, FRAMEWORKS),
]
SHARE_OF_LIMIT = ((*SMALL, "10-20-10", "20-20-20"), 45)  # per cent
FIRST_CALL = {"cold": 3.0, "cached": 0.3}  # seconds
PICTURE = 5.0  # seconds


def targets(results: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One row a target; a framework that is missing leaves it open."""
    rows = {row["network"]: row for row in results["ensembles"]}
    for networks, factor, ways in TIMES_AS_FAST:
        what = ways[0] if len(ways) == 1 else "the best framework by hand"
        for network in networks:
            others = [rows[network][way] for way in ways]
            ratio = None if None in others else rows[network]["run_ensemble"] / max(others)
            met = None if ratio is None else ratio >= factor
            yield _row(f"{network}: at least {factor} × {what}", ratio, "{:.2f} ×", met)
    for network in SHARE_OF_LIMIT[0]:
        share, least = (
            100 * rows[network]["run_ensemble"] / rows[network]["limit"],
            SHARE_OF_LIMIT[1],
        )
        yield _row(f"{network}: at least {least} % of the limit", share, "{:.0f} %", share >= least)
    for name, seconds in results["first call"].items():
        most = FIRST_CALL[name.split(", ")[1]]
        what = f"first call of {name}: at most {most} s"
        yield _row(what, seconds, "{:.2f} s", seconds <= most)
    seconds = results["picture"]
    what = f"the basin picture: at most {PICTURE:.0f} s"
    yield _row(what, seconds, "{:.2f} s", seconds <= PICTURE)


def _row(target: str, value: float | None, form: str, met: bool | None) -> dict[str, str]:
    return {
        "target": target,
        "measured": "not measured" if value is None else form.format(value),
        "met": {None: "open", True: "yes", False: "**no**"}[met],
    }
