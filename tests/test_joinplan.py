"""What each codec can do with each kind of meeting, with the exact command, and why it cannot do the rest."""

from __future__ import annotations

import json

import pytest

from gateway.commands import COMMANDS, Dial, HangUp, Join, SendDtmf
from gateway.joinlink import Invitation, Option, find
from gateway.joinplan import FAMILIES, Means, means_of, plan
from gateway.plugins import load_drivers
from gateway.profile.joinrules import JoinSpec

TEAMS = Option("teams", "body", url="https://teams.microsoft.com/meet/123456789012?p=x", meeting_id="123456789012",
               passcode="abc", phone="+13235550100", phone_code="987654321")  # fmt: skip
INTEROP = Option("teams", "body", url="https://teams.microsoft.com/l/meetup-join/1/0", sip="118765.contoso@m.webex.com")
ZOOM = Option("zoom", "body", url="https://zoom.us/j/93412345678", sip="93412345678@zoomcrc.com",
              h323="162.255.37.11##93412345678", phone="+13462487799", phone_code="93412345678#,,,,*123456#",
              meeting_id="93412345678", passcode="aB3", dial_passcode="123456")  # fmt: skip
WEBEX = Option("webex", "body", url="https://contoso.webex.com/contoso/j.php?MTID=m1",
               sip="25512345678@contoso.webex.com",
               meeting_id="25512345678", passcode="AbC", dial_passcode="2221")  # fmt: skip
MEET = Option("meet", "body", url="https://meet.google.com/abc-defg-hij", meeting_id="abc-defg-hij")
BRIDGE = Option("h323", "location", h323="192.0.2.20##7788")

ALL = {"service": {"webex": "Webex", "teams": "Teams", "zoom": "Zoom", "meet": "Google Meet"}}
CISCO = means_of("cisco_roomos", frozenset({Dial, Join, HangUp, SendDtmf}), ALL, "RoomOS 26.4")
OLD_CISCO = means_of("cisco_roomos", frozenset({Dial, Join, SendDtmf}), {"service": {"webex": "Webex"}}, "ce9.15.17.4")
POLY = means_of("poly_videoos", frozenset({Dial, SendDtmf}))
ZOOM_ROOM = means_of("zoom_rooms", frozenset({Dial, Join, HangUp}))

VIDEO = {"protocol": "sip", "kind": "video"}
TABLE = [
    ("cisco, teams", CISCO, TEAMS, ["teams", "phone"], Join("teams", url=TEAMS.url), ""),
    ("cisco, teams with address", CISCO, INTEROP, ["teams", "sip"], Join("teams", url=INTEROP.url), ""),
    ("cisco, zoom", CISCO, ZOOM, ["zoom", "sip", "h323", "phone"], Join("zoom", "93412345678", passcode="aB3"), ""),
    ("cisco, webex", CISCO, WEBEX, ["webex", "sip"], Join("webex", "25512345678@contoso.webex.com"), ",2221#"),
    ("cisco, meet", CISCO, MEET, ["meet"], Join("meet", url=MEET.url), ""),
    ("cisco, bridge", CISCO, BRIDGE, ["h323"], Dial("192.0.2.20##7788", protocol="h323", kind="video"), ""),
    ("old cisco, teams", OLD_CISCO, TEAMS, ["phone"], Dial("+13235550100", kind="audio"), ",987654321#"),
    (
        "old cisco, zoom",
        OLD_CISCO,
        ZOOM,
        ["sip", "h323", "phone"],
        Dial("93412345678@zoomcrc.com", **VIDEO),
        ",123456#",
    ),
    ("poly, teams", POLY, TEAMS, ["phone"], Dial("+13235550100", kind="audio"), ",987654321#"),
    ("poly, teams with address", POLY, INTEROP, ["sip"], Dial("118765.contoso@m.webex.com", **VIDEO), ""),
    ("poly, webex", POLY, WEBEX, ["sip"], Dial("25512345678@contoso.webex.com", **VIDEO), ",2221#"),
    ("zoom room, zoom", ZOOM_ROOM, ZOOM, ["zoom", "phone"], Join("zoom", "93412345678", passcode="aB3"), ""),
    ("zoom room, teams", ZOOM_ROOM, TEAMS, ["phone"], Dial("+13235550100", kind="audio"), ",987654321#"),
]


@pytest.mark.parametrize(
    ("means", "option", "how", "command", "tones"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_ways(means: Means, option: Option, how: list[str], command: object, tones: str) -> None:
    found = plan([option], means)
    assert [way.how for way in found.ways] == how
    assert (found.ways[0].command, found.ways[0].tones) == (command, tones)
    for way in found.ways:  # each can be sent as it stands
        assert type(way.command) is COMMANDS[way.command.verb]
        if way.tones:
            SendDtmf(way.tones)


@pytest.mark.parametrize(
    ("means", "option", "ruled", "words"),
    [
        (POLY, TEAMS, {"teams": "Teams meetings by itself", "sip": "without a video address"},
         "This is a Teams meeting without a video address. This codec can join Teams only through a gateway service; "
         "ask IT, or call +13235550100."),
        (POLY, MEET, {"meet": "Google Meet meetings by itself"},
         "This Google Meet meeting cannot be joined by video from this codec; ask the organiser for a video address."),
        (ZOOM_ROOM, BRIDGE, {"h323": "cannot call video addresses"},
         "This meeting cannot be joined by video from this Zoom Room; ask the organiser for a video address."),
        (OLD_CISCO, MEET, {"meet": "Google Meet meetings by itself"},
         "This Google Meet meeting cannot be joined by video from this codec; ask the organiser for a video address."),
    ],
)  # fmt: skip
def test_reasons(means: Means, option: Option, ruled: dict[str, str], words: str) -> None:
    found = plan([option], means)
    told = {one.how: one.words for one in found.ruled_out}
    assert set(told) == set(ruled) and all(ruled[how] in told[how] for how in ruled)
    assert found.words == words
    assert all(one.detail for one in found.ruled_out)


def test_old_software_is_told_apart_from_a_family_that_never_can() -> None:
    (old,) = [one for one in plan([MEET], OLD_CISCO).ruled_out if one.how == "meet"]
    (never,) = [one for one in plan([MEET], POLY).ruled_out if one.how == "meet"]
    assert "too old" in old.detail and "ce9.15.17.4" in old.detail and "no command" in never.detail


def test_an_organisation_with_a_gateway_asks_the_organiser() -> None:
    assert "ask the organiser" in plan([TEAMS], POLY, JoinSpec(teams_gateway="webex")).words


def test_zoom_without_an_address_needs_the_licence() -> None:
    bare = Option("zoom", "body", url="https://zoom.us/j/93412345678", meeting_id="93412345678", dial_passcode="77")
    without = plan([bare], POLY)
    assert without.ways == () and any("zoom_room_connector" in one.detail for one in without.ruled_out)
    (way,) = plan([bare], POLY, JoinSpec(zoom_room_connector=True)).ways
    assert way.command == Dial("93412345678@zoomcrc.com", protocol="sip", kind="video") and way.tones == ",77#"
    assert [way.how for way in plan([bare], CISCO, JoinSpec(zoom_room_connector=True)).ways] == ["zoom", "sip"]


def test_a_passcode_in_an_address_is_keyed_in_and_not_dialled() -> None:
    option = Option("bluejeans", "body", sip="1234567890.4321@bjn.vc", meeting_id="1234567890", passcode="4321")
    (way,) = plan([option], POLY).ways
    assert way.command == Dial("1234567890@bjn.vc", protocol="sip", kind="video") and way.tones == ",4321#"


def test_no_secret_is_shown() -> None:
    for means in (CISCO, POLY, ZOOM_ROOM):
        found = plan([TEAMS, ZOOM, WEBEX], means)
        told = json.dumps(found.as_json()) + repr(found)
        for secret in ("123456#", "aB3", "2221", "987654321"):
            assert secret not in told.replace("93412345678", "").replace("123456789012", ""), secret


def test_alternates_come_after_the_first_meeting() -> None:
    assert [(way.option.kind, way.how) for way in plan([MEET, ZOOM], CISCO).ways][:2] == [
        ("meet", "meet"),
        ("zoom", "zoom"),
    ]
    assert plan([], CISCO).words


def test_a_codec_that_sends_no_tones_says_so() -> None:
    means = means_of("some_codec", frozenset({Dial}))
    found = plan([TEAMS], means)
    assert found.ways == () and "keyed in" in next(one.words for one in found.ruled_out if one.how == "phone")
    assert "call +13235550100 from a telephone" in found.words


def test_families_are_drivers_that_there_are() -> None:
    drivers = load_drivers()
    assert set(FAMILIES) == {name for name, driver in drivers.items() if "calls" in driver.plays} & set(FAMILIES)
    for name in FAMILIES:
        assert name in drivers


def test_from_a_mail_to_a_command() -> None:
    body = "https://teams.microsoft.com/l/meetup-join/1/0\nTenant key: contoso@m.webex.com\nVideo ID: 118 765 432 1"
    (way,) = plan(find(Invitation(body=body)).options, POLY).ways
    assert way.command == Dial("1187654321.contoso@m.webex.com", protocol="sip", kind="video")
