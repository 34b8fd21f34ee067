"""Many awsprofs at once, one that is killed, and the process that exec becomes."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import LIMIT_S, Identity, Machine, ended, finished

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEV, PROD = "111111111111", "222222222222"
CROWD = 32
ROUNDS = 25 if os.environ.get("AWSPROF_TEST_ALL") else 5

# Starts a crowd in the terminal's foreground, as tools that a person runs would, and notes how each one ended.
_CROWD = """
import subprocess, sys
command, count = sys.argv[2:], int(sys.argv[1])
crowd = []
for number in range(count):
    with open(f"out.{number}", "wb") as out, open(f"err.{number}", "wb") as err:
        crowd.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err))
    print(f"pid {crowd[-1].pid}", file=open("pids", "a"), flush=True)
print("ended", *(process.wait() for process in crowd))
"""


# --- exec


@pytest.fixture(scope="module")
def office(shared_machine: Machine) -> Machine:
    """A machine with a profile that needs no session."""
    shared_machine.joined("legacy", DEV, mfa=False)
    return shared_machine


def test_exit_status_is_the_commands(office: Machine) -> None:
    """What the command exits with is what exec exits with."""
    assert office.awsprof("exec", "legacy", "--", "sh", "-c", "exit 7").status == 7


def test_signal_is_the_commands(office: Machine) -> None:
    """A command that a signal kills is seen as killed by that signal."""
    assert office.awsprof("exec", "legacy", "--", "sh", "-c", "kill -TERM $$").status == -signal.SIGTERM


def test_command_is_the_same_process(office: Machine) -> None:
    """The command has the pid that awsprof had, so whoever started one ends the other."""
    process = office.start("awsprof", "exec", "legacy", "--", "sh", "-c", "echo $$; exec sleep 30")
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.terminate()
    assert finished(process).status == -signal.SIGTERM


def test_no_signal_stays_ignored(office: Machine) -> None:
    """Python ignores SIGPIPE; a command of exec's must not, or it would go on writing to nobody."""
    before = office.run("grep", "^SigIgn", "/proc/self/status").stdout
    outcome = office.awsprof("exec", "legacy", "--", "grep", "^SigIgn", "/proc/self/status")
    ignored = int(outcome.stdout.split()[1], 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)
    # What else is ignored was so before awsprof began; SIGPIPE itself is Python's doing in the test runner too.
    assert ignored == int(before.split()[1], 16) & ~(1 << (signal.SIGPIPE - 1))


def test_no_descriptor_is_handed_on(office: Machine) -> None:
    """The command has the three standard streams and no lock, file or socket of awsprof's."""
    script = "import os; print(*(d for d in range(3, 100) if os.path.exists(f'/proc/self/fd/{d}')))"
    assert office.awsprof("exec", "legacy", "--", sys.executable, "-c", script).stdout == "\n"


def test_command_gets_stdin_and_its_words_untouched(office: Machine) -> None:
    """stdin is the command's, and so is every word after --, options of awsprof's included."""
    script = 'printf "%s|" "$@"; cat'
    words = ["--debug", "--json", "--help", "a b", "", "--", "$HOME", "*"]
    outcome = office.awsprof("exec", "legacy", "--", "sh", "-c", script, "sh", *words, stdin="from outside")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout == "|".join([*words, "from outside"])


def test_command_that_is_not_there(office: Machine) -> None:
    """A command that is not found is 127, and one that cannot be run 126, as in a shell."""
    missing = office.awsprof("exec", "legacy", "--", "no-such-command-here")
    assert (missing.status, missing.stderr) == (127, "Error: There is no command 'no-such-command-here'.\n")
    plain_file = office.home / "plain"
    plain_file.write_text("no program")
    assert office.awsprof("exec", "legacy", "--", str(plain_file)).status == 126
    assert office.awsprof("exec", "legacy", "--", str(office.home)).status == 126


# --- many at once


def _asked(machine: Machine) -> int:
    return len(machine.aws.calls_of("GetSessionToken"))


def test_crowd_asks_one_question(machine: Machine) -> None:
    """Thirty-two tools that need a session at once ask one question, make one STS call and get the same answer."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    words = [sys.executable, "-c", _CROWD, str(CROWD), "awsprof", "credential-process", prod.name]
    with machine.terminal(*words) as child:
        child.expect_exact("MFA code for ")
        _await(lambda: len(_pids(machine)) == CROWD)
        time.sleep(1)
        child.sendline(prod.device.code())
        child.expect(r"ended ([0-9 -]+)\r")
        assert child.match is not None
        assert child.match[1].split() == ["0"] * CROWD
        assert "MFA code for " not in child.before
        assert ended(child) == 0
    answers = {(machine.home / f"out.{number}").read_text() for number in range(CROWD)}
    assert answers == {machine.succeed("credential-process", prod.name).stdout}
    assert _asked(machine) == 1


def test_next_one_asks_when_the_first_leaves(machine: Machine) -> None:
    """Ctrl-C in the process that asks ends that one alone; the next asks, and its answer serves the others."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    words = [sys.executable, "-c", _CROWD, "4", "awsprof", "credential-process", prod.name]
    with machine.terminal(*words) as child:
        child.expect_exact("MFA code for ")
        _await(lambda: len(_pids(machine)) == 4)
        time.sleep(0.5)
        asking = _lock_holder(machine)
        assert asking in _pids(machine)
        os.kill(asking, signal.SIGINT)
        child.expect_exact("MFA code for ")
        child.sendline(prod.device.code())
        child.expect(r"ended ([0-9 -]+)\r")
        assert child.match is not None
        assert sorted(child.match[1].split()) == ["0", "0", "0", "130"]
        assert ended(child) == 0
    assert _asked(machine) == 1


def test_killed_one_does_not_block_the_others(machine: Machine) -> None:
    """kill -9 in the process that asks lets the next ask: a lock dies with its holder."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    words = [sys.executable, "-c", _CROWD, "3", "awsprof", "credential-process", prod.name]
    with machine.terminal(*words) as child:
        child.expect_exact("MFA code for ")
        _await(lambda: len(_pids(machine)) == 3)
        time.sleep(0.5)
        os.kill(_lock_holder(machine), signal.SIGKILL)
        child.expect_exact("MFA code for ")
        child.sendline(prod.device.code())
        child.expect(r"ended ([0-9 -]+)\r")
        assert child.match is not None
        assert sorted(child.match[1].split()) == ["-9", "0", "0"]
    assert _asked(machine) == 1


def _pids(machine: Machine) -> list[int]:
    path = machine.home / "pids"
    return [int(line.split()[1]) for line in path.read_text().splitlines()] if path.exists() else []


def _lock_holder(machine: Machine) -> int:
    """The process of ours that has the identity's lock, by the lock file that each holder signs."""
    signed = [path.read_text() for path in (machine.state / "locks").iterdir()]
    (line,) = [text for text in signed if "credential-process" in text]
    return int(line.split()[1])


def _await(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def test_crowd_adds_different_profiles(machine: Machine) -> None:
    """Sixteen profiles added at once are all in the config file, each with its own key in the vault."""
    members = [machine.member(f"env{number}", DEV, mfa=False, user=f"u{number}") for number in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as pool:
        outcomes = list(pool.map(machine.add, members))
    assert [outcome.status for outcome in outcomes] == [0] * CROWD, outcomes
    assert _profiles(machine) == {member.name for member in members}
    for member in members:
        assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id


def test_crowd_adds_the_same_profile(machine: Machine) -> None:
    """Of eight that add one profile at once, one wins; the others exit 4 and the winner's key stays in the vault."""
    first = machine.member("dev", DEV, mfa=False)
    users = [first, *(machine.member("dev", DEV, mfa=False, user=f"u{number}") for number in range(7))]
    rivals = [Identity(first.name, DEV, user.arn, user.user, user.key, None) for user in users]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(machine.add, rivals))
    assert sorted(outcome.status for outcome in outcomes) == [0, *[4] * 7], outcomes
    winner = rivals[[outcome.status for outcome in outcomes].index(0)]
    assert machine.succeed("credential-process", first.name).json()["AccessKeyId"] == winner.key.id
    assert machine.config.count("[profile ") == 1


def test_crowd_removes_one_profile(machine: Machine) -> None:
    """Of four that remove one profile at once, at least one succeeds, the others find none, and none is left."""
    machine.joined("dev", DEV, mfa=False)
    kept = machine.joined("kept", DEV, mfa=False, user="anna")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: machine.awsprof("remove", "autochart_dev_paul", "--yes").status, range(4)))
    assert set(statuses) <= {0, 3}
    assert 0 in statuses
    assert _profiles(machine) == {kept.name}


def test_adding_beside_an_editor(machine: Machine) -> None:
    """A section that another program writes while awsprofs add theirs is never lost, nor are theirs."""
    machine.config_file.parent.mkdir()
    machine.config_file.write_text("# mine\n[default]\nregion = eu-west-1\n")
    members = [machine.member(f"env{number}", DEV, mfa=False, user=f"u{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(machine.add, member) for member in members]
        # As `aws configure set` does it, in one write at the end of the file.
        time.sleep(0.3)
        with machine.config_file.open("a") as file:
            file.write("\n[profile editor]\nregion = us-east-1\n")
        assert [one.result().status for one in running] == [0] * 4
    assert _profiles(machine) == {*(member.name for member in members), "editor", "default"}
    assert machine.config.startswith("# mine\n[default]\nregion = eu-west-1\n")


# --- kill -9


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    seed: int = request.param
    return random.Random(seed)


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("dice", [1, 2, 3, 4], indirect=True)
def test_kill_during_add(machine: Machine, dice: random.Random) -> None:
    """Killed at any moment of add, the profile is absent or works, and the same add then makes it work."""
    for number in range(ROUNDS):
        member = machine.member(f"env{number}", DEV, mfa=False, user=f"u{number}")
        process = machine.start("awsprof", "add", *member.name.split("_"), "--from", "-", "--region", "eu-west-1")
        killed = _kill(machine, process, dice, stdin=member.key_file)
        names = _profiles(machine)
        assert {f"autochart_env{before}_u{before}" for before in range(number)} <= names
        if member.name in names:
            assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id
        again = machine.add(member)
        assert again.status == (4 if member.name in names else 0), (killed, again)
        assert machine.succeed("credential-process", member.name).json()["AccessKeyId"] == member.key.id
        machine.aws.clear_calls()


@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("dice", [5, 6, 7, 8], indirect=True)
def test_kill_during_login(machine: Machine, dice: random.Random) -> None:
    """Killed at any moment of login, there is a whole session or none, and the next login works."""
    for number in range(ROUNDS):
        if number % 5 == 0:
            # Each code puts the server's clock ahead, and no further than a signature may be off.
            machine.aws.clock.reset()
            prod = machine.joined("prod", PROD, user=f"u{number}")
            config = machine.config
        code = machine.next_code(prod)
        machine.aws.clear_calls()
        process = machine.start("awsprof", "login", prod.name, "--force", "--code", code)
        _kill(machine, process, dice)
        assert machine.config == config
        for path in machine.sessions.glob("[!.]*"):
            lines = path.read_bytes().split(b"\n")
            assert (path.name, path.stat().st_mode & 0o777) == (prod.name, 0o600)
            assert int(lines[0]) > time.time()
            assert json.loads(lines[1])["AccountId"] == PROD
        served = machine.awsprof("credential-process", prod.name)
        assert served.status in (0, 8)
        if served.status == 0:
            assert _reaches(machine, served.json()) == PROD
        machine.succeed("logout", prod.name)
        if number % 5 == 4:
            machine.succeed("login", prod.name, "--code", machine.next_code(prod))
            machine.succeed("status", prod.name)
            machine.succeed("logout", prod.name)


def _kill(machine: Machine, process: subprocess.Popen[str], dice: random.Random, stdin: str = "") -> bool:
    """Kill *process* at a random moment: half of the times anywhere, half after AWS's first answer, when it writes."""
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    if dice.random() < 0.5:
        time.sleep(dice.uniform(0, 0.7))
    else:
        _await(lambda: machine.aws.calls or process.poll() is not None)
        time.sleep(dice.uniform(0, 0.25))
    process.kill()
    return finished(process).status == -signal.SIGKILL


def _profiles(machine: Machine) -> set[str]:
    """The profiles that botocore finds; it refuses the whole file when one line of it is broken."""
    import botocore.configloader

    if not machine.config_file.exists():
        return set()
    return set(botocore.configloader.load_config(str(machine.config_file))["profiles"])


def _reaches(machine: Machine, answer: dict[str, str]) -> str:
    """The account that AWS says an answer's credentials are of, asked without starting a program."""
    import boto3

    session = boto3.Session(
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
        region_name="eu-west-1",
    )
    client = session.client("sts", endpoint_url=machine.aws.url)
    try:
        return str(client.get_caller_identity()["Account"])
    finally:
        client.close()


@pytest.fixture(autouse=True)
def _no_temporary_file_stays(request: pytest.FixtureRequest, home: Path) -> Iterator[None]:
    """Nothing but kill -9 leaves a temporary file behind."""
    yield
    if "kill" not in request.node.name:
        assert list(home.rglob(".awsprof-*")) == []
