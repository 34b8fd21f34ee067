"""What a person meets at a real terminal: questions, hidden answers, Ctrl-C, pickers, colours."""

from __future__ import annotations

import os
import signal
import termios
from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import PASSPHRASE, Identity, Machine, ended, plain

if TYPE_CHECKING:
    import pexpect

DEV, PROD = "111111111111", "222222222222"
KEY_ID = "Access key id for autochart_prod_paul: "
SECRET = "Secret access key (hidden): "
REGION = "Region (empty for none): "
CONFIRM_VAULT = "[y/N] "
NEW_PASSPHRASE = "New passphrase for awsprof's vault"
AGAIN = "The same passphrase again"
CODE = "MFA code for autochart_prod_paul: "
ADD = ("awsprof", "add", "autochart", "prod", "paul")
# In a terminal whose vault has to be made, AWSPROF_VAULT_PASSPHRASE would answer in the person's place.
ASKS_PASSPHRASE: dict[str, str | None] = {"AWSPROF_VAULT_PASSPHRASE": None}


def _echoes(child: pexpect.spawn[str]) -> bool:
    return bool(termios.tcgetattr(child.fileno())[3] & termios.ECHO)


def _untouched(machine: Machine) -> bool:
    """Whether there is neither a profile nor an item of the vault nor a session."""
    # The journal's key is made with the vault, and belongs to no profile.
    items = [path for path in machine.vault.glob("items/*") if not path.name.startswith("awsprof%2F")]
    return machine.config == "" and items == [] and not list(machine.sessions.glob("*"))


# --- add


def test_add_asks_and_echoes_the_key_id_only(machine: Machine) -> None:
    """add shows the access key id as it is typed, and nothing of the secret access key."""
    prod = machine.member("prod", PROD)
    with machine.terminal(*ADD) as child:
        child.expect_exact(KEY_ID)
        child.sendline(prod.key.id)
        child.expect_exact(SECRET)
        assert prod.key.id in child.before
        assert not _echoes(child)
        child.sendline(prod.key.secret)
        child.expect_exact(REGION)
        assert plain(child.before) == "\n"
        assert _echoes(child)
        child.sendline("eu-west-1")
        assert ended(child) == 0
    assert plain(child.before) == (
        f"eu-west-1\nAdded {prod.name}: account {PROD}, {prod.arn}\n"
        f"MFA device {prod.device.serial}. Next: awsprof login {prod.name}\n"  # type: ignore[union-attr]
    )
    assert machine.succeed("show", prod.name, "--json").json()["profile"]["region"] == "eu-west-1"


def test_answers_typed_ahead_are_taken(machine: Machine) -> None:
    """Lines pasted all at once answer the questions one after the other."""
    prod = machine.member("prod", PROD)
    with machine.terminal(*ADD) as child:
        child.expect_exact(KEY_ID)
        child.send(f"{prod.key.id}\n")
        child.expect_exact(SECRET)
        child.send(f"{prod.key.secret}\neu-west-1\n")
        assert ended(child) == 0
        assert f"Added {prod.name}" in child.before
        assert prod.key.secret not in child.before


def test_wrong_secret_is_refused_without_showing_it(machine: Machine) -> None:
    """A secret that AWS refuses is not shown, and nothing is written."""
    prod = machine.member("prod", PROD)
    with machine.terminal(*ADD, "--region", "eu-west-1") as child:
        child.expect_exact(KEY_ID)
        child.sendline(prod.key.id)
        child.expect_exact(SECRET)
        child.sendline("another/Secret+Of40CharactersEXAMPLEKEY0")
        assert ended(child) == 7
        assert "another/Secret" not in child.before
        assert "Error: AWS refuses the secret access key" in plain(child.before)
    assert _untouched(machine)


@pytest.mark.parametrize("step", range(5))
def test_ctrl_c_at_each_question_of_add(bare_machine: Machine, step: int) -> None:
    """Ctrl-C at any question of add ends it with 130, a terminal that echoes, and nothing written."""
    prod = bare_machine.member("prod", PROD)
    prod.user.mfa_device()
    dialogue = [
        (KEY_ID, prod.key.id),
        (SECRET, prod.key.secret),
        (REGION, "eu-west-1"),
        ("[1-2] ", "1"),
        (CONFIRM_VAULT, "y"),
    ]
    _leave_at(bare_machine, ADD, dialogue, step)
    assert _untouched(bare_machine)
    assert not bare_machine.vault.exists()


def _leave_at(machine: Machine, words: tuple[str, ...], dialogue: list[tuple[str, str]], step: int) -> None:
    """Answer *step* questions, press Ctrl-C at the next, and look at status and terminal."""
    with machine.terminal(*words, **ASKS_PASSPHRASE) as child:
        for question, answer in dialogue[:step]:
            child.expect_exact(question)
            child.sendline(answer)
        child.expect_exact(dialogue[step][0])
        child.sendintr()
        assert ended(child) == 130
        assert _echoes(child)
        assert "Traceback" not in child.before


@pytest.mark.parametrize("step", [0, 1])
def test_ctrl_c_at_the_new_passphrase(bare_machine: Machine, step: int) -> None:
    """Ctrl-C at either passphrase makes no vault and writes no profile."""
    prod = bare_machine.member("prod", PROD, mfa=False)
    words = (*ADD, "--region", "eu-west-1", "--from", _key_file(bare_machine, prod))
    dialogue = [(CONFIRM_VAULT, "y"), (NEW_PASSPHRASE, "one passphrase"), (AGAIN, "one passphrase")]
    _leave_at(bare_machine, words, dialogue, step + 1)
    assert _untouched(bare_machine)
    assert not (bare_machine.vault / "identity.age").exists()


def test_ctrl_d_leaves_too(machine: Machine) -> None:
    """The end of input at a question is the same as Ctrl-C."""
    with machine.terminal(*ADD) as child:
        child.expect_exact(KEY_ID)
        child.sendeof()
        assert ended(child) == 130
    assert _untouched(machine)


def test_several_devices_are_offered(machine: Machine) -> None:
    """A user with two devices is asked which; an answer that is no choice is asked for again."""
    prod = machine.member("prod", PROD)
    second = prod.user.mfa_device()
    with machine.terminal(*ADD, "--region", "eu-west-1", "--from", _key_file(machine, prod)) as child:
        child.expect_exact("[1-2] ")
        assert prod.device is not None
        assert plain(child.before).startswith(f"  1  {prod.device.serial}\n  2  {second.serial}\n")
        child.sendline("7")
        child.expect_exact("A number from 1 to 2: ")
        child.sendline("2")
        assert ended(child) == 0
    assert machine.succeed("show", prod.name, "--json").json()["profile"]["mfa_serial"] == second.serial


# --- making the vault


def test_vault_of_files_is_made_after_asking(bare_machine: Machine) -> None:
    """Where there is no vault, add asks before it makes one, then for a passphrase twice, hidden."""
    machine = bare_machine
    prod = machine.member("prod", PROD, mfa=False)
    words = (*ADD, "--region", "eu-west-1", "--from", _key_file(machine, prod))
    with machine.terminal(*words, **ASKS_PASSPHRASE) as child:
        child.expect_exact(f"Make such a vault in {machine.vault}? [y/N] ")
        child.sendline("y")
        for question in (NEW_PASSPHRASE, AGAIN):
            child.expect_exact(question)
            assert not _echoes(child)
            child.sendline("a hidden passphrase")
        assert ended(child) == 0
        assert "a hidden passphrase" not in child.before
        assert _echoes(child)
    answer = machine.awsprof("credential-process", prod.name, AWSPROF_VAULT_PASSPHRASE="a hidden passphrase")
    assert answer.json()["AccessKeyId"] == prod.key.id


@pytest.mark.parametrize("answers", [["n"], [""], ["y", "one passphrase", "another passphrase"], ["y", ""]])
def test_vault_that_is_not_wanted(bare_machine: Machine, answers: list[str]) -> None:
    """A no, an empty passphrase or two different ones leave neither a vault nor a profile."""
    machine = bare_machine
    prod = machine.member("prod", PROD, mfa=False)
    words = (*ADD, "--region", "eu-west-1", "--from", _key_file(machine, prod))
    with machine.terminal(*words, **ASKS_PASSPHRASE) as child:
        for question, answer in zip((CONFIRM_VAULT, NEW_PASSPHRASE, AGAIN), answers, strict=False):
            child.expect_exact(question)
            child.sendline(answer)
        assert ended(child) == 6
        assert "Error: " in plain(child.before)
    assert _untouched(machine)
    assert not machine.vault.exists() or not list(machine.vault.glob("*.age"))


def test_passphrase_is_asked_where_the_vault_is_locked(machine: Machine) -> None:
    """With the vault locked, login asks for the passphrase, hidden, and for the code."""
    prod = machine.joined("prod", PROD)
    machine.succeed("vault", "lock")
    assert prod.device is not None
    with machine.terminal("awsprof", "login", "prod", **ASKS_PASSPHRASE) as child:
        child.expect_exact("Passphrase of awsprof's vault")
        assert not _echoes(child)
        child.sendline(PASSPHRASE)
        child.expect_exact(CODE)
        assert PASSPHRASE not in child.before
        assert _echoes(child)
        child.sendline(prod.device.code())
        assert ended(child) == 0


def test_ctrl_c_at_the_passphrase(machine: Machine) -> None:
    """Ctrl-C at the passphrase of a locked vault ends login with 130, and the terminal echoes again."""
    machine.joined("prod", PROD)
    machine.succeed("vault", "lock")
    _leave_at(machine, ("awsprof", "login", "prod"), [("Passphrase of awsprof's vault", "")], 0)
    assert list(machine.sessions.glob("*")) == []


# --- login and remove


def test_login_asks_for_the_code(machine: Machine) -> None:
    """login asks for six digits, takes them with a blank in between, and starts a session."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    with machine.terminal("awsprof", "login", "prod") as child:
        child.expect_exact(CODE)
        code = prod.device.code()
        child.sendline(f"{code[:3]} {code[3:]}")
        assert ended(child) == 0
        assert f"{prod.name}: logged in until " in plain(child.before)
        assert f", account {PROD}" in child.before
    assert len(machine.aws.calls_of("GetSessionToken")) == 1


def test_ctrl_c_at_the_code(machine: Machine) -> None:
    """Ctrl-C at the code ends login with 130; no session is stored and AWS is not asked."""
    machine.joined("prod", PROD)
    _leave_at(machine, ("awsprof", "login", "prod"), [(CODE, "")], 0)
    assert list(machine.sessions.glob("*")) == []
    assert machine.aws.calls_of("GetSessionToken") == []


def test_several_profiles_are_offered(machine: Machine) -> None:
    """`login prod` with two users' profiles shows both, and logs in the one chosen."""
    paul, anna = machine.joined("prod", PROD), machine.joined("prod", PROD, user="anna")
    assert anna.device is not None
    with machine.terminal("awsprof", "login", "prod") as child:
        child.expect_exact("Which one? [1-2] ")
        shown = plain(child.before).splitlines()
        assert shown == [f"  1  {anna.name}  {PROD}  protected", f"  2  {paul.name}  {PROD}  protected"]
        child.sendline("1")
        child.expect_exact(f"MFA code for {anna.name}: ")
        child.sendline(anna.device.code())
        assert ended(child) == 0
    assert [path.name for path in machine.sessions.glob("*")] == [anna.name]


def test_ctrl_c_at_the_picker(machine: Machine) -> None:
    """Ctrl-C at the picker ends login with 130."""
    machine.joined("prod", PROD)
    machine.joined("prod", PROD, user="anna")
    _leave_at(machine, ("awsprof", "login", "prod"), [("Which one? [1-2] ", "")], 0)


@pytest.mark.parametrize("answer", ["n", "", "yes please", "q"])
def test_remove_takes_only_yes(machine: Machine, answer: str) -> None:
    """Anything but yes leaves the profile, its keys and its files byte for byte as they were."""
    legacy = machine.joined("legacy", DEV, mfa=False)
    before = _contents(machine)
    with machine.terminal("awsprof", "remove", "legacy") as child:
        child.expect_exact(f"Remove {legacy.name}? [y/N] ")
        child.sendline(answer)
        assert ended(child) == 1
        assert "Nothing was removed." in child.before
    assert _contents(machine) == before


def test_ctrl_c_at_remove(machine: Machine) -> None:
    """Ctrl-C at the question leaves all as it was."""
    machine.joined("legacy", DEV, mfa=False)
    before = _contents(machine)
    _leave_at(machine, ("awsprof", "remove", "legacy"), [("[y/N] ", "")], 0)
    assert _contents(machine) == before


def test_remove_after_yes(machine: Machine) -> None:
    """A y removes the profile and its key, and says that the key still lives at AWS."""
    legacy = machine.joined("legacy", DEV, mfa=False)
    with machine.terminal("awsprof", "remove", "legacy") as child:
        child.expect_exact("[y/N] ")
        child.sendline("y")
        assert ended(child) == 0
        assert f"Its access key {legacy.key.id} still lives at AWS" in plain(child.before)
    assert _untouched(machine)


def _contents(machine: Machine) -> dict[str, bytes]:
    """Every file but the locks, which are signed by whoever holds them."""
    return {str(path): path.read_bytes() for path in machine.files() if "locks" not in path.parts}


# --- credential-process


def test_credential_process_asks_beside_its_pipes(machine: Machine) -> None:
    """With stdin, stdout and stderr all pipes, the code is asked for on the terminal and stdout holds only JSON."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    pipes = f"true | awsprof credential-process {prod.name} 2>err | cat >out"
    with machine.terminal("bash", "-c", f"set -o pipefail; {pipes}") as child:
        child.expect_exact(CODE)
        child.sendline(prod.device.code())
        assert ended(child) == 0
    assert (machine.home / "err").read_text() == ""
    answer = (machine.home / "out").read_text()
    assert answer == machine.succeed("credential-process", prod.name).stdout


def test_background_job_is_not_stopped(machine: Machine) -> None:
    """As a background job of an interactive shell it exits 8 at once, instead of being stopped by the terminal."""
    prod = machine.joined("prod", PROD)
    with machine.terminal("bash", "--norc", "--noprofile", "-i", PS1="ready> ", HISTFILE="/dev/null") as child:
        child.expect_exact("ready> ")
        child.sendline(f"awsprof credential-process {prod.name} & wait $!; echo status=$?")
        child.expect(r"status=(\d+)\r", timeout=20)
        assert child.match is not None
        assert child.match[1] == "8"
        assert "MFA code" not in child.before
        assert f"Run 'awsprof login {prod.name}'." in plain(child.before)
        child.sendline("exit")
        ended(child)


def test_without_a_terminal_it_exits_at_once(machine: Machine) -> None:
    """Under setsid there is no terminal to ask on, even when the standard streams are one."""
    prod = machine.joined("prod", PROD)
    with machine.terminal("setsid", "--wait", "awsprof", "credential-process", prod.name) as child:
        assert ended(child) == 8
    assert plain(child.before) == (f"Error: {prod.name} has no live session.\nRun 'awsprof login {prod.name}'.\n")


def test_real_aws_cli_asks_through_credential_process(machine: Machine) -> None:
    """The aws CLI, run by a person whose session has expired, asks for a code and then answers."""
    prod = machine.joined("prod", PROD)
    assert machine.login(prod).status == 0
    machine.age_session(prod.name, left_s=-1)
    code = machine.next_code(prod)
    command = ("aws", "sts", "get-caller-identity", "--profile", prod.name, "--query", "Arn", "--output", "text")
    with machine.terminal(*command) as child:
        child.expect_exact(CODE)
        child.sendline(code)
        assert ended(child) == 0
        assert plain(child.before).endswith(f"\n{prod.arn}\n")


def test_exec_logs_in_first(machine: Machine) -> None:
    """exec without a session asks for the code, then becomes the command."""
    prod = machine.joined("prod", PROD)
    assert prod.device is not None
    with machine.terminal("awsprof", "exec", "prod", "--", "sh", "-c", "echo $AWSPROF_PROFILE; exit 3") as child:
        child.expect_exact(CODE)
        child.sendline(prod.device.code())
        assert ended(child) == 3
        assert plain(child.before).endswith(f"\n{prod.name}\n")


# --- colours


@pytest.fixture
def protected(machine: Machine) -> Identity:
    return machine.joined("prod", PROD, mfa=False)


@pytest.mark.usefixtures("protected")
def test_colour_on_a_terminal_only(machine: Machine) -> None:
    """A protected profile's row is red at a terminal; in a pipe no byte of colour is written."""
    with machine.terminal("awsprof", "list") as child:
        assert ended(child) == 0
        assert "\x1b[31mautochart_prod_paul (protected)" in child.before
        shown = plain(child.before)
    piped = machine.succeed("list").stdout
    assert piped == shown
    assert "\x1b" not in piped


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("words", [["list"], ["show", "nothing"], ["--help"]])
def test_no_colour_where_none_is_wanted(machine: Machine, variable: dict[str, str], words: list[str]) -> None:
    """With NO_COLOR, or on a dumb terminal, neither results nor errors are coloured."""
    with machine.terminal("awsprof", *words, **variable) as child:
        ended(child)
        assert "\x1b" not in child.before


@pytest.mark.usefixtures("protected")
def test_error_is_red_on_a_terminal(machine: Machine) -> None:
    """The word Error is red at a terminal, and plain in a pipe."""
    with machine.terminal("awsprof", "show", "nothing") as child:
        assert ended(child) == 3
        assert child.before.startswith("\x1b[31m\x1b[1mError:\x1b[0m ")
    assert machine.awsprof("show", "nothing").stderr.startswith("Error: ")


def test_hang_up_at_a_question(machine: Machine) -> None:
    """A terminal that goes away ends the command, and nothing is written."""
    with machine.terminal(*ADD) as child:
        child.expect_exact(KEY_ID)
        os.kill(child.pid, signal.SIGHUP)
        assert ended(child) == -signal.SIGHUP
    assert _untouched(machine)


def _key_file(machine: Machine, identity: Identity) -> str:
    path = machine.home / "keys"
    path.write_text(identity.key_file)
    return str(path)
