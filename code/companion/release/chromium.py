"""Chromium: where it is, how it is started; for printing the PDF and for tests of the site."""

import os
import shutil

from companion.project import BookError

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Return the path of Chromium: the variable CHROMIUM, or a usual name on the search path."""
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else _NAMES:
        if program := shutil.which(name):
            return program
    raise BookError(
        f"no Chromium found as {wanted or ', '.join(_NAMES)}: install it "
        "(Debian: apt-get install chromium) or set CHROMIUM to its path"
    )
