"""Parameters of notebooks as ``-p NAME=VALUE`` gives them.

VALUE is a Python literal (``7``, ``1e3``, ``True``, ``None``, ``["a", "b"]``, ``'3'``), else it is
text, as it is: ``no``, ``1:30``, ``a: b.csv``. What papermill would give to the notebook as
something else (a set, a complex number) is refused.
"""

from __future__ import annotations

import ast
import warnings
from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any


def assignment(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``.

    Raises
    ------
    argparse.ArgumentTypeError
        For another form, the name ``scale`` (which has an option), and a literal of another type.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ArgumentTypeError(f"{text!r}: name=value needed")
    if name == "scale":
        raise ArgumentTypeError(f"{text!r}: the option --scale sets it")
    parsed = _literal(value)
    if not _is_plain(parsed):
        raise ArgumentTypeError(
            f"{text!r}: a number, text, True, False, None or a list of these needed"
        )
    return name, parsed


def misfits(parameters: Mapping[str, Any], defaults: Mapping[str, str]) -> list[str]:
    """Say which parameters are text where the default is none, or the other way round.

    Parameters
    ----------
    parameters
        Values by name.
    defaults
        The sources of the defaults, by name.
    """
    return [
        f"parameter {name}: {value!r} does not fit its default, {defaults[name]}; "
        "text that reads like a number needs quotes of its own, as in -p \"name='3'\""
        for name, value in parameters.items()
        if isinstance(default := _literal(defaults[name]), str | int | float)
        and isinstance(value, str) != isinstance(default, str)
        and not isinstance(value, list)
    ]


def _literal(text: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes such as "\d"
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)
