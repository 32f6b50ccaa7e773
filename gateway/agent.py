"""SNMP agents: the settings by which every driver over SNMP logs in, and what silence of an agent means.

All versions alike: communities for 1 and 2c, a user with authentication and privacy for 3 (RFC 3414). What may not
live here: objects of any maker, links. Floor 1: drivers build on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gateway.driver import Opening, Settings, setting

MOST = 16  # OIDs in one GET
SILENCE = "no response (SNMP v1 and v2c answer a wrong read_community with silence too)"
UNHEARD = "it answers questions but not this order: is `community` the one that may write?"


@dataclass(frozen=True)
class AgentSettings(Settings):
    """How an agent is asked."""

    version: Literal["1", "2c", "3"] = setting("2c", "SNMP version")
    read_community: str = setting(
        "public", "v1 and v2c: the community that may read; a wrong one = no response", secret=True
    )
    username: str = setting("", "v3: user name")
    auth: Literal["none", "md5", "sha", "sha256"] = setting("sha", "v3: how the log-in is proved")
    password: str = setting("", "v3: authentication passphrase", secret=True)
    privacy: Literal["none", "des", "aes"] = setting("aes", "v3: how the data is encrypted")
    privacy_password: str = setting("", "v3: privacy passphrase", secret=True)

    def __post_init__(self) -> None:
        if self.version == "3" and not self.username:
            raise ValueError("version 3 needs a username")
        if self.privacy != "none" and self.auth == "none":
            raise ValueError("SNMPv3 has no privacy without auth (RFC 3414): set auth, or privacy to none")

    def opening(self) -> Opening:
        """How the link to the agent is opened."""
        return Opening(
            username=self.username,
            password=self.password,
            community=self.read_community,
            version=self.version,
            auth=self.auth,
            privacy=self.privacy,
            privacy_password=self.privacy_password,
        )


@dataclass(frozen=True)
class WritableAgentSettings(AgentSettings):
    """How an agent is asked and ordered."""

    community: str = setting("private", "v1 and v2c: the community that may write", secret=True)

    def opening(self) -> Opening:
        """How the link to the agent is opened, with the community for orders."""
        return replace(super().opening(), write_community=self.community)
