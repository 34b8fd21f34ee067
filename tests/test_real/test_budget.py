"""Hot paths stay light: what they import, and how long they take beside bare Python, in generous ratios."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.test_real.machine import Machine

ROUNDS = 15
NAME = "autochart_env0_paul"
# Twice the design's table: a busy machine may be slow, and a heavy import costs more than that.
AT_MOST = {"cached": 2 * 1.8, "help": 2 * 7, "first run": 2 * 7, "list": 2 * 7, "no session": 2 * 10}
_HEAVY = ["boto3", "botocore", "keyring", "configupdater", "pyotp", "rich"]
_NOT_FOR_A_CACHED_ANSWER = [*_HEAVY, "click", "json", "platformdirs", "pathlib", "dataclasses", "tomlkit", "pyrage"]
_NOT_FOR_LIST = [*_HEAVY, "pyrage", "tomlkit", "urllib3", "jmespath", "secretstorage", "asyncio"]

_CHECK = """
import sys
before = set(sys.modules)
sys.argv = sys.argv[1:]
from awsprof.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = set({forbidden!r}) & {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(heavy), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def stocked(shared_machine: Machine) -> Machine:
    """Ten profiles with MFA, of which one is logged in."""
    machine = shared_machine
    identity = machine.joined("env0", "111111111111")
    assert machine.login(identity).status == 0
    section = machine.config
    machine.config_file.write_text("\n".join(section.replace("env0", f"env{number}") for number in range(10)))
    assert len(machine.succeed("list", "--names").stdout.split()) == 10
    return machine


@pytest.fixture(scope="module")
def medians_s(stocked: Machine) -> dict[str, float]:
    """The median of each command's times, all taken in turn, so that whatever slows one slows all."""
    commands: dict[str, tuple[list[str], int]] = {
        "python": ([sys.executable, "-c", "pass"], 0),
        "cached": (["awsprof", "credential-process", NAME], 0),
        "help": (["awsprof", "--help"], 0),
        "first run": (["env", "AWS_CONFIG_FILE=nothing", "awsprof"], 0),
        "list": (["awsprof", "list"], 0),
        "no session": (["awsprof", "credential-process", "autochart_env9_paul"], 8),
    }
    times_s: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, (command, status) in commands.items():
            started = time.perf_counter()
            done = subprocess.run(
                command,
                env=stocked.environ,
                cwd=stocked.home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                check=False,
                timeout=60,
            )
            times_s[name].append(time.perf_counter() - started)
            assert done.returncode == status, (command, done)
    return {name: statistics.median(times) for name, times in times_s.items()}


@pytest.mark.parametrize("command", AT_MOST)
def test_time_beside_bare_python(medians_s: dict[str, float], command: str) -> None:
    """A command takes at most so many times as long as `python -c pass`."""
    ratio = medians_s[command] / medians_s["python"]
    print(f"{command}: {ratio:.2f} x python -c pass ({medians_s['python'] * 1000:.0f} ms)")
    assert ratio <= AT_MOST[command]


def test_cached_answer_imports_next_to_nothing(stocked: Machine) -> None:
    """A cached credential_process answer loads neither click nor json, let alone a library of AWS's."""
    script = _CHECK.format(forbidden=_NOT_FOR_A_CACHED_ANSWER)
    outcome = stocked.run(sys.executable, "-c", script, "awsprof", "credential-process", NAME)
    assert (outcome.status, outcome.stderr) == (0, "[]\n")
    assert outcome.json()["AccountId"] == "111111111111"


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["list", "--names"], ["status"], ["--help"], []])
def test_listing_imports_no_heavy_library(stocked: Machine, words: list[str]) -> None:
    """What only reads files loads no library of AWS's, of the keyring, of codes or of encryption."""
    outcome = stocked.run(sys.executable, "-c", _CHECK.format(forbidden=_NOT_FOR_LIST), "awsprof", *words)
    assert (outcome.status, outcome.stderr) == (0, "[]\n")


def test_refusal_without_terminal_imports_no_heavy_library(stocked: Machine) -> None:
    """To say that there is no session takes no library of AWS's either."""
    script = _CHECK.format(forbidden=_NOT_FOR_LIST).replace("assert not end.code", "assert end.code == 8")
    outcome = stocked.run(sys.executable, "-c", script, "awsprof", "credential-process", "autochart_env9_paul")
    assert outcome.stdout == ""
    assert outcome.stderr.endswith("\n[]\n")
