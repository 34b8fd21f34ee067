"""
What the hook adds to a prompt of each shell, and how many processes it starts: python benchmarks/prompt.py

Runs the hooks as `awsprof init` prints them, with 10, 1,000 and 10,000 profiles, in a throw-away home; reaches no
network. Times are the best of many rounds; goals are scaled to what a bare Python start takes in the same run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bare import Bare

BIN = Path(sys.executable).parent
PROFILES = (10, 1_000, 10_000)
GOALS_US = {"bash": 60, "zsh": 60, "fish": 200}
# Short rounds, since the best of them should be one that nothing else on the machine disturbed.
ROUNDS, PROMPTS = 45, 100
ACTIVE = "autochart_prod_a0"
# Each prints the microseconds of one prompt: of the hook, and of a function that does nothing, in the same loop.
SCRIPTS = {
    "bash": """
{load}
nothing() {{ :; }}
PS1='$ '
__awsprof_hook
for which in __awsprof_hook nothing; do
  for ((round = 0; round < {rounds}; round++)); do
    from=$EPOCHREALTIME
    for ((i = 0; i < {prompts}; i++)); do $which; done
    to=$EPOCHREALTIME
    echo "$which $(((${{to/./}} - ${{from/./}}) * 100 / {prompts}))"
  done
done
""",
    "zsh": """
zmodload zsh/datetime
{load}
nothing() {{ : }}
PS1='$ '
__awsprof_hook
for which in __awsprof_hook nothing; do
  for ((round = 0; round < {rounds}; round++)); do
    from=$EPOCHREALTIME
    for ((i = 0; i < {prompts}; i++)); do $which; done
    printf '%s %.0f\\n' $which $(( (EPOCHREALTIME - from) * 100000000 / {prompts} ))
  done
done
""",
    "fish": """
{load}
function nothing; end
function hook; __awsprof_hook; fish_prompt >/dev/null; end
function fish_prompt; end
__awsprof_hook
for which in hook nothing
  for round in (seq {rounds})
    set -l numbers (seq {prompts})
    set -l from (date +%s%N)
    for i in $numbers; $which; end
    echo $which (math "floor(("(date +%s%N)" - $from) / 10 / {prompts})")
  end
end
""",
}
COMMANDS = {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}
LOADS = {shell: f'eval "$(awsprof init {shell} --no-completion)"' for shell in ("bash", "zsh")}
LOADS["fish"] = "awsprof init fish --no-completion | source"
FORKS = {
    "bash": "for ((i = 0; i < {prompts}; i++)); do __awsprof_hook; done",
    "zsh": "for ((i = 0; i < {prompts}; i++)); do __awsprof_hook; done",
    "fish": "function fish_prompt; end; for i in x x x x x x x x x x; __awsprof_hook; fish_prompt; end",
}


def prepare(home: Path, profiles: int) -> None:
    """Write as many profiles, and a state file for each."""
    names = [f"autochart_prod_a{number}" for number in range(profiles)]
    (home / ".aws").mkdir()
    sections = [f"[profile {name}]\nregion = eu-west-1\naws_account_id = 111111111111\n" for name in names]
    (home / ".aws" / "config").write_text("\n".join(sections))
    states = home / ".local" / "state" / "awsprof" / "state"
    states.mkdir(parents=True, mode=0o700)
    expiration = int(time.time()) + 20_000
    for name in names:
        (states / name).write_text(f"{expiration}\n111111111111\nautochart-prod\n")
        os.utime(states / name, (expiration, expiration))


def microseconds(shell: str, environ: dict[str, str]) -> tuple[float, float]:
    """Return the best times of the hook and of an empty function."""
    script = SCRIPTS[shell].format(load=LOADS[shell], rounds=ROUNDS, prompts=PROMPTS)
    done = subprocess.run([*COMMANDS[shell], "-c", script], env=environ, capture_output=True, text=True, check=True)
    times: dict[str, list[float]] = {}
    for line in done.stdout.splitlines():
        name, hundredths = line.split()
        times.setdefault(name, []).append(float(hundredths.rstrip(".")) / 100)
    hook, nothing = (min(found) for found in times.values())
    return hook, nothing


def forks(shell: str, environ: dict[str, str], directory: Path) -> str:
    """Return how many processes ten prompts start, by strace; the shell has loaded the hook from a file before."""
    if shutil.which("strace") is None:
        return "no strace"
    hook, trace = directory / f"hook.{shell}", directory / "trace"
    with hook.open("w") as file:
        command = [str(BIN / "awsprof"), "init", shell, "--no-completion"]
        subprocess.run(command, env=environ, stdout=file, check=True)
    script = f"source {hook}\n{FORKS[shell].format(prompts=10)}"
    wrapper = ["strace", "-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o", str(trace)]
    if subprocess.run(
        [*wrapper, *COMMANDS[shell], "-c", script], env=environ, capture_output=True, check=False
    ).returncode:
        return "not allowed"
    lines = [line for line in trace.read_text().splitlines() if "CLONE_THREAD" not in line]
    return str(sum(bool(re.search(r"\b(v?fork|clone3?)\(", line)) for line in lines))


def main() -> None:
    bare, rows = Bare(), []
    for shell in SCRIPTS:
        if shutil.which(shell) is None:
            print(f"{shell} is not installed")
            continue
        for profiles in PROFILES:
            with tempfile.TemporaryDirectory() as directory:
                home = Path(directory)
                prepare(home, profiles)
                environ = {"HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm", "LANG": "C.UTF-8"}
                environ["AWS_PROFILE"] = ACTIVE
                rows.append((shell, profiles, *microseconds(shell, environ), forks(shell, environ, home)))
            bare.measure()
    print(bare)
    print(
        f"{'':6} {'profiles':>8} {'hook, us':>9} {'empty, us':>9} {'goal, us':>9} {'share':>6}  processes, ten prompts"
    )
    for shell, profiles, hook, nothing, count in rows:
        goal = GOALS_US[shell]
        print(f"{shell:6} {profiles:8,} {hook:9.1f} {nothing:9.1f} {goal:9} {bare.share(hook, goal):6.2f}  {count}")


if __name__ == "__main__":
    main()
