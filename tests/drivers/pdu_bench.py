"""What the tests of rack PDUs share: golden varbinds, three outlets behind somebody else's agent, any answers at all.

Not a test itself; what a maker's objects are stands in the maker's test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from drivers.pdu.outlets import Outlets
from gateway.commands import CyclePower, SetPower
from gateway.driver import SnmpReply
from gateway.model import Result
from tests.drivers.contract import run_device, value
from tests.drivers.golden import Golden
from tests.drivers.snmpd_bench import outcome, snmpd

# The beginning of a table for `snmpd_bench.snmpd`: outlets switch at once; a reboot is off for half a second.
OUTLETS = """
REBOOT, NAMES = 0.5, ("Projector", "Amplifier", "Codec")
on, back = {n: True for n in (1, 2, 3)}, {}
def passed():
    for n in [n for n, when in back.items() if time.monotonic() >= when]:
        on[n] = bool(back.pop(n))
def switch(n, state, reboot):
    on[n] = state
    back.pop(n, None)
    if reboot:
        back[n] = time.monotonic() + REBOOT
    return True
"""


def varbind(golden: Golden) -> tuple[str, int]:
    """A golden line `.1.2.3 = 4`."""
    oid, _, text = golden.wire.decode().removeprefix(".").partition(" = ")
    return oid, int(text)


async def switched_by_a_real_agent(
    folder: Path, driver: type[Outlets], root: str, table: str, settings: dict[str, str], *, draws: tuple[float, float]
) -> list[str]:
    """Net-snmp's agent in front of three outlets: read, switched off and on, rebooted. The orders that arrived."""
    async with (
        snmpd(folder, root, OUTLETS + table) as link,
        run_device(driver, link, {"poll": 0.2, "quick": 0.1, **settings}) as (device, watcher),
    ):
        await watcher.until(lambda: device.online)
        assert [value(device, "outlet_name", unit) for unit in "123"] == ["Projector", "Amplifier", "Codec"]
        assert [value(device, "power", unit) for unit in "123"] == ["on", "on", "on"]
        assert (value(device, "load", "1"), value(device, "watts", "1")) == draws
        assert await outcome(device, SetPower(False), "2") == (Result.CONFIRMED, "")
        assert [value(device, "power", unit) for unit in "123"] == ["on", "off", "on"]
        assert await outcome(device, SetPower(True), "2") == (Result.CONFIRMED, "")
        assert await outcome(device, CyclePower(), "3") == (Result.CONFIRMED, "")
    return (folder / "orders").read_text().splitlines()


def replies(oids: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any answers, and what is none."""
    values = st.none() | st.integers() | st.text()
    errors = st.sampled_from(["", "noSuchName", "genErr"])
    return st.builds(SnmpReply, st.dictionaries(oids | st.text(), values, max_size=6), errors) | st.binary()
