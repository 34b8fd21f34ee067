"""A TAB runs nothing that stands in a file, and starts no process, however many profiles there are."""

from __future__ import annotations

import random
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.test_shells.completions import LOAD_ZSH, SHELLS, Completion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Each would leave a file behind if a shell ran it, expanded it, or took it for more than one word.
HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "$(touch${IFS}pwned)",
    "`touch${IFS}pwned`",
    "(touch pwned)",
    "(touch\tpwned)",
    "a;touch pwned",
    "a;touch${IFS}pwned;b",
    "a|touch${IFS}pwned",
    "a&touch${IFS}pwned",
    "a>pwned",
    "a<pwned",
    "a'b",
    'a"b',
    "'$(touch${IFS}pwned)'",
    "a\\",
    "a\\nb",
    "a$IFS$()b",
    "${a[$(touch${IFS}pwned)]}",
    "a[$(touch${IFS}pwned)]",
    "x_$(touch${IFS}pwned)_y",
    "$[$(touch${IFS}pwned)]",
    "@{touch pwned}",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~",
    "~root",
    "=touch",
    "!!",
    "!touch",
    "#a",
    "a#b",
    "%1",
    "^a^b",
    "-n",
    "--help",
    "a b",
    " a",
    "a ",
    "\x1b]0;title\x07",
    "a\x01b",
    "a\x7fb",
    "é",
    "日本",
    "a:b",
    "a=b",
    "a=$(touch${IFS}pwned)",
    "a%b",
    "a\tb",
    "\u2019touch\u2019",
]
_PLAIN = "[profile plain_dev_paul]\n"
_SHELL_CHARACTERS = "$`'\"\\;&|<>(){}[]*?~!#%^=:@+-_. \tabX1/"


def _write(home: Path, names: list[str]) -> None:
    """Put each name into both files in every spelling that a reader might take for a profile."""
    (home / ".aws").mkdir(exist_ok=True)
    config = "".join(f"[profile {name}]\nx = {name}\n[profile \"{name}\"]\n[profile '{name}']\n" for name in names)
    (home / ".aws" / "config").write_text(config + _PLAIN)
    (home / ".aws" / "credentials").write_text("".join(f"[{name}]\naws_account_id = {name}\n" for name in names))


@pytest.fixture
def completion(home: Path) -> Completion:
    return Completion(home)


@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_names(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Shell code in names is neither run nor printed as it could act on a terminal; good names are still offered."""
    tool(shell)
    _write(completion.home, HOSTILE)
    before = set(completion.home.iterdir())
    for offered in completion.ask(shell, "awsprof use ", "awsprof credential-process ", "awsprof add ", "awsprof set "):
        assert all(word.isprintable() for word in offered)
        assert not any(word.startswith("-") and len(word) > 1 for word in offered)
    assert "plain_dev_paul" in completion.offers(shell, "awsprof use ")
    assert completion.offers(shell, "awsprof use pl") == {"plain_dev_paul", "plain_dev"}
    made = {path.name for path in set(completion.home.iterdir()) - before}
    assert made <= {".zshrc", ".zcompdump", ".config", ".local", ".cache"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shell", SHELLS)
def test_random_names(completion: Completion, shell: str, seed: int, tool: Callable[[str], str]) -> None:
    """The same with names of nothing but what shells act on."""
    tool(shell)
    chance = random.Random(f"{shell} {seed}")
    names = ["".join(chance.choices(_SHELL_CHARACTERS, k=chance.randint(1, 12))) for _ in range(150)]
    names += [f"$(touch pwned{number})" for number in range(5)] + [f"`touch pwned{number}`" for number in range(5)]
    _write(completion.home, names)
    answers = completion.ask(
        shell, "awsprof use ", "awsprof use '", "awsprof use a", "awsprof login ~", "awsprof use \\$"
    )
    assert "plain_dev_paul" in answers[0]
    assert not list(completion.home.glob("*pwned*"))


def test_bash_offers_words_that_mean_the_name(completion: Completion, tool: Callable[[str], str]) -> None:
    """Each word that bash offers is, once bash has read it, one word, and a name that stands in a file."""
    tool("bash")
    _write(completion.home, HOSTILE)
    offered = sorted(completion.offers("bash", "awsprof credential-process "))
    code = "".join(f"set -- {word}\nprintf '%s\\0' $# \"$1\"\n" for word in offered)
    done = completion.run("bash", "--norc", "-c", code)
    assert done.stderr == b""
    read = done.stdout.decode().split("\0")[:-1]
    assert set(read[::2]) == {"1"}
    assert set(read[1::2]) <= {*HOSTILE, "a", "plain_dev_paul"}
    assert {"a'b", "$(touch${IFS}pwned)", "a b", "*", "é"} <= set(read[1::2])
    assert not (completion.home / "pwned").exists()


def test_zsh_and_fish_offer_the_names_themselves(completion: Completion, tool: Callable[[str], str]) -> None:
    """zsh and fish quote what they insert by themselves, so both are given names as they are."""
    tool("zsh"), tool("fish")
    _write(completion.home, HOSTILE)
    for shell in ("zsh", "fish"):
        offered = completion.offers(shell, "awsprof credential-process ")
        assert offered <= {*HOSTILE, "a", "plain_dev_paul"}
        assert {"a'b", "$(touch${IFS}pwned)", "a b", "*", "é"} <= offered


@pytest.mark.parametrize("line", ["awsprof use \\$\\(touch\\$\\{I", "awsprof use a\\'"])
def test_zsh_quotes_what_it_inserts(completion: Completion, line: str, tool: Callable[[str], str]) -> None:
    """A hostile name that is chosen stands on the line as one quoted word."""
    tool("zsh")
    _write(completion.home, HOSTILE)
    completed = completion.zsh_lines(line)[0]
    assert shlex.split(completed)[2] in HOSTILE
    assert len(shlex.split(completed)) == 3


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_hostile_state_files(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """What a state file says is shown only if it looks like what belongs there."""
    tool(shell)
    (completion.home / ".aws").mkdir()
    (completion.home / ".aws" / "config").write_text("[profile plain_dev_paul]\naws_account_id = $(touch pwned)\n")
    states = completion.home / ".local" / "state" / "awsprof" / "state"
    states.mkdir(parents=True)
    for text in ("$(touch pwned)\n`touch pwned`\n\x1b[31m\n", "a[$(touch pwned)]\n", "", "9" * 40, "\n\n\n\n"):
        (states / "plain_dev_paul").write_text(text)
        assert "plain_dev_paul" in completion.offers(shell, "awsprof use ")
    assert not (completion.home / "pwned").exists()


# --- processes


@pytest.fixture
def traced(tool: Callable[[str], str], tmp_path: Path) -> Callable[..., list[str]]:
    """Run a program under strace and return the lines that tell of a process made or a program started."""
    strace = tool("strace")
    if subprocess.run([strace, "-f", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    trace = tmp_path / "trace"

    def count(completion: Completion, *command: str) -> list[str]:
        done = completion.run(strace, "-f", "-e", "trace=process", "-o", str(trace), *command)
        assert (done.returncode, done.stderr) == (0, b"")
        return processes(trace)

    return count


def processes(trace: Path) -> list[str]:
    # A thread is no process.
    return [
        line
        for line in trace.read_text(errors="replace").splitlines()
        if re.search(r"\b(fork|vfork|clone|clone3|execve|execveat)\(", line) and "CLONE_THREAD" not in line
    ]


def _ten_thousand(home: Path) -> None:
    (home / ".aws").mkdir()
    text = "".join(
        f"[profile product{number // 50}_env{number % 5}_user{number % 50}]\nregion = eu-west-1\n"
        f"aws_account_id = {number:012}\ncredential_process = awsprof credential-process x\n\n"
        for number in range(10_000)
    )
    (home / ".aws" / "config").write_text(text)
    states = home / ".local" / "state" / "awsprof" / "state"
    states.mkdir(parents=True)
    for number in range(0, 50, 5):
        (states / f"product3_env0_user{number}").write_text("2000000000\n111111111111\nalias\n")


ASKED = (
    "awsprof use product3_e",
    "awsprof use product3/",
    "awsprof use ",
    "awsprof login --product prod",
    "awsprof set x region=eu-",
    "awsprof --quiet vault unlock --",
)


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_no_process(
    completion: Completion, shell: str, traced: Callable[..., list[str]], tool: Callable[[str], str]
) -> None:
    """Among 10,000 profiles, asking for names, options and values makes no process beyond the shell itself."""
    tool(shell)
    _ten_thousand(completion.home)
    if shell == "bash":
        code, empty = completion.bash_code(ASKED), completion.bash_code(())
        command = ("bash", "--norc", "-c")
    else:
        code, empty = completion.fish_code(ASKED), completion.fish_code(())
        command = ("fish", "--no-config", "-c")
    assert len(completion.offers(shell, "awsprof use product3_")) == 55
    assert len(traced(completion, *command, code)) == len(traced(completion, *command, empty))


def test_no_process_in_zsh(completion: Completion, traced: Callable[..., list[str]], tmp_path: Path) -> None:
    """The same in zsh, with real TABs."""
    _ten_thousand(completion.home)
    assert len(completion.offers("zsh", "awsprof use product3_")) == 55
    counts = []
    for lines in ((), ASKED):
        trace = tmp_path / f"zsh{len(lines)}"
        with completion.zsh(LOAD_ZSH, "strace", "-f", "-e", "trace=process", "-o", str(trace)) as child:
            for line in lines:
                child.send(f"{line}\x14")
                child.expect_exact("asked")
        counts.append(len(processes(trace)))
    assert counts[0] == counts[1] > 0
