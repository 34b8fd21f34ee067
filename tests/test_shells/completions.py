"""
Completion as tests see it: a line typed as far as the cursor, and what the real shell would offer there.

Knows how each shell is asked; not what it should answer.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

from awsprof.shells.completion import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHELLS = ("bash", "zsh", "fish")
SCRIPTS = {shell: Path(__file__).parents[2] / "completions" / name for shell, name in FILES.items()}
READY = "READY> "
LIMIT_S = 30
# As bash splits the line for COMP_WORDS: words with quotes and escapes, and runs of = and : as words of their own.
_PIECE = re.compile(r"""(?:\\.|"(?:\\.|[^"])*"?|'[^']*'?|[^\s"'=:\\])+|[=:]+""")

_BASH = """
set -euo pipefail
{before}
. {script}
ask() {{
  COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=("${{@:3}}")
  COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMPREPLY=()
  {function} awsprof "$2" "${{COMP_WORDS[COMP_CWORD - 1]}}"
  printf '%s\\0' ${{COMPREPLY[@]+"${{COMPREPLY[@]}}"}}
  printf '\\1\\0'
}}
"""
# compadd's words are noted on their way to zsh, which then completes the line as it always does.
_ZSHRC = """
setopt no_beep no_auto_list no_hist_expand
unsetopt prompt_cr prompt_sp
PS1='{ready}'
{before}
compadd() {{
  local -a noted
  local suffix=
  if [[ " ${{@[1,(i)--]}} " != *' -'[OAD]' '* ]]; then
    builtin compadd -O noted "$@"
    [[ " $* " == *' -qS= '* && ${{noted[1]-}} != --* ]] && suffix='='
    offered+=("$IPREFIX${{^noted[@]}}$suffix")
  fi
  builtin compadd "$@"
}}
ask() {{
  offered=()
  zle complete-word
  {{ print -rn -- "$BUFFER"; (( $#offered )) && printf '\\0%s' "$offered[@]"; printf '\\0\\1\\0' }} >>$HOME/answers
  BUFFER=
  print -n asked
}}
zle -N ask
bindkey '^T' ask
"""


def pieces(line: str) -> list[str]:
    """*line* as bash has it in COMP_WORDS, the last of them under the cursor."""
    found = _PIECE.findall(line)
    return [*found, ""] if line[-1:].isspace() else found


@dataclass
class Completion:
    """The completion files in one home, asked in each shell."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    # Code that each shell runs before it loads the completion file.
    before: dict[str, str] = field(default_factory=dict)

    def ask(self, shell: str, *lines: str) -> list[set[str]]:
        """Return what *shell* offers behind each line: the whole words, as they would stand on the line."""
        return [set(words) for words in {"bash": self._bash, "zsh": self._zsh, "fish": self._fish}[shell](lines)]

    def offers(self, shell: str, line: str) -> set[str]:
        return self.ask(shell, line)[0]

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb", **self.environ}

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """Run a shell; what is typed ahead is no business of completion's."""
        return subprocess.run(
            command,
            input=b"typed_ahead_x\n" * 9,
            env=self.env,
            cwd=self.home,
            capture_output=True,
            check=False,
            timeout=60,
        )

    # --- bash: the function itself, as readline calls it

    def bash_code(self, lines: Sequence[str], function: str = "__awsprof_complete") -> str:
        code = _BASH.format(before=self.before.get("bash", ""), script=SCRIPTS["bash"], function=function)
        for line in lines:
            words = pieces(line)
            # What readline replaces: nothing yet behind a bare = or :, and never the quote that opens a word.
            typed = "" if words[-1].strip("=:") == "" else words[-1]
            code += " ".join(["ask", *map(_sh, (line, typed.lstrip("\"'"), *words))]) + "\n"
        return code

    def _bash(self, lines: Sequence[str]) -> list[list[str]]:
        done = self.run("bash", "--norc", "-c", self.bash_code(lines))
        assert (done.returncode, done.stderr) == (0, b"")
        answers = _answers(done.stdout)
        # bash replaces what stands behind the last = or : only.
        begun = [_before_last_break(line) for line in lines]
        return [[start + word for word in words] for start, words in zip(begun, answers, strict=True)]

    # --- fish: the builtin that interactive completion uses

    def fish_code(self, lines: Sequence[str]) -> str:
        asked = "".join(f"complete -C {_fish(line)} | string replace -r '\\t.*' ''; echo \\1\n" for line in lines)
        return f"{self.before.get('fish', '')}\nsource {SCRIPTS['fish']}\n{asked}"

    def _fish(self, lines: Sequence[str]) -> list[list[str]]:
        done = self.run("fish", "--no-config", "-c", self.fish_code(lines))
        assert (done.returncode, done.stderr) == (0, b"")
        return _answers(done.stdout.replace(b"\n", b"\0"))

    def fish_lines(self, line: str) -> list[str]:
        """What fish shows behind *line*: words with their descriptions behind a tab."""
        done = self.run("fish", "--no-config", "-c", f"source {SCRIPTS['fish']}; complete -C {_fish(line)}")
        assert done.stderr == b""
        return done.stdout.decode().splitlines()

    # --- zsh: a real TAB

    def _zsh(self, lines: Sequence[str]) -> list[list[str]]:
        with self.zsh(f"{self.before.get('zsh', '')}\n{LOAD_ZSH}") as child:
            for line in lines:
                child.send(f"{line}\x14")
                child.expect_exact("asked")
        answers = _answers((self.home / "answers").read_bytes())
        (self.home / "answers").unlink()
        # First stands the line as zsh completed it.
        return [words[1:] for words in answers]

    def zsh_lines(self, *lines: str) -> list[str]:
        """The lines as zsh completes them."""
        with self.zsh(LOAD_ZSH) as child:
            for line in lines:
                child.send(f"{line}\x14")
                child.expect_exact("asked")
        found = [words[0] for words in _answers((self.home / "answers").read_bytes())]
        (self.home / "answers").unlink()
        return found

    @contextlib.contextmanager
    def zsh(self, before: str, *wrapper: str) -> Iterator[pexpect.spawn[str]]:
        """An interactive zsh; *before* is its start-up file's own part."""
        (self.home / ".zshrc").write_text(_ZSHRC.format(ready=READY, before=before))
        with self.terminal(*wrapper, "zsh", "-i") as child:
            child.expect_exact(READY)
            yield child
            child.send("exit\r")
            child.expect_exact(pexpect.EOF)

    @contextlib.contextmanager
    def terminal(self, *words: str) -> Iterator[pexpect.spawn[str]]:
        with warnings.catch_warnings():
            # Newer Pythons warn of a fork beside threads; the child does nothing but exec.
            warnings.simplefilter("ignore", DeprecationWarning)
            child: pexpect.spawn[str] = pexpect.spawn(
                words[0],
                list(words[1:]),
                env={**self.env, "ZDOTDIR": str(self.home)},
                cwd=str(self.home),
                encoding="utf-8",
                timeout=LIMIT_S,
                dimensions=(60, 200),
            )
        child.delaybeforesend = None
        try:
            yield child
        finally:
            child.close(force=True)


LOAD_ZSH = f"autoload -Uz compinit && compinit -u -d $HOME/.zcompdump\nsource {SCRIPTS['zsh']}"


def _before_last_break(line: str) -> str:
    last = re.search(r"\S*$", line)
    assert last is not None
    match = re.match(r".*[=:]", last[0])
    return match[0] if match else ""


def _answers(data: bytes) -> list[list[str]]:
    answers = data.decode().split("\1\0")
    assert answers.pop() == ""
    return [[word for word in answer.split("\0") if word] for answer in answers]


def _sh(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
