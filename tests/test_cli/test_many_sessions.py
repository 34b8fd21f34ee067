"""Many sessions one after the other, and consumers that take whatever they are given."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import botocore.auth
import pytest

from tests.localaws.totp import step_at
from tests.test_cli.conftest import Identity, leave, session_file, state_file, store_seed

if TYPE_CHECKING:
    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS

NAME = "autochart_dev_paul"
ALL = bool(os.environ.get("AWSPROF_TEST_ALL"))


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_logins_in_a_row_over_shifted_clocks(
    awsprof: CommandLine, dev: Identity, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step is used twice, no session is lost, and no file is ever torn, however the clock moves."""
    store_seed(awsprof, dev)

    def pass_by(seconds: float) -> None:
        awsprof.ahead += timedelta(seconds=seconds)
        aws.clock.shift(seconds)

    # What a wait moves here moves at AWS as well, and requests are signed by the same clock.
    monkeypatch.setattr(awsprof, "_sleep", pass_by)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: awsprof.now().replace(tzinfo=None))
    dice = random.Random(4)
    steps: list[int] = []
    for _ in range(200 if ALL else 25):
        forward = dice.choice([0, 0.5, 7, 29, 31, 45, 3600, 50_000])
        pass_by(forward)
        outcome = awsprof("login", "dev", "--force")
        assert outcome.status == 0, outcome
        call = aws.calls_of("GetSessionToken")[-1]
        assert call.status == 200
        steps.append(step_at(call.at))
        expiration, answer, duration, end = session_file(awsprof.home, NAME).read_bytes().split(b"\n")
        told = state_file(awsprof.home, NAME).read_bytes().split(b"\n")
        assert (duration, end, told[0]) == (b"43200", b"", expiration)
        assert json.loads(answer)["Expiration"] == f"{datetime.fromtimestamp(int(expiration), UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert awsprof("whoami", "dev").status == 0
    assert len(set(steps)) == len(steps)
    assert all(call.status == 200 for call in aws.calls_of("GetSessionToken"))


@pytest.mark.parametrize("left_s", [-43_000, -1, 0, 1, 30, 59, 60, 61, 600, 929, 931, 3600])
def test_no_expired_answer_is_handed_out(awsprof: CommandLine, logged_in: Identity, left_s: int) -> None:
    """A consumer that takes expired answers, as Terraform does, never gets one: at least a minute is left."""
    leave(awsprof, NAME, left_s)
    outcome = awsprof("credential-process", NAME)
    assert (outcome.status, outcome.stdout == "") == ((0, False) if left_s > 60 else (8, True))


def test_a_crowd_of_roles_makes_one_call(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """Many at once that need a role's session wait for the first, and share it."""
    from concurrent.futures import ThreadPoolExecutor

    from awsprof.cli.world import World

    made = aws.account("333333333333").role("Far", logged_in.account.id)
    words = ["--role-arn", made.arn, "--source", "dev", "--region", "eu-west-1", "--no-verify"]
    assert awsprof("add", "autochart", "far", "paul", *words).status == 0
    aws.clear_calls()

    def serve(_: int) -> bytes:
        world = World(terminal=awsprof.terminal, now=awsprof.now)  # type: ignore[arg-type]
        world.vault = awsprof.vault  # type: ignore[assignment]
        return world.sessions.serve(world.files.get("autochart_far_paul")).answer

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(serve, range(16)))
    assert len(answers) == 1
    assert len(aws.calls_of("AssumeRole")) == 1
