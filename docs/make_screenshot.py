"""Takes the README's picture of the panel: `roomgate demo` as anybody starts it, in a real Chromium, 1280x800.

What may not live here: anything that is drawn; the picture is what the panel shows.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import httpx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.panel.browser import LANDSCAPE, NoBrowser, chromium, watched  # noqa: E402

PANEL = re.compile(r"(http://\S+)/panel/(\S+)#token=(\S+)")
HANDS = re.compile(r"http://\S+/hands/incoming_call")
PATIENCE = 60.0


async def main(to: Path) -> None:
    """Start the demo, bring the room into a meeting, and take the picture."""
    with tempfile.TemporaryDirectory() as data:
        command = (sys.executable, "-m", "gateway", "demo", "--port", "0", "--data", f"{data}/demo")
        demo = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(PATIENCE):
                url, room, token, hands = await _addresses(demo)
                await _meeting(f"{url}/api/v1/rooms/{room}", token, hands)
                await _picture(f"{url}/panel/{room}#token={token}", to)
        finally:
            if demo.returncode is None:
                demo.terminate()
            await demo.wait()


async def _addresses(demo: asyncio.subprocess.Process) -> tuple[str, str, str, str]:
    """The gateway, the room, a token and the codec's hands, as the demo prints them."""
    assert demo.stdout is not None
    panel, told = None, ""
    async for line in demo.stdout:
        told += line.decode()
        panel = panel or PANEL.search(told)
        hands = HANDS.search(told)
        if panel and hands:
            return panel[1], panel[2], panel[3], hands[0]
    raise SystemExit(f"the demo ended without telling where its panel is:\n{told}")


async def _meeting(room: str, token: str, hands: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=PATIENCE, trust_env=False) as client:
        answer = await client.post(f"{room}/power", params={"wait": 30}, json={"on": True})
        answer.raise_for_status()
        (await client.post(hands, params={"number": "alice@example.com"})).raise_for_status()
        (await client.post(f"{room}/calls/answer", json={})).raise_for_status()


async def _picture(address: str, to: Path) -> None:
    async with chromium() as browser, watched(browser, LANDSCAPE) as seen:
        await seen.page.goto(address)
        await seen.page.locator(".strip .timer").filter(has_text=re.compile(r"\d\d:\d\d")).wait_for()
        await seen.page.screenshot(path=to)
        if seen.complaints:
            raise SystemExit("the panel complained: " + "; ".join(seen.complaints))


if __name__ == "__main__":
    try:
        asyncio.run(main(HERE / "panel.png"))
    except NoBrowser as missing:
        raise SystemExit(f"no picture: {missing}") from None
