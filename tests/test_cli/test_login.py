"""``awsprof login``: one code, one call, and what AWS says to the wrong ones."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    PROD,
    add_unverified,
    code_here,
    everything,
    leave,
    profile_object,
    session_file,
    state_file,
    store_seed,
    write_config,
    write_settings,
    wrong_code,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

ROLE = """
[profile autochart_admin_paul]
role_arn = arn:aws:iam::444444444444:role/Admin
source_profile = autochart_dev_paul
"""


def sent(aws: LocalAWS) -> int:
    """How many codes AWS was sent."""
    return len(aws.calls_of("GetSessionToken"))


def untouched(awsprof: CommandLine, identity: Identity) -> bool:
    """Whether there is neither a session nor a state."""
    return not (
        session_file(awsprof.home, identity.profile).exists() or state_file(awsprof.home, identity.profile).exists()
    )


# A session.


@pytest.mark.parametrize("way", ["option", "option with a blank", "stdin", "terminal"])
def test_takes_a_code(awsprof: CommandLine, dev: Identity, aws: LocalAWS, way: str) -> None:
    """The code comes from --code, from stdin, or from the terminal, which is asked by the profile's name."""
    code = dev.device.code()
    if way == "terminal":
        outcome = awsprof("login", "dev", answers=[code])
        assert awsprof.terminal.questions == [f"MFA code for {dev.profile}: "]
    elif way == "stdin":
        outcome = awsprof("login", "dev", "--code", "-", stdin=f"{code}\n")
    else:
        outcome = awsprof("login", "dev", "--code", code if way == "option" else f"{code[:3]} {code[3:]}")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"{dev.profile}: logged in until ")
    assert outcome.stdout.endswith(f" (12 h 00 min), account {DEV}\n")
    (call,) = aws.calls_of("GetSessionToken")
    assert (call.region, call.parameters["SerialNumber"]) == ("eu-west-1", dev.device.serial)
    assert [call.action for call in aws.calls] == ["GetSessionToken", "GetCallerIdentity", "ListAccountAliases"]


def test_prints_the_profile_as_json(awsprof: CommandLine, dev: Identity) -> None:
    """--json prints the objects of ``list``, and nothing else."""
    outcome = awsprof("login", "dev", "--code", dev.device.code(), "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    (profile,) = json.loads(outcome.stdout)["profiles"]
    assert (profile["name"], profile["session"]["state"]) == (dev.profile, "live")


def test_keeps_session_and_state(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """The session is ours alone to read; the state has no secret, and its mtime is the expiration for shells."""
    session, state = session_file(home, logged_in.profile), state_file(home, logged_in.profile)
    first, answer, *_ = session.read_text().splitlines()
    table = json.loads(answer)
    assert sorted(table) == ["AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]
    assert (table["Version"], table["AccountId"]) == (1, DEV)
    assert state.read_text().splitlines()[0] == first
    assert int(state.stat().st_mtime) == int(first)
    assert int(first) == pytest.approx(awsprof.now().timestamp() + 12 * 3600, abs=10)
    assert not any(table[key] in state.read_text() for key in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    for path in (session, state):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert [file.name for file in path.parent.iterdir()] == [logged_in.profile]


def test_keeps_sessions_in_the_vault_if_told_to(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """With session_store = "vault" no file holds a secret, and what follows works the same."""
    write_settings(home, 'session_store = "vault"\n')
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0
    assert not session_file(home, dev.profile).exists()
    assert state_file(home, dev.profile).exists()
    assert json.loads(awsprof("credential-process", dev.profile).stdout)["AccountId"] == DEV
    assert awsprof("status", "dev").status == 0
    assert awsprof("logout", "dev").status == 0
    assert list(awsprof.items) == [dev.profile]
    assert awsprof("status", "dev").status == 8


def test_nothing_in_the_environment_reaches_the_call(
    awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stale keys, a missing AWS_PROFILE and another region in the environment change nothing."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
    ):
        monkeypatch.setenv(name, "stale")
    monkeypatch.setenv("AWS_REGION", "mars-1")
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0


# How long.


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("3600", 3600), ("15m", 900), ("900s", 900), ("36h", 129_600)],
)
def test_takes_a_duration(awsprof: CommandLine, dev: Identity, aws: LocalAWS, text: str, seconds: int) -> None:
    """--duration is what STS is asked for."""
    assert awsprof("login", "dev", "--code", dev.device.code(), "--duration", text).status == 0
    (call,) = aws.calls_of("GetSessionToken")
    assert call.parameters["DurationSeconds"] == str(seconds)


@pytest.mark.parametrize(
    "text", ["14m", "899", "37h", "129601", "0", "-1h", "12", "x", "1h1h", "h", " ", "", "\uff11h"]
)
def test_refuses_a_duration(awsprof: CommandLine, dev: Identity, aws: LocalAWS, text: str) -> None:
    """A duration STS would not take is exit 2, before a code is wasted on it."""
    outcome = awsprof("login", "dev", "--code", dev.device.code(), "--duration", text)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert aws.calls == []


@pytest.mark.parametrize(
    ("env", "settings", "own", "seconds"),
    [
        ("dev", "", "", 43_200),
        ("prod", "", "", 3600),
        ("dev", 'session_duration = "8h"', "", 28_800),
        ("prod", 'session_duration = "8h"', "", 3600),
        ("prod", 'protected_session_duration = "30m"', "", 1800),
        ("dev", 'protected_envs = ["dev"]', "", 3600),
        ("dev", 'session_duration = "8h"', "4h", 14_400),
        ("prod", 'protected_session_duration = "30m"', "4h", 14_400),
    ],
)
def test_lasts_as_long_as_the_settings_say(
    awsprof: CommandLine,
    paul_in_dev: Identity,
    paul_in_prod: Identity,
    aws: LocalAWS,
    home: Path,
    env: str,
    settings: str,
    own: str,
    seconds: int,
) -> None:
    """12 hours, 1 hour in a protected env; the settings change both, and the profile's own line wins."""
    identity = paul_in_dev if env == "dev" else paul_in_prod
    add_unverified(awsprof, identity)
    write_settings(home, f"{settings}\n")
    if own:
        write_config(home, f"{awsprof.config}awsprof_session_duration = {own}\n")
    assert awsprof("login", env, "--code", identity.device.code()).status == 0
    (call,) = aws.calls_of("GetSessionToken")
    assert call.parameters["DurationSeconds"] == str(seconds)


# Whether a new session is needed.


def test_a_fresh_session_is_kept(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """A second login makes no call and asks nothing, with --code or without."""
    aws.clear_calls()
    for words, answers in (
        (["login", "dev"], None),
        (["login", "dev"], []),
        (["login", "dev", "--code", "123456"], None),
    ):
        outcome = awsprof(*words, answers=answers)
        assert (outcome.status, outcome.stderr) == (0, "")
        assert outcome.stdout.startswith(f"{logged_in.profile}: already logged in until ")
    assert aws.calls == []


def test_force_starts_a_new_one(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """--force renews a fresh session, with the next code."""
    before = session_file(awsprof.home, logged_in.profile).read_bytes()
    wait(30)
    assert awsprof("login", "dev", "--force", "--code", logged_in.device.code()).status == 0
    assert session_file(awsprof.home, logged_in.profile).read_bytes() != before
    assert sent(aws) == 2


@pytest.mark.parametrize(
    ("duration", "left", "at_terminal", "asked"),
    [
        ("12h", 940, True, False),
        ("12h", 900, True, True),
        ("12h", 900, False, False),
        ("20m", 620, True, False),
        ("20m", 580, True, True),
        ("12h", 65, False, False),
        ("12h", 55, True, True),
    ],
)
def test_a_live_session_is_renewed_where_somebody_can(
    awsprof: CommandLine,
    dev: Identity,
    wait: Callable[[float], None],
    duration: str,
    left: int,
    at_terminal: bool,
    asked: bool,
) -> None:
    """Fresh is more than 15½ minutes or half the duration; a live one is renewed at a terminal, else kept."""
    assert awsprof("login", "dev", "--code", dev.device.code(), "--duration", duration).status == 0
    wait(30)
    leave(awsprof, dev.profile, left)
    outcome = awsprof("login", "dev", answers=[dev.device.code()] if at_terminal else None)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert f"{dev.profile}: {'logged in' if asked else 'already logged in'} until " in outcome.stdout


@pytest.mark.parametrize("left", [None, 55, -1])
def test_needs_somebody_to_ask(awsprof: CommandLine, dev: Identity, aws: LocalAWS, left: int | None) -> None:
    """With no live session and no terminal it is exit 2, and --code is named."""
    if left is not None:
        awsprof("login", "dev", "--code", dev.device.code())
        leave(awsprof, dev.profile, left)
        aws.clear_calls()
    outcome = awsprof("login", "dev")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "Give it with --code." in outcome.stderr
    assert aws.calls == []


def test_ends_with_ctrl_c(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """Ctrl-C at the question is exit 130, and nothing was sent."""
    assert awsprof("login", "dev", answers=[]).status == 130
    assert aws.calls == []


@pytest.mark.parametrize("protected", [False, True])
def test_a_profile_without_mfa_needs_none(
    awsprof: CommandLine, aws: LocalAWS, home: Path, without_mfa: AccessKey, protected: bool
) -> None:
    """A profile without MFA is exit 0 and says so; a protected one is warned of, in one line."""
    if protected:
        write_settings(home, 'protected_envs = ["legacy"]\n')
    outcome = awsprof("login", "legacy")
    name = "autochart_legacy_paul"
    assert (outcome.status, outcome.stdout) == (
        0,
        f"{name} has no MFA device: it needs no session and works as it is.\n",
    )
    assert outcome.stderr.count("\n") == int(protected)
    assert (f"Warning: {name} is protected and has no MFA device" in outcome.stderr) == protected
    assert aws.calls == []


# Several at once.


@pytest.mark.parametrize("words", [["dev", "prod", "dev"], ["--all"]], ids=" ".join)
def test_logs_in_several(
    awsprof: CommandLine, dev: Identity, prod: Identity, without_mfa: AccessKey, words: list[str]
) -> None:
    """Several selectors, and --all, ask for one code each; --all passes over profiles without MFA."""
    outcome = awsprof("login", *words, answers=[dev.device.code(), prod.device.code()])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert awsprof.terminal.questions == [f"MFA code for {name}: " for name in (dev.profile, prod.profile)]
    assert awsprof("login", "--all").stdout.count("already logged in") == 2


@pytest.mark.parametrize("words", [["--all"], ["dev", "prod"], ["legacy", "dev"]])
def test_one_code_is_for_one_identity(
    awsprof: CommandLine, dev: Identity, prod: Identity, without_mfa: AccessKey, aws: LocalAWS, words: list[str]
) -> None:
    """--code for several identities is exit 2, and none of them is tried."""
    outcome = awsprof("login", *words, "--code", "123456")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert aws.calls == []


def test_a_role_and_its_source_are_one_identity(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """Both live by the same session, so one code is enough."""
    write_config(awsprof.home, awsprof.config + ROLE)
    assert awsprof("login", "admin", "dev", "--code", dev.device.code()).status == 0
    assert sent(aws) == 1


def test_login_on_a_role_is_its_sources(awsprof: CommandLine, dev: Identity) -> None:
    """``login`` on a role logs in the profile that holds its keys."""
    write_config(awsprof.home, awsprof.config + ROLE)
    outcome = awsprof("login", "admin", "--code", dev.device.code())
    assert outcome.status == 0
    assert outcome.stdout.startswith(f"{dev.profile}: logged in until ")
    assert awsprof("status", "admin").status == 0


def test_all_and_a_selector_exclude_each_other(awsprof: CommandLine, dev: Identity) -> None:
    """One or the other: exit 2."""
    assert awsprof("login", "--all", "dev").status == 2
    assert awsprof("logout", "--all", "dev").status == 2


# Codes that are refused here.


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "", "\uff11" * 6, "12 34", "-"])
def test_refuses_what_is_no_code(awsprof: CommandLine, dev: Identity, aws: LocalAWS, code: str) -> None:
    """A code is six ASCII digits: all else is exit 2 without a call ('-' reads an empty stdin)."""
    outcome = awsprof("login", "dev", "--code", code)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert aws.calls == []


@pytest.mark.parametrize("offset", [0, 1, -1], ids=["same code", "next code", "last code"])
def test_refuses_a_code_in_a_used_step(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, offset: int) -> None:
    """The same code, or any other in its half minute, is refused here, with the seconds until the next step."""
    aws.clear_calls()
    outcome = awsprof("login", "dev", "--force", "--code", logged_in.device.code(offset))
    assert (outcome.status, outcome.stdout) == (7, "")
    seconds = [int(word) for word in outcome.stderr.split() if word.isdigit()]
    assert len(seconds) == 1
    assert 1 <= seconds[0] <= 30
    assert aws.calls == []


def test_refuses_a_code_in_a_later_step(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """The same code is refused half a minute later as well."""
    code = logged_in.device.code()
    wait(30)
    assert awsprof("login", "dev", "--force", "--code", code).status == 7
    assert sent(aws) == 1


def test_a_slip_of_the_finger_costs_nothing(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """After a wrong code the right one counts in the same half minute; the wrong one is not sent again."""
    wrong = wrong_code(dev)
    assert [awsprof("login", "dev", "--code", code).status for code in (wrong, wrong)] == [7, 7]
    assert sent(aws) == 1
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0
    assert sent(aws) == 2


def test_devices_are_told_apart(awsprof: CommandLine, logged_in: Identity, prod: Identity) -> None:
    """A step used by one device is not used by another."""
    assert awsprof("login", "prod", "--code", prod.device.code()).status == 0


# What AWS refuses.


@pytest.fixture
def refused(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> Callable[..., str]:
    """Logs in, and sees to it that that fails with exit 7 and one sentence, by one call, with nothing written."""

    def log_in(code: str | None = None, calls: int = 1) -> str:
        before = {name: what for name, what in everything(awsprof).items() if "/codes" not in name}
        outcome = awsprof("login", "dev", "--code", code or dev.device.code())
        assert (outcome.status, outcome.stdout) == (7, "")
        assert sent(aws) == calls
        assert untouched(awsprof, dev)
        after = {name: what for name, what in everything(awsprof).items() if "/codes" not in name}
        assert after == before
        error, *hint = outcome.stderr.splitlines()
        assert error.startswith("Error: ")
        assert len(hint) <= 1
        return outcome.stderr

    return log_in


def test_wrong_code(dev: Identity, refused: Callable[..., str]) -> None:
    """A wrong code is told as such."""
    assert refused(wrong_code(dev)) == (
        "Error: AWS refuses the token code: it is wrong, or already used.\n"
        "Wait for the device's next code and use that one; check that it is the code of this account.\n"
    )


@pytest.mark.parametrize("serial", [f"arn:aws:iam::{DEV}:mfa/petra", "GAHT00000000"])
def test_wrong_serial(awsprof: CommandLine, dev: Identity, refused: Callable[..., str], serial: str) -> None:
    """A serial that is no device of this user is told as such."""
    write_config(awsprof.home, awsprof.config.replace(dev.device.serial, serial))
    assert "MFA serial" in refused()


def test_fido_serial(awsprof: CommandLine, dev: Identity, refused: Callable[..., str]) -> None:
    """A FIDO key's serial needs no call to be refused."""
    serial = f"arn:aws:iam::{DEV}:u2f/user/paul/key-EXAMPLE"
    write_config(awsprof.home, awsprof.config.replace(dev.device.serial, serial))
    assert "FIDO" in refused(calls=0)


@pytest.mark.parametrize("minutes", [10, 20, -10, -20])
def test_clock_skew(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, refused: Callable[..., str], minutes: int
) -> None:
    """A clock that is far off is told from AWS's own answer, with the minutes and the direction."""
    code = code_here(awsprof, dev)
    aws.clock.shift(minutes * 60)
    told = refused(code)
    assert f"clock is {abs(minutes)} minutes {'behind' if minutes > 0 else 'ahead of'} AWS's" in told
    assert "timedatectl" in told


@pytest.mark.parametrize("minutes", [2, -2])
def test_clock_skew_that_only_codes_notice(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, refused: Callable[..., str], minutes: int
) -> None:
    """Two minutes break no signature, but every code: the sentence still names the clock."""
    code = code_here(awsprof, dev)
    aws.clock.shift(minutes * 60)
    assert "clock is 2 minutes" in refused(code)


def test_no_network(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of reach is told as such; the code never left, and is good when the network is back."""
    with monkeypatch.context() as gone:
        gone.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert "cannot be reached" in refused(calls=0)
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, "Throttling", "slow down"),
        (429, "TooManyRequestsException", "slow down"),
        (503, "ServiceUnavailable", "on its own side"),
        (500, "InternalFailure", "on its own side"),
    ],
)
def test_busy_aws(aws: LocalAWS, refused: Callable[..., str], status: int, code: str, sentence: str) -> None:
    """A call with a code is never sent twice, though the next would have been answered."""
    aws.fail("GetSessionToken", status=status, code=code)
    assert sentence in refused()


@pytest.mark.parametrize("drop", ["before", "after"])
def test_lost_answer(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, refused: Callable[..., str], drop: str
) -> None:
    """With the answer lost nobody knows whether the code was used: it counts as used, and the next one works."""
    aws.fail("GetSessionToken", drop=drop)
    code = dev.device.code()
    assert "no answer" in refused(code)
    assert awsprof("login", "dev", "--code", code).status == 7
    assert awsprof("login", "dev", "--code", dev.device.code(1)).status == 7
    assert sent(aws) == 1


def test_lost_answer_then_the_next_code(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, refused: Callable[..., str], wait: Callable[[float], None]
) -> None:
    """Half a minute later all is well."""
    aws.fail("GetSessionToken", drop="after")
    refused()
    wait(30)
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0


@pytest.mark.parametrize("kind", ["deleted", "inactive", "wrong secret"])
def test_dead_key(awsprof: CommandLine, dev: Identity, refused: Callable[..., str], kind: str) -> None:
    """A long-term key that AWS no longer takes names the command that replaces it."""
    if kind == "deleted":
        dev.key.delete()
    elif kind == "inactive":
        dev.key.deactivate()
    else:
        awsprof.vault.items[dev.profile] = awsprof.vault.items[dev.profile].replace(dev.key.secret, "x" * 40)
    assert "'awsprof add autochart dev paul --replace'" in refused()


def test_session_of_another_account(awsprof: CommandLine, dev: Identity) -> None:
    """A session that turns out to be of another account than the profile's is exit 1, and is not stored."""
    write_config(awsprof.home, awsprof.config.replace(f"aws_account_id = {DEV}", f"aws_account_id = {OTHER}"))
    outcome = awsprof("login", "dev", "--code", dev.device.code())
    assert (outcome.status, outcome.stdout) == (1, "")
    assert DEV in outcome.stderr
    assert OTHER in outcome.stderr
    assert untouched(awsprof, dev)


def test_nothing_is_stored_unless_the_account_is_proven(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """Where GetCallerIdentity gives no answer, the session is not stored either."""
    aws.fail("GetCallerIdentity", status=403, code="AccessDenied", times=9)
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 7
    assert untouched(awsprof, dev)


def test_a_failed_login_leaves_the_old_session(
    awsprof: CommandLine, logged_in: Identity, wait: Callable[[float], None]
) -> None:
    """--force that fails costs nothing."""
    before = session_file(awsprof.home, logged_in.profile).read_bytes()
    wait(30)
    assert awsprof("login", "dev", "--force", "--code", wrong_code(logged_in)).status == 7
    assert session_file(awsprof.home, logged_in.profile).read_bytes() == before


def test_missing_keys(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """A vault without this profile's keys is exit 6, and names the command that gives it some."""
    awsprof.vault.items.clear()
    outcome = awsprof("login", "dev", "--code", dev.device.code())
    assert (outcome.status, outcome.stdout) == (6, "")
    assert "awsprof add autochart dev paul --replace" in outcome.stderr
    assert aws.calls == []


# The account's alias.


def alias_told(awsprof: CommandLine, identity: Identity) -> str:
    """The alias that prompts are told."""
    return state_file(awsprof.home, identity.profile).read_text().split("\n")[2]


def test_first_login_learns_the_alias(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """The first login to an account asks for its alias, which prompts and lists show from then on; no other does."""
    code = dev.device.code()
    profile = json.loads(awsprof("login", "dev", "--code", code, "--json").stdout)["profiles"][0]
    assert (profile["alias"], alias_told(awsprof, dev)) == ("autochart-dev", "autochart-dev")
    for command in (("login", "dev"), ("login", "dev", "--force", "--code")):
        wait(30)
        assert awsprof(*command, *([dev.device.code()] if command[-1] == "--code" else [])).status == 0
    assert len(aws.calls_of("ListAccountAliases")) == 1
    assert alias_told(awsprof, dev) == "autochart-dev"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "code": "AccessDenied"},
        {"status": 403, "code": "InvalidClientTokenId"},
        {"status": 400, "code": "Throttling"},
        {"status": 500, "code": "InternalFailure"},
        {"drop": "before"},
    ],
    ids=lambda fault: next(iter(str(value) for key, value in fault.items() if key != "status")),
)
def test_no_login_fails_for_an_alias(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, fault: dict[str, Any], wait: Callable[[float], None]
) -> None:
    """Where it cannot be had it is left out, after one try, and other logins do not ask again; ``whoami`` does."""
    aws.fail("ListAccountAliases", times=3, **fault)
    outcome = awsprof("login", "dev", "--code", dev.device.code())
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"{dev.profile}: logged in until ")
    wait(30)
    assert awsprof("login", "dev", "--force", "--code", dev.device.code()).status == 0
    assert (len(aws.calls_of("ListAccountAliases")), alias_told(awsprof, dev)) == (1, "")
    aws._cloud.faults.clear()
    assert awsprof("whoami", "dev").status == 0
    assert alias_told(awsprof, dev) == "autochart-dev"


def test_an_alias_that_cannot_be_kept(awsprof: CommandLine, dev: Identity) -> None:
    """Nor does a login fail where there is no room for it."""
    aliases = awsprof.home / ".cache" / "awsprof" / "aliases"
    aliases.parent.mkdir(parents=True)
    aliases.write_text("in the way")
    outcome = awsprof("login", "dev", "--code", dev.device.code())
    assert (outcome.status, outcome.stderr) == (0, "")


def test_a_role_has_the_alias_of_its_own_account(awsprof: CommandLine, dev: Identity) -> None:
    """A role that lives by a login is told of, with the alias where it is in the same account."""
    role = "[profile {}]\nrole_arn = arn:aws:iam::{}:role/x\nsource_profile = autochart_dev_paul\n"
    write_config(awsprof.home, awsprof.config + role.format("here", DEV) + role.format("there", PROD))
    assert awsprof("login", "dev", "--code", dev.device.code()).status == 0
    told = [state_file(awsprof.home, name).read_text().split("\n")[1:3] for name in ("here", "there")]
    assert told == [[DEV, "autochart-dev"], [PROD, ""]]


# Codes that are made here.


def test_a_stored_seed_needs_nobody(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """With the seed in the vault ``login`` asks nobody."""
    store_seed(awsprof, dev)
    outcome = awsprof("login", "dev")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert awsprof.slept_s == []
    assert sent(aws) == 1


def test_a_stored_seed_waits_for_the_next_step(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """A second code is not made before the next half minute begins."""
    store_seed(awsprof, dev)
    assert awsprof("login", "dev").status == 0
    outcome = awsprof("login", "dev", "--force")
    assert outcome.status == 0
    (slept_s,) = awsprof.slept_s
    assert 0 < slept_s <= 30
    assert outcome.stderr == f"Waiting {slept_s:.0f} s for the device's next code …\n"
    assert sent(aws) == 2


def test_a_stored_seed_does_not_stand_against_code(awsprof: CommandLine, dev: Identity) -> None:
    """A code that somebody gives is used, seed or no seed."""
    store_seed(awsprof, dev)
    assert awsprof("login", "dev", "--code", wrong_code(dev)).status == 7


@pytest.fixture
def mfa_command(home: Path) -> Callable[[str], None]:
    """Sets mfa_command to a Python program of the test's."""

    def make(program: str) -> None:
        path = home / "give-code"
        path.write_text(program)
        write_settings(home, f"mfa_command = {json.dumps([sys.executable, str(path), '$(touch shell)'])}\n")

    return make


def test_mfa_command_gives_the_code(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, home: Path, mfa_command: Callable[[str], None]
) -> None:
    """mfa_command runs without a shell, learns profile and device from its environment, and prints the code."""
    mfa_command(
        "import os, sys\n"
        "told = [os.environ['AWSPROF_PROFILE'], os.environ['AWSPROF_MFA_SERIAL'], *sys.argv[1:]]\n"
        "open('told', 'w').write(' '.join(told))\n"
        f"print(' {dev.device.code()}')\n"
    )
    outcome = awsprof("login", "dev")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert (home / "told").read_text() == f"{dev.profile} {dev.device.serial} $(touch shell)"
    assert not (home / "shell").exists()
    assert sent(aws) == 1


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "failed with status 3"),
        ("print('EXAMPLETOKEN 1')", "printed no token code"),
        ("", "printed no token code"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\x00')", "printed no token code"),
    ],
)
def test_mfa_command_that_gives_none(
    awsprof: CommandLine,
    dev: Identity,
    aws: LocalAWS,
    mfa_command: Callable[[str], None],
    program: str,
    reason: str,
) -> None:
    """An mfa_command that fails or prints nonsense is exit 1, is named, and what it printed is not shown."""
    mfa_command(program)
    outcome = awsprof("login", "dev")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert f"mfa_command {reason}" in outcome.stderr
    assert aws.calls == []


def test_mfa_command_that_is_not_there(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """An mfa_command that cannot be run is exit 1 and names the setting."""
    write_settings(home, f'mfa_command = ["{home}/missing"]\n')
    outcome = awsprof("login", "dev")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "mfa_command cannot be run: No such file or directory" in outcome.stderr


# logout and status.


def test_logout_forgets(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """``logout`` takes session and state away, and says when there was none; AWS has no call for it."""
    aws.clear_calls()
    assert awsprof("logout", "dev") == Outcome(0, f"{logged_in.profile}: logged out\n", "")
    assert untouched(awsprof, logged_in)
    assert awsprof("logout", "dev") == Outcome(0, "", "No session to forget.\n")
    assert aws.calls == []
    assert list(awsprof.items) == [logged_in.profile]


def test_logout_all(awsprof: CommandLine, logged_in: Identity, prod: Identity) -> None:
    """``logout --all`` forgets them all; without selector and --all it is the active profile's."""
    assert awsprof("login", "prod", "--code", prod.device.code()).status == 0
    assert awsprof("logout").status == 2
    assert awsprof("logout", "--all").stdout == f"{logged_in.profile}: logged out\n{prod.profile}: logged out\n"
    assert untouched(awsprof, logged_in)
    assert untouched(awsprof, prod)


def test_logout_of_the_active_profile(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no selector it is AWS_PROFILE."""
    monkeypatch.setenv("AWS_PROFILE", logged_in.profile)
    assert awsprof("logout").stdout == f"{logged_in.profile}: logged out\n"


@pytest.mark.parametrize(
    ("left", "status", "word"),
    [(None, 8, "none"), (7200, 0, "2 h 00 min"), (90, 0, "(89|90) s"), (55, 8, "expired"), (-5, 8, "expired")],
)
def test_status_of_one(awsprof: CommandLine, dev: Identity, left: int | None, status: int, word: str) -> None:
    """``status`` with a selector is exit 8 unless the session is live, and shows it either way."""
    if left is not None:
        awsprof("login", "dev", "--code", dev.device.code())
        leave(awsprof, dev.profile, left + 0.5)
    outcome = awsprof("status", "dev")
    assert (outcome.status, outcome.stderr) == (status, "")
    header, row = outcome.stdout.splitlines()
    assert header.split() == ["PROFILE", "ACCOUNT", "REGION", "KIND", "MFA", "SESSION"]
    assert row.split()[0] == dev.profile
    assert re.search(f"  {word}$", row)
    assert awsprof("status", "dev", "--json").status == status


def test_status_of_a_profile_that_needs_none(awsprof: CommandLine, without_mfa: AccessKey) -> None:
    """A profile without MFA needs no session: exit 0."""
    assert awsprof("status", "legacy").status == 0


def test_status_of_all(awsprof: CommandLine, dev: Identity, prod: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no selector ``status`` lists all, exit 0, whatever AWS_PROFILE is."""
    monkeypatch.setenv("AWS_PROFILE", dev.profile)
    outcome = awsprof("status", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {"version": 1, "profiles": [profile_object(dev), profile_object(prod)]}
    assert awsprof("status").stdout == awsprof("list").stdout


def test_a_foreign_state_is_not_believed(awsprof: CommandLine, logged_in: Identity) -> None:
    """A session file that others can read counts as none, in ``status`` as for tools."""
    os.chmod(session_file(awsprof.home, logged_in.profile), 0o644)
    assert awsprof("status", "dev").status == 8
