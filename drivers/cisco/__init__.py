"""Cisco codecs: one driver for RoomOS and CE (xAPI), spoken over the text shell or over JSON-RPC.

`roomos.py` is the driver, `about.py` what it says of itself, `xapi.py` what both transports share, `shell.py` and
`rpc.py` their grammars, `mirror.py` what the codec has told, `status.py` what that is in points, `wishes.py` what
the call list has yet to show.
What may not live here: anything but naming the driver.
"""

from drivers.cisco.roomos import CiscoRoomos
from drivers.cisco.shell import commands

__all__ = ["CiscoRoomos", "commands"]
