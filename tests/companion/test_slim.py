from __future__ import annotations

import pytest

from companion.site.slim import used_rules

WORDS = {"used", "also-used", "a"}


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        (".used { color: red }", ".used{color: red}"),
        (".unused { color: red }", ""),
        (".used .unused { color: red }", ""),
        ("a, .unused, .used > .also-used { color: red }", "a,.used > .also-used{color: red}"),
        # A rule for what has not a class is for pages without it.
        (".used:not(.unused) { color: red }", ".used:not(.unused){color: red}"),
        # Commas in parentheses separate no selectors.
        (":is(.used, a) b { color: red }", ":is(.used, a) b{color: red}"),
        ("#anything[class=unused] { color: red }", "#anything[class=unused]{color: red}"),
        ("/* .used { */ .unused { color: red }", ""),
        ('.used::after { content: "}; {" } .unused {}', '.used::after{content: "}; {"}'),
        (".used { background: url(data:image/png;base64,x) }", None),
        ("@media print { .unused {} }", ""),
        ("@media print { .used {x: y} .unused {} }", "@media print{.used{x: y}\n}"),
        ('@import "../basic.css"; .unused {}', '@import "../basic.css";'),
        ("@font-face { src: url(x.woff) }", "@font-face{src: url(x.woff)}"),
        ("@keyframes turn { from { top: 0 } to { top: 1px } } .unused {}", None),
    ],
)
def test_used_rules(sheet, kept):
    if kept is None:  # everything but the last rule
        kept = sheet.removesuffix(".unused {}")
    assert "".join(used_rules(sheet, WORDS).split()) == "".join(kept.split())


def test_icons_nobody_loads_are_left_out(built_once):
    icons = built_once.site / "_static/vendor/fontawesome/6.5.2"
    assert [path.name for path in icons.rglob("fa-solid*")] == ["fa-solid-900.woff"]
    assert not list(icons.rglob("*.js"))
