"""``awsprof mfa``: devices made, their seeds kept and forgotten, their codes shown, and devices taken away."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.auth
import pytest

from awsprof.aws.client import Client
from awsprof.cli.picture import in_groups, seed_uri
from awsprof.errors import VaultUnavailableError
from tests.localaws.totp import code_of_step, new_seed, step_at
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    PROD,
    REGION,
    everything,
    leave,
    session_file,
    state_file,
    store_seed,
    two_lines,
    write_config,
    write_settings,
)
from tests.test_heavy.conftest import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import CommandLine, Outcome
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import User
    from tests.localaws.devices import Device
    from tests.test_cli.conftest import Identity, WatchedCommandLine

LEGACY = "autochart_legacy_paul"
FIRST = "The code the device shows: "
SECOND = "The next code the device shows: "
SERIAL = f"arn:aws:iam::{OTHER}:mfa/paul"
WARNING = "With the seed stored, both factors lie on this machine"
PROCESS_LINE = re.compile(r"credential_process = \S+/awsprof credential-process \S+")


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that shows half blocks."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(autouse=True)
def one_clock(awsprof: WatchedCommandLine, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A wait of the command line's is one at AWS too, and requests are signed by the same clock."""

    def pass_by(seconds: float) -> None:
        awsprof.slept_s.append(seconds)
        awsprof.ahead += timedelta(seconds=seconds)
        aws.clock.shift(seconds)

    monkeypatch.setattr(awsprof, "_sleep", pass_by)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: awsprof.now().replace(tzinfo=None))
    return pass_by


class Phone:
    """Whoever types the seed off the terminal into a phone, and then its codes."""

    def __init__(self, awsprof: CommandLine, pass_by: Callable[[float], None]) -> None:
        self._awsprof = awsprof
        self._pass_by = pass_by

    @property
    def seed(self) -> str:
        """The seed shown last."""
        (text,) = re.findall(r"^(?:[A-Z2-7]{4} ){15}[A-Z2-7]{4}$", self._awsprof.terminal.written[-1], re.MULTILINE)
        return str(text).replace(" ", "")

    def now(self) -> str:
        return code_of_step(self.seed, step_at(self._awsprof.now()))

    def next(self) -> str:
        self._pass_by(30)
        return self.now()

    def wrong(self) -> str:
        """Six digits that the phone shows at no time around now."""
        step = step_at(self._awsprof.now())
        right = {code_of_step(self.seed, step + offset) for offset in range(-4, 5)}
        return next(code for number in range(10) if (code := f"{number}" * 6) not in right)

    def other_wrong(self) -> str:
        return f"{int(self.wrong()) ^ 1:06}"

    @property
    def pair(self) -> list[str | Callable[[], str]]:
        """The answers of somebody who types two codes in a row."""
        return [self.now, self.next]


@pytest.fixture
def phone(awsprof: WatchedCommandLine, one_clock: Callable[[float], None]) -> Phone:
    return Phone(awsprof, one_clock)


@pytest.fixture
def legacy(aws: LocalAWS, awsprof: WatchedCommandLine) -> User:
    """The user of the profile autochart_legacy_paul, who is under the guard and has no MFA device yet."""
    return joined(aws, awsprof, OTHER)


def joined(aws: LocalAWS, awsprof: CommandLine, account_id: str, env: str = "legacy", user: str = "paul") -> User:
    made = aws.account(account_id).user(user, deny_without_mfa=True)
    words = ("autochart", env, "paul", "--from", "-", "--no-verify", "--account-id", account_id, "--region", REGION)
    assert awsprof("add", *words, stdin=two_lines(made.access_key())).status == 0
    return made


def devices(aws: LocalAWS, account_id: str = OTHER) -> list[Device]:
    """All devices of an account, also those that nobody has."""
    return aws._cloud.devices.of_account(account_id)


def assigned(aws: LocalAWS, account_id: str = OTHER) -> list[str]:
    return [device.serial for device in devices(aws, account_id) if device.user_name]


def unassigned(aws: LocalAWS, account_id: str = OTHER) -> list[str]:
    return [device.serial for device in devices(aws, account_id) if not device.user_name]


def unassigned_device(aws: LocalAWS, name: str, account_id: str = OTHER) -> str:
    """A device of somebody else's, who has not enabled it yet."""
    return aws._cloud.devices.create_virtual(account_id, name).serial


def mfa_serial(awsprof: CommandLine, profile: str = LEGACY) -> str | None:
    serial = json.loads(awsprof("show", profile, "--json").stdout)["profile"]["mfa_serial"]
    assert serial is None or isinstance(serial, str)
    return serial


def marker(awsprof: CommandLine, profile: str = LEGACY) -> Path:
    return awsprof.home / ".local" / "state" / "awsprof" / "seeds" / profile


def has_seed(awsprof: CommandLine, profile: str, seed: str | None) -> bool:
    """Whether just that seed is stored, item and marker; None: neither."""
    stored = awsprof.items.get(f"{profile}/seed")
    return stored == seed and marker(awsprof, profile).exists() == (seed is not None)


def has_record(awsprof: CommandLine, profile: str = LEGACY) -> bool:
    return f"{profile}/enrolment" in awsprof.items


def actions(aws: LocalAWS) -> list[str]:
    return [call.action for call in aws.calls]


def notes(awsprof: CommandLine) -> list[str]:
    entries = json.loads(awsprof("undo", "--json").stdout)["entries"]
    return [entry["summary"] for entry in entries if entry["command"] == "mfa" and not entry["undoable"]]


def deny(user: User, *denied: str) -> None:
    """Put a policy on a user that denies some actions outright."""
    user.put_policy(
        "No",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": [f"iam:{action}" for action in denied], "Resource": "*"}],
        },
    )


def enrolled(outcome: Outcome, profile: str, serial: str) -> bool:
    return (outcome.status, outcome.stdout) == (
        0,
        f"{profile}: device {serial} enrolled. 'awsprof login {profile}' starts a session\n",
    )


# enroll: what it does.


def test_enroll_with_typed_codes(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone) -> None:
    """The seed is shown on the terminal alone, two codes are asked for, and the profile uses the device."""
    outcome = awsprof("mfa", "enroll", "legacy", answers=phone.pair)
    assert enrolled(outcome, LEGACY, SERIAL)
    assert outcome.stderr == ""
    assert awsprof.terminal.questions == [FIRST, SECOND]
    (text,) = awsprof.terminal.written
    assert "\x1b[0;30;47m" in text
    assert in_groups(phone.seed) in text
    assert f"{LEGACY}@{OTHER}" in text
    assert (assigned(aws), unassigned(aws)) == ([SERIAL], [])
    assert mfa_serial(awsprof) == SERIAL
    assert has_seed(awsprof, LEGACY, None)
    assert not has_record(awsprof)
    assert list(awsprof.items) == [LEGACY]
    (call,) = aws.calls_of("EnableMFADevice")
    assert (call.parameters["UserName"], call.region) == ("paul", REGION)
    assert notes(awsprof) == [f"{LEGACY}: device {SERIAL} enrolled"]


def test_enroll_and_then_login(
    awsprof: WatchedCommandLine, legacy: User, phone: Phone, one_clock: Callable[[float], None]
) -> None:
    """The code that enrolled a device is used up; the next one starts a session."""
    assert awsprof("mfa", "enroll", "legacy", answers=phone.pair).status == 0
    seed = phone.seed
    used = code_of_step(seed, step_at(awsprof.now()))
    outcome = awsprof("login", "legacy", "--code", used)
    assert (outcome.status, "was already used in this half minute" in outcome.stderr) == (7, True)
    one_clock(30)
    assert awsprof("login", "legacy", "--code", code_of_step(seed, step_at(awsprof.now()))).status == 0


def test_enroll_stores_the_seed(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """Without a terminal, --store-seed --yes makes both codes itself, and sessions renew themselves from then on."""
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert enrolled(outcome, LEGACY, SERIAL)
    assert outcome.stderr.count(WARNING) == 1
    assert "mfa_command" in outcome.stderr
    (device,) = devices(aws)
    assert (device.serial, device.user_name) == (SERIAL, "paul")
    assert has_seed(awsprof, LEGACY, device.seed)
    assert marker(awsprof).read_text() == f"{SERIAL}\n"
    assert marker(awsprof).stat().st_mode & 0o777 == 0o600
    assert not has_record(awsprof)
    waited = len(awsprof.slept_s)
    assert 0 < sum(awsprof.slept_s) <= 30
    assert awsprof("login", "legacy").status == 0
    assert len(awsprof.slept_s) == waited + 1  # the step that enrolled it is not used again


def test_enroll_shows_the_seed_it_stores(awsprof: WatchedCommandLine, legacy: User, phone: Phone) -> None:
    """At a terminal a stored seed is shown as well, so that a phone can have it too; only the warning asks."""
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", answers=["y"])
    assert enrolled(outcome, LEGACY, SERIAL)
    assert awsprof.terminal.questions == ["Store the seed all the same?"]
    assert has_seed(awsprof, LEGACY, phone.seed)


def test_enroll_names_the_holder_by_alias(awsprof: WatchedCommandLine, legacy: User, phone: Phone) -> None:
    """The phone's list says the account's alias, where an earlier command learned it."""
    aliases = awsprof.home / ".cache" / "awsprof" / "aliases"
    aliases.mkdir(parents=True, mode=0o700)
    (aliases / OTHER).touch(mode=0o600)
    (aliases / OTHER).write_text("old-things\n")
    assert awsprof("mfa", "enroll", "legacy", answers=phone.pair).status == 0
    assert f"key of {LEGACY}@old-things:" in awsprof.terminal.written[0]
    assert seed_uri(f"{LEGACY}@old-things", phone.seed).startswith(f"otpauth://totp/AWS:{LEGACY}@old-things?")


def test_enroll_keeps_the_rest_of_the_config(awsprof: WatchedCommandLine, legacy: User, phone: Phone) -> None:
    """Only the profile's mfa_serial is written; every other byte stays."""
    path = write_config(
        awsprof.home, f"# mine\n[plugins]\nx = y\n\n{awsprof.config}\n[profile other]\nregion = eu-west-2\n"
    )
    before = path.read_text()
    assert awsprof("mfa", "enroll", "legacy", answers=phone.pair).status == 0
    after = path.read_text().splitlines()
    after.remove(f"mfa_serial = {SERIAL}")
    assert after == before.splitlines()


@pytest.mark.parametrize(
    ("others", "name"),
    [
        ([], "paul"),
        (["paul"], "paul-2"),
        (["Paul", "paul-2", "paul-3"], "paul-4"),
        ([f"paul-{n}" for n in range(2, 9)], "paul"),
    ],
)
@pytest.mark.parametrize("may_list", [True, False])
def test_enroll_finds_a_free_name(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, others: list[str], name: str, may_list: bool
) -> None:
    """The user's own name, else with a number; other people's devices stay, whether they may be listed or not."""
    if not may_list:
        deny(legacy, "ListVirtualMFADevices")
        others = [other.lower() for other in others]
    theirs = [unassigned_device(aws, other) for other in others]
    serial = f"arn:aws:iam::{OTHER}:mfa/{name}"
    assert enrolled(awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes"), LEGACY, serial)
    assert (assigned(aws), unassigned(aws)) == ([serial], theirs)
    assert aws.calls_of("DeleteVirtualMFADevice") == []


@pytest.mark.parametrize("may_list", [True, False])
@pytest.mark.parametrize("words", [[], ["--device-name", "phone"]], ids=["default", "given"])
def test_enroll_finds_no_free_name(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, words: list[str], may_list: bool
) -> None:
    """A name given and taken, or all eight taken, is exit 7; nothing is made, and nobody's device is deleted."""
    if not may_list:
        deny(legacy, "ListVirtualMFADevices")
    names = ["paul", *(f"paul-{number}" for number in range(2, 9)), "phone"]
    theirs = [unassigned_device(aws, name) for name in names]
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes", *words)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert ("'phone'" if words else "'paul', and 'paul-2' to 'paul-8'") in outcome.stderr
    assert "--device-name" in outcome.stderr
    assert unassigned(aws) == theirs
    assert aws.calls_of("DeleteVirtualMFADevice") == []
    assert not has_record(awsprof)
    assert mfa_serial(awsprof) is None


def test_enroll_takes_a_name(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """--device-name is what AWS calls it."""
    assert awsprof("mfa", "enroll", "legacy", "--device-name", "p+1=a,b.c@d_e-f", "--store-seed", "--yes").status == 0
    assert assigned(aws) == [f"arn:aws:iam::{OTHER}:mfa/p+1=a,b.c@d_e-f"]


def test_enroll_in_another_partition_and_path(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """What AWS answers as the serial is what is used, and what the record says."""
    record = {}

    def look(item: str, value: str) -> None:
        record.update(json.loads(value) if item.endswith("/enrolment") else {})
        type(awsprof.vault).set(awsprof.vault, item, value)

    awsprof.vault.set = look  # type: ignore[method-assign]
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 0
    assert {key: record[key] for key in ("name", "serial", "seed")} == {
        "name": "paul",
        "serial": SERIAL,
        "seed": devices(aws)[0].seed,
    }


# enroll: another device instead.


def test_enroll_another(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity, phone: Phone) -> None:
    """A profile that has a device is asked first; its session serves, is dropped, and the old device stays at AWS."""
    store_seed(awsprof, logged_in)
    old, new = logged_in.device.serial, f"arn:aws:iam::{DEV}:mfa/paul-2"
    outcome = awsprof("mfa", "enroll", "dev", answers=["y", *phone.pair])
    assert enrolled(outcome, logged_in.profile, new)
    question = f"{logged_in.profile} uses {old} already; make another device and use that instead?"
    assert awsprof.terminal.questions == [question, FIRST, SECOND]
    assert f"The user still has {old}" in outcome.stderr
    assert mfa_serial(awsprof, logged_in.profile) == new
    assert assigned(aws, DEV) == [old, new]
    assert has_seed(awsprof, logged_in.profile, None)
    assert not session_file(awsprof.home, logged_in.profile).exists()
    assert not state_file(awsprof.home, logged_in.profile).exists()
    assert len(aws.calls_of("GetSessionToken")) == 1


def test_enroll_another_replaces_the_seed(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """The seed of the old device gives way to the new one's; --yes answers both questions."""
    store_seed(awsprof, logged_in)
    outcome = awsprof("mfa", "enroll", "dev", "--store-seed", "--yes")
    assert enrolled(outcome, logged_in.profile, f"arn:aws:iam::{DEV}:mfa/paul-2")
    new = devices(aws, DEV)[1].seed
    assert new != logged_in.device.seed
    assert has_seed(awsprof, logged_in.profile, new)
    assert awsprof("login", "dev").status == 0


def test_enroll_another_by_file(awsprof: WatchedCommandLine, logged_in: Identity, phone: Phone) -> None:
    """A session in the credentials file goes too; delivery stays by file."""
    assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
    credentials = awsprof.home / ".aws" / "credentials"
    assert "aws_session_token" in credentials.read_text()
    assert awsprof("mfa", "enroll", "dev", "--yes", answers=phone.pair).status == 0
    assert "aws_session_token" not in credentials.read_text()
    assert "awsprof_delivery = file" in awsprof.config


def test_enroll_another_asks_for_a_code_first(awsprof: WatchedCommandLine, dev: Identity, phone: Phone) -> None:
    """With no live session, the old device's code starts one."""
    outcome = awsprof("mfa", "enroll", "dev", "--yes", answers=[dev.device.code, *phone.pair])
    assert outcome.status == 0
    assert awsprof.terminal.questions == [f"MFA code for {dev.profile}: ", FIRST, SECOND]


def test_enroll_another_without_a_session_and_a_terminal(
    awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity
) -> None:
    """With nobody to give the old device's code it is exit 8, and nothing is made."""
    outcome = awsprof("mfa", "enroll", "dev", "--store-seed", "--yes")
    assert (outcome.status, outcome.stdout) == (8, "")
    assert len(devices(aws, DEV)) == 1
    assert not has_record(awsprof, dev.profile)


def test_enroll_beside_a_fido_key(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone) -> None:
    """A profile whose device gives no codes can have no session, and is enrolled with its long-term credentials."""
    key = legacy.mfa_device("fido")
    assert awsprof("set", "legacy", f"mfa_serial={key.serial}").status == 0
    assert enrolled(awsprof("mfa", "enroll", "legacy", "--yes", answers=phone.pair), LEGACY, SERIAL)


# enroll: what it refuses.


def test_enroll_needs_a_terminal_or_a_stored_seed(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """With neither, it is exit 2 and names --store-seed."""
    outcome = awsprof("mfa", "enroll", "legacy", "--yes")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "Give it with --store-seed." in outcome.stderr
    assert aws.calls == []


def test_enroll_needs_a_yes_for_a_stored_seed(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """The warning of a stored seed must be answered: no terminal and no --yes is exit 2, a no is exit 1."""
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed")
    assert (outcome.status, "Give it with --yes." in outcome.stderr) == (2, True)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", answers=["n"])
    assert (outcome.status, "Nothing was enrolled." in outcome.stderr) == (1, True)
    assert aws.calls == []


def test_enroll_needs_a_yes_for_another_device(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """The same for a profile that has a device."""
    aws.clear_calls()
    outcome = awsprof("mfa", "enroll", "dev", "--store-seed")
    assert (outcome.status, "Give it with --yes." in outcome.stderr) == (2, True)
    outcome = awsprof("mfa", "enroll", "dev", answers=["n"])
    assert (outcome.status, "Nothing was enrolled." in outcome.stderr) == (1, True)
    assert aws.calls == []


@pytest.mark.parametrize("name", ["", "a b", "a/b", "\u00e9", "x" * 227])
def test_enroll_refuses_a_name(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, name: str) -> None:
    """A device name that AWS would not take is exit 2."""
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes", "--device-name", name).status == 2
    assert aws.calls == []


@pytest.mark.parametrize(
    ("section", "selector"),
    [
        ("[profile autochart_x_paul]\nrole_arn = arn:aws:iam::111111111111:role/A\nsource_profile = y\n", "x"),
        ("[profile autochart_x_paul]\nsso_session = corp\n", "x"),
        ("[profile autochart_x_paul]\ncredential_process = other\n", "x"),
        ("[profile autochart_x_paul]\naws_access_key_id = AKIAEXAMPLE00\naws_secret_access_key = x\n", "x"),
        ("[profile mine]\ncredential_process = /usr/bin/awsprof credential-process mine\n", "mine"),
    ],
    ids=["role", "sso", "process", "keys", "outside"],
)
def test_enroll_is_for_users_of_the_convention(
    awsprof: WatchedCommandLine, aws: LocalAWS, section: str, selector: str
) -> None:
    """A profile that is no user of ours, or outside the convention, is exit 1."""
    write_config(awsprof.home, section)
    for words in (["enroll", "--store-seed", "--yes"], ["remove", "--device", "--yes"]):
        outcome = awsprof("mfa", words[0], selector, *words[1:])
        assert (outcome.status, outcome.stdout) == (1, "")
    assert (awsprof.config, aws.calls) == (section, [])


def test_a_serial_in_the_credentials_file_is_left_alone(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User
) -> None:
    """Readers would take it from there, so it has to go first."""
    write_config(awsprof.home, f"[{LEGACY}]\nmfa_serial = {SERIAL}\n", "credentials")
    for words in (["enroll", "--store-seed", "--yes"], ["remove", "--device", "--yes"]):
        outcome = awsprof("mfa", words[0], "legacy", *words[1:])
        assert (outcome.status, "stands in the credentials file" in outcome.stderr) == (1, True)
    assert aws.calls == []


def test_enroll_in_another_account(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """Keys of another account than the profile says: exit 1, and nothing is made."""
    write_config(awsprof.home, awsprof.config.replace(OTHER, DEV))
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert f"The keys are of account {OTHER}, and {LEGACY} claims {DEV}" in outcome.stderr
    assert actions(aws) == ["GetCallerIdentity"]
    assert not has_record(awsprof)


def test_enroll_is_for_iam_users(awsprof: WatchedCommandLine, aws: LocalAWS) -> None:
    """The root user's keys are no IAM user's."""
    key = aws.account(OTHER).root_access_key()
    words = ("autochart", "legacy", "paul", "--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION)
    assert awsprof("add", *words, stdin=f"{key.id}\n{key.secret}\n").status == 0
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, "only an IAM user" in outcome.stderr) == (1, True)
    assert actions(aws) == ["GetCallerIdentity"]


def test_enroll_without_keys(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """A vault that lost the keys is exit 6."""
    del awsprof.vault.items[LEGACY]
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 6
    assert aws.calls == []


def test_enroll_with_the_vault_shut(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """Where the record cannot be written, nothing is made."""
    awsprof.vault.refusal = VaultUnavailableError("shut")
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 6
    assert aws.calls == []


@pytest.mark.parametrize("words", [["enroll", "dev"], ["remove", "dev", "--device"]], ids=" ".join)
def test_a_device_that_changes_meanwhile(
    awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity, words: list[str]
) -> None:
    """While a question stands, another command may change the device: that is exit 1, and nothing is done on top."""

    def another() -> str:
        write_config(awsprof.home, awsprof.config.replace("mfa/paul", "mfa/other"))
        return "y"

    aws.clear_calls()
    outcome = awsprof("mfa", *words, answers=[another])
    assert (outcome.status, outcome.stdout) == (1, "")
    assert f"Another command has changed the MFA device of {logged_in.profile} meanwhile" in outcome.stderr
    assert not {"CreateVirtualMFADevice", "DeactivateMFADevice"}.intersection(actions(aws))
    assert "mfa/other" in awsprof.config


# enroll: codes.


def test_enroll_asks_again_for_what_is_no_code(awsprof: WatchedCommandLine, legacy: User, phone: Phone) -> None:
    """What is not six digits, and the same code twice, is asked for again without a call."""
    answers = ["abc", "", phone.now, phone.now, "12345", phone.now, phone.next]
    assert awsprof("mfa", "enroll", "legacy", answers=answers).status == 0
    six, same = "A token code is six digits: ", "That is the same code; wait for the next one: "
    assert awsprof.terminal.questions == [FIRST, six, six, SECOND, same, six, same]


@pytest.mark.parametrize("slips", [1, 2])
def test_enroll_gives_three_tries(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone, slips: int
) -> None:
    """Two wrong codes are asked for again, with the same device."""
    outcome = awsprof("mfa", "enroll", "legacy", answers=[phone.wrong, phone.other_wrong] * slips + phone.pair)
    assert enrolled(outcome, LEGACY, SERIAL)
    assert (
        outcome.stderr
        == "Warning: AWS refuses the two codes: they are not two consecutive ones of this device.\n" * slips
    )
    assert awsprof.terminal.questions == [FIRST, SECOND] * (slips + 1)
    assert len(awsprof.terminal.written) == 1
    assert len(aws.calls_of("CreateVirtualMFADevice")) == 1


def test_enroll_gives_up_after_three_tries(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone
) -> None:
    """Then the device goes again, and it is exit 7."""
    before = everything(awsprof)
    outcome = awsprof("mfa", "enroll", "legacy", answers=[phone.wrong, phone.other_wrong] * 3)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert (len(aws.calls_of("EnableMFADevice")), devices(aws)) == (3, [])
    assert everything(awsprof) == before


def test_enroll_with_a_clock_that_is_off(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """Codes made by a wrong clock are refused once; the hint is the clock, and the device goes again."""
    aws.clock.shift(200)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, "Set this machine's clock" in outcome.stderr) == (7, True)
    assert (len(aws.calls_of("EnableMFADevice")), devices(aws)) == (1, [])


@pytest.mark.parametrize("answered", [0, 1])
def test_enroll_ends_with_ctrl_c(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone, answered: int
) -> None:
    """Ctrl-C at either code is exit 130, and the device goes again."""
    before = everything(awsprof)
    assert awsprof("mfa", "enroll", "legacy", answers=phone.pair[:answered]).status == 130
    assert devices(aws) == []
    assert everything(awsprof) == before


# enroll: what AWS refuses, and answers that are lost.


REFUSALS = {"AccessDenied": 403, "LimitExceeded": 409, "Throttling": 400, "ValidationError": 400}


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (action, code)
        for action in ("GetCallerIdentity", "ListVirtualMFADevices", "CreateVirtualMFADevice", "EnableMFADevice")
        for code in REFUSALS
        # Without that list it goes on.
        if (action, code) != ("ListVirtualMFADevices", "AccessDenied")
    ],
)
def test_enroll_refused(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, action: str, code: str) -> None:
    """A refusal at any step is exit 7, with AWS's own sentence; no device and no record stays, nothing is written."""
    before = everything(awsprof)
    aws.fail(action, status=REFUSALS[code], code=code, message="Not today.", times=9)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert action in outcome.stderr
    assert (devices(aws), has_record(awsprof)) == ([], False)
    # A code that was made counts as used.
    assert {name: what for name, what in everything(awsprof).items() if "/codes" not in name} == before


def test_enroll_a_ninth(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """AWS allows a user eight devices: the ninth goes again, and the list of them is named."""
    theirs = [legacy.mfa_device(name=f"old-{number}").serial for number in range(8)]
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, f"'awsprof mfa list {LEGACY}' shows them" in outcome.stderr) == (7, True)
    assert (assigned(aws), unassigned(aws)) == (theirs, [])


def test_enroll_without_the_right(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """A user who may not make devices is told who can change that."""
    deny(legacy, "CreateVirtualMFADevice")
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, "An administrator must let" in outcome.stderr) == (7, True)
    assert actions(aws) == ["GetCallerIdentity", "ListVirtualMFADevices", "CreateVirtualMFADevice"]


@pytest.mark.parametrize("drop", ["before", "after", None])
@pytest.mark.parametrize("may_list", [True, False])
def test_create_with_a_lost_answer(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, drop: Any, may_list: bool
) -> None:
    """The seed is lost with the answer: exit 7; a device that must be ours is deleted, any other is left and named."""
    if not may_list:
        deny(legacy, "ListVirtualMFADevices")
    aws.fail("CreateVirtualMFADevice", drop=drop, code=None if drop else "ServiceUnavailable", status=503)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert len(aws.calls_of("CreateVirtualMFADevice")) == 1
    assert not has_record(awsprof)
    if may_list:
        assert "Its seed is lost with the answer" in outcome.stderr
        assert devices(aws) == []
    else:
        assert f"made {SERIAL} cannot be told, so it is left alone" in outcome.stderr
        assert aws.calls_of("DeleteVirtualMFADevice") == []
    again = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert enrolled(again, LEGACY, SERIAL if may_list or drop != "after" else f"{SERIAL}-2")


def test_create_with_a_lost_answer_about_an_older_device(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User
) -> None:
    """Where the list is denied, a lost answer might be of a device that was there before: that is never deleted."""
    deny(legacy, "ListVirtualMFADevices")
    theirs = unassigned_device(aws, "paul")
    aws.fail("CreateVirtualMFADevice", drop="after")
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 7
    assert unassigned(aws) == [theirs]
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 0
    assert (unassigned(aws), assigned(aws)) == ([theirs], [f"{SERIAL}-2"])


def test_enable_with_a_lost_answer_that_was_carried_out(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User
) -> None:
    """AWS is asked what became of it, and the device is used."""
    aws.fail("EnableMFADevice", drop="after")
    assert enrolled(awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes"), LEGACY, SERIAL)
    assert len(aws.calls_of("EnableMFADevice")) == 1
    assert (assigned(aws), mfa_serial(awsprof), has_record(awsprof)) == ([SERIAL], SERIAL, False)


@pytest.mark.parametrize("drop", ["before", None])
def test_enable_with_a_lost_answer_that_was_not(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, drop: Any
) -> None:
    """AWS is asked what became of it, and the device goes again."""
    aws.fail("EnableMFADevice", drop=drop, code=None if drop else "ServiceUnavailable", status=503)
    assert awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes").status == 7
    assert (devices(aws), mfa_serial(awsprof), has_record(awsprof)) == ([], None, False)


@pytest.mark.parametrize(("drop", "left"), [("after", True), ("before", False)])
def test_enable_with_a_lost_answer_and_nobody_to_ask(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, drop: Any, left: bool
) -> None:
    """An enabled device cannot be deleted by mistake: AWS refuses that, and the next enrolment finishes it."""
    aws.fail("EnableMFADevice", drop=drop)
    aws.fail("ListMFADevices", drop="before", times=3)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert outcome.status == 7
    assert (f"{SERIAL} is enabled at AWS already; 'awsprof mfa enroll {LEGACY}' finishes it" in outcome.stderr) == left
    assert has_record(awsprof) == left
    assert (unassigned(aws), mfa_serial(awsprof)) == ([], None)
    again = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert enrolled(again, LEGACY, SERIAL)
    assert ("An earlier enrolment had come as far as AWS" in again.stderr) == left
    (device,) = devices(aws)
    assert has_seed(awsprof, LEGACY, device.seed)
    assert not has_record(awsprof)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "code": "AccessDenied", "message": "Not today."},
        {"status": 400, "code": "Throttling"},
        {"status": 503, "code": "ServiceUnavailable"},
        {"drop": "before"},
    ],
    ids=lambda fault: fault.get("code", "dropped"),
)
def test_a_device_that_cannot_be_deleted_again(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone, fault: dict[str, Any]
) -> None:
    """It is named, with the command that cleans up, and the record stays; the next enrolment deletes it first."""
    aws.fail("DeleteVirtualMFADevice", times=2, **fault)
    outcome = awsprof("mfa", "enroll", "legacy", answers=[])
    assert outcome.status == 130
    assert f"Warning: The device {SERIAL} is left at AWS without a user" in outcome.stderr
    assert f"'awsprof mfa enroll {LEGACY}' cleans up next time" in outcome.stderr
    assert (unassigned(aws), has_record(awsprof)) == ([SERIAL], True)
    aws._cloud.faults.clear()
    assert enrolled(awsprof("mfa", "enroll", "legacy", answers=phone.pair), LEGACY, SERIAL)
    assert (assigned(aws), unassigned(aws), has_record(awsprof)) == ([SERIAL], [], False)


def test_a_deletion_with_a_lost_answer(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """It is asked for once more; that the device is gone by then is fine."""
    aws.fail("DeleteVirtualMFADevice", drop="after")
    outcome = awsprof("mfa", "enroll", "legacy", answers=[])
    assert (outcome.status, outcome.stderr) == (130, "\n")
    assert (devices(aws), has_record(awsprof)) == ([], False)


def test_a_device_that_may_never_be_deleted(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone
) -> None:
    """Denied twice, it is named for an administrator, and the enrolment goes on with another name."""
    deny(legacy, "DeleteVirtualMFADevice")
    assert awsprof("mfa", "enroll", "legacy", answers=[]).status == 130
    outcome = awsprof("mfa", "enroll", "legacy", answers=phone.pair)
    assert enrolled(outcome, LEGACY, f"{SERIAL}-2")
    assert f"The device {SERIAL} of an earlier enrolment is left at AWS without a user" in outcome.stderr
    assert (assigned(aws), unassigned(aws), has_record(awsprof)) == ([f"{SERIAL}-2"], [SERIAL], False)


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ("ListMFADevices", {"status": 403, "code": "AccessDenied"}),
        ("ListMFADevices", {"drop": "before"}),
        ("DeleteVirtualMFADevice", {"drop": "before"}),
        ("DeleteVirtualMFADevice", {"status": 400, "code": "Throttling"}),
    ],
)
def test_an_earlier_enrolment_that_cannot_be_ended_now(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone, action: str, fault: dict[str, Any]
) -> None:
    """While AWS does not say or do it, no other device is made: exit 7, and the record stays."""
    aws.fail("DeleteVirtualMFADevice", times=2, code="Throttling", status=400)
    assert awsprof("mfa", "enroll", "legacy", answers=[]).status == 130
    aws._cloud.faults.clear()
    aws.fail(action, times=3, **fault)
    outcome = awsprof("mfa", "enroll", "legacy", answers=phone.pair)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert (unassigned(aws), has_record(awsprof)) == ([SERIAL], True)
    aws._cloud.faults.clear()
    assert enrolled(awsprof("mfa", "enroll", "legacy", answers=phone.pair), LEGACY, SERIAL)
    assert (assigned(aws), unassigned(aws)) == ([SERIAL], [])


def test_an_earlier_enrolment_in_use_by_somebody(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """A recorded device that another user has is neither used nor deleted."""
    anna = aws.account(OTHER).user("anna").mfa_device(name="paul")
    record = {"name": "paul", "serial": anna.serial, "seed": None, "ours": True}
    awsprof.vault.items[f"{LEGACY}/enrolment"] = json.dumps(record)
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert (outcome.status, "must go first: try again in a minute" in outcome.stderr) == (7, True)
    assert assigned(aws) == [anna.serial]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "x"}', "null", "\x00"])
def test_a_damaged_record_stops_nobody(awsprof: WatchedCommandLine, legacy: User, text: str) -> None:
    """It is warned of, and gives way to the new one."""
    awsprof.vault.items[f"{LEGACY}/enrolment"] = text
    outcome = awsprof("mfa", "enroll", "legacy", "--store-seed", "--yes")
    assert enrolled(outcome, LEGACY, SERIAL)
    assert f"The vault's item {LEGACY}/enrolment is damaged" in outcome.stderr
    assert not has_record(awsprof)


@pytest.mark.parametrize("what", ["config", "vault"])
def test_a_failure_after_aws_enabled_it(
    awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, phone: Phone, what: str
) -> None:
    """The device stays, as does the record; the next enrolment finishes without another device or code."""
    config = awsprof.home / ".aws" / "config"

    def then_break() -> str:
        code = phone.next()
        if what == "config":
            config.chmod(0o400)
        else:
            (awsprof.home / ".local" / "state" / "awsprof" / "seeds").write_text("a file where a directory should be")
        return code

    store = ["--store-seed"] if what == "vault" else []
    if what == "vault":
        (awsprof.home / ".local" / "state" / "awsprof" / "seeds").write_text("a file where a directory should be")
    outcome = awsprof("mfa", "enroll", "legacy", "--yes", *store, answers=[phone.now, then_break])
    assert (outcome.status, outcome.stdout) == ({"config": 5, "vault": 1}[what], "")
    sentence = (
        f"{SERIAL} is enabled at AWS, and {LEGACY} is not done with it yet; 'awsprof mfa enroll {LEGACY}' finishes"
    )
    assert sentence in outcome.stderr
    assert (assigned(aws), has_record(awsprof)) == ([SERIAL], True)
    config.chmod(0o600)
    if what == "vault":
        (awsprof.home / ".local" / "state" / "awsprof" / "seeds").unlink()
    again = awsprof("mfa", "enroll", "legacy", "--yes", *store, answers=[])
    assert enrolled(again, LEGACY, SERIAL)
    assert (assigned(aws), mfa_serial(awsprof), has_record(awsprof)) == ([SERIAL], SERIAL, False)
    assert has_seed(awsprof, LEGACY, devices(aws)[0].seed if store else None)


# enroll: cut off at every step.


class KilledError(BaseException):
    """The process is gone: nothing that it would do afterwards is done."""


class Saboteur:
    """Counts what a command does to vault, AWS, files, the clock and the person, and cuts it off at one step."""

    def __init__(self, awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[str] = []
        self._at: int | None = None
        self._after = False
        self._error: type[BaseException] = KeyboardInterrupt
        self.struck = False
        steps: list[tuple[object, str]] = [
            (Client, "_call"),
            *((awsprof.vault, name) for name in ("get", "set", "delete")),
            *((awsprof.terminal, name) for name in ("ask", "write")),
            (awsprof, "_sleep"),
            (os, "replace"),
            (Path, "unlink"),
        ]
        for owner, name in steps:
            monkeypatch.setattr(owner, name, self._watched(owner, name, getattr(owner, name)))

    def strike(self, at: int | None, *, after: bool = False, error: type[BaseException] = KeyboardInterrupt) -> None:
        """Cut off the step number *at* from now on, before it is done or just after; None: none of them."""
        self.steps, self._at, self._after, self._error, self.struck = [], at, after, error, False

    def _watched(self, owner: object, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            if self.struck and self._error is KilledError:
                raise KilledError
            mine = len(self.steps) == self._at
            self.steps.append(arguments[1] if owner is Client else name)
            if mine and not self._after:
                self._strike()
            try:
                return step(*arguments, **options)
            finally:
                if mine and self._after:
                    self._strike()

        return watched

    def _strike(self) -> None:
        self.struck = True
        raise self._error


@pytest.fixture
def saboteur(awsprof: WatchedCommandLine, monkeypatch: pytest.MonkeyPatch) -> Saboteur:
    return Saboteur(awsprof, monkeypatch)


# What at least is cut off: calls of AWS, of the vault, of the files.
MANY = {
    *("GetCallerIdentity", "ListVirtualMFADevices", "CreateVirtualMFADevice", "EnableMFADevice"),
    *("get", "set", "delete", "replace", "unlink"),
}
EVERY_STEP = [
    pytest.mark.parametrize("after", [False, True], ids=["before", "after"]),
    pytest.mark.parametrize("error", [KeyboardInterrupt, KilledError], ids=["ctrl-c", "killed"]),
]


def every_step(test: Any) -> Any:
    for mark in EVERY_STEP:
        test = mark(test)
    return test


@every_step
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "typed"])
def test_enroll_cut_off_at_every_step(
    awsprof: WatchedCommandLine,
    aws: LocalAWS,
    phone: Phone,
    saboteur: Saboteur,
    error: type[BaseException],
    after: bool,
    stored: bool,
) -> None:
    """
    Whatever step an enrolment is cut off at, the next one leaves one device, enabled and used, and nothing else.

    Ctrl-C takes the device back by itself; a kill leaves that to the next enrolment. Every third step, and another
    third in each case, unless all are wanted.
    """
    stride = 1 if ALL else 3
    for step in itertools.count((after + (error is KilledError) + stored) % stride, stride):
        account_id, profile = f"{500_000_000_000 + step}", f"autochart_e{step}_paul"
        saboteur.strike(None)
        joined(aws, awsprof, account_id, env=f"e{step}")
        words = ["mfa", "enroll", profile, *(["--store-seed", "--yes"] if stored else [])]
        saboteur.strike(step, after=after, error=error)
        outcome = None
        with contextlib.suppress(KilledError):
            outcome = awsprof(*words, answers=phone.pair)
        if outcome is not None:
            assert outcome.status == (130 if saboteur.struck else 0), step
            assert unassigned(aws, account_id) == []
            # What is not taken back is said, with the command that finishes it.
            assert not has_record(awsprof, profile) or f"'awsprof mfa enroll {profile}'" in outcome.stderr
        if not saboteur.struck:
            break
        saboteur.strike(None)
        if has_record(awsprof, profile) or mfa_serial(awsprof, profile) is None:
            again = awsprof(*words, answers=phone.pair)
            assert again.status == 0, (step, again)
        (device,) = devices(aws, account_id)
        assert (device.user_name, device.serial) == ("paul", mfa_serial(awsprof, profile)), step
        assert not has_record(awsprof, profile), step
        assert has_seed(awsprof, profile, device.seed if stored else None), step
    assert step - stride < len(saboteur.steps) <= step
    assert MANY | {"write"} | ({"_sleep"} if stored else {"ask"}) <= set(saboteur.steps)


@every_step
def test_enroll_another_cut_off_at_every_step(
    awsprof: WatchedCommandLine,
    aws: LocalAWS,
    saboteur: Saboteur,
    error: type[BaseException],
    after: bool,
) -> None:
    """
    The same where a device and its seed give way to another: the profile never has one device and the other's seed.

    The session that serves meanwhile is dropped only when all else is done.
    """
    stride = 1 if ALL else 3
    for step in itertools.count((after + (error is KilledError)) % stride, stride):
        account_id, profile = f"{600_000_000_000 + step}", f"autochart_e{step}_paul"
        saboteur.strike(None)
        old = joined(aws, awsprof, account_id, env=f"e{step}").mfa_device()
        assert awsprof("set", profile, f"mfa_serial={old.serial}").status == 0
        assert awsprof("login", profile, "--code", old.code()).status == 0
        awsprof.vault.items[f"{profile}/seed"] = str(old.seed)
        marker(awsprof, profile).parent.mkdir(parents=True, exist_ok=True)
        marker(awsprof, profile).write_text(f"{old.serial}\n")
        words = ["mfa", "enroll", profile, "--store-seed", "--yes"]
        saboteur.strike(step, after=after, error=error)
        with contextlib.suppress(KilledError):
            awsprof(*words)
        if not saboteur.struck:
            break
        saboteur.strike(None)
        seed, seeds = awsprof.items.get(f"{profile}/seed"), {one.serial: one.seed for one in devices(aws, account_id)}
        # An older device's seed may lie there still, and makes no codes for the new one.
        told = marker(awsprof, profile).read_text().strip() if marker(awsprof, profile).exists() else ""
        serial = str(mfa_serial(awsprof, profile))
        assert seed is None or (seed == seeds[serial] if told in ("", serial) else True), step
        if has_record(awsprof, profile) or mfa_serial(awsprof, profile) == old.serial:
            again = awsprof(*words)
            assert again.status == 0, (step, again)
        (first, device) = devices(aws, account_id)
        assert (first.serial, first.user_name, device.user_name) == (old.serial, "paul", "paul"), step
        assert device.serial == mfa_serial(awsprof, profile), step
        assert not has_record(awsprof, profile), step
        assert has_seed(awsprof, profile, device.seed), step
        assert not session_file(awsprof.home, profile).exists(), step
    assert step - stride < len(saboteur.steps) <= step
    assert MANY | {"_sleep"} <= set(saboteur.steps)


@every_step
def test_enroll_cut_off_where_devices_may_not_be_listed(
    awsprof: WatchedCommandLine,
    aws: LocalAWS,
    saboteur: Saboteur,
    error: type[BaseException],
    after: bool,
) -> None:
    """A device that was there before is never deleted; one that may be of either kind is left, and named."""
    stride = 1 if ALL else 3
    for step in itertools.count((after + (error is KilledError)) % stride, stride):
        account_id, profile = f"{700_000_000_000 + step}", f"autochart_e{step}_paul"
        saboteur.strike(None)
        deny(joined(aws, awsprof, account_id, env=f"e{step}"), "ListVirtualMFADevices")
        theirs = unassigned_device(aws, "paul", account_id)
        words = ["mfa", "enroll", profile, "--store-seed", "--yes"]
        saboteur.strike(step, after=after, error=error)
        said = ""
        with contextlib.suppress(KilledError):
            said = awsprof(*words).stderr
        if not saboteur.struck:
            break
        saboteur.strike(None)
        if has_record(awsprof, profile) or mfa_serial(awsprof, profile) is None:
            again = awsprof(*words)
            assert again.status == 0, (step, again)
            said += again.stderr
        first, *others = unassigned(aws, account_id)
        assert first == theirs, step
        assert all(f"made {serial} cannot be told, so it is left alone" in said for serial in others), step
        assert assigned(aws, account_id) == [mfa_serial(awsprof, profile)], step
        assert not has_record(awsprof, profile), step
    assert step - stride < len(saboteur.steps) <= step
    assert MANY | {"_sleep"} <= set(saboteur.steps)


# add


def base32_forms(seed: str) -> dict[str, str]:
    """One seed in the forms that people have."""
    return {
        "plain": seed,
        "line": f"{seed}\n",
        "lower": seed.lower(),
        "blanks": " ".join(seed[at : at + 4] for at in range(0, 64, 4)),
        "dashes": "-".join(seed[at : at + 8] for at in range(0, 64, 8)).lower(),
        "lines": "\r\n".join(seed[at : at + 32] for at in range(0, 64, 32)),
        "mark": f"\ufeff{seed}",
        "uri": f"otpauth://totp/AWS:paul@111111111111?secret={seed}&issuer=AWS",
        "full uri": f"OTPAUTH://TOTP/x%20y?secret={seed.lower()}&algorithm=sha1&digits=6&period=30&issuer=A%26B",
        "bare uri": f"otpauth://totp/?secret={seed}",
    }


@pytest.mark.parametrize("form", base32_forms("A" * 64))
@pytest.mark.parametrize("way", ["prompt", "stdin", "file"])
def test_add_takes_a_seed(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity, form: str, way: str) -> None:
    """Base32 in any grouping, or an otpauth URI, from a hidden prompt, stdin or a file; proven by a login."""
    assert dev.device.seed is not None
    text = base32_forms(dev.device.seed)[form]
    if way == "prompt":
        outcome = awsprof("mfa", "add", "dev", answers=["y", text])
        question = f"Seed of the MFA device of {dev.profile} (hidden): (hidden)"
        assert awsprof.terminal.questions == ["Store the seed all the same?", question]
    elif way == "stdin":
        outcome = awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=text)
    else:
        path = awsprof.home / "seed.txt"
        path.write_bytes(text.encode())
        outcome = awsprof("mfa", "add", "dev", "--from", str(path), "--yes")
    assert outcome.status == 0
    assert outcome.stdout.startswith(f"{dev.profile}: seed stored, logged in until ")
    assert (outcome.stderr.count(WARNING), outcome.stderr.count("\n")) == (1, 1)
    assert has_seed(awsprof, dev.profile, dev.device.seed)
    assert [call.status for call in aws.calls_of("GetSessionToken")] == [200]
    assert notes(awsprof) == [f"{dev.profile}: seed stored"]


def test_add_beside_a_fresh_session(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """A fresh session proves nothing of the seed: another login does, with the next code."""
    slept = len(awsprof.slept_s)
    assert awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=str(logged_in.device.seed)).status == 0
    assert len(aws.calls_of("GetSessionToken")) == 2
    assert len(awsprof.slept_s) == slept + 1


def test_add_to_a_roles_source(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """A role's codes are its source's."""
    role = "[profile autochart_admin_paul]\nrole_arn = arn:aws:iam::111111111111:role/A\nsource_profile = "
    write_config(awsprof.home, f"{awsprof.config}{role}{dev.profile}\n")
    outcome = awsprof("mfa", "add", "admin", "--from", "-", "--yes", stdin=str(dev.device.seed))
    assert outcome.status == 0
    assert has_seed(awsprof, dev.profile, dev.device.seed)


def test_add_replaces_a_seed(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """A stored seed that is wrong gives way to the right one."""
    store_seed(awsprof, dev)
    awsprof.vault.items[f"{dev.profile}/seed"] = new_seed()
    assert awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=str(dev.device.seed)).status == 0
    assert has_seed(awsprof, dev.profile, dev.device.seed)


SHORT = "ABCDEFGHIJKLMNOPQRSTU"  # 13 bytes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "No seed was given"),
        (" -\n", "No seed was given"),
        ("=" * 8, "No seed was given"),
        (f"{'A' * 63}0", "characters that base32 has not"),
        (f"{'A' * 63}\u00e9", "characters that base32 has not"),
        ("A" * 65, "a character is missing or too many"),
        ("A" * 30, "a character is missing or too many"),
        (SHORT, "too short to be safe: 104 bits"),
        (f"otpauth://totp/x?secret={SHORT}", "too short to be safe"),
        (f"otpauth://hotp/x?secret={'A' * 64}&counter=1", "not of a time-based device (totp)"),
        (f"otpauth://totp/x?secret={'A' * 64}&algorithm=SHA256", "another algorithm than SHA1"),
        (f"otpauth://totp/x?secret={'A' * 64}&digits=8", "another digits than 6"),
        (f"otpauth://totp/x?secret={'A' * 64}&period=60", "another period than 30"),
        (f"otpauth://totp/x?secret={'A' * 64}&secret={'B' * 64}", "says the same thing twice"),
        ("otpauth://totp/x?issuer=AWS", "has no secret"),
        ("otpauth://totp/x", "has no secret"),
        ("otpauth://totp/x?secret=", "No seed was given"),
        (f"otpauth://totp/x?{'A' * 64}", "neither a seed nor an otpauth URI"),
        (f"https://totp/x?secret={'A' * 64}", "no otpauth URI"),
        ("otpauth://[totp/x", "neither a seed nor an otpauth URI"),
    ],
)
def test_add_refuses_what_is_no_seed(
    awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity, text: str, why: str
) -> None:
    """Exit 2, with the reason and nothing of the text, and nothing is sent."""
    outcome = awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=text)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert why in outcome.stderr
    assert not any(part in outcome.stderr for part in ("AAAA", SHORT[:8]))
    assert aws.calls == []
    assert has_seed(awsprof, dev.profile, None)


def test_add_refuses_what_is_no_text(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """A picture of the code, a directory, or no file at all, are exit 2."""
    path = awsprof.home / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    for source, why in (
        (path, "is no text"),
        (awsprof.home, "cannot be read"),
        (awsprof.home / "no", "cannot be read"),
    ):
        outcome = awsprof("mfa", "add", "dev", "--from", str(source), "--yes")
        assert (outcome.status, why in outcome.stderr) == (2, True)


def test_add_refuses_a_wrong_seed(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity) -> None:
    """A seed of another device is exit 7 after one call, and nothing is stored."""
    outcome = awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=new_seed())
    assert (outcome.status, outcome.stdout) == (7, "")
    assert f"it is not the seed of {dev.device.serial}; nothing was stored" in outcome.stderr
    assert len(aws.calls_of("GetSessionToken")) == 1
    assert has_seed(awsprof, dev.profile, None)
    assert not session_file(awsprof.home, dev.profile).exists()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "code": "AccessDenied", "message": "Not today."},
        {"status": 503, "code": "ServiceUnavailable"},
        {"drop": "before"},
        {"drop": "after"},
    ],
    ids=lambda fault: fault.get("code") or f"dropped {fault['drop']}",
)
def test_add_with_aws_saying_no(
    awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity, fault: dict[str, Any]
) -> None:
    """What is not proven is not stored."""
    aws.fail("GetSessionToken", **fault)
    outcome = awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=str(dev.device.seed))
    assert (outcome.status, "nothing was stored" in outcome.stderr) == (7, False)
    assert has_seed(awsprof, dev.profile, None)


def test_add_must_be_agreed_to(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity) -> None:
    """No terminal and no --yes is exit 2; a no is exit 1; --yes with nothing to read from is exit 2."""
    seed = str(dev.device.seed)
    outcome = awsprof("mfa", "add", "dev", "--from", "-", stdin=seed)
    assert (outcome.status, "Give it with --yes." in outcome.stderr) == (2, True)
    outcome = awsprof("mfa", "add", "dev", "--from", "-", stdin=seed, answers=["n"])
    assert (outcome.status, "Nothing was stored." in outcome.stderr) == (1, True)
    outcome = awsprof("mfa", "add", "dev", "--yes")
    assert (outcome.status, "Give it with --from." in outcome.stderr) == (2, True)
    assert awsprof("mfa", "add", "dev", answers=["y"]).status == 130
    assert aws.calls == []
    assert has_seed(awsprof, dev.profile, None)


@pytest.mark.parametrize("words", [["add", "legacy", "--yes", "--from", "-"], ["code", "legacy"]], ids=" ".join)
def test_codes_need_a_device(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User, words: list[str]) -> None:
    """A profile without a device is exit 1, and told of both ways to one."""
    outcome = awsprof("mfa", *words, stdin=new_seed())
    assert (outcome.status, outcome.stdout) == (1, "")
    assert f"'awsprof mfa enroll {LEGACY}'" in outcome.stderr
    assert f"'awsprof set {LEGACY} mfa_serial=ARN'" in outcome.stderr
    assert aws.calls == []


@pytest.mark.parametrize("words", [["add", "x", "--yes", "--from", "-"], ["code", "x"], ["list", "x"]], ids=" ".join)
def test_codes_are_of_our_users(awsprof: WatchedCommandLine, words: list[str]) -> None:
    """A profile whose keys are not awsprof's is exit 1."""
    write_config(awsprof.home, "[profile autochart_x_paul]\nsso_session = corp\n")
    outcome = awsprof("mfa", *words, stdin=new_seed())
    assert (outcome.status, "autochart_x_paul has no keys in the vault (sso)" in outcome.stderr) == (1, True)


@pytest.mark.parametrize("words", [["add", "legacy", "--yes", "--from", "-"], ["code", "legacy"]], ids=" ".join)
def test_a_fido_key_gives_no_codes(awsprof: WatchedCommandLine, legacy: User, words: list[str]) -> None:
    """Exit 7, with the way to a device that does."""
    assert awsprof("set", "legacy", f"mfa_serial={legacy.mfa_device('fido').serial}").status == 0
    outcome = awsprof("mfa", *words, stdin=new_seed())
    assert (outcome.status, "which gives no token codes" in outcome.stderr) == (7, True)


# code


@pytest.fixture
def seeded(awsprof: WatchedCommandLine, dev: Identity) -> Identity:
    """The profile autochart_dev_paul with its seed stored."""
    store_seed(awsprof, dev)
    return dev


def test_code(awsprof: WatchedCommandLine, aws: LocalAWS, seeded: Identity) -> None:
    """Six digits, and how long they are good, on stdout; AWS is not asked."""
    outcome = awsprof("mfa", "code", "dev")
    assert (outcome.status, outcome.stderr) == (0, "")
    digits, left_s = re.fullmatch(r"([0-9]{6}) \(([0-9]+) s left\)\n", outcome.stdout).groups()  # type: ignore[union-attr]
    assert digits == seeded.device.code()
    assert int(left_s) in range(12, 16)
    assert aws.calls == []


def test_code_as_json(awsprof: WatchedCommandLine, seeded: Identity) -> None:
    """--json gives the same."""
    outcome = awsprof("mfa", "code", "dev", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    table = json.loads(outcome.stdout)
    assert table.pop("seconds_left") in range(12, 16)
    assert table == {"version": 1, "profile": seeded.profile, "code": seeded.device.code()}


def test_code_twice_in_a_step(awsprof: WatchedCommandLine, seeded: Identity) -> None:
    """The second waits for the next step, and is another one; each is good for the whole of its step."""
    first = awsprof("mfa", "code", "dev", "--json")
    slept = len(awsprof.slept_s)
    second = awsprof("mfa", "code", "dev", "--json")
    assert (second.status, len(awsprof.slept_s)) == (0, slept + 1)
    assert awsprof.slept_s[-1] <= 30
    assert "Waiting" in second.stderr
    codes = [json.loads(outcome.stdout)["code"] for outcome in (first, second)]
    assert codes == [seeded.device.code(-1), seeded.device.code()]
    assert json.loads(second.stdout)["seconds_left"] >= 29


def test_login_after_a_code(awsprof: WatchedCommandLine, aws: LocalAWS, seeded: Identity) -> None:
    """A code that was handed out is not used by a login in the same step, which waits for the next."""
    code = json.loads(awsprof("mfa", "code", "dev", "--json").stdout)["code"]
    slept = len(awsprof.slept_s)
    assert awsprof("login", "dev").status == 0
    assert len(awsprof.slept_s) == slept + 1
    (call,) = aws.calls_of("GetSessionToken")
    assert call.parameters["TokenCode"] == seeded.device.code() != code
    assert awsprof("login", "dev", "--force", "--code", code).status == 7


def test_code_after_a_login(awsprof: WatchedCommandLine, aws: LocalAWS, seeded: Identity) -> None:
    """And the other way round."""
    assert awsprof("login", "dev").status == 0
    used = aws.calls_of("GetSessionToken")[0].parameters["TokenCode"]
    assert json.loads(awsprof("mfa", "code", "dev", "--json").stdout)["code"] == seeded.device.code() != used


def test_code_of_a_role(awsprof: WatchedCommandLine, seeded: Identity) -> None:
    """A role's code is its source's."""
    role = "[profile autochart_admin_paul]\nrole_arn = arn:aws:iam::111111111111:role/A\nsource_profile = "
    write_config(awsprof.home, f"{awsprof.config}{role}{seeded.profile}\n")
    table = json.loads(awsprof("mfa", "code", "admin", "--json").stdout)
    assert (table["profile"], table["code"]) == (seeded.profile, seeded.device.code())


def test_code_by_command(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """Without a seed, mfa_command makes it; what it printed before is not handed out again."""
    write_settings(awsprof.home, 'mfa_command = ["echo", "123 456"]\n')
    assert awsprof("mfa", "code", "dev").stdout.startswith("123456 (")
    outcome = awsprof("mfa", "code", "dev")
    assert (outcome.status, outcome.stdout) == (7, "")


@pytest.mark.parametrize("answers", [None, ["123456"]], ids=["script", "terminal"])
def test_code_from_nothing(awsprof: WatchedCommandLine, dev: Identity, answers: list[str] | None) -> None:
    """Neither a seed nor mfa_command is exit 1, and both are named; nobody is asked."""
    outcome = awsprof("mfa", "code", "dev", answers=answers)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert f"'awsprof mfa add {dev.profile}'" in outcome.stderr
    assert "mfa_command" in outcome.stderr
    assert awsprof.terminal.questions == []


def test_code_into_the_clipboard(awsprof: WatchedCommandLine, seeded: Identity, clipboard: Path) -> None:
    """--copy puts the digits there, and shows them nowhere."""
    outcome = awsprof("mfa", "code", "dev", "--copy")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert re.fullmatch(r"Copied; 1[2-5] s left\n", outcome.stdout)
    assert clipboard.read_text() == seeded.device.code()


def test_copy_without_a_clipboard(
    awsprof: WatchedCommandLine, seeded: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 with a hint; no code is used up by it."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    outcome = awsprof("mfa", "code", "dev", "--copy")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("Error: There is no clipboard here.\nInstall xclip")
    slept = len(awsprof.slept_s)
    assert awsprof("mfa", "code", "dev").stdout.startswith(seeded.device.code())
    assert len(awsprof.slept_s) == slept


@pytest.mark.parametrize("script", ["echo no display >&2; exit 1", "gone"])
def test_copy_with_a_broken_clipboard(
    awsprof: WatchedCommandLine, seeded: Identity, clipboard: Path, launcher: Path, script: str
) -> None:
    """A clipboard program that complains, or cannot be run, is exit 1."""
    interpreter = "/nowhere/sh" if script == "gone" else "/bin/sh"
    (launcher.parent / "xclip").write_text(f"#!{interpreter}\n{script}\n")
    outcome = awsprof("mfa", "code", "dev", "--copy")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "The clipboard cannot be reached" in outcome.stderr
    assert ("no display" in outcome.stderr) == (script != "gone")


def test_copy_and_json_exclude_each_other(awsprof: WatchedCommandLine, seeded: Identity) -> None:
    """One or the other: exit 2."""
    assert awsprof("mfa", "code", "dev", "--copy", "--json").status == 2


# list


def test_list(awsprof: WatchedCommandLine, aws: LocalAWS, seeded: Identity) -> None:
    """The user's devices at AWS: which one is used, which give codes, and whose seed is stored; nobody is asked."""
    second, fido = seeded.user.mfa_device(), seeded.user.mfa_device("fido")
    outcome = awsprof("mfa", "list", "dev", answers=[])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        f"{seeded.device.serial}  used by {seeded.profile}, seed stored",
        second.serial,
        f"{fido.serial}  a FIDO key or passkey, which gives no codes",
    ]
    assert actions(aws) == ["ListMFADevices"]


def test_list_as_json(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """--json says the same of each."""
    second, fido = dev.user.mfa_device(), dev.user.mfa_device("fido")
    outcome = awsprof("mfa", "list", "dev", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    keys = ("serial", "used", "gives_codes", "seed_stored")
    assert json.loads(outcome.stdout) == {
        "version": 1,
        "profile": dev.profile,
        "devices": [
            dict(zip(keys, (dev.device.serial, True, True, False), strict=True)),
            dict(zip(keys, (second.serial, False, True, False), strict=True)),
            dict(zip(keys, (fido.serial, False, False, False), strict=True)),
        ],
    }


def test_list_with_the_session_there_is(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """A live session is used, which needs no vault; an expired one is not, and the long-term key is."""
    awsprof.vault.refusal = VaultUnavailableError("shut")
    assert awsprof("mfa", "list", "dev").status == 0
    awsprof.vault.refusal = None
    leave(awsprof, logged_in.profile, 30)
    assert awsprof("mfa", "list", "dev").status == 0
    keys = [call.access_key_id for call in aws.calls_of("ListMFADevices")]
    assert [str(key)[:4] for key in keys] == ["ASIA", "AKIA"]


def test_list_without_a_device(awsprof: WatchedCommandLine, legacy: User) -> None:
    """None is said, and is an empty list in JSON."""
    assert awsprof("mfa", "list", "legacy").stdout == f"The user of {LEGACY} has no MFA device.\n"
    assert json.loads(awsprof("mfa", "list", "legacy", "--json").stdout)["devices"] == []


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_list_misses_the_profiles_device(awsprof: WatchedCommandLine, legacy: User, options: list[str]) -> None:
    """A serial that is no device of the user any more is warned of."""
    assert awsprof("set", "legacy", f"mfa_serial={SERIAL}").status == 0
    outcome = awsprof("mfa", "list", "legacy", *options)
    assert outcome.status == 0
    assert outcome.stderr == f"Warning: {LEGACY} uses {SERIAL}, which is no device of its user at AWS.\n"


def test_list_denied(awsprof: WatchedCommandLine, legacy: User) -> None:
    """What AWS denies is exit 7."""
    deny(legacy, "ListMFADevices")
    outcome = awsprof("mfa", "list", "legacy")
    assert (outcome.status, outcome.stdout, "ListMFADevices" in outcome.stderr) == (7, "", True)


# remove


def test_remove_forgets_the_seed(awsprof: WatchedCommandLine, aws: LocalAWS, seeded: Identity) -> None:
    """Item and marker go, without a question; device, profile and session stay. Once more is fine, and says so."""
    outcome = awsprof("mfa", "remove", "dev")
    assert (outcome.status, outcome.stdout) == (0, f"{seeded.profile}: its stored seed is forgotten.\n")
    assert has_seed(awsprof, seeded.profile, None)
    assert mfa_serial(awsprof, seeded.profile) == seeded.device.serial
    assert notes(awsprof) == [f"{seeded.profile}: stored seed forgotten"]
    outcome = awsprof("mfa", "remove", "dev")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "There is no stored seed to forget.\n", "")
    assert aws.calls == []
    assert len(notes(awsprof)) == 1


@pytest.mark.parametrize("left", ["item", "marker"])
def test_remove_forgets_half_a_seed(awsprof: WatchedCommandLine, seeded: Identity, left: str) -> None:
    """What a kill left of a seed goes too."""
    if left == "item":
        marker(awsprof, seeded.profile).unlink()
    else:
        del awsprof.vault.items[f"{seeded.profile}/seed"]
    assert "forgotten" in awsprof("mfa", "remove", "dev").stdout
    assert has_seed(awsprof, seeded.profile, None)


def test_remove_device(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """With the session there is, the device is taken from its user and deleted; the profile works without MFA."""
    store_seed(awsprof, logged_in)
    serial = logged_in.device.serial
    outcome = awsprof("mfa", "remove", "dev", "--device", answers=["y"])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout == f"{logged_in.profile}: device {serial} removed; it needs no session now.\n"
    (question,) = awsprof.terminal.questions
    assert serial in question
    assert devices(aws, DEV) == []
    assert mfa_serial(awsprof, logged_in.profile) is None
    assert has_seed(awsprof, logged_in.profile, None)
    assert not session_file(awsprof.home, logged_in.profile).exists()
    assert notes(awsprof) == [f"{logged_in.profile}: device {serial} removed"]
    assert len(aws.calls_of("GetSessionToken")) == 1
    assert json.loads(awsprof("credential-process", logged_in.profile).stdout)["AccessKeyId"] == logged_in.key.id


def test_remove_device_after_a_login(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity) -> None:
    """Without a live session a code starts one; with nobody to give it, it is exit 8."""
    outcome = awsprof("mfa", "remove", "dev", "--device", "--yes")
    assert (outcome.status, outcome.stdout, len(devices(aws, DEV))) == (8, "", 1)
    assert awsprof("mfa", "remove", "dev", "--device", "--yes", answers=[dev.device.code()]).status == 0
    assert devices(aws, DEV) == []


@pytest.mark.parametrize("answers", [None, ["n"]])
def test_remove_device_asks(
    awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity, answers: list[str] | None
) -> None:
    """No terminal and no --yes is exit 2, a no exit 1; nothing changes."""
    before = everything(awsprof)
    assert awsprof("mfa", "remove", "dev", "--device", answers=answers).status == (2 if answers is None else 1)
    assert (everything(awsprof), len(devices(aws, DEV))) == (before, 1)


def test_remove_device_of_a_protected_env(awsprof: WatchedCommandLine, aws: LocalAWS, prod: Identity) -> None:
    """A protected env is refused without --force: exit 1."""
    assert awsprof("login", "prod", "--code", prod.device.code()).status == 0
    outcome = awsprof("mfa", "remove", "prod", "--device", "--yes")
    assert (outcome.status, "Say --force if it must be so." in outcome.stderr) == (1, True)
    assert len(devices(aws, PROD)) == 1
    assert awsprof("mfa", "remove", "prod", "--device", "--yes", "--force").status == 0
    assert devices(aws, PROD) == []


def test_remove_device_that_is_none(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """A profile without a device is exit 1."""
    outcome = awsprof("mfa", "remove", "legacy", "--device", "--yes")
    assert (outcome.status, f"{LEGACY} has no MFA device to remove" in outcome.stderr) == (1, True)
    assert aws.calls == []


def test_remove_device_that_is_gone(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity) -> None:
    """Where AWS has it no longer, no session is needed: what is here goes."""
    aws._cloud.devices.take_away(devices(aws, DEV)[0])
    outcome = awsprof("mfa", "remove", "dev", "--device", "--yes")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert mfa_serial(awsprof, dev.profile) is None
    # Unassigned it was still there: as a kill between AWS's two steps leaves it.
    assert devices(aws, DEV) == []
    assert aws.calls_of("GetSessionToken") == []


def test_remove_device_that_another_user_has(awsprof: WatchedCommandLine, aws: LocalAWS, dev: Identity) -> None:
    """It is left to them."""
    aws.account(DEV).user("anna")
    (device,) = devices(aws, DEV)
    aws._cloud.devices.take_away(device)
    aws._cloud.devices.assign(device, "anna")
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert (assigned(aws, DEV), mfa_serial(awsprof, dev.profile)) == ([device.serial], None)


def test_remove_hardware_device(awsprof: WatchedCommandLine, aws: LocalAWS, legacy: User) -> None:
    """A device that is not virtual is taken from its user, and not deleted; what else the user has is named."""
    device, second = legacy.mfa_device("hardware"), legacy.mfa_device()
    assert awsprof("set", "legacy", f"mfa_serial={device.serial}").status == 0
    outcome = awsprof("mfa", "remove", "legacy", "--device", "--yes", answers=[device.code()])
    assert outcome.status == 0
    assert f"'awsprof set {LEGACY} mfa_serial={second.serial}'" in outcome.stderr
    assert aws.calls_of("DeleteVirtualMFADevice") == []
    assert assigned(aws) == [second.serial]


def test_remove_device_of_a_profile_by_file(awsprof: WatchedCommandLine, logged_in: Identity) -> None:
    """Delivery by file needs sessions: the profile goes back to its process line, and the session out of the file."""
    assert awsprof("set", "dev", "awsprof_delivery=file").status == 0
    assert not PROCESS_LINE.search(awsprof.config)
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert PROCESS_LINE.search(awsprof.config)
    assert "awsprof_delivery" not in awsprof.config
    assert logged_in.profile not in (awsprof.home / ".aws" / "credentials").read_text()
    assert json.loads(awsprof("show", "dev", "--json").stdout)["profile"]["delivery"] == "process"


def test_remove_device_of_a_session_written_once(awsprof: WatchedCommandLine, dev: Identity) -> None:
    """The same where one session alone was written to the file."""
    assert awsprof("login", "dev", "--write", "--code", dev.device.code()).status == 0
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert PROCESS_LINE.search(awsprof.config)
    assert "awsprof_delivery" not in awsprof.config


FAULTS: dict[str, dict[str, Any]] = {
    "denied": {"status": 403, "code": "AccessDenied", "message": "Not today."},
    "throttled": {"status": 400, "code": "Throttling"},
    "failed": {"status": 503, "code": "ServiceUnavailable"},
    "dropped": {"drop": "before"},
}


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (action, fault)
        for action in ("GetCallerIdentity", "DeactivateMFADevice", "DeleteVirtualMFADevice")
        for fault in FAULTS
        # That one is no reason to stop.
        if (action, fault) != ("DeleteVirtualMFADevice", "denied")
    ],
)
def test_remove_device_refused(
    awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity, action: str, fault: str
) -> None:
    """Until AWS has done it, nothing changes here: exit 7, and the command can be run again."""
    before = everything(awsprof)
    aws.fail(action, times=3, **FAULTS[fault])
    outcome = awsprof("mfa", "remove", "dev", "--device", "--yes")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert everything(awsprof) == before
    aws._cloud.faults.clear()
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert (devices(aws, DEV), mfa_serial(awsprof, logged_in.profile)) == ([], None)


@pytest.mark.parametrize("action", ["DeactivateMFADevice", "DeleteVirtualMFADevice"])
def test_remove_device_with_a_lost_answer(
    awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity, action: str
) -> None:
    """AWS is asked what became of it, and all goes on."""
    aws.fail(action, drop="after")
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert (devices(aws, DEV), mfa_serial(awsprof, logged_in.profile)) == ([], None)


def test_remove_device_that_may_not_be_deleted(awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity) -> None:
    """Taken from its user it protects nothing any more: the profile goes on without, and what is left is named."""
    deny(logged_in.user, "DeleteVirtualMFADevice")
    outcome = awsprof("mfa", "remove", "dev", "--device", "--yes")
    assert outcome.status == 0
    assert f"Warning: The device {logged_in.device.serial} is left at AWS without a user" in outcome.stderr
    assert (unassigned(aws, DEV), mfa_serial(awsprof, logged_in.profile)) == ([logged_in.device.serial], None)


def test_remove_device_where_devices_may_not_be_listed(
    awsprof: WatchedCommandLine, aws: LocalAWS, logged_in: Identity
) -> None:
    """It is taken to be there."""
    deny(logged_in.user, "ListMFADevices")
    assert awsprof("mfa", "remove", "dev", "--device", "--yes").status == 0
    assert (devices(aws, DEV), mfa_serial(awsprof, logged_in.profile)) == ([], None)


@every_step
def test_remove_device_cut_off_at_every_step(
    awsprof: WatchedCommandLine,
    aws: LocalAWS,
    saboteur: Saboteur,
    error: type[BaseException],
    after: bool,
) -> None:
    """Run again after a cut at any step, the device is gone, and the profile, seed and session go with it."""
    stride = 1 if ALL else 2
    for step in itertools.count(after % stride, stride):
        account_id, profile = f"{800_000_000_000 + step}", f"autochart_e{step}_paul"
        saboteur.strike(None)
        device = joined(aws, awsprof, account_id, env=f"e{step}").mfa_device()
        assert awsprof("set", profile, f"mfa_serial={device.serial}", "awsprof_delivery=file").status == 0
        assert awsprof("login", profile, "--code", device.code()).status == 0
        awsprof.vault.items[f"{profile}/seed"] = str(device.seed)
        saboteur.strike(step, after=after, error=error)
        with contextlib.suppress(KilledError):
            assert awsprof("mfa", "remove", profile, "--device", "--yes").status == (130 if saboteur.struck else 0)
        if not saboteur.struck:
            break
        saboteur.strike(None)
        if mfa_serial(awsprof, profile) is not None:
            again = awsprof("mfa", "remove", profile, "--device", "--yes")
            assert again.status == 0, (step, again)
        assert (devices(aws, account_id), mfa_serial(awsprof, profile)) == ([], None), step
        assert has_seed(awsprof, profile, None), step
        assert not session_file(awsprof.home, profile).exists(), step
        section = awsprof.config.partition(f"[profile {profile}]")[2].partition("[")[0]
        assert (section.count("credential_process"), section.count("awsprof_delivery")) == (1, 0), step
    # What another thread of the test's own process unlinks may be counted too.
    assert step - stride < len(saboteur.steps) <= step + 1
    assert {"DeactivateMFADevice", "DeleteVirtualMFADevice", "delete", "replace"} <= set(saboteur.steps)


@pytest.mark.parametrize("name", ["enroll", "add", "code", "list", "remove"])
def test_every_subcommand_has_the_common_options(awsprof: WatchedCommandLine, name: str) -> None:
    """Each narrows its selector, has an example, and says an unknown profile with 3, none with 2."""
    outcome = awsprof("mfa", name, "--help")
    assert (outcome.status, outcome.stderr) == (0, "")
    for words in ("--quiet", "--debug", "--exact", "--product", "--user", f"awsprof mfa {name} "):
        assert words in outcome.stdout
    assert awsprof("mfa", name, "nowhere").status == 3
    assert awsprof("mfa", name).status == 2
    assert awsprof("mfa", name, "default").status == 2


# --- what a second reader found


def test_a_seed_is_its_devices_alone(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """After mfa_serial has changed, the older device's seed makes no codes; with the older serial it does again."""
    assert dev.device.seed is not None
    assert awsprof("mfa", "add", "dev", "--from", "-", "--yes", stdin=dev.device.seed).status == 0
    second = dev.user.mfa_device(name="phone2")
    assert awsprof("set", "dev", f"mfa_serial={second.serial}").status == 0
    aws.clear_calls()
    assert awsprof("login", "dev").status == 2
    assert awsprof("credential-process", dev.profile).status == 8
    assert awsprof("mfa", "code", "dev").status == 1
    assert aws.calls_of("GetSessionToken") == []
    assert not any(row["seed_stored"] for row in json.loads(awsprof("mfa", "list", "dev", "--json").stdout)["devices"])
    assert awsprof("set", "dev", f"mfa_serial={dev.device.serial}").status == 0
    aws.clock.shift(30)
    awsprof.ahead += timedelta(seconds=30)
    assert awsprof("login", "dev").status == 0


def test_a_device_of_two_profiles(awsprof: CommandLine, dev: Identity) -> None:
    """Taking a device away unsets it in every profile that uses it, and asks --force where one is protected."""
    words = ["autochart", "prod", "paul", "--from", "-", "--force", "--region", "eu-west-1"]
    assert awsprof("add", *words, stdin=dev.two_lines).status == 0
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0
    refused = awsprof("mfa", "remove", "dev", "--device", "--yes")
    assert (refused.status, "autochart_prod_paul is protected" in refused.stderr) == (1, True)
    assert awsprof("mfa", "remove", "dev", "--device", "--yes", "--force").status == 0
    assert "mfa_serial" not in awsprof.config


def test_undo_does_not_strand_a_seed(awsprof: CommandLine, dev: Identity) -> None:
    """A rename is not undone from under a seed that was stored since."""
    assert dev.device.seed is not None
    assert awsprof("rename", dev.profile, "autochart", "test", "paul", "--yes").status == 0
    assert awsprof("mfa", "add", "test", "--from", "-", "--yes", stdin=dev.device.seed).status == 0
    outcome = awsprof("undo", "--yes")
    assert (outcome.status, "autochart_test_paul/seed was stored since" in outcome.stderr) == (1, True)
    assert "[profile autochart_test_paul]" in awsprof.config
