"""`roomgate new-driver`: what it writes passes its own tests and the whole contract suite as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.newdriver import TakenError, write

HERE = Path(__file__).parent.parent


def test_what_it_writes_is_green_as_it_stands(tmp_path: Path) -> None:
    """In a process of its own, beside the real packages, with the same marks and the same warnings as everywhere."""
    write("acme_lamp", tmp_path)
    inside = tmp_path / "conftest.py"
    inside.write_text(
        "import drivers, simulators, tests.drivers\n"
        + "\n".join(
            f"{package}.__path__.append({str(tmp_path / folder)!r})"
            for package, folder in (
                ("drivers", "drivers"),
                ("simulators", "simulators"),
                ("tests.drivers", "tests/drivers"),
            )
        )
        + "\nfrom tests.drivers import test_acme_lamp, test_contract\n"
        "from gateway.driver import Driver\n"
        "case = test_acme_lamp.CASE\n"
        "assert issubclass(case.driver, Driver)\n",
        encoding="utf-8",
    )
    suite = tmp_path / "test_all.py"
    suite.write_text(
        "import pytest\n"
        "from tests.drivers import test_contract as suite\n"
        "from tests.drivers.test_acme_lamp import *\n"
        "link = [pytest.param(CASE, 'tcp')]\n"
        "PARAMETERS = {('case', 'link'): link,\n"
        "    ('case', 'link', 'do'): [pytest.param(CASE, 'tcp', do) for do in CASE.commands],\n"
        "    ('case', 'link', 'hand'): [pytest.param(CASE, 'tcp', hand) for hand in CASE.hands]}\n"
        "for name, test in vars(suite).items():\n"
        "    if name.startswith('test_'):\n"
        "        marks = [mark for mark in getattr(test, 'pytestmark', []) if mark.name == 'parametrize']\n"
        "        names = next((tuple(mark.args[0]) for mark in marks if tuple(mark.args[0]) in PARAMETERS), None)\n"
        "        if names and len(marks) == 1:\n"
        "            test.pytestmark = [mark for mark in test.pytestmark if mark not in marks]\n"
        "            globals()[name] = pytest.mark.parametrize(names, PARAMETERS[names])(test)\n",
        encoding="utf-8",
    )
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            str(HERE / "pyproject.toml"),
            "--rootdir",
            str(tmp_path),
            str(suite),
        ],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE), "PYTEST_ADDOPTS": "-p no:cacheprovider"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
    passed = int(ran.stdout.rsplit(" passed", 1)[0].rsplit(maxsplit=1)[-1]) if " passed" in ran.stdout else 0
    assert passed >= 12 or ran.stdout.count(".") >= 12  # its own three, and the contract's


def test_it_overwrites_nothing_and_says_what_a_name_is(tmp_path: Path) -> None:
    first = write("acme_lamp", tmp_path)
    first[1].unlink()
    with pytest.raises(TakenError):
        write("acme_lamp", tmp_path)
    assert not first[1].exists()
    for name in ("Acme", "1st", "a-b", "class", "", "a__b", "x" * 41):
        with pytest.raises(ValueError, match="no name for a driver"):
            write(name, tmp_path)


def test_the_command_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gateway.__main__ import main

    assert main(["new-driver", "acme_lamp", "--into", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "simulators/acme_lamp.py" in said and '"acme_lamp": "AcmeLamp"' in said
    assert main(["new-driver", "acme_lamp", "--into", str(tmp_path)]) == 1
    assert "there already" in capsys.readouterr().err
