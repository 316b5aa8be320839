"""What the page on reproducibility says: gathered by a build from the runs it shows.

Lists of rows, by the parts of the page. What differs between two clean builds of one commit on one
machine is marked: ``{"volatile": what}``.
"""

import hashlib
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from companion.checking.references import (
    Deviation,
    load_arrays,
    published_data,
    published_figures,
    published_numbers,
)
from companion.notebook import FOLDER
from companion.project import Project
from companion.running.execution import Run

RECORD = Path("book") / FOLDER / "reproducibility.json"


def gather(
    project: Project, runs: Sequence[Run], deviations: Sequence[Deviation]
) -> dict[str, Any]:
    """Return the record of a build: plain data, to be written as JSON."""
    compared: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in deviations:
        compared[item.figure].append({**asdict(item), "share": item.share})
    numbers = [(run, *number) for run in runs for number in published_numbers(run).items()]
    record: dict[str, list[dict[str, Any]]] = {
        "notebooks": [
            {
                "Notebook": run.notebook,
                "Executed (UTC)": _volatile(f"{_utc(run.record['started']):%Y-%m-%d %H:%M}"),
                "Seconds": _volatile(f"{run.record['seconds']:.1f}"),
                "Key": run.key,
            }
            for run in runs
        ],
        "figures": [
            {
                "Figure": name,
                "Notebook": run.notebook,
                "Data digest": digest(load_arrays(published_data(run, name))),
                "compared": compared[name],
            }
            for run in runs
            for name in published_figures(run)
        ],
        "numbers": [
            {
                "Number": name,
                "Value": _volatile(number["value"]) if number["volatile"] else number["value"],
                "compared": compared[name],
                "Notebook": run.notebook,
            }
            for run, name, number in numbers
        ],
        "machine": [{"What": what, "Value": value} for what, value in _machine(project, runs)],
        "packages": [
            {"Package": name, "Version": version}
            # One version of each, unless runs of several environments are reused.
            for name, version in dict.fromkeys(
                package for run in runs for package in run.record["packages"].items()
            )
        ],
    }
    return {"summary": _summary(record, deviations), **record}


def _volatile(what: object) -> dict[str, object]:
    return {"volatile": what}


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _summary(record: Mapping[str, Sequence[Any]], deviations: Sequence[Deviation]) -> str:
    if not deviations:
        return (
            "References belong to the default scale, and this site was built at another one. "
            "Everything that is declared was published, but no figure and no number was "
            "compared with a reference."
        )
    numbers = sum(bool(row["compared"]) for row in record["numbers"])
    text = (
        f"This build shows {len(record['figures'])} figures and {len(record['numbers'])} numbers "
        f"from {len(record['notebooks'])} notebooks. It compared {len(deviations) - numbers} "
        f"arrays behind the figures and {numbers} of the numbers with their references. "
        "All are within their tolerances; "
        f"{sum(item.deviation == 0 for item in deviations)} of {len(deviations)} are equal to the "
        "last bit."
    )
    worst = max(deviations, key=lambda item: item.share)
    if worst.deviation:
        text += f" The largest deviation is {worst.share:.2g} of its tolerance: "
        text += f"{worst.figure} ({worst.array})."
    return text


def _machine(project: Project, runs: Sequence[Run]) -> Iterator[tuple[str, object]]:
    yield "Commit", _volatile(commit_of(project))
    machines = {json.dumps(run.record["machine"]): run.record["machine"] for run in runs}
    for machine in machines.values():
        yield "Processor", _volatile(f"{machine['processor']}, {machine['cores']} cores")
        yield "System", _volatile(f"{machine['system']}, Python {machine['python']}")
        yield "Vector instructions NumPy uses", _volatile(", ".join(machine["simd"]))
        yield from (("BLAS", _volatile(blas)) for blas in machine["blas"] or ["not reported"])
    yield "Lock", hashlib.sha256(project.lock.read_bytes()).hexdigest()


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of named arrays: of names, types, shapes and entries, whatever file holds them."""
    result = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        array = array.astype(array.dtype.newbyteorder("<"), order="C")
        result.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        result.update(array.tobytes())
    return result.hexdigest()


def commit_of(project: Project) -> str:
    """Say which commit is checked out, and whether committed files were changed since."""
    if not (project.root / ".git").exists():
        return "not built from a checkout"
    command = ["git", "-C", str(project.root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        found = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        # Its own words name the folder. The usual reason is an owner other than the builder.
        return "unknown: git did not read the checkout (safe.directory?)"
    return found.stdout.strip().replace("-dirty", ", and files changed since")
