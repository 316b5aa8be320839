"""What the ensembles are meant to reach, and whether a run of ``bench_ensemble.py`` reached it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

JAX = ("JAX jit(vmap(grad))", "JAX, best batch")
TORCH = ("PyTorch autograd", "PyTorch torch.func")
TIMES_AS_FAST = [  # network, factor, each of these ways
    ("scalar", 10, JAX),
    ("scalar", 30, TORCH),
    ("2-2-2", 5, JAX),
    ("5-10-10-3", 3, JAX),
]
SHARE_OF_LIMIT = ("scalar", 50)  # per cent
PICTURE = 5.0  # seconds


def targets(results: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One row a target; a framework that is missing leaves it open."""
    rows = {row["network"]: row for row in results["ensembles"]}
    for network, factor, ways in TIMES_AS_FAST:
        for way in ways:
            other = rows[network][way]
            ratio = None if other is None else rows[network]["run_ensemble"] / other
            met = None if ratio is None else ratio >= factor
            yield _row(f"{network}: at least {factor} × {way}", ratio, "{:.1f} ×", met)
    network, least = SHARE_OF_LIMIT
    share = 100 * rows[network]["run_ensemble"] / rows[network]["limit"]
    yield _row(f"{network}: at least {least} % of the limit", share, "{:.0f} %", share >= least)
    seconds = results["picture"]
    yield _row(
        f"the basin picture: at most {PICTURE:.0f} s", seconds, "{:.2f} s", seconds <= PICTURE
    )


def _row(target: str, value: float | None, form: str, met: bool | None) -> dict[str, str]:
    return {
        "target": target,
        "measured": "not measured" if value is None else form.format(value),
        "met": {None: "open", True: "yes", False: "**no**"}[met],
    }
