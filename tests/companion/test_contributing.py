"""CONTRIBUTING followed to the letter: its blocks make a chapter, its commands accept and build it.

Whatever the text shows is taken from the text: an instruction that no longer works fails here.
"""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from chapter_form import assert_form_of_a_chapter, exercises
from making import book_of_one, make

from companion.checking.declarations import read_declarations
from companion.project import Project
from toy import REPOSITORY, ToyBook, code, markdown, write_cells

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHAPTER = Path("book/momentum/index.md")
EXERCISES = CHAPTER.with_name("exercises.md")
NOTEBOOK = Path("book/momentum/heavy_ball.ipynb")
# What its text tells to do, in the order in which it can be done.
COMMANDS = ("reference FIGURE=heavy-ball-orbit", f"reference NOTEBOOK={NOTEBOOK}", "check", "book")
_BLOCK = re.compile(r"^( *)(`{3,})(\w+)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)


def section(name: str) -> str:
    text = TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert text, f"CONTRIBUTING.md has no section {name!r}"
    return text


def blocks(name: str, *languages: str) -> list[str]:
    """The blocks of a section, which are of these languages, in this order."""
    found = _BLOCK.findall(section(name))
    assert [language for _, _, language, _ in found] == list(languages)
    return [textwrap.dedent(text) for *_, text in found]


def add(path: Path, text: str) -> None:
    """Add to the end of a file, which may be new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = f"{path.read_text(encoding='utf-8')}\n" if path.exists() else ""
    path.write_text(before + text, encoding="utf-8")


def succeed(root: Path, command: str) -> str:
    result = make(root, *command.split())
    assert result.returncode == 0, f"make {command}: {result.stderr}"
    return result.stdout


@pytest.fixture
def followed(sources: ToyBook) -> ToyBook:
    """The toy book with the chapter that CONTRIBUTING adds, before anything of it ran."""
    setup, parameters = blocks("A notebook", "python", "python")
    draw, shown, _ = blocks("A figure", "python", "md", "yaml")
    number, told = blocks("A number", "python", "md")
    stated, proved, search, registered = blocks("A statement", "md", "md", "python", "yaml")
    page, exercise_page, _, listed, line = blocks("A chapter", "md", "md", "python", "yaml", "md")

    # The chapter: what it states and shows goes below its definition.
    body = "\n".join((stated, proved, told))
    definition, box, rest = page.partition("::::{admonition}")
    assert box
    add(sources.root / CHAPTER, f"{definition}{body}\n{box}{rest}")
    add(sources.root / EXERCISES, exercise_page)
    cells = [
        markdown("title", "# The heavy ball"),
        code("setup", setup),
        code("knobs", parameters, tags=["parameters"]),
        code("random-search", search),
    ]
    for cell in cells:
        cell["source"] = str(cell["source"]).rstrip("\n")
    write_cells(sources.root / NOTEBOOK, cells)
    add(sources.root / "book/statements.yml", registered)

    # The book around it: its first page lists the chapters.
    toc = yaml.safe_load((sources.root / "_toc.yml").read_text())
    chapters = [{"file": toc["root"]}, *toc["chapters"], *yaml.safe_load(listed)]
    part = {"caption": "Chapters", "numbered": 2, "chapters": chapters}
    toc = {"format": toc["format"], "root": "book/index", "parts": [part]}
    (sources.root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    add(sources.root / "book/index.md", f"# A book\n\n## The chapters\n\n{line}")

    # The figure, from its stubs; the number comes after it.
    (stubs,) = re.findall(r"`make (figure [^`]+)`", section("A figure"))
    succeed(sources.root, stubs)
    sources.edit(sources.root / CHAPTER, "```{published} heavy-ball-orbit\n```\n", shown)
    written = json.loads((sources.root / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    written[-1]["source"] = draw.rstrip("\n")
    write_cells(sources.root / NOTEBOOK, [*written, code("number-of-orbit", number.rstrip("\n"))])
    return sources


def test_every_block_of_yaml_can_be_read():
    found = [text for _, _, language, text in _BLOCK.findall(TEXT) if language == "yaml"]
    assert all(yaml.safe_load(textwrap.dedent(text)) for text in found)
    assert len(found) > 4


@pytest.mark.slow
def test_the_chapter_that_contributing_adds_is_built_and_checked(followed):
    root = followed.root
    assert set(COMMANDS) <= set(re.findall(r"`make ([^`…]+)`", TEXT))
    for command in ("reference NOTEBOOK=book/toy/lines.ipynb", *COMMANDS):
        succeed(root, command)

    references = root / "tests/references"
    assert (references / "figures/heavy-ball-orbit.npz").is_file()
    assert (references / "figures/heavy-ball-orbit.png").is_file()
    assert (references / "numbers/momentum--heavy_ball.json").is_file()
    page = (followed.site / CHAPTER).with_suffix(".html").read_text(encoding="utf-8")
    assert 'id="fig-heavy-ball-orbit"' in page
    assert "A curve that jumps about zero, up to 1.8, and dies out" in page
    assert "{number}" not in page
    for tier in ("proved", "sampled"):
        assert f"tier-{tier}" in page
    assert "momentum/index.html" in (followed.site / "book/index.html").read_text(encoding="utf-8")


def test_what_contributing_adds_passes_the_checks_and_tests_that_it_would_meet(followed, capsys):
    root = followed.root
    succeed(root, "check")
    _, _, claim, *_ = blocks("A chapter", "md", "md", "python", "yaml", "md")
    pages = {path.name: (root / path).read_text(encoding="utf-8") for path in (CHAPTER, EXERCISES)}
    assert_form_of_a_chapter(pages)

    names: dict[str, Any] = {"Any": Any}
    (solution,) = (code for exercise in exercises(pages[EXERCISES.name]) for code in exercise.code)
    exec(claim, names)
    exec(solution, {})
    names["beyond_the_limit"]({}, capsys.readouterr().out)

    config = ["--config", str(REPOSITORY / "pyproject.toml"), "--no-cache", str(NOTEBOOK)]
    for command in (["check"], ["format", "--check", "--diff"]):
        lint = [sys.executable, "-m", "ruff", *command, *config]
        run = subprocess.run(lint, cwd=root, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout

    # Last, what the text shows of a figure that is compared less strictly.
    *_, loosened = blocks("A figure", "python", "md", "yaml")
    (root / "book/figures.yml").write_text(loosened, encoding="utf-8")
    declaration = read_declarations(Project(root))["heavy-ball-orbit"]
    assert (declaration.tolerance, declaration.tolerance_of("path")) == (1e-7, None)
    assert declaration.why


@pytest.mark.slow
def test_the_first_change_says_what_its_transcript_shows(tmp_path):
    """The real notebook, changed as the text tells, and its real references."""
    text = section("A first change")
    (transcript,) = blocks("A first change", "console")
    notebook = next(re.finditer(r"`(book/\S+\.ipynb)`", text))[1]
    old, new = re.search(r"`([^`]+)` becomes\s+`([^`]+)`", text).groups()
    book_of_one(tmp_path, notebook)
    source = (tmp_path / notebook).read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / notebook).write_text(source.replace(old, new), encoding="utf-8")

    run, refusal, reference, accepted, look = (
        line.removeprefix("$ make ")
        for line in transcript.splitlines()
        if not re.match(r"\$ (git|make book|#)", line)
    )
    refused = make(tmp_path, *run.split())
    assert refused.returncode != 0
    assert refusal in refused.stderr.splitlines()
    assert accepted in succeed(tmp_path, reference).splitlines()
    picture = look.split()[2]
    assert (tmp_path / picture).read_bytes() != (REPOSITORY / picture).read_bytes()
    succeed(tmp_path, run)
