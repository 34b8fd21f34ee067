"""``awsprof credential-process``: what AWS's tools are answered, from the cache and without."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from awsprof.fastpath import cached_answer
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    code_here,
    leave,
    session_file,
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

NAME = "autochart_dev_paul"
NO_SESSION = Outcome(8, "", f"Error: {NAME} has no live session.\nRun 'awsprof login {NAME}'.\n")


def serve(awsprof: CommandLine, name: str = NAME, answers: list[str] | None = None) -> Outcome:
    return awsprof("credential-process", name, answers=answers)


def test_answers_from_the_cache(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """The answer is the session's second line, by the fast path and by the slow one, without vault or AWS."""
    aws.clear_calls()
    awsprof.vault.items.clear()
    expiration, answer, *_ = session_file(awsprof.home, NAME).read_text().splitlines()
    assert serve(awsprof) == Outcome(0, f"{answer}\n", "")
    assert cached_answer(["credential-process", NAME]) == answer.encode()
    table = json.loads(answer)
    assert list(table) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"]
    assert (table["Version"], table["AccountId"]) == (1, DEV)
    assert table["AccessKeyId"].startswith("ASIA")
    assert table["Expiration"].endswith("Z")
    assert int(expiration) == pytest.approx(awsprof.now().timestamp() + 43_200, abs=10)
    assert aws.calls == []


def test_answers_long_term_credentials_without_mfa(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """A profile without MFA is answered its keys: no SessionToken, no Expiration, no call."""
    outcome = serve(awsprof, "autochart_legacy_paul")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {
        "Version": 1,
        "AccessKeyId": without_mfa.id,
        "SecretAccessKey": without_mfa.secret,
        "AccountId": OTHER,
    }
    assert aws.calls == []


def test_says_what_to_run_without_a_session(awsprof: CommandLine, dev: Identity) -> None:
    """With no session and no terminal it is exit 8 at once, with the command to run on stderr."""
    assert serve(awsprof) == NO_SESSION
    assert cached_answer(["credential-process", NAME]) is None


def test_asks_at_a_terminal(awsprof: CommandLine, dev: Identity) -> None:
    """A person in the foreground is asked for the code; stdout still has nothing but the answer."""
    outcome = serve(awsprof, answers=[dev.device.code()])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["AccountId"] == DEV
    assert awsprof.terminal.questions == [f"MFA code for {NAME}: "]


def test_ends_with_ctrl_c(awsprof: CommandLine, dev: Identity) -> None:
    """Ctrl-C at the question is exit 130."""
    outcome = serve(awsprof, answers=[])
    assert (outcome.status, outcome.stdout) == (130, "")


def test_a_refused_code_is_no_answer(awsprof: CommandLine, dev: Identity) -> None:
    """What AWS refuses is exit 7."""
    outcome = serve(awsprof, answers=[wrong_code(dev)])
    assert (outcome.status, outcome.stdout) == (7, "")


@pytest.mark.parametrize("name", ["nobody", "dev", "autochart/dev", "", "../../etc/passwd", "%2e"])
def test_takes_full_names_only(awsprof: CommandLine, logged_in: Identity, name: str) -> None:
    """An unknown name is exit 3; a selector is none."""
    outcome = serve(awsprof, name)
    assert (outcome.status, outcome.stdout) == (3, "")
    assert cached_answer(["credential-process", name]) is None


def test_does_not_call_itself(awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWSPROF_IN_PROCESS stops a credential_process that leads back here, before the cache is looked at."""
    monkeypatch.setenv("AWSPROF_IN_PROCESS", "1")
    outcome = serve(awsprof)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert NAME in outcome.stderr
    assert cached_answer(["credential-process", NAME]) is None


def test_anothers_process_may_not_lead_back(awsprof: CommandLine, dev: Identity, launcher: Path) -> None:
    """A profile whose process asks us for another one fails, instead of starting us for ever."""
    write_config(
        awsprof.home,
        f"{awsprof.config}\n[profile loop]\ncredential_process = {launcher} credential-process loop2\n"
        f"[profile loop2]\ncredential_process = {launcher} credential-process loop\n",
    )
    outcome = serve(awsprof, "loop")
    assert (outcome.status, outcome.stdout) == (7, "")


# What is fresh, what is live.


@pytest.mark.parametrize(
    ("duration", "left", "fast"),
    [("12h", 940, True), ("12h", 920, False), ("20m", 620, True), ("20m", 590, False), ("12h", 65, False)],
)
def test_a_live_session_is_served_where_renewing_needs_somebody(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, mid_step: object, duration: str, left: int, fast: bool
) -> None:
    """A live session is served as it is, to a person at a terminal too; the fast path knows fresh ones only."""
    awsprof("login", "dev", "--code", dev.device.code(), "--duration", duration)
    leave(awsprof, NAME, left)
    aws.clear_calls()
    answer = session_file(awsprof.home, NAME).read_text().splitlines()[1]
    assert serve(awsprof) == serve(awsprof, answers=[]) == Outcome(0, f"{answer}\n", "")
    assert aws.calls == []
    # The fast path has the machine's own clock.
    leave(awsprof, NAME, left - awsprof.ahead.total_seconds())
    assert (cached_answer(["credential-process", NAME]) is not None) == fast


@pytest.mark.parametrize("left", [55, 0, -3600])
def test_the_last_minute_is_none(awsprof: CommandLine, logged_in: Identity, left: int) -> None:
    """A session with less than a minute left counts as none."""
    leave(awsprof, NAME, left)
    assert serve(awsprof) == NO_SESSION


def test_a_stored_seed_renews_alone(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """With a seed a live session that is no longer fresh is renewed, and nobody asked."""
    store_seed(awsprof, logged_in)
    wait(30)
    leave(awsprof, NAME, 900)
    outcome = serve(awsprof)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert len(aws.calls_of("GetSessionToken")) == 2
    assert awsprof.slept_s == []
    assert outcome.stdout == session_file(awsprof.home, NAME).read_text().splitlines()[1] + "\n"


def test_a_live_session_is_served_rather_than_waiting(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """While the device's step is used up, a live session is served, and nothing waited for."""
    store_seed(awsprof, logged_in)
    leave(awsprof, NAME, 900)
    assert serve(awsprof).status == 0
    assert len(aws.calls_of("GetSessionToken")) == 1
    assert awsprof.slept_s == []


def test_no_session_and_a_used_step_waits(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """With nothing to serve it waits for the next step."""
    store_seed(awsprof, logged_in)
    leave(awsprof, NAME, 30)
    outcome = serve(awsprof)
    assert outcome.status == 0
    assert len(awsprof.slept_s) == 1
    assert len(aws.calls_of("GetSessionToken")) == 2


def test_a_live_session_is_served_when_renewing_fails(
    awsprof: CommandLine, logged_in: Identity, aws: LocalAWS, wait: Callable[[float], None]
) -> None:
    """A renewal that AWS refuses does not spoil a session that is still good."""
    store_seed(awsprof, logged_in)
    wait(30)
    leave(awsprof, NAME, 900)
    aws.fail("GetSessionToken", status=503, code="ServiceUnavailable")
    answer = session_file(awsprof.home, NAME).read_text().splitlines()[1]
    outcome = serve(awsprof)
    assert (outcome.status, outcome.stdout) == (0, f"{answer}\n")


def test_mfa_command_renews_alone(awsprof: CommandLine, dev: Identity, home: Path) -> None:
    """So does mfa_command."""
    write_settings(home, f'mfa_command = ["/bin/echo", "{code_here(awsprof, dev)}"]\n')
    assert json.loads(serve(awsprof).stdout)["AccountId"] == DEV


# A cache that is not to be trusted.


def _loose(path: Path) -> None:
    path.chmod(0o640)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _second_name(path: Path) -> None:
    os.link(path, path.with_name("elsewhere"))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def rewrite(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return rewrite


SPOILT = {
    "loose mode": _loose,
    "link": _link,
    "second name": _second_name,
    "directory": _directory,
    "pipe": _pipe,
    "empty": _rewritten(lambda data: b""),
    "cut in the answer": _rewritten(lambda data: data[:200]),
    "cut after the expiration": _rewritten(lambda data: data.split(b"\n")[0] + b"\n"),
    "no expiration": _rewritten(lambda data: b"\n" + data.split(b"\n", 1)[1]),
    "expiration of letters": _rewritten(lambda data: b"soon" + data[10:]),
    "torn answer": _rewritten(lambda data: data.replace(b'"}', b'"', 1)),
    "other bytes": _rewritten(lambda data: b"\x00" * len(data)),
    "huge": _rewritten(lambda data: data + b"0" * 100_000),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_cache_is_none(awsprof: CommandLine, logged_in: Identity, spoil: Callable[[Path], None]) -> None:
    """A file that is loose, linked, torn or no file is not served: as if there were none."""
    spoil(session_file(awsprof.home, NAME))
    assert cached_answer(["credential-process", NAME]) is None
    assert serve(awsprof) == NO_SESSION


@pytest.mark.parametrize("kind", [kind for kind in SPOILT if kind != "directory"])
def test_a_spoilt_cache_is_made_anew(
    awsprof: CommandLine, logged_in: Identity, wait: Callable[[float], None], kind: str
) -> None:
    """The next login puts a good file in its place."""
    path = session_file(awsprof.home, NAME)
    SPOILT[kind](path)
    wait(30)
    assert awsprof("login", "dev", "--code", logged_in.device.code()).status == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert serve(awsprof).status == 0


def test_an_answer_that_is_no_json_is_none(awsprof: CommandLine, logged_in: Identity) -> None:
    """Where the answer itself is read, one that cannot be read is as if there were none."""
    path = session_file(awsprof.home, NAME)
    path.write_bytes(path.read_bytes().replace(b'"SecretAccessKey": "', b'"Secret{}{', 1))
    assert serve(awsprof) == NO_SESSION
    assert awsprof("exec", NAME, "--", "true") == NO_SESSION


@pytest.mark.parametrize(
    "answer",
    [
        '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", '
        '"Expiration": "2020-01-01T00:00:00Z"}',
        '{"Version": 1, "AccessKeyId": null, "SecretAccessKey": "s"}',
        '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "soon"}',
        "[]",
        "null",
        "5",
        "no JSON",
    ],
)
def test_anothers_odd_answer_has_a_sentence(awsprof: CommandLine, home: Path, answer: str) -> None:
    """What another program answers amiss is exit 7 and a sentence, whatever botocore makes of it."""
    (home / "answer").write_text(answer)
    write_config(home, f"[profile theirs]\ncredential_process = cat {home / 'answer'}\nregion = eu-west-1\n")
    outcome = awsprof("exec", "theirs", "--", "true")
    assert (outcome.status, outcome.stdout) == (7, "")
    assert "The credentials of theirs cannot be had" in outcome.stderr


# Roles, and profiles of others.


@pytest.fixture
def role(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> str:
    """A role that demands MFA and an external id, assumed from the dev profile."""
    made = aws.account(OTHER).role("Admin", DEV, require_mfa=True, external_id="autochart-7")
    write_config(
        awsprof.home,
        f"{awsprof.config}\n[profile autochart_admin_p]\nrole_arn = {made.arn}\nsource_profile = {NAME}\n"
        "external_id = autochart-7\nduration_seconds = 1800\n",
    )
    return "autochart_admin_p"


def test_assumes_a_role_once(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """A role is assumed from its source's session, under the user's padded name, and cached."""
    first, second = serve(awsprof, role), serve(awsprof, role)
    assert (first.status, first.stderr) == (0, "")
    assert first == second
    assert json.loads(first.stdout)["AccountId"] == OTHER
    (call,) = aws.calls_of("AssumeRole")
    wanted = {"RoleSessionName": "p-", "ExternalId": "autochart-7", "DurationSeconds": "1800"}
    assert wanted.items() <= call.parameters.items()


def test_a_role_needs_its_sources_session(awsprof: CommandLine, role: str) -> None:
    """Without a session of its source there is none of the role, and the source's login is named."""
    awsprof("logout", NAME)
    assert serve(awsprof, role) == NO_SESSION


def test_a_role_denied_is_said(awsprof: CommandLine, role: str) -> None:
    """A trust policy that refuses is exit 7."""
    write_config(awsprof.home, awsprof.config.replace("autochart-7", "wrong"))
    outcome = serve(awsprof, role)
    assert (outcome.status, outcome.stdout) == (7, "")
    assert "AssumeRole" in outcome.stderr


def test_roles_in_a_circle_are_refused(awsprof: CommandLine, home: Path) -> None:
    """source_profile that leads round in a circle is exit 1, with the circle."""
    role = "[profile {0}]\nrole_arn = arn:aws:iam::111111111111:role/R\nsource_profile = {1}\n"
    write_config(home, role.format("a", "b") + role.format("b", "a"))
    for words in (["credential-process", "a"], ["login", "a"]):
        outcome = awsprof(*words)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert "a → b → a" in outcome.stderr


def test_serves_plain_text_keys_as_they_are(awsprof: CommandLine, home: Path) -> None:
    """A profile that keeps its keys in the credentials file is answered with them."""
    write_config(
        home, "[old]\naws_access_key_id = AKIAXXXXXXXXXEXAMPLE\naws_secret_access_key = x/y+z\n", "credentials"
    )
    outcome = serve(awsprof, "old")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {
        "Version": 1,
        "AccessKeyId": "AKIAXXXXXXXXXEXAMPLE",
        "SecretAccessKey": "x/y+z",
    }


def test_serves_what_anothers_process_says(awsprof: CommandLine, home: Path) -> None:
    """A profile of another program's process is answered with what that says."""
    answer = {"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s", "SessionToken": "t"}
    answer["Expiration"] = "2100-01-01T00:00:00Z"
    (home / "vendor").write_text(f"#!/bin/sh\ncat <<'E'\n{json.dumps(answer)}\nE\n")
    (home / "vendor").chmod(0o755)
    write_config(home, f"[profile vendor]\ncredential_process = {home}/vendor\n")
    outcome = serve(awsprof, "vendor")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == answer
