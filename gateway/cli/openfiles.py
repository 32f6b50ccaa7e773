"""How many connections and files this process may hold open: raised as far as it is allowed to, and said where that is
too few. The usual 1024 of a login or a service are used up by the devices and panels of some 150 rooms.
"""

from __future__ import annotations

import resource

from gateway.spec import SiteSpec

WANTED = 65_536
OF_A_DEVICE = 2  # its link and a side link
OF_A_ROOM = 8  # panels, decks and programs that watch it
OF_ITS_OWN = 128  # journal, tapes, calendars, doors, the API's callers


def needed(site: SiteSpec) -> int:
    """About how many a site can need, generously."""
    return OF_A_DEVICE * len(site.all_devices()) + OF_A_ROOM * len(site.rooms) + OF_ITS_OWN


def allowed() -> int:
    """Raise the limit of this process, and return it (getrlimit(2), RLIMIT_NOFILE); no more than the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return WANTED if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        return soft
    return most


def complaint(site: SiteSpec, may: int) -> str:
    """What to say where a site can need more than it may have; "" where it is enough."""
    if needed(site) <= may:
        return ""
    return (
        f"WARNING: this process may hold {may} files and connections open, and this site can need about "
        f"{needed(site)}: raise LimitNOFILE of its service, or `ulimit -n`"
    )
