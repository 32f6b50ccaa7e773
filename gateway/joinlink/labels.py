"""The words before meeting ids, passcodes and conference ids in nine languages, and those that are never to be read.

Plain texts in small letters, looked up without regular expressions: their number must not cost time. Sources: the
wording of Teams, Zoom and Webex invitations as in the facts, and their vendors' localised help pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

MEETING_ID = (
    "meeting id", "meeting number", "meeting number (access code)", "meeting number/access code", "webinar id",
    "meeting number / access code", "event number", "access code",
    "besprechungs-id", "besprechungs id", "meeting-id", "meeting-kennnummer", "meeting-kennnummer (zugriffscode)",
    "besprechungsnummer", "id de la réunion", "id de réunion", "numéro de réunion", "numéro de la réunion",
    "numéro de réunion (code d'accès)", "id. de reunión", "id. de la reunión", "id de reunión", "id de la reunión",
    "número de reunión", "número de la reunión", "número de reunión (código de acceso)",
    "número de la reunión (código de acceso)", "id da reunião", "número da reunião",
    "número da reunião (código de acesso)", "会議 id", "会議id", "ミーティング id", "ミーティングid",
    "ミーティング番号",
    "ミーティング番号 (アクセス コード)", "ミーティング番号(アクセスコード)", "ミーティング番号（アクセスコード）",
    "모임 id", "회의 id",
    "미팅 id", "미팅 번호", "미팅 번호(액세스 코드)", "미팅 번호 (액세스 코드)", "mötes-id", "mötes id",
    "mötesnummer",
    "mötesnummer (åtkomstkod)", "kokoustunnus", "kokouksen tunnus", "kokouksen id", "kokouksen numero",
    "kokouksen numero (käyttökoodi)",
)  # fmt: skip

PASSCODE = (
    "passcode", "password", "meeting password (required)", "kenncode", "kennung", "passwort", "besprechungskennwort",
    "code secret", "mot de passe", "mot de passe de la réunion", "code d'accès", "código de acceso", "contraseña",
    "contraseña de la reunión", "senha de acesso", "senha", "senha da reunião", "código de acesso", "パスコード",
    "パスワード", "암호", "비밀번호", "패스코드", "lösenord", "lösenkod", "möteslösenord", "tunnuskoodi", "salasana",
    "pääsykoodi", "kokouksen salasana", "meeting-passwort", "meeting passwort",
)  # fmt: skip

CONFERENCE = (
    "phone conference id", "conference id", "meeting extension", "telefonkonferenz-id", "konferenz-id", "konferenz id",
    "id de conférence téléphonique", "id de conférence", "id de la conférence", "id de la conférence téléphonique",
    "id. de conferencia", "id. de conferencia telefónica", "id de conferencia", "id de la conferencia",
    "id de conferencia telefónica", "identificador de conferencia telefónica", "identificador de la conferencia",
    "id da conferência", "id de conferência", "id da conferência telefônica", "id de conferência telefônica",
    "id da conferência por telefone", "id de conferência telefónica", "電話会議 id", "電話会議id", "会議 id",
    "会議id",
    "전화 회의 id", "telefonkonferens-id", "konferens-id", "puhelinneuvottelun tunnus", "neuvottelutunnus",
    "puhelinkokouksen tunnus", "access code", "attendee access code", "participant code", "participant access code",
    "participant passcode", "conference code", "pin", "pin-code", "zugangscode", "zugriffscode", "einwahlcode",
    "code d'accès", "code pin", "código de acceso", "código de acesso", "アクセス コード", "アクセスコード",
    "액세스 코드",
    "åtkomstkod", "käyttökoodi", "passcode", "meeting id", "meeting-id", "meeting pin",
)  # fmt: skip

VIDEO_ID = (
    "video id", "video conference id", "vtc conference id", "video-id", "videokonferenz-id", "vtc-konferenz-id",
    "id de la vidéo", "id vidéo", "id de vidéo", "id de vidéoconférence", "id de la vidéoconférence", "id de vídeo",
    "id de video", "id. de vídeo", "id. de video", "id. de videoconferencia", "id de videoconferencia",
    "id de la videoconferencia", "id do vídeo", "id da videoconferência", "id de videoconferência", "ビデオ id",
    "ビデオid",
    "ビデオ会議 id", "ビデオ会議id", "비디오 id", "비디오 회의 id", "화상 회의 id", "videokonferens-id", "video id",
    "videoneuvottelun tunnus", "videotunnus", "videon tunnus",
)  # fmt: skip

# What a room must never send: it would make it the meeting's host, or claim to.
HOST_SECRET = (
    "host key", "host pin", "host code", "host passcode", "host password", "host access code", "hostkey", "host-pin",
    "host-schlüssel", "hostschlüssel", "host-kenncode", "host-kennnummer", "gastgeber-pin", "gastgeberschlüssel",
    "gastgeber-schlüssel", "moderator pin", "moderator-pin", "moderatoren-pin", "moderator code",
    "moderator passcode",
    "moderator password", "moderator access code", "moderatorencode", "moderator-code", "organizer pin",
    "organiser pin", "organisator-pin", "leader pin", "leader code", "leader passcode", "chairperson pin",
    "chairperson passcode", "chairperson password", "presenter pin", "presenter passcode", "panelist password",
    "clé de l'hôte", "clé d'hôte", "code de l'hôte", "pin de l'hôte", "code pin de l'hôte", "code pin d'hôte",
    "code de l'animateur", "code pin de l'organisateur", "code de l'organisateur", "clave de anfitrión",
    "clave del anfitrión", "pin de anfitrión", "pin del anfitrión", "código de anfitrión", "código del anfitrión",
    "código de moderador", "pin del organizador", "chave do anfitrião", "chave de anfitrião", "pin do anfitrião",
    "código do anfitrião", "pin do organizador", "ホストキー", "ホスト キー", "ホスト pin", "ホストpin",
    "ホストコード",
    "主催者キー", "主催者 pin", "主催者コード", "호스트 키", "호스트 pin", "호스트 코드", "주최자 키", "주최자 pin",
    "värdnyckel",
    "värd-pin", "värdens pin", "värdkod", "organisatörs-pin", "organisatörens pin", "isännän avain",
    "isännän pin", "isännän tunnus", "isännän koodi", "järjestäjän pin", "järjestäjän pin-koodi",
)  # fmt: skip

TENANT = (
    "tenant key", "mandantenschlüssel", "clé de client", "clé du client", "clé de locataire", "clé du locataire",
    "clé de tenant", "clave de inquilino", "clave del inquilino", "chave de locatário", "chave do locatário",
    "chave do inquilino", "テナント キー", "テナントキー", "테넌트 키", "klientnyckel", "klientorganisationsnyckel",
    "innehavarnyckel", "vuokraajan avain", "vuokraaja-avain", "video conferenc", "videokonferenz", "visioconf",
    "vidéoconf", "videoconf", "ビデオ会議", "화상 회의", "비디오 회의", "videoneuvottelu", "videokonferens",
)  # fmt: skip

DIAL_IN = (
    "dial-in", "dial in", "call-in", "call in", "conference call", "conference number", "conference bridge",
    "teleconference", "audio conference", "join by phone", "bridge number", "dial:", "einwahl", "telefonkonferenz",
    "numéro d'accès", "conférence téléphonique", "número de acceso", "conferencia telefónica", "número de acesso",
    "conferência telefónica", "conferência telefônica", "電話会議", "電話番号", "전화 회의", "telefonkonferens",
    "puhelinneuvottelu",
)  # fmt: skip

VIDEO_SYSTEM = (
    "sip:", "sip ", "sip\n", "h.323", "video system", "video address", "video endpoint", "video conference",
    "video conferencing", "video room", "video call", "video device", "room system", "vmr", "virtual meeting room",
    "videosystem", "videoadresse", "videokonferenz", "visioconférence", "videoconferencia", "videoconferência",
    "ビデオ会議", "ビデオ システム", "화상 회의", "videokonferens", "videoneuvottelu", "sip uri", "sip address",
)  # fmt: skip

BETWEEN = " \t\n*:：=-|"  # between a label and its value; they may stand on two lines


def lowered(text: str) -> str:
    """The text in small letters, character by character, with one kind of hyphen, blank and apostrophe."""
    small = text.lower()
    if len(small) != len(text):  # one letter (the dotted capital I) becomes two
        small = text.replace("\u0130", "I").lower()
    return small.replace("\u2011", "-").replace("\u2019", "'").replace("\u3000", " ") if not small.isascii() else small


def labelled(low: str, at: int, labels: tuple[str, ...]) -> bool:
    """Whether a value at `at` has one of the labels right before it. `low` has gone through `lowered`."""
    tail = low[max(0, at - 64) : at].rstrip(BETWEEN + "(")
    if not tail.endswith(labels):
        return False
    for label in labels:
        if tail.endswith(label):
            before = tail[-len(label) - 1 : -len(label)]
            if not before or not before.isalnum() or not label[0].isascii() or not before.isascii():
                return True
    return False


def mentions(low: str, words: tuple[str, ...], start: int, end: int) -> bool:
    """Whether one of the words stands in a piece of the text."""
    piece = low[max(0, start) : end]
    return any(word in piece for word in words)


def ends(low: str, labels: tuple[str, ...], most: int = 24) -> Iterator[tuple[int, int]]:
    """Where labels begin and end in a text, as whole words, in the text's order."""
    found: set[tuple[int, int]] = set()
    for stem, held in _by_stem(labels).items():
        if stem not in low:
            continue
        for label in held:
            found.update(_places(low, label, most))
    yield from sorted(found)


@cache
def _by_stem(labels: tuple[str, ...]) -> dict[str, list[str]]:
    """Labels by their first four letters: most of those stand nowhere in a text."""
    stems: dict[str, list[str]] = {}
    for label in labels:
        stems.setdefault(label[:4], []).append(label)
    return stems


def _places(low: str, label: str, most: int) -> Iterator[tuple[int, int]]:
    at = low.find(label)
    for _ in range(most):
        if at < 0:
            return
        before, end = low[at - 1 : at] if at else "", at + len(label)
        after = low[end : end + 1]
        inside = label[0].isascii() and before.isascii() and before.isalnum()
        if not inside and not (after.isascii() and after.isalnum() and label[-1].isascii()):
            yield at, end
        at = low.find(label, end)
