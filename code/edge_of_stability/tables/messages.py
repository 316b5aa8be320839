"""How a table is refused: one sentence, with the file in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn


def refuse(path: str, sentence: str) -> NoReturn:
    """Raise the ValueError of a table that cannot be used."""
    raise ValueError(f"{path}: {sentence}")


def quoted(text: str, most: int = 40) -> str:
    """The text in quotes and on one line, cut to a length."""
    shown = repr(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…{shown[0]}"


def listed(names: Sequence[str]) -> str:
    """The first ten names, and how many more there are."""
    shown = ", ".join(map(quoted, names[:10]))
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
