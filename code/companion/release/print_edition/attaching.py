"""Put the PDF into the site, and a link to it wherever a page has kept a place for one."""

from __future__ import annotations

from pathlib import Path

PDF = Path("book.pdf")  # relative to the site
# What the pages of a site without a PDF have where the link would be; the sidebar's template and
# the first page write it.
PLACE = "<!-- the PDF -->"


def attach(site: Path, content: bytes) -> None:
    """Write the PDF into `site` and link to it from every page that has :data:`PLACE`."""
    (site / PDF).write_bytes(content)
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        if PLACE in text:
            up = "../" * (len(page.relative_to(site).parts) - 1)
            page.write_text(text.replace(PLACE, _link(up, len(content))), encoding="utf-8")


def _link(up: str, size: int) -> str:
    link = f'<a href="{up}{PDF}">The whole book as a PDF</a>'
    return f'<p class="pdf">{link} ({size / 1e6:.0f} MB)</p>'
