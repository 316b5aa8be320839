"""Every entry of the real registry is really checked: what is wrong about it is named.

The sources of the book are read as they are, and changed in a copy, one kind of error at a time in
every entry at once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.checking.checks import check_sources
from companion.checking.declarations import read_declarations
from companion.checking.statements import check_statements, read_registry
from companion.project import BookError, Project
from toy import REPOSITORY

PATH = REPOSITORY / "book/statements.yml"
REGISTRY: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
FIGURES = list(read_declarations(Project(REPOSITORY)))
EVIDENCE = {label: entry.get("evidence") or [] for label, entry in REGISTRY.items()}
PROVED = {label for label in REGISTRY if {"tier": "proved"} in EVIDENCE[label]}
PLACES = ("function", "test", "cell")
Check = Callable[[Project], None]


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """A copy of what the checks read."""
    root = tmp_path_factory.mktemp("book")
    for name in ("book", "tests"):
        ignore = shutil.ignore_patterns("__pycache__", "_published", ".*")
        shutil.copytree(REPOSITORY / name, root / name, ignore=ignore)
    for name in ("_config.yml", "_toc.yml", "requirements.lock"):
        shutil.copyfile(REPOSITORY / name, root / name)
    return root


@pytest.fixture
def complaint(copied) -> Callable[..., str]:
    """Change files for a while; return what a check says of it."""
    before: dict[Path, str] = {}

    def check(edits: dict[Path, str], check: Check = check_statements) -> str:
        for path, text in edits.items():
            before[path] = path.read_text("utf-8")
            path.write_text(text)
        with pytest.raises(BookError) as caught:
            check(Project(copied))
        return str(caught.value)

    yield check
    for path, text in before.items():
        path.write_text(text)


@pytest.fixture
def of_registry(copied, complaint) -> Callable[[dict[str, Any]], str]:
    """What the check says of another registry."""
    path = copied / "book/statements.yml"
    return lambda registry: complaint({path: yaml.safe_dump(registry, allow_unicode=True)})


def has(**fields: Any) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    return lambda label, entry: {label: {**entry, **fields}}


def has_tier(tier: str) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    # Sources that cite would make a `cited` lawful.
    return has(source="Standard.", evidence=[{"tier": tier}])


def test_the_copy_is_sound(copied):
    check_statements(Project(copied))
    check_sources(Project(copied))


@pytest.mark.parametrize(
    ("change", "sentence", "labels"),
    [
        (lambda label, entry: {}, "{}: stated in book/", REGISTRY),
        (
            lambda label, entry: {f"{label}-two": entry},
            "{}-two: stated on no page; one page needed",
            REGISTRY,
        ),
        (has(uses=["thm-none"]), "{}: uses thm-none, which is not registered", REGISTRY),
        (has(evidence=[]), "{}: no evidence", {k for k in REGISTRY if not k.startswith("def-")}),
        (has_tier("certain"), "{}.evidence.0.tier: 'certain' is not one of ['proved'", REGISTRY),
        (has_tier("exact"), "{}.evidence.0: {{'tier': 'exact'}} does not have enough", REGISTRY),
        (has_tier("cited"), "{}: cited, but its source 'Standard.' cites nothing", REGISTRY),
        (has_tier("proved"), "(proof-{})= does not exist", REGISTRY.keys() - PROVED),
    ],
)
def test_what_is_wrong_about_every_entry(of_registry, change, sentence, labels):
    changed = [change(label, entry) for label, entry in REGISTRY.items()]
    said = of_registry({label: entry for one in changed for label, entry in one.items()})
    assert len(labels) > 5
    assert [label for label in labels if sentence.format(label) not in said] == []


def test_every_circle(of_registry):
    users = [label for label in REGISTRY if REGISTRY[label].get("uses")]
    assert len(users) > 20
    for label in users[::20]:
        used = REGISTRY[label]["uses"][0]
        said = of_registry({**REGISTRY, used: {**REGISTRY[used], "uses": [label]}})
        assert "a circle of uses: " in said
        assert label in said


def test_every_place_of_evidence(of_registry):
    def moved(item: dict[str, str]) -> dict[str, str]:
        return {key: f"{value}_none" if key in PLACES else value for key, value in item.items()}

    registry = {
        label: {**entry, "evidence": [moved(item) for item in EVIDENCE[label]]}
        for label, entry in REGISTRY.items()
    }
    said = of_registry(registry)
    wanted = [
        f"{label}: {item['tier']} evidence: {key} {item[key]}_none does not exist"
        for label, items in EVIDENCE.items()
        for item in items
        for key in PLACES
        if key in item
    ]
    assert len(wanted) > 100
    assert [sentence for sentence in wanted if sentence not in said] == []


def test_every_list_of_tiers_begins_with_the_strongest():
    order = ("proved", "formal", "formal in part", "exact", "rigorous", "cited", "sampled")
    several = [found.tiers for found in read_registry(PATH).values() if len(found.tiers) > 1]
    assert len(several) > 10
    assert [tiers for tiers in several if sorted(tiers, key=order.index) != list(tiers)] == []


@pytest.mark.parametrize(
    ("old", "new", "check", "sentence", "names"),
    [
        ("(proof-", "(prof-", check_statements, "proof at (proof-{})= does not exist", PROVED),
        ("{prf:proof}", "{note}", check_statements, "proof at (proof-{})= does not", PROVED),
        ("{published}", "{x}", check_sources, "{}: shown on no page; one page needed", FIGURES),
    ],
)
def test_what_is_gone_from_every_page(
    copied, complaint, old: str, new: str, check: Check, sentence: str, names: Collection[str]
):
    pages = Project(copied).pages
    said = complaint({page: page.read_text("utf-8").replace(old, new) for page in pages}, check)
    assert len(names) > 20
    assert [name for name in names if sentence.format(name) not in said] == []
