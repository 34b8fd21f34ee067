"""Values that others wrote are shown, or not; no shell ever runs them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.shells.integration import with_line
from awsprof.shells.quoting import quote, render
from tests.test_shells.hooks import READY, SHELLS, STRICT, Shell, rendered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEV = "autochart_dev_paul"
# Each would leave a file named pwned wherever it is run.
CODE = [
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "(touch pwned)",
    "; touch pwned;",
    "\ntouch pwned\n",
    "\\$(touch pwned)",
    "\\\\$(touch pwned)",
    "\\`touch pwned\\`",
    "${x:-$(touch pwned)}",
    "$((x[$(touch pwned)]))",
    "x[$(touch pwned)]",
    "%F{red}$(touch pwned)",
    "%{$(touch pwned)%}",
    "%(!.$(touch pwned).$(touch pwned))",
    "!touch pwned",
    "!!",
    "\\[$(touch pwned)\\]",
    "\\w\\u\\h",
    "\x01\x1b]0;title\x07\x02$(touch pwned)",
    "\x1b[31mred",
    "\u202eright to left",
    "-e touch",
    "* ? [a-z] ~ {a,b}",
    "$env:x; touch pwned",
    "|touch pwned|",
    "&touch pwned&",
    ">pwned",
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[str], str]) -> Shell:
    shell = Shell(request.param, tmp_path, tool)
    # In the mood in which a shell expands the most in its prompt.
    shell.environ |= {"NO_COLOR": "1", "ZDOTDIR": str(tmp_path)}
    return shell


def _most_expanding(shell: Shell) -> str:
    return {"bash": "shopt -s promptvars", "zsh": "setopt prompt_subst prompt_percent prompt_bang", "fish": ""}[
        shell.name
    ]


def _shown(shell: Shell, *steps: str) -> list[str]:
    """The segments shown after each step, with nothing run, and nothing a terminal would act on."""
    ran = shell.run("\n".join([_most_expanding(shell), shell.prompting(*steps)]))
    assert (ran.status, ran.stderr) == (0, "")
    assert not list(shell.directory.rglob("pwned"))
    segments = [prompt.removesuffix(READY) for prompt in ran.prompts]
    assert all(segment.isprintable() for segment in segments)
    return segments


def test_names(shell: Shell) -> None:
    """A profile's name in AWS_PROFILE is shown without what could mean anything, and its state is found."""
    for name in CODE:
        shell.state(name, 2_610)
    segments = _shown(shell, *(shell.exporting("AWS_PROFILE", name) for name in CODE))
    assert len(segments) == len(CODE)
    for segment in segments:
        assert segment.endswith(" 43m ")
        assert not set(segment).intersection("$`\\%!;|&<>(){}[]\"'~*\u202e")


def test_states(shell: Shell) -> None:
    """Nothing in a state file is run or shown that is not what belongs there."""
    steps = []
    for number, code in enumerate(CODE):
        for where in range(4):
            name = f"a_dev_b{number}x{where}"
            path = shell.state(name, 2_610)
            lines = [*path.read_text().split("\n")[:3], ""]
            lines[where] = lines[where] + code
            when = path.stat().st_mtime
            path.write_text("\n".join(lines) + "\n")
            os.utime(path, (when, when))
            steps.append(shell.exporting("AWS_PROFILE", name))
    for segment in _shown(shell, *steps):
        assert segment in ("a/dev ", "a/dev 43m ")


def test_directories(shell: Shell) -> None:
    """Neither a product in a team file nor a directory's name is run or shown unless it is a product."""
    steps = []
    for code in CODE:
        for text in (f'product = "{code}"', f"product = '{code}'", f'product = "shop" {code}', f'{code} = "x"', code):
            place = shell.directory / str(len(steps)) / code.replace("/", "").replace("\0", "")
            place.mkdir(parents=True)
            (place / ".awsprof.toml").write_text(text)
            steps.append(f"cd {quote(shell.name, str(place))}")
    shell.environ["AWS_PROFILE"] = DEV
    shell.rendering["ascii_only"] = True
    # A line of its own that says product = "shop" is no code.
    assert set(_shown(shell, *steps)) == {"autochart/dev ", "autochart/dev !=shop "}


def test_variables(shell: Shell) -> None:
    """What other variables hold is never shown or run."""
    names = ("XDG_STATE_HOME", "NO_COLOR", "TERM", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "HOME")
    shell.environ["AWS_PROFILE"] = DEV
    steps = [shell.exporting(name, prefix + code) for name in names for code in CODE for prefix in ("", "/")]
    marks = "autochart/dev ⚠ AWS_ACCESS_KEY_ID ⚠ AWS_DEFAULT_PROFILE "
    for segment in _shown(shell, *steps):
        assert set(segment.split()) <= set(marks.split())


def test_numbers_are_no_expressions(shell: Shell) -> None:
    """The clock of an old bash, kept in variables, is no place for code either: they are the shell's own."""
    shell.environ |= {
        "AWS_PROFILE": DEV,
        "__awsprof_expires": "x[$(touch pwned)]",
        "__awsprof_previous": "$(touch pwned)",
    }
    shell.environ |= {"__awsprof_segment": "$(touch pwned)", "__awsprof_name": DEV, "__awsprof_state": ""}
    assert _shown(shell, "") == ["autochart/dev "]


def test_rendered_values(shell: Shell) -> None:
    """The launcher's path, the state directory, the user and the envs reach the shell as they are."""
    script, expected = [STRICT[shell.name]], []
    for number, code in enumerate(CODE):
        values = [f"/nowhere/{code}/awsprof", f"/nowhere/{code}", code]
        made = dict(zip(("launcher", "states", "user"), values, strict=True))
        text = rendered(shell.name, shell.directory, **made, protected_envs=(code,))
        (shell.directory / f"hook{number}").write_text(text)
        script += [shell.forgetting("AWSPROF_USER"), f"source ./hook{number}"]
        script += ['printf \'%s\\0\' "$__awsprof_launcher" "$__awsprof_states" "$AWSPROF_USER"']
        expected += values
    ran = shell.run("\n".join(script))
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.split("\0")[:-1] == expected
    assert not list(shell.directory.rglob("pwned"))


def test_code_of_use(shell: Shell) -> None:
    """The wrapper ends up with the very name that ``use`` printed, whatever is in it."""
    launcher = shell.directory / "bin" / "awsprof"
    launcher.parent.mkdir()
    launcher.write_text('#!/bin/sh\nexec cat "${0%/*}/$2"\n')
    launcher.chmod(0o755)
    (shell.directory / "hook").write_text(rendered(shell.name, shell.directory))
    script = [STRICT[shell.name], "source ./hook"]
    for number, code in enumerate(CODE):
        printed = render("fish" if shell.name == "fish" else "sh", ["X"], {"AWS_PROFILE": code})
        (launcher.parent / str(number)).write_text(printed)
        script.append(f"awsprof use {number}\nprintf '%s\\0' \"$AWS_PROFILE\"")
    ran = shell.run("\n".join(script))
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.split("\0")[:-1] == CODE
    assert not list(shell.directory.rglob("pwned"))


def test_launcher_of_any_name_is_run(shell: Shell) -> None:
    """A launcher in a directory of any name is what the wrapper runs."""
    for code in CODE:
        launcher = shell.directory / "bin" / code.replace("/", "") / "awsprof"
        launcher.parent.mkdir(parents=True)
        launcher.write_text('#!/bin/sh\nprintf "%s|" "$0" "$@"\n')
        launcher.chmod(0o755)
        (shell.directory / "hook").write_text(rendered(shell.name, shell.directory, launcher=str(launcher)))
        ran = shell.run("source ./hook\nawsprof list 'a b'\n")
        assert ran.stdout == f"{launcher}|list|a b|"
    assert not list(shell.directory.rglob("pwned"))


def test_start_up_file_keeps_its_bytes() -> None:
    """The line is added behind all that was there, on a line of its own."""
    for before in (b"", b"x\n", b"x", os.fsencode("é\n"), b"\xff\x00\r\n"):
        after = with_line(before, "line")
        assert after.startswith(before)
        assert after[len(before) :].strip(b"\n") == b"line"
        assert after.endswith(b"\nline\n") or before == b""
