"""Every rendering of every hook: sound in its shell's strictest mood, silent, the same when loaded twice, linted."""

from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.shells.integration import rc_line
from tests.test_shells.hooks import SHELLS, STRICT, Shell, rendered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OPTIONS = [
    {"prompt": prompt, "completion": completion} for prompt, completion in itertools.product((True, False), repeat=2)
]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"user": "paul", "protected_envs": ("legacy", "qa.eu-1"), "ascii_only": True, "release": False},
    {"user": "it's $(touch pwned)", "launcher": "/a b/'$(touch pwned)`touch pwned`\n/awsprof", "states": "/tmp/é \\'"},
]
ALL = [{**options, **settings} for options in OPTIONS for settings in SETTINGS]


def _name(changes: dict[str, Any]) -> str:
    parts = [name for name in ("prompt", "completion") if not changes[name]]
    return "-".join(
        [*(f"no-{part}" for part in parts), *(key for key in changes if key not in ("prompt", "completion"))]
    )


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[str], str]) -> Shell:
    return Shell(request.param, tmp_path, tool)


# What a shell has of ours, in its own words.
_OURS = {
    "bash": "set +u; (set -o posix; set | grep ^__awsprof); declare -f; printf '%s\\n' \"${PROMPT_COMMAND[@]}\"",
    "zsh": "typeset -m '__awsprof*'; functions; print -l -- $precmd_functions",
    "fish": "set -S | string match '*__awsprof*'; functions -a; for name in (functions -a | string match '*awsprof*')\n"
    "functions $name\nend",
}


@pytest.mark.parametrize("changes", ALL, ids=_name)
def test_loads_silently(shell: Shell, changes: dict[str, Any]) -> None:
    """Loaded with all checks of the shell on, once or twice, it prints nothing, fails nowhere and executes no value."""
    hook = shell.directory / "hook"
    hook.write_text(rendered(shell.name, shell.directory, **changes))
    assert shell.run(f"{STRICT[shell.name]}\nsource ./hook\nsource ./hook\n") == shell.run("")
    assert not (shell.directory / "pwned").exists()


@pytest.mark.parametrize("changes", OPTIONS, ids=_name)
def test_loading_twice_changes_nothing(shell: Shell, changes: dict[str, Any]) -> None:
    """A shell that has loaded it twice holds what it held after the first time."""
    hook = shell.directory / "hook"
    hook.write_text(rendered(shell.name, shell.directory, **changes))
    once, twice = (shell.run("source ./hook\n" * times + _OURS[shell.name]) for times in (1, 2))
    assert "__awsprof_run" in once.stdout
    assert once == twice


@pytest.mark.parametrize("changes", OPTIONS, ids=_name)
def test_what_is_left_out(shell: Shell, changes: dict[str, Any]) -> None:
    """Without the prompt nothing draws it; without release either, nothing happens before a prompt."""
    text = rendered(shell.name, shell.directory, **changes)
    assert ("__awsprof_draw" in text) is changes["prompt"]
    assert "__awsprof_hook" in text
    without = rendered(shell.name, shell.directory, **changes, release=False)
    assert ("__awsprof_hook" in without) is changes["prompt"]
    assert "# >>>" not in text
    assert "# <<<" not in text


def test_user_is_exported(shell: Shell) -> None:
    """The setting user becomes AWSPROF_USER, unless that is set already."""
    (shell.directory / "hook").write_text(rendered(shell.name, shell.directory, user="paul"))
    script = "source ./hook\nenv | grep ^AWSPROF_"
    assert shell.run(script).stdout == "AWSPROF_USER=paul\n"
    shell.environ["AWSPROF_USER"] = "anna"
    assert shell.run(script).stdout == "AWSPROF_USER=anna\n"


def test_nothing_else_is_exported(shell: Shell) -> None:
    """Loading it, and prompting, leaves the environment of what is started as it was."""
    before = shell.run("env | sort")
    script = shell.prompting("", "")
    assert shell.run(f"{script}\nenv | sort").stdout.split("\0")[-1] == before.stdout


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_alias_breaks_nothing(name: str, tmp_path: Path, tool: Callable[[str], str]) -> None:
    """With builtins aliased to something else, it loads, completion included, and prompts as ever."""
    shell = Shell(name, tmp_path, tool, {"AWS_PROFILE": "a_dev_b"}, {"completion": True})
    names = ["local", "read", "printf", "unset", "return", "eval", "export", "shopt", "command", "true", "print"]
    names += ["emulate", "setopt", "zmodload", "typeset", "break", "builtin", "type", "set", "complete", "compgen"]
    names += ["compopt", "mapfile", "integer", "shift", "zstat", "autoload"]
    aliases = "\n".join(f"alias {name}='false {name}'" for name in names)
    expand = "shopt -s expand_aliases\n" if name == "bash" else ""
    begin, middle, rest = shell.prompting("").partition("for ")
    (shell.directory / "loading").write_text(begin)
    shell.state("a_dev_b", 100_000)
    complete = {
        "bash": "COMP_LINE='awsprof of' COMP_WORDS=(awsprof of) COMP_CWORD=1; __awsprof_complete awsprof of awsprof\n"
        "printf '%s\\0' \"${COMPREPLY[@]}\"",
        "zsh": "__awsprof_complete_table '' && printf 'off\\0'",
    }
    ran = shell.run(f"{expand}{aliases}\nsource ./loading\nunalias -a\n{middle}{rest}{complete[name]}")
    assert (ran.status, ran.stderr) == (0, "")
    assert "a/dev 27h" in ran.prompts[0]
    assert ran.stdout.endswith("\0off\0")


# --- linters


@pytest.mark.parametrize("changes", OPTIONS, ids=_name)
def test_shellcheck_and_shfmt(tool: Callable[[str], str], tmp_path: Path, changes: dict[str, Any]) -> None:
    """What bash is given has no finding of shellcheck's, and is formatted as shfmt would."""
    hook = tmp_path / "hook.bash"
    hook.write_text(rendered("bash", tmp_path, **changes))
    for command in (["shellcheck"], ["shfmt", "-i", "2", "-d"]):
        done = subprocess.run([tool(command[0]), *command[1:], hook], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("changes", OPTIONS, ids=_name)
def test_fish_indent(tool: Callable[[str], str], tmp_path: Path, changes: dict[str, Any]) -> None:
    """What fish is given is formatted as fish_indent would."""
    hook = tmp_path / "hook.fish"
    hook.write_text(rendered("fish", tmp_path, **changes))
    done = subprocess.run([tool("fish_indent"), "--check", hook], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell_name", [*SHELLS, "powershell"])
def test_is_ascii(shell_name: str, tmp_path: Path) -> None:
    """The hook itself is plain ASCII, so that no locale and no encoding of a terminal can garble it."""
    assert rendered(shell_name, tmp_path).isascii()


def test_rc_lines() -> None:
    """The line for each shell's start-up file."""
    assert rc_line("bash") == 'eval "$(awsprof init bash)"'
    assert rc_line("zsh", " --no-prompt") == 'eval "$(awsprof init zsh --no-prompt)"'
    assert rc_line("fish") == "awsprof init fish | source"
    assert rc_line("powershell") == "Invoke-Expression (& awsprof init powershell | Out-String)"
