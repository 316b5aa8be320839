"""Repairs of other people's software are made for the versions that are installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from companion.sphinx.repairs import MADE_FOR


@pytest.mark.parametrize("package", MADE_FOR)
def test_repairs_are_made_for_the_installed_version(package):
    assert version(package) == MADE_FOR[package], (
        f"see in companion/sphinx/repairs.py what {package} was mended for, whether the fault is "
        "still there, and whether the repair still mends it; then name the new version there"
    )
