"""An invitation -> the ways to join it, best first. Pure: no network, no clock, no device.

`find(invitation)` is all that others need. Order of evidence: the structured online meeting, properties of a provider,
the site's own rules and known links in the location, then in the newest part of the body, then generic SIP, H.323 and
telephone, and last whatever stands in quoted or forwarded older mails. What may not live here: which of the ways
a room's codec can take (`joinplan.py`), reading files (`joininfo.py`).
"""

from gateway.joinlink.find import find
from gateway.joinlink.invitation import Invitation
from gateway.joinlink.option import Found, Option

__all__ = ["Found", "Invitation", "Option", "find"]
