"""
PowerShell's hook: whatever a value holds, it stays inside its quotes; and where there is a PowerShell, it runs.

Most machines that these tests run on have no PowerShell, so the quoting is checked by a tokenizer that knows its rules.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from awsprof.shells.quoting import render
from tests.test_shells.hooks import rendered
from tests.test_shells.test_hooks_hostile import CODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Source: https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules, and the
# language's specification for the typographic quotes.
SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
HOSTILE = [*CODE, "\u2018; touch pwned; \u2019", "it''s", "$(Remove-Item pwned)", "`$x", "@'\n'@", "#>", '"@']


class Token(NamedTuple):
    """A piece of a script: ``literal`` text as it is meant, or ``code``, ``expandable`` and ``comment`` as written."""

    kind: str
    text: str


def tokens(script: str) -> Iterator[Token]:
    """Take *script* apart as PowerShell does; raises ValueError for quotes that do not end."""
    at, code = 0, ""
    while at < len(script):
        char = script[at]
        if char not in SINGLE and char not in DOUBLE and not (char == "#" and (not code or code[-1] in " \n;(){}")):
            # A backtick takes away the meaning of what follows it.
            step = 2 if char == "`" else 1
            code += script[at : at + step]
            at += step
            continue
        if code:
            yield Token("code", code)
            code = ""
        if char == "#":
            end = script.find("\n", at)
            end = len(script) if end < 0 else end
            yield Token("comment", script[at:end])
            at = end
            continue
        text, at = _quoted(script, at + 1, SINGLE if char in SINGLE else DOUBLE)
        yield Token("literal" if char in SINGLE else "expandable", text)
    if code:
        yield Token("code", code)


def _quoted(script: str, at: int, quotes: str) -> tuple[str, int]:
    text = ""
    while at < len(script):
        char = script[at]
        if char in quotes:
            if script[at + 1 : at + 2] not in tuple(quotes):
                return text, at + 1
            # Two quotes stand for one.
            at += 1
        elif char == "`" and quotes == DOUBLE:
            at += 1
            char += script[at]
        elif script.startswith("$(", at) and quotes == DOUBLE:
            raise ValueError("an expression inside a string, which this tokenizer does not follow")
        text += char
        at += 1
    raise ValueError("a string does not end")


def balanced(found: list[Token]) -> bool:
    """Whether every bracket of the code has its other half."""
    pairs, waiting = {")": "(", "]": "[", "}": "{"}, []
    for char in "".join(token.text for token in found if token.kind == "code"):
        if char in pairs.values():
            waiting.append(char)
        elif char in pairs and (not waiting or waiting.pop() != pairs[char]):
            return False
    return not waiting


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("release", [True, False])
def test_hook_is_whole(tmp_path: Path, prompt: bool, release: bool) -> None:
    """Every string and every bracket of the hook ends."""
    assert balanced(list(tokens(rendered("powershell", tmp_path, prompt=prompt, release=release))))


@pytest.mark.parametrize("value", HOSTILE)
def test_values_stay_in_their_quotes(tmp_path: Path, value: str) -> None:
    """Whatever the values are, the code around them is the same, and they are the literals in it."""
    names = ("launcher", "states", "user")
    plain = list(tokens(rendered("powershell", tmp_path, **{name: f"value of {name}" for name in names})))
    found = list(tokens(rendered("powershell", tmp_path, **{name: f"{name} {value}" for name in names})))
    assert [token for token in found if token.kind != "literal"] == [
        token for token in plain if token.kind != "literal"
    ]
    differing = [(old.text, new.text) for old, new in zip(plain, found, strict=True) if old != new]
    assert differing == [(f"value of {name}", f"{name} {value}") for name in names]


@pytest.mark.parametrize("value", HOSTILE)
def test_protected_envs_stay_in_their_quotes(tmp_path: Path, value: str) -> None:
    """An env among the settings is one literal in the list."""
    found = [token.text for token in tokens(rendered("powershell", tmp_path, protected_envs=(value,)))]
    at = found.index("live")
    assert found[at + 1 : at + 3] == [", ", value]


@pytest.mark.parametrize("value", HOSTILE)
def test_code_of_use(value: str) -> None:
    """What ``use`` prints for PowerShell sets the variable to one literal."""
    found = list(tokens(render("powershell", ["AWS_ACCESS_KEY_ID"], {"AWS_PROFILE": value})))
    assert found[-2:] == [Token("literal", value), Token("code", "\n")]
    assert [token.kind for token in found] == ["code", "literal", "code"]


def test_tokenizer_sees_a_way_out() -> None:
    """The tokenizer tells a literal from code that follows it."""
    assert [token.kind for token in tokens("$a = 'it'; touch pwned; ''")] == ["code", "literal", "code", "literal"]
    assert list(tokens("'it''s' # 'no'")) == [Token("literal", "it's"), Token("code", " "), Token("comment", "# 'no'")]
    with pytest.raises(ValueError, match="does not end"):
        list(tokens("'it'''s'"))
    assert not balanced(list(tokens("if ($a) { ')}' ")))


# --- where there is a PowerShell


@pytest.fixture
def pwsh() -> str:
    path = shutil.which("pwsh")
    if path is None:
        pytest.skip("needs pwsh, which is not installed")
    return path


def _run(pwsh: str, directory: Path, script: str, **environ: str) -> str:
    (directory / "hook.ps1").write_text(rendered("powershell", directory))
    path = directory / "script.ps1"
    path.write_text(f"Set-StrictMode -Version Latest\n$ErrorActionPreference = 'Stop'\n{script}")
    done = subprocess.run(
        [pwsh, "-NoProfile", "-File", str(path)],
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "TERM": "xterm", **environ},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_loads_silently(pwsh: str, tmp_path: Path) -> None:
    """Loaded twice under strict mode, it prints nothing."""
    assert _run(pwsh, tmp_path, ". ./hook.ps1; . ./hook.ps1") == ""


def test_prompt(pwsh: str, tmp_path: Path) -> None:
    """The prompt shows the profile, and behind it the prompt that was there before."""
    script = "function prompt { 'READY> ' }\n. ./hook.ps1; . ./hook.ps1; prompt"
    shown = _run(pwsh, tmp_path, script, NO_COLOR="1", AWS_PROFILE="autochart_prod_paul")
    assert shown.strip() == "autochart/prod (protected) READY>"


def test_wrapper(pwsh: str, tmp_path: Path) -> None:
    """`use` and `off` change the shell, and everything else is passed through, -- and all."""
    launcher = tmp_path / "bin" / "awsprof"
    launcher.parent.mkdir()
    launcher.write_text("""#!/bin/sh
[ -n "$AWSPROF_SHELL" ] && echo "\\$Env:AWS_PROFILE = '$2'" && exit
printf '<%s>' "$@"
echo
exit 7
""")
    launcher.chmod(0o755)
    script = """. ./hook.ps1
awsprof use prod
"[$Env:AWS_PROFILE]"
awsprof exec dev -- printf '%s' 'a b' '*'
"[$LASTEXITCODE]"
awsprof exec -- ls -l
awsprof use --help
"""
    shown = _run(pwsh, tmp_path, script)
    assert shown == "[prod]\n<exec><dev><--><printf><%s><a b><*>\n[7]\n<exec><--><ls><-l>\n<use><--help>\n"
