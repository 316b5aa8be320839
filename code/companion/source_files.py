"""Read the files that people edit by hand; whatever is wrong with one is said in a sentence.

Every reader raises :class:`BookError` with the file, the line where there is one, and what is
needed. The form of a file is a JSON Schema; those of the book's own files are in ``forms.yml``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from jsonschema.validators import validator_for

from companion.errors import BookError

_LONGEST = 160  # characters of a message: some of jsonschema's repeat the whole file
_BOM = "\ufeff"
# What jsonschema calls by JSON's names.
_KINDS = {"object": "a mapping", "array": "a list", "string": "text", "number": "a number"}


def called(path: Path) -> str:
    """Return how messages call a file: by its path from here, if it is below."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def read_text(path: Path) -> str:
    """Read a text file in UTF-8.

    Raises
    ------
    BookError
        If there is no such file, or it has another encoding.
    """
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
    """Read a YAML file whose top level is a mapping; an empty file is an empty mapping.

    Raises
    ------
    BookError
        For bad syntax, another top level, keys that are given twice or are no text, numbers that
        are not finite, and whatever `form` does not allow.
    """
    text = read_text(path)
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        content = loader.construct_document(root) if root else None  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{called(path)}:{mark.line + 1}" if mark else called(path)
        tab = "; indent with spaces" if "'\\t'" in str(error.problem) else ""
        raise BookError(f"{place}: not YAML: {error.problem or error.context}{tab}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BookError(f"{called(path)}: {_short(str(error))}") from error
    if content is None:
        content = {}
    _check_form(path, content, {"type": "object", **(form or {})}, root)
    return dict(content)


def read_json(path: Path, form: Mapping[str, Any]) -> Any:
    """Read a JSON file of that form.

    Raises
    ------
    BookError
        For bad syntax, and for whatever `form` does not allow.
    """
    try:
        content = json.loads(read_text(path), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BookError(f"{called(path)}:{error.lineno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BookError(f"{called(path)}: not JSON: {error}") from error
    _check_form(path, content, form)
    return content


@cache
def form(name: str) -> dict[str, Any]:
    """Return the JSON Schema that ``forms.yml`` has under that name."""
    forms = yaml.safe_load(Path(__file__).with_name("forms.yml").read_text(encoding="utf-8"))
    return {**forms["$defs"][name], **forms}


def schema_of(package: str, file: str) -> dict[str, Any]:
    """Return a JSON Schema that another package carries; the package is not imported."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    schema: dict[str, Any] = json.loads((Path(spec.origin).parent / file).read_text("utf-8"))
    return schema


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no finite number")


# Form ---------------------------------------------------------------------------------------


def _check_form(
    path: Path, content: Any, form: Mapping[str, Any], root: yaml.Node | None = None
) -> None:
    problems = []
    for error in _validator(json.dumps(form)).iter_errors(content):
        steps = [*error.absolute_path]
        line = _line(root, steps) if root else 0
        place = f"{called(path)}:{line}" if line else called(path)
        where = ".".join(map(str, steps))
        needed = error.schema.get("needed") if isinstance(error.schema, dict) else None
        message = f"{_plain(error.message)}{f'; {needed} needed' if needed else ''}"
        problems.append((line, f"{place}: {where + ': ' if where else ''}{message}"))
    if problems:
        raise BookError("\n".join(text for _, text in sorted(problems)))


@cache
def _validator(form: str) -> Any:
    schema = json.loads(form)
    kind = validator_for(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def _line(node: yaml.Node, steps: Iterable[Any]) -> int:
    """The line of what is at the end of these keys and indices, or of the last one found."""
    line = node.start_mark.line
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:  # merged from elsewhere
                break
            key, node = found[-1]
            line = key.start_mark.line
        else:
            node = node.value[step]
            line = node.start_mark.line
    return int(line) + 1


def _plain(message: str) -> str:
    for kind, plain in _KINDS.items():
        message = message.replace(f"of type '{kind}'", plain)
    return _short(message)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


# YAML ---------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, where a key counts once, ``1e-7`` is a number and a date is text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.tag != "tag:yaml.org,2002:str":
                raise _refused(f"the key {_source(key)} is not text; put it in quotes", key)
            if key.value in seen:
                raise _refused(f"the key {key.value!r} is given twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        value = float(super().construct_yaml_float(node))  # type: ignore[no-untyped-call]
        if value - value != 0:
            raise _refused(f"{node.value} is no finite number", node)
        return value


def _refused(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _source(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "(a list or a mapping)"


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(  # type: ignore[no-untyped-call]
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), [*"-+0123456789"]
)
# The table of constructors holds functions, so an overriding method must be entered anew.
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
