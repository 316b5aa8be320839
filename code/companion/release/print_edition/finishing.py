"""What is done to the printed file itself: reading its page numbers, writing its metadata."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from pypdf import PdfReader, PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject

from companion.checking.citation import names_of, read_citation
from companion.project import Project
from companion.release.print_edition.front import title_of


def page_numbers(content: bytes) -> dict[str, int]:
    """Return the page, counted from 1, of every target of a link."""
    reader = PdfReader(io.BytesIO(content))
    numbers = {}
    for name, destination in reader.named_destinations.items():
        number = reader.get_destination_page_number(destination)
        if number is not None:
            numbers[name.removeprefix("/")] = number + 1
    return numbers


def finished(project: Project, content: bytes) -> bytes:
    """Return the printed file with title, authors and date; it opens with its outline shown.

    The date is that of the release in ``CITATION.cff``, so that the same book is the same file.
    """
    writer = PdfWriter(clone_from=io.BytesIO(content))
    citation = read_citation(project.citation)
    metadata = {"/Title": title_of(project), "/Creator": "edge-of-stability-companion"}
    if citation:
        released = datetime.fromisoformat(citation["date-released"]).replace(tzinfo=UTC)
        metadata["/Author"] = names_of(citation)
        metadata["/Subject"] = citation["title"]
        metadata["/CreationDate"] = metadata["/ModDate"] = released.strftime("D:%Y%m%d%H%M%SZ")
    writer.metadata = None
    writer.add_metadata(metadata)
    writer.root_object[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )
    writer.page_mode = "/UseOutlines"
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()
