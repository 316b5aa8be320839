"""The printed file itself."""

from __future__ import annotations

import io

from pypdf import PdfWriter

from companion.release.print_edition.printing import page_numbers


def test_pages_are_counted_from_one():
    writer = PdfWriter()
    for _ in range(3):
        writer.add_blank_page(width=100, height=100)
    writer.add_named_destination("first", page_number=0)
    writer.add_named_destination("last", page_number=2)
    content = io.BytesIO()
    writer.write(content)
    assert page_numbers(content.getvalue()) == {"first": 1, "last": 3}
