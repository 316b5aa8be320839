"""What tests of the explorers do and read."""

from __future__ import annotations


def settle(page) -> None:
    """Wait until a change is drawn: two frames."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def outcome(page) -> str:
    settle(page)
    return page.locator(".outcome").inner_text()


def centre(page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
