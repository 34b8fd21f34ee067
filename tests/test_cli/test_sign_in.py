"""Profiles of IAM Identity Center and of ``aws login``: used through AWS's own tools, never edited."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.credentials
import botocore.tokens
import pytest

from tests.test_cli.conftest import OTHER, REGION, write_config

if TYPE_CHECKING:
    from tests.command_line import CommandLine
    from tests.localaws import LocalAWS

SSO = f"""[profile corp]
sso_session = corp
sso_account_id = {OTHER}
sso_role_name = Dev
region = {REGION}

[sso-session corp]
sso_start_url = https://corp.example.com/start
sso_region = {REGION}
sso_registration_scopes = sso:account:access
"""
ARN = f"arn:aws:iam::{OTHER}:user/somebody"
LOGIN = f"[profile web]\nlogin_session = {ARN}\nregion = {REGION}\n"


class StandIn:
    """An ``aws`` on PATH that says a version, notes its arguments, and does what a test wants of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._log = directory / "aws.log"
        self.version("2.32.1")
        self.version("2.32.1")

    def version(self, version: str, *, then: str = "exit 0") -> None:
        program = self._directory / "aws"
        program.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "aws-cli/{version} Python/3.13"; exit 0; }}\n'
            f'echo "$@" >> {self._log}\necho said by aws\n{then}\n'
        )
        program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def logins(self) -> list[str]:
        """What it was called with but for asking whether there is a sign-in already."""
        return [call for call in self.calls if not call.startswith("configure export-credentials")]


@pytest.fixture
def cli(launcher: Path) -> StandIn:
    return StandIn(launcher.parent)


def sign_in_to_sso(home: Path, token: str, *, lasts: timedelta = timedelta(hours=8)) -> None:
    """Leave what ``aws sso login`` leaves: an access token in a file."""
    from datetime import UTC, datetime

    path = home / ".aws" / "sso" / "cache" / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    path.parent.mkdir(parents=True)
    ends = (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(json.dumps({"accessToken": token, "expiresAt": ends, "region": REGION}))


def sign_in_by_login(home: Path, key: tuple[str, str, str], *, lasts: timedelta = timedelta(minutes=15)) -> None:
    """Leave what ``aws login`` leaves: session credentials in a file."""
    from datetime import UTC, datetime

    path = home / ".aws" / "login" / "cache" / f"{hashlib.sha256(ARN.encode()).hexdigest()}.json"
    path.parent.mkdir(parents=True)
    ends = (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
    access = {"accessKeyId": key[0], "secretAccessKey": key[1], "sessionToken": key[2], "accountId": OTHER}
    token = {
        "accessToken": {**access, "expiresAt": ends},
        "clientId": "arn:aws:signin:::devtools/same-device",
        "refreshToken": "refresh-EXAMPLE",
        "idToken": "id-EXAMPLE",
        "dpopKey": "-----BEGIN EC PRIVATE KEY-----",
    }
    path.write_text(json.dumps(token))


@pytest.fixture(autouse=True)
def _sso_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore looks for the home directory when it is imported, which was before this test had one."""
    directory = str(home / ".aws" / "sso" / "cache")
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", directory)
    monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", directory)


@pytest.fixture
def signed_in(home: Path, aws: LocalAWS) -> str:
    """The profile corp, signed in."""
    role = aws.account(OTHER).role("Dev", OTHER)
    write_config(home, SSO)
    sign_in_to_sso(home, aws.role_token(role.arn))
    return "corp"


# IAM Identity Center.


def test_sso_profile_is_used(awsprof: CommandLine, signed_in: str, cli: StandIn) -> None:
    """exec, export, whoami and credential-process serve it, and its settings stay as they are."""
    assert f"{OTHER}:assumed-role/Dev" in awsprof("whoami", "corp").stdout
    assert awsprof("exec", "corp", "--", "true").status == 0
    assert awsprof.became[0][1]["AWS_SESSION_TOKEN"]
    assert awsprof.became[0][1]["AWS_REGION"] == REGION
    assert awsprof("export", "corp", "--format", "json").status == 0
    assert json.loads(awsprof("credential-process", "corp").stdout)["AccountId"] == OTHER
    assert awsprof.config == SSO
    assert cli.calls == []


def test_sso_profile_is_shown(awsprof: CommandLine, signed_in: str) -> None:
    """list and status show it; it has no session of ours."""
    (profile,) = json.loads(awsprof("list", "--json").stdout)["profiles"]
    assert (profile["kind"], profile["account_id"], profile["session"]) == ("sso", OTHER, None)
    assert awsprof("status", "corp").status == 0


def test_login_signs_in_through_the_cli(awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn) -> None:
    """login runs the AWS CLI's own login for that profile; what it says goes to stderr."""
    write_config(home, SSO)
    outcome = awsprof("login", "corp")
    assert (outcome.status, outcome.stdout) == (0, "corp: signed in through the AWS CLI\n")
    assert cli.calls == ["sso login --profile corp"]


def test_login_does_nothing_twice(awsprof: CommandLine, signed_in: str, cli: StandIn) -> None:
    """Where the sign-in still serves, no browser opens, unless --force wants one."""
    assert awsprof("login", "corp").stdout == "corp: already signed in through the AWS CLI\n"
    assert cli.calls == []
    assert awsprof("login", "corp", "--force").status == 0
    assert cli.calls == ["sso login --profile corp"]


def test_role_of_an_sso_source(awsprof: CommandLine, signed_in: str, aws: LocalAWS, cli: StandIn) -> None:
    """A role is assumed from it, and login on the role signs in its source."""
    made = aws.account("444444444444").role("Far", OTHER)
    words = ["--role-arn", made.arn, "--source", "corp", "--region", REGION]
    assert awsprof("add", "autochart", "far", "paul", *words).status == 0
    assert "assumed-role/Far/paul" in awsprof("whoami", "autochart_far_paul").stdout
    assert awsprof("login", "autochart_far_paul", "--force").status == 0
    assert cli.calls == ["sso login --profile corp"]


def test_expired_sign_in_names_the_command(awsprof: CommandLine, home: Path, aws: LocalAWS) -> None:
    """Without a live token, exec is exit 8 and names awsprof login."""
    write_config(home, SSO)
    sign_in_to_sso(home, "old", lasts=timedelta(hours=-1))
    for words in (["exec", "corp", "--", "true"], ["credential-process", "corp"], ["export", "corp"]):
        outcome = awsprof(*words)
        assert (outcome.status, outcome.stdout) == (8, "")
        assert "awsprof login corp" in outcome.stderr


@pytest.mark.parametrize(
    ("config", "version", "said"),
    [
        (SSO, "1.44.0", "version 1.44, which has none"),
        (LOGIN, "1.44.0", "version 1.44, which has none"),
        (LOGIN, "2.9.19", "version 2.9, which has none"),
        (LOGIN, "2.31.9", "version 2.31, which has none"),
        (SSO, "unknown", "does not say which AWS CLI it is"),
    ],
)
def test_too_old_a_cli(
    awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn, config: str, version: str, said: str
) -> None:
    """An AWS CLI that cannot do it is exit 1, and says which one can."""
    write_config(home, config)
    cli.version(version)
    outcome = awsprof("login", "corp" if config is SSO else "web")
    assert (outcome.status, outcome.stdout, cli.logins) == (1, "", [])
    assert said in outcome.stderr
    assert "Install the AWS CLI 2." in outcome.stderr


def test_no_cli(awsprof: CommandLine, home: Path, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS CLI at all is exit 1 too."""
    write_config(home, SSO)
    monkeypatch.setenv("PATH", str(home))
    outcome = awsprof("login", "corp")
    assert outcome.status == 1
    assert "there is no AWS CLI on PATH" in outcome.stderr


def test_cli_that_fails(awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn) -> None:
    """A login that fails there has failed here."""
    write_config(home, SSO)
    cli.version("2.32.0", then="exit 255")
    outcome = awsprof("login", "corp")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "failed with status 255" in outcome.stderr


# Its page, in the account's own browser window.


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desktop, on which the user has a browser of choice."""
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setenv("BROWSER", "users-own-browser")


def browser_seen(cli: StandIn, home: Path) -> str:
    """Let ``aws`` note what BROWSER says to it; returns the file's path."""
    cli.version("2.32.1", then=f'printf %s "$BROWSER" > {home}/browser')
    return str(home / "browser")


@pytest.mark.parametrize(("config", "name"), [(SSO, "corp"), (LOGIN, "web")])
def test_the_page_opens_in_the_profiles_own_window(
    awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn, display: None, config: str, name: str
) -> None:
    """BROWSER is a command of ours, whatever the user's own says: no page of prod opens in dev's window."""
    write_config(home, config)
    noted = browser_seen(cli, home)
    assert awsprof("login", name).status == 0
    words = shlex.split(Path(noted).read_text())
    assert words[:4] == [sys.executable, "-P", "-m", "awsprof"]
    url = "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH"
    assert awsprof(*(word.replace("%s", url) for word in words[4:])).status == 0
    assert [(opened.profile, opened.url) for opened in awsprof.browsers.opened] == [(name, url)]


def test_without_a_display_browser_is_the_users(
    awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a remote machine it may be the only way to a browser."""
    write_config(home, SSO)
    noted = browser_seen(cli, home)
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("BROWSER", "users-own-browser")
    assert awsprof("login", "corp").stderr == ""
    assert Path(noted).read_text() == "users-own-browser"


def test_the_role_of_an_sso_source_opens_the_sources_window(
    awsprof: CommandLine, signed_in: str, aws: LocalAWS, cli: StandIn, home: Path, display: None
) -> None:
    """It is the source that signs in."""
    made = aws.account("444444444444").role("Far", OTHER)
    words = ["--role-arn", made.arn, "--source", "corp", "--region", REGION]
    assert awsprof("add", "autochart", "far", "paul", *words).status == 0
    noted = browser_seen(cli, home)
    assert awsprof("login", "autochart_far_paul", "--force").status == 0
    assert shlex.split(Path(noted).read_text())[-2:] == ["--", "corp"]


def test_webbrowser_runs_it_and_no_other_browser(
    awsprof: CommandLine,
    home: Path,
    aws: LocalAWS,
    cli: StandIn,
    launcher: Path,
    display: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As the AWS CLI does it, in processes of their own; even where nothing can be opened, nothing else is tried."""
    write_config(home, SSO)
    for name in ("xdg-open", "x-www-browser", "www-browser", "users-own-browser"):
        other = launcher.parent / name
        other.write_text(f'#!/bin/sh\necho "$0 $*" >>{home}/others\n')
        other.chmod(0o755)
    code = "import webbrowser; assert webbrowser.open_new_tab('javascript:alert(1)')"
    cli.version("2.32.1", then=f'{sys.executable} -c "{code}"')
    assert awsprof("login", "corp").status == 0
    assert "Warning: Nothing was opened: That is no address of a page that signs in" in capfd.readouterr().err
    assert not (home / "others").exists()


def test_console_of_an_sso_profile(awsprof: CommandLine, signed_in: str, aws: LocalAWS, cli: StandIn) -> None:
    """Its role's session signs in to the console, with no duration of ours."""
    assert awsprof("console", "corp").stdout == f"corp: console opened, account {OTHER}\n"
    (call,) = aws.calls_of("getSigninToken")
    assert (call.status, call.parameters) == (200, {"Session": "***"})


# aws login.


def test_console_of_a_user_who_logged_in(awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn) -> None:
    """An IAM user's 'aws login' leads to the sign-in page, without a live sign-in, and without a call."""
    write_config(home, LOGIN)
    assert awsprof("console", "web").stdout == f"web: sign-in page opened, account {OTHER}\n"
    assert (aws.calls, cli.calls) == ([], [])


@pytest.fixture
def session_keys(aws: LocalAWS) -> tuple[str, str, str]:
    """Session credentials of a user, as sign-in gives them."""
    import boto3

    user = aws.account(OTHER).user("somebody")
    key = user.access_key()
    sts = boto3.client(
        "sts", aws_access_key_id=key.id, aws_secret_access_key=key.secret, endpoint_url=aws.url, region_name=REGION
    )
    made = sts.get_session_token()["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


def test_login_profile_is_used(
    awsprof: CommandLine,
    home: Path,
    cli: StandIn,
    session_keys: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With botocore's extra, what aws login cached is served; it renews with it, and reads the cache without."""
    monkeypatch.setattr(botocore.credentials, "EC", object())
    write_config(home, LOGIN)
    sign_in_by_login(home, session_keys)
    assert awsprof("exec", "web", "--", "true").status == 0
    assert awsprof.became[0][1]["AWS_ACCESS_KEY_ID"] == session_keys[0]
    assert ARN in awsprof("whoami", "web").stdout
    assert awsprof("login", "web").stdout == "web: already signed in through the AWS CLI\n"
    assert (cli.calls, awsprof.config) == ([], LOGIN)


def test_login_profile_without_the_extra(
    awsprof: CommandLine,
    home: Path,
    aws: LocalAWS,
    cli: StandIn,
    session_keys: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without it, the AWS CLI turns the sign-in into credentials."""
    monkeypatch.setattr(botocore.credentials, "EC", None)
    write_config(home, LOGIN)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    answer = {"Version": 1, **dict(zip(names, session_keys, strict=True)), "Expiration": "2999-01-01T00:00:00Z"}
    (home / "answer").write_text(json.dumps(answer))
    program = home.parent / "bin" / "aws"
    program.write_text(program.read_text().replace("echo said by aws\nexit 0", f"exec cat {home}/answer"))
    assert awsprof("exec", "web", "--", "true").status == 0
    assert awsprof.became[0][1]["AWS_SESSION_TOKEN"] == session_keys[2]
    assert cli.calls == ["configure export-credentials --profile web --format process"]


def test_login_profile_that_never_signed_in(awsprof: CommandLine, home: Path, aws: LocalAWS, cli: StandIn) -> None:
    """Without a sign-in exec is exit 8; login runs aws login."""
    write_config(home, LOGIN)
    outcome = awsprof("exec", "web", "--", "true")
    assert outcome.status == 8
    assert "awsprof login web" in outcome.stderr
    assert awsprof("login", "web").status == 0
    assert cli.logins == ["login --profile web"]


def test_write_is_refused_for_them(awsprof: CommandLine, signed_in: str, cli: StandIn) -> None:
    """Their sessions are AWS's own tools' to keep."""
    outcome = awsprof("login", "corp", "--write")
    assert outcome.status == 2
    assert "awsprof exec corp" in outcome.stderr
