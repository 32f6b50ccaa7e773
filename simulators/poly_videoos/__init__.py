"""Poly VideoOS codec (G7500, Studio X) as its REST API shows it.

`codec.py` is the device and its hands, `calls.py` its calls and the far ends, `sessions.py` log-ins, `pages.py` the
directory and the calendar, `web.py` what its web server adds to plain HTTP. What may not live here: anything else.
"""

from simulators.poly_videoos.codec import PolyVideoos

__all__ = ["PolyVideoos"]
