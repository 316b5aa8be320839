"""What several parts of the extension put on pages: links, badges, tables, changing text."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.writers.html5 import HTML5Translator

from companion.running.notebooks import Notebook, anchor

Content: TypeAlias = str | nodes.Node | Sequence[nodes.Node]
"""What a cell of a table holds."""


class volatile(nodes.Inline, nodes.Element):  # noqa: N801 - a docutils node
    """Text that another build of the same commit would have otherwise, as the attribute ``text``.

    Times, the machine, the commit. It carries a mark in the HTML, by which a comparison of two
    builds leaves it out, and does not reach the search index, which is made of text nodes.
    """


class fold(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Something that folds: its :class:`fold_line`, then the rest; ``open`` if it begins open."""


class fold_line(nodes.Part, nodes.TextElement):  # noqa: N801 - a docutils node
    """The line that is seen of a fold when it is closed."""


def setup(app: Sphinx) -> None:
    app.add_node(volatile, html=(_visit_volatile, lambda *_: None))
    app.add_node(fold, html=(_visit_fold, lambda writer, _: writer.body.append("</details>\n")))
    app.add_node(
        fold_line,
        html=(
            lambda writer, _: writer.body.append("<summary>"),
            lambda writer, _: writer.body.append("</summary>\n"),
        ),
    )
    app.connect("doctree-read", add_anchors)


def depended_on(env: BuildEnvironment, name: str | Path) -> Path:
    """Return a file of the book; the page that is being read is read again when it changes."""
    path = Path(env.srcdir) / name
    env.note_dependency(str(path))
    return path


# Links --------------------------------------------------------------------------------------


def page_link(
    env: BuildEnvironment, here: str, page: str, anchor: str, *content: nodes.Node
) -> nodes.reference:
    """Link from page `here` to an anchor (may be empty) of another page."""
    uri = env.app.builder.get_relative_uri(here, page)
    if anchor:
        uri = f"{uri.partition('#')[0]}#{anchor}"
    return nodes.reference("", "", *content, refuri=uri, internal=True)


def cell_link(env: BuildEnvironment, target: str, text: str) -> nodes.reference:
    """Link to ``notebook.ipynb#name``; `text` may have ``{name}`` and ``{notebook}`` in it."""
    file, _, name = target.partition("#")
    cell = Notebook.read(Path(env.srcdir) / file).named(name)
    page = file.removesuffix(".ipynb")
    shown = nodes.Text(text.format(name=name, notebook=page.removeprefix("book/")))
    return page_link(env, env.docname, page, cell.anchor if cell else "", shown)


def name_link(
    docname: str, name: str, target: str, *, domain: str = "std", explicit: bool = True
) -> addnodes.pending_xref:
    """A link from a page to a label; it shows `name`, or unless `explicit` what the label says."""
    return addnodes.pending_xref(
        "",
        nodes.literal("", name),
        refdomain=domain,
        reftype="ref",
        reftarget=target,
        refdoc=docname,
        refwarn=True,
        refexplicit=explicit,
    )


def download(env: BuildEnvironment, text: str, file: Path) -> addnodes.download_reference:
    """A link to a file of the book, which becomes a file of the site."""
    shown = nodes.inline("", text)
    target = f"/{file.as_posix()}"
    return addnodes.download_reference("", "", shown, refdoc=env.docname, reftarget=target)


def add_anchors(_: Sphinx, doctree: nodes.document) -> None:
    """Make every cell a target, and let the names of cells in the text link to them."""
    named: dict[str, str] = {}
    for node in doctree.findall(nodes.container):
        if "cell" in node.get("classes", ()) and "cell_index" in node:
            name = node.get("cell_metadata", {}).get("name", "")
            node["ids"].append(anchor(node["cell_index"], name))
            if name:
                named[name] = node["ids"][-1]
    for literal in list(doctree.findall(nodes.literal)):
        target = named.get(literal.astext())
        if target and not isinstance(literal.parent, nodes.reference):
            link = nodes.reference("", "", literal.deepcopy(), refid=target, internal=True)
            literal.replace_self(link)


# Badges, tables, changing text --------------------------------------------------------------


def badge(text: str, kind: str = "tier") -> nodes.inline:
    """Return the badge of a tier, or of a verdict."""
    return nodes.inline("", text, classes=["badge", f"{kind}-{text.replace(' ', '-')}"])


def separated(items: Iterable[nodes.Node]) -> list[nodes.Node]:
    """Put commas between `items`."""
    return [part for item in items for part in (nodes.Text(", "), item)][1:]


def table(
    columns: Mapping[str, int], rows: Iterable[Sequence[Content]], *names: str
) -> nodes.container:
    """Return a table of classes `names`; `columns` maps each heading to its relative width.

    One of class ``sortable`` a reader can sort (``_static/sortable.js``). Too wide ones scroll.
    """
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=width) for width in columns.values()]
    group += nodes.thead("", _row([*columns]))
    group += nodes.tbody("", *map(_row, rows))
    whole = nodes.table("", group, classes=list(names))
    return nodes.container("", whole, classes=["statement-overview"])


def _row(cells: Sequence[Content]) -> nodes.row:
    contents = (nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells)
    parts = ([cell] if isinstance(cell, nodes.Node) else cell for cell in contents)
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *part)) for part in parts))


def _visit_fold(translator: HTML5Translator, node: fold) -> None:
    state = {"open": ""} if node.get("open") else {}
    translator.body.append(translator.starttag(node, "details", **state))


def _visit_volatile(translator: HTML5Translator, node: volatile) -> None:
    start = translator.starttag(node, "span", "", CLASS="volatile")
    translator.body.append(f"{start}{translator.encode(node['text'])}</span>")
    raise nodes.SkipNode
