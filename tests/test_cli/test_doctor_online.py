"""``doctor --online``: what only AWS can tell, without a code and without a question."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.aws.calls import Aws
from awsprof.errors import UnreachableError, VaultLockedError
from tests.test_cli.conftest import DEV, PROD, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

LEGACY = "autochart_legacy_paul"


def examine(awsprof: CommandLine) -> dict[str, dict[str, Any]]:
    """What doctor finds, by code; nobody is asked anything."""
    outcome = awsprof("doctor", "--online", "--json", answers=[])
    assert awsprof.terminal.questions == []
    return {row["code"]: row for row in json.loads(outcome.stdout)["findings"]}


def test_all_is_well(awsprof: CommandLine, aws: LocalAWS, dev: Identity, without_mfa: AccessKey) -> None:
    """Two profiles with keys in the vault: nothing is found, and no session is begun."""
    assert examine(awsprof) == {}
    assert aws.calls_of("GetSessionToken") == []


def test_dead_key(awsprof: CommandLine, dev: Identity) -> None:
    """A key that AWS does not take, and a profile that has none in the vault."""
    dev.key.deactivate()
    row = examine(awsprof)["dead-key"]
    assert (row["severity"], row["profile"]) == ("error", dev.profile)
    assert row["fix"] == "awsprof add autochart dev paul --replace"
    del awsprof.vault.items[dev.profile]
    assert "the vault has no keys" in examine(awsprof)["dead-key"]["message"]


def test_dead_key_in_a_file(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    """Keys in plain text are asked for too."""
    key = aws.account(DEV).user("paul").access_key()
    text = f"[p]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    write_config(home, text, "credentials")
    assert "dead-key" not in examine(awsprof)
    key.delete()
    assert examine(awsprof)["dead-key"]["fix"] == f"Take its keys out of {home / '.aws' / 'credentials'}, line 2."


def test_wrong_account(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """A profile that says one account and has another's keys."""
    path = home / ".aws" / "config"
    path.write_text(path.read_text().replace(DEV, PROD))
    row = examine(awsprof)["wrong-account"]
    assert (row["severity"], row["profile"], row["file"]) == ("error", dev.profile, str(path))
    assert row["line"] == 1 + path.read_text().splitlines().index(f"aws_account_id = {PROD}")
    assert PROD in row["message"]
    assert DEV in row["message"]


def test_a_role_with_its_own_keys(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    """What a role is assumed with may be another account's; AWS's own pattern."""
    key = aws.account(DEV).user("paul").access_key()
    text = f"[profile r]\nrole_arn = arn:aws:iam::{PROD}:role/x\nsource_profile = r\n"
    write_config(home, f"{text}aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n")
    assert "wrong-account" not in examine(awsprof)


def test_a_profile_of_ours_without_keys_under_another_name(awsprof: CommandLine, home: Path) -> None:
    """It is said like any other, with what helps."""
    write_config(home, "[profile p]\ncredential_process = awsprof credential-process p\n")
    assert examine(awsprof)["dead-key"]["fix"] == "awsprof add PRODUCT ENV USER, and take this section out"


def test_roles(awsprof: CommandLine, aws: LocalAWS, logged_in: Identity, home: Path) -> None:
    """A role is assumed where its source's session is live, and passed over where a code would be needed."""
    role = logged_in.account.role("ops", trusted=logged_in.user.arn)
    section = "\n[profile autochart_{0}_paul]\nrole_arn = {1}\nsource_profile = {2}\nregion = eu-west-1\n"
    path, own = home / ".aws" / "config", (home / ".aws" / "config").read_text()
    path.write_text(own + section.format("ops", role.arn, logged_in.profile))
    assert examine(awsprof) == {}
    assert len(aws.calls_of("AssumeRole")) == 1
    path.write_text(own + section.format("gone", f"{role.arn}2", logged_in.profile))
    row = examine(awsprof)["not-asked"]
    assert (row["severity"], row["profile"]) == ("warning", "autochart_gone_paul")
    assert awsprof("logout", "--all").status == 0
    assert examine(awsprof) == {}


def test_old_access_key(awsprof: CommandLine, without_mfa: AccessKey) -> None:
    """By IAM's own date; 90 days are the most."""
    awsprof.ahead += timedelta(days=89)
    assert "old-access-key" not in examine(awsprof)
    awsprof.ahead += timedelta(days=2)
    row = examine(awsprof)["old-access-key"]
    assert (row["severity"], row["profile"], row["fix"]) == ("warning", LEGACY, f"awsprof rotate {LEGACY}")
    assert "91 days old" in row["message"]


def test_an_old_key_behind_mfa_is_told_in_a_session(awsprof: CommandLine, logged_in: Identity) -> None:
    """A user under deny-without-MFA may list its keys in a session only, and is passed over without one."""
    assert examine(awsprof) == {}
    awsprof.ahead += timedelta(days=100)
    assert "old-access-key" not in examine(awsprof)


@pytest.mark.parametrize("seconds", [120, -120])
def test_clock_skew(awsprof: CommandLine, aws: LocalAWS, without_mfa: AccessKey, seconds: float) -> None:
    """Far enough off for codes to be refused, though AWS still takes the signature."""
    assert "clock-skew" not in examine(awsprof)
    aws.clock.shift(seconds)
    row = examine(awsprof)["clock-skew"]
    assert row["severity"] == "error"
    assert ("behind" if seconds > 0 else "ahead of") in row["message"]


def test_a_clock_far_off_ends_the_questions(awsprof: CommandLine, aws: LocalAWS, dev: Identity, prod: Identity) -> None:
    """AWS takes no signature then, so every other answer would say the same."""
    aws.clock.shift(3600)
    aws.clear_calls()
    assert set(examine(awsprof)) == {"clock-skew"}
    assert len(aws.calls) == 1


def test_out_of_reach(awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one finding among the others, and not the end of them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert {"unreachable", "unknown-aws-profile"} <= set(examine(awsprof))


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """AWS without an answer in regions that are called 'no…'; the calls, with their regions."""
    calls: list[tuple[str, str]] = []
    real = Aws.caller_identity

    def caller_identity(self: Aws, credentials: Any, *, region: str) -> Any:
        calls.append(("identity", region))
        return real(self, credentials, region=region)

    def clock_ahead_s(self: Aws, credentials: Any, *, region: str) -> float | None:
        calls.append(("clock", region))
        if region.startswith("no"):
            raise UnreachableError(f"AWS cannot be reached in {region}", sent=False)
        return None

    monkeypatch.setattr(Aws, "caller_identity", caller_identity)
    monkeypatch.setattr(Aws, "clock_ahead_s", clock_ahead_s)
    return calls


def _in_regions(home: Path, aws: LocalAWS, *regions: str) -> None:
    key = aws.account(DEV).user("paul").access_key()
    pair = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    text = "".join(f"[p{number}]\nregion = {region}\n{pair}" for number, region in enumerate(regions))
    write_config(home, text, "credentials")


def test_a_region_that_is_not_there(
    awsprof: CommandLine, aws: LocalAWS, home: Path, silent: list[tuple[str, str]]
) -> None:
    """It is its profile's own fault, found once a region; others are asked."""
    _in_regions(home, aws, "no-1", "no-1", "eu-west-1")
    row = examine(awsprof)["unreachable"]
    assert (row["profile"], row["line"], row["message"]) == ("p0", 2, "AWS cannot be reached in no-1")
    assert silent == [("clock", "no-1"), ("clock", "eu-west-1"), ("identity", "eu-west-1")]


def test_two_regions_without_an_answer(
    awsprof: CommandLine, aws: LocalAWS, home: Path, silent: list[tuple[str, str]]
) -> None:
    """Then it is the network, and no third one is asked."""
    _in_regions(home, aws, "no-1", "no-2", "eu-west-1")
    rows = json.loads(awsprof("doctor", "--online", "--json").stdout)["findings"]
    assert [row["profile"] for row in rows if row["code"] == "unreachable"] == [None, "p0"]
    assert silent == [("clock", "no-1"), ("clock", "no-2")]


def test_an_old_key_in_a_file(awsprof: CommandLine, aws: LocalAWS, home: Path) -> None:
    """It may be years old, and is asked for too."""
    user = aws.account(DEV).user("paul")
    user.put_policy(
        "all", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    key = user.access_key()
    write_config(home, f"[p]\naws_access_key_id={key.id}\naws_secret_access_key={key.secret}\n", "credentials")
    awsprof.ahead += timedelta(days=91)
    row = examine(awsprof)["old-access-key"]
    assert (row["profile"], row["fix"]) == ("p", "awsprof import p, then awsprof rotate")


def test_a_locked_vault(awsprof: CommandLine, dev: Identity) -> None:
    """What cannot be opened cannot be asked about."""
    awsprof.vault.refusal = VaultLockedError("It is locked", hint="Unlock it.")
    row = examine(awsprof)["no-vault"]
    assert (row["message"], row["fix"]) == ("It is locked", "Unlock it.")
