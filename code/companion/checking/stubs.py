"""The stubs of a new figure: its cell, its declaration, the directive that shows it.

A build refuses them until they are filled in: without data, alt text and caption.
"""

import json
from pathlib import Path

from companion.checking.declarations import read_declarations
from companion.errors import BookError
from companion.project import Project
from companion.running.notebooks import Notebook
from companion.source_files import read_text

_CELL = """figure, axes = plt.subplots()
publish(
    figure,
    "{name}",
    data={{}},
    alt="",
)"""


def write_stubs(project: Project, name: str, notebook: Path) -> list[Path]:
    """Write the stubs of a figure of that notebook; return the files that have them.

    The cell is the last one of the notebook. The directive is at the end of the first page of the
    chapter.
    """
    # Not above: it brings Matplotlib, which no other command needs.
    from companion.notebook.publish import require_name

    try:
        require_name(name)
    except ValueError as error:
        raise BookError(str(error)) from error
    if name in read_declarations(project) or Notebook.read(notebook).named(name):
        raise BookError(f"{name}: there is a figure, or a cell of {notebook.name}, of that name")

    page = notebook.with_name("index.md")
    content = json.loads(read_text(notebook))
    cell = {"cell_type": "code", "execution_count": None, "id": name, "metadata": {"name": name}}
    lines = _CELL.format(name=name).splitlines(keepends=True)
    content["cells"].append({**cell, "outputs": [], "source": lines})
    place = project.name(notebook)
    texts = {
        notebook: f"{json.dumps(content, indent=1, ensure_ascii=False)}\n",
        project.figures: f"{read_text(project.figures)}\n{name}:\n  notebook: {place}\n",
        page: f"{read_text(page)}\n```{{published}} {name}\n```\n",
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)
