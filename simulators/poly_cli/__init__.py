"""Poly and Polycom codecs on their command line: VideoOS, RealPresence Group, HDX, over telnet, SSH and serial.

`codec` is the memory, the log-in and who hears of what; `words` the commands; `over_ssh` the SSH server. Nothing but
the simulator itself may be taken from here.
"""

from simulators.poly_cli.codec import PolyCli

__all__ = ["PolyCli"]
