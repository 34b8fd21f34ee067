"""Doctor among many profiles: beside botocore, which every tool in Python waits for, and beside itself among fewer."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.test_heavy.conftest import Home

pytestmark = pytest.mark.heavy

MANY, FEW = 10_000, 1_000
_BOTOCORE = "import botocore.session; botocore.session.Session().full_config"


def section(number: int, launcher: str) -> str:
    """A profile of ours, one of another's making, or one with something wrong with it."""
    name = f"autochart{number}_dev_paul"
    kinds = (
        f"credential_process = {launcher} credential-process {name}\naws_account_id = 111111111111\n",
        f"role_arn = arn:aws:iam::111111111111:role/x\nsource_profile = autochart{number // 3 * 3}_dev_paul\n",
        "output = json # as ever\ns3 =\n  addressing_style = path\n",
    )
    return f"[profile {name}]\nregion = eu-west-1\n{kinds[number % 3]}\n"


def write(machine: Home, count: int) -> None:
    launcher = str(machine.environ["PATH"]).partition(":")[0] + "/awsprof"
    machine.write("".join(section(number, launcher) for number in range(count)))


def seconds(machine: Home, *words: str) -> float:
    started = time.perf_counter()
    result = machine.run(*words)
    assert result.returncode == 0, result.stderr
    return time.perf_counter() - started


def test_among_many(machine: Home) -> None:
    """10,000 profiles: at most 3 x as long as botocore loads the file, and 12 x as long as with 1,000 profiles."""
    write(machine, FEW)
    few = seconds(machine, "awsprof", "doctor", "--json")
    write(machine, MANY)
    many = seconds(machine, "awsprof", "doctor", "--json")
    botocore = seconds(machine, sys.executable, "-c", _BOTOCORE)
    print(f"{many:.2f} s: {many / botocore:.2f} x botocore, {many / few:.1f} x that of a tenth")
    assert many <= 3 * botocore
    assert many <= 12 * few
