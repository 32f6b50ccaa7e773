"""Links of meeting services: which of them join a meeting, and what the link itself tells of it.

Each function takes a link whose host was parsed, and returns an Option without `found_in`, or None. Shapes: the facts'
list of forms that stand in public invitations. What may not live here: anything about the text around a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import unquote

from gateway.joinlink.hosts import Link, values
from gateway.joinlink.option import Option

TEAMS = ("teams.microsoft.com", "teams.microsoft.us", "teams.live.com", "teams.cloud.microsoft")
ZOOM = ("zoom.us", "zoomgov.com", "zoom-x.de", "zoom.com.cn", "zoom.com")
NUMBER = re.compile(r"\d{8,16}\Z")
NAME = re.compile(r"[\w.~%+-]{1,128}\Z")


def recognise(link: Link) -> Option | None:
    """The meeting that a link joins, or None."""
    host = link.host
    while host:
        family = DOMAINS.get(host)
        if family is not None:
            return family(link)
        _, _, host = host.partition(".")
    if link.scheme in ("msteams", "pexip"):
        return teams(link) if link.scheme == "msteams" else pexip(link)
    return (pexip(link) or cms(link)) if len(link.path) > 1 else None


def teams(link: Link) -> Option | None:
    """`/l/meetup-join/...`, `/meet/<digits>?p=`, the launcher and the old web client around the former."""
    if link.scheme == "msteams" and link.host == "l":  # msteams:/l/meetup-join/...
        return Option("teams", "", url="https://teams.microsoft.com/l" + link.url.partition("/l")[2])
    if not link.under(*TEAMS) or link.host.startswith("dialin."):
        return None
    base = f"https://{link.host}"
    if link.path.startswith("/dl/launcher/"):
        inner = link.value("url")
        at = inner.find("/l/meetup-join/")
        return Option("teams", "", url=base + inner[at:]) if at >= 0 else _short(base, inner.removeprefix("/_#"))
    for path in (link.path, link.fragment, link.path.removeprefix("/_"), link.path.removeprefix("/v2")):
        if path.startswith("/l/meetup-join/"):
            query = f"?{link.query}" if link.query and path is not link.fragment else ""
            return Option(
                "teams", "", url=f"{base}{path}{query}" if link.scheme != "https" or path != link.path else link.url
            )
    return _short(base, link.path + (f"?{link.query}" if link.query else ""))


def _short(base: str, rest: str) -> Option | None:
    path, _, query = rest.partition("?")
    steps = [step for step in path.split("/") if step]
    if len(steps) < 2 or steps[0] != "meet" or not NUMBER.match(steps[1]):
        return None
    return Option("teams", "", url=base + rest, meeting_id=steps[1], passcode=values(query).get("p", ""))


def zoom(link: Link) -> Option | None:
    """`/j/<id>`, `/w/`, `/s/`, `/wc/<id>/join`, `/wc/join/<id>`, `/my/<name>`; `zoommtg://.../join?confno=`."""
    if not link.under(*ZOOM):
        return None
    steps = link.steps
    if link.scheme in ("zoommtg", "zoomus"):
        number = link.value("confno")
        return Option("zoom", "", url=link.url, meeting_id=number) if NUMBER.match(number) else None
    if len(steps) >= 2 and steps[0] in ("j", "w", "s") and re.match(r"\d{8,12}\Z", steps[1]):
        return Option("zoom", "", url=link.url, meeting_id=steps[1])
    if len(steps) >= 3 and steps[0] == "wc":
        number = steps[2] if steps[1] == "join" else steps[1] if steps[2] in ("join", "start") else ""
        return Option("zoom", "", url=link.url, meeting_id=number) if NUMBER.match(number) else None
    if len(steps) == 2 and steps[0] == "my" and NAME.match(steps[1]):
        return Option("zoom", "", url=link.url)
    return None


def webex(link: Link) -> Option | None:
    """`/<site>/j.php?MTID=`, `/meet/<user>`, `/join/<user>`, `/wbxmjs/joinservice/...`, the web app's meeting page."""
    if not link.under("webex.com") or link.host in ("www.webex.com", "help.webex.com", "signin.webex.com"):
        return None
    steps = link.steps
    if not steps:
        return None
    if steps[-1] == "j.php" and link.value("mtid"):
        return Option("webex", "", url=link.url)
    if len(steps) >= 2 and steps[-2] in ("meet", "join") and len(steps) <= 3 and NAME.match(steps[-1]):
        user = steps[-1] if len(steps) == 2 else ""
        number = user if user.isdigit() else ""
        return Option("webex", "", url=link.url, sip=f"{user}@{link.host}" if user else "", meeting_id=number)
    if steps[0] == "wbxmjs" and "joinservice" in steps:
        return Option("webex", "", url=link.url)
    if steps[0] == "webappng" and "meeting" in steps and "dashboard" not in steps:
        return Option("webex", "", url=link.url)
    return None


def meet(link: Link) -> Option | None:
    """`meet.google.com/abc-defg-hij`, and `/lookup/<name>`."""
    if link.host != "meet.google.com":
        return None
    steps = link.steps
    if steps and steps[0] == "_meet":
        steps = steps[1:]
    if steps and re.match(r"[a-z]{3}-[a-z]{4}-[a-z]{3}\Z", steps[0]):
        return Option("meet", "", url=link.url, meeting_id=steps[0])
    return Option("meet", "", url=link.url) if len(steps) == 2 and steps[0] == "lookup" else None


def gotomeeting(link: Link) -> Option | None:
    """`global.gotomeeting.com/join/<9>`, `gotomeet.me/<name>`, `meet.goto.com/<9>`."""
    steps = link.steps
    if link.under("gotomeeting.com") and len(steps) >= 2 and steps[-2] == "join" and steps[-1].isdigit():
        return Option("gotomeeting", "", url=link.url, meeting_id=steps[-1])
    if link.under("gotomeet.me") and len(steps) == 1 and NAME.match(steps[0]):
        return Option("gotomeeting", "", url=link.url, meeting_id=steps[0] if steps[0].isdigit() else "")
    if link.host == "meet.goto.com" and steps and NAME.match(steps[0]):
        return Option("gotomeeting", "", url=link.url, meeting_id=steps[0] if steps[0].isdigit() else "")
    if link.host == "app.goto.com" and len(steps) == 2 and steps[0] in ("meeting", "meet") and steps[1].isdigit():
        return Option("gotomeeting", "", url=link.url, meeting_id=steps[1])
    return None


def bluejeans(link: Link) -> Option | None:
    """`bluejeans.com/<id>[/<passcode>]`; its video address follows from it."""
    if not link.under("bluejeans.com"):
        return None
    steps = link.steps
    if steps[:1] == ["m"]:
        steps = steps[1:]
    if not steps or not re.match(r"\d{6,16}\Z", steps[0]):
        return None
    code = steps[1] if len(steps) > 1 and re.match(r"\d{4,8}\Z", steps[1]) else ""
    sip = f"{steps[0]}.{code}@bjn.vc" if code else f"{steps[0]}@bjn.vc"
    return Option("bluejeans", "", url=link.url, meeting_id=steps[0], passcode=code, sip=sip)


def lifesize(link: Link) -> Option | None:
    """`call.lifesizecloud.com/<extension>`; its video address follows from it."""
    hosts = ("call.lifesizecloud.com", "guest.lifesizecloud.com", "call.lifesize.com")
    steps = link.steps
    if link.host not in hosts or not steps or not re.match(r"\d{3,12}\Z", steps[0]):
        return None
    return Option("lifesize", "", url=link.url, meeting_id=steps[0], sip=f"{steps[0]}@sip.lifesizecloud.com")


def starleaf(link: Link) -> Option | None:
    """`meet.starleaf.com/<id>`; `<id>@<organisation>.call.sl` stands in the text, if anywhere."""
    steps = link.steps
    if link.host != "meet.starleaf.com" or not steps or not re.match(r"\d{6,14}\Z", steps[0]):
        return None
    return Option("starleaf", "", url=link.url, meeting_id=steps[0])


def ringcentral(link: Link) -> Option | None:
    """`v.ringcentral.com/join/<id>?pw=`; the older `meetings.ringcentral.com/j/<id>`."""
    steps = link.steps
    if not link.under("ringcentral.com") or len(steps) < 2 or steps[0] not in ("join", "j", "conf"):
        return None
    number = steps[-1] if steps[-1].isdigit() else ""
    return Option("ringcentral", "", url=link.url, meeting_id=number)


def chime(link: Link) -> Option | None:
    """`chime.aws/<10 digits>`, `app.chime.aws/meetings/<10 digits>`."""
    steps = link.steps
    if not link.under("chime.aws") or not steps or not re.match(r"\d{10,13}\Z", steps[-1]):
        return None
    return Option("chime", "", url=link.url, meeting_id=steps[-1])


def jitsi(link: Link) -> Option | None:
    """`meet.jit.si/<room>`, but not its pages of telephone numbers."""
    steps = link.steps
    if link.host != "meet.jit.si" or not steps or steps[0] == "static":
        return None
    return Option("jitsi", "", url=link.url)


def eight(link: Link) -> Option | None:
    """`8x8.vc/<organisation>/<room>`."""
    steps = link.steps
    if not link.under("8x8.vc") or len(steps) < 2 or "static" in steps:
        return None
    return Option("8x8", "", url=link.url)


def whereby(link: Link) -> Option | None:
    """`whereby.com/<room>`, `<organisation>.whereby.com/<room>`."""
    pages = ("information", "blog", "user", "org", "pricing", "about", "privacy", "terms", "static", "login")
    if not link.under("whereby.com") or link.host == "docs.whereby.com" or len(link.steps) != 1:
        return None
    return None if link.steps[0] in pages else Option("whereby", "", url=link.url)


def skype(link: Link) -> Option | None:
    """`meet.lync.com/<organisation>/<user>/<id>`, `join.skype.com/...`."""
    if link.host in ("meet.lync.com", "meet.skype.com") and len(link.steps) >= 3:
        return Option("skype", "", url=link.url)
    return Option("skype", "", url=link.url) if link.host == "join.skype.com" and link.steps else None


def pexip(link: Link) -> Option | None:
    """`pexip://alias@domain`; on any host `/webapp/?conference=`, `/webapp/conference/<a>`, `/webapp3/m/<a>`."""
    if link.scheme == "pexip":
        address = unquote(link.url.partition("://")[2]).partition("?")[0].strip("/")
        return Option("pexip", "", url=link.url, sip=address) if "@" in address else None
    steps = link.steps
    if not steps or not re.match(r"webapp\d?\Z", steps[0]):
        return None
    alias = link.value("conference") or values(link.fragment.partition("?")[2]).get("conference", "")
    if not alias:
        wanted = {"conference", "m", "c"}
        alias = next((after for before, after in pairwise(steps) if before in wanted), "")
    if not alias:
        return None
    sip = alias if re.match(r"[^@\s]+@[\w.-]+\Z", alias) else ""
    return Option("pexip", "", url=link.url, sip=sip, meeting_id=alias if alias.isdigit() else "")


def cms(link: Link) -> Option | None:
    """On any host `/invited.sf?id=&secret=`, `/index.html?id=`, `/meeting/<id>?secret=`."""
    steps = link.steps
    if not steps or link.scheme not in ("http", "https"):
        return None
    number = link.value("id")
    if steps[-1] == "invited.sf" and number:
        return Option("cms", "", url=link.url, meeting_id=number if number.isdigit() else "")
    if steps == ["index.html"] and re.match(r"\d{3,14}\Z", number):
        return Option("cms", "", url=link.url, meeting_id=number)
    if len(steps) >= 2 and steps[-2] == "meeting" and steps[-1].isdigit() and link.value("secret"):
        return Option("cms", "", url=link.url, meeting_id=steps[-1])
    return None


def interop(link: Link) -> str:
    """The video address of a Teams meeting that its provider's information page names, or "".

    Webex `?confid=&tenantkey=&domain=`, Poly and BlueJeans `?key=&conf=`, Pexip `?conf=&d=&prefix=`.
    """
    if "conf" not in link.query:
        return ""
    conference = link.value("confid") or link.value("conf")
    if not re.match(r"\d{6,14}\Z", conference):
        return ""
    tenant, key = link.value("tenantkey"), link.value("key")
    if link.under("webex.com") and NAME.match(tenant):
        return f"{conference}.{tenant}@{link.value('domain') or 'm.webex.com'}"
    if key and re.match(r"[\w-]{2,32}\Z", key):
        if link.under("plcm.vc"):
            return f"{key}.{conference}@t.plcm.vc"
        return f"{key}.{conference}@teams.bjn.vc" if link.under("bluejeans.com", "bjn.vc") else ""
    domain = link.value("d")
    if link.steps[:1] == ["teams"] and re.match(r"[\w.-]+\.[a-z]{2,}\Z", domain):
        return f"{link.value('prefix')}{conference}@{domain}"
    return ""


DOMAINS: dict[str, Callable[[Link], Option | None]] = {
    **dict.fromkeys(TEAMS, teams),
    **dict.fromkeys(ZOOM, zoom),
    "webex.com": webex,
    "meet.google.com": meet,
    **dict.fromkeys(("gotomeeting.com", "gotomeet.me", "meet.goto.com", "app.goto.com"), gotomeeting),
    "bluejeans.com": bluejeans,
    **dict.fromkeys(("call.lifesizecloud.com", "guest.lifesizecloud.com", "call.lifesize.com"), lifesize),
    "meet.starleaf.com": starleaf,
    "ringcentral.com": ringcentral,
    "chime.aws": chime,
    "meet.jit.si": jitsi,
    "8x8.vc": eight,
    "whereby.com": whereby,
    **dict.fromkeys(("meet.lync.com", "meet.skype.com", "join.skype.com"), skype),
}
