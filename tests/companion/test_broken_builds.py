"""Break one thing at a time: each build must fail, say why, and leave the last good site alone."""

from __future__ import annotations

import numpy as np
import pytest

from toy import DRAW, STATEMENTS, TITLE

FIGURE = {"notebook": "book/toy/lines.ipynb"}


def test_figure_that_no_cell_publishes(toy, refused):
    toy.write_notebook(draw=DRAW.replace('"line"', '"other"'))
    assert "figure line: no cell of book/toy/lines.ipynb publishes it" in refused()


def test_figure_that_this_run_did_not_publish(toy, refused):
    toy.write_notebook(draw=DRAW.replace("publish(figure,", "False and publish(figure,"))
    assert "figure line: declared, but book/toy/lines.ipynb did not publish it" in refused()


def test_figure_published_but_not_declared(toy, refused):
    extra = DRAW.replace(
        'publish(figure, "line"', 'for n in ("line", "extra"):\n  publish(figure, n'
    )
    extra = extra.replace("\n        alt=", "\n          alt=")
    extra += '\nif False: publish(None, "line", None, None)'
    toy.write_notebook(draw=extra)
    message = refused()
    assert "figure extra: published by book/toy/lines.ipynb, but not declared for it" in message


@pytest.mark.parametrize(
    "y",
    ["np.full(20, np.nan)", "slope * x + 10.0"],
    ids=["all data are NaN", "all data outside the limits"],
)
def test_blank_figure(toy, refused, y):
    draw = DRAW.replace("axes.plot(x, slope * x)", f"axes.plot(x, {y}); axes.set_ylim(0, 1)")
    toy.write_notebook(draw=draw)
    message = refused()
    assert "book/toy/lines.ipynb: cell 3: PublishError: figure 'line': axes 0 is blank" in message


def test_data_beyond_the_tolerance(toy, refused):
    toy.write_notebook(draw=DRAW.replace('"y": slope * x', '"y": slope * x * (1 + 3e-9)'))
    assert "figure line: y deviates from its reference by 3e-09 (tolerance 1e-09" in refused()


def test_data_within_the_tolerance(toy, build):
    toy.write_notebook(draw=DRAW.replace('"y": slope * x', '"y": slope * x * (1 + 3e-10)'))
    assert build() == 0


def test_data_of_another_shape(toy, refused):
    toy.write_notebook(draw=DRAW.replace("1.0, 20", "1.0, 21"))
    assert "figure line: x deviates from its reference by inf" in refused()


def test_number_beyond_the_tolerance(toy, refused):
    toy.write_notebook(draw=DRAW.replace("42.0", "42.0001"))
    assert "number answer: 42.0001 deviates from its reference 42.0" in refused()


def test_number_without_reference(toy, refused):
    toy.write_notebook(draw=DRAW + '\npublish_number("fresh", 1)')
    assert "number fresh: book/toy/lines.ipynb and its reference differ" in refused()


def test_volatile_number_needs_no_reference(toy, build):
    toy.write_notebook(draw=DRAW + '\npublish_number("fresh", 1, volatile=True)')
    assert build() == 0


def test_figure_without_reference(toy, refused):
    (toy.root / "tests/references/figures/line.npz").unlink()
    accepts = "`make reference FIGURE=line`"
    assert f"figure line: has no reference; look at it, then accept it by {accepts}" in refused()


def test_stale_reference_of_a_figure_that_is_gone(toy, refused):
    np.savez(toy.root / "tests/references/figures/gone.npz", x=np.zeros(2))
    assert "tests/references/figures/gone.npz: a stale reference" in refused()


def test_stale_reference_with_other_arrays(toy, refused):
    np.savez(toy.root / "tests/references/figures/line.npz", x=np.linspace(0, 1, 20))
    assert "its reference has x: the reference is stale; look at it" in refused()


def test_notebook_that_raises(toy, refused):
    toy.write_notebook(draw=DRAW + "\nraise RuntimeError('the sky fell')")
    message = refused()
    assert "book/toy/lines.ipynb: cell 3: RuntimeError: the sky fell" in message
    kept = toy.root / "_build/failed/book/toy/lines.ipynb"
    assert str(kept.relative_to(toy.root)) in message
    assert "the sky fell" in kept.read_text()


def test_notebook_that_hangs(toy, refused):
    toy.write_alone("import time\ntime.sleep(60)")
    message = refused("book", "--timeout", "2")
    assert (
        "book/toy/alone.ipynb: cell 1 took longer than 2 s, which --timeout sets, or TIMEOUT="
        in message
    )


def test_kernel_that_dies(toy, refused):
    toy.write_notebook(draw="import os\nos._exit(3)\n" + DRAW)
    assert "book/toy/lines.ipynb: the kernel died" in refused()


@pytest.mark.parametrize("option", [("-p", "slope=3"), ("--scale", "quick")])
def test_a_run_with_other_parameters_is_not_compared_and_says_so(toy, build, capsys, option):
    assert build("run", "book/toy/lines.ipynb", *option) == 0
    told = capsys.readouterr().out
    assert "No data compared: references belong to the default scale and parameters." in told
    assert build("run", "book/toy/lines.ipynb") == 0
    assert "No data compared" not in capsys.readouterr().out


def test_a_run_with_other_parameters_must_publish_what_is_declared(toy, refused):
    toy.write_notebook(draw=DRAW.replace("publish(figure,", "slope < 3 and publish(figure,"))
    message = refused("run", "book/toy/lines.ipynb", "-p", "slope=3")
    assert "figure line: declared, but book/toy/lines.ipynb did not publish it" in message


def test_number_without_reference_until_its_notebook_is_accepted(toy, refused, build):
    toy.write_notebook(draw=DRAW + '\npublish_number("question", 6 * 9)')
    message = refused()
    assert "number question: book/toy/lines.ipynb and its reference differ" in message
    assert "`make reference NOTEBOOK=book/toy/lines.ipynb` accepts it" in message
    assert build("reference", "book/toy/lines.ipynb") == 0
    assert build() == 0


@pytest.mark.parametrize(
    "named", [[], ["--figure", "line", "book/toy/lines.ipynb"], ["--figure", "line", "--all"]]
)
def test_nothing_is_accepted_unless_one_thing_is_named(toy, refused, named):
    toy.write_notebook(draw=DRAW.replace("42.0", "43.0"))
    before = {path: path.read_bytes() for path in toy.root.glob("tests/references/*/*")}
    message = refused("reference", *named)
    assert "say what to accept" in message
    assert "make reference NOTEBOOK=book/….ipynb" in message
    assert before == {path: path.read_bytes() for path in toy.root.glob("tests/references/*/*")}


@pytest.mark.parametrize("change", [["--scale", "quick"], ["-p", "slope=3.0"]])
def test_no_other_experiment_becomes_a_reference(build, capsys, change):
    with pytest.raises(SystemExit):
        build("reference", "--all", *change)
    assert f"unrecognized arguments: {change[0]}" in capsys.readouterr().err


def test_run_of_no_notebook(refused):
    # What `make run` passes on without NOTEBOOK.
    assert "no notebook named; add NOTEBOOK=book/" in refused("run", "")


def test_broken_cross_reference(toy, refused, build):
    toy.edit(toy.page, "See {prf:ref}`thm-two`", "See {prf:ref}`thm-twoo`")
    assert "label 'thm-twoo' not found" in refused()
    # Sphinx remembers a page it has read; a second build must not pass for that reason.
    assert build() == 1


def test_broken_link_between_pages(toy, refused):
    toy.edit(toy.page, "lines.ipynb)", "line.ipynb)")
    assert "line.ipynb" in refused()


def test_page_that_asks_another_host(toy, refused):
    # Sphinx sees nothing wrong with it: the check of the finished site does.
    heading = "# A toy book"
    toy.edit(
        toy.page, heading, f'{heading}\n\n<script src="https://example.org/count.js"></script>'
    )
    assert "book/toy/index.html: loads https://example.org/count.js" in refused()


def test_number_that_nobody_published(toy, refused):
    toy.edit(toy.page, "{number}`answer", "{number}`question")
    assert "number 'question' was not published" in refused()


def test_figure_shown_nowhere(toy, refused):
    toy.write_notebook(title="# Lines")
    assert "figure line: declared in figures.yml but shown on no page" in refused()


def test_stubs_of_a_figure_are_refused_until_they_are_filled_in(toy, build, refused):
    assert build("figure", "dot", "book/toy/lines.ipynb") == 0
    assert "lines.ipynb: cell 4: PublishError: figure 'dot': data is empty" in refused()


def test_figure_shown_twice(toy, refused):
    toy.page.write_text(toy.page.read_text() + TITLE.removeprefix("# Lines"))
    assert "figure line: shown more than once" in refused()


def test_figure_may_be_repeated(toy, build):
    again = TITLE.removeprefix("# Lines").replace("line\n", "line\n:repeat:\n")
    toy.page.write_text(toy.page.read_text() + again)
    assert build() == 0
    page = (toy.site / "book/toy/index.html").read_text()
    assert page.count("_images/line.svg") == 1
    assert 'id="fig-line"' not in page


def test_explorer_that_does_not_exist(toy, refused):
    toy.page.write_text(toy.page.read_text() + "\n```{explorer} ghost\nBoo.\n```\n")
    assert "there is no book/explorers/modules/ghost.js" in refused()


def test_explorer_without_a_still(toy, refused):
    module = toy.root / "book/explorers/modules/mute.js"
    module.parent.mkdir(parents=True)
    module.write_text("")
    toy.page.write_text(toy.page.read_text() + "\n```{explorer} mute\nBoo.\n```\n")
    assert "explorer 'mute': 0 published figures as its content; one needed" in refused()


def test_figure_shown_but_not_declared(toy, refused):
    toy.page.write_text(toy.page.read_text() + "\n```{published} ghost\nBoo.\n```\n")
    assert "figure ghost: shown in book/toy/index.md but not declared" in refused()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**FIGURE, "tolerance": 1e-3}, "line: a tolerance of its own needs a reason"),
        ({"notebook": "book/toy/none.ipynb"}, "'book/toy/none.ipynb' is not in the book"),
        (
            {**FIGURE, "tolerence": 1e-3},
            "line: Additional properties are not allowed ('tolerence' was",
        ),
    ],
)
def test_malformed_declaration(toy, refused, entry, message):
    toy.write_figures({"line": entry})
    assert message in refused()


def test_page_missing_from_the_table_of_contents(toy, refused):
    (toy.root / "book/toy/lost.md").write_text("# Lost\n")
    assert "book/toy/lost.md: not listed in _toc.yml" in refused()


def _with_evidence(**evidence: str) -> dict[str, object]:
    return {**STATEMENTS, "thm-two": {**STATEMENTS["thm-two"], "evidence": [evidence]}}


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        (
            {"tier": "exact", "function": "companion.notebook.publish.no_such_function"},
            "function companion.notebook.publish.no_such_function does not exist",
        ),
        (
            {"tier": "exact", "test": "tests/test_none.py::test_none"},
            "test tests/test_none.py::test_none does not exist",
        ),
        (
            {"tier": "sampled", "cell": "book/toy/lines.ipynb#no-such-cell"},
            "cell book/toy/lines.ipynb#no-such-cell does not exist",
        ),
        (  # prose is no evidence
            {"tier": "sampled", "cell": "book/toy/lines.ipynb#title"},
            "cell book/toy/lines.ipynb#title does not exist",
        ),
        (
            {"tier": "certain"},
            "tier: 'certain' is not one of ['proved', 'exact', 'rigorous', 'cited', 'sampled']",
        ),
        ({"tier": "sampled"}, "a tier and one of function, test, cell needed"),
        ({"tier": "cited"}, "cited, but its source 'Folklore.' cites nothing"),
    ],
)
def test_statement_whose_evidence_does_not_exist(toy, refused, evidence, message):
    toy.write_statements(_with_evidence(**evidence))
    assert message in refused()


def test_statement_said_to_be_proved_without_a_proof(toy, refused):
    toy.edit(toy.page, "(proof-thm-two)=\n", "")
    assert "proved evidence: proof at (proof-thm-two)= does not exist" in refused()


def test_statement_without_evidence(toy, refused):
    toy.write_statements({**STATEMENTS, "thm-two": {"source": "Folklore."}})
    assert "thm-two: no evidence" in refused()


def test_statement_that_is_not_registered(toy, refused):
    toy.write_statements({"def-even": STATEMENTS["def-even"]})
    assert "thm-two: stated in book/toy/index.md but not registered" in refused()


def test_statement_without_a_label(toy, refused):
    toy.page.write_text(toy.page.read_text() + "\n```{prf:lemma} Odd\nOne is odd.\n```\n")
    assert "book/toy/index.md: lemma 'Odd' has no label" in refused()


def test_registered_statement_that_no_page_states(toy, refused):
    toy.write_statements({**STATEMENTS, "def-odd": {"source": "Folklore."}})
    assert "def-odd: registered in statements.yml but stated on no page" in refused()


def test_use_that_points_nowhere(toy, refused):
    toy.write_statements({**STATEMENTS, "def-even": {"source": "X.", "uses": ["def-odd"]}})
    assert "def-even: uses def-odd, which is not registered" in refused()


def test_circle_of_uses(toy, refused):
    toy.write_statements({**STATEMENTS, "def-even": {"source": "X.", "uses": ["thm-two"]}})
    assert "a circle of uses" in refused()
