"""``awsprof prompt``: the active profile in a few words, for other programs' prompts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from awsprof.shells.environment import OVERRIDING
from awsprof.shells.prompt import PLACEHOLDERS, left
from tests.command_line import Outcome
from tests.test_cli import conftest as cli
from tests.test_cli.conftest import leave, state_file, write_config, write_settings
from tests.test_shells.test_hooks_hostile import CODE

if TYPE_CHECKING:
    from tests.command_line import CommandLine
    from tests.test_cli.conftest import Identity

launcher, mid_step, awsprof, aws = cli.launcher, cli.mid_step, cli.awsprof, cli.aws
paul_in_dev, dev, logged_in = cli.paul_in_dev, cli.dev, cli.logged_in

NAME = "autochart_dev_paul"


@pytest.fixture
def active(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", NAME)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("words", [[], ["--format", "{product}"], ["--format", ""]])
@pytest.mark.parametrize("value", [None, ""])
def test_no_profile(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, words: list[str], value: str | None) -> None:
    """Without AWS_PROFILE nothing is printed, and that is no error."""
    if value is not None:
        monkeypatch.setenv("AWS_PROFILE", value)
    assert awsprof("prompt", *words) == Outcome(0, "", "")


def test_usual_format(awsprof: CommandLine, logged_in: Identity, active: None) -> None:
    """Without --format and without the setting it is product, env and time left."""
    leave(awsprof, NAME, 43 * 60 + 30)
    assert awsprof("prompt") == Outcome(0, "autochart/dev 43m\n", "")
    leave(awsprof, NAME, -1)
    assert awsprof("prompt") == Outcome(0, "autochart/dev expired\n", "")


def test_without_a_session(awsprof: CommandLine, active: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not known leaves nothing; a profile outside the convention is told by its name."""
    assert awsprof("prompt") == Outcome(0, "autochart/dev\n", "")
    monkeypatch.setenv("AWS_PROFILE", "outside")
    assert awsprof("prompt") == Outcome(0, "outside\n", "")
    assert awsprof("prompt", "--format", "[{product}/{env}] {user}{env}") == Outcome(0, "[outside]\n", "")


def test_every_placeholder(awsprof: CommandLine, logged_in: Identity, active: None, home: Path) -> None:
    """Each placeholder has its value."""
    (home / ".awsprof.toml").write_text('product = "shop"\n')
    leave(awsprof, NAME, 7_230)
    template = "|".join(f"{{{name}}}" for name in PLACEHOLDERS)
    expected = f"{NAME}|autochart|dev|paul|111111111111|autochart-dev|2h00m|eu-west-1|≠shop\n"
    assert awsprof("prompt", "--format", template) == Outcome(0, expected, "")


def test_setting(awsprof: CommandLine, active: None, home: Path) -> None:
    """The setting prompt_format is what --format is not given for; doubled braces stand for themselves."""
    write_settings(home, 'prompt_format = "{{{env}}} of {product}"\n')
    assert awsprof("prompt").stdout == "{dev} of autochart\n"
    assert awsprof("prompt", "--format", "{user}").stdout == "paul\n"


def test_blanks_at_the_ends_go(awsprof: CommandLine, active: None) -> None:
    """The result is trimmed, and where it is empty there is no line."""
    assert awsprof("prompt", "--format", "  {alias} {env} {left} ") == Outcome(0, "dev\n", "")
    assert awsprof("prompt", "--format", "{alias} {left}") == Outcome(0, "", "")


@pytest.mark.parametrize(
    "template", ["{nothing}", "{}", "{0}", "{", "}", "{x!r}", "{x:>9}", "{env.x}", "{env[0]}", "{é}"]
)
@pytest.mark.parametrize("name", [NAME, ""])
def test_refused_formats(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, template: str, name: str) -> None:
    """An unknown placeholder, or anything else that braces may hold, is exit 2 and names those there are."""
    monkeypatch.setenv("AWS_PROFILE", name)
    outcome = awsprof("prompt", "--format", template)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "{product}" in outcome.stderr


@pytest.mark.parametrize("template", ["{env!r}", "{env:>9}", "{env!s:>9}", "{env:{user}}"])
def test_formats_with_widths(awsprof: CommandLine, template: str) -> None:
    """A width or a conversion is exit 2, and is named as what it is, not as an unknown placeholder."""
    message = f"In a prompt format no placeholder has a width or a conversion, as '{template}' does"
    expected = Outcome(2, "", f"Error: {message}.\nWrite {{env}} alone.\n")
    assert awsprof("prompt", "--format", template) == expected


def test_marks(awsprof: CommandLine, active: None, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """{mark} names the variables that win over the profile, in plain signs by setting or locale."""
    for name in OVERRIDING:
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("AWS_WEB_IDENTITY_TOKEN_FILE")
    assert awsprof("prompt", "--format", "{mark}").stdout == "⚠ AWS_ACCESS_KEY_ID ⚠ AWS_DEFAULT_PROFILE\n"
    monkeypatch.setenv("LC_ALL", "C")
    assert awsprof("prompt", "--format", "{mark}").stdout == "! AWS_ACCESS_KEY_ID ! AWS_DEFAULT_PROFILE\n"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    write_settings(home, "prompt_ascii = true\n")
    assert awsprof("prompt", "--format", "{mark}").stdout == "! AWS_ACCESS_KEY_ID ! AWS_DEFAULT_PROFILE\n"


@pytest.mark.parametrize("text", ['product = "shop\n', "x = 1\n", '[envs]\nx = "y"\n'])
def test_broken_files_are_no_matter(awsprof: CommandLine, active: None, home: Path, text: str) -> None:
    """A prompt goes on where files are broken: commands say what is wrong with them."""
    (home / ".awsprof.toml").write_text(text)
    write_config(home, "no section\n")
    assert awsprof("prompt", "--format", "{env} {region} {account} {mark}") == Outcome(0, "dev\n", "")


@pytest.mark.parametrize("code", CODE)
def test_values_are_harmless(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, home: Path, code: str) -> None:
    """Nothing that a terminal would act on comes out, whatever is in a name or a state file."""
    path = state_file(home, NAME)
    path.parent.mkdir(parents=True)
    path.write_text(f"9999999999\n{code}\n{code}\n")
    path.chmod(0o600)
    for name in (NAME, code):
        monkeypatch.setenv("AWS_PROFILE", name)
        outcome = awsprof("prompt", "--format", "{profile} {account} {alias}")
        assert (outcome.status, outcome.stderr) == (0, "")
        assert outcome.stdout.removesuffix("\n").isprintable()
        assert not set(outcome.stdout).intersection("$`\\%!;|&<>(){}[]\"'~*")


def test_a_name_that_is_no_utf8(home: Path, active: None) -> None:
    """A name of any bytes is printed without failing."""
    words = [sys.executable, "-m", "awsprof", "prompt"]
    environ = {**os.environ, "AWS_PROFILE": os.fsdecode(b"a\xffb"), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().isascii()


def test_is_cheap(home: Path, active: None, logged_in: Identity) -> None:
    """It loads neither the vault nor AWS's library nor what starts processes."""
    script = (
        "import sys; sys.argv = ['awsprof', 'prompt']\nfrom awsprof.cli.main import run\nstatus = run()\n"
        "print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("autochart/dev 1")
    heavy = {"botocore", "keyring", "pyrage", "pyotp", "tomlkit", "subprocess"}
    assert not heavy.union({"awsprof.vault", "awsprof.sessions.login"}).intersection(done.stderr.split())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (86_400, "24h00m"),
        (3_661, "1h01m"),
        (3_600, "1h00m"),
        (3_599, "59m"),
        (120, "2m"),
        (119.9, "119s"),
        (1, "1s"),
        (0.5, "expired"),
        (0, "expired"),
        (-5, "expired"),
    ],
)
def test_left(seconds: float, words: str) -> None:
    """Hours and minutes, minutes, seconds, and then expired: as the shells' own segments say it."""
    assert left(seconds) == words


# --- which variables win over AWS_PROFILE, asked of boto3 itself


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"},
        {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "EXAMPLE"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x"},
        {"AWS_DEFAULT_PROFILE": "other"},
        {"AWS_SECRET_ACCESS_KEY": "EXAMPLE"},
        {"AWS_SESSION_TOKEN": "EXAMPLE"},
        {"AWS_SECURITY_TOKEN": "EXAMPLE"},
        {"AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x"},
        {"AWS_ROLE_SESSION_NAME": "x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"},
        {"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
        {"AWS_DEFAULT_PROFILE": "mine"},
    ],
    ids=" ".join,
)
def test_marked_is_what_boto3_obeys(
    home: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], awsprof: CommandLine
) -> None:
    """A mark is raised exactly for what makes boto3 leave AWS_PROFILE aside."""
    answer = home / "answer"
    answer.write_text('{"Version": 1, "AccessKeyId": "ASIAMINE", "SecretAccessKey": "EXAMPLE"}')
    write_config(home, f"[profile mine]\ncredential_process = cat {answer}\n[profile other]\nregion = x\n")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    try:
        credentials = boto3.Session().get_credentials()
        obeyed = credentials is not None and credentials.access_key == "ASIAMINE"
    except Exception:  # noqa: BLE001 - boto3 does not get as far as the profile
        obeyed = False
    marked = awsprof("prompt", "--format", "{mark}").stdout != ""
    assert marked is not obeyed
