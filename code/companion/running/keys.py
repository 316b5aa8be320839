"""When a run may be reused: only while everything it depends on is the same to the byte."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from companion.project import Project, package_source
from companion.running.environment import counted
from companion.running.notebooks import Notebook

LIBRARY = "edge_of_stability"


def common_key(project: Project) -> str:
    """Digest of what all runs depend on: the lock, the library, the room `notebook`.

    The minor version of Python counts too, since the lock resolves differently for each, and so do
    the environment variables on which results may depend.
    """
    return _digest(
        json.dumps([sys.version_info[:2], counted()]),
        project.lock.read_text(encoding="utf-8"),
        source_digest(package_source("companion", "notebook")),
        source_digest(package_source(LIBRARY)),
    )


def run_key(common: str, notebook: Notebook, parameters: Mapping[str, Any]) -> str:
    """Digest of a run's inputs: the cells, the parameters, and what all runs depend on."""
    cells = (
        part
        for cell in notebook.cells
        for part in (f"{cell.is_code} {cell.name} {sorted(cell.tags)}", cell.source)
    )
    given = json.dumps(parameters, sort_keys=True, default=repr)
    return _digest(common, *cells, given)[:20]


def source_digest(files: Iterable[Path]) -> str:
    """Digest of the names and contents of `files`, in this order."""
    return _digest(*(part for file in files for part in (file.name, file.read_bytes())))


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        # The length in front keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()
