"""An HTML body as people see it: its text in lines, each link's address in angle brackets after its words.

A tree builder for HTML has quadratic traps by its specification: every `<div>` looks through all that are open, every
paragraph opens lost formatting again (10,000 open `<div>` hold lexbor for 170 ms, 40,000 for 3 s). So the mark-up is
made flat first, in passes that are linear whatever comes: what breaks a line becomes a mark, other tags vanish, and
only links, comments, styles and scripts are left for the C parser (lexbor), which knows entities, attributes and what
is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

MOST_TAGS = 16_000
MOST_LINKS = 600
MOST_HIDDEN = 200
# Control characters that stand for mark-up while the text is flat. Blanks to `str.split`, so none is left of what came;
# ASCII, so that Python's strings stay narrow and quick.
BREAK, LINK_END, CITED, CITED_END, OLDER = "\x1c", "\x1d", "\x1e", "\x1f", "\x0b"

BREAKS = "p div br tr li ul ol table hr h1 h2 h3 h4 h5 h6 blockquote section article header footer dd dt dl pre address"
KEPT = "a style script title head noscript template"
HIDDEN = re.compile(r"display: ?none|[ \"]hidden(?=[ >=/])", re.IGNORECASE)
# How mail programs mark where an older mail begins; a cited block ends, the others do not.
OLDER_MARKS = ("divRplyFwdMsg", "appendonsend", "gmail_quote", "moz-cite-prefix", "mail-editor-reference-message")
CITE = ('type="cite"', "type=cite", "type='cite'")
# The commonest tags, without the loop below: nine in ten of an ordinary mail's.
BLOCKS = re.compile(r"</?(?:p|div|tr|table|li|ul|ol|br|hr|h[1-6])(?: [^<>]*)?/?>", re.IGNORECASE)
INLINE = re.compile(r"</?(?:span|font|b|i|u|em|strong|o:p|img|tbody)(?: [^<>]*)?/?>", re.IGNORECASE)
EMPTY = ("img", "input", "br", "hr", "meta", "link")
UNSEEN = frozenset(("style", "script", "title", "head", "noscript", "template"))


def _fates() -> dict[str, str]:
    """What each tag becomes: a line's break, a space, or "" for those that the parser is to see."""
    fates = dict.fromkeys(BREAKS.split(), BREAK) | dict.fromkeys(("td", "th"), " ")
    fates |= dict.fromkeys(KEPT.split(), "")
    forms = {name: fate for held, fate in fates.items() for name in (held, f"/{held}", f"{held}/")}
    return forms | {name.upper(): fate for name, fate in forms.items()}


FATE = _fates()


def seen(html: str) -> tuple[str, bool]:
    """The text of an HTML body, and whether it had to be cut. Its time grows with the length only, whatever it is."""
    html, cut = _before(html, "<", MOST_TAGS)
    html = " ".join(html.split())
    html, more = _before(html, "<a ", MOST_LINKS)
    html = _without_hidden(html)
    return _text(_flat(_marked(html))), cut or more


def _before(text: str, mark: str, most: int) -> tuple[str, bool]:
    """The text before the mark that is one too many, and whether there was one."""
    if text.count(mark) <= most:
        return text, False
    at = -1
    for _ in range(most + 1):
        at = text.index(mark, at + 1)
    return text[:at], True


def _flat(html: str) -> str:
    """The mark-up with nothing in it that can be nested."""
    html = INLINE.sub("", BLOCKS.sub(BREAK, html))
    first, *rest = html.split("<")
    out = [first]
    add = out.append
    known: dict[str, str | None] = {}  # mails repeat the same few tags, attributes and all
    for piece in rest:
        tag, end, text = piece.partition(">")
        if tag in known and end:
            mark = known[tag]
        else:
            mark = _mark(tag, end)
            if len(known) < MOST_TAGS:
                known[tag] = mark
        if mark is None:
            add("<" + piece)
        elif mark == "&lt;":
            add(mark + piece)
        elif mark or end:
            add(mark)
            add(text)
    return "".join(out)


def _mark(tag: str, end: str) -> str | None:
    """What stands in the place of a tag; None: the tag itself."""
    name = tag.partition(" ")[0]
    fate = FATE.get(name)
    if fate is None:
        fate = FATE.get(name.lower())
    if fate is not None:
        return fate if fate else f"{LINK_END}</a>" if name in ("/a", "/A") and end else None
    if tag[:1] == "!":
        return None  # a comment
    return "" if tag[:1].isalpha() or (end and tag[:1] in ("/", "?")) else "&lt;"  # a < b


def _marked(html: str) -> str:
    """With marks where older mails begin."""
    places = [(at, OLDER) for mark in OLDER_MARKS for at in _tags_with(html, mark)]
    cited = [
        (at, CITED) for mark in CITE for at in _tags_with(html, mark) if html[at : at + 11].lower() == "<blockquote"
    ]
    if cited:
        html = html.replace("</blockquote>", f"{CITED_END}</blockquote>")
        cited = [
            (at, CITED) for mark in CITE for at in _tags_with(html, mark) if html[at : at + 11].lower() == "<blockquote"
        ]
        places = [(at, OLDER) for mark in OLDER_MARKS for at in _tags_with(html, mark)]
    kept: list[str] = []
    last = 0
    for at, mark in sorted({*places, *cited}):
        kept += (html[last:at], BREAK, mark, BREAK)
        last = at
    return "".join(kept) + html[last:]


def _tags_with(html: str, word: str) -> Iterator[int]:
    """Where tags begin that have a word among their attributes; the first few."""
    at = -1
    for _ in range(50):
        at = html.find(word, at + 1)
        if at < 0:
            return
        start = html.rfind("<", max(0, at - 1000), at)
        if start >= 0 and html.find(">", start, at) < 0:
            yield start


def _without_hidden(html: str) -> str:
    """Without the elements that say of themselves that they are not shown; the first few hundred of them."""
    if "none" not in html and "hidden" not in html:
        return html
    kept: list[str] = []
    last = 0
    for found, _ in zip(HIDDEN.finditer(html), range(MOST_HIDDEN), strict=False):
        start = html.rfind("<", max(last, found.start() - 1000), found.start())
        if start < 0 or html.find(">", start, found.start()) >= 0:
            continue
        name = re.match(r"[a-zA-Z0-9]{1,12}", html[start + 1 : start + 13])
        close = html.find(">", found.end(), found.end() + 4000) + 1
        if name is None or not close:
            continue
        kept.append(html[last:start])
        last = _end_of(html, name[0], close)
    return "".join(kept) + html[last:]


def _end_of(html: str, name: str, at: int) -> int:
    """Where the element that opened before `at` ends; `at` for one without an end."""
    if name.lower() in EMPTY:
        return at
    begin, end, depth, here = f"<{name}", f"</{name}", 1, at
    for _ in range(50):
        closing = html.find(end, here, at + 20_000)
        if closing < 0:
            return at
        depth += html.count(begin, here, closing) - 1
        here = closing + len(end)
        if depth <= 0:
            return html.find(">", here) + 1 or len(html)
    return at


def _text(flat: str) -> str:
    """The flat mark-up as text. Links are never inside links, so one address waits at most."""
    root = LexborHTMLParser(flat).root
    parts: list[str] = []
    waiting = ""
    for node in root.traverse(include_text=True) if root is not None else ():
        tag = node.tag
        if tag == "-text":
            parent = node.parent
            if parent is not None and parent.tag in UNSEEN:
                continue
            words = node.text_content or ""
            if waiting and LINK_END in words:
                words = words.replace(LINK_END, f" <{waiting}> ", 1)
                waiting = ""
            parts.append(words)
        elif tag == "a":
            if waiting:
                parts.append(f" <{waiting}> ")
            held = node.attributes
            address = (held.get("originalsrc") or held.get("href") or "").strip()
            waiting = address.replace("<", "").replace(">", "").replace(" ", "%20")
    if waiting:
        parts.append(f" <{waiting}> ")
    return "".join(parts).replace(LINK_END, "").replace(BREAK, "\n").replace("\xa0", " ")
