"""`roomgate surfaces`: who waits to be let in, and letting them in, over the running gateway's own API.

What may not live here: anything the API does not offer to everybody with an administrator's token.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any
from urllib.parse import quote

import httpx

from gateway.cli import finding
from gateway.cli.remote import RemoteError


def options(sub: argparse.ArgumentParser) -> None:
    """The command's own options."""
    actions = sub.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="who waits, and which decks have a room")
    adopt = actions.add_parser("adopt", help="give a panel (its code) or a deck (its id) to a room")
    adopt.add_argument("id", help="the six characters on the panel, or a deck's id from the list")
    adopt.add_argument("--room", required=True)
    adopt.add_argument("--surface", default="", help="for decks: which of the room's surfaces; not needed for its only")
    adopt.add_argument("--name", default="", help="for panels: the name of its token")
    release = actions.add_parser("release", help="take a deck from its room, or turn away one that waits, or a panel")
    release.add_argument("id")
    for action in list(actions.choices.values()):
        action.add_argument("--url", help="the gateway; default $ROOMGATE_URL or http://127.0.0.1:8080")
        action.add_argument("--token", help="an admin's token; default $ROOMGATE_TOKEN")
    finding.options(actions.add_parser("find", help="docks, Studios and satellites on this network; asks no gateway"))


async def run(args: argparse.Namespace) -> int:
    """Do it, and print what came of it. Raises RemoteError."""
    if args.action == "find":
        return await finding.run(args)
    url = args.url or os.environ.get("ROOMGATE_URL", "http://127.0.0.1:8080")
    token = args.token or os.environ.get("ROOMGATE_TOKEN", "")
    if not token:
        raise RemoteError("an admin's token is needed: --token, or ROOMGATE_TOKEN in the environment")
    headers = {"authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=10, trust_env=False) as client:
            path = f"/api/v1/surfaces/{quote(getattr(args, 'id', ''), safe='/')}"
            if args.action == "adopt":
                body = {"room": args.room, "surface": args.surface, "name": args.name}
                told = _answer(await client.post(f"{path}/adopt", json=body))
                shown = f"surface {told['surface']}" if told["kind"] == "deck" else f"token {told['token']}"
                print(f"{told['kind']} {told['id']} belongs to room {told['room']} now ({shown})")
            elif args.action == "release":
                told = _answer(await client.delete(path))
                print(f"{told['id']} {'was turned away' if told['waited'] else 'is let go'}")
            else:
                _list(_answer(await client.get("/api/v1/surfaces")))
    except httpx.HTTPError as error:
        raise RemoteError(f"the gateway at {url} cannot be reached: {error or type(error).__name__}") from None
    return 0


def _answer(reply: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = reply.json() if reply.headers.get("content-type", "").find("json") >= 0 else {}
    if reply.status_code >= 400:
        words = " ".join(str(told[key]) for key in ("detail", "advice") if told.get(key))
        raise RemoteError(f"the gateway says {reply.status_code}: {words or reply.reason_phrase}")
    return told


def _list(told: dict[str, Any]) -> None:
    for one in told["waiting"]:
        said = one.get("address", "") if one["kind"] == "panel" else " ".join(str(v) for v in one["facts"].values())
        print(f"waits    {one['kind']:5}  {one['id']}  {said}")
    for one in told["adopted"]:
        print(
            f"adopted  {one['kind']:5}  {one['id']}  {one['room']}/{one['surface']}"
            + ("" if one["online"] else "  away")
        )
    if not told["waiting"] and not told["adopted"]:
        print("nobody waits, and no deck is adopted", file=sys.stderr)
