"""What breaks in a run or on a page: the build fails and says why; the last good site stays.

What the check of the sources finds before anything runs is in test_broken_sources.
"""

from companion.project import Project
from toy import DRAW

# What to add to a page, or to change on it, and what the build says of it.
ON_A_PAGE = {
    "See {prf:ref}`thm-twoo`.": "label 'thm-twoo' not found",
    "[A notebook](line.ipynb)": "line.ipynb",
    "{number}`question:.1f`": "number 'question' was not published",
    "{number}`stray:.1f`": "number 'stray' was not published",
    "```{explorer} ghost\nBoo.\n```": "there is no book/explorers/modules/ghost.js",
    "```{explorer} mute\nBoo.\n```": "explorer 'mute': 0 published figures or blocks of code",
    "```{statement-table}\n:only: thm-three\n```": "thm-three is not registered in statements.yml",
    "```{bibtex} nobody2026\n```": "references.bib has no entry nobody2026",
    "{claim-count}`doubtful`": "no verdict 'doubtful'",
    "```{claim-list} sermon\n```": "sermon: no such source in claims.yml",
    "{ref}`claim-third`": "claim-third",
    "{cite:p}`missing`": "could not find bibtex key",
}


def test_everything_that_is_wrong_on_a_page_is_named_at_once(toy, refused):
    modules = toy.root / "book/explorers/modules"
    modules.mkdir(parents=True)
    (modules / "mute.js").write_text("")
    # What a notebook left beside itself is not what a checked run published.
    left = toy.notebook.parent / "_published" / "numbers" / "stray.json"
    left.parent.mkdir(parents=True)
    left.write_text('{"value": 7.0, "tolerance": 1e-6, "volatile": false}')
    whole = toy.page.read_text()
    toy.page.write_text("\n\n".join([whole, *ON_A_PAGE]))
    message = refused()
    assert [said for said in ON_A_PAGE.values() if said not in message] == []
    assert not list(Project(toy.root).stage.rglob("stray.json"))
    # Sphinx remembers a page it has read; a second build must not pass for that reason.
    assert not Project(toy.root).sphinx.exists()


def test_a_page_that_asks_another_host_and_a_link_that_leads_nowhere(toy, refused):
    # Sphinx sees nothing wrong with them: the check of the finished site does.
    script = '<script src="https://example.org/count.js"></script>'
    toy.edit(toy.page, "# A toy book", f"# A toy book\n\n{script}")
    toy.edit(toy.apparatus, "```{claim-list} tract\n```", "")  # the table of claims links there
    message = refused()
    assert "book/toy/index.html: loads https://example.org/count.js" in message
    assert "book/toy/apparatus.html: links to #claim-one" in message


def test_what_a_run_publishes_is_compared_until_it_is_accepted_and_built_once(toy, refused, build):
    changed = DRAW.replace('"y": slope * x', '"y": slope * x * (1 + 3e-9)').replace("42.0", "43.0")
    toy.write_notebook(draw=f'{changed}\npublish_number("question", 6 * 9)')
    message = refused()
    for said in (
        "figure line: y deviates from its reference by 3e-09 (tolerance 1e-09, both relative)",
        "`make reference FIGURE=line` accepts it",
        "number answer: 43.0 deviates from its reference 42.0",
        "number question: book/toy/lines.ipynb and its reference differ, no such reference",
        "`make reference NOTEBOOK=book/toy/lines.ipynb` accepts it",
    ):
        assert said in message
    assert build("reference", "book/toy/lines.ipynb") == 0
    mark = toy.site / "mark"
    for marked in (False, True):  # a site of just this is not built again
        assert build() == 0
        assert mark.exists() == marked
        mark.touch()
    page = (toy.site / "book/toy/index.html").read_text()
    assert "43.0" in page
    assert "42.0" not in page


def test_a_reference_that_is_gone_is_named(toy, refused):
    reference = toy.root / "tests/references/figures/line.npz"
    reference.unlink()
    accepts = "`make reference FIGURE=line`"
    assert f"figure line: has no reference; look at it, then accept it by {accepts}" in refused()


def test_notebooks_that_fail(toy, refused):
    toy.write_notebook(draw=DRAW + "\nraise RuntimeError('the sky fell')")
    toy.write_alone("import os\nos._exit(3)")
    message = refused()
    assert "book/toy/lines.ipynb: cell 3: RuntimeError: the sky fell" in message
    assert "book/toy/alone.ipynb: the kernel died" in message
    kept = toy.root / "_build/failed/book/toy/lines.ipynb"
    assert str(kept.relative_to(toy.root)) in message
    assert "the sky fell" in kept.read_text()
