"""``awsprof use`` and ``off``: the code that a shell evaluates, and what comes before it is printed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.command_line import Outcome
from tests.test_cli import conftest as cli
from tests.test_cli.conftest import leave, session_file, state_file, write_config, write_settings
from tests.test_cli.test_using import TAKEN_OUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey
    from tests.test_cli.conftest import Identity

launcher, mid_step, awsprof, aws = cli.launcher, cli.mid_step, cli.awsprof, cli.aws
paul_in_dev, paul_in_prod, dev, prod = cli.paul_in_dev, cli.paul_in_prod, cli.dev, cli.prod
without_mfa, logged_in, wait = cli.without_mfa, cli.logged_in, cli.wait

NAME = "autochart_dev_paul"
# All that export takes out, but for AWS_PROFILE itself and the one that only the environment has.
UNSET = [name for name in TAKEN_OUT if name not in ("AWS_PROFILE", "AWS_CONTAINER_SOMETHING_NEW")]
CODE = "".join(f"\\unset {name}\n" for name in UNSET) + f"\\export AWS_PROFILE={NAME}\n"
OUTSIDE = "[profile {name}]\nregion = eu-west-1\n{settings}\n"


@pytest.fixture
def in_bash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Called by the function that the integration defines."""
    monkeypatch.setenv("AWSPROF_SHELL", "bash")


# --- the code


def test_prints_code(awsprof: CommandLine, logged_in: Identity, in_bash: None) -> None:
    """It sets AWS_PROFILE, takes out what tools would use instead, and sets nothing else."""
    assert awsprof("use", "dev") == Outcome(0, CODE, "")
    assert CODE.count("export") == 1


def test_takes_out_what_is_there(
    awsprof: CommandLine, logged_in: Identity, in_bash: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's variable that nobody knows of is taken out too; other programs' and awsprof's own stay."""
    for name in ("AWS_CONTAINER_SOMETHING_NEW", "AWSPROF_USER", "AWS_CONFIG_FILE", "AWS_PAGER"):
        monkeypatch.setenv(name, {"AWSPROF_USER": "paul"}.get(name, str(awsprof.home / ".aws" / "config")))
    unset = [line for line in awsprof("use", "dev").stdout.splitlines() if line.startswith("\\unset")]
    assert unset == [f"\\unset {name}" for name in [*UNSET[:-1], "AWS_DEFAULT_PROFILE", "AWS_CONTAINER_SOMETHING_NEW"]]


@pytest.mark.parametrize(
    ("shell", "first", "last"),
    [
        ("zsh", "\\unset AWS_ACCESS_KEY_ID", f"\\export AWS_PROFILE={NAME}"),
        (
            "fish",
            "set -qU AWS_ACCESS_KEY_ID; and set -gx AWS_ACCESS_KEY_ID ''; or set -e -g AWS_ACCESS_KEY_ID",
            f"set -gx AWS_PROFILE {NAME}",
        ),
        ("powershell", "Remove-Item -ErrorAction Ignore Env:AWS_ACCESS_KEY_ID", f"$Env:AWS_PROFILE = '{NAME}'"),
    ],
)
def test_other_shells(
    awsprof: CommandLine, logged_in: Identity, monkeypatch: pytest.MonkeyPatch, shell: str, first: str, last: str
) -> None:
    """Each shell gets its own words."""
    monkeypatch.setenv("AWSPROF_SHELL", shell)
    lines = awsprof("use", "dev").stdout.splitlines()
    assert (lines[0], lines[-1], len(lines)) == (first, last, len(UNSET) + 1)


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "\\unset {0}"),
        ("zsh", "\\unset {0}"),
        ("fish", "set -qU {0}; and set -gx {0} ''; or set -e -g {0}"),
        ("powershell", "Remove-Item -ErrorAction Ignore Env:{0}"),
    ],
)
def test_off(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, shell: str, line: str) -> None:
    """``off`` takes out AWS_PROFILE, and AWS_DEFAULT_PROFILE, which it speaks of where it is there; nothing else."""
    monkeypatch.setenv("AWSPROF_SHELL", shell)
    code = "".join(line.format(name) + "\n" for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
    assert awsprof("off") == Outcome(0, code, "")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "old")
    said = "AWS_DEFAULT_PROFILE, which the AWS CLI takes for a profile as well, goes too.\n"
    assert awsprof("off") == Outcome(0, code, said)


def test_what_came_with_an_export_goes_too(
    awsprof: CommandLine, logged_in: Identity, in_bash: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a shell that has another profile's keys from awsprof, no later profile inherits what came beside them."""
    given = {"AWSPROF_PROFILE": "shop_prod_paul", "AWSPROF_PRODUCT": "shop", "AWSPROF_ENV": "prod"}
    for name, value in {**given, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00"}.items():
        monkeypatch.setenv(name, value)
    gone = {"AWS_REGION", "AWS_ACCESS_KEY_ID", *given}
    for words in (["use", NAME], ["off"]):
        outcome = awsprof(*words)
        assert gone <= {line.removeprefix("\\unset ") for line in outcome.stdout.splitlines()}
        assert outcome.stderr.count("stays") == 0


def test_off_tells_of_keys_that_stay(awsprof: CommandLine, in_bash: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that somebody else has set are theirs, and every tool uses them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE00")
    outcome = awsprof("off")
    assert (outcome.status, "AWS_ACCESS_KEY_ID" in outcome.stdout) == (0, False)
    assert outcome.stderr == (
        "Warning: AWS_ACCESS_KEY_ID stays, and tools use it: 'unset AWS_ACCESS_KEY_ID' takes it out.\n"
    )


@pytest.mark.parametrize(
    "name", ["AWS_CONTAINER_A;touch pwned;", "AWS_CONTAINER_A[$(touch pwned)]", "AWS_CONTAINER_A b"]
)
def test_a_variables_name_is_never_code(
    awsprof: CommandLine, logged_in: Identity, in_bash: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What no shell can have set is not spoken of in one."""
    monkeypatch.setenv(name, "1")
    assert awsprof("use", "dev") == Outcome(0, CODE, "")


@pytest.mark.parametrize("words", [["use", "dev"], ["use"], ["use", "-"], ["use", "nothing"], ["off"]], ids=" ".join)
@pytest.mark.parametrize(
    ("login_shell", "line"),
    [
        ("/bin/bash", 'eval "$(awsprof init bash)"'),
        ("/usr/bin/zsh", 'eval "$(awsprof init zsh)"'),
        ("/usr/local/bin/fish", "awsprof init fish | source"),
        ("/opt/pwsh", "Invoke-Expression (& awsprof init powershell | Out-String)"),
        ("", 'eval "$(awsprof init bash)"'),
        ("/bin/tcsh", 'eval "$(awsprof init bash)"'),
    ],
)
def test_without_the_integration(
    awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, words: list[str], login_shell: str, line: str
) -> None:
    """Without the shell function it changes nothing silently: exit 2 with the one line to add, nothing on stdout."""
    monkeypatch.setenv("SHELL", login_shell)
    outcome = awsprof(*words)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith(f": {line}\n")


def test_a_shell_that_it_does_not_know(awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another shell's function, which cannot be ours, gets no code."""
    monkeypatch.setenv("AWSPROF_SHELL", "tcsh")
    outcome = awsprof("use", "dev")
    assert (outcome.status, outcome.stdout) == (2, "")


def test_names_reach_the_shell_as_they_are(awsprof: CommandLine, home: Path, in_bash: None) -> None:
    """A name from a file that others wrote is one quoted word."""
    write_config(home, OUTSIDE.format(name='"it\'s $(touch pwned)"', settings="credential_process = true"))
    code = awsprof("use", "it's $(touch pwned)").stdout
    assert code.endswith("export AWS_PROFILE='it'\"'\"'s $(touch pwned)'\n")


# --- sessions


def test_logs_in_first(awsprof: CommandLine, dev: Identity, in_bash: None) -> None:
    """Without a session the code is asked for; what is said goes to stderr."""
    outcome = awsprof("use", "dev", answers=[dev.device.code()])
    assert (outcome.status, outcome.stdout) == (0, CODE)
    assert outcome.stderr.startswith(f"{NAME}: logged in until ")
    assert awsprof.terminal.questions == [f"MFA code for {NAME}: "]
    assert state_file(awsprof.home, NAME).exists()
    assert awsprof("--quiet", "use", "dev", answers=[]) == Outcome(0, CODE, "")


def test_a_wrong_code(awsprof: CommandLine, dev: Identity, in_bash: None) -> None:
    """When the login fails there is nothing to evaluate."""
    outcome = awsprof("use", "dev", answers=[cli.wrong_code(dev)])
    assert (outcome.status, outcome.stdout) == (7, "")


@pytest.mark.parametrize("left_s", [None, 59, -1])
def test_no_live_session_and_no_terminal(
    awsprof: CommandLine, logged_in: Identity, in_bash: None, aws: LocalAWS, left_s: int | None
) -> None:
    """With no live session and nobody to ask it is exit 8 with the command, and nothing to evaluate."""
    if left_s is None:
        awsprof("logout", NAME)
    else:
        leave(awsprof, NAME, left_s)
    calls = len(aws.calls)
    expected = Outcome(8, "", f"Error: {NAME} has no live session.\nRun 'awsprof login {NAME}'.\n")
    assert awsprof("use", "dev") == expected
    assert len(aws.calls) == calls


@pytest.mark.parametrize("left_s", [61, 900, 40_000])
def test_a_live_session_will_do(awsprof: CommandLine, logged_in: Identity, in_bash: None, left_s: int) -> None:
    """As long as a session is live nobody is asked."""
    leave(awsprof, NAME, left_s)
    assert awsprof("use", "dev", answers=[]) == Outcome(0, CODE, "")
    assert awsprof.terminal.questions == []


def test_prompts_are_told(awsprof: CommandLine, logged_in: Identity, in_bash: None) -> None:
    """Where the prompts' file is missing beside a live session, it is written again."""
    before = state_file(awsprof.home, NAME).read_bytes()
    state_file(awsprof.home, NAME).unlink()
    awsprof("use", "dev")
    assert state_file(awsprof.home, NAME).read_bytes() == before


def test_no_session_is_needed(awsprof: CommandLine, without_mfa: AccessKey, in_bash: None, aws: LocalAWS) -> None:
    """A profile without MFA is used as it is, without a call."""
    outcome = awsprof("use", "legacy")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert aws.calls == []
    assert not session_file(awsprof.home, "autochart_legacy_paul").exists()


def test_prompts_are_told_of_protection_without_a_session(
    awsprof: CommandLine, without_mfa: AccessKey, in_bash: None, home: Path
) -> None:
    """A profile that only the team file protects is red although it has no session, and no longer once it is not."""
    team = home / ".awsprof.toml"
    for line, mark in (("protected = true", "protected"), ("", "")):
        team.write_text(f'product = "autochart"\n[envs.legacy]\n{line}\n')
        assert awsprof("use", "legacy").status == 0
        first, _, _, last, _ = state_file(home, "autochart_legacy_paul").read_text().split("\n")
        assert (first, last) == ("", mark)


def test_protection_stays_where_the_team_file_is_out_of_sight(
    awsprof: CommandLine,
    dev: Identity,
    in_bash: None,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait: Callable[[float], None],
) -> None:
    """What a team file protects stays red in every directory, until the team file says otherwise or at logout."""
    work, elsewhere, other = (home / name for name in ("work", "elsewhere", "other"))
    for directory in (work, elsewhere, other):
        directory.mkdir()
    team = work / ".awsprof.toml"
    (other / ".awsprof.toml").write_text('product = "shop"\n')
    team.write_text('product = "autochart"\n[envs.dev]\nprotected = true\n')

    def marked(directory: Path, *words: str) -> bool:
        monkeypatch.chdir(directory)
        assert awsprof(*words).status == 0
        return state_file(home, NAME).read_text().split("\n")[3] == "protected"

    assert marked(work, "login", NAME, "--code", dev.device.code())
    for directory in (elsewhere, other):
        assert marked(directory, "use", NAME)
        assert marked(directory, "login", NAME)
    leave(awsprof, NAME, -1)
    wait(30)
    assert marked(elsewhere, "login", NAME, "--code", dev.device.code())
    team.write_text('product = "autochart"\n[envs.dev]\n')
    assert marked(elsewhere, "use", NAME)
    assert not marked(work, "use", NAME)
    team.write_text('product = "autochart"\n[envs.dev]\nprotected = true\n')
    assert marked(work, "use", NAME)
    awsprof("logout", NAME)
    assert not state_file(home, NAME).exists()


def test_protection_without_a_session_stays_too(
    awsprof: CommandLine, without_mfa: AccessKey, in_bash: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it does for a profile that has no session."""
    team = home / ".awsprof.toml"
    team.write_text('product = "autochart"\n[envs.legacy]\nprotected = true\n')
    assert awsprof("use", "legacy").status == 0
    team.unlink()
    assert awsprof("use", "legacy").status == 0
    assert state_file(home, "autochart_legacy_paul").read_text().split("\n")[3] == "protected"


def test_warns_of_missing_mfa(awsprof: CommandLine, without_mfa: AccessKey, in_bash: None, home: Path) -> None:
    """A protected env that only a key protects is one line on stderr."""
    write_settings(home, 'protected_envs = ["legacy"]\n')
    outcome = awsprof("use", "legacy")
    assert outcome.status == 0
    assert outcome.stderr.startswith("Warning: autochart_legacy_paul is protected")
    assert outcome.stderr.count("\n") == 1


ROLE = """
[profile autochart_ops_paul]
role_arn = arn:aws:iam::111111111111:role/ops
source_profile = autochart_dev_paul
region = eu-west-1
"""


def test_a_role_lives_by_its_source(awsprof: CommandLine, dev: Identity, in_bash: None, home: Path) -> None:
    """A role logs in as its source, whose device is asked for, and its prompt is told."""
    write_config(home, awsprof.config + ROLE)
    outcome = awsprof("use", "ops", answers=[dev.device.code()])
    assert outcome.stdout.endswith("export AWS_PROFILE=autochart_ops_paul\n")
    assert awsprof.terminal.questions == [f"MFA code for {NAME}: "]
    expiration = state_file(home, NAME).read_text().split("\n")[0]
    assert state_file(home, "autochart_ops_paul").read_text().split("\n")[0] == expiration
    state_file(home, "autochart_ops_paul").unlink()
    assert awsprof("use", "ops", answers=[]).status == 0
    assert state_file(home, "autochart_ops_paul").read_text().split("\n")[0] == expiration


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("sso_session = x", "sso login"),
        ("login_session = arn:aws:sts::111111111111:assumed-role/x/y", "login"),
    ],
)
def test_what_the_aws_cli_signs_in(
    awsprof: CommandLine, home: Path, in_bash: None, launcher: Path, settings: str, words: str
) -> None:
    """A profile of the AWS CLI's own sign-ins is signed in by it first; where that fails, nothing is used."""
    write_config(home, OUTSIDE.format(name="theirs", settings=settings))
    aws = launcher.parent / "aws"
    for status, expected in ((0, 0), (255, 1)):
        aws.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo aws-cli/2.32.1 || {{ echo "$@" >> ~/said; exit {status}; }}\n'
        )
        aws.chmod(0o755)
        outcome = awsprof("use", "theirs")
        assert (outcome.status, "export AWS_PROFILE=theirs\n" in outcome.stdout) == (expected, not expected)
        assert f"{words} --profile theirs" in (home / "said").read_text().splitlines()


@pytest.mark.parametrize(
    "settings",
    [
        "credential_process = other",
        "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = EXAMPLE",
    ],
)
def test_what_others_sign_in(awsprof: CommandLine, home: Path, in_bash: None, aws: LocalAWS, settings: str) -> None:
    """A profile whose sign-in or credentials are another program's is used as it is."""
    write_config(home, OUTSIDE.format(name="theirs", settings=settings))
    outcome = awsprof("use", "theirs")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith("export AWS_PROFILE=theirs\n")
    assert aws.calls == []


# --- regions


@pytest.mark.parametrize(
    ("variables", "warned"),
    [
        ({"AWS_REGION": "us-east-1"}, "AWS_REGION is set to us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "AWS_DEFAULT_REGION is set to us-east-1"),
        ({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "AWS_REGION is set to us-east-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"}, "AWS_DEFAULT_REGION is set to us-east-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}, None),
        ({"AWS_REGION": ""}, None),
    ],
)
def test_regions_that_override(
    awsprof: CommandLine,
    logged_in: Identity,
    in_bash: None,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    warned: str | None,
) -> None:
    """The region stays in the profile; a variable that overrides it is pointed out once, and left as it is."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    outcome = awsprof("use", "dev")
    assert outcome.stdout == CODE
    expected = f"Warning: {warned} and overrides the region of {NAME}, eu-west-1.\n" if warned else ""
    assert outcome.stderr == expected


def test_a_profile_without_a_region(awsprof: CommandLine, home: Path, in_bash: None, aws: LocalAWS) -> None:
    """Where the profile has no region, the environment's overrides nothing."""
    write_config(home, "[profile theirs]\ncredential_process = other\n")
    os.environ["AWS_REGION"] = "us-east-1"
    try:
        assert awsprof("use", "theirs").stderr == ""
    finally:
        del os.environ["AWS_REGION"]


# --- choosing


def test_goes_back(awsprof: CommandLine, logged_in: Identity, in_bash: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """``use -`` is the profile before, by its full name."""
    assert awsprof("use", "-").status == 2
    monkeypatch.setenv("AWSPROF_PREVIOUS", "")
    assert awsprof("use", "-").status == 2
    monkeypatch.setenv("AWSPROF_PREVIOUS", NAME)
    assert awsprof("use", "-") == Outcome(0, CODE, "")
    for gone in ("autochart_gone_paul", "dev"):
        monkeypatch.setenv("AWSPROF_PREVIOUS", gone)
        assert (awsprof("use", "-").status, awsprof("use", "-").stdout) == (3, "")


@pytest.mark.parametrize(("selector", "status"), [("default", 2), ("nothing", 3), ("Default", 2), ("autochart/x", 3)])
def test_refused_selectors(awsprof: CommandLine, dev: Identity, in_bash: None, selector: str, status: int) -> None:
    """What is no profile, or spells default, changes nothing."""
    outcome = awsprof("use", selector)
    assert (outcome.status, outcome.stdout) == (status, "")


TWO = "".join(
    OUTSIDE.format(name=name, settings=f"credential_process = x\naws_account_id = {account}")
    for name, account in (("shop_dev_anna", "444444444444"), ("shop_prod_anna", "555555555555"))
)
ROWS = [
    "autochart  dev   paul  111111111111  none",
    "shop       dev   anna  444444444444  -",
    "shop       prod  anna  555555555555  -     protected",
]


@pytest.fixture
def three(awsprof: CommandLine, dev: Identity, in_bash: None, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three profiles, and no fzf on PATH."""
    write_config(home, f"{awsprof.config}\n[default]\nregion = x\n{TWO}")
    monkeypatch.setenv("PATH", str(home / "bin"))


def test_numbered_list(awsprof: CommandLine, three: None) -> None:
    """Without a selector and without fzf there is a numbered list of product, env, user, account and session."""
    outcome = awsprof("use", answers=["3"])
    assert outcome.stdout.endswith("export AWS_PROFILE=shop_prod_anna\n")
    assert awsprof.terminal.questions == ["\n".join([*ROWS, "Which profile?"])]


def test_list_is_narrowed(awsprof: CommandLine, three: None) -> None:
    """--product and --user narrow the list."""
    assert awsprof("use", "--product", "shop", "--user", "anna", answers=["1"]).stdout.endswith("=shop_dev_anna\n")
    assert awsprof.terminal.questions[0].count("\n") == 2
    assert awsprof("use", "--product", "nothing", answers=["1"]).status == 3


def test_nobody_to_choose(awsprof: CommandLine, three: None) -> None:
    """Without a terminal there is no picker: exit 2."""
    outcome = awsprof("use")
    assert (outcome.status, outcome.stdout) == (2, "")


def test_nothing_to_choose_from(awsprof: CommandLine, in_bash: None) -> None:
    """Without profiles it is exit 3 with the command that makes one."""
    outcome = awsprof("use", answers=[])
    assert (outcome.status, outcome.stdout) == (3, "")
    assert "awsprof add" in outcome.stderr


@pytest.fixture
def fzf(home: Path, three: None) -> Path:
    """An fzf that notes what it is given, and does what the file ``answer`` says."""
    program = home / "bin" / "fzf"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nPATH=/usr/bin:/bin; cd "${0%/*}"; cat >rows; printf \'%s\\n\' "$@" >words; . ./answer\n'
    )
    program.chmod(0o755)
    return program.parent


def test_fzf_is_used(awsprof: CommandLine, fzf: Path) -> None:
    """With fzf on PATH it is given the rows on stdin, each behind its number, which it hides."""
    (fzf / "answer").write_text("sed -n 2p rows")
    assert awsprof("use", answers=[]).stdout.endswith("export AWS_PROFILE=shop_dev_anna\n")
    assert (fzf / "rows").read_text() == "".join(f"{number}\t{row}\n" for number, row in enumerate(ROWS))
    assert "--with-nth=2.." in (fzf / "words").read_text()


@pytest.mark.parametrize(("answer", "status"), [("exit 130", 130), ("exit 1", 1)])
def test_leaving_fzf(awsprof: CommandLine, fzf: Path, answer: str, status: int) -> None:
    """Who leaves fzf leaves the command, and nothing changes."""
    (fzf / "answer").write_text(answer)
    outcome = awsprof("use", answers=["1"])
    assert (outcome.status, outcome.stdout) == (status, "")
    assert awsprof.terminal.questions == []


@pytest.mark.parametrize("answer", ["exit 2", "exit 127", "echo something else", "true", "echo '7\tx'", "echo '-1\tx'"])
def test_fzf_that_does_not_work(awsprof: CommandLine, fzf: Path, answer: str) -> None:
    """Where fzf cannot be used, or gives no row, the list is shown."""
    (fzf / "answer").write_text(answer)
    assert awsprof("use", answers=["2"]).stdout.endswith("export AWS_PROFILE=shop_dev_anna\n")


def test_dumb_terminal_has_no_fzf(awsprof: CommandLine, fzf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a dumb terminal the list is shown."""
    monkeypatch.setenv("TERM", "dumb")
    assert awsprof("use", answers=["2"]).status == 0
    assert not (fzf / "rows").exists()


def test_rows_of_hostile_names(awsprof: CommandLine, fzf: Path, home: Path) -> None:
    """A name with a line end or an escape in it is one harmless row, and is used as it is."""
    write_config(home, OUTSIDE.format(name="'a\x1b[31m\t0'", settings="credential_process = x"))
    (fzf / "answer").write_text("cat rows")
    outcome = awsprof("use", answers=[])
    assert outcome.stdout.endswith("export AWS_PROFILE='a\x1b[31m\t0'\n")
    assert (fzf / "rows").read_text() == "0\ta\\x1b[31m\\t0  -  -  ?  -\n"
