"""What else completion lives with: old bashes, other packages' completions, wrappers, start-up files in any order."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.test_shells.completions import LOAD_ZSH, READY, SCRIPTS, SHELLS, Completion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """\
[profile autochart_dev_paul]
aws_account_id = 111111111111
[profile autochart_prod_paul]
region = eu-west-1
aws_account_id=222222222222
[profile shop_dev_paul]
[profile "two words"]
"""
NAMES = {"autochart_dev_paul", "autochart_prod_paul", "shop_dev_paul"}
LINES = ("awsprof login auto", "awsprof login p", "awsprof credential-process shop", "awsprof set dev region=eu-c")
ANSWERS = [
    {"autochart_dev_paul", "autochart_prod_paul", "autochart_dev", "autochart_prod"},
    {"prod"},
    {"shop_dev_paul"},
    {"region=eu-central-1", "region=eu-central-2"},
]
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"


@pytest.fixture
def completion(home: Path) -> Completion:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    return Completion(home)


@pytest.mark.parametrize("shell", SHELLS)
def test_loading_is_silent_and_can_be_repeated(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Loading twice in the strictest mood prints nothing, fails nowhere and leaves nothing but functions."""
    tool(shell)
    strict = {
        "bash": 'set -euo pipefail; complete() { builtin complete "$@"; }',
        "zsh": "setopt err_exit no_unset warn_create_global pipe_fail",
        "fish": "",
    }[shell]
    load = f"source {SCRIPTS[shell]}\n"
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = completion.run(shell, *flags, "-c", f"{strict}\n{load}{load}echo loaded")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"loaded\n", b"")


# --- bash


@pytest.mark.parametrize("missing", ["mapfile", "compopt", "mapfile compopt"])
def test_bash_without_newer_builtins(completion: Completion, missing: str, tool: Callable[[str], str]) -> None:
    """Without the builtins that bash 3.2 lacks, names are the same."""
    tool("bash")
    completion.before = {"bash": f"enable -n {missing}"}
    assert completion.ask("bash", *LINES) == ANSWERS
    assert completion.offers("bash", "awsprof credential-process ") == {*NAMES, "two\\ words"}


def test_bash_without_associative_arrays(completion: Completion, tool: Callable[[str], str]) -> None:
    """Where -A is refused, as in bash 3.2, a word may come several times, and nothing is made of it as a subscript."""
    tool("bash")
    text = SCRIPTS["bash"].read_text()
    assert text.count("local -A seen 2>") == 1
    old = completion.home / "old.bash"
    old.write_text(text.replace("local -A seen 2>", "local -Z seen 2>"))
    (completion.home / ".aws" / "credentials").write_text("[autochart_dev_anna]\n[a.b_x-y_z]\n[_]\n[x_]\n")
    code = completion.bash_code((*LINES, "awsprof login a.b")).replace(str(SCRIPTS["bash"]), str(old))
    done = completion.run("bash", "--norc", "-c", code)
    assert done.stderr == b""
    answers = [answer.split("\0")[:-1] for answer in done.stdout.decode().split("\1\0")[:-1]]
    assert answers[0].count("autochart_dev") == 2
    assert set(answers[0]) == {*ANSWERS[0], "autochart_dev_anna"}
    assert [set(answers[1]), set(answers[4])] == [{"prod"}, {"a.b_x-y_z", "a.b_x-y"}]


def test_bash_registers_file_names_where_compopt_is_missing(completion: Completion, tool: Callable[[str], str]) -> None:
    """Only then does readline offer file names wherever there is no other candidate."""
    tool("bash")
    for before, expected in (("", b"complete -F"), ("enable -n compopt; ", b"complete -o default -F")):
        done = completion.run("bash", "--norc", "-c", f"{before}. {SCRIPTS['bash']}; complete -p awsprof")
        assert done.stdout == expected + b" __awsprof_complete awsprof\n"


@pytest.mark.parametrize("options", ["set -f", "shopt -s nullglob failglob", "IFS=_", "shopt -s extglob nocasematch"])
def test_bash_with_options_of_the_users_own(completion: Completion, options: str, tool: Callable[[str], str]) -> None:
    """A person's own settings change nothing, and are kept."""
    tool("bash")
    completion.before = {"bash": options}
    assert completion.ask("bash", *LINES) == ANSWERS
    asked = completion.bash_code(LINES)
    kept = "printf '%s' \"$IFS\" | cat -A; set +e; set +u; shopt; echo $-"
    before = completion.run("bash", "--norc", "-c", f"{completion.bash_code(())}{kept}").stdout
    assert completion.run("bash", "--norc", "-c", f"{asked}{kept}").stdout.endswith(before)


def test_bash_without_comp_wordbreaks(completion: Completion, tool: Callable[[str], str]) -> None:
    """Where = breaks no words, whole words are offered."""
    tool("bash")
    code = completion.bash_code(())
    code += "ask 'awsprof set dev region=eu-c' region=eu-c awsprof set dev region=eu-c\n"
    code += "ask 'awsprof add --region=eu-c' --region=eu-c awsprof add --region=eu-c\n"
    done = completion.run("bash", "--norc", "-c", code)
    assert done.stderr == b""
    assert done.stdout.decode().split("\0") == [
        *("region=eu-central-1", "region=eu-central-2", "\1"),
        *("--region=eu-central-1", "--region=eu-central-2", "\1"),
        "",
    ]


def test_bash_in_the_middle_of_a_line(completion: Completion, tool: Callable[[str], str]) -> None:
    """Only what stands before the cursor counts."""
    tool("bash")
    code = completion.bash_code(())
    code += "COMP_LINE='awsprof login autoXYZ --json' COMP_POINT=18\n"
    code += "COMP_WORDS=(awsprof login autoXYZ --json) COMP_CWORD=2\n"
    code += '__awsprof_complete awsprof auto login; printf "%s\\n" "${COMPREPLY[@]}"'
    done = completion.run("bash", "--norc", "-c", code)
    assert set(done.stdout.decode().split()) == ANSWERS[0]


def test_bash_with_words_and_no_line(completion: Completion, tool: Callable[[str], str]) -> None:
    """A caller that sets no COMP_LINE is answered too."""
    tool("bash")
    code = completion.bash_code(())
    code += "unset COMP_LINE COMP_POINT; COMP_WORDS=(awsprof set dev region = eu-c) COMP_CWORD=5\n"
    code += '__awsprof_complete awsprof eu-c =; printf "%s\\n" "${COMPREPLY[@]}"'
    done = completion.run("bash", "--norc", "-c", code)
    assert (done.stdout, done.stderr) == (b"eu-central-1\neu-central-2\n", b"")


def test_bash_with_the_package_bash_completion(completion: Completion, tool: Callable[[str], str]) -> None:
    """Beside that package, which completes somebody else's command by its own means, ours answers the same."""
    tool("bash")
    if not os.path.exists(BASH_COMPLETION):
        pytest.skip("needs the package bash-completion, which is not installed")
    completion.before = {
        "bash": f"set +eu; . {BASH_COMPLETION}; other() {{ COMPREPLY=(theirs); }}; complete -F other thing"
    }
    lines = (*LINES, "awsprof exec prod -- thing ", "awsprof exec thing -- thing x")
    code = completion.bash_code(lines).replace("set -euo pipefail", "", 1)
    done = completion.run("bash", "--norc", "-c", code)
    assert done.stderr == b""
    assert done.stdout.decode().count("theirs") == 2
    assert done.stdout.decode().startswith("autochart_dev_paul\0")


def test_bash_completes_the_other_command_alone(completion: Completion, tool: Callable[[str], str]) -> None:
    """Without that package, the other command's own function or program is asked, about its own words only."""
    tool("bash")
    program = completion.home / "completer"
    program.write_text('#!/bin/sh\necho "line=$COMP_LINE,$COMP_POINT"\n')
    program.chmod(0o755)
    completion.before = {
        "bash": f"complete -F other thing; complete -C {program} gadget\n"
        'other() { COMPREPLY=("words=${COMP_WORDS[*]}" "number=$COMP_CWORD" "line=$COMP_LINE" "given=$1,$2,$3"); }'
    }
    asked = ("awsprof exec prod -- thing one tw", "awsprof exec --product x -- gadget on", "awsprof exec dev thing ")
    done = completion.run("bash", "--norc", "-c", completion.bash_code(asked))
    assert done.stderr == b""
    answers = [answer.split("\0")[:-1] for answer in done.stdout.decode().split("\1\0")]
    assert answers == [
        ["words=thing one tw", "number=2", "line=thing one tw", "given=thing,tw,one"],
        ["line=gadget on,9"],
        ["words=thing ", "number=1", "line=thing ", "given=thing,,thing"],
        [],
    ]


# --- fish


@pytest.mark.parametrize("features", ["qmark-noglob", "regex-easyesc", "all"])
def test_fish_with_later_defaults(completion: Completion, features: str, tool: Callable[[str], str]) -> None:
    """What newer fishes do by default can be had in older ones, and changes nothing."""
    tool("fish")
    completion.environ = {"fish_features": features}
    lines = (
        *LINES,
        "awsprof vault unlock --for 8h --",
        "awsprof exec prod -- ech",
        "awsprof login --product autochart p",
    )
    answers = completion.ask("fish", *lines)
    assert answers[:4] == ANSWERS
    assert answers[4:] == [{"--for", "--quiet", "--debug", "--help"}, {"echo"}, {"prod"}]


# --- zsh


@pytest.mark.parametrize("order", ["before", "after", "fpath"])
def test_zsh_registers_whenever_compinit_runs(completion: Completion, order: str, tool: Callable[[str], str]) -> None:
    """Loaded before compinit, behind it, or found by it, the file completes awsprof."""
    tool("zsh")
    compinit = "autoload -Uz compinit && compinit -u -d $HOME/.zcompdump"
    if order == "fpath":
        functions = completion.home / "functions"
        functions.mkdir()
        (functions / "_awsprof").symlink_to(SCRIPTS["zsh"])
        start = f"fpath=({functions} $fpath)\n{compinit}"
    else:
        lines = [f"source {SCRIPTS['zsh']}", compinit]
        start = "\n".join(lines if order == "before" else lines[::-1])
    with completion.zsh(start) as child:
        child.send("awsprof login autochart_pr\x14")
        child.expect_exact("asked")
        child.send("print ${(M)precmd_functions:#__awsprof*}.$_comps[awsprof]\r")
        child.expect_exact("._awsprof\r\n")
    answer = (completion.home / "answers").read_text().split("\0")
    assert answer[0] == "awsprof login autochart_prod"
    assert {"autochart_prod", "autochart_prod_paul"} < set(answer)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_descriptions(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """Selectors are shown with account and alias, and with what is left of the session."""
    tool(shell)
    with (completion.home / ".aws" / "config").open("a") as config:
        config.write("[profile acme_qa_anna]\naws_account_id = 444444444444\n")
    states = completion.home / ".local" / "state" / "awsprof" / "state"
    states.mkdir(parents=True)
    now = int(time.time())
    for name, expires, rest in (
        ("autochart_dev_paul", now + 3 * 3600 + 330, "111111111111\nautochart-dev\n"),
        ("autochart_prod_paul", now - 10, "\n\n"),
        ("shop_dev_paul", now + 1830, "333333333333\n\n"),
    ):
        (states / name).write_text(f"{expires}\n{rest}")
        os.utime(states / name, (expires, expires))
    expected = {
        "autochart_dev_paul": "111111111111 (autochart-dev), 3h05m left",
        "autochart_dev": "autochart_dev_paul, 111111111111 (autochart-dev), 3h05m left",
        "autochart_prod_paul": "222222222222, expired",
        "autochart_prod": "autochart_prod_paul, 222222222222, expired",
        "shop_dev_paul": "333333333333, 30m left",
        "shop_dev": "shop_dev_paul, 333333333333, 30m left",
        "prod": "autochart_prod_paul, 222222222222, expired",
        "dev": "2 profiles",
        "acme_qa_anna": "444444444444",
        "qa": "acme_qa_anna, 444444444444",
        "two words": "",
    }
    if shell == "fish":
        shown = dict(f"{line}\t".split("\t")[:2] for line in completion.fish_lines("awsprof login "))
    else:
        shown = {}
        with completion.zsh(f"{LOAD_ZSH}\nsetopt auto_list") as child:
            child.send("awsprof login \t")
            child.expect_exact(f"{READY}awsprof login")
            text = str(child.before)
            child.send("\x15")
        for row in text.splitlines()[1:]:
            word, _, description = row.partition(" -- ")
            shown[word.strip()] = description.strip()
    assert {word: shown.get(word) for word in expected} == expected


# --- AWS's own command line, where a person wants it

_AWS_LINE = {
    "bash": "complete -F __awsprof_complete_aws aws",
    "zsh": "compdef __awsprof_complete_aws aws",
    "fish": "complete -c aws -l profile -x -a '(__awsprof_complete_names profile (commandline -ct))'",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_aws(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """With the line that the file's head names, --profile offers names, and AWS's own completer does all else."""
    tool(shell)
    line = _AWS_LINE[shell]
    assert line in SCRIPTS[shell].read_text()
    commands = completion.home / "bin"
    commands.mkdir()
    (commands / "aws_completer").write_text('#!/bin/sh\nprintf "%s\\n" s3 sts "$COMP_LINE" | grep -F s\n')
    (commands / "aws_completer").chmod(0o755)
    completion.environ = {"PATH": f"{commands}:/usr/bin:/bin"}
    asked = ("aws s3 ls --profile auto", "aws s")
    if shell == "bash":
        completion.before = {"bash": ""}
        done = completion.run("bash", "--norc", "-c", completion.bash_code(asked, "__awsprof_complete_aws"))
        assert done.stderr == b""
        names, others = (set(answer.split("\0")) - {""} for answer in done.stdout.decode().split("\1\0")[:-1])
    elif shell == "zsh":
        completion.before = {"zsh": ""}
        with completion.zsh(f"{LOAD_ZSH}\n{line}") as child:
            for one in asked:
                child.send(f"{one}\x14")
                child.expect_exact("asked")
        answers = (completion.home / "answers").read_text().split("\1\0")[:-1]
        names, others = (set(answer.split("\0")[1:]) - {""} for answer in answers)
    else:
        own = "complete -c aws -f -a '(begin; set -lx COMP_LINE (commandline -cp); aws_completer; end)'"
        completion.before = {"fish": f"{own}\nsource {SCRIPTS['fish']}\n{line}"}
        names, others = completion.ask("fish", *asked)
    assert names == {"autochart_dev_paul", "autochart_prod_paul"}
    assert {"s3", "sts"} <= others
    assert not others & NAMES


# --- what is kept between two TABs of one shell


def test_bash_sees_at_the_next_tab_what_changed_between(completion: Completion, tool: Callable[[str], str]) -> None:
    """What one TAB read serves the next, until the text of either file is another one."""
    tool("bash")
    ask = completion.bash_code(("awsprof login s",)).removeprefix(completion.bash_code(()))
    steps = [
        ask,
        'printf "%s" "${config/shop/shed}" >~/.aws/config',
        ask,
        ask,
        "echo '[stray]' >~/.aws/credentials",
        ask,
        "rm ~/.aws/config",
        ask,
    ]
    read = "config=$(<~/.aws/config)\n"
    done = completion.run("bash", "--norc", "-c", "\n".join((completion.bash_code(()), read, *steps)))
    assert done.stderr == b""
    answers = [set(answer.split("\0")) - {""} for answer in done.stdout.decode().split("\1\0")[:-1]]
    shed = {"shed_dev_paul", "shed_dev"}
    assert answers == [{"shop_dev_paul", "shop_dev"}, shed, shed, shed | {"stray"}, {"stray"}]


def test_zsh_sees_at_the_next_tab_what_changed_between(completion: Completion, tool: Callable[[str], str]) -> None:
    """What one TAB read serves the next, until either file is another one."""
    tool("zsh")
    aws = completion.home / ".aws"
    with completion.zsh(LOAD_ZSH) as child:

        def tab(line: str) -> set[str]:
            answers = completion.home / "answers"
            answers.unlink(missing_ok=True)
            child.send(f"{line}\x14")
            child.expect_exact("asked")
            return {word for word in answers.read_text().split("\0")[1:] if word not in ("", "\1")}

        # Nothing is kept of what has only just changed.
        time.sleep(2.1)
        for _ in range(2):
            assert tab("awsprof credential-process ") == {*NAMES, "two words"}
        (aws / "config").write_text(CONFIG.replace("shop", "shed"))  # as long, in the same moment, in place
        assert tab("awsprof credential-process sh") == {"shed_dev_paul"}
        (aws / "credentials").write_text("[keys]\n")
        assert tab("awsprof credential-process k") == {"keys"}
        other = aws / "other"
        other.write_text("[profile other_dev_paul]\n")
        other.replace(aws / "config")
        assert tab("awsprof credential-process ") == {"other_dev_paul", "keys"}
        (aws / "config").unlink()
        assert tab("awsprof credential-process ") == {"keys"}
