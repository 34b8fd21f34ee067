"""MFA devices at a real terminal: the picture, the codes, Ctrl-C, kills, and what never leaves the terminal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import termios
import time
from typing import TYPE_CHECKING

import pytest

from awsprof.cli.picture import seed_uri
from tests.localaws.totp import code_of_step, step_at
from tests.test_cli.test_picture import DARK, LIGHT, on_screen, scanned
from tests.test_real.machine import Identity, Machine, ended, plain

if TYPE_CHECKING:
    from pathlib import Path

    import pexpect

    from tests.localaws.devices import Device

ACCOUNT = "333333333333"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/paul"
FIRST = "The code the device shows: "
SECOND = "The next code the device shows: "
STORE = "Store the seed all the same? [y/N] "
UTF8: dict[str, str | None] = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
GROUPS = re.compile(r"^(?:[A-Z2-7]{4} ){15}[A-Z2-7]{4}$", re.MULTILINE)


@pytest.fixture
def legacy(machine: Machine) -> Identity:
    """The profile autochart_legacy_paul, without an MFA device."""
    return machine.joined("legacy", ACCOUNT, mfa=False)


def devices(machine: Machine) -> list[Device]:
    return machine.aws._cloud.devices.of_account(ACCOUNT)


def seed_on(text: str) -> str:
    """The seed that stands on the terminal to be typed."""
    (groups,) = GROUPS.findall(plain(text))
    return str(groups).replace(" ", "")


def type_codes(child: pexpect.spawn[str], machine: Machine) -> str:
    """Answer both questions as the phone would; the picture and seed are what stood before them."""
    child.expect_exact(FIRST)
    shown = str(child.before)
    seed = seed_on(shown)
    # The later of the two may be of the next step, as if the phone's clock were a little ahead.
    step = step_at(machine.aws.clock.now())
    child.sendline(code_of_step(seed, step))
    child.expect_exact(SECOND)
    child.sendline(code_of_step(seed, step + 1))
    return shown


def records(machine: Machine) -> list[Path]:
    return [path for path in machine.vault.glob("items/*") if "enrolment" in path.name]


def echoes(child: pexpect.spawn[str]) -> bool:
    return bool(termios.tcgetattr(child.fileno())[3] & termios.ECHO)


@pytest.mark.parametrize(("term", "theme"), [("xterm", DARK), ("xterm", LIGHT), ("dumb", LIGHT)])
def test_enroll_with_a_phone(machine: Machine, legacy: Identity, term: str, theme: tuple[int, int]) -> None:
    """A phone scans the picture from the terminal, its two codes enable the device, and a login works with it."""
    with machine.terminal("awsprof", "mfa", "enroll", "legacy", LC_ALL="C.UTF-8", TERM=term) as child:
        shown = type_codes(child, machine).replace("\r\n", "\n")
        assert ended(child) == 0
        assert plain(child.before).endswith(
            f"{legacy.name}: device {SERIAL} enrolled. 'awsprof login {legacy.name}' starts a session\n"
        )
    seed = seed_on(shown)
    (picture,) = re.findall(r"app:\n\n(.*)\nOr type", shown, re.DOTALL)
    assert ("\x1b" in picture) == (term == "xterm")
    assert scanned(on_screen(picture, theme, sharp=term == "xterm")) == [seed_uri(f"{legacy.name}@{ACCOUNT}", seed)]
    assert [(device.serial, device.user_name, device.seed) for device in devices(machine)] == [(SERIAL, "paul", seed)]
    # Without the wait for a step that was not used: this machine forgets them, and AWS's clock goes ahead.
    shutil.rmtree(machine.state / "codes")
    machine.aws.clock.shift(60)
    code = code_of_step(seed, step_at(machine.aws.clock.now()))
    assert machine.awsprof("login", legacy.name, "--code", code).status == 0
    assert records(machine) == []


@pytest.mark.parametrize("stored", [False, True])
def test_the_seed_stays_on_the_terminal(machine: Machine, legacy: Identity, stored: bool) -> None:
    """With stdout and stderr going to files neither picture nor seed is in them, nor in any file but the vault's."""
    command = f"awsprof --debug mfa enroll legacy {'--store-seed --yes' * stored} >out 2>err; echo status=$?"
    with machine.terminal("bash", "-c", command, **UTF8) as child:
        shown = type_codes(child, machine) if not stored else ""
        child.expect(r"status=(\d+)", timeout=60)
        assert child.match is not None
        assert child.match[1] == "0"
        seed = seed_on(shown or str(child.before))
    assert (machine.home / "out").read_text().startswith(f"{legacy.name}: device {SERIAL} enrolled.")
    assert "\u2588" not in (machine.home / "err").read_text()
    assert len(seed) == 64
    for path in machine.files():
        data = path.read_bytes()
        assert seed.encode() not in data, path
        assert seed[:4].encode() + b" " + seed[4:8].encode() not in data, path
    assert any("seed" in path.name for path in machine.vault.glob("items/*")) == stored


@pytest.mark.parametrize("answered", [0, 1])
def test_ctrl_c_at_each_code(machine: Machine, legacy: Identity, answered: int) -> None:
    """Ctrl-C at either code: exit 130, a terminal as before, and no device at AWS."""
    with machine.terminal("awsprof", "mfa", "enroll", "legacy", **UTF8) as child:
        child.expect_exact(FIRST)
        assert child.before.count("\x1b[0;30;47m") == child.before.count("\x1b[0m")
        if answered:
            child.sendline("123456")
            child.expect_exact(SECOND)
        child.sendintr()
        assert ended(child) == 130
        assert echoes(child)
        assert "\x1b" not in child.before
    assert (devices(machine), records(machine)) == ([], [])
    assert "mfa_serial" not in machine.config


def test_ctrl_c_at_the_warning(machine: Machine, legacy: Identity) -> None:
    """Ctrl-C, or a no, where a stored seed is warned of: nothing is made."""
    for leave in ("\x03", "n\n"):
        with machine.terminal("awsprof", "mfa", "enroll", "legacy", "--store-seed") as child:
            child.expect_exact(STORE)
            assert "both factors lie on this machine" in child.before
            child.send(leave)
            assert ended(child) == (1 if "n" in leave else 130)
            assert echoes(child)
    assert machine.aws.calls_of("CreateVirtualMFADevice") == []


def test_ctrl_c_while_waiting_for_the_next_code(machine: Machine, legacy: Identity) -> None:
    """Ctrl-C in the countdown to the second code takes the device back too."""
    with machine.terminal("awsprof", "mfa", "enroll", "legacy", "--store-seed", "--yes", **UTF8) as child:
        child.expect_exact("for the device's next code")
        child.sendintr()
        assert ended(child) == 130
    assert (devices(machine), records(machine)) == ([], [])
    assert not list((machine.state / "seeds").glob("*"))


def test_ctrl_c_at_another_device(machine: Machine) -> None:
    """Ctrl-C at the question whether a profile is to have another device: nothing is made."""
    dev = machine.joined("dev", ACCOUNT)
    with machine.terminal("awsprof", "mfa", "enroll", "dev") as child:
        child.expect_exact("make another device and use that instead? [y/N] ")
        child.sendintr()
        assert ended(child) == 130
    assert dev.device is not None
    assert [device.serial for device in devices(machine)] == [dev.device.serial]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGTERM"])
def test_killed_at_the_code(machine: Machine, legacy: Identity, name: str) -> None:
    """What a process that was killed left at AWS goes when the profile is enrolled again."""
    with machine.terminal("awsprof", "mfa", "enroll", "legacy", **UTF8) as child:
        child.expect_exact(FIRST)
        lost = seed_on(str(child.before))
        os.kill(child.pid, getattr(signal, name))
        assert ended(child) == -getattr(signal, name)
    assert [(device.user_name, device.seed) for device in devices(machine)] == [(None, lost)]
    with machine.terminal("awsprof", "mfa", "enroll", "legacy", **UTF8) as child:
        type_codes(child, machine)
        assert ended(child) == 0
    (device,) = devices(machine)
    assert (device.serial, device.user_name, device.seed != lost) == (SERIAL, "paul", True)
    assert records(machine) == []


def test_add_hides_the_seed(machine: Machine) -> None:
    """The seed is typed unseen, and nothing is left of it but in the vault."""
    dev = machine.joined("dev", ACCOUNT)
    assert dev.device is not None
    assert dev.device.seed is not None
    with machine.terminal("awsprof", "--debug", "mfa", "add", "dev", "--yes") as child:
        child.expect_exact(f"Seed of the MFA device of {dev.name} (hidden): ")
        assert not echoes(child)
        child.sendline(dev.device.seed.lower())
        assert ended(child) == 0
        assert dev.device.seed not in child.before.upper()
        assert echoes(child)
    assert not any(dev.device.seed.encode() in path.read_bytes() for path in machine.files())
    assert machine.awsprof("mfa", "list", "dev", "--json").json()["devices"][0]["seed_stored"] is True


@pytest.fixture
def seeded(machine: Machine) -> Identity:
    """The profile autochart_dev_paul with its seed stored."""
    dev = machine.joined("dev", ACCOUNT)
    assert dev.device is not None
    machine.succeed("mfa", "add", "dev", "--yes", "--from", "-", stdin=str(dev.device.seed))
    machine.next_code(dev)  # the step of that login is forgotten
    machine.aws.clock.shift(-30)
    return dev


def test_code_into_the_clipboard_of_a_pipe(machine: Machine, seeded: Identity) -> None:
    """
    The clipboard's program lives on to serve what was copied; it holds neither stdout nor stderr.

    A reader of either would else wait for it for ever.
    """
    programs = machine.home / "programs"
    programs.mkdir()
    served = machine.home / "served"
    script = programs / "xclip"
    # Bounded, should nobody end it.
    lives_on = f'for _ in $(seq 600); do [ -e "{served}" ] || exit 0; sleep 0.1; done'
    script.write_text(f'#!/bin/sh\ncat >"{served}"\n({lives_on}) &\n')
    script.chmod(0o755)
    path = f"{programs}:{machine.environ['PATH']}"
    process = machine.start("awsprof", "mfa", "code", "dev", "--copy", PATH=path, DISPLAY=":9")
    try:
        started = time.monotonic()
        stdout, stderr = process.communicate(timeout=40)
        assert time.monotonic() - started < 40
        digits = served.read_text()
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    finally:
        served.unlink(missing_ok=True)
    assert (process.returncode, stderr) == (0, "")
    assert re.fullmatch(r"Copied; [0-9]+ s left\n", stdout)
    assert re.fullmatch(r"[0-9]{6}", digits)
    assert seeded.device is not None
    assert digits in [seeded.device.code(offset) for offset in (-1, 0, 1)]


def test_codes_of_two_processes_differ(machine: Machine, seeded: Identity) -> None:
    """Two processes at once are given two codes, one of which waited for its step."""
    processes = [machine.start("awsprof", "mfa", "code", "dev") for _ in range(2)]
    shown = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len({text.split()[0] for text in shown}) == 2
