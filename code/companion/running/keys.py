"""When a run may be reused: only while everything it depends on is the same to the byte."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from companion.project import Project, package_source
from companion.running.environment import counted
from companion.running.notebooks import Notebook

LIBRARY = "edge_of_stability"


def common_key(project: Project) -> str:
    """Digest of what all runs depend on: the lock, the library, the room `notebook`.

    Cells alone would not do: a change in the library would leave stale figures behind. The minor
    version of Python counts too, since the lock resolves differently for each, and the variables of
    the environment on which results may depend.
    """
    digest = hashlib.sha256()
    _add(digest, json.dumps([sys.version_info[:2], counted()]))
    _add(digest, project.lock.read_text(encoding="utf-8"))
    _add(digest, source_digest(package_source("companion", "notebook")))
    _add(digest, source_digest(package_source(LIBRARY)))
    return digest.hexdigest()


def run_key(common: str, notebook: Notebook, parameters: Mapping[str, Any]) -> str:
    """Digest of a run's inputs: the cells, the parameters, and what all runs depend on."""
    digest = hashlib.sha256()
    _add(digest, common)
    for cell in notebook.cells:
        _add(digest, f"{cell.is_code} {cell.name} {sorted(cell.tags)}")
        _add(digest, cell.source)
    _add(digest, json.dumps(parameters, sort_keys=True, default=repr))
    return digest.hexdigest()[:20]


def source_digest(files: Iterable[Path]) -> str:
    """Digest of the names and contents of `files`, in this order."""
    digest = hashlib.sha256()
    for file in files:
        _add(digest, file.name)
        _add(digest, file.read_bytes())
    return digest.hexdigest()


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def _add(digest: _Digest, content: str | bytes) -> None:
    # The length in front keeps ("ab", "c") and ("a", "bc") apart.
    raw = content.encode() if isinstance(content, str) else content
    digest.update(len(raw).to_bytes(8, "big"))
    digest.update(raw)
