"""What a driver tells of its device, put into effect: state, proof, rows, presses, alerts, who came and who went.

What may not live here: what concerns the connection itself: sending, timers, its end (`connection.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.driver import (
    Action,
    Alert,
    Appeared,
    Done,
    Feedback,
    Gone,
    Item,
    More,
    Offers,
    Press,
    Refused,
    Taken,
)
from gateway.model import Event, Outcome, Result

if TYPE_CHECKING:
    from gateway.connection import Connection
    from gateway.device import Device


def tell(device: Device, connection: Connection, action: Action) -> None:
    """Put one action into effect. Raises TypeError for what is none, ValueError for a point that is none."""
    match action:
        case Feedback():
            device.feedback(connection, action, connection.saying)
        case Taken(request):
            device.taken(connection, request)
        case Done(request):
            device.settle(connection, request.id, Outcome(Result.CONFIRMED))
        case Refused(request, words):
            device.settle(connection, request.id, Outcome(Result.REFUSED, words))
        case Offers():
            device.offer(action)
        case Press(key, edge, value, unit):
            device.event(Event("press", {"unit": unit, "key": key, "edge": edge, "value": value}))
        case Alert(unit, words):
            device.event(Event("alert", {"what": "device", "unit": unit, "text": words}))
        case Item(request, value):
            if ticket := device.ticket(request.id):
                ticket.row(value)
        case More(request):
            if ticket := device.ticket(request.id):
                ticket.page_ended()
        case Appeared(unit, facts):
            device.appeared(connection, unit, facts)
        case Gone(unit):
            device.gone(connection, unit)
        case _:
            raise TypeError(f"no action: {action!r}")
