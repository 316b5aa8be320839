import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from companion import publish, publish_number, style
from companion.notebook.publish import PublishError
from companion.notebook.stacked import stack

ALT = "A line that rises from the lower left to the upper right."


@pytest.fixture(autouse=True)
def _somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("companion.notebook.publish.display", lambda *_, **__: None)
    style.use()
    yield
    plt.close("all")


def line():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    return figure


def test_publish_writes_pictures_data_and_alt_text(tmp_path):
    publish(line(), "a-line", {"y": [0.0, 1.0]}, ALT)
    folder = tmp_path / "_published" / "figures"
    assert {path.name for path in folder.iterdir()} == {
        f"a-line{end}" for end in (".svg", ".dark.svg", ".png", ".npz", ".json")
    }
    with np.load(folder / "a-line.npz") as data:
        np.testing.assert_array_equal(data["y"], [0.0, 1.0])
    record = json.loads((folder / "a-line.json").read_text())
    assert record == {
        "name": "a-line",
        "alt": ALT,
        "width": pytest.approx(72 * style.WIDTH),
        "letters": 11.0,
        "stacked": 0,
    }


def test_smallest_letters_are_those_that_are_seen(tmp_path):
    figure = line()
    figure.axes[0].set_title("a title", fontsize=8.0)
    figure.axes[0].text(0.5, 0.5, "", fontsize=5.0)
    figure.axes[0].text(0.5, 0.5, "hidden", fontsize=6.0, visible=False)
    publish(figure, "a-line", {"y": [0.0, 1.0]}, ALT)
    assert json.loads((tmp_path / "_published/figures/a-line.json").read_text())["letters"] == 8.0


def test_dark_picture_differs_in_neutral_colours_alone(tmp_path):
    folder = tmp_path / "_published" / "figures"
    publish(line(), "a-line", {"y": [0.0, 1.0]}, ALT)
    light, dark = ((folder / f"a-line{end}").read_text() for end in (".svg", ".dark.svg"))
    assert style.INK in light
    assert style.INK not in dark
    for bright, dim in style.DARK.items():
        light = light.replace(bright, dim)
    assert light == dark


def test_same_figure_gives_the_same_bytes(tmp_path):
    def published():
        publish(line(), "a-line", {"y": [0.0, 1.0]}, ALT)
        folder = tmp_path / "_published" / "figures"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert published() == published()


@pytest.mark.parametrize("y", [[np.nan, np.nan], [10.0, 11.0]], ids=["NaN", "outside the limits"])
def test_a_blank_axes_is_refused_also_beside_a_full_one(y):
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([0, 1], [0, 1])
    right.plot([0, 1], y)
    right.set_ylim(0, 1)
    with pytest.raises(PublishError, match="axes 1 is blank"):
        publish(figure, "half", {"y": [0.0]}, ALT)
    with pytest.raises(PublishError, match="it has no axes"):
        publish(plt.figure(), "nothing", {"y": [1.0]}, ALT)


def test_a_blank_axes_is_refused_also_on_top_of_a_full_one(tmp_path):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    axes.twinx()
    with pytest.raises(PublishError, match="axes 1 is blank"):
        publish(figure, "two-lines", {"y": [0.0, 1.0]}, ALT)


def test_image_without_frame_is_not_blank():
    figure, axes = plt.subplots()
    axes.imshow(np.arange(4.0).reshape(2, 2))
    axes.set_axis_off()
    publish(figure, "image", {"z": np.arange(4.0)}, ALT)


@pytest.mark.parametrize(
    ("name", "data", "alt", "message"),
    [
        ("Not A Name", {"y": [1.0]}, ALT, "'Not A Name': lower-case words joined by hyphens"),
        ("line", {}, ALT, "data is empty"),
        ("line", {"y": []}, ALT, r"data\['y'\] has type float64 and shape \(0,\)"),
        ("line", {"y": ["text"]}, ALT, r"data\['y'\] has type <U4"),
        ("line", {"y": [1.0]}, "A line.", "alt text 'A line.' has 7 characters"),
        (7, {"y": [1.0]}, ALT, "name 7: lower-case words"),
        ("line", [1.0], ALT, "data is list; arrays by name needed"),
        ("line", {"y": [1.0]}, None, "alt text 'None' has 4 characters"),
        # What would be an argument of NumPy's, or a path in the archive.
        *(
            ("line", {key: [1.0]}, ALT, f"data has the name {re.escape(repr(key))}; letters and")
            for key in ("file", "allow_pickle", "../../e", "/e", "a b", "", ".", "a..b", "é", 3)
        ),
    ],
)
def test_unfit_figure(name, data, alt, message):
    with pytest.raises(PublishError, match=message):
        publish(line(), name, data, alt)


@pytest.mark.parametrize("value", [np.nan, np.inf, "1", [1.0], None, 1j])
def test_unfit_number(value):
    with pytest.raises(PublishError, match="one finite real number needed"):
        publish_number("answer", value)
    with pytest.raises(PublishError, match="a number of 0 or more needed"):
        publish_number("answer", 42.0, tolerance=value)
    with pytest.raises(PublishError, match="a number of 0 or more needed"):
        publish_number("answer", 42.0, tolerance=-1e-9)


@pytest.mark.parametrize("value", [3, 2.5, 1 / 3, np.float64(2.5), np.int64(3), True])
def test_numbers_are_kept_exactly(tmp_path, value):
    publish_number("answer", value)
    kept = json.loads((tmp_path / "_published/numbers/answer.json").read_text())
    assert kept == {"value": value, "tolerance": 1e-6, "volatile": False}


def _luminance(colour: str) -> float:
    """Relative luminance as defined by WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("#ffffff", style.DARK[style.PAPER])


@pytest.mark.parametrize("ground", GROUNDS, ids=["light", "dark"])
def test_colours_hold_on_both_grounds(ground):
    assert min(_contrast(colour, ground) for colour in style.CYCLE) >= 3.0
    for colours, least in ((style.SEQUENTIAL, 2.0), (style.CYCLIC, 3.0)):
        shades = [to_hex(colours(t)) for t in np.linspace(0, 1, 101)]
        assert min(_contrast(shade, ground) for shade in shades) >= least


def test_text_holds_on_both_grounds():
    for ink, ground in zip((style.INK, style.DARK[style.INK]), GROUNDS, strict=True):
        assert _contrast(ink, ground) >= 7.0


def test_sequential_map_gets_lighter_throughout():
    shades = [_luminance(to_hex(style.SEQUENTIAL(t))) for t in np.linspace(0, 1, 65)]
    assert (np.diff(shades) > 0).all()
    assert plt.imshow(np.eye(2)).cmap == style.SEQUENTIAL  # by default


def test_panels_side_by_side_are_stacked_for_a_phone(tmp_path):
    figure, axes = plt.subplots(1, 2, sharey=True)
    axes[0].set(ylabel="height", title="first")
    for panel in axes:
        panel.plot([0, 1], [0, 1], label="a line with a long name")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(2 * handles, 2 * labels, loc="outside lower center", ncols=2)
    publish(figure, "two-lines", {"y": [0.0, 1.0]}, ALT)
    folder = tmp_path / "_published" / "figures"
    assert json.loads((folder / "two-lines.json").read_text())["stacked"] == 2
    assert (folder / "two-lines.narrow.svg").exists()
    assert (folder / "two-lines.narrow.dark.svg").exists()
    first, second = (panel.get_position() for panel in axes)
    assert second.y1 < first.y0
    assert second.x0 == pytest.approx(first.x0)
    assert axes[1].get_ylabel() == "height"
    assert axes[1].yaxis.get_tick_params()["labelleft"]
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y1 <= second.y0 * figure.bbox.height


def test_nine_pictures_of_the_plane_keep_two_columns():
    figure, axes = plt.subplots(3, 3, sharex=True, sharey=True)
    for panel in axes.flat:
        panel.plot([0, 1], [0, 1])
        panel.set_aspect("equal")
    assert stack(figure) == 9
    places = [panel.get_subplotspec() for panel in axes.flat]
    assert {place.colspan.start for place in places} == {0, 1}
    assert len(set(places)) == 9


def test_panels_that_are_below_each_other_stay():
    figure, _ = plt.subplots(2, 1)
    before = figure.get_size_inches().tolist()
    assert not stack(figure)
    assert figure.get_size_inches().tolist() == before
