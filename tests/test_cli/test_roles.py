"""Role profiles: adding them, assuming them, chains of them, and what their state shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.test_cli.conftest import (
    DEV,
    OTHER,
    PROD,
    REGION,
    Identity,
    leave,
    session_file,
    state_file,
    store_seed,
    write_config,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import Role

NAME = "autochart_audit_paul"


@pytest.fixture
def role(aws: LocalAWS) -> Role:
    """A role in an account of its own, which demands MFA and an external id."""
    return aws.account(OTHER).role("Audit", DEV, require_mfa=True, external_id="autochart-7")


def add(awsprof: CommandLine, role_arn: str, *options: str, answers: list[str] | None = None) -> tuple[int, str, str]:
    words = ["--role-arn", role_arn, "--source", "dev", "--external-id", "autochart-7", "--region", REGION]
    outcome = awsprof("add", "autochart", "audit", "paul", *words, *options, answers=answers)
    return outcome.status, outcome.stdout, outcome.stderr


@pytest.fixture
def added(awsprof: CommandLine, logged_in: Identity, role: Role) -> str:
    assert add(awsprof, role.arn)[0] == 0
    return NAME


# Adding.


def test_add_writes_what_every_sdk_reads(awsprof: CommandLine, logged_in: Identity, role: Role, aws: LocalAWS) -> None:
    """The section holds the standard keys and no mfa_serial, and the role was assumed once to prove it."""
    status, stdout, stderr = add(awsprof, role.arn, "--duration", "30m")
    assert (status, stderr) == (0, "")
    assert stdout == (
        f"Added {NAME}: account {OTHER}, {role.arn}, its source may assume it\n"
        f"Next: aws sts get-caller-identity --profile {NAME}\n"
    )
    assert awsprof.config.endswith(
        f"[profile {NAME}]\nregion = {REGION}\nrole_arn = {role.arn}\nsource_profile = {logged_in.profile}\n"
        "external_id = autochart-7\nduration_seconds = 1800\n"
    )
    (call,) = aws.calls_of("AssumeRole")
    assert call.parameters["DurationSeconds"] == "1800"
    assert list(awsprof.items) == [logged_in.profile]


def test_add_tells_the_prompt_of_the_sources_session(awsprof: CommandLine, logged_in: Identity, added: str) -> None:
    """The state of a role shows its source's expiration, since that is what tools use."""
    source = state_file(awsprof.home, logged_in.profile).read_text().splitlines()
    assert state_file(awsprof.home, added).read_text().splitlines()[:2] == [source[0], OTHER]


def test_add_without_a_session_says_that_nothing_is_proven(awsprof: CommandLine, dev: Identity, role: Role) -> None:
    """With nobody to ask, the profile is written unproven, with a warning."""
    status, stdout, stderr = add(awsprof, role.arn)
    assert (status, "not verified" in stdout) == (0, True)
    assert stderr == (
        f"Warning: AWS was not asked whether {dev.profile} may assume this role, "
        f"since {dev.profile} has no live session.\n"
    )


def test_add_asks_for_the_sources_code(awsprof: CommandLine, dev: Identity, role: Role) -> None:
    """At a terminal the source is logged in for the proof."""
    status, stdout, _ = add(awsprof, role.arn, answers=[dev.device.code()])
    assert (status, "may assume it" in stdout) == (0, True)
    assert session_file(awsprof.home, dev.profile).exists()


def test_add_refuses_a_role_that_may_not_be_assumed(awsprof: CommandLine, logged_in: Identity, role: Role) -> None:
    """A trust policy that says no is exit 7, and nothing is written."""
    before = awsprof.config
    status, stdout, stderr = add(awsprof, role.arn, "--external-id", "another")
    assert (status, stdout, awsprof.config) == (7, "", before)
    assert "trust policy" in stderr


def test_add_asks_nothing_when_told_so(awsprof: CommandLine, logged_in: Identity, role: Role, aws: LocalAWS) -> None:
    """--no-verify calls nobody."""
    aws.clear_calls()
    assert add(awsprof, role.arn, "--no-verify", "--external-id", "another")[0] == 0
    assert aws.calls == []


def test_add_as_json(awsprof: CommandLine, logged_in: Identity, role: Role) -> None:
    """The profile is shown as everywhere."""
    status, stdout, _ = add(awsprof, role.arn, "--json")
    assert status == 0
    profile = json.loads(stdout)["profile"]
    assert (profile["name"], profile["kind"], profile["account_id"]) == (NAME, "role", OTHER)
    assert (profile["delivery"], profile["mfa_serial"], profile["session"]["state"]) == (None, None, "live")


ROLE = f"arn:aws:iam::{OTHER}:role/Audit"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--role-arn", ROLE], 2, "--source"),
        (["--role-arn", "arn:aws:iam::1:role/x", "--source", "dev"], 2, "no role's ARN"),
        (["--role-arn", ROLE, "--source", "dev", "--mfa-serial", f"arn:aws:iam::{DEV}:mfa/paul"], 2, "--mfa-serial"),
        (["--role-arn", ROLE, "--source", "dev", "--from", "-"], 2, "--from"),
        (["--role-arn", ROLE, "--source", "dev", "--replace"], 2, "--replace"),
        (["--role-arn", ROLE, "--source", "dev", "--duration", "13h"], 2, "12 hours"),
        (["--role-arn", ROLE, "--source", "dev", "--duration", "10m"], 2, "15 minutes"),
        (["--role-arn", ROLE, "--source", "dev", "--external-id", "x y"], 2, "no external id"),
        (["--role-arn", ROLE, "--source", "nothing"], 3, "nothing"),
        (["--role-arn", ROLE, "--source", "default"], 2, "default"),
        (["--source", "dev"], 2, "--role-arn"),
        (["--external-id", "x"], 2, "--role-arn"),
        (["--duration", "1h"], 2, "--role-arn"),
    ],
)
def test_add_refuses(awsprof: CommandLine, dev: Identity, options: list[str], status: int, said: str) -> None:
    """What makes no role, or mixes one with keys, is refused before anything is asked or written."""
    before = awsprof.config
    outcome = awsprof("add", "autochart", "audit", "paul", *options)
    assert (outcome.status, outcome.stdout, awsprof.config) == (status, "", before)
    assert said in outcome.stderr


def test_add_refuses_a_taken_name(awsprof: CommandLine, added: str, role: Role) -> None:
    """A name that is there is exit 4."""
    assert add(awsprof, role.arn)[0] == 4


def test_add_refuses_a_shared_account(awsprof: CommandLine, dev: Identity, prod: Identity) -> None:
    """A protected env may not share its account with an unprotected one, as a role neither."""
    words = ["--role-arn", f"arn:aws:iam::{PROD}:role/x", "--source", "prod", "--no-verify", "--region", REGION]
    assert awsprof("add", "autochart", "staging", "paul", *words).status == 1
    assert awsprof("add", "autochart", "staging", "paul", *words, "--force").status == 0


def test_undo_takes_it_back(awsprof: CommandLine, logged_in: Identity, role: Role) -> None:
    """Adding a role is one change that can be undone."""
    before = awsprof.config
    add(awsprof, role.arn)
    assert awsprof("undo", "--yes").status == 0
    assert awsprof.config == before
    assert not state_file(awsprof.home, NAME).exists()


# Assuming.


def test_a_role_edited_by_hand_is_assumed_anew(awsprof: CommandLine, added: str, aws: LocalAWS) -> None:
    """A cached session of another role_arn is not served under the same name."""
    assert awsprof("whoami", added).status == 0
    aws.account(OTHER).role("Other", DEV, external_id="autochart-7")
    write_config(awsprof.home, awsprof.config.replace("role/Audit", "role/Other"))
    assert "assumed-role/Other" in awsprof("whoami", added).stdout


def test_login_on_a_role_tells_its_prompt(awsprof: CommandLine, dev: Identity, role: Role) -> None:
    """Logging in the source is seen at once by the prompts of all roles that live by it; logout too."""
    add(awsprof, role.arn, "--no-verify")
    assert not state_file(awsprof.home, NAME).exists()
    assert awsprof("login", NAME, "--code", dev.device.code()).status == 0
    mine = state_file(awsprof.home, NAME)
    assert mine.read_text().splitlines()[0] == state_file(awsprof.home, dev.profile).read_text().splitlines()[0]
    assert int(mine.stat().st_mtime) == int(mine.read_text().splitlines()[0])
    assert awsprof("logout", "dev").status == 0
    assert not mine.exists()


def test_chain_carries_mfa_and_lasts_an_hour(awsprof: CommandLine, added: str, role: Role, aws: LocalAWS) -> None:
    """A role of a role is assumed with the first one's session, an hour at most, and each hop is cached as its own."""
    far = aws.account(PROD).role("Far", role.arn, require_mfa=True)
    write_config(
        awsprof.home,
        f"{awsprof.config}\n[profile autochart_far_paul]\nrole_arn = {far.arn}\nsource_profile = {added}\n"
        f"duration_seconds = 7200\nregion = {REGION}\n",
    )
    aws.clear_calls()
    for _ in range(2):
        assert f"{PROD}:assumed-role/Far/paul" in awsprof("whoami", "far").stdout
    assert [call.parameters["RoleArn"] for call in aws.calls_of("AssumeRole")] == [role.arn, far.arn]
    assert [call.parameters["DurationSeconds"] for call in aws.calls_of("AssumeRole")] == ["3600", "3600"]
    assert session_file(awsprof.home, added).exists()
    assert session_file(awsprof.home, "autochart_far_paul").exists()


def test_a_live_role_is_served_when_it_cannot_be_renewed(awsprof: CommandLine, added: str, aws: LocalAWS) -> None:
    """A session of the role that has minutes left serves while the source has none."""
    assert awsprof("whoami", added).status == 0
    lines = session_file(awsprof.home, added).read_bytes().split(b"\n")
    soon = int(awsprof.now().timestamp()) + 300
    session_file(awsprof.home, added).write_bytes(b"\n".join([b"%d" % soon, *lines[1:]]))
    awsprof.vault.items.clear()
    leave(awsprof, "autochart_dev_paul", -10)
    aws.clear_calls()
    assert awsprof("credential-process", added).status == 0
    assert aws.calls == []


def test_dangling_source_names_the_path(awsprof: CommandLine, added: str) -> None:
    """A source that is not there is exit 1, with the way to it."""
    write_config(awsprof.home, awsprof.config.replace("source_profile = autochart_dev_paul", "source_profile = gone"))
    for words in (["login", added], ["whoami", added], ["exec", added, "--", "true"], ["credential-process", added]):
        outcome = awsprof(*words)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert f"{added} → gone" in outcome.stderr


def test_role_without_mfa_says_what_may_be_missing(
    awsprof: CommandLine, without_mfa: object, role: Role, aws: LocalAWS
) -> None:
    """A role that demands MFA, assumed with bare keys, is denied, and enrolling a device is named."""
    demanding = aws.account(DEV).role("Demanding", OTHER, require_mfa=True)
    words = ["--role-arn", demanding.arn, "--source", "legacy", "--region", REGION]
    outcome = awsprof("add", "autochart", "audit", "paul", *words)
    assert outcome.status == 7
    assert "mfa enroll" in outcome.stderr


def test_role_with_keys_of_its_own_section(awsprof: CommandLine, paul_in_dev: Identity, aws: LocalAWS) -> None:
    """source_profile may name the section itself, where that has keys."""
    made = aws.account(OTHER).role("Own", DEV)
    key = aws.account(DEV).user("plain").access_key()
    write_config(
        awsprof.home,
        f"[profile own]\nrole_arn = {made.arn}\nsource_profile = own\nregion = {REGION}\n"
        f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n",
    )
    assert json.loads(awsprof("list", "--json").stdout)["profiles"][0]["kind"] in ("role", "keys")
    assert awsprof("whoami", "own").status == 0


def _shorten(awsprof: CommandLine, name: str, left_s: int) -> None:
    """Let a cached session of a role end soon."""
    path = session_file(awsprof.home, name)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([b"%d" % (int(awsprof.now().timestamp()) + left_s), *lines[1:]]))


def test_a_live_role_is_served_before_a_question(
    awsprof: CommandLine, added: str, logged_in: Identity, aws: LocalAWS
) -> None:
    """At a terminal too: renewing would need the person, and there are minutes left."""
    assert awsprof("whoami", added).status == 0
    _shorten(awsprof, added, 600)
    leave(awsprof, logged_in.profile, -10)
    aws.clear_calls()
    outcome = awsprof("credential-process", added, answers=["000000"])
    assert (outcome.status, awsprof.terminal.questions, aws.calls) == (0, [], [])
    store_seed(awsprof, logged_in)
    assert awsprof("credential-process", added).status == 0
    assert awsprof.slept_s == []


def test_the_fast_path_leaves_roles_alone(awsprof: CommandLine, added: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot know whether the config still means the role that is cached."""
    from awsprof.fastpath import cached_answer

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cached_answer(["credential-process", "autochart_dev_paul"]) is not None
    assert awsprof("whoami", added).status == 0
    assert cached_answer(["credential-process", added]) is None


def test_account_that_is_not_the_roles(awsprof: CommandLine, added: str) -> None:
    """A session is never said to be of another account than the role's."""
    assert awsprof("set", added, "aws_account_id=999999999999").status == 0
    for words in (["credential-process", added], ["whoami", added]):
        outcome = awsprof(*words)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert "aws_account_id says 999999999999" in outcome.stderr


@pytest.mark.parametrize("duration", ["2h", "12h"])
def test_no_length_that_tools_could_not_ask_for(awsprof: CommandLine, added: str, role: Role, duration: str) -> None:
    """A role assumed with a session lasts an hour at most: more is refused, in add and in set."""
    words = ["--role-arn", role.arn, "--source", "dev", "--external-id", "autochart-7", "--duration", duration]
    outcome = awsprof("add", "autochart", "other", "paul", "--region", REGION, *words)
    assert (outcome.status, "an hour at most" in outcome.stderr) == (2, True)
    assert awsprof("set", added, "duration_seconds=7200").status == 2
    assert awsprof("set", added, "duration_seconds=3600").status == 0


def test_long_sessions_of_bare_keys(awsprof: CommandLine, without_mfa: object, aws: LocalAWS) -> None:
    """A source that serves its long-term keys may ask for as much as the role allows, and no more."""
    made = aws.account(DEV).role("Long", OTHER, max_session_s=7200)
    words = ["--role-arn", made.arn, "--source", "legacy", "--region", REGION]
    assert awsprof("add", "autochart", "audit", "paul", *words, "--duration", "4h").status == 7
    assert awsprof("add", "autochart", "audit", "paul", *words, "--duration", "2h").status == 0
    assert awsprof("whoami", "audit").status == 0


def test_set_makes_no_circle(awsprof: CommandLine, added: str, role: Role) -> None:
    """source_profile that would lead back is refused."""
    words = ["--role-arn", role.arn, "--source", added, "--no-verify", "--region", REGION]
    assert awsprof("add", "autochart", "far", "paul", *words).status == 0
    outcome = awsprof("set", added, "source_profile=autochart_far_paul")
    assert outcome.status == 1
    assert "circle" in outcome.stderr


def test_regions_of_other_partitions(awsprof: CommandLine, dev: Identity) -> None:
    """A role in China or GovCloud needs --region; elsewhere a person is asked for one."""
    words = ["add", "autochart", "audit", "paul", "--source", "dev", "--no-verify"]
    assert awsprof(*words, "--role-arn", "arn:aws-cn:iam::333333333333:role/x").status == 2
    arn = ["--role-arn", "arn:aws:iam::333333333333:role/x"]
    assert awsprof(*words, *arn, answers=["eu-west-3"]).status == 0
    assert "region = eu-west-3" in awsprof.config


def test_logout_of_a_role_alone(awsprof: CommandLine, added: str, dev: Identity) -> None:
    """The role's own session goes; what its source still has, and that it is protected, its state still says."""
    assert awsprof("whoami", added).status == 0
    state = state_file(awsprof.home, added)
    marked = "\n".join([*state.read_text().split("\n")[:3], "protected\n"])
    state.write_text(marked)
    assert awsprof("logout", added).stdout == f"{added}: logged out\n"
    assert not session_file(awsprof.home, added).exists()
    assert state.read_text() == marked


def test_anothers_name_for_one_of_ours(awsprof: CommandLine, logged_in: Identity) -> None:
    """A profile whose process is awsprof's, asked for a profile of ours, serves that one's session."""
    line = next(line for line in awsprof.config.splitlines() if line.startswith("credential_process"))
    write_config(awsprof.home, f"{awsprof.config}\n[profile old]\n{line}\n")
    assert awsprof("exec", "old", "--", "true").status == 0
    assert awsprof.became[0][1]["AWS_SESSION_TOKEN"]


# Read-only.


@pytest.fixture
def handy(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> str:
    """A role that may do anything."""
    made = aws.account(OTHER).role("Handy", DEV)
    words = ["--role-arn", made.arn, "--source", "dev", "--region", REGION]
    assert awsprof("add", "autochart", "audit", "paul", *words).status == 0
    return NAME


def test_read_only_limits_the_session(awsprof: CommandLine, handy: str, aws: LocalAWS) -> None:
    """exec and export hand out a session with the policy ReadOnlyAccess, cached beside the usual one."""
    aws.clear_calls()
    for words in (["exec", handy, "--read-only", "--", "true"], ["export", handy, "--read-only"]):
        assert awsprof(*words).status == 0
    (call,) = aws.calls_of("AssumeRole")
    assert call.parameters["PolicyArns.member.1.arn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert awsprof("exec", handy, "--", "true").status == 0
    limited, full = awsprof.became[0][1], awsprof.became[1][1]
    assert limited["AWS_ACCESS_KEY_ID"] != full["AWS_ACCESS_KEY_ID"]
    assert len(aws.calls_of("AssumeRole")) == 2


def test_read_only_goes_with_logout(awsprof: CommandLine, handy: str, home: Path) -> None:
    """Logging out forgets the limited session too."""
    assert awsprof("exec", handy, "--read-only", "--", "true").status == 0
    assert list(session_file(home, "x").parent.glob(f"{handy}*"))
    assert awsprof("logout", handy).status == 0
    assert not list(session_file(home, "x").parent.glob(f"{handy}*"))


@pytest.mark.parametrize("command", [["exec", "dev", "--read-only", "--", "true"], ["export", "dev", "--read-only"]])
def test_read_only_is_for_roles(awsprof: CommandLine, logged_in: Identity, command: list[str]) -> None:
    """For a user it is exit 2, and why."""
    outcome = awsprof(*command)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "takes no policy" in outcome.stderr


# Warnings.


def test_protected_role_of_a_source_without_mfa_warns(awsprof: CommandLine, without_mfa: object) -> None:
    """A role into a protected env says on login that its source has no MFA device."""
    words = ["--role-arn", f"arn:aws:iam::{PROD}:role/x", "--source", "legacy", "--no-verify", "--region", REGION]
    assert awsprof("add", "autochart", "prod", "robot", *words).status == 0
    warned = "autochart_prod_robot is protected, and its source autochart_legacy_paul has no MFA device"
    assert warned in awsprof("login", "autochart_prod_robot").stderr


def test_seed_renews_for_a_role(awsprof: CommandLine, added: str, logged_in: Identity, aws: LocalAWS) -> None:
    """A role whose source has a stored seed is served with nobody there, though nothing is cached."""
    store_seed(awsprof, logged_in)
    awsprof("logout", "--all")
    aws.clock.shift(30)
    awsprof.ahead = type(awsprof.ahead)(seconds=awsprof.ahead.total_seconds() + 30)
    assert awsprof("credential-process", added).status == 0
