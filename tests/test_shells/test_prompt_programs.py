"""The snippets of docs/shell.md for other prompt programs, run where those are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_real.machine import BIN

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()
POWERLEVEL9K = Path("/usr/share/powerlevel9k/powerlevel9k.zsh-theme")
DEV, PROD = "autochart_dev_paul", "autochart_prod_paul"


def snippet(heading: str, language: str) -> str:
    """The code below a heading of the page."""
    found = re.search(rf"### {heading}\n.*?```{language}\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(autouse=True)
def sessions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of two profiles, of 59 minutes each."""
    states = home / ".local" / "state" / "awsprof" / "state"
    states.mkdir(parents=True, mode=0o700)
    for name in (DEV, PROD):
        (states / name).write_text(f"{int(time.time()) + 3_570}\n111111111111\n\n")
        (states / name).chmod(0o600)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.skipif(shutil.which("starship") is None, reason="needs starship, which is not installed")
@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (DEV, "\x1b[36mautochart/dev 59m\x1b[0m END"),
        (PROD, "\x1b[41;37m autochart/prod 59m \x1b[0m END"),
        ("out $(touch pwned)", "\x1b[36mout ??touch pwned?\x1b[0m END"),
        (None, "END"),
    ],
)
def test_starship(home: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, shown: str) -> None:
    """starship shows the segment, red for a protected env, and nothing without a profile."""
    config = home / "starship.toml"
    # What a module prints goes where $custom stands; the rest of the prompt is left out here, and a slow machine is
    # given its time.
    head = 'add_newline = false\ncommand_timeout = 60000\nformat = "${custom.awsprof}${custom.awsprof_protected}END"\n'
    config.write_text(head + snippet("starship", "toml"))
    monkeypatch.setenv("STARSHIP_CONFIG", str(config))
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    environ = {**os.environ, "STARSHIP_SHELL": "fish"}
    done = subprocess.run(["starship", "prompt"], env=environ, capture_output=True, text=True, check=True)
    # It clears what is below first.
    assert done.stdout.removeprefix("\x1b[J") == shown
    assert not (home / "pwned").exists()


@pytest.mark.skipif(not POWERLEVEL9K.exists(), reason="needs powerlevel9k, which is not installed")
def test_powerlevel9k(home: Path, tool: Callable[[str], str]) -> None:
    """powerlevel9k shows the segment by the one setting that the page names."""
    found = re.search(r"`(POWERLEVEL9K_CUSTOM_AWSPROF=[^`]+)`", DOCS)
    assert found is not None
    script = (
        f"{found[1]}\nPOWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(custom_awsprof)\nPOWERLEVEL9K_RIGHT_PROMPT_ELEMENTS=()\n"
        f"source {POWERLEVEL9K}\nfor f in $precmd_functions; do $f; done\nprint -P -- $PROMPT"
    )
    environ = {**os.environ, "AWS_PROFILE": DEV}
    done = subprocess.run([tool("zsh"), "-f", "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert "autochart/dev 59m" in done.stdout


def test_powerlevel10k_is_zsh(tool: Callable[[str], str]) -> None:
    """powerlevel10k is not to be had here; its snippet is at least zsh, and hands its segment over whole."""
    calls = "prompt_awsprof\nunset AWS_PROFILE\nprompt_awsprof\nprint $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS"
    script = f'p10k() {{ print -rl -- "$@"; }}\n{snippet("powerlevel10k", "zsh")}\n{calls}'
    environ = {**os.environ, "AWS_PROFILE": DEV}
    done = subprocess.run([tool("zsh"), "-f", "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["segment", "-f", "cyan", "-t", "autochart/dev 59m", "awsprof"]


@pytest.mark.parametrize(
    "line",
    [
        'eval "$(awsprof init bash)"',
        'eval "$(awsprof init zsh)"',
        r"awsprof init fish \| source",
        r"Invoke-Expression (& awsprof init powershell \| Out-String)",
    ],
)
def test_lines_of_the_page(line: str) -> None:
    """The page names the lines that --install adds."""
    assert f"`{line}`" in DOCS
