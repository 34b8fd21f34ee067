"""What the hooks cost, and what they leave of prompts, statuses and hooks that were there before."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from awsprof.shells.quoting import quote, render
from tests.test_shells.hooks import READY, SHELLS, STRICT, Ran, Shell, forks, plain, rendered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEV, PROD = "autochart_dev_paul", "autochart_prod_paul"


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[str], str]) -> Shell:
    return Shell(request.param, tmp_path, tool)


# --- what it costs


def _steps(shell: Shell) -> list[str]:
    """What makes the hook do everything it can, by builtins alone."""
    (shell.directory / "shop").mkdir()
    (shell.directory / "shop" / ".awsprof.toml").write_text('product = "shop"\n')
    shell.state(DEV, 7_230, alias="acme-dev")
    shell.state("Old Profile", 2_610)
    shell.state("shop_dev_a", 100)
    shell.state("shop_dev_b", -1)
    shell.state(PROD, -1)
    names = (DEV, "Old Profile", "shop_dev_a", "shop_dev_b", PROD)
    steps = ["", *(shell.exporting("AWS_PROFILE", name) for name in names)]
    steps += [f"cd {quote(shell.name, str(shell.directory / 'shop'))}", shell.exporting("AWS_PROFILE", DEV)]
    steps += [shell.exporting("AWS_ACCESS_KEY_ID", "x"), shell.forgetting("AWS_PROFILE")]
    return steps


def test_no_process(shell: Shell, tool: Callable[[str], str], tmp_path: Path) -> None:
    """Neither loading the hook nor any prompt starts a process."""
    trace = tmp_path / "trace"
    wrapper = (tool("strace"), "-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o", str(trace))
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs leave to trace processes, which this machine does not give")
    steps = _steps(shell)
    ran = shell.run(shell.prompting(*steps), wrapper=wrapper)
    assert (ran.status, len(ran.prompts)) == (0, len(steps))
    assert forks(trace.read_text()) == []
    # What would be counted is counted.
    shell.run("sh -c true; true", wrapper=wrapper)
    assert len(forks(trace.read_text())) == 1


def test_strict_options(shell: Shell) -> None:
    """Every step goes well where a shell stops at any failure, unset variable or new global."""
    steps = _steps(shell)
    ran = shell.run(STRICT[shell.name] + "\n" + shell.prompting(*steps))
    assert (ran.status, len(ran.prompts)) == (0, len(steps))
    assert ran.stderr == "awsprof: the session of autochart/prod has expired: this shell lets go of it\n"


# --- what was there before


def _bash(tool: Callable[[str], str], directory: Path, script: str) -> subprocess.CompletedProcess[str]:
    hook = directory / "hook.bash"
    hook.write_text(rendered("bash", directory))
    words = [tool("bash"), "--norc", "--noprofile", "-c", script, "bash", str(hook)]
    return subprocess.run(
        words, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "TERM": "xterm"}, check=False
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("unset PROMPT_COMMAND", ["__awsprof_hook"]),
        ("PROMPT_COMMAND=", ["__awsprof_hook"]),
        ("PROMPT_COMMAND='mine'", ["mine\n__awsprof_hook"]),
        ("PROMPT_COMMAND='mine; '", ["mine; \n__awsprof_hook"]),
        ("PROMPT_COMMAND='mine # yours'", ["mine # yours\n__awsprof_hook"]),
        ("PROMPT_COMMAND=('one' 'two; ')", ["one", "two; ", "__awsprof_hook"]),
        ("PROMPT_COMMAND=('one')", ["one\n__awsprof_hook"]),
        ("PROMPT_COMMAND=()", ["__awsprof_hook"]),
        ("PROMPT_COMMAND=('__awsprof_hook' 'two')", ["__awsprof_hook", "two"]),
    ],
)
def test_prompt_command_of_bash(tool: Callable[[str], str], tmp_path: Path, before: str, after: list[str]) -> None:
    """A string stays a string and an array an array; ours comes last, once, however often it is loaded."""
    script = f'{before}; source "$1"; source "$1"; printf "%s\\0" "${{PROMPT_COMMAND[@]}}"'
    for mood in ("", f"{STRICT['bash']}; "):
        done = _bash(tool, tmp_path, mood + script)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split("\0")[:-1] == after


def test_status_reaches_what_comes_behind(tool: Callable[[str], str], tmp_path: Path) -> None:
    """In bash a command appended to PROMPT_COMMAND later finds the status that ours found."""
    script = 'source "$1"; AWS_PROFILE=a_dev_b PS1=x; (exit 7) || __awsprof_hook; echo $?; __awsprof_hook; echo $?'
    done = _bash(tool, tmp_path, script)
    assert (done.stdout, done.stderr) == ("7\n0\n", "")


def test_prompt_that_is_no_template(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Where bash is told not to expand PS1, the segment itself stands in it, and goes again."""
    script = (
        'shopt -u promptvars; source "$1"; PS1="mine> " NO_COLOR=1; export AWS_PROFILE=a_dev_b\n'
        '__awsprof_hook; echo "$PS1"; __awsprof_hook; echo "$PS1"; unset AWS_PROFILE; __awsprof_hook; echo "$PS1"'
    )
    done = _bash(tool, tmp_path, script)
    assert (done.stdout, done.stderr) == ("a/dev mine> \na/dev mine> \nmine> \n", "")


def test_place_of_ones_own_in_bash(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A PS1 that has a place for the segment is left alone."""
    script = (
        "source \"$1\"; NO_COLOR=1; export AWS_PROFILE=a_dev_b; PS1='before ${__awsprof_segment-}after'\n"
        '__awsprof_hook; echo "${PS1@P}"; unset PS1; __awsprof_hook; echo "${PS1-none}"'
    )
    done = _bash(tool, tmp_path, script)
    assert (done.stdout, done.stderr) == ("before a/dev after\nnone\n", "")


def test_precmd_functions_of_zsh(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Others stay where they are; ours comes last, once, however often it is loaded."""
    hook = tmp_path / "hook.zsh"
    hook.write_text(rendered("zsh", tmp_path))
    script = (
        "setopt err_exit no_unset warn_create_global; precmd_functions=(one two); source $1; source $1\n"
        "print -r -- $precmd_functions; NO_COLOR=1; export AWS_PROFILE=a_dev_b\n"
        'PS1="mine $__awsprof_segment> " RPS1=""; __awsprof_hook; print -P -- $PS1\n'
        'PS1="mine>" RPS1="$__awsprof_segment"; __awsprof_hook; print -P -- $PS1 $RPS1\n'
        'unsetopt prompt_percent; PS1="plain>" RPS1=; __awsprof_hook; print -r -- $PS1\n'
        "unset PS1; __awsprof_hook; print -r -- ${PS1-none}"
    )
    done = subprocess.run(
        [tool("zsh"), "-f", "-c", script, "zsh", str(hook)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "one two __awsprof_hook\nmine a/dev > \nmine> a/dev \nplain>\nnone\n"


def test_psvar_that_a_hook_of_zsh_sets_anew(tool: Callable[[str], str], tmp_path: Path) -> None:
    """The segment stays, red included, where a hook of the user's own makes psvar anew before each prompt."""
    shell = Shell("zsh", tmp_path, tool)
    shell.state(PROD, 7_230)
    steps = ["precmd() { psvar=(); psvar[1]=mine; }; PS1='%1v> '; precmd", shell.exporting("AWS_PROFILE", PROD)]
    first, *rest = shell.prompts(steps[0], *(f"{step}\nprecmd" for step in (steps[1], "", "", "")))
    assert first == "mine> "
    assert [plain(prompt) for prompt in rest] == [" autochart/prod 2h00m  mine> "] * 4
    assert all("\x1b[41m" in prompt for prompt in rest)


def test_statuses_of_fish(tool: Callable[[str], str], tmp_path: Path) -> None:
    """The user's own prompt finds $status and $pipestatus as they were."""
    hook = tmp_path / "hook.fish"
    hook.write_text(rendered("fish", tmp_path))
    script = (
        'source $argv[1]\nsource $argv[1]\nfunction fish_prompt\n echo "$status:$pipestatus"\nend\nemit fish_prompt\n'
        "true; fish_prompt\nfalse; fish_prompt\nsh -c 'exit 7'; fish_prompt\n"
        "false | true; fish_prompt\ntrue | sh -c 'exit 3' | false; fish_prompt\nnot true; fish_prompt\n"
    )
    words = [tool("fish"), "--no-config", "-c", script, str(hook)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["0:0", "1:1", "7:7", "0:1 0", "1:0 3 1", "1:0"]


def test_fish_prompt_that_is_defined_later(tool: Callable[[str], str], tmp_path: Path) -> None:
    """What is fish_prompt at the first prompt is kept, also where it was defined behind ours, and loading again."""
    hook = tmp_path / "hook.fish"
    hook.write_text(rendered("fish", tmp_path))
    script = (
        "set -gx NO_COLOR 1; set -gx AWS_PROFILE a_dev_b; source $argv[1]\n"
        "function fish_prompt\n echo mine\nend\nemit fish_prompt\nfish_prompt\nsource $argv[1]\nemit fish_prompt\n"
        "fish_prompt\nfunction fish_prompt\n echo new\nend\nsource $argv[1]\nemit fish_prompt\nfish_prompt\n"
    )
    words = [tool("fish"), "--no-config", "-c", script, str(hook)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("a/dev mine\na/dev mine\na/dev new\n", "")


# As activating a Python environment wraps it, and deactivating gives it back.
_ACTIVATE = """
functions -c fish_prompt _old_fish_prompt
function fish_prompt
    set -l st $status
    printf "(venv) "
    echo "exit $st" | source
    _old_fish_prompt
end
"""
_DEACTIVATE = "functions -e fish_prompt\nfunctions -c _old_fish_prompt fish_prompt\nfunctions -e _old_fish_prompt\n"


def _fish_prompts(tool: Callable[[str], str], directory: Path, *steps: str) -> list[str]:
    """What fish prints as its prompt behind a failure, after each of *steps*."""
    shell = Shell("fish", directory, tool, {"NO_COLOR": "1", "AWS_PROFILE": "a_dev_b"})
    (directory / "hook.fish").write_text(rendered("fish", directory))
    begin = 'source hook.fish\nfunction fish_prompt\n echo "mine $status:$pipestatus"\nend\n'
    ran = shell.run(begin + "".join(f"{step}\nemit fish_prompt\nfalse | true | false\nfish_prompt\n" for step in steps))
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def test_fish_prompt_in_a_wrapper(tool: Callable[[str], str], tmp_path: Path) -> None:
    """Loading again inside of somebody's wrapper around the prompt neither goes round in a circle nor shows twice."""
    load = "source hook.fish"
    shown = _fish_prompts(tool, tmp_path, "", _ACTIVATE, load, "", load, _DEACTIVATE, "", load)
    mine = "mine 1:1 0 1"
    assert shown[0] == f"a/dev {mine}"
    # The wrapper makes a pipeline of its own.
    assert shown[1:5] == ["(venv) a/dev mine 1:0 1", *["a/dev (venv) mine 1:0 1"] * 3]
    assert shown[5:] == [f"a/dev {mine}"] * 3


def test_fish_prompt_that_is_set_anew(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A prompt that takes the place of ours later has the segment from its second time on, without loading again."""
    other = 'function fish_prompt\n echo "{} $status:$pipestatus"\nend'
    shown = _fish_prompts(tool, tmp_path, "", other.format("new"), "", "", other.format("newer"), "", "")
    new = ["new 1:1 0 1", *["a/dev new 1:1 0 1"] * 2]
    assert shown == ["a/dev mine 1:1 0 1", *new, *(line.replace("new", "newer") for line in new)]


# --- what a user's shell may hold


def test_functions_of_the_names_of_builtins(shell: Shell) -> None:
    """A user's own function of a builtin's name is not called."""
    if shell.name == "fish":
        pytest.skip("fish lets nobody take the place of read and set")
    shell.state(DEV, 7_230)
    (shell.directory / ".awsprof.toml").write_text('product = "shop"\n')
    shell.environ["AWS_PROFILE"] = DEV
    ours = "\n".join(f"{name}() {{ echo called; }}" for name in ("read", "local", "typeset", "unset", "emulate"))
    before, after = shell.prompts(ours, "")
    assert "called" not in before + after
    assert "2h00m" in after


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_profile_that_cannot_be_set(name: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    """Where AWS_PROFILE is read-only, ``use`` and ``off`` fail as the shell says, and ``use -`` stays what it was."""
    shell = Shell(name, tmp_path, tool, {"AWS_PROFILE": DEV})
    launcher = tmp_path / "bin" / "awsprof"
    launcher.parent.mkdir()
    launcher.write_text("#!/bin/sh\n[ $1 = off ] && echo unset AWS_PROFILE || echo export AWS_PROFILE=other\n")
    launcher.chmod(0o755)
    (tmp_path / "hook").write_text(rendered(name, tmp_path))
    for verb in ("use x", "off"):
        steps = f"readonly AWS_PROFILE\nsource ./hook\nawsprof {verb}\necho $? $AWS_PROFILE $__awsprof_previous"
        ran = shell.run(steps)
        assert (ran.status, ran.stdout) == (0, f"1 {DEV}\n")
        assert "AWS_PROFILE" in ran.stderr
        if name == "bash":
            strict = f"set -e; readonly AWS_PROFILE; source ./hook; awsprof {verb} || echo refused"
            assert shell.run(strict).stdout == "refused\n"


def test_options_that_blur_case(tool: Callable[[str], str], tmp_path: Path) -> None:
    """With bash's nocasematch a name in capitals is still another name, and the option stays on."""
    shell = Shell("bash", tmp_path, tool, {"NO_COLOR": "1"})
    shell.state("Autochart_Dev_Paul", 100)
    shell.state(DEV, 7_230)
    steps = ["shopt -s nocasematch; " + shell.exporting("AWS_PROFILE", "Autochart_Dev_Paul")]
    steps += [shell.exporting("AWS_PROFILE", DEV), "shopt -q nocasematch && unset AWS_PROFILE"]
    first, second, third = shell.prompts(*steps)
    assert first.startswith("Autochart_Dev_Paul ")
    assert second.startswith("autochart/dev 2h00m ")
    assert third == READY


def test_a_global_alias_of_zsh(tool: Callable[[str], str], tmp_path: Path) -> None:
    """An alias of an option's name that zsh expands anywhere does not get into the integration."""
    shell = Shell("zsh", tmp_path, tool)
    shell.environ["AWS_PROFILE"] = DEV
    load = "alias -g -- --help='--help | false'\nalias -g -- -f='-x'\n" + rendered("zsh", tmp_path)
    ran = shell.run(f"setopt aliases\n{load}\nunalias -a\n__awsprof_hook\nprint -rP -- $psvar[31]")
    assert (ran.status, ran.stderr) == (0, "")


KEY, DEFAULT = "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_PROFILE"
UNIVERSAL = "awsprof: {0} is universal, and only hidden in this shell: 'set -eU {0}' takes it out of all\n"


def _universal(tool: Callable[[str], str], directory: Path, script: str) -> tuple[list[dict[str, str]], str]:
    """
    What commands find in their environment at each ``look`` of *script*, and what fish says.

    With --no-config, which the other tests use, fish has no universal variables.
    """
    shell = Shell("fish", directory, tool)
    shell.state(PROD, -1)
    launcher = directory / "bin" / "awsprof"
    launcher.parent.mkdir()
    added = {"AWS_PROFILE": DEV}
    (directory / "use").write_text(render("fish", [KEY, DEFAULT], added))
    (directory / "off").write_text(render("fish", ["AWS_PROFILE", DEFAULT], {}))
    launcher.write_text(f'#!/bin/sh\ncat "{directory}/$1"\n')
    launcher.chmod(0o755)
    path = directory / "universal.fish"
    path.write_text(f"function look; env; echo; end\n{rendered('fish', directory)}\n{script}")
    done = subprocess.run(
        [tool("fish"), str(path)], env=shell.whole_environ, capture_output=True, text=True, timeout=60, check=True
    )
    looks = [look.splitlines() for look in done.stdout.split("\n\n")[:-1]]
    return [dict(row.split("=", 1) for row in look if row.startswith("AWS_")) for look in looks], done.stderr


def test_universal_variables_of_fish(tool: Callable[[str], str], tmp_path: Path) -> None:
    """What all of a user's fishes share stays theirs, while commands of this one get nothing of it; it is said once."""
    script = f"set -Ux {KEY} old; set -Ux {DEFAULT} old; set -Ux AWS_PROFILE old; awsprof use\nlook\nawsprof use\n"
    seen, said = _universal(tool, tmp_path, f"{script}awsprof off\nlook\nset -e -g AWS_PROFILE\nlook\n")
    used = {KEY: "", "AWS_PROFILE": DEV, DEFAULT: DEV}
    off = {KEY: "", "AWS_PROFILE": "", DEFAULT: ""}
    assert seen == [used, off, {**off, "AWS_PROFILE": "old"}]
    assert said == "".join(UNIVERSAL.format(name) for name in (KEY, DEFAULT, "AWS_PROFILE"))


def test_release_of_a_universal_profile_of_fish(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A protected env lets go of a universal AWS_PROFILE too, so that no command has it."""
    seen, said = _universal(tool, tmp_path, f"set -Ux AWS_PROFILE {PROD}\n__awsprof_hook\nlook\n")
    assert seen == [{"AWS_PROFILE": ""}]
    assert said.endswith(UNIVERSAL.format("AWS_PROFILE"))


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_key_that_cannot_be_taken_out(name: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    """Where a key is read-only ``use`` fails with AWS_PROFILE as it was; one that it does not touch is in no way."""
    shell = Shell(name, tmp_path, tool, {"AWS_PROFILE": "old", "AWS_REGION": "x", KEY: "x"})
    launcher = tmp_path / "bin" / "awsprof"
    launcher.parent.mkdir()
    launcher.write_text(f"#!/bin/sh\ncat <<'E'\n{render('sh', [KEY], {'AWS_PROFILE': DEV})}E\n")
    launcher.chmod(0o755)
    (tmp_path / "hook").write_text(rendered(name, tmp_path))
    begin = f"{STRICT[name]}\nsource ./hook\nreadonly AWS_REGION"
    end = 'awsprof use x || echo refused\necho "$AWS_PROFILE"'
    ran = shell.run(f"{begin} {KEY}\n{end}")
    assert ran == Ran(0, "refused\nold\n", f"awsprof: {KEY} is read-only in this shell\n")
    assert shell.run(f"{begin}\n{end}") == Ran(0, f"{DEV}\n", "")
