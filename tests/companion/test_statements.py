"""The registry of statements: entries that are not of its form are named."""

from __future__ import annotations

import pytest
import yaml

from companion.checking.statements import read_registry
from companion.project import BookError


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("Folklore.", "thm-two: 'Folklore.' is not a mapping"),
        ({}, "thm-two: 'source' is a required property"),
        ({"source": 7}, "thm-two.source: 7 is not text; a sentence or a citation needed"),
        (
            {"source": "Folklore.", "used": []},
            "thm-two: Additional properties are not allowed ('used' was unexpected)",
        ),
        (
            {"source": "Folklore.", "evidence": [{"tier": "exact", "test": "a", "cell": "b"}]},
            "a tier and at most one of function, test, cell needed",
        ),
    ],
)
def test_malformed_entry(tmp_path, entry, message):
    path = tmp_path / "statements.yml"
    path.write_text(yaml.safe_dump({"thm-two": entry}))
    with pytest.raises(BookError) as told:
        read_registry(path)
    assert message in str(told.value)


def test_statement_without_label_and_title(toy, refused):
    toy.page.write_text(f"{toy.page.read_text()}\n```{{prf:lemma}}\nZero is even.\n```\n")
    assert "without a title" in refused()
