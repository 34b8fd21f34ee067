"""
Hooks as tests see them: rendered, loaded into the real shell, and asked for the prompt that would be shown.

Knows how each shell is started and made to prompt; not what a prompt should say.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awsprof.fastpath import file_name
from awsprof.shells.integration import Integration
from awsprof.shells.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SHELLS = ("bash", "zsh", "fish")
READY = "READY> "
# Loading in the strictest mood a shell has.
STRICT = {
    "bash": "set -euo pipefail",
    "zsh": "setopt err_exit no_unset warn_create_global pipe_fail",
    "fish": "",
}
_COMMANDS = {
    "bash": ("bash", "--norc", "--noprofile"),
    "zsh": ("zsh", "-f"),
    "fish": ("fish", "--no-config"),
}
# A prompt of the user's own, and what a shell does before it shows one.
_OWN_PROMPT = {
    "bash": f"PS1='{READY}'",
    "zsh": f"PS1='{READY}'",
    "fish": f"function fish_prompt\n  echo -n '{READY}'\nend",
}
_PROMPTS = {
    "bash": 'for c in "${PROMPT_COMMAND[@]}"; do eval "$c"; done\nprintf "%s\\0" "${PS1@P}"',
    "zsh": 'for f in $precmd_functions; do $f; done\nprint -rnP -- "$PS1"; printf "\\0"',
    "fish": "emit fish_prompt\nfish_prompt\nprintf '\\0'",
}
_EXPORTS = {
    "bash": "export {name}={value}",
    "zsh": "export {name}={value}",
    "fish": "set -gx {name} {value}",
}


def rendered(shell: str, directory: Path, **changes: Any) -> str:
    """The integration of *shell*, whose state files lie below *directory*."""
    made: dict[str, Any] = {
        "shell": shell,
        "launcher": str(directory / "bin" / "awsprof"),
        "states": str(directory / "state"),
        "user": None,
        "protected_envs": (),
        "ascii_only": False,
        "release": True,
        "prompt": True,
        "completion": False,
    }
    return Integration(**{**made, **changes}).render()


@dataclass(frozen=True, slots=True)
class Ran:
    """What a shell came to."""

    status: int
    stdout: str
    stderr: str

    @property
    def prompts(self) -> list[str]:
        """Each prompt as a terminal would get it, without the marks that are the line editor's."""
        return [re.sub("[\x01\x02]", "", prompt) for prompt in self.stdout.split("\0")[:-1]]


@dataclass
class Shell:
    """One shell, the directory that its files are in, and the environment it starts with."""

    name: str
    directory: Path
    find: Callable[[str], str]
    environ: dict[str, str] = field(default_factory=dict)
    rendering: dict[str, Any] = field(default_factory=dict)

    def command(self) -> list[str]:
        program, *options = _COMMANDS[self.name]
        return [self.find(program), *options]

    @property
    def whole_environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            **self.environ,
        }

    def run(self, script: str, *, cwd: Path | None = None, wrapper: Sequence[str] = ()) -> Ran:
        """Run a script of the shell's own words."""
        path = self.directory / f"script.{self.name}"
        path.write_bytes(script.encode("utf-8", "surrogateescape"))
        done = subprocess.run(
            [*wrapper, *self.command(), str(path)],
            env=self.whole_environ,
            cwd=cwd or self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
        return Ran(done.returncode, out, err)

    def prompting(self, *steps: str) -> str:
        """A script that loads the hook and, after each of *steps*, shows a prompt."""
        hook = self.directory / f"hook.{self.name}"
        hook.write_bytes(rendered(self.name, self.directory, **self.rendering).encode("utf-8", "surrogateescape"))
        begin = [_OWN_PROMPT[self.name], f"source {quote(self.name, str(hook))}"]
        return "\n".join([*begin, *(f"{step}\n{_PROMPTS[self.name]}" for step in steps)]) + "\n"

    def prompts(self, *steps: str, cwd: Path | None = None) -> list[str]:
        """The prompts shown after each of *steps*; with none, the first prompt. Nothing may go to stderr."""
        ran = self.run(self.prompting(*(steps or ("",))), cwd=cwd)
        assert (ran.status, ran.stderr) == (0, "")
        return ran.prompts

    def exporting(self, name: str, value: str) -> str:
        """A step that sets a variable of the environment."""
        return _EXPORTS[self.name].format(name=name, value=quote(self.name, value))

    def forgetting(self, name: str) -> str:
        return f"set -e {name}" if self.name == "fish" else f"unset {name}"

    def state(self, name: str, left_s: int, *, alias: str = "", mark: str = "", below: str = "state") -> Path:
        """Write the state of a profile whose session has *left_s* seconds left."""
        expiration = int(time.time()) + left_s
        path = self.directory / below / file_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [str(expiration), "111111111111", alias] + ([mark] if mark else [])
        path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        os.utime(path, (expiration, expiration))
        return path


def plain(text: str) -> str:
    """*text* without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def forks(trace: str) -> list[str]:
    """The lines of an strace output in which a process, not a thread, begins."""
    return [
        line for line in trace.splitlines() if re.search(r"\b(v?fork|clone3?)\(", line) and "CLONE_THREAD" not in line
    ]
