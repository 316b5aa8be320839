"""Every entry of the real registry is really checked: what is wrong about it is named.

The sources of the book are read as they are, and changed in a copy, one kind of error at a time in
every entry at once.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.checking.checks import check_sources
from companion.checking.declarations import read_declarations
from companion.checking.statements import check_statements, read_registry
from companion.project import BookError, Project
from toy import REPOSITORY

REGISTRY: dict[str, Any] = yaml.safe_load((REPOSITORY / "book/statements.yml").read_text("utf-8"))
PLACES = ("function", "test", "cell")
SOURCES = ("book", "tests")


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A copy of what the checks read."""
    root = tmp_path_factory.mktemp("book")
    for name in SOURCES:
        ignore = shutil.ignore_patterns("__pycache__", "_published", ".*")
        shutil.copytree(REPOSITORY / name, root / name, ignore=ignore)
    for name in ("_config.yml", "_toc.yml", "requirements.lock"):
        shutil.copyfile(REPOSITORY / name, root / name)
    return root


@pytest.fixture
def complaint(sources):
    """Check a changed registry and return what the check says."""

    def check(registry: dict[str, Any]) -> str:
        path = sources / "book" / "statements.yml"
        path.write_text(yaml.safe_dump(registry, allow_unicode=True, sort_keys=False))
        with pytest.raises(BookError) as caught:
            check_statements(Project(sources))
        return str(caught.value)

    yield check
    shutil.copyfile(REPOSITORY / "book/statements.yml", sources / "book/statements.yml")


def changed(label: str, **fields: Any) -> dict[str, Any]:
    return {**REGISTRY[label], **fields}


@contextmanager
def edited(edits: dict[Path, str]) -> Iterator[None]:
    """Files of the copy with another text, for a while."""
    before = {path: path.read_text("utf-8") for path in edits}
    for path, text in edits.items():
        path.write_text(text)
    try:
        yield
    finally:
        for path, text in before.items():
            path.write_text(text)


def on_every_page(sources: Path, old: str, new: str) -> dict[Path, str]:
    return {page: page.read_text("utf-8").replace(old, new) for page in Project(sources).pages}


def evidence_of(label: str) -> list[dict[str, str]]:
    return list(REGISTRY[label].get("evidence") or ())


def test_the_copy_is_sound(sources):
    check_statements(Project(sources))
    check_sources(Project(sources))


def test_every_entry_that_is_gone(complaint):
    said = complaint({})
    assert [label for label in REGISTRY if f"{label}: stated in book/" not in said] == []


def test_every_entry_that_no_page_states(complaint):
    said = complaint({f"{label}-two": entry for label, entry in REGISTRY.items()})
    wanted = "{}-two: registered in statements.yml but stated on no page"
    assert [label for label in REGISTRY if wanted.format(label) not in said] == []


def test_every_unknown_use(complaint):
    said = complaint({label: changed(label, uses=["thm-none"]) for label in REGISTRY})
    wanted = "{}: uses thm-none, which is not registered"
    assert [label for label in REGISTRY if wanted.format(label) not in said] == []


def test_every_circle(complaint):
    users = [label for label in REGISTRY if REGISTRY[label].get("uses")]
    assert len(users) > 20
    for label in users[::10]:
        used = REGISTRY[label]["uses"][0]
        turned = {**REGISTRY, used: changed(used, uses=[label])}
        assert "a circle of uses: " in (said := complaint(turned))
        assert label in said


def test_every_statement_without_evidence(complaint):
    without = {label: changed(label, evidence=[]) for label in REGISTRY}
    said = complaint(without)
    asserted = [label for label in REGISTRY if not label.startswith("def-")]
    assert [label for label in asserted if f"{label}: no evidence" not in said] == []


def test_every_place_of_evidence(complaint):
    moved = {
        label: changed(
            label,
            evidence=[
                {key: f"{value}_none" if key in PLACES else value for key, value in item.items()}
                for item in evidence_of(label)
            ],
        )
        for label in REGISTRY
    }
    said = complaint(moved)
    wanted = [
        f"{label}: {item['tier']} evidence: {key} {value}_none does not exist"
        for label in REGISTRY
        for item in evidence_of(label)
        for key, value in item.items()
        if key in PLACES
    ]
    assert len(wanted) > 100
    assert [sentence for sentence in wanted if sentence not in said] == []


@pytest.mark.parametrize(
    ("tier", "problem"),
    [
        ("certain", "'certain' is not one of ['proved', 'exact'"),
        ("exact", "a tier and one of function, test, cell needed"),
        ("cited", "cited, but its source"),
    ],
)
def test_every_tier(complaint, tier, problem):
    # Sources that cite would make a `cited` lawful.
    said = complaint(
        {k: changed(k, source="Standard.", evidence=[{"tier": tier}]) for k in REGISTRY}
    )
    named = [line for line in said.splitlines() if problem in line]
    labels = {re.match(r"(?:\S+:\d+: )?([\w-]+)[.:]", line)[1] for line in named}
    assert labels == set(REGISTRY)


@pytest.mark.parametrize(
    ("old", "new"), [("(proof-", "(prof-"), ("{prf:proof}", "{note}")], ids=["target", "proof"]
)
def test_every_proof_that_is_gone(sources, old, new):
    changed_pages = edited(on_every_page(sources, old, new))
    with changed_pages, pytest.raises(BookError) as caught:
        check_statements(Project(sources))
    said = str(caught.value)
    proved = [k for k in REGISTRY if any(item["tier"] == "proved" for item in evidence_of(k))]
    assert len(proved) > 20
    wanted = "{0}: proved evidence: proof at (proof-{0})= does not exist"
    assert [label for label in proved if wanted.format(label) not in said] == []


def test_every_list_of_tiers_begins_with_the_strongest():
    order = ("proved", "exact", "rigorous", "cited", "sampled")
    statements = read_registry(REPOSITORY / "book/statements.yml")
    several = [found.tiers for found in statements.values() if len(found.tiers) > 1]
    assert len(several) > 10
    assert [tiers for tiers in several if sorted(tiers, key=order.index) != list(tiers)] == []


def test_every_tier_proved_without_a_proof(complaint):
    unproved = [
        label
        for label in REGISTRY
        if not any(item["tier"] == "proved" for item in evidence_of(label))
    ]
    claimed = {label: changed(label, evidence=[{"tier": "proved"}]) for label in unproved}
    said = complaint({**REGISTRY, **claimed})
    assert [label for label in unproved if f"(proof-{label})= does not exist" not in said] == []


def test_every_reference_without_an_owner(sources):
    """No figure is declared and no page shows one: each is stale, shown in vain, or both."""
    names = list(read_declarations(Project(sources)))
    nothing_declared = edited({sources / "book" / "figures.yml": "{}\n"})
    with nothing_declared, pytest.raises(BookError) as caught:
        check_sources(Project(sources))
    said = str(caught.value)
    for name in names:
        assert f"figure {name}: shown in book/" in said
        for end in (".npz", ".png"):
            assert f"tests/references/figures/{name}{end}: a stale reference" in said


def test_every_figure_shown_nowhere(sources):
    hidden = edited(on_every_page(sources, "{published}", "{unpublished}"))
    with hidden, pytest.raises(BookError) as caught:
        check_sources(Project(sources))
    said = str(caught.value)
    names = read_declarations(Project(sources))
    wanted = "figure {}: declared in figures.yml but shown on no page"
    assert [name for name in names if wanted.format(name) not in said] == []
