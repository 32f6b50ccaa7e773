"""Cisco RoomOS codec: a simulated room codec that speaks the xAPI over WebSocket (JSON-RPC) and SSH (text shell).

Each file has one noun: `codec` the memory, `hands` the hands, `room`, `cameras`, `calls`, `meetings`, `panels` and
`directory` the commands, `table` the rows and their checks, `tree` the documents, `listener` the feedback, `shell` and
`rpc` the two grammars,
`over_ssh` and `over_ws` their servers. Nothing but the simulator itself may be taken from here.
"""

from simulators.cisco_roomos.hands import CiscoRoomOS

__all__ = ["CiscoRoomOS"]
