"""A request's body as one JSON object, bounded, or a problem in words.

What may not live here: what any body means.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from gateway.api.commands import LONGEST_BODY
from gateway.api.problem import Problem


async def json_object(request: Request) -> dict[str, Any]:
    """The body. Raises Problem 413 for one that is too long, 422 for one that is no JSON object; empty is {}."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > LONGEST_BODY:
            raise Problem(413, f"a body is at most {LONGEST_BODY} bytes")
    if not held:
        return {}
    try:
        asked = json.loads(held)
    except (ValueError, RecursionError) as error:
        raise Problem(422, f"not JSON: {error}") from None
    if not isinstance(asked, dict):
        raise Problem(422, "not a JSON object")
    return asked
