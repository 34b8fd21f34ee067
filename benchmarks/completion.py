"""
How long a TAB on a profile's name takes in each shell, and how many processes it starts.

Run it as ``python benchmarks/completion.py``; it works in a home of its own and reaches no network. A shell that is not
installed is left out; without a strace that may trace, processes are not counted. Goals are scaled to what a bare
Python start takes in the same run.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pexpect
from bare import Bare

COMPLETIONS = Path(__file__).parents[1] / "completions"
COUNTS = (10, 1_000, 10_000)
GOALS_MS = {10: None, 1_000: 10, 10_000: 120}
# A name begun, so that a few match; nothing typed, so that all do.
LINES = {"begun": "awsprof use product0_e", "nothing typed": "awsprof use "}
RUNS = 11
READY = "READY> "

_BASH = """
source {file}
tab() {{
  COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=(awsprof use "$2") COMP_CWORD=2
  __awsprof_complete awsprof "$2" use
}}
for ((run = 0; run < {runs}; run++)); do
  begun=${{EPOCHREALTIME/[.,]/}}
  tab '{line}' '{word}'
  echo $((${{EPOCHREALTIME/[.,]/}} - begun))
done
"""
_ZSHRC = """
autoload -Uz compinit && compinit -u -d $HOME/.zcompdump
zmodload zsh/datetime
source {file}
setopt no_beep no_auto_list
unsetopt prompt_cr prompt_sp
PS1='{ready}'
tab() {{
  local begun=$EPOCHREALTIME
  zle complete-word
  local ended=$EPOCHREALTIME
  BUFFER=
  print "took $(( (ended - begun) * 1000 )) ms"
}}
zle -N tab && bindkey '^T' tab
"""


def write_profiles(home: Path, count: int) -> None:
    """Write *count* profiles of several products, in sections as awsprof writes them."""
    sections = [
        f"[profile product{number // 50}_env{number % 5}_user{number % 50}]\nregion = eu-west-1\n"
        f"mfa_serial = arn:aws:iam::{number:012}:mfa/user\naws_account_id = {number:012}\n"
        f"credential_process = /usr/bin/awsprof credential-process product{number // 50}_env{number % 5}_user{number}\n"
        for number in range(count)
    ]
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text("\n".join(sections))
    # zsh keeps nothing of a file that has only just changed.
    time.sleep(2.1)


def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "ZDOTDIR": str(home), "PATH": os.defpath, "TERM": "dumb", "LANG": "C.UTF-8"}


def bash_ms(home: Path, line: str, runs: int = RUNS) -> list[float]:
    file = COMPLETIONS / "awsprof.bash"
    code = _BASH.format(file=file, line=line, word=line.rpartition(" ")[2], runs=runs)
    done = subprocess.run(["bash", "--norc", "-c", code], env=environ(home), capture_output=True, check=True)
    return [int(row) / 1000 for row in done.stdout.split()]


def zsh_ms(home: Path, line: str, runs: int = RUNS, *, through: tuple[str, ...] = ()) -> list[float]:
    (home / ".zshrc").write_text(_ZSHRC.format(file=COMPLETIONS / "_awsprof", ready=READY))
    command = [*through, "zsh", "-i"]
    child = pexpect.spawn(command[0], command[1:], env=environ(home), encoding="utf-8", dimensions=(50, 200))
    child.delaybeforesend = None
    child.expect_exact(READY)
    times = []
    for _ in range(runs):
        child.send(f"{line}\x14")
        child.expect(r"took ([0-9.e-]+) ms")
        assert child.match is not None
        times.append(float(child.match[1]))
    child.send("exit\r")
    child.expect(pexpect.EOF)
    return times


def fish_ms(home: Path, line: str, runs: int = RUNS) -> list[float]:
    """fish has no builtin clock to the millisecond: many completions in one process are timed from outside."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        _fish(home, line, 1)
        once = time.perf_counter()
        _fish(home, line, 1 + runs)
        times.append((time.perf_counter() - once - (once - begun)) / runs * 1000)
    return times


def _fish(home: Path, line: str, runs: int) -> None:
    code = f"source {COMPLETIONS}/awsprof.fish\n" + f"complete -C '{line}' >/dev/null\n" * runs
    subprocess.run(["fish", "--no-config", "-c", code], env=environ(home), check=True)


def processes(home: Path, shell: str, line: str) -> str:
    """Count what strace sees started by three TABs more, in a shell of its own; '?' where it may not trace."""
    strace = shutil.which("strace")
    if (
        strace is None
        or subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
    ):
        return "?"
    trace = home / "trace"
    through = (strace, "-f", "-e", "trace=process", "-o", str(trace))
    counts = []
    for runs in (1, 4):
        if shell == "zsh":
            zsh_ms(home, line, runs, through=through)
        else:
            file, options = (COMPLETIONS / f"awsprof.{shell}", {"bash": "--norc", "fish": "--no-config"}[shell])
            word = line.rpartition(" ")[2]
            asked = f"complete -C '{line}' >/dev/null\n" * runs
            code = f"source {file}\n{asked}"
            if shell == "bash":
                code = _BASH.format(file=file, line=line, word=word, runs=runs)
            subprocess.run([*through, shell, options, "-c", code], env=environ(home), capture_output=True, check=True)
        made = re.findall(
            r"\b(?:fork|vfork|clone|clone3|execve)\((?!.*CLONE_THREAD)", trace.read_text(errors="replace")
        )
        counts.append(len(made))
    return str(counts[1] - counts[0])


def main() -> None:
    measures = {"bash": bash_ms, "zsh": zsh_ms, "fish": fish_ms}
    bare, rows = Bare(), []
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        for count in COUNTS:
            write_profiles(home, count)
            for shell, measure in measures.items():
                if shutil.which(shell) is None:
                    print(f"{shell} is not installed")
                    continue
                for label, line in LINES.items():
                    times = measure(home, line)
                    bare.measure()
                    rows.append((shell, count, label, times, processes(home, shell, line)))
    print(bare)
    print(f"{'':6} {'profiles':>8}  {'word':14} {'median ms':>9} {'least ms':>9} {'goal':>5} {'share':>6}  processes")
    for shell, count, label, times, started in sorted(rows, key=lambda row: row[0]):
        goal = GOALS_MS[count]
        share = f"{bare.share(min(times), goal):6.2f}" if goal else ""
        print(
            f"{shell:6} {count:8}  {label:14} {statistics.median(times):9.1f} {min(times):9.1f} {goal or '':>5}"
            f" {share:>6}  {started}"
        )


if __name__ == "__main__":
    main()
