"""How long a service asks us to stay away. Source: RFC 9110 10.2.3 (seconds, or an HTTP date)."""

from __future__ import annotations

import email.utils

USUAL = 10.0  # seconds where it does not say
LONGEST = 3600.0


def retry_after(value: str, wall: float) -> float:
    """Seconds to wait, at least 1 and at most an hour; `wall` is now, in seconds since 1970."""
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        seconds = float(value)
    elif value:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - wall
        except (ValueError, TypeError, OverflowError):
            seconds = USUAL
    else:
        seconds = USUAL
    return min(max(seconds, 1.0), LONGEST)
