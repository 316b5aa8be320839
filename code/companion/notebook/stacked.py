"""The narrow form of a figure, for phones: its panels below each other instead of side by side."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec

WIDTH = 3.6  # inches: a phone shows it at its natural size
TALLEST = 2.9  # inches, of a panel with its labels


def stack(figure: Figure) -> int:
    """Put the panels of `figure` below each other; return how many there are.

    If none are side by side, nothing is done and it is 0. More than three panels whose axes have
    one scale, as pictures of the plane have, keep two columns.
    """
    panels = {axes: spec for axes in figure.axes if (spec := axes.get_subplotspec())}
    places = list(dict.fromkeys(panels.values()))
    if not any(place.colspan.start for place in places):
        return 0
    have_one_scale = all(axes.get_aspect() != "auto" for axes in panels)
    columns = 2 if have_one_scale and len(places) > 3 else 1
    rows = math.ceil(len(places) / columns)
    height = _height(figure, panels, have_one_scale, columns)
    _restore_labels(panels)
    grid = GridSpec(rows, columns, figure)
    for axes, place in panels.items():
        axes.set_subplotspec(grid[places.index(place)])
    figure.set_size_inches(WIDTH, rows * height)
    figure.set_figheight(rows * height + _narrow_legends(figure) / figure.dpi)
    return len(places)


def _height(
    figure: Figure, panels: dict[Axes, SubplotSpec], have_one_scale: bool, columns: int
) -> float:
    """Inches of one panel of the narrow form, with its labels."""
    if have_one_scale:
        box = next(iter(panels)).get_position()
        wide, high = box.width * figure.get_figwidth(), box.height * figure.get_figheight()
        return WIDTH / columns * high / wide + 0.3
    rows = max(place.rowspan.stop for place in panels.values())
    return min(figure.get_figheight() / rows, TALLEST)


def _restore_labels(panels: dict[Axes, SubplotSpec]) -> None:
    """Give every panel the labels that it has from the first of its row and of its column."""
    for axes, place in panels.items():
        row = next(other for other in panels if panels[other].rowspan == place.rowspan)
        column = next(other for other in panels if panels[other].colspan == place.colspan)
        axes.set_ylabel(axes.get_ylabel() or row.get_ylabel())
        axes.set_title(axes.get_title() or column.get_title())
        # Hidden by `sharey` and `sharex`, and by nothing else.
        if axes.yaxis.get_tick_params().get("labelleft") is False:
            axes.tick_params(labelleft=True)
        if axes.xaxis.get_tick_params().get("labelbottom") is False:
            axes.tick_params(labelbottom=True)


def _narrow_legends(figure: Figure) -> float:
    """Break legends of the whole figure into rows that fit; return by how many pixels they grew."""
    growth = 0.0
    for legend in list(figure.legends):
        height = legend.get_window_extent().height
        handles = [handle for handle in legend.legend_handles if handle]
        labels = [text.get_text() for text in legend.get_texts()]
        legend.remove()
        for columns in range(len(labels), 0, -1):
            new = figure.legend(handles, labels, loc="outside lower center", ncols=columns)
            box = new.get_window_extent()
            if columns == 1 or box.width <= figure.bbox.width:
                growth += box.height - height
                break
            new.remove()
    return growth
