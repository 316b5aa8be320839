"""How every figure looks: one palette, readable on light and on dark pages, and by everyone.

Matplotlib draws each figure once, in *ink* on a transparent ground. The dark variant is the same
drawing with three neutral colours exchanged (:data:`DARK`); data colours are chosen to keep a
contrast of at least 3:1 (WCAG 2.1, graphical objects) on both grounds, so they stay.
"""

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap, ListedColormap

# Data colours, distinguishable under the common colour-vision deficiencies. Okabe and Ito's hues,
# each moved to a mid lightness so that it holds on white and on near-black alike.
BLUE = "#2a7fc9"
ORANGE = "#d4660a"
GREEN = "#0f9270"
PINK = "#c0609c"
GREY = "#7b8490"
CYCLE = (BLUE, ORANGE, GREEN, PINK, GREY)

# Neutral colours, exchanged on dark pages. Use them by name: INK for text and reference lines,
# PAPER for what must vanish into the page, GRID for the faintest lines.
INK = "#1f2329"
PAPER = "#fefefe"
GRID = "#d3d8de"
DARK = {INK: "#e7eaee", PAPER: "#121212", GRID: "#3a424c"}

# Viridis, perceptually uniform and safe for colour-blind readers, without the ends that vanish on
# dark or on light pages: a contrast of 2:1 to both is left.
SEQUENTIAL = ListedColormap(mpl.colormaps["viridis"](np.linspace(0.2, 0.77, 256)), "middle")
mpl.colormaps.register(SEQUENTIAL, force=True)
# For angles.
CYCLIC = LinearSegmentedColormap.from_list("cycle", (BLUE, GREEN, ORANGE, PINK, BLUE))

# Inches: as wide as a phone can show it with letters of 9 pixels. The site shows it no larger.
WIDTH = 5.8
HEIGHT = 3.4

_RC = {
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.dpi": 160,
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.borderaxespad": 0.2,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.6,
    "font.size": 11.0,  # points; a figure with smaller letters scrolls on a phone
    "font.family": "DejaVu Sans",  # ships with Matplotlib: the same glyphs on every machine
    "mathtext.fontset": "dejavusans",
    "image.cmap": SEQUENTIAL.name,
    "svg.fonttype": "path",
    "svg.hashsalt": "edge-of-stability",  # element ids repeat from run to run
}


def use() -> None:
    """Make this style Matplotlib's current one; call it once, in a notebook's first code cell."""
    mpl.rcdefaults()
    mpl.rcParams.update(_RC)
