"""A person at the keyboard: words begun, a real TAB, and what the command is then given."""

from __future__ import annotations

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
[profile my-shop_qa.eu_anna]
[profile team:blue]
[profile at@home]
[profile "two words"]
[profile it;id]
"""
# A function of the command's name stands for the wrapper that the integration defines; it shows the words it got.
FUNCTION = {
    "bash": 'awsprof() { printf "<%s>" "$@"; echo; }',
    "zsh": 'awsprof() { printf "<%s>" "$@"; echo; }',
    "fish": 'function awsprof; printf "<%s>" $argv; echo; end',
}
START = {
    "bash": ("bash", "--norc", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
# Everything that would wait for a key, ring, or colour what is typed.
CALM = {
    "bash": f"bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; PS1='{READY}'",
    "zsh": f"setopt no_beep; unsetopt prompt_cr prompt_sp zle_bracketed_paste; PS1='{READY}'",
    "fish": f"function fish_prompt; echo -n '{READY}'; end; set -g fish_autosuggestion_enabled 0",
}
LOAD = {"bash": f"source {SCRIPTS['bash']}", "zsh": LOAD_ZSH, "fish": f"source {SCRIPTS['fish']}"}
TYPED = {
    "awsprof --quiet vau\tunl\t--deb\t": "<--quiet><vault><unlock><--debug>",
    "awsprof xyzzy\t": "<xyzzy>",
    "awsprof use prod\t": "<use><prod>",
    "awsprof use autochart/d\t": "<use><autochart/dev>",
    "awsprof use autochart_dev_\t": "<use><autochart_dev_paul>",
    "awsprof use my-shop_qa.eu_\t": "<use><my-shop_qa.eu_anna>",
    "awsprof use team:b\t": "<use><team:blue>",
    "awsprof use at@h\t": "<use><at@home>",
    "awsprof use two\t": "<use><two words>",
    "awsprof use two\\ w\t": "<use><two words>",
    "awsprof use 'two w\t": "<use><two words>",
    'awsprof use "two w\t': "<use><two words>",
    "awsprof use it\t": "<use><it;id>",
    "awsprof set prod reg\teu-west-1\t": "<set><prod><region=eu-west-1>",
    "awsprof set prod region=eu-north\t": "<set><prod><region=eu-north-1>",
    "awsprof add --region eu-north\t": "<add><--region><eu-north-1>",
    "awsprof add --from key\t": "<add><--from><keys file.csv>",
    "awsprof exec prod -- ls key\t": "<exec><prod><--><ls><keys file.csv>",
    "awsprof add --region=eu-north\t": "<add><--region=eu-north-1>",
    "awsprof export --format=dot\t": "<export><--format=dotenv>",
}


@pytest.fixture
def completion(home: Path) -> Completion:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    (home / "keys file.csv").touch()
    return Completion(home, environ={"TERM": "xterm"})


def _typed(completion: Completion, shell: str, *lines: str) -> list[str]:
    """What the function got when each of *lines* was typed and sent off."""
    found = []
    (completion.home / "load").write_text(f"{CALM[shell]}\n{LOAD[shell]}\n{FUNCTION[shell]}\n")
    with completion.terminal(*START[shell]) as child:
        child.send("source ~/load\r")
        child.expect_exact(READY)
        for line in lines:
            # A shell reads what is typed ahead only when it is done with the TAB.
            child.send(f"{line}\r")
            child.expect(r"(<[^\r\n]*>)\r?\n")
            assert child.match is not None
            found.append(str(child.match[1]))
            child.expect_exact(READY)
        child.send("exit\r")
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_typed(completion: Completion, shell: str, tool: Callable[[str], str]) -> None:
    """The wrapper's words are completed, and arrive as they are, whatever quotes they were begun in."""
    tool(shell)
    assert dict(zip(TYPED, _typed(completion, shell, *TYPED), strict=True)) == TYPED
