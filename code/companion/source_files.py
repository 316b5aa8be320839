"""Read the files that people edit by hand; whatever is wrong with one is said in a sentence.

Every reader raises :class:`BookError` with the file, the place in it, and what is needed. The form
of a file is a JSON Schema; those of the book's own files are in ``forms.yml``.
"""

import json
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jsonschema.validators import validator_for
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from companion.errors import BookError, refuse

_LONGEST = 160  # characters of a message: some of jsonschema's repeat the whole file
_BOM = "\ufeff"


def called(path: Path) -> str:
    """Return how messages call a file: by its path from here, if it is below."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def read_text(path: Path) -> str:
    """Read a text file, which is to be in UTF-8."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BookError(f"{called(path)}:{line}: not UTF-8; save it in that encoding") from error
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BookError(f"{called(path)}: no such file") from error
    if text.startswith(_BOM):
        raise BookError(f"{called(path)}: begins with a byte order mark; save it as plain UTF-8")
    return text


def read_yaml(path: Path, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read a file of YAML 1.2 whose top level is a mapping; an empty file is an empty mapping.

    It holds what JSON can hold: keys and dates are text, and so is a number that is not finite.
    Keys may not be given twice, and `form` must allow what is there.
    """
    text = read_text(path)
    try:
        content: Any = json.loads(_as_json(text), parse_constant=str)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{called(path)}:{mark.line + 1}" if mark else called(path)
        raise BookError(f"{place}: not YAML: {error.problem or error.context}") from error
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        raise BookError(f"{called(path)}: {_short(str(error))}") from error
    _check_form(path, content, {"type": "object", **(form or {})})
    return dict(content)


@lru_cache(maxsize=16)  # Sphinx reads the registries on every page
def _as_json(text: str) -> str:
    content = YAML(typ="safe", pure=True).load(text)
    return json.dumps({} if content is None else content, default=str)


def read_json(path: Path, form: Mapping[str, Any]) -> Any:
    """Read a JSON file of that form."""
    try:
        content = json.loads(read_text(path), parse_constant=str)
    except json.JSONDecodeError as error:
        raise BookError(f"{called(path)}:{error.lineno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BookError(f"{called(path)}: not JSON: {error}") from error
    _check_form(path, content, form)
    return content


@cache
def form(name: str) -> dict[str, Any]:
    """Return the JSON Schema that ``forms.yml`` has under that name."""
    forms = read_yaml(Path(__file__).with_name("forms.yml"))
    return {**forms["$defs"][name], **forms}


def _check_form(path: Path, content: Any, form: Mapping[str, Any]) -> None:
    """Check `content` against a schema, and name the place of whatever is wrong by its keys."""
    problems = []
    for error in _validator(json.dumps(form)).iter_errors(content):
        where = ".".join(map(str, error.absolute_path))
        needed = error.schema.get("needed") if isinstance(error.schema, dict) else None
        message = f"{_short(error.message)}{f'; {needed} needed' if needed else ''}"
        problems.append(f"{called(path)}: {where + ': ' if where else ''}{message}")
    refuse(problems)


@cache
def _validator(form: str) -> Any:
    schema = json.loads(form)
    kind = validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
