"""Make the pages of a built site light: no style and no icon that no page uses.

The theme brings the whole of Bootstrap and of Font Awesome, half a megabyte of every first load. A
rule of a style sheet stays if every class it asks for occurs, as a word, in some page or script;
that keeps classes a script adds.
"""

from __future__ import annotations

import re
from pathlib import Path

from fontTools import subset

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STRING = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
# An innermost rule; the braces of the groups that hold rules (@media) stay outside of it.
_RULE = re.compile(rf"((?:[^{{}};\"']|{_STRING})+)\{{((?:[^{{}}\"']|{_STRING})*)\}}")
_EMPTY_GROUP = re.compile(r"@(?:media|supports|layer|container)[^{};]*\{\s*\}")
_COMMA = re.compile(r",(?![^()]*\))")  # between selectors, not between the arguments of :is(…)
_NOT = re.compile(r":not\([^)]*\)")  # what stands in it need not be there
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"-?[A-Za-z_][\w-]*")

_ICONS = Path("_static/vendor/fontawesome/6.5.2")
# An icon is the content of a pseudo-element, by its number, or a variable that becomes one (so does
# the theme for its boxes), by the character itself, from the area for private use.
_NUMBER = re.compile(r"content:\s*\"\\([0-9a-f]+)\"")
_CHARACTER = re.compile("[\ue000-\uf8ff]")
_SOURCE = re.compile(r"src:[^;}]*fa-solid-900[^;}]*")


def slim(site: Path) -> None:
    """Rewrite the style sheets below `site`, and its icon font, with what is used."""
    files = (path for kind in ("*.html", "*.js") for path in site.rglob(kind))
    words = {word for file in files for word in _WORD.findall(file.read_text(encoding="utf-8"))}
    icons: set[int] = set()
    for sheet in sorted(site.rglob("*.css")):
        text = used_rules(sheet.read_text(encoding="utf-8"), words)
        sheet.write_text(text, encoding="utf-8")
        icons |= {int(code, 16) for code in _NUMBER.findall(text)}
        icons |= {ord(character) for character in _CHARACTER.findall(text)}
    if (site / _ICONS).is_dir():
        _slim_icons(site / _ICONS, icons)


def used_rules(sheet: str, words: set[str]) -> str:
    """Return `sheet` without comments and without rules for classes that are not in `words`."""

    def kept(rule: re.Match[str]) -> str:
        selectors = [
            selector.strip()
            for selector in _COMMA.split(rule[1])
            if words.issuperset(_CLASS.findall(_NOT.sub("", selector)))
        ]
        return f"{','.join(selectors)}{{{' '.join(rule[2].split())}}}\n" if selectors else ""

    return _EMPTY_GROUP.sub("", _RULE.sub(kept, _COMMENT.sub("", sheet)))


def _slim_icons(folder: Path, icons: set[int]) -> None:
    """Keep those icons of the font that some style sheet, made slim before, still names."""
    sheet = folder / "css" / "all.min.css"
    text = sheet.read_text(encoding="utf-8")
    options = subset.Options(notdef_outline=True, hinting=False, layout_features=[])
    font = subset.load_font(str(folder / "webfonts" / "fa-solid-900.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=icons)
    subsetter.subset(font)
    options.flavor = "woff"
    subset.save_font(font, str(folder / "webfonts" / "fa-solid-900.woff"), options)
    font.close()  # it reads its tables when they are needed
    source = 'src:url("../webfonts/fa-solid-900.woff") format("woff")'
    sheet.write_text(_SOURCE.sub(source, text), encoding="utf-8")
    unloaded = ("webfonts/fa-solid*.ttf", "webfonts/fa-solid*.woff2", "js/*.js")
    for other in (file for pattern in unloaded for file in folder.glob(pattern)):
        other.unlink()
