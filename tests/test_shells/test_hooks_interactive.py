"""A person at a prompt of bash, zsh and fish: what they type, what they see, and what another terminal changes."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.test_real import conftest as real
from tests.test_shells.hooks import SHELLS, Shell, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pexpect

    from tests.test_real.machine import Identity, Machine

_made_vault, shared_machine, bare_machine = real._made_vault, real.shared_machine, real.bare_machine
DEV, PROD = "111111111111", "222222222222"
# What a shell sends a terminal beside text: titles, colours, modes, character sets.
_ESCAPES = re.compile(r"\x1b(?:\][^\x07]*\x07|\([A-Z0-9]|\[[0-9;?]*[A-Za-z]|[=>])")
RED = re.compile(r"\x1b\[(97;)?41m")
RC_FILES = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
# A prompt that is made anew each time and counts, so that the next one is told from the last being drawn again.
OWN_PROMPTS = {
    "bash": "bind 'set enable-bracketed-paste off'; HISTFILE=; PROMPT_COMMAND='((++n)); PS1=\"READY$n> \"'\n",
    "zsh": 'unset zle_bracketed_paste; unsetopt prompt_sp prompt_cr; precmd() { ((++n)); PS1="READY$n> " }; n=0\n',
    "fish": "set -g n 0; set -g fish_greeting; set -g fish_autosuggestion_enabled 0\n"
    "function count_up --on-event fish_prompt; set -g n (math $n + 1); end\n"
    'function fish_prompt; echo -n "READY$n> "; end\n',
}
STARTED = {"bash": ("bash", "--noprofile"), "zsh": ("zsh", "-d"), "fish": ("fish",)}
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}


def bare(text: str) -> str:
    """*text* without escapes and carriage returns."""
    return _ESCAPES.sub("", text).replace("\r", "")


@dataclass
class Terminal:
    """An interactive shell in a terminal."""

    child: pexpect.spawn[str]
    prompts: int = 0

    def prompt(self) -> tuple[str, str]:
        """Wait for the next prompt; what came before its line, and the segment on it, with colours if there are any."""
        self.prompts += 1
        self.child.expect_exact(f"READY{self.prompts}> ")
        output, _, segment = self.child.before.rpartition("\n")
        segment = segment.rpartition("\r")[2]
        return bare(output), segment if bare(segment) else ""

    def type(self, line: str) -> tuple[str, str]:
        self.child.sendline(line)
        return self.prompt()

    def segment(self, line: str) -> str:
        """The segment of the prompt that follows *line*, as words."""
        return words(self.type(line)[1])


def words(segment: str) -> str:
    return " ".join(bare(segment).split())


@contextlib.contextmanager
def interactive(machine: Machine, shell: str, **environ: str | None) -> Iterator[Terminal]:
    with machine.terminal(*STARTED[shell], **environ) as child:
        yield Terminal(child)


def install(machine: Machine, shell: str, *options: str) -> None:
    """Give *machine* a start-up file with a prompt of the user's own and, by --install, the integration."""
    path = machine.home / RC_FILES[shell]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OWN_PROMPTS[shell])
    machine.succeed("init", shell, "--install", "--yes", *options)


@dataclass
class Office:
    """A machine, and two profiles of a user whom no other test has used up the codes of."""

    machine: Machine
    shell: str
    dev: Identity
    prod: Identity


@pytest.fixture(params=SHELLS)
def office(request: pytest.FixtureRequest, shared_machine: Machine, tool: Callable[[str], str]) -> Iterator[Office]:
    shell: str = request.param
    tool(shell)
    machine = shared_machine
    machine.aws.clock.reset()
    user = f"{shell}-{request.function.__name__.rpartition('_')[2]}"
    machine.extra["AWSPROF_USER"] = user
    install(machine, shell)
    yield Office(machine, shell, machine.joined("dev", DEV, user=user), machine.joined("prod", PROD, user=user))
    del machine.extra["AWSPROF_USER"]


def test_a_day(office: Office) -> None:
    """use, a login elsewhere, the end of a session, going back, and off: the prompt tells it all, at once."""
    machine, dev, prod = office.machine, office.dev, office.prod
    assert dev.device is not None
    assert prod.device is not None
    with interactive(machine, office.shell) as terminal:
        assert terminal.prompt() == ("", "")

        # The code is asked for in the middle of the function.
        terminal.child.sendline("awsprof use dev")
        terminal.child.expect_exact(f"MFA code for {dev.name}: ")
        output, segment = terminal.type(dev.device.code())
        assert f"{dev.name}: logged in until" in output
        assert re.fullmatch(r"autochart/dev 1[12]h\d\dm", words(segment))
        assert not RED.search(segment)

        # Another process logs prod in; here it turns red.
        machine.succeed("login", "prod", "--code", prod.device.code())
        output, segment = terminal.type("awsprof use prod")
        assert "MFA" not in output
        assert RED.search(segment)
        assert re.fullmatch(r"autochart/prod (59m|1h0\dm)", words(segment))

        # And again, for longer: the next prompt knows.
        code = machine.next_code(prod)
        machine.succeed("login", "prod", "--force", "--duration", "3h", "--code", code)
        assert re.fullmatch(r"autochart/prod (2h59m|3h0\dm)", terminal.segment(""))
        machine.age_session(prod.name, left_s=119)
        assert re.fullmatch(r"autochart/prod \d+s", terminal.segment(""))

        # It ends: the prompt lets go, and says so once.
        machine.age_session(prod.name, left_s=-1)
        output, segment = terminal.type("")
        assert output.count("awsprof: the session of autochart/prod has expired: this shell lets go of it") == 1
        assert segment == ""
        output, segment = terminal.type('echo "[$AWS_PROFILE]"')
        assert "[]" in output
        assert "expired" not in output
        assert segment == ""

        # Back to it, with a new code.
        code = machine.next_code(prod)
        terminal.child.sendline("awsprof use -")
        terminal.child.expect_exact(f"MFA code for {prod.name}: ")
        assert RED.search(terminal.type(code)[1])
        assert terminal.segment("awsprof use dev").startswith("autochart/dev ")
        assert terminal.segment("awsprof --quiet use -").startswith("autochart/prod ")
        assert terminal.segment("awsprof use -").startswith("autochart/dev ")

        # And gone.
        assert terminal.type("awsprof off")[1] == ""
        assert "[]" in terminal.type('echo "[$AWS_PROFILE]"')[0]
        assert terminal.segment("awsprof use -").startswith("autochart/dev ")


def test_everything_else_passes_through(office: Office) -> None:
    """Exit statuses, words, streams, help and Ctrl-C are as they are without the function."""
    machine, dev = office.machine, office.dev
    assert machine.login(dev).status == 0
    status = STATUS[office.shell]
    with interactive(machine, office.shell) as terminal:
        terminal.prompt()
        assert "status=7" in terminal.type(f"awsprof exec dev -- sh -c 'exit 7'; echo status={status}")[0]
        assert "status=3" in terminal.type(f"awsprof show nothing; echo status={status}")[0]
        assert "status=3" in terminal.type(f"awsprof use nothing; echo status={status}")[0]
        # A status outlives the prompt that comes in between.
        terminal.type("awsprof use dev")
        for command, expected in (("sh -c 'exit 9'", 9), ("true", 0)):
            assert words(terminal.type(command)[1]).startswith("autochart/dev ")
            assert f"status={expected}" in terminal.type(f"echo status={status}")[0]
        terminal.type("awsprof off")
        output, _ = terminal.type("awsprof exec dev -- printf '<%s>\\n' \"a b\" '*' '$HOME' ''")
        assert output.endswith("<a b>\n<*>\n<$HOME>\n<>")
        output, _ = terminal.type("printf 'one\\ntwo\\n' | awsprof exec dev -- tr a-z A-Z")
        assert output.endswith("ONE\nTWO")
        output, _ = terminal.type(
            "awsprof show nothing 2>/dev/null; awsprof list --names 2>/dev/null | grep " + dev.name
        )
        assert output.endswith(f"\n{dev.name}")
        output, segment = terminal.type("awsprof use --help")
        assert "Usage: awsprof use" in output
        assert segment == ""
        output, _ = terminal.type(f"awsprof --version use; echo status={status}")
        assert "status=0" in output
        assert re.search(r"awsprof \d", output)

        terminal.child.sendline("awsprof use prod")
        terminal.child.expect_exact(f"MFA code for {office.prod.name}: ")
        terminal.child.sendintr()
        assert terminal.prompt()[1] == ""
        assert "[]" in terminal.type('echo "[$AWS_PROFILE]"')[0]


def test_choosing(office: Office, tool: Callable[[str], str]) -> None:
    """``use`` alone opens fzf, in which a person types a part of what they want, or leaves all as it is."""
    tool("fzf")
    machine, user = office.machine, office.machine.extra["AWSPROF_USER"]
    assert machine.login(office.dev).status == 0
    with interactive(machine, office.shell) as terminal:
        terminal.prompt()
        terminal.child.sendline(f"awsprof use --user {user}")
        terminal.child.expect("2/2")
        terminal.child.send("dev")
        terminal.child.expect("1/2")
        terminal.child.send("\r")
        assert words(terminal.prompt()[1]).startswith("autochart/dev ")
        terminal.child.sendline(f"awsprof use --user {user}")
        terminal.child.expect("2/2")
        terminal.child.send("\x1b")
        assert words(terminal.prompt()[1]).startswith("autochart/dev ")


# --- the screen


@dataclass
class Screen:
    """A terminal of 60 columns, of which one sees what a person would."""

    tmux: list[str]

    def do(self, *words: str) -> str:
        return subprocess.run([*self.tmux, *words], capture_output=True, text=True, check=True).stdout

    def type(self, *keys: str) -> None:
        self.do("send-keys", "-t", "here", *keys)

    def wait_for(self, seen: Callable[[str], bool], *options: str) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            text = self.do("capture-pane", "-p", "-t", "here", *options)
            if seen(text):
                return text
            time.sleep(0.02)
        pytest.fail(f"never came; the screen shows:\n{text}")

    def cursor(self) -> tuple[int, int]:
        x, y = self.do("display-message", "-p", "-t", "here", "#{cursor_x} #{cursor_y}").split()
        return int(x), int(y)


@pytest.fixture
def screen(tmp_path: Path, tool: Callable[[str], str]) -> Iterator[Callable[[list[str], dict[str, str]], Screen]]:
    tmux = [tool("tmux"), "-S", str(tmp_path / "socket"), "-f", "/dev/null"]

    def start(command: list[str], environ: dict[str, str]) -> Screen:
        size = ("-x", "60", "-y", "12")
        subprocess.run(
            [*tmux, "new-session", "-d", "-s", "here", *size, *command], env=environ, cwd=tmp_path, check=True
        )
        return Screen(tmux)

    yield start
    subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


@pytest.mark.parametrize("name", SHELLS)
def test_line_editing(
    name: str, tmp_path: Path, tool: Callable[[str], str], screen: Callable[[list[str], dict[str, str]], Screen]
) -> None:
    """The shell knows how wide the segment is: a long line wraps, and is edited, where a person sees it."""
    shell = Shell(name, tmp_path, tool, {"AWS_PROFILE": "autochart_prod_paul", "AWS_ACCESS_KEY_ID": "x"})
    path = tmp_path / RC_FILES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    own = {"bash": "PS1='READY> '; HISTFILE=", "zsh": "PS1='READY> '", "fish": "set -g fish_autosuggestion_enabled 0"}
    text = f"{own[name]}\n{rendered(name, tmp_path)}"
    if name == "fish":
        text += "set -g fish_greeting\nfunction fish_prompt\n    echo -n 'READY> '\nend\n"
    path.write_text(text)
    shell.state("autochart_prod_paul", 3_570, alias="acme")
    window = screen([tool(STARTED[name][0]), *STARTED[name][1:]], shell.whole_environ)
    prompt = " autochart/prod (acme) 59m  ⚠ AWS_ACCESS_KEY_ID READY> "
    coloured = window.wait_for(lambda text: "READY>" in text, "-e")
    assert "41m" in coloured
    width = len(prompt)
    assert window.do("capture-pane", "-p", "-t", "here").splitlines()[0].rstrip() == prompt.rstrip()
    line = "echo " + "a" * 70
    window.type("-l", line)
    whole = f"{prompt}{line}"
    window.wait_for(lambda text: whole in text.replace("\n", ""), "-J")
    assert window.cursor() == (len(whole) % 60, len(whole) // 60)
    window.type("C-a")
    window.type("-l", "X")
    window.wait_for(lambda text: f"{prompt}X{line}" in text.replace("\n", ""), "-J")
    assert window.cursor() == ((width + 1) % 60, (width + 1) // 60)
