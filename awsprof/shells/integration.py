"""
What ``init`` prints: the hook of a shell with its values filled in, and its completion.

Knows the templates and each shell's words; not how a launcher is found or a file is edited.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awsprof.errors import UsageError
from awsprof.fastpath import HOOKS
from awsprof.naming import printable
from awsprof.settings import PROTECTED_ENVS
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHELLS = tuple(HOOKS)
_MARKER = re.compile(r"\s*# (>>>|<<<) (\w+)")
# How a variable of the shell's own is set, and how one is exported unless there is one.
_SETS: dict[str, Callable[[str, str], str]] = {
    "bash": lambda name, value: f"{name}={value}",
    "zsh": lambda name, value: f"\\builtin typeset -g {name}={value}",
    "fish": lambda name, value: f"set -g {name} {value}",
    "powershell": lambda name, value: f"$global:{name} = {value}",
}
_EXPORTS = {
    "bash": "if [[ -z ${{{name}-}} ]]; then {name}={value}; \\builtin export {name}; fi",
    "zsh": "if [[ -z ${{{name}-}} ]]; then {name}={value}; \\builtin export {name}; fi",
    "fish": 'test -n "${name}"\nor set -gx {name} {value}',
    "powershell": "if (-not $Env:{name}) {{ $Env:{name} = {value} }}",
}


@dataclass(frozen=True, slots=True)
class Integration:
    """All that an integration is made from; *states* is where state files lie when no XDG variable says otherwise."""

    shell: str
    launcher: str
    states: str
    user: str | None
    protected_envs: tuple[str, ...]
    ascii_only: bool
    release: bool
    prompt: bool
    completion: bool

    def render(self) -> str:
        """Return the code, which ends in a line end and may be run twice."""
        template = (Path(__file__).parent / HOOKS[self.shell]).read_text("utf-8")
        left_out = {"bare"} if self.prompt else {"prompt"}
        if not self.prompt and not self.release:
            left_out.add("hook")
        parts = [_sections(template, left_out, {"values": self._values()})]
        if self.completion:
            from awsprof.shells.completion import script

            parts.append(script(self.shell).rstrip("\n") + "\n")
        return "\n".join(parts)

    def _values(self) -> str:
        values: dict[str, str | tuple[str, ...]] = {
            "__awsprof_launcher": self.launcher,
            "__awsprof_states": self.states,
            "__awsprof_protected": tuple(dict.fromkeys((*PROTECTED_ENVS, *self.protected_envs))),
            "__awsprof_ascii": "yes" if self.ascii_only else "",
            "__awsprof_release": "yes" if self.release else "",
        }
        lines = [_SETS[self.shell](name, self._word(value)) for name, value in values.items()]
        if self.user:
            lines.append(_EXPORTS[self.shell].format(name="AWSPROF_USER", value=self._word(self.user)))
        return "\n".join(lines)

    def _word(self, value: str | tuple[str, ...]) -> str:
        if isinstance(value, str):
            return quote(self.shell, value)
        words = [quote(self.shell, word) for word in value]
        if self.shell == "fish":
            return " ".join(words)
        # bash 3.2 would make do with less than an array, so zsh does too.
        return f"@({', '.join(words)})" if self.shell == "powershell" else quote(self.shell, f" {' '.join(value)} ")


def _sections(template: str, left_out: set[str], replaced: Mapping[str, str]) -> str:
    """Return *template* without its markers and the sections in *left_out*, and others replaced."""
    lines: list[str] = []
    open_sections: list[str] = []
    for line in template.splitlines():
        marker = _MARKER.fullmatch(line)
        if marker is None:
            gap = not line and (not lines or not lines[-1])
            if not gap and not left_out.intersection(open_sections) and not replaced.keys() & open_sections:
                lines.append(line)
        elif marker[1] == ">>>":
            open_sections.append(marker[2])
            if marker[2] in replaced:
                lines.append(replaced[marker[2]])
        else:
            assert open_sections.pop() == marker[2], f"{marker[2]} ends where it did not begin"
    assert not open_sections
    return "\n".join(lines).rstrip("\n") + "\n"


# The line that loads an integration, for each shell; {options} begins with a blank where there are any.
_RC_LINES = {
    "bash": 'eval "$(awsprof init bash{options})"',
    "zsh": 'eval "$(awsprof init zsh{options})"',
    "fish": "awsprof init fish{options} | source",
    "powershell": "Invoke-Expression (& awsprof init powershell{options} | Out-String)",
}


def rc_line(shell: str, options: str = "") -> str:
    """Return the line that loads the integration in the shell's start-up file."""
    return _RC_LINES[shell].format(options=options)


# Where a command may begin, and the commands that run what another prints or a file holds.
_BEGINS = r"(?:^|[;&|({]|\b(?:then|do|else|and|or|begin)\s)\s*(?:\\?(?:builtin|command)\s+)?\\?"
_RUNS = {
    "bash": r"(?:eval|source|\.)",
    "zsh": r"(?:eval|source|\.)",
    "fish": r"(?:eval|source|\.)",
    "powershell": r"(?i:Invoke-Expression|iex|\.)",
}
# What the documents call the file that one may keep the integration in.
_KEPT_IN = {"bash": ".awsprof.bash", "zsh": ".awsprof.zsh", "fish": ".awsprof.fish", "powershell": ".awsprof.ps1"}


@dataclass(frozen=True, slots=True)
class LoadingLine:
    """A line of a start-up file that loads the integration; *options* is None where it does so from a file."""

    text: str
    options: frozenset[str] | None


def loading_line(shell: str, text: str) -> LoadingLine | None:
    """Return the line of a start-up file that loads the integration already, if there is one; a mention is none."""
    runs, begins = _RUNS[shell], _BEGINS
    command = rf"\bawsprof[\"']?\s+init\s+{shell}\b(?P<options>(?:\s+--[\w-]+)*)"
    forms = [rf"{begins}{runs}\s[^;]*{command}", rf"{begins}{runs}\s[^;]*{re.escape(_KEPT_IN[shell])}\b"]
    if shell in ("fish", "powershell"):
        forms.append(rf"{begins}[^\s;\"']*{command}[^;]*\|\s*{runs}(?!\S)")
    for line in text.splitlines():
        code = re.sub(r"(?:^|\s)#.*", "", line)
        for found in (re.search(form, code) for form in forms):
            if found is not None:
                options = found.groupdict().get("options")
                return LoadingLine(line.strip(), None if options is None else frozenset(options.split()))
    return None


def rc_file(shell: str, environ: Mapping[str, str], home: Path, documents: Path | None = None) -> Path:
    """
    Return the file that *shell* reads when it starts.

    Args:
        documents: The directory of the user's documents on Windows, where PowerShell keeps it; None elsewhere.
    """
    if shell == "bash":
        return home / ".bashrc"
    if shell == "zsh":
        return Path(environ.get("ZDOTDIR") or home) / ".zshrc"
    if shell == "powershell" and documents is not None:
        return documents / "PowerShell" / _POWERSHELL_PROFILE
    base = environ.get("XDG_CONFIG_HOME", "")
    config = Path(base) if base.startswith("/") else home / ".config"
    return config / "fish" / "config.fish" if shell == "fish" else config / "powershell" / _POWERSHELL_PROFILE


_POWERSHELL_PROFILE = "Microsoft.PowerShell_profile.ps1"


def with_line(data: bytes, line: str) -> bytes:
    """Return the start-up file *data* with *line* as its last."""
    end = b"" if not data or data.endswith(b"\n") else b"\n"
    if (data + end).endswith(b"\\\n"):
        end += b"\n"  # the last line would go on in ours
    return data + end + line.encode("ascii") + b"\n"


def style_of(shell: str) -> str:
    """Return the style of ``quoting.render`` for *shell*; raises UsageError for one that has no integration."""
    styles = {"bash": "sh", "zsh": "sh", "fish": "fish", "powershell": "powershell"}
    if shell not in styles:
        raise UsageError(f"There is no integration for the shell in AWSPROF_SHELL, '{printable(shell)}'")
    return styles[shell]


def likely_shell(environ: Mapping[str, str]) -> str:
    """Return the shell that a person most likely means: the login shell, where it has an integration."""
    known = {"bash": "bash", "zsh": "zsh", "fish": "fish", "pwsh": "powershell"}
    return known.get(os.path.basename(environ.get("SHELL", "")), "bash")
