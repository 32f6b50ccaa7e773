"""Looks as files that browsers fetch: a style sheet of custom properties for each, and its logos.

Everything is named after its content, so that it may be kept for ever, and no name tells of a room. No token is asked:
the page that asks for one wears the look already. What may not live here: which colours (`profile/theme.py`).
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.problem import Problem
from gateway.profile.theme import Scheme, Theme, palette

PATH = "/panel/theme/"
MEDIA = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"}
HIGH = 40  # CSS pixels
WIDE = 200
# Opened by itself a logo is a document: it may draw, and nothing else. `sandbox` keeps even a script without an origin.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox;"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "public, max-age=31536000, immutable",
}


class Themes:
    """The looks of a site and its rooms."""

    def __init__(self, site: Theme, rooms: Mapping[str, Theme]) -> None:
        self.files: dict[str, bytes] = {}
        self.heads = {room: self._head(theme) for room, theme in rooms.items()}
        self.head = self._head(site)

    def of(self, room: str) -> bytes:
        """What a room's pages have in their head. A room that is not there has the site's."""
        return self.heads.get(room, self.head)

    def answer(self, request: Request) -> Response:
        """A style sheet or a logo; 304 where the client has it."""
        name = request.path_params["name"]
        content = self.files.get(name)
        if content is None:
            raise Problem(404, f"there is no look {name!r}", "The look has changed; load the page again.")
        headers = {**HEADERS, "etag": f'"{name}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=MEDIA[name.rpartition(".")[2]], headers=headers)

    def _head(self, theme: Theme) -> bytes:
        if theme.usual:
            return b""
        logos = {scheme: self._keep(logo.content, logo.kind) for scheme, logo in theme.logos.items()}
        sheet = self._keep(css(theme, logos).encode(), "css")
        tags = [f'<link rel="stylesheet" href="{PATH}{sheet}">']
        if theme.title:
            tags.append(f'<meta name="application-name" content="{html.escape(theme.title)}">')
        if any(scheme in logos for scheme in theme.shows()):
            tags.append('<meta name="logo" content="there">')
        return "\n".join(tags).encode() + b"\n"

    def _keep(self, content: bytes, kind: str) -> str:
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.{kind}"
        self.files[name] = content
        return name


def css(theme: Theme, logos: Mapping[str, str]) -> str:
    """A look as custom properties, dark first and light over it, as in panel.css. `logos`: their names by scheme."""
    first, *rest = theme.shows()
    sheet = _rule(theme, first, logos)
    for scheme in rest:
        sheet += f"@media (prefers-color-scheme: {scheme}) {{\n{_rule(theme, scheme, logos)}}}\n"
    return sheet


def _rule(theme: Theme, scheme: Scheme, logos: Mapping[str, str]) -> str:
    says = {f"--{name}": value for name, value in palette(scheme, theme.chosen(scheme)).items()}
    if theme.scheme != "auto":
        says["color-scheme"] = scheme
        says.update(FORCED[scheme])
    if scheme in logos:
        says["--logo"] = f'url("{PATH}{logos[scheme]}")'
        width = HIGH * theme.logos[scheme].shape
        says["--logo-width"] = f"{min(WIDE, max(8.0, width)):.0f}px"
    return ":root {\n" + "".join(f"  {name}: {value};\n" for name, value in says.items()) + "}\n"


# What does not depend on the colours chosen, where the browser's own wish is not heard (panel.css has it for its wish).
FORCED: dict[Scheme, dict[str, str]] = {
    "dark": {"--go": "#3ac17e", "--on-go": "#04200f", "--bad": "#c9323a", "--shadow": "0 12px 40px #0009"},
    "light": {"--go": "#15803d", "--on-go": "#fff", "--bad": "#c4252c", "--shadow": "0 12px 40px #1a2a4026"},
}
