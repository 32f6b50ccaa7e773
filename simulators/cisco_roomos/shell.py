"""The codec's text shell ("tshell"), as it is met over SSH: terminal and JSON output, bodies of both kinds.

Bytes in, bytes out; what may not live here: sockets, and what a command does.
Sources: xAPI over WebSocket D15427.02 and Cisco xAPI guide (TechDocs/XapiGuide) for the terminal's words; recorded
sessions in jsxapi (test/data, tsh.spec.ts) and in PlaceOS (collaboration_endpoint_spec.cr) for JSON mode and errors.
How a refused command looks in terminal mode is not recorded anywhere: it is written like its JSON form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from simulators.cisco_roomos.listener import Listener
from simulators.cisco_roomos.table import (
    COMMANDS,
    CommandError,
    IllegalValue,
    NoMatch,
    ParameterError,
    Refused,
    UnknownCommand,
)
from simulators.cisco_roomos.tree import Text, Tree, as_lines, as_values, plant, steps_of

if TYPE_CHECKING:
    from simulators.cisco_roomos.codec import Codec

BANNER = (
    "Welcome to {name}\nCisco Codec Release {version}\nSW Release Date: {date}, matchbox\n*r Login successful\n\nOK\n\n"
)
HELP = """- User Commands -
help            xcommand        xconfiguration  xfeedback
xpreferences    xstatus         bye             echo
OK
"""
WORD = re.compile(r"\s*([^\s:|\"]+)(\s*:)?")
VALUE = re.compile(r'\s*("(?:\\.|[^"\\])*"|[^\s|"]+)')
RESULT_ID = re.compile(r'\s*\|\s*resultid\s*=\s*("(?:\\.|[^"\\])*"|\S+)\s*$', re.IGNORECASE)
LENGTH = re.compile(r"\{(\d+)\}\s*")
PREFIX = {"Status": "*s", "Configuration": "*c xConfiguration", "Event": "*e"}


class NotUnderstood(Exception):
    """The line is no command of the shell."""


class Line:
    """One line cut into its words, its parameters and its resultId."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self.given: dict[str, list[str]] = {}
        self.result_id: str | None = None
        place = 0
        while found := WORD.match(text, place):
            place = found.end()
            if not found[2]:
                self.words.append(found[1])
                continue
            value = VALUE.match(text, place)
            self.given.setdefault(found[1], []).append(unquoted(value[1]) if value else "")
            place = value.end() if value else place
        tail = text[place:]
        if tail.strip():
            tag = RESULT_ID.fullmatch(tail)
            if tag is None:
                raise NotUnderstood
            self.result_id = unquoted(tag[1])


def unquoted(value: str) -> str:
    """A value without its quotes and escapes."""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


class Shell(Listener):
    """One shell session. On a terminal (PTY) lines end with CR LF and input is echoed; otherwise neither."""

    def __init__(
        self, codec: Codec, send: Callable[[bytes], None], leave: Callable[[], None], *, terminal: bool
    ) -> None:
        super().__init__(codec)
        self._send, self._leave, self._terminal = send, leave, terminal
        self._echo = terminal
        self._json = False
        self._buffer = bytearray()
        self._after_cr = False
        self._wanted = 0  # bytes of a `{n}` request that are still to come in
        self._pending: str | None = None  # a command that waits for its body
        self._body: list[str] = []

    def greet(self) -> None:
        """The banner; its OK may be followed by a line about the last log-in (recorded in jsxapi's tests)."""
        codec = self.codec
        self._write(BANNER.format(name=codec.system_name, version=codec.software_version, date=codec.release_date))
        if codec.last_login:
            self._write(f"Last login from 127.0.0.1 at {codec.last_login}\n")
        codec.last_login = codec.now().strftime("%Y-%m-%d %H:%M:%S")

    # Input.

    def feed(self, data: bytes) -> None:
        """Take bytes as they come; carry out every request that they complete."""
        while data:
            if self._after_cr and data.startswith(b"\n"):
                data = data[1:]
            self._after_cr = False
            if self._wanted:
                taken, data = data[: self._wanted], data[self._wanted :]
                self._wanted -= len(taken)
                self._buffer += taken
                if not self._wanted:
                    command, _, body = self._take().partition("\n")
                    self._request(command, body.removesuffix("\n"))
                continue
            end = re.search(rb"[\r\n]", data)
            self._buffer += data[: end.start()] if end else data
            if self._echo:
                self._send(data[: end.start()] + b"\r\n" if end else data)
            if end is None:
                return
            self._after_cr = end[0] == b"\r"
            data = data[end.end() :]
            self._line(self._take())

    def _take(self) -> str:
        text = self._buffer.decode("utf-8", "replace")
        self._buffer.clear()
        return text

    def _line(self, text: str) -> None:
        if self._pending is not None:
            if text == ".":
                command, body = self._pending, "\n".join(self._body)
                self._pending, self._body = None, []
                self._request(command, body)
            else:
                self._body.append(text)
        elif counted := LENGTH.fullmatch(text):
            self._wanted = int(counted[1])
        elif self._takes_body(text):
            self._pending = text
        elif text.strip():
            self._request(text, None)

    @staticmethod
    def _takes_body(text: str) -> bool:
        try:
            words = Line(text).words
        except NotUnderstood:
            return False
        row = COMMANDS.get(" ".join(words[1:]).casefold())
        return row is not None and row.body and words[0].casefold() == "xcommand"

    # Requests.

    def _request(self, text: str, body: str | None) -> None:
        try:
            line = Line(text)
            act = self._verb(line)
        except NotUnderstood:
            self._write("Command not recognized.\n")
            return
        try:
            act(line, body)
        except Refused as refused:
            self._refuse(refused, line)
        self.codec.touched()

    def _verb(self, line: Line) -> Callable[[Line, str | None], None]:
        first = line.words[0].casefold() if line.words else ""
        verbs = {
            "xcommand": self._command,
            "xconfiguration": self._configuration,
            "xstatus": self._status,
            "xfeedback": self._feedback,
            "xpreferences": self._preferences,
            "echo": self._set_echo,
            "bye": self._bye,
            "help": self._help,
            "?": self._help,
        }
        # Verbs may be cut short (`xConfig`, `xPref`), as Cisco's own examples do.
        for name, act in verbs.items():
            if name == first or (len(first) >= 4 and name.startswith(first)):
                return act
        raise NotUnderstood

    def _command(self, line: Line, body: str | None) -> None:
        given = {name: values if len(values) > 1 else values[0] for name, values in line.given.items()}
        row, result = self.codec.execute(" ".join(line.words[1:]), given, body)
        self._result(row.result, {"status": "OK", **result}, line)

    def _status(self, line: Line, body: str | None) -> None:
        self._show("Status", steps_of(" ".join(line.words[1:])), line)

    def _configuration(self, line: Line, body: str | None) -> None:
        steps = steps_of(" ".join(line.words[1:]))
        if not line.given:
            self._show("Configuration", [] if steps == ["*"] else steps, line)
            return
        ((name, values),) = list(line.given.items())[:1]
        path = [*steps, *steps_of(name)]
        try:
            self.codec.configure(path, values[0])
        except IllegalValue as refused:
            wrong: Tree = {}
            plant(wrong, ["Configuration", *path], {"error": "True", "Value": str(refused)})
            if self._json:
                self._object(wrong, line, ready=True)
            else:
                self._failed([f"*c xConfiguration {' '.join(map(str, path))}: {refused}"], line)
            return
        self._done({}, [], line)

    def _show(self, root: str, steps: list[Any], line: Line) -> None:
        found = self.codec.get([root, *steps])
        self._done(found, as_lines(found[root], PREFIX[root]), line)

    def _feedback(self, line: Line, body: str | None) -> None:
        action, *paths = [word.casefold() for word in line.words[1:2]] + line.words[2:]
        expression = " ".join(paths)
        if action == "deregisterall":
            self.registered.clear()
        elif action == "list":
            self._done({}, [str(key) for key in self.registered], line)
            return
        elif action == "register" and expression:
            self.register(normal(expression), steps_of(expression))
        elif action == "deregister" and expression:
            self.registered.pop(normal(expression), None)
        else:
            raise ParameterError("Invalid or missing parameters")
        self._done({}, [], line)

    def _preferences(self, line: Line, body: str | None) -> None:
        asked = [word.casefold() for word in line.words[1:]]
        if asked[:1] == ["outputmode"] and asked[1:] in (["json"], ["terminal"]):
            self._json = asked[1] == "json"
            if not self._json:
                self._write("\nOK\n")
        elif asked[:1] == ["echo"]:
            self._set_echo(line, body)
        else:
            self._write("Command not recognized.\n")

    def _set_echo(self, line: Line, body: str | None) -> None:
        self._echo = self._terminal and line.words[-1].casefold() != "off"
        self._write("\nOK\n")

    def _bye(self, line: Line, body: str | None) -> None:
        self._leave()

    def _help(self, line: Line, body: str | None) -> None:
        self._write(HELP)

    # Answers.

    def _done(self, tree: Tree, lines: Iterator[str] | list[str], line: Line) -> None:
        """An answer that is not a command's: the lines, the end, then OK."""
        if self._json:
            self._object(tree, line)
        else:
            self._lines([*lines, *self._tag(line), "** end", "", "OK"])

    def _result(self, name: str, result: Tree, line: Line) -> None:
        """A command's answer: OK (or ERROR) first, then the lines."""
        if self._json:
            self._object({"CommandResponse": {name: result}}, line)
            return
        good = result["status"] == "OK"
        rest = {key: value for key, value in result.items() if key != "status"}
        shown = [f"*r {name} (status={result['status']}): ", *as_lines(rest, f"*r {name}")]
        self._lines(["", "OK" if good else "ERROR", *shown, *self._tag(line), "** end"])

    def _failed(self, lines: list[str], line: Line) -> None:
        self._lines(["", "ERROR", *lines, *self._tag(line), "** end"])

    def _refuse(self, refused: Refused, line: Line) -> None:
        error: Tree = {"status": "Error"}
        name = "Result"
        if line.words[0].casefold() == "xcommand" and not isinstance(refused, UnknownCommand):
            name = "".join(self._canonical(line).split()[-2:]) + "Result"
        if isinstance(refused, ParameterError):
            error["status"] = "ParameterError"
        elif isinstance(refused, CommandError):
            error |= {**refused.data, refused.key: Text(refused)}
        else:
            error["Reason"] = Text(refused)
        if isinstance(refused, NoMatch):
            name, error["XPath"] = refused.root, Text(refused.xpath)
        if isinstance(refused, UnknownCommand):
            if self.codec.xpath_beside and self._json:
                beside = {"Result": error, "XPath": Text(refused.xpath)}
                self._object({"CommandResponse": beside}, line)
                return
            error["XPath"] = Text(refused.xpath)
        self._result(name, error, line)

    @staticmethod
    def _canonical(line: Line) -> str:
        path = " ".join(line.words[1:])
        return COMMANDS[path.casefold()].path

    @staticmethod
    def _tag(line: Line) -> list[str]:
        return [] if line.result_id is None else [f'** resultId: "{line.result_id}"']

    def _lines(self, lines: list[str]) -> None:
        self._write("".join(f"{line}\n" for line in lines))

    def _object(self, tree: Tree, line: Line | None = None, *, ready: bool = False) -> None:
        written = tree if ready else as_values(tree)
        if line is not None and line.result_id is not None:
            written = {**written, "ResultId": line.result_id}
        self._write(json.dumps(written, indent=self.codec.json_indent or None, ensure_ascii=False) + "\n")

    def notify(self, change: Tree) -> None:
        found = self.together(change)
        if found is None:
            return
        if self._json:
            self._object(found)
        else:
            lines = [text for root in found for text in as_lines(found[root], PREFIX[root])]
            self._lines([*lines, "** end"])

    def _write(self, text: str) -> None:
        data = text.encode()
        self._send(data.replace(b"\n", b"\r\n") if self._terminal else data)


def normal(expression: str) -> str:
    """One spelling of a feedback expression, so that it can be taken back in another."""
    return "/" + "/".join(str(step) for step in steps_of(expression)).casefold()
