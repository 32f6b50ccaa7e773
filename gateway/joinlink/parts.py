"""A body's newest part and its older ones: what was quoted or forwarded below it."""

from __future__ import annotations

import itertools
import re

from gateway.joinlink.labels import lowered
from gateway.joinlink.page import CITED, CITED_END, OLDER

# Between hyphens: "-----Original Appointment-----".
ORIGINAL = (
    "original appointment", "original message", "forwarded message", "forwarded by", "ursprünglicher termin",
    "ursprüngliche nachricht", "ursprüngliche besprechung", "weitergeleitete nachricht", "message d'origine",
    "rendez-vous d'origine", "message transféré", "message original", "mensaje original", "mensaje reenviado",
    "cita original", "mensagem original", "mensagem encaminhada", "compromisso original", "元のメッセージ",
    "元の予定",
    "転送メッセージ", "원본 메시지", "원본 약속", "전달된 메시지", "ursprungligt meddelande",
    "ursprunglig avtalad tid",
    "ursprungligt möte", "vidarebefordrat meddelande", "alkuperäinen viesti", "alkuperäinen tapaaminen",
    "välitetty viesti",
)  # fmt: skip
BEGIN_FORWARDED = (
    "begin forwarded message", "anfang der weitergeleiteten nachricht", "début du message réexpédié",
    "inicio del mensaje reenviado", "início da mensagem reencaminhada",
)  # fmt: skip
WROTE = re.compile(
    r"(?:on .{6,200} wrote|am .{6,200} schrieb.{0,120}|le .{6,200} a écrit|el .{6,200} escribió|em .{6,200} escreveu|"
    r"den .{6,200} skrev.{0,120}|.{6,200} kirjoitti) ?:\Z"
)
FROM = frozenset(
    (
        "from",
        "von",
        "de",
        "desde",
        "差出人",
        "送信者",
        "보낸 사람",
        "보낸사람",
        "från",
        "lähettäjä",
        "organizer",
        "organisator",
    )
)
HEADERS = frozenset((
    "sent", "date", "to", "subject", "when", "where", "cc", "gesendet", "datum", "an", "betreff", "wann", "wo",
    "zeit",
    "ort", "envoyé", "à", "objet", "quand", "date ", "enviado", "enviado el", "enviada em", "fecha", "para", "asunto",
    "assunto", "data", "送信日時", "日時", "日付", "宛先", "件名", "보낸 날짜", "날짜", "받는 사람", "제목",
    "skickat", "till",
    "ämne", "lähetetty", "vastaanottaja", "aihe", "päivämäärä",
))  # fmt: skip
MOST = 12  # older parts that are looked at
MOST_LINES = 8_000
ENDS = ("-", ":", " ", "\t", "\r", "*")  # of the lines between hyphens, and of "... wrote:"
CITED_LINES = re.compile(r"\n>[^\n]*")


def split(text: str) -> list[str]:
    """The newest part first, then the older ones; never empty, and each character in at most one of them."""
    newest, cited = _cited(text)
    edges = [0, *_boundaries(newest), len(newest)]
    parts = [newest[begin:end] for begin, end in itertools.pairwise(edges)]
    older = [part for part in (*parts[1:], cited) if part.strip()]
    return [parts[0], *older]


def _cited(text: str) -> tuple[str, str]:
    """What is not cited, and what is: blocks marked as such, lines that begin with `>`."""
    first = ""
    if CITED in text:
        depth = 0
        kept: list[str] = []
        cited: list[str] = []
        for piece in re.split(f"([{CITED}{CITED_END}])", text):
            if piece == CITED:
                depth += 1
            elif piece == CITED_END:
                depth = max(0, depth - 1)
            else:
                (cited if depth else kept).append(piece)
        text, first = "".join(kept), "\n".join(cited)
    text = text.replace(CITED_END, "")
    if "\n>" in text:
        first += "\n".join(line.lstrip("\n> ") for line in itertools.islice(_lines(text), 4000))
        text = CITED_LINES.sub("", text)
    return text, first


def _lines(text: str) -> map[str]:
    return map(lambda found: found[0], CITED_LINES.finditer(text))  # noqa: C417


def _boundaries(text: str) -> list[int]:
    """Where older mails begin, at most MOST places."""
    cuts: set[int] = set()
    at = text.find(OLDER)
    if at >= 0:
        cuts.add(at)
    lines = text.split("\n", MOST_LINES)[:MOST_LINES]
    here = 0
    for index, line in enumerate(lines):
        likely = (":" in line[:24] and line[:4] != "http") or "：" in line[:24] or line[-1:] in ENDS
        if likely and len(line) > 3 and len(cuts) < MOST and _begins_older(line, lines, index):
            cuts.add(here)
        here += len(line) + 1
    return sorted(cut for cut in cuts if cut < len(text))[:MOST]


def _begins_older(line: str, lines: list[str], index: int) -> bool:
    last = line[-1:] if line[-1:] not in " \t\r*" else line.rstrip(" \t\r*")[-1:]
    if last == "-" and "---" in line:
        return mentioned(line, ORIGINAL)
    if last == ":" and len(line) < 400:
        words = lowered(line.strip(" \t\r*"))
        if words.startswith(BEGIN_FORWARDED) or WROTE.match(words):
            return True
    if _label(line) in FROM:
        # A header block, not a sentence: at least two more of its labels in the next lines.
        return sum(_is_header(near) for near in lines[index + 1 : index + 9]) >= 2
    return False


def _is_header(line: str) -> bool:
    return _label(line) in HEADERS


def _label(line: str) -> str:
    """What stands before a line's colon, in small letters; "" where no label can stand there."""
    label, colon, _ = line[:24].replace("：", ":").partition(":")
    return label.strip(" \t*").lower() if colon else ""


def mentioned(line: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands in a line."""
    low = lowered(line[:300])
    return any(word in low for word in words)
