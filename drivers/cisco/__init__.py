"""Cisco codecs: one driver for RoomOS and CE (xAPI), spoken over the text shell or over JSON-RPC.

`roomos.py` is the driver, `session.py` its connection, `about.py` what it says of itself, `xapi.py` what both
transports share, `shell.py` and `rpc.py` their grammars, `words.py` and `meetings.py` how our commands are called,
`mirror.py` what the codec has told, `status.py` what that is in points, `offers.py` what can be done, `wishes.py` what
the call list has yet to show, `rows.py` long answers, `heart.py` how the codec knows us, `lines.py` all that is sent,
`panel.py` the touch panel as a surface, `widgets.py` its panels and widgets in the codec's words.
What may not live here: anything but naming the driver.
"""

from drivers.cisco.roomos import CiscoRoomos

__all__ = ["CiscoRoomos"]
