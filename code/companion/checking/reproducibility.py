"""What the page on reproducibility says: gathered by a build from the runs it shows.

All that differs between two clean builds of one commit on one machine is under ``"volatile"``.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from companion.checking.references import (
    Deviation,
    figure_arrays,
    published_figures,
    published_numbers,
)
from companion.notebook.publish import FOLDER
from companion.project import Project
from companion.running.runs import Run

RECORD = Path("book") / FOLDER / "reproducibility.json"


def gather(
    project: Project, runs: Sequence[Run], deviations: Sequence[Deviation]
) -> dict[str, Any]:
    """Return the record of a build: plain data, to be written as JSON."""
    compared: dict[str, list[Deviation]] = {}
    for item in deviations:
        compared.setdefault(item.figure, []).append(item)
    return {
        "lock": hashlib.sha256(project.lock.read_bytes()).hexdigest(),
        "packages": _common(runs, "packages"),
        "notebooks": {run.notebook: {"key": run.key} for run in runs},
        "figures": {
            name: {
                "notebook": run.notebook,
                "digest": digest(figure_arrays(run, name)),
                "compared": [_row(item) for item in compared.get(name, ())],
            }
            for run in runs
            for name in published_figures(run)
        },
        "numbers": {
            name: {
                "notebook": run.notebook,
                "value": None if number["volatile"] else number["value"],
                "compared": [_row(item) for item in compared.get(name, ())],
            }
            for run in runs
            for name, number in published_numbers(run).items()
        },
        "volatile": {
            "commit": commit_of(project),
            "machine": _common(runs, "machine"),
            "numbers": {
                name: number["value"]
                for run in runs
                for name, number in published_numbers(run).items()
                if number["volatile"]
            },
            "runs": {
                run.notebook: {
                    "started": _minute(record["started"]),
                    "seconds": record["seconds"],
                }
                for run in runs
                for record in (run.record,)
            },
        },
    }


def _minute(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of named arrays: of names, types, shapes and entries, whatever file holds them."""
    result = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        array = array.astype(array.dtype.newbyteorder("<"), order="C")
        result.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        result.update(array.tobytes())
    return result.hexdigest()


def _row(item: Deviation) -> dict[str, Any]:
    return {
        "array": item.array,
        "deviation": item.deviation,
        "tolerance": item.tolerance,
        "share": item.share,
    }


def _common(runs: Sequence[Run], what: str) -> list[dict[str, Any]]:
    """The different values the runs recorded: one, unless runs of several machines are reused.

    Runs of a version of the book that did not record it yet have none.
    """
    found: list[dict[str, Any]] = []
    for run in runs:
        value = run.record.get(what)
        if value and value not in found:
            found.append(value)
    return found


def commit_of(project: Project) -> dict[str, Any]:
    """The commit that is checked out, and whether committed files were changed since.

    Without a checkout it is empty; where git does not answer it says why it is not known.
    """
    if not (project.root / ".git").exists():
        return {}
    command = ["git", "-C", str(project.root), "status", "--porcelain=v2", "--branch", "-uno"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except OSError:
        return {"unknown": "git could not be started"}
    except subprocess.CalledProcessError:
        # Its own words name the folder. The usual reason is an owner other than the builder.
        return {"unknown": "git refused to read the checkout (safe.directory?)"}
    lines = result.stdout.splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid")]
    changed = any(not line.startswith("#") for line in lines)
    return {"id": commits[0], "changed": changed} if commits else {}


def commit_in_words(commit: Mapping[str, Any]) -> str:
    """Return what the page says of a commit, as `commit_of` found it."""
    if "unknown" in commit:
        return f"unknown: {commit['unknown']}"
    if not commit:
        return "not built from a checkout"
    return f"{commit['id']}, and files changed since" if commit["changed"] else str(commit["id"])
