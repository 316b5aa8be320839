"""Chromium: where it is, and how it is started."""

from __future__ import annotations

import os
import shutil
from typing import ClassVar

from companion.project import BookError

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoBrowserError(BookError):
    """Chromium is not there; a mistake in how the command was called, not in the book."""

    code: ClassVar[int] = 2


def find_chromium() -> str:
    """Return the path of Chromium: the variable CHROMIUM, or a usual name on the search path.

    Raises
    ------
    NoBrowserError
        If there is none.
    """
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else _NAMES:
        if program := shutil.which(name):
            return program
    raise NoBrowserError(
        f"no Chromium found as {wanted or ', '.join(_NAMES)}: install it "
        "(Debian: apt-get install chromium) or set CHROMIUM to its path"
    )
