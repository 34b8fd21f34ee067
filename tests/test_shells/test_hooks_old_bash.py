"""
bash 3.2, which macOS has: nothing newer stands in our code without a guard, and the branches it takes are run.

There is no bash 3.2 to be had on today's Linux: what is newer is looked for in the text, and the branches that depend
on what a bash can do are run in today's.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_shells.hooks import Shell, plain, rendered

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
# What came after 3.2, by bash's own NEWS, and 3.2 would stumble over: only for a line that asks for the version.
NEWER = {
    "case modification (4.0)": r"\$\{[A-Za-z_]\w*(\[[^]]*\])?(\^|,)",
    "transformation (4.4)": r"\$\{[A-Za-z_]\w*(\[[^]]*\])?@[A-Za-z]\}",
    "coproc (4.0)": r"\bcoproc\b",
    "test -v (4.2) and -R (4.3)": r"(\[\[?|&&|\|\||!) +-[vR] ",
    "redirection of both (4.0)": r"(&>>|\|&)",
    "case that goes on (4.0)": r";;?&",
    "read -i, -N and fractions (4.0, 4.1)": r"\bread\b[^;|]* -\w*[iN]|\bread\b[^;|]* -t *\.",
    "clock variables (5.0)": r"\bEPOCH(SECONDS|REALTIME)\b",
    "other variables (4.0 and later)": r"\b(BASHPID|BASH_ARGV0|SRANDOM|READLINE_LINE|PROMPT_DIRTRIM|COMP_TYPE_NONE)\b",
    "negative subscripts (4.3) and lengths (4.2)": r"\[-[0-9]+\]|\$\{\w+:[^}:]*: *-[0-9]",
    "unicode escapes (4.2)": r"\$'[^']*\\[uU]",
    "named descriptors (4.1)": r"\{[a-z_]+\}[<>]",
    "step in a sequence (4.0)": r"\{[0-9a-z]+\.\.[0-9a-z]+\.\.",
    "wait -n (4.3)": r"\bwait -n\b",
    "shopt options (4.0 and later)": r"shopt .*(globstar|autocd|dirspell|lastpipe|inherit_errexit|localvar_inherit)",
    "complete -D, -E and -I (4.1 and later)": r"\bcomplete -\w*[DEI]",
    "declare -p of a local's scope (4.4), local -": r"\blocal -( |$)",
    "quoting in a pattern substitution's replacement (differs in 4.3)": r"\$\{\w+//?[^}]*/[^}]*[\"'\\]",
}
# Commands and options that 3.2 only fails at: also for a line that asks for the command, or puts up with the failure.
NEWER_COMMANDS = {
    "mapfile and readarray (4.0)": r"\b(mapfile|readarray)\b",
    "options of declarations (4.0 and later)": r"\b(declare|typeset|local) -\w*[Ang]",
    "printf's time (4.2)": r"%\([^)]*\)T",
    "compopt (4.0)": r"\bcompopt\b",
}
# Newer words that are reached only where they are understood, and what sees to that.
ALLOWED = {
    "variable) __awsprof_seconds=$((__awsprof_expires - EPOCHSECONDS)) ;;": "__awsprof_clock, which asked the version",
    "\\builtin printf -v __awsprof_seconds '%(%s)T' -1": "__awsprof_clock, which asked printf",
    "\\builtin mapfile -t -d '' __awsprof_text <\"$__awsprof_path\" || :": "the version, above",
}


def unguarded(text: str) -> list[str]:
    """The lines of *text* with words that bash 3.2 has not, but for those that ask for the version or are allowed."""
    found = []
    for line in map(str.strip, text.splitlines()):
        code = re.sub(r"(^|\s)#.*", "", line)
        if "BASH_VERSINFO" in code or line in ALLOWED:
            continue
        puts_up = "2>/dev/null" in code or re.search(r"\btype \w+ >/dev/null", code)
        forms = NEWER if puts_up else NEWER | NEWER_COMMANDS
        found += [f"{what}: {line}" for what, form in forms.items() if re.search(form, code)]
    return found


@pytest.mark.parametrize("path", ["awsprof/shells/hook.bash", "completions/awsprof.bash"])
def test_nothing_newer(path: str) -> None:
    """No line has anything newer than bash 3.2 without asking for it."""
    assert unguarded((ROOT / path).read_text()) == []


def test_allowed_lines_are_there() -> None:
    """What is allowed is no longer than what needs it."""
    lines = {line.strip() for line in (ROOT / "awsprof/shells/hook.bash").read_text().splitlines()}
    assert set(ALLOWED) <= lines


@pytest.mark.parametrize(
    "line",
    [
        "x=${x^^}",
        "x=${x,}",
        "x=${x[@]@Q}",
        "mapfile -t x <y",
        "declare -A x",
        "local -n x=y",
        "[[ -v x ]]",
        "x &>> y",
        "x |& y",
        "x) y ;;&",
        "read -N 3 x",
        "now=$EPOCHSECONDS",
        "printf -v x '%(%s)T' -1",
        "x=${x[-1]}",
        "x=${x:1:-2}",
        "x=$'\\u26a0'",
        "exec {fd}>x",
        "echo {1..9..2}",
        "shopt -s globstar",
        "compopt -o nospace",
        'x=${x//a/"b"}',
    ],
)
def test_what_is_newer_is_found(line: str) -> None:
    """The search finds each of these."""
    assert unguarded(line) != []


@pytest.mark.parametrize("clock", ["variable", "printf", "seconds"])
@pytest.mark.parametrize(("left_s", "words"), [(2_610, "43m"), (7_230, "2h00m"), (-1, "expired")])
def test_every_clock(tool: Callable[[str], str], tmp_path: Path, clock: str, left_s: int, words: str) -> None:
    """Whichever way a bash tells the time, the prompt says the same."""
    shell = Shell("bash", tmp_path, tool, {"AWS_PROFILE": "a_dev_b"})
    shell.state("a_dev_b", left_s)
    script = f"set -euo pipefail; __awsprof_clock={clock}\n" + shell.prompting("", "SECONDS=SECONDS")
    ran = shell.run(script)
    assert (ran.status, ran.stderr) == (0, "")
    assert [plain(prompt) for prompt in ran.prompts] == [f"a/dev {words} READY> "] * 2


def test_clock_that_is_chosen(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Without the variable of bash 5 the time comes from printf."""
    hook = tmp_path / "hook"
    hook.write_text(rendered("bash", tmp_path))
    for before, expected in (("", "variable"), ("unset EPOCHSECONDS; ", "printf")):
        script = f'{before}source "$1"; echo "$__awsprof_clock"'
        done = subprocess.run([tool("bash"), "-c", script, "bash", hook], capture_output=True, text=True, check=True)
        assert done.stdout == f"{expected}\n"
