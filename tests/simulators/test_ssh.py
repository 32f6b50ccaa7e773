"""The SSH half that four simulators share: the host key stays, a wrong password does not come in, guests are let go."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import asyncssh
import pytest

import simulators

NAMES = ("cisco_roomos", "poly_cli", "tesira_ttp", "zoom_rooms")
USERS = {"zoom_rooms": "zoom", "tesira_ttp": "default"}
every = pytest.mark.parametrize("name", NAMES)


def connect(name: str, address: str, password: str = "right") -> Any:
    parts = urlsplit(address)
    return asyncssh.connect(
        parts.hostname,
        parts.port,
        username=USERS.get(name, "admin"),
        password=password,
        known_hosts=None,
        config=None,
        client_keys=None,
        agent_path=None,
    )


@every
async def test_the_host_key_stays_over_reboots_and_restarts(name: str) -> None:
    sim = simulators.find(name)(password="right", speed=50)  # type: ignore[call-arg]
    keys = []
    for _ in range(2):
        async with sim.serving("ssh") as address:
            async with connect(name, address) as client:
                keys.append(client.get_server_host_key().get_fingerprint())
            await sim.reboot()
            async with connect(name, address) as client:
                keys.append(client.get_server_host_key().get_fingerprint())
    assert len(set(keys)) == 1
    assert getattr(sim, "fingerprint", keys[0]) == keys[0]


@every
async def test_a_wrong_password_and_a_refused_log_in_stay_outside(name: str) -> None:
    sim = simulators.find(name)(password="right")  # type: ignore[call-arg]
    async with sim.serving("ssh") as address:
        with pytest.raises(asyncssh.PermissionDenied):
            await connect(name, address, "wrong")
        sim.faults.refuse_login = True
        with pytest.raises(asyncssh.PermissionDenied):
            await connect(name, address)


@every
async def test_a_shell_ends_with_the_simulator(name: str) -> None:
    sim = simulators.find(name)(password="right")  # type: ignore[call-arg]
    async with sim.serving("ssh") as address:
        client = await connect(name, address)
        process = await client.create_process(encoding=None)
        assert await process.stdout.read(1)
    await client.wait_closed()
