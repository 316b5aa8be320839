"""Make the pages of a built site light: no style and no icon that no page uses.

The theme brings the whole of Bootstrap and of Font Awesome. A rule of a style sheet stays if every
class it asks for occurs, as a word, in some page or script; that keeps classes a script adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"-?[A-Za-z_][\w-]*")
_STRING = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_PIECE = re.compile(rf"(?:{_STRING}|url\([^)\"']*\)|[^{{}};\"'])+|[{{}};]|[\"']", re.DOTALL)
_GROUPS = ("@media", "@supports", "@layer", "@container")  # at-rules that hold rules

_ICONS = Path("_static/vendor/fontawesome/6.5.2")
# An icon is the content of a pseudo-element, by its number, or a variable that becomes one (so does
# the theme for its boxes), by the character itself, from the area for private use.
_NUMBER = re.compile(r"content:\s*\"\\([0-9a-f]+)\"")
_CHARACTER = re.compile("[\ue000-\uf8ff]")
_SOURCE = re.compile(r"src:[^;}]*fa-solid-900[^;}]*")


def slim(site: Path) -> None:
    """Rewrite the style sheets below `site`, and its icon font, with what is used."""
    words = _words(site)
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
    return "".join(_rules(iter(_PIECE.findall(_COMMENT.sub("", sheet))), words))


def _words(site: Path) -> set[str]:
    files = (path for kind in ("*.html", "*.js") for path in site.rglob(kind))
    return {word for file in files for word in _WORD.findall(file.read_text(encoding="utf-8"))}


def _rules(pieces: Iterator[str], words: set[str]) -> Iterator[str]:
    """The rules that stay, up to the brace that closes the group they are in."""
    prelude = ""
    for piece in pieces:
        if piece == "}":
            return
        if piece == ";":  # @import, @charset
            yield f"{prelude};"
            prelude = ""
        elif piece == "{":
            if prelude.startswith(_GROUPS):
                inside = "".join(_rules(pieces, words))
                if inside:
                    yield f"{prelude}{{{inside}}}"
            else:
                body = _body(pieces)
                kept = _used(prelude, words)
                if kept:
                    yield f"{kept}{{{body}}}\n"
            prelude = ""
        else:
            prelude = (prelude + piece).strip() if prelude else piece.strip()


def _body(pieces: Iterator[str]) -> str:
    """Everything up to the matching brace, as it stands."""
    depth, body = 1, ""
    for piece in pieces:
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if not depth:
            break
        body += piece
    return re.sub(r"\s+", " ", body).strip()


def _used(prelude: str, words: set[str]) -> str:
    """The selectors of a rule that some page may match; an at-rule stays as it is."""
    if prelude.startswith("@"):
        return prelude
    return ",".join(
        selector.strip()
        for selector in _selectors(prelude)
        # What stands in :not(…) need not be there.
        if words.issuperset(_CLASS.findall(re.sub(r":not\([^)]*\)", "", selector)))
    )


def _selectors(prelude: str) -> list[str]:
    """Split at the commas that are in no parentheses."""
    parts, depth = [""], 0
    for character in prelude:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


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
    for other in (
        *folder.glob("webfonts/*.ttf"),
        *folder.glob("webfonts/*.woff2"),
        *folder.glob("js/*"),
    ):
        if "fa-solid" in other.name or other.suffix == ".js":
            other.unlink()
