"""``awsprof init``: rendered once, then served from the cache until anything it depends on changes; and its rc line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs.macos
import platformdirs.unix
import pytest

import awsprof as package
from awsprof import fastpath
from awsprof.shells import integration
from tests.test_cli import conftest as cli
from tests.test_cli.conftest import write_settings

if TYPE_CHECKING:
    from tests.command_line import CommandLine

launcher = cli.launcher
SHELLS = ("bash", "zsh", "fish", "powershell")


def _file(home: Path, name: str) -> Path:
    return home / ".cache" / "awsprof" / "init" / name


# --- what is printed


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("options", [[], ["--no-prompt"], ["--no-completion"], ["--no-completion", "--no-prompt"]])
def test_prints_the_integration(
    awsprof: CommandLine,
    home: Path,
    launcher: Path,
    shell: str,
    options: list[str],
) -> None:
    """It prints the hook with the values of here and now, and keeps it for the next shell, for this user's eyes."""
    write_settings(home, 'user = "paul"\nprotected_envs = ["legacy"]\nrelease = false\nprompt_ascii = true\n')
    outcome = awsprof("init", shell, *options)
    assert (outcome.status, outcome.stderr) == (0, "")
    head, text = outcome.stdout.split("\n", 1)
    assert head.startswith(f"# awsprof {package.__version__}: '{launcher}' ")
    assert (
        text
        == integration.Integration(
            shell=shell,
            launcher=str(launcher),
            states=str(home / ".local" / "state" / "awsprof" / "state"),
            user="paul",
            protected_envs=("legacy",),
            ascii_only=True,
            release=False,
            prompt="--no-prompt" not in options,
            completion="--no-completion" not in options,
        ).render()
    )
    kept = _file(home, shell + "".join(sorted(options)))
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (outcome.stdout, 0o600)


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"], ["bash", "--yes"], ["bash", "--no-such"]])
def test_usage(awsprof: CommandLine, home: Path, words: list[str]) -> None:
    """Anything but one shell that it knows is exit 2, and prints nothing to evaluate."""
    outcome = awsprof("init", *words)
    assert (outcome.status, outcome.stdout) == (2, "")


def test_settings_that_are_wrong(awsprof: CommandLine, home: Path) -> None:
    """With settings that cannot be read it is exit 2, and prints nothing to evaluate."""
    write_settings(home, "release = 1\n")
    outcome = awsprof("init", "bash")
    assert (outcome.status, outcome.stdout) == (2, "")


def test_a_temporary_launcher(
    awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where awsprof runs from a runner's cache, it says how to install, and prints nothing to evaluate."""
    temporary = tmp_path / "uv" / "archive-v0" / "x" / "bin"
    temporary.mkdir(parents=True)
    (temporary / "awsprof").write_text("#!/bin/sh\n")
    (temporary / "awsprof").chmod(0o755)
    monkeypatch.setenv("PATH", str(temporary))
    monkeypatch.setattr(sys, "argv", [str(temporary / "awsprof")])
    monkeypatch.setattr(sys, "executable", str(temporary / "python"))
    outcome = awsprof("init", "bash")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "uv tool install awsprof" in outcome.stderr
    assert fastpath.cached_init(["init", "bash"]) is None


def test_a_cache_that_cannot_be_written(awsprof: CommandLine, home: Path) -> None:
    """Where nothing can be kept, it prints all the same."""
    _file(home, "x").parent.parent.mkdir(parents=True)
    _file(home, "x").parent.write_text("in the way")
    outcome = awsprof("init", "bash")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert "function awsprof" in outcome.stdout


# --- the cache


def _cached(*words: str) -> bytes | None:
    return fastpath.cached_init(["init", *words])


@pytest.fixture
def printed(awsprof: CommandLine, home: Path) -> bytes:
    return awsprof("init", "bash").stdout.encode()


def test_is_served(printed: bytes) -> None:
    """The second time it comes from the cache, byte for byte."""
    assert _cached("bash") == printed


def test_options_are_not_mixed_up(awsprof: CommandLine, printed: bytes) -> None:
    """Each shell and each set of options has its own; the order of options does not matter."""
    for words in (
        ["zsh"],
        ["bash", "--no-prompt"],
        ["bash", "--install"],
        ["bash", "--help"],
        ["bash", "zsh"],
        [],
        ["x"],
    ):
        assert _cached(*words) is None
    both = awsprof("init", "bash", "--no-prompt", "--no-completion").stdout.encode()
    assert _cached("bash", "--no-completion", "--no-prompt") == both != printed


def test_settings_change_it(awsprof: CommandLine, home: Path, printed: bytes) -> None:
    """A change of the settings is seen at once: made, made again within the same size, and taken back."""
    for text in ('user = "paul"\n', 'user = "anna"\n'):
        write_settings(home, text)
        assert _cached("bash") is None
        assert text[8:12] in awsprof("init", "bash").stdout
        assert _cached("bash") is not None
    (home / ".config" / "awsprof" / "config.toml").unlink()
    assert _cached("bash") is None


def test_a_newer_version_changes_it(printed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version printed is not served."""
    monkeypatch.setattr(package, "__version__", "99.0")
    assert _cached("bash") is None


def test_a_newer_hook_changes_it(printed: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor is what was made from another template, which a new build of the same version may bring."""
    monkeypatch.setattr(fastpath, "__file__", str(tmp_path / "fastpath.py"))
    assert _cached("bash") is None


@pytest.mark.parametrize("where", ["awsprof/shells/completions", "completions"])
def test_another_completion_changes_it(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path, where: str) -> None:
    """Nor is what holds another completion, in an installed copy as in a source tree."""
    monkeypatch.setattr(fastpath, "__file__", str(tmp_path / "awsprof" / "fastpath.py"))
    for shell, name in fastpath.COMPLETIONS.items():
        path = tmp_path / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old\n")
        before = fastpath.init_key(shell, "/x/awsprof")
        assert before == fastpath.init_key(shell, "/x/awsprof")
        path.write_text("newer\n")
        assert fastpath.init_key(shell, "/x/awsprof") != before


def test_another_launcher_changes_it(
    printed: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    launcher: Path,
) -> None:
    """When PATH leads to another launcher, or to none, it is not served."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "awsprof").symlink_to(launcher)
    path = os.environ["PATH"]
    for elsewhere in (f"{other}:{path}", str(tmp_path / "nowhere"), ""):
        monkeypatch.setenv("PATH", elsewhere)
        assert _cached("bash") is None
    monkeypatch.setenv("PATH", f":relative:{tmp_path}:{path}")
    assert _cached("bash") == printed


def test_another_home_changes_it(printed: bytes, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """With another HOME, whose states lie elsewhere, it is not served, wherever the cache is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    assert _cached("bash") == printed
    monkeypatch.setenv("HOME", str(home / "other"))
    assert _cached("bash") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_file_of_loose_mode_is_not_served(printed: bytes, home: Path, mode: int) -> None:
    """Code that others could have written is never run."""
    _file(home, "bash").chmod(mode)
    assert _cached("bash") is None


def test_links_are_not_served(printed: bytes, home: Path) -> None:
    """Nor is what a link leads to."""
    path = _file(home, "bash")
    path.rename(path.with_name("other"))
    path.symlink_to("other")
    assert _cached("bash") is None


@pytest.mark.parametrize("size", [0, 10, 200, -1])
def test_a_torn_file_is_not_served(printed: bytes, home: Path, size: int) -> None:
    """A file that is not whole is as if there were none."""
    _file(home, "bash").write_bytes(printed[:size])
    assert _cached("bash") is None


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("kind", ["cache", "config", "state"])
@pytest.mark.parametrize("value", [None, "/somewhere/else", "/with/slash/", "relative", ""])
def test_same_directories_as_platformdirs(
    kind: str, platform: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directories it computes are those that platformdirs gives every other command."""
    if value is not None:
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", value)
    system = platformdirs.macos.MacOS if platform == "darwin" else platformdirs.unix.Unix
    directories = system("awsprof", appauthor=False)
    assert Path(fastpath.own_directory(kind, platform) or "") == getattr(directories, f"user_{kind}_path")
    monkeypatch.delenv(f"XDG_{kind.upper()}_HOME", raising=False)
    usual = getattr(system("awsprof", appauthor=False), f"user_{kind}_path")
    monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", "/somewhere")
    assert Path(fastpath.own_directory(kind, platform, usual=True) or "") == usual


def test_windows_is_left_to_the_command_line() -> None:
    """Where only platformdirs knows the directories, nothing is guessed."""
    assert fastpath.own_directory("cache", "win32") is None


def test_imports_nothing(printed: bytes) -> None:
    """Served as a process, it has loaded nothing that Python does not load anyway."""
    script = (
        "import sys; before = set(sys.modules); sys.argv[1:] = ['init', 'bash']\n"
        "from awsprof.__main__ import main\nmain(); print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, check=False)
    assert done.stdout == printed
    assert set(done.stderr.decode().split()) <= {"awsprof", "awsprof.__main__", "awsprof.fastpath", "__future__"}


# --- --install


@pytest.mark.parametrize(
    ("shell", "variables", "path"),
    [
        ("bash", {}, ".bashrc"),
        ("zsh", {}, ".zshrc"),
        ("zsh", {"ZDOTDIR": "{home}/z"}, "z/.zshrc"),
        ("fish", {}, ".config/fish/config.fish"),
        ("fish", {"XDG_CONFIG_HOME": "{home}/c"}, "c/fish/config.fish"),
        ("powershell", {}, ".config/powershell/Microsoft.PowerShell_profile.ps1"),
        ("powershell", {"XDG_CONFIG_HOME": "{home}/c"}, "c/powershell/Microsoft.PowerShell_profile.ps1"),
    ],
)
def test_installs_its_line(
    awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str, variables: dict[str, str], path: str
) -> None:
    """It shows the line as a diff, asks, and adds it to the shell's own start-up file, once."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(home=home))
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("# mine\n")
    target.chmod(0o644)
    line = integration.rc_line(shell)
    outcome = awsprof("init", shell, "--install", answers=["y"])
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines()[-2:] == [f"+{line}", f"Added to {target}; a new shell has it."]
    assert awsprof.terminal.questions == [f"Add this line to {target}?"]
    assert (target.read_text(), target.stat().st_mode & 0o777) == (f"# mine\n{line}\n", 0o644)
    again = awsprof("init", shell, "--install")
    assert again.stdout == f"It is there already: {target} has the line {line}\n"
    assert target.read_text() == f"# mine\n{line}\n"


def test_profile_of_powershell_on_windows(home: Path) -> None:
    """On Windows PowerShell's profile is among the user's documents."""
    path = integration.rc_file("powershell", {}, home, home / "Documents")
    assert path == home / "Documents" / "PowerShell" / "Microsoft.PowerShell_profile.ps1"


def test_install_keeps_off_a_line_that_goes_on(awsprof: CommandLine, home: Path) -> None:
    """Behind a last line that ends in a backslash, ours does not become its end."""
    (home / ".bashrc").write_text("alias ll='ls -l' \\")
    assert awsprof("init", "bash", "--install", "--yes").status == 0
    assert (home / ".bashrc").read_text() == "alias ll='ls -l' \\\n\neval \"$(awsprof init bash)\"\n"


@pytest.mark.parametrize(("login_shell", "likely"), [("/usr/bin/fish", "fish"), ("", "bash")])
def test_which_shell(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, login_shell: str, likely: str) -> None:
    """Without a shell it says which there are, and what to run."""
    monkeypatch.setenv("SHELL", login_shell)
    outcome = awsprof("init")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith(f"There are bash, zsh, fish, powershell: run 'awsprof init {likely}'.\n")


def test_install_makes_the_file(awsprof: CommandLine, home: Path) -> None:
    """Where there is no file it is made; --yes answers the question, and options go into the line."""
    assert awsprof("init", "fish", "--install", "--yes", "--no-prompt").status == 0
    text = (home / ".config" / "fish" / "config.fish").read_text()
    assert text == "awsprof init fish --no-prompt | source\n"


@pytest.mark.parametrize(
    "line",
    [
        '  eval "$(awsprof init bash --no-prompt)"',
        "source <(awsprof init bash)",
        'command -v awsprof >/dev/null && eval "$(/usr/bin/awsprof  init  bash)"',
        'if true; then \\builtin eval "$("$HOME/my bin/awsprof" init bash)" # mine',
        "source ~/.awsprof.bash",
        '[ ! -r "$HOME/.awsprof.bash" ] || . "$HOME/.awsprof.bash"',
    ],
)
def test_a_line_of_ones_own_counts(awsprof: CommandLine, home: Path, line: str) -> None:
    """A line that loads it in another way is found."""
    (home / ".bashrc").write_text(f"x=1\n{line}\ny=1\n")
    outcome = awsprof("init", "bash", "--install")
    assert (outcome.status, outcome.stdout) == (0, f"It is there already: {home}/.bashrc has the line {line.strip()}\n")


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("fish", "awsprof init fish | source"),
        ("fish", "type -q awsprof; and ~/.local/bin/awsprof init fish --no-prompt | source"),
        ("fish", "source (awsprof init fish | psub)"),
        ("fish", "source ~/.awsprof.fish"),
        ("powershell", "Invoke-Expression (& awsprof init powershell | Out-String)"),
        ("powershell", "& awsprof init powershell | Out-String | iex"),
        ("powershell", ". ~/.awsprof.ps1"),
        ("zsh", "source <(awsprof init zsh)"),
    ],
)
def test_lines_of_other_shells_count(shell: str, line: str) -> None:
    """So is one in another shell's words."""
    found = integration.loading_line(shell, f"x\n {line}\ny\n")
    assert found is not None
    assert found.text == line


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", 'echo "try awsprof init bash today"'),
        ("bash", "alias x='eval \"$(awsprof init bash)\"'"),
        ("bash", "awsprof init bash > ~/.awsprof.bash"),
        ("bash", 'true # eval "$(awsprof init bash)"'),
        ("bash", "source <(awsprof completion bash)"),
        ("bash", "source /usr/share/completions/awsprof.bash"),
        ("bash", "echo later: source ~/.awsprof.bash"),
        ("fish", 'echo "awsprof init fish | source"'),
        ("fish", "awsprof init fish"),
        ("powershell", 'Write-Output "awsprof init powershell"'),
    ],
)
def test_a_mention_does_not_count(shell: str, line: str) -> None:
    """A line that speaks of loading it, and does not, is none."""
    assert integration.loading_line(shell, f"{line}\n") is None


def test_other_options_are_no_success(awsprof: CommandLine, home: Path) -> None:
    """Where the line there has not the options that are asked for, it says so, exit 1, and changes nothing."""
    for line, options in (
        ('eval "$(awsprof init bash)"', ["--no-prompt"]),
        ('eval "$(awsprof init bash --no-completion)"', ["--no-prompt"]),
    ):
        (home / ".bashrc").write_text(f"{line}\n")
        outcome = awsprof("init", "bash", "--install", "--yes", *options)
        assert (outcome.status, outcome.stdout) == (1, "")
        wanted = f'eval "$(awsprof init bash {" ".join(options)})"'
        assert outcome.stderr == (
            f"Error: {home}/.bashrc loads awsprof already, with other options: {line}.\nMake that line {wanted}\n"
        )
        assert (home / ".bashrc").read_text() == f"{line}\n"
    (home / ".bashrc").write_text("source ~/.awsprof.bash\n")
    outcome = awsprof("init", "bash", "--install", "--yes", "--no-prompt")
    assert outcome.status == 1
    assert outcome.stderr.endswith("\nMake that file anew with 'awsprof init bash --no-prompt'.\n")
    (home / ".bashrc").write_text('eval "$(awsprof init bash --no-completion --no-prompt)"\n')
    assert awsprof("init", "bash", "--install", "--no-prompt", "--no-completion").status == 0


def test_a_comment_does_not_count(awsprof: CommandLine, home: Path) -> None:
    """A line that is commented out, or loads it into another shell, is not one."""
    before = '# eval "$(awsprof init bash)"\neval "$(awsprof init zsh)"'
    (home / ".bashrc").write_text(before)
    assert awsprof("init", "bash", "--install", "--yes").status == 0
    assert (home / ".bashrc").read_text() == f'{before}\neval "$(awsprof init bash)"\n'


def test_a_no_changes_nothing(awsprof: CommandLine, home: Path) -> None:
    """A no leaves the file alone, exit 1; so does a missing terminal, exit 2."""
    (home / ".bashrc").write_bytes(b"mine")
    assert awsprof("init", "bash", "--install", answers=["n"]).status == 1
    outcome = awsprof("init", "bash", "--install")
    assert outcome.status == 2
    assert "--yes" in outcome.stderr
    assert (home / ".bashrc").read_bytes() == b"mine"


def test_the_way_without_a_process(awsprof: CommandLine, home: Path) -> None:
    """What it prints can be kept in a file, which a shell reads without starting anything."""
    (home / "awsprof.bash").write_text(awsprof("init", "bash").stdout)
    done = subprocess.run(
        ["bash", "-euc", "source ./awsprof.bash; type -t awsprof"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("function\n", "")
