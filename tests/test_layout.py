"""The house as DESIGN draws it, enforced by reading the imports: floors, witnesses, and what the README claims."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gateway.catalogue import BEGIN, END, table
from gateway.plugins import load_drivers

HERE = Path(__file__).parent.parent
# Floor of each module of the gateway; a package's modules share its floor. Imports point only downward, or sideways.
FLOORS: dict[str, int] = {
    # 0 ground
    "model": 0,
    "command": 0,
    "commands": 0,
    "callverbs": 0,
    "roomverbs": 0,
    "meetverbs": 0,
    "clock": 0,
    # 1 contract
    "cutters": 1,
    "driver": 1,
    "agent": 1,
    "displays": 1,
    "polled": 1,
    "wire": 1,
    # 2 device
    "link": 2,
    "tape": 2,
    "ticket": 2,
    "unit": 2,
    "turns": 2,
    "wiring": 2,
    "visits": 2,
    "sides": 2,
    "news": 2,
    "connection": 2,
    "ending": 2,
    "device": 2,
    "plugins": 2,
    "complaint": 2,
    "motion": 2,
    "spec": 2,
    "profile": 2,
    "folder": 2,
    "catalogue": 2,
    # 3 room
    "composite": 3,
    "expand": 3,
    "part": 3,
    "chains": 3,
    "group": 3,
    "starts": 3,
    "rules": 3,
    "ruling": 3,
    "scenes": 3,
    "journal": 3,
    "journalfile": 3,
    "mailbox": 3,
    "report": 3,
    "room": 3,
    "surfaces": 3,
    "callbook": 3,
    "house": 3,
    "calendars": 3,
    "joinlink": 3,
    "joinplan": 3,
    "directory": 3,
    # 4 interfaces
    "auth": 4,
    "pairing": 4,
    "unlocking": 4,
    "guests": 4,
    "certificate": 4,
    "lines": 4,
    "recorder": 3,
    "api": 4,
    "replay": 4,
    # 5 door
    "app": 5,
    "serve": 5,
    "cli": 5,
    "sheet": 3,
    "trials": 3,
    "__main__": 5,
    "__init__": 0,
}


def python_files(package: str) -> list[Path]:
    return sorted(file for file in (HERE / package).rglob("*.py") if "__pycache__" not in file.parts)


def imports(file: Path, *, at_run_time: bool = True) -> set[str]:
    """Every module a file imports; what stands under `if TYPE_CHECKING:` is for readers and does not count."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and at_run_time:
            skipped.update(inner for part in node.body for inner in ast.walk(part))
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
    return found


def module_of(file: Path) -> str:
    """`gateway/api/asks.py` -> `api`; `gateway/room.py` -> `room`."""
    parts = file.relative_to(HERE / "gateway").with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("file", python_files("gateway"), ids=lambda file: str(file.relative_to(HERE)))
def test_imports_point_only_downward(file: Path) -> None:
    own = FLOORS.get(module_of(file))
    assert own is not None, f"{file.name} stands on no floor: give it one in tests/test_layout.py"
    for name in imports(file):
        package, _, rest = name.partition(".")
        if package == "gateway" and rest:
            other = FLOORS.get(rest.partition(".")[0])
            assert other is None or other <= own, f"{file.name} (floor {own}) imports {name} (floor {other})"
        if package in ("drivers", "simulators"):
            # The door names the simulators for the command line; nothing else knows them. Drivers come by the hook.
            assert module_of(file) == "__main__" and package == "simulators", f"{file.name} imports {name}"


@pytest.mark.parametrize("file", python_files("drivers"), ids=lambda file: str(file.relative_to(HERE)))
def test_drivers_import_the_contract_and_their_own_family_only(file: Path) -> None:
    parts = file.relative_to(HERE / "drivers").parts
    family = parts[0] if len(parts) > 1 else ""
    for name in imports(file, at_run_time=False):
        package, _, rest = name.partition(".")
        if package == "gateway" and rest:
            floor = FLOORS.get(rest.partition(".")[0])
            assert floor is None or floor <= 1, f"{file.name} imports {name}: drivers stand on floors 0 and 1"
        assert package != "simulators", f"{file.name} imports {name}"
        if package == "drivers" and rest:
            assert family and rest.partition(".")[0] == family, f"{file.name} imports another driver: {name}"


@pytest.mark.parametrize("file", python_files("simulators"), ids=lambda file: str(file.relative_to(HERE)))
def test_simulators_are_a_second_reading(file: Path) -> None:
    for name in imports(file, at_run_time=False):
        assert name.partition(".")[0] not in ("gateway", "drivers"), f"{file.name} imports {name}"


def test_every_driver_has_a_simulator_and_a_test_with_golden_bytes() -> None:
    import simulators

    for name in load_drivers():
        assert name in simulators.names(), f"{name} has no simulator"
        test = HERE / "tests" / "drivers" / f"test_{name}.py"
        assert test.exists(), f"{name} has no test"
        texts = [file.read_text(encoding="utf-8") for file in test.parent.glob(f"test_{name}*.py")]
        assert any("CASE = " in text for text in texts), f"{name} does not take part in the shared contract suite"
        assert any("Golden(" in text for text in texts), f"{name} has no golden bytes"


def test_golden_bytes_name_their_source() -> None:
    """By its syntax: every Golden(...) in the tests has a source that is not empty."""
    for file in sorted((HERE / "tests" / "drivers").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Golden":
                given = {keyword.arg for keyword in node.keywords}
                assert "source" in given or len(node.args) >= 3, f"{file.name}:{node.lineno}: golden bytes, no source"


def test_drivers_list_every_function_and_their_evidence() -> None:
    for driver in load_drivers().values():
        assert driver.offered and driver.sources and driver.title and (driver.plays or driver.surfaces), driver.name
        assert all(because.strip() for because in driver.not_offered.values()), driver.name


def test_the_readme_shows_what_the_code_generates() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    shown = readme[readme.index(BEGIN) : readme.index(END) + len(END)]
    assert shown == table(load_drivers().values()), "run `make table`"


def test_no_file_is_two_nouns() -> None:
    """Past 400 lines a file is asking to be two."""
    for package in ("gateway", "drivers", "simulators"):
        for file in python_files(package):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            assert lines <= 420, f"{file.relative_to(HERE)} has {lines} lines"


def test_nothing_of_a_machine_is_in_the_repository() -> None:
    """No absolute path of a machine, no private key. (`/home/shades` is where PowerView keeps its shades.)"""
    secret = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|/home/(?!shades|scenes|rooms|gateways?\b)[a-z]+/|/Users/[A-Za-z]+/")
    for package in ("gateway", "drivers", "simulators", "profiles", "benchmarks", "docs"):
        for file in (HERE / package).rglob("*"):
            if file.suffix in (".py", ".toml", ".md", ".js", ".html", ".css"):
                found = secret.search(file.read_text(encoding="utf-8"))
                assert found is None, f"{file.relative_to(HERE)}: {found and found.group()}"


def test_links_load_on_first_use() -> None:
    """Importing the gateway must not bring in what only some devices need."""
    import subprocess
    import sys

    code = (
        "import sys, gateway.serve, gateway.house;"
        "print(*[m for m in ('asyncssh', 'httpx', 'pysnmp', 'serial', 'msal', 'PIL', 'cryptography', 'segno')"
        " if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
