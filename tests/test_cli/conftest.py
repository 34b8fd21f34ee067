"""A product with two accounts, paul under deny-without-MFA in both, and a command line that watches its mouth."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.localaws.totp import code_of_step, step_at
from tests.test_importing.awsfake import FakeAws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey, Account, MfaDevice, User

DEV, PROD, OTHER = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"

# Every secret of the local AWS has one of these in it, and every seed is of this form.
_SECRET = re.compile(r"EXAMPLEKEY|EXAMPLETOKEN|[A-Z2-7]{64}")
_PRINTS_SECRETS = ("export", "credential-process", "--print")


class WatchedCommandLine(CommandLine):
    """The command line; a secret in the output of a command whose purpose it is not fails the test."""

    def __call__(self, *arguments: str, stdin: str = "", answers: Sequence[str] | None = None) -> Outcome:
        outcome = super().__call__(*arguments, stdin=stdin, answers=answers)
        assert not _SECRET.search(outcome.stderr)
        if arguments[:1] == ("credential-process",) and "--help" not in arguments:
            assert outcome.stdout == "" or json.loads(outcome.stdout), "nothing but JSON may stand on stdout"
        elif not set(arguments).intersection(_PRINTS_SECRETS):
            assert not _SECRET.search(outcome.stdout)
        return outcome


@dataclass(frozen=True)
class Identity:
    """An IAM user, an access key, a device, and the profile that is or will be theirs."""

    profile: str
    account: Account
    user: User
    key: AccessKey
    device: MfaDevice

    @property
    def words(self) -> list[str]:
        return self.profile.split("_")

    @property
    def two_lines(self) -> str:
        return two_lines(self.key)


def two_lines(key: AccessKey) -> str:
    return f"{key.id}\n{key.secret}\n"


@pytest.fixture(autouse=True)
def _clients(lent_clients: None) -> None:
    """No test here is about how a client is made."""


@pytest.fixture
def mid_step() -> timedelta:
    """How far to move clocks so that a test begins in the middle of a 30-second step, and sees none end."""
    return timedelta(seconds=15 - time.time() % 30)


@pytest.fixture
def awsprof(home: Path, mid_step: timedelta) -> WatchedCommandLine:
    return WatchedCommandLine(home, ahead=mid_step)


@pytest.fixture
def aws(aws: LocalAWS, mid_step: timedelta) -> LocalAWS:
    aws.clock.shift(mid_step.total_seconds())
    return aws


@pytest.fixture
def cloud(awsprof: CommandLine, home: Path) -> FakeAws:
    """An AWS in memory, and a user in the settings."""
    awsprof.aws = FakeAws()
    write_settings(home, 'user = "paul"\n')
    return awsprof.aws


@pytest.fixture
def wait(aws: LocalAWS, awsprof: WatchedCommandLine) -> Callable[[float], None]:
    """Let seconds pass, here and at AWS."""

    def pass_by(seconds: float) -> None:
        awsprof.ahead += timedelta(seconds=seconds)
        aws.clock.shift(seconds)

    return pass_by


@pytest.fixture(autouse=True)
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The launcher that a user would type: a link on PATH, as pipx and uv make it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    link = directory / "awsprof"
    link.symlink_to(os.path.join(os.path.dirname(sys.executable), "awsprof"))
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return link


def _identity(aws: LocalAWS, account_id: str, env: str) -> Identity:
    account = aws.account(account_id, alias=f"autochart-{env}")
    user = account.user("paul", deny_without_mfa=True)
    return Identity(f"autochart_{env}_paul", account, user, user.access_key(), user.mfa_device())


@pytest.fixture
def paul_in_dev(aws: LocalAWS) -> Identity:
    return _identity(aws, DEV, "dev")


@pytest.fixture
def paul_in_prod(aws: LocalAWS) -> Identity:
    return _identity(aws, PROD, "prod")


def add_unverified(awsprof: CommandLine, identity: Identity, *options: str) -> None:
    """Add the profile without a call to AWS, which only saves the tests time."""
    given = ["--no-verify", "--account-id", identity.account.id, "--mfa-serial", identity.device.serial]
    if "--region" not in options:
        given += ["--region", REGION]
    outcome = awsprof("add", *identity.words, "--from", "-", *given, *options, stdin=identity.two_lines)
    assert (outcome.status, outcome.stderr) == (0, "")


@pytest.fixture
def dev(awsprof: CommandLine, paul_in_dev: Identity) -> Identity:
    """The profile autochart_dev_paul, as added."""
    add_unverified(awsprof, paul_in_dev)
    return paul_in_dev


@pytest.fixture
def prod(awsprof: CommandLine, paul_in_prod: Identity) -> Identity:
    """The profile autochart_prod_paul, as added."""
    add_unverified(awsprof, paul_in_prod)
    return paul_in_prod


@pytest.fixture
def without_mfa(aws: LocalAWS, awsprof: CommandLine) -> AccessKey:
    """The profile autochart_legacy_paul, whose user has no MFA device, in an account of its own."""
    key = aws.account(OTHER).user("paul").access_key()
    words = ("autochart", "legacy", "paul", "--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(key)).status == 0
    return key


@pytest.fixture
def logged_in(awsprof: CommandLine, dev: Identity) -> Identity:
    """The profile autochart_dev_paul with a session of 12 hours."""
    assert awsprof("login", dev.profile, "--code", dev.device.code()).status == 0
    return dev


@pytest.fixture
def clipboard(awsprof: CommandLine, launcher: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-in for xclip was given."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":9")
    taken = awsprof.home / "clipboard"
    script = launcher.parent / "xclip"
    script.write_text(f'#!/bin/sh\n[ "$*" = "-selection c" ] || exit 1\ncat >{taken}\n')
    script.chmod(0o755)
    return taken


def profile_object(identity: Identity, **others: object) -> dict[str, object]:
    """A profile as JSON shows it before its first session."""
    product, env, user = identity.words
    return {
        "name": identity.profile,
        "product": product,
        "env": env,
        "user": user,
        "account_id": identity.account.id,
        "alias": None,
        "region": REGION,
        "kind": "user",
        "delivery": "process",
        "mfa_serial": identity.device.serial,
        "protected": env == "prod",
        "in_convention": True,
        "session": {"state": "none", "expiration": None, "seconds_left": None},
        **others,
    }


def write_config(home: Path, text: str, name: str = "config") -> Path:
    """Write a shared file of the user's own hand."""
    path = home / ".aws" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def write_settings(home: Path, text: str) -> Path:
    path = home / ".config" / "awsprof" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def session_file(home: Path, profile: str) -> Path:
    return home / ".cache" / "awsprof" / "sessions" / profile


def state_file(home: Path, profile: str) -> Path:
    return home / ".local" / "state" / "awsprof" / "state" / profile


def store_seed(awsprof: CommandLine, identity: Identity) -> None:
    """Store a device's seed as ``mfa add`` does: the vault's item, and the marker that hot paths look at."""
    assert identity.device.seed is not None
    awsprof.vault.items[f"{identity.profile}/seed"] = identity.device.seed
    marker = awsprof.home / ".local" / "state" / "awsprof" / "seeds" / identity.profile
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(f"{identity.device.serial}\n")


def leave(awsprof: CommandLine, profile: str, seconds: float) -> int:
    """Age a session until only *seconds* of it are left; returns its expiration."""
    expiration = int(awsprof.now().timestamp() + seconds)
    for path in (session_file(awsprof.home, profile), state_file(awsprof.home, profile)):
        _, _, rest = path.read_bytes().partition(b"\n")
        path.write_bytes(b"%d\n%b" % (expiration, rest))
    os.utime(state_file(awsprof.home, profile), (expiration, expiration))
    return expiration


def wrong_code(identity: Identity) -> str:
    """Six digits that the device shows in none of the steps around now."""
    right = {identity.device.code(offset) for offset in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)


def code_here(awsprof: CommandLine, identity: Identity) -> str:
    """The code of the device by the command line's clock, where that and AWS's differ."""
    assert identity.device.seed is not None
    return code_of_step(identity.device.seed, step_at(awsprof.now()))


def everything(awsprof: CommandLine) -> dict[str, object]:
    """All that lies in the home directory and the vault; locks, the journal's key and bare directories may come."""
    found: dict[str, object] = {f"vault {name}": value for name, value in awsprof.items.items()}
    state = awsprof.home / ".local" / "state" / "awsprof"
    locks, journal = state / "locks", state / "journal"
    sessions = awsprof.home / ".cache" / "awsprof" / "sessions"
    passing = {locks, *locks.parents, journal, journal / "recipient.txt", sessions, *sessions.parents, state / "state"}
    for path in sorted(awsprof.home.rglob("*")):
        if path not in passing and locks not in path.parents:
            what = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else "directory"
            found[str(path)] = (path.lstat().st_mode & 0o7777, what)
    return found
