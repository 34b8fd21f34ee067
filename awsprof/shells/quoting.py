"""
Setting variables in the words of each shell; the one place where values become shell code.

Knows quoting rules; not what is quoted.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from awsprof.errors import RefusedNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# PowerShell takes each of these for a single quote.
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"
_PLAIN_IN_FISH = re.compile(r"[A-Za-z0-9_/-]+")
_UNSAFE_IN_CMD = frozenset('"%!^&|<>\r\n')


def _sh(text: str) -> str:
    quoted = shlex.quote(text)
    # In an assignment zsh takes a bare =ls for the path of ls.
    return f"'{text}'" if quoted == text and "=" in text else quoted


def _fish(text: str) -> str:
    if _PLAIN_IN_FISH.fullmatch(text):
        return text  # as fish_indent would have it
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(text: str) -> str:
    return "'" + "".join(char * 2 if char in _POWERSHELL_QUOTES else char for char in text) + "'"


def _cmd(text: str) -> str:
    """Return *text* as it is: cmd.exe has no quoting that holds, so what would need it is refused."""
    if _UNSAFE_IN_CMD.intersection(text):
        raise RefusedNameError("cmd.exe cannot take a value with a quote, %, !, ^, &, |, < or > in it")
    return text


def _dotenv(text: str) -> str:
    """
    Quote so that dotenv readers take it literally: single quotes, in which they know no escapes.

    A value with a quote or a line end in it has no spelling that all of them read alike.
    """
    if "'" in text or "\n" in text or "\r" in text:
        raise RefusedNameError("The dotenv format cannot take a value with a quote or a line end in it")
    return f"'{text}'"


_QUOTERS: dict[str, Callable[[str], str]] = {
    "bash": _sh,
    "zsh": _sh,
    "fish": _fish,
    "powershell": _powershell,
}


def quote(shell: str, text: str) -> str:
    """Return *text* as one word of *shell*, in which nothing is expanded."""
    return _QUOTERS[shell](text)


_SETTERS: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={_sh(value)}",
    "fish": lambda name, value: f"set -gx {name} {_fish(value)}",
    "powershell": lambda name, value: f"$Env:{name} = {_powershell(value)}",
    "cmd": lambda name, value: f'set "{name}={_cmd(value)}"',
    "dotenv": lambda name, value: f"{name}={_dotenv(value)}",
}
# With what stands in for the variable where it cannot be taken out.
_REMOVERS: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, _: f"unset {name}",
    # A universal variable is every shell's: here one of this shell alone stands before it, exported as well, or else
    # the commands that the shell starts would have the universal one.
    "fish": lambda name, value: f"set -qU {name}; and set -gx {name} {_fish(value)}; or set -e -g {name}",
    "powershell": lambda name, _: f"Remove-Item -ErrorAction Ignore Env:{name}",
    "cmd": lambda name, _: f'set "{name}="',
}
# Empty, these two name a profile that there is not, so that botocore refuses to go on.
_NAMING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
FORMATS = (*_SETTERS, "json")


def render(style: str, removed: Sequence[str], added: Mapping[str, str], *, interactive: bool = False) -> str:
    """
    Return code in *style* that takes variables out and sets others; dotenv and json hold only what is set.

    Args:
        style: One of ``FORMATS``.
        interactive: Whether it is for the shell that a person works in, whose aliases must not come in between.
    """
    if style == "json":
        return json.dumps(dict(added), indent=2) + "\n"
    remover = _REMOVERS.get(style)
    profile = added.get("AWS_PROFILE", added.get("AWSPROF_PROFILE", ""))
    gone = [name for name in removed if name not in added]
    lines = [remover(name, profile if name in _NAMING else "") for name in gone] if remover else []
    lines += [_SETTERS[style](name, value) for name, value in added.items()]
    slash = "\\" if interactive and style == "sh" else ""
    return "".join(f"{slash}{line}\n" for line in lines)
