"""The completion files as they are committed: generated from the commands, clean, and printed by the command line."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from awsprof.aws.regions import known_regions
from awsprof.cli.completion import generated, tree
from awsprof.cli.main import main
from awsprof.shells.completion import FILES, script
from awsprof.shells.completion_tree import Option, Tree, Value
from awsprof.shells.quoting import quote
from tests.test_shells.completions import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import CommandLine

ROOT = Path(__file__).parents[2]
REGENERATE = "scripts/completions makes it anew"


@pytest.fixture(scope="module")
def regions() -> list[str]:
    """The regions in the committed files; botocore may have learned of more since they were made."""
    found = re.search(r"region\) __awsprof_complete_add (.*) ;;", SCRIPTS["bash"].read_text())
    assert found is not None
    return found[1].split()


@pytest.fixture(scope="module")
def described(regions: list[str]) -> Tree:
    return tree(regions)


@pytest.mark.parametrize("shell", FILES)
def test_committed_is_what_is_generated(shell: str, regions: list[str]) -> None:
    """The commands and the committed file agree to the byte."""
    assert SCRIPTS[shell].read_text("utf-8") == generated(regions)[shell], REGENERATE


def test_regions_are_botocores(regions: list[str]) -> None:
    """No region stands in the files that botocore does not know."""
    assert len(regions) > 30
    assert set(regions) <= set(known_regions())


@pytest.mark.parametrize("shell", FILES)
def test_command_prints_the_committed_file(awsprof: CommandLine, shell: str) -> None:
    """'completion' and 'init' give out exactly the committed file."""
    text = SCRIPTS[shell].read_text("utf-8")
    outcome = awsprof("completion", shell)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, text, "")
    assert script(shell) == text


def test_other_shells_are_refused(awsprof: CommandLine) -> None:
    """A shell without a completion file is a usage error that names the others."""
    missing = awsprof("completion")
    assert (missing.status, missing.stdout) == (2, "")
    assert missing.stderr.splitlines()[0].endswith(": choose from bash, zsh, fish, powershell.")
    outcome = awsprof("completion", "tcsh")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish', 'powershell'" in outcome.stderr


def test_every_command_is_described(described: Tree) -> None:
    """No command, no option and no argument of the command line is missing."""

    def walk(command: click.Command, path: tuple[str, ...], parent: click.Context | None) -> None:
        context = click.Context(command, parent, **command.context_settings)
        one = next(one for one in described.commands if one.path == path)
        options = [it for it in command.get_params(context) if isinstance(it, click.Option) and not it.hidden]
        assert {name for option in one.options for name in option.names} == {
            name for option in options for name in (*option.opts, *option.secondary_opts)
        }
        assert bool(one.arguments) == any(isinstance(it, click.Argument) for it in command.get_params(context))
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                if not found.hidden:
                    assert (one.commands or {})[name]
                    walk(found, (*path, name), context)

    walk(main, (), None)


def test_kinds(described: Tree) -> None:
    """Selectors, regions, files and the rest are known for what they are."""
    commands = {command.name: command for command in described.commands}

    def arguments(name: str) -> list[tuple[str, bool]]:
        return [(argument.value.kind, argument.repeated) for argument in commands[name].arguments]

    def option(command: str, name: str) -> Option:
        return next(option for option in commands[command].options if name in option.names)

    assert arguments("login") == [("selector", True)]
    assert arguments("use") == [("back", False)]
    assert arguments("add") == [("product", False), ("env", False), ("user", False)]
    assert arguments("exec") == [("selector", False), ("command", False)]
    assert arguments("set") == [("selector", False), ("key", True)]
    assert arguments("settings get") == [("setting", False)]
    assert arguments("import") == [("profile", True)]
    assert arguments("credential-process") == [("profile", False)]
    assert option("add", "--from").values == (Value("file", "FILE"),)
    assert option("add", "--region").values == (Value("region", "REGION"),)
    assert option("add", "--account-id").values == (Value("text", "ID"),)
    assert option("add", "--force").values == ()
    assert [value.kind for value in option("default", "--rename").values] == ["product", "env", "user"]
    assert "-h" in option("login", "--help").names


@pytest.mark.parametrize("word", ["a b", "$(id)", "a;b", "'", "*", ""])
def test_what_a_shell_would_read_is_refused(word: str) -> None:
    """Words go into the files as they are, so the generator takes plain ones only."""
    with pytest.raises(AssertionError):
        Value("words", words=(word,))


@pytest.mark.parametrize(
    "command",
    [
        ["shellcheck", "--shell=bash", SCRIPTS["bash"]],
        ["bash", "-n", SCRIPTS["bash"]],
        ["bash", "--posix", "-n", SCRIPTS["bash"]],
        ["shfmt", "-i", "2", "-d", SCRIPTS["bash"]],
        ["zsh", "-n", SCRIPTS["zsh"]],
        ["fish", "-n", SCRIPTS["fish"]],
        ["fish_indent", "--check", SCRIPTS["fish"]],
        ["shellcheck", ROOT / "scripts" / "completions"],
    ],
    ids=lambda command: " ".join(map(str, command[:-1])) if isinstance(command, list) else None,
)
def test_linters(command: list[str | Path], tool: Callable[[str], str]) -> None:
    """Each shell's own linters have nothing to say."""
    program, *words = map(str, command)
    done = subprocess.run([tool(program), *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# What bash 3.2 of macOS does not have, and would not even parse or would misread.
NEWER_THAN_3_2 = {
    "case changes": r"\$\{[^}]*(,,|\^\^)",
    "transformations": r"\$\{[^}]*@[A-Za-z]\}",
    "negative subscripts": r"\[-[0-9]",
    "negative lengths": r"\$\{\w+:[^}]*: *-[0-9]",
    "both streams at once": r"&>|\|&",
    "falling through": r";;?&",
    "-v": r"\[\[ -v ",
    "times": r"%\(",
    "name references": r"-n \w+=|local -n|declare -g",
    "readarray, coproc, wait -n": r"\breadarray\b|\bcoproc\b|wait -n",
    "clock variables": r"EPOCH|BASH_ARGV0|SRANDOM",
}


@pytest.mark.parametrize("feature", NEWER_THAN_3_2)
def test_bash_code_has_nothing_newer_than_3_2(feature: str) -> None:
    """What macOS's bash would choke on is not there at all."""
    code = re.sub(r"(?m)^\s*#.*", "", SCRIPTS["bash"].read_text())
    assert re.findall(NEWER_THAN_3_2[feature], code) == []


def test_bash_guards_what_3_2_lacks() -> None:
    """What is newer, and worth having, is asked for first."""
    lines = SCRIPTS["bash"].read_text().splitlines()
    for word in ("mapfile", "compopt", "local -A"):
        uses = [number for number, line in enumerate(lines) if re.search(rf"(^|[\s;{{]){word} ", line.split("#")[0])]
        assert uses, word
        for number in uses:
            assert re.search(
                r"type (mapfile|compopt) |if \\builtin local -A .* 2>/dev/null", f"{lines[number - 1]} {lines[number]}"
            )


def test_wheel_puts_the_files_where_shells_look() -> None:
    """The wheel has each shell's file in the place its package manager would use, and all of them for 'init'."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-data"] == {
        "completions/awsprof.bash": "share/bash-completion/completions/awsprof",
        "completions/_awsprof": "share/zsh/site-functions/_awsprof",
        "completions/awsprof.fish": "share/fish/vendor_completions.d/awsprof.fish",
    }
    assert wheel["force-include"] == {
        f"completions/{name}": f"awsprof/shells/completions/{name}" for name in FILES.values()
    }


# --- PowerShell, which is not run here: its text is read as PowerShell reads it

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | '(?P<single>(?:[^'\u2018\u2019\u201a\u201b]|'')*)'
    | "(?P<double>(?:[^"`$\u201c\u201d\u201e]|\$\w+|\$_)*)"
    | (?P<open>[({\[]) | (?P<close>[)}\]])
    | (?P<variable>\$(?:env:)?\w+)
    | (?P<other>[^\s"'\#(){}\[\]])
    | (?P<space>\s+)""",
    re.VERBOSE,
)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Take PowerShell code apart; fails at a quote that is not closed, or closed too early to make sense."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None, text[at : at + 40]
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def test_powershell_brackets_and_quotes_close() -> None:
    """Every bracket is closed by its own kind, outside of strings and comments."""
    stack: list[str] = []
    for kind, text in _tokens(SCRIPTS["powershell"].read_text()):
        if kind == "open":
            stack.append({"(": ")", "{": "}", "[": "]"}[text])
        elif kind == "close":
            assert stack.pop() == text
    assert stack == []


def test_powershell_strings_are_the_helps(described: Tree) -> None:
    """Read as PowerShell does, the strings of the table are the words and helps of the commands."""
    strings = {text.replace("''", "'") for kind, text in _tokens(SCRIPTS["powershell"].read_text()) if kind == "single"}
    for command in described.commands:
        assert command.name in strings
        assert set((command.commands or {}).values()) <= strings
        for option in command.options:
            assert {*option.names, option.help} <= strings
    assert any("'" in text for text in strings)


def test_powershell_quoting_is_undone_by_the_tokenizer() -> None:
    """The tokenizer reads back whatever the generator's quoting wrote."""
    for text in ["it's", "a\u2019b", "$(x)", "`", '"', "", "'"]:
        quoted = quote("powershell", text)
        assert len(quoted) >= 2
        inner = quoted[1:-1]
        assert re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", inner) == text


def test_powershell_reads_files_and_starts_nothing() -> None:
    """No operator or command that would run text or a program stands in the code."""
    kinds = _tokens(SCRIPTS["powershell"].read_text())
    code = "".join(text for kind, text in kinds if kind in ("other", "variable", "space", "open", "close"))
    assert not re.search(
        r"Invoke-Expression|\biex\b|Start-Process|\bawsprof\s+[a-z]|(^|\s)&(\s|$)|\[scriptblock\]", code
    )
    assert "[System.IO.File]::ReadLines($file)" in code


def test_powershell_runs(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Where PowerShell is there, it loads the file and completes with it."""
    import shutil

    if shutil.which("pwsh") is None:
        pytest.skip("needs pwsh, which is not installed")
    (tmp_path / "config").write_text("[default]\n[profile autochart_dev_paul]\n[profile two;id]\n")
    asked = "(TabExpansion2 -inputScript 'awsprof login auto' -cursorColumn 18).CompletionMatches.CompletionText"
    code = f". '{SCRIPTS['powershell']}'; {asked}"
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([tool("pwsh"), "-NoProfile", "-Command", code], env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, b"", [b"autochart_dev_paul", b"autochart_dev"])
