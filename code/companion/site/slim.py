"""Make the first load of a built site light: no icon that no page uses.

The theme brings the whole of Font Awesome, more than all other styles together. An icon stays if
its class occurs, as a word, in some page or script, or if another style sheet shows it.
"""

import re
from pathlib import Path

_ICONS = Path("_static/vendor/fontawesome/6.5.2")
# The names of one icon, as classes, and its number in the font.
_RULE = re.compile(r"((?:\.fa-[\w-]+:before,?)+)\{content:\"\\([0-9a-f]+)\"\}")
# In other sheets: the number, or the character itself, from the area for private use.
_SHOWN = re.compile(r"content:\s*\"\\([ef][0-9a-f]{3})\"|([\ue000-\uf8ff])")
_SOURCE = re.compile(r"src:[^;}]*fa-solid-900[^;}]*")
_WORD = re.compile(r"fa-[\w-]+")


def slim(site: Path) -> None:
    """Rewrite the icon font below `site`, and its style sheet, with what is used."""
    folder = site / _ICONS
    if not folder.is_dir():
        return
    sheet = folder / "css" / "all.min.css"
    pages = (path for kind in ("*.html", "*.js") for path in site.rglob(kind))
    text = {path: path.read_text(encoding="utf-8") for path in pages if folder not in path.parents}
    words = {word for page in text.values() for word in _WORD.findall(page)}
    icons: set[int] = set()
    for other in site.rglob("*.css"):
        if folder not in other.parents:
            found = _SHOWN.findall(other.read_text(encoding="utf-8"))
            icons |= {int(number, 16) if number else ord(icon) for number, icon in found}

    def kept(rule: re.Match[str]) -> str:
        if words.isdisjoint(_WORD.findall(rule[1])):
            return ""
        icons.add(int(rule[2], 16))
        return rule[0]

    style = _RULE.sub(kept, sheet.read_text(encoding="utf-8"))
    source = 'src:url("../webfonts/fa-solid-900.woff") format("woff")'
    sheet.write_text(_SOURCE.sub(source, style), encoding="utf-8")
    _subset(folder / "webfonts", icons)
    unloaded = ("webfonts/fa-solid*.ttf", "webfonts/fa-solid*.woff2", "js/*.js")
    for other in (file for pattern in unloaded for file in folder.glob(pattern)):
        other.unlink()


def _subset(folder: Path, icons: set[int]) -> None:
    """Write the font of the solid icons anew, with `icons` alone."""
    from fontTools import subset  # not above: a build that changes nothing does without it

    options = subset.Options(notdef_outline=True, hinting=False, layout_features=[])
    font = subset.load_font(str(folder / "fa-solid-900.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=icons)
    subsetter.subset(font)
    options.flavor = "woff"
    subset.save_font(font, str(folder / "fa-solid-900.woff"), options)
    font.close()  # it reads its tables when they are needed
