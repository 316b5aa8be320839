"""The one way out of a notebook: :func:`publish` for figures, :func:`publish_number` for numbers.

Both show what they publish under their cell, and write it into ``_published/`` beside the running
notebook, where the checks and the site (:mod:`companion.sphinx`) find it:

``figures/<name>.svg``, ``.dark.svg``, ``.png``
    the picture, for light pages, dark pages and places without vector graphics;
``figures/<name>.narrow.svg``, ``.narrow.dark.svg``
    for phones: the panels below each other; only if some are side by side;
``figures/<name>.npz``
    the arrays behind the picture;
``figures/<name>.json``
    alt text, width, and the size of the smallest letters;
``numbers/<name>.json``
    one number.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.text import Text

from companion.notebook import FOLDER, style
from companion.notebook.stacked import stack

NUMBER_TOLERANCE = 1e-6  # relative; more digits than the text shows, fewer than rounding reaches
SHORTEST_ALT = 40  # characters; less does not tell a reader what a sighted person sees
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")  # names a member of an archive: no path
_TAKEN = ("file", "allow_pickle")  # by arguments of `numpy.savez_compressed`


class PublishError(ValueError):
    """What was handed to :func:`publish` or :func:`publish_number` is not fit to be shown."""


def publish(figure: Figure, name: str, data: Mapping[str, Any], alt: str) -> None:
    """Publish a figure: picture, data and alt text, as files the book shows.

    The cell's output is the PNG, with the name of the figure and its alt text as metadata. The site
    shows the published files in its place (:mod:`companion.sphinx.outputs`).

    Parameters
    ----------
    figure
        A Matplotlib figure; it is closed at the end.
    name
        Lower-case words joined by hyphens; unique in the book, declared in ``book/figures.yml``.
    data
        The arrays behind the picture; numeric, not empty. Their names are letters and digits,
        joined by ``-``, ``_`` or ``.``. This is what the checks compare with the reference and what
        a reader downloads, so give what was drawn.
    alt
        What the picture shows, in words, for readers who do not see it.

    Raises
    ------
    PublishError
        If the name, the data or the alt text is unfit, or an axes of the figure is blank.
    """
    require_name(name)
    if not isinstance(data, Mapping):
        raise PublishError(f"figure {name!r}: data is {type(data).__name__}; arrays by name needed")
    arrays = {key: _numeric_array(name, key, value) for key, value in data.items()}
    if not arrays:
        raise PublishError(f"figure {name!r}: data is empty; the arrays behind the picture needed")
    alt = " ".join(str(alt).split())
    if len(alt) < SHORTEST_ALT:
        raise PublishError(
            f"figure {name!r}: alt text {alt!r} has {len(alt)} characters; "
            f"at least {SHORTEST_ALT} needed"
        )
    layout = _lay_out(figure)
    _require_ink(figure, name)

    folder = Path(FOLDER) / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    _draw(figure, folder, name)
    letters, width = _smallest_letters(figure), figure.get_figwidth()
    np.savez_compressed(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]
    record = {
        "name": name,
        "alt": alt,
        "width": round(72 * width, 3),  # this and the next in points
        "letters": letters,
        "stacked": stack(figure),
    }
    _write_json(folder / f"{name}.json", record)
    if record["stacked"]:
        _draw_stacked(figure, layout, folder, name)
    # Not `alt=`: Colab's IPython, 7.34, does not know it.
    display(Image(filename=str(folder / f"{name}.png"), metadata={"alt": alt, "figure": name}))
    plt.close(figure)


def publish_number(
    name: str, value: float, *, tolerance: float = NUMBER_TOLERANCE, volatile: bool = False
) -> None:
    """Publish a number that the text shows by the ``number`` role.

    All numbers of a cell are shown in one line, the last of its outputs.

    Parameters
    ----------
    name
        Lower-case words joined by hyphens; unique in the book.
    value
        A finite real number or an integer.
    tolerance
        Largest accepted deviation from the reference, relative to the reference.
    volatile
        True for what differs from run to run (a time, a count of cores): it is shown but never
        compared with a reference.

    Raises
    ------
    PublishError
        If the name, the value or the tolerance is unfit.
    """
    require_name(name)
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iufb" or not math.isfinite(array):
        raise PublishError(f"number {name!r}: got {value!r}; one finite real number needed")
    if not (isinstance(tolerance, int | float) and 0 <= tolerance < math.inf):
        raise PublishError(
            f"number {name!r}: tolerance {tolerance!r}; a number of 0 or more needed"
        )
    folder = Path(FOLDER) / "numbers"
    folder.mkdir(parents=True, exist_ok=True)
    record = {"value": array.item(), "tolerance": tolerance, "volatile": volatile}
    _write_json(folder / f"{name}.json", record)
    _show_after_cell({"name": name, "value": f"{array.item():.6g}", "volatile": volatile})


_of_this_cell: list[dict[str, Any]] = []  # its numbers, until its end shows them


def _show_after_cell(number: dict[str, Any]) -> None:
    shell = get_ipython()
    if shell is None:  # a script
        return
    if not _of_this_cell:
        shell.events.register("post_run_cell", _show_numbers)
    _of_this_cell.append(number)


def _show_numbers(*_: Any) -> None:
    """Display the numbers of the cell that ends; the metadata are for the site."""
    get_ipython().events.unregister("post_run_cell", _show_numbers)
    numbers = list(_of_this_cell)
    _of_this_cell.clear()
    line = ", ".join(f"{number['name']} = {number['value']}" for number in numbers)
    metadata = {"text/plain": {"numbers": numbers}}
    display({"text/plain": line}, metadata=metadata, raw=True)


def require_name(name: str) -> None:
    """Raise `PublishError` unless `name` is of lower-case words joined by hyphens."""
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise PublishError(f"name {name!r}: lower-case words joined by hyphens needed")


def _numeric_array(figure: str, key: str, value: Any) -> np.ndarray:
    if not (isinstance(key, str) and _KEY.fullmatch(key)) or key in _TAKEN:
        raise PublishError(
            f"figure {figure!r}: data has the name {key!r}; letters and digits, joined by '-', '_' "
            f"or '.', needed, and neither {_TAKEN[0]!r} nor {_TAKEN[1]!r}"
        )
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise PublishError(
            f"figure {figure!r}: data[{key!r}] has type {array.dtype} and shape {array.shape}; "
            "a non-empty array of real numbers needed"
        )
    return array


def _require_ink(figure: Figure, name: str) -> None:
    """Refuse a figure with an axes in which nothing but the frame would be seen."""
    if not figure.axes:
        raise PublishError(f"figure {name!r}: it has no axes; a picture needed")
    for number, axes in enumerate(figure.axes):
        if not _shows_something(figure, axes):
            raise PublishError(f"figure {name!r}: axes {number} is blank; a picture needed")


def _shows_something(figure: Figure, axes: Axes) -> bool:
    """Draw `axes` alone, without frame, ticks and grid, and see whether any pixel is inked.

    Pixels are the only honest witness: an axes whose lines are all NaN, or lie outside its limits,
    "has data" as far as Matplotlib's bookkeeping goes.
    """
    canvas = FigureCanvasAgg(figure)
    hidden = [other for other in figure.axes if other is not axes and other.get_visible()]
    was_on = axes.axison
    try:
        for other in hidden:
            other.set_visible(False)
        axes.set_axis_off()
        canvas.draw()
        box = axes.get_window_extent()
        pixels = np.asarray(canvas.buffer_rgba())
        rows = slice(int(pixels.shape[0] - box.y1), int(pixels.shape[0] - box.y0))
        inside = pixels[rows, int(box.x0) : int(box.x1)].reshape(-1, 4)
        return bool(len(inside)) and bool((inside != inside[0]).any() or inside[0, 3] > 0)
    finally:
        for other in hidden:
            other.set_visible(True)
        if was_on:
            axes.set_axis_on()


def _lay_out(figure: Figure) -> LayoutEngine | None:
    """Lay a figure out once for all drawings: it takes as long as a drawing. Return its engine."""
    layout = figure.get_layout_engine()
    if figure.axes and layout:
        layout.execute(figure)
        figure.set_layout_engine("none")
    return layout


# Not `figure.savefig`, which draws everything once more, unseen, for its layout.
def _draw(figure: Figure, folder: Path, name: str) -> None:
    _draw_vectors(figure, folder, name)
    # An SVG leaves another dpi behind.
    figure.set(dpi=mpl.rcParams["savefig.dpi"], facecolor=style.PAPER)
    FigureCanvasAgg(figure).print_png(folder / f"{name}.png", metadata={"Software": None})
    figure.set_facecolor("none")


def _draw_vectors(figure: Figure, folder: Path, name: str) -> None:
    figure.set_dpi(mpl.rcParams["savefig.dpi"])
    svg = folder / f"{name}.svg"
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None})
    light = svg.read_text(encoding="utf-8")
    dark = re.sub("|".join(style.DARK), lambda found: style.DARK[found[0]], light)
    (folder / f"{name}.dark.svg").write_text(dark, encoding="utf-8")


def _draw_stacked(figure: Figure, layout: LayoutEngine | None, folder: Path, name: str) -> None:
    bars = any(axes.get_label() == "<colorbar>" for axes in figure.axes)
    for _ in range(1 + bars):  # the first places the panels, the second the bars beside them
        figure.set_layout_engine(layout)
        _lay_out(figure)
    _draw_vectors(figure, folder, f"{name}.narrow")


def _smallest_letters(figure: Figure) -> float:
    """Size, in points, of the smallest text that is seen in a figure that has been drawn."""
    texts = (text for text in figure.findobj(Text) if isinstance(text, Text))
    seen = [text for text in texts if text.get_visible() and text.get_text().strip()]
    return min((float(text.get_fontsize()) for text in seen), default=mpl.rcParams["font.size"])


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
