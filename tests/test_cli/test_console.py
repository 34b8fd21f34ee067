"""``awsprof console``: who gets in how, in which partition, and that the sign-in is seen by nobody else."""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from awsprof.browsers import handover
from awsprof.errors import AwsprofError
from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import (
    DEV,
    OTHER,
    PROD,
    REGION,
    Identity,
    session_file,
    store_seed,
    write_config,
    write_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.localaws import LocalAWS
    from tests.localaws.accounts import AccessKey

ROLE = "autochart_audit_paul"
HOME_PAGE = f"https://{REGION}.console.aws.amazon.com/console/home?region={REGION}"
SIGN_IN = f"https://{DEV}.signin.aws.amazon.com/console?region={REGION}"


@pytest.fixture(autouse=True)
def _pages_do_not_outlive_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "LIFE_S", 1)


@pytest.fixture
def role(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> str:
    """The profile of a role that demands MFA, in an account of its own."""
    made = aws.account(OTHER, alias="autochart-audit").role("Audit", DEV, require_mfa=True)
    words = ["--role-arn", made.arn, "--source", "dev", "--region", REGION]
    assert awsprof("add", "autochart", "audit", "paul", *words).status == 0
    aws.clear_calls()
    return ROLE


def of_role(home: Path, name: str, role_arn: str, source: str, more: str = "") -> None:
    """Write a role's section by hand, behind what is there."""
    config = home / ".aws" / "config"
    text = config.read_text() if config.exists() else ""
    section = f"\n[profile {name}]\nrole_arn = {role_arn}\nsource_profile = {source}\nregion = {REGION}\n{more}"
    write_config(home, text + section)


def address(awsprof: CommandLine) -> str:
    """Where the one page leads that was opened; the secret stood in no argument."""
    (opened,) = awsprof.browsers.opened
    assert "SigninToken" not in opened.url
    return opened.leads_to


def sign_in(url: str, aws: LocalAWS) -> str:
    """Open a federated address as a browser would, and return where it leads."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == aws.url
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 302
    return answer.getheader("Location") or ""


# A role is signed in.


def test_a_role_is_signed_in(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """Its session becomes a sign-in under the user's name, and opens the console's home in the profile's region."""
    outcome = awsprof("console", "audit")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, f"{ROLE}: console opened, account {OTHER}\n", "")
    (assumed,) = aws.calls_of("AssumeRole")
    assert assumed.parameters["RoleSessionName"] == "paul"
    (asked,) = aws.calls_of("getSigninToken")
    assert asked.user_arn == f"arn:aws:sts::{OTHER}:assumed-role/Audit/paul"
    assert sign_in(address(awsprof), aws) == HOME_PAGE


def test_a_roles_session_is_the_cached_one(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """The second time nothing is assumed."""
    awsprof("console", "audit")
    awsprof("console", "audit")
    assert len(aws.calls_of("AssumeRole")) == 1
    assert len(aws.calls_of("getSigninToken")) == 2


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (["--service", "lambda"], f"https://{REGION}.console.aws.amazon.com/lambda/home?region={REGION}"),
        (["--region", "us-west-2"], "https://us-west-2.console.aws.amazon.com/console/home?region=us-west-2"),
        (["--service", "iam"], "https://console.aws.amazon.com/iam/home"),
        (
            ["--service", "logs", "--region", "us-west-2"],
            "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#logsV2:log-groups",
        ),
    ],
)
def test_service_and_region(awsprof: CommandLine, role: str, aws: LocalAWS, words: list[str], page: str) -> None:
    """Where one wants to be, the sign-in leads."""
    assert awsprof("console", "audit", *words).status == 0
    assert sign_in(address(awsprof), aws) == page


def test_the_active_profile(awsprof: CommandLine, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no selector it is AWS_PROFILE."""
    assert awsprof("console").status == 2
    monkeypatch.setenv("AWS_PROFILE", ROLE)
    assert awsprof("console").stdout.startswith(ROLE)


def test_a_chained_role_has_no_session_duration(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """Assumed with a user's session, and with another role's, it lasts as long as its credentials."""
    far = aws.account(PROD).role("Far", f"arn:aws:iam::{OTHER}:role/Audit", require_mfa=True)
    of_role(awsprof.home, "autochart_far_paul", far.arn, ROLE, "duration_seconds = 7200\n")
    assert [awsprof("console", name).status for name in (ROLE, "autochart_far_paul")] == [0, 0]
    assert [call.status for call in aws.calls_of("getSigninToken")] == [200, 200]
    assert not any("SessionDuration" in call.parameters for call in aws.calls_of("getSigninToken"))


@pytest.mark.parametrize(("asked", "sent"), [("", "3600"), ("duration_seconds = 7200\n", "7200")])
def test_a_role_of_long_term_keys_lasts_as_asked(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, asked: str, sent: str
) -> None:
    """Assumed with a user's own keys, the console's session lasts as long as the profile says, else an hour."""
    made = aws.account(DEV).role("Long", OTHER, max_session_s=7200)
    of_role(awsprof.home, ROLE, made.arn, "autochart_legacy_paul", asked)
    assert awsprof("console", ROLE).status == 0
    (call,) = aws.calls_of("getSigninToken")
    assert (call.status, call.parameters["SessionDuration"]) == (200, sent)


def test_a_role_with_keys_of_its_own_section(awsprof: CommandLine, home: Path, aws: LocalAWS) -> None:
    """The same, where source_profile names the section itself."""
    made = aws.account(OTHER).role("Own", DEV)
    key = aws.account(DEV).user("plain").access_key()
    keys = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    of_role(home, "own", made.arn, "own", keys)
    assert awsprof("console", "own").status == 0


def test_read_only(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """The role's session is limited before it signs in."""
    assert awsprof("console", "audit", "--read-only").status == 0
    (assumed,) = aws.calls_of("AssumeRole")
    assert assumed.parameters["PolicyArns.member.1.arn"] == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert len(aws.calls_of("getSigninToken")) == 1


def test_a_role_without_a_live_session(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """Exit 8 with nobody there; at a terminal its source's code is asked for."""
    made = aws.account(OTHER).role("Audit", DEV, require_mfa=True)
    of_role(awsprof.home, ROLE, made.arn, dev.profile)
    outcome = awsprof("console", ROLE)
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (8, "", [])
    assert awsprof("console", ROLE, answers=[dev.device.code()]).status == 0


def test_govcloud(awsprof: CommandLine, home: Path, aws: LocalAWS) -> None:
    """A role's partition decides where it signs in to: the console of GovCloud, and no other."""
    account = aws.account(OTHER, partition="aws-us-gov")
    made = account.role("Audit", OTHER)
    key = account.user("plain").access_key()
    region = "us-gov-west-1"
    write_config(
        home,
        f"[profile gov]\nrole_arn = {made.arn}\nsource_profile = plain\nregion = {region}\n"
        f"[profile plain]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\nregion = {region}\n",
    )
    assert awsprof("console", "gov", "--service", "ec2").status == 0
    page = f"https://{region}.console.amazonaws-us-gov.com/ec2/home?region={region}"
    assert sign_in(address(awsprof), aws) == page
    assert awsprof("console", "plain").status == 0
    assert awsprof.browsers.opened[1].url == f"https://{OTHER}.signin.amazonaws-us-gov.com/console?region={region}"
    outcome = awsprof("console", "gov", "--region", REGION)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert "aws-us-gov" in outcome.stderr


@pytest.mark.parametrize(
    ("partition", "region", "endpoint"),
    [
        ("aws", REGION, "signin.aws.amazon.com"),
        ("aws-us-gov", "us-gov-west-1", "signin.amazonaws-us-gov.com"),
        ("aws-cn", "cn-north-1", "signin.amazonaws.cn"),
        ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.signin.amazonaws-eusc.eu"),
    ],
)
def test_which_endpoint_would_be_asked(
    awsprof: CommandLine,
    home: Path,
    aws: LocalAWS,
    monkeypatch: pytest.MonkeyPatch,
    partition: str,
    region: str,
    endpoint: str,
) -> None:
    """The partition's own, where no local AWS stands in for it."""
    from awsprof.aws.federation import Federation

    asked: list[str] = []

    def note(self: Federation, credentials: object, *, endpoint: str, duration_s: int | None) -> str:
        asked.append(endpoint)
        return "token"

    monkeypatch.setattr(Federation, "sign_in_token", note)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SIGNIN", "https://aws.example.com")
    account = aws.account(OTHER, partition=partition)
    made = account.role("Audit", OTHER)
    key = account.user("plain").access_key()
    keys = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    write_config(
        home,
        f"[profile own]\nrole_arn = {made.arn}\nsource_profile = own\nregion = {region}\n{keys}",
    )
    assert awsprof("console", "own").status == 0
    assert asked == [f"https://{endpoint}/federation"]
    assert address(awsprof).startswith(
        f"{asked[0]}?Action=login&Issuer=awsprof&Destination=https%3A%2F%2F{region}.console."
    )


# An IAM user gets the sign-in page.


def test_a_user_gets_the_sign_in_page(awsprof: CommandLine, dev: Identity, aws: LocalAWS) -> None:
    """By the account's id; AWS is not asked, no session is needed, and the page is no secret."""
    outcome = awsprof("console", "dev")
    assert (outcome.status, outcome.stdout) == (0, f"{dev.profile}: sign-in page opened, account {DEV}\n")
    (opened,) = awsprof.browsers.opened
    assert (opened.profile, opened.url, opened.browser) == (dev.profile, SIGN_IN, None)
    assert (aws.calls, outcome.stderr) == ([], "")


def test_the_alias_is_used_when_it_is_known(awsprof: CommandLine, logged_in: Identity) -> None:
    """Once whoami has learned it."""
    assert awsprof("whoami", "dev").status == 0
    outcome = awsprof("console", "dev", "--service", "s3", "--region", "us-east-1")
    assert outcome.stdout == f"{logged_in.profile}: sign-in page opened, account {DEV} (autochart-dev)\n"
    assert address(awsprof) == "https://autochart-dev.signin.aws.amazon.com/console/s3?region=us-east-1"


@pytest.mark.parametrize("alias", ["evil.com/", "evil.com#", "a@evil.com", "222222222222", "a b", "-x", "x" * 64])
def test_an_alias_from_a_file_leads_nowhere_else(awsprof: CommandLine, dev: Identity, alias: str) -> None:
    """One that can be none is passed over for the account's id."""
    path = awsprof.home / ".cache" / "awsprof" / "aliases" / DEV
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_text(f"{alias}\n")
    path.chmod(0o600)
    assert awsprof("console", "dev").status == 0
    assert address(awsprof) == SIGN_IN


@pytest.mark.parametrize(
    "line",
    [
        "aws_account_id = 111111111111.evil.com/",
        "aws_account_id = x@evil.com",
        "region = evil.com/",
        "region = eu-west-1.evil.com",
        "region = eu-west-1#",
        "region = cn-north-1",
        "aws_account_id = ",
    ],
)
def test_nothing_in_a_config_leads_elsewhere(awsprof: CommandLine, dev: Identity, line: str) -> None:
    """An account id or region that is none, or of another partition, is refused, and nothing is opened."""
    key = line.partition(" ")[0]
    kept = "".join(f"{one}\n" for one in awsprof.config.splitlines() if not one.startswith((key, "mfa_serial")))
    write_config(awsprof.home, f"{kept}{line}\nmfa_serial = arn:aws:iam::111111111111:mfa/paul\n")
    if line == "aws_account_id = ":
        write_config(awsprof.home, f"{kept}")
    outcome = awsprof("console", "dev")
    assert (outcome.status in (1, 2), outcome.stdout, awsprof.browsers.opened) == (True, "", [])


def test_another_browser(awsprof: CommandLine, dev: Identity, role: str) -> None:
    """--browser is handed on, for pages and for their files."""
    for name in ("dev", "audit"):
        assert awsprof("console", name, "--browser", "vivaldi").status == 0
    assert [opened.browser for opened in awsprof.browsers.opened] == ["vivaldi", "vivaldi"]


def test_protected_without_mfa_warns(awsprof: CommandLine, home: Path, aws: LocalAWS) -> None:
    """As login, use and exec do."""
    key = aws.account(PROD).user("paul").access_key()
    words = ["--from", "-", "--no-verify", "--account-id", PROD, "--region", REGION]
    awsprof("add", "autochart", "prod", "paul", *words, stdin=f"{key.id}\n{key.secret}\n")
    outcome = awsprof("console", "prod")
    assert (outcome.status, outcome.stderr.count("Warning:")) == (0, 1)
    assert "protected and has no MFA device" in outcome.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "lamda"], "The nearest: lambda"),
        (["--region", "nowhere"], "is no region"),
        (["--region", "cn-north-1"], "not in the partition aws"),
        (["--print", "--browser", "x"], "exclude each other"),
        (["--read-only"], "--read-only works for role profiles only"),
        (["--federate", "--copy-code"], "signed in without one"),
    ],
)
def test_usage(awsprof: CommandLine, dev: Identity, words: list[str], said: str) -> None:
    """Exit 2, and nothing is opened."""
    outcome = awsprof("console", "dev", *words)
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (2, "", [])
    assert said in outcome.stderr


# The code.


def test_copy_code(awsprof: CommandLine, dev: Identity, clipboard: Path) -> None:
    """The sign-in page opens, and the code lies in the clipboard for as long as it says."""
    store_seed(awsprof, dev)
    outcome = awsprof("console", "dev", "--copy-code")
    assert outcome.status == 0
    assert re.fullmatch(rf"{dev.profile}: sign-in .*\nMFA code copied; 1[2-5] s left\n", outcome.stdout)
    assert clipboard.read_text() == dev.device.code()
    assert dev.device.code() not in outcome.stdout + outcome.stderr


def test_copy_code_without_a_seed(awsprof: CommandLine, dev: Identity, clipboard: Path) -> None:
    """Exit 1 with what helps; nothing is in the clipboard."""
    outcome = awsprof("console", "dev", "--copy-code")
    assert outcome.status == 1
    assert f"'awsprof mfa add {dev.profile}'" in outcome.stderr
    assert not clipboard.exists()


def test_copy_code_without_a_clipboard(awsprof: CommandLine, dev: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 before anything is opened, and no code is spent."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    store_seed(awsprof, dev)
    outcome = awsprof("console", "dev", "--copy-code")
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (1, "", [])
    assert "There is no clipboard here" in outcome.stderr


def test_copy_code_of_a_role(awsprof: CommandLine, role: str) -> None:
    """Exit 2: a role needs none."""
    outcome = awsprof("console", "audit", "--copy-code")
    assert (outcome.status, awsprof.browsers.opened) == (2, [])


# --federate.


def test_federate_without_mfa(awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS) -> None:
    """A user without MFA becomes a federated user of the same name, with what the user's own policies allow."""
    outcome = awsprof("console", "legacy", "--federate")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout == f"autochart_legacy_paul: console opened, account {OTHER}\n"
    (made,) = aws.calls_of("GetFederationToken")
    assert (made.parameters["Name"], made.parameters["DurationSeconds"]) == ("paul", "43200")
    assert json.loads(made.parameters["Policy"])["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    (asked,) = aws.calls_of("getSigninToken")
    assert (asked.user_arn, asked.parameters) == (
        f"arn:aws:sts::{OTHER}:federated-user/paul",
        {"Session": "***"},
    )
    assert sign_in(address(awsprof), aws) == HOME_PAGE


@pytest.mark.parametrize(("setting", "sent"), [("36h", "43200"), ("2h", "7200")])
def test_federate_lasts_as_a_session_would(
    awsprof: CommandLine, without_mfa: AccessKey, aws: LocalAWS, home: Path, setting: str, sent: str
) -> None:
    """As the settings say; the console's session 12 hours at most."""
    write_settings(home, f'session_duration = "{setting}"\n')
    assert awsprof("console", "legacy", "--federate").status == 0
    assert aws.calls_of("GetFederationToken")[0].parameters["DurationSeconds"] == sent


def test_federate_pads_a_short_name(awsprof: CommandLine, aws: LocalAWS) -> None:
    """To the two characters that AWS wants."""
    key = aws.account(OTHER).user("p").access_key()
    words = ["--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION]
    awsprof("add", "autochart", "legacy", "p", *words, stdin=f"{key.id}\n{key.secret}\n")
    assert awsprof("console", "legacy", "--federate").status == 0
    assert aws.calls_of("GetFederationToken")[0].parameters["Name"] == "p-"


def test_federate_with_mfa(awsprof: CommandLine, logged_in: Identity, aws: LocalAWS) -> None:
    """Exit 1: why it cannot work, and what does; AWS is not asked."""
    aws.clear_calls()
    outcome = awsprof("console", "dev", "--federate")
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened, aws.calls) == (1, "", [], [])
    assert outcome.stderr == (
        f"Error: {logged_in.profile} has an MFA device, and a federated user carries no MFA: "
        "where AWS demands it, nothing would be allowed.\n"
        "Leave out --federate for its sign-in page (--copy-code copies the code), or use a role profile.\n"
    )


def test_federate_of_a_role_changes_nothing(awsprof: CommandLine, role: str) -> None:
    """It is signed in by federation as it is, and that is said."""
    assert awsprof("console", "audit", "--federate") == Outcome(
        0,
        f"{ROLE}: console opened, account {OTHER}\n",
        f"--federate is for IAM users: {ROLE} is a role, and signed in without it.\n",
    )


def test_federate_that_aws_refuses(awsprof: CommandLine, aws: LocalAWS) -> None:
    """A user under deny-without-MFA whose profile names no device: AWS says no, exit 7."""
    key = aws.account(OTHER).user("paul", deny_without_mfa=True).access_key()
    words = ["--from", "-", "--no-verify", "--account-id", OTHER, "--region", REGION]
    awsprof("add", "autochart", "legacy", "paul", *words, stdin=f"{key.id}\n{key.secret}\n")
    outcome = awsprof("console", "legacy", "--federate")
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (7, "", [])


# Credentials that are not awsprof's.


def process_section(home: Path, name: str, answer: dict[str, str], more: str = "") -> None:
    """A profile whose credentials another program serves."""
    path = home / f"{name}.json"
    path.write_text(json.dumps({"Version": 1, **answer}))
    line = f"credential_process = {sys.executable} -c \"print(open('{path}').read())\"\n"
    config = home / ".aws" / "config"
    text = config.read_text() if config.exists() else ""
    write_config(home, f"{text}\n[profile {name}]\nregion = {REGION}\n{line}{more}")


def exported(awsprof: CommandLine, name: str) -> dict[str, str]:
    """The credentials of a profile in the form that a process answers with."""
    answer = json.loads(awsprof("credential-process", name).stdout)
    return {key: answer[key] for key in answer if key not in ("Version", "AccountId")}


def test_a_process_that_serves_a_role(awsprof: CommandLine, role: str, home: Path, aws: LocalAWS) -> None:
    """Its session signs in; whose it is, AWS says."""
    process_section(home, "theirs", exported(awsprof, ROLE))
    outcome = awsprof("console", "theirs")
    assert outcome.stdout == f"theirs: console opened, account {OTHER}\n"
    assert sign_in(address(awsprof), aws) == HOME_PAGE


def test_a_process_that_serves_a_user(awsprof: CommandLine, logged_in: Identity, home: Path) -> None:
    """A user's own session signs nobody in: the sign-in page of the account that AWS names."""
    process_section(home, "theirs", exported(awsprof, logged_in.profile))
    assert awsprof("console", "theirs").stdout == f"theirs: sign-in page opened, account {DEV} (autochart-dev)\n"
    assert address(awsprof) == SIGN_IN.replace(DEV, "autochart-dev")
    outcome = awsprof("console", "theirs", "--federate")
    assert (outcome.status, len(awsprof.browsers.opened)) == (1, 1)
    assert "which AWS makes no federated user of" in outcome.stderr


def test_a_process_of_another_account(awsprof: CommandLine, role: str, home: Path, aws: LocalAWS) -> None:
    """Credentials of another account than the profile claims get in nowhere."""
    process_section(home, "theirs", exported(awsprof, ROLE), f"aws_account_id = {PROD}\n")
    outcome = awsprof("console", "theirs")
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (1, "", [])
    assert f"are of account {OTHER}, and it claims {PROD}" in outcome.stderr
    assert aws.calls_of("getSigninToken") == []


def test_keys_in_a_file(awsprof: CommandLine, home: Path, aws: LocalAWS) -> None:
    """A user's in plain text: the sign-in page, or with --federate a federated user; a root user's: the console."""
    account = aws.account(OTHER)
    for name, key in (("plain", account.user("somebody").access_key()), ("root", account.root_access_key())):
        config = home / ".aws" / "config"
        text = config.read_text() if config.exists() else ""
        keys = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        write_config(home, f"{text}[profile {name}]\nregion = {REGION}\n{keys}")
    assert awsprof("console", "plain").status == 0
    assert awsprof("console", "plain", "--federate").status == 0
    assert awsprof("console", "root", "--service", "iam").status == 0
    page, federated, root = (opened.leads_to for opened in awsprof.browsers.opened)
    assert page == f"https://{OTHER}.signin.aws.amazon.com/console?region={REGION}"
    assert sign_in(federated, aws) == HOME_PAGE
    assert root == "https://console.aws.amazon.com/iam/home"


# --print.


def test_print_of_a_sign_in(awsprof: CommandLine, role: str, aws: LocalAWS) -> None:
    """The address alone on stdout, on stderr that it is a secret, and nothing is opened."""
    outcome = awsprof("console", "audit", "--print", "--quiet")
    assert (outcome.status, awsprof.browsers.opened) == (0, [])
    assert sign_in(outcome.stdout.rstrip("\n"), aws) == HOME_PAGE
    assert outcome.stderr == (
        f"Warning: This address is a secret: for 15 minutes, whoever has it is signed in as {ROLE} without any code.\n"
    )


def test_print_of_a_sign_in_page(awsprof: CommandLine, dev: Identity) -> None:
    """No secret, no warning."""
    outcome = awsprof("console", "dev", "--print")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, f"{SIGN_IN}\n", "")
    assert awsprof.browsers.opened == []


# Who sees the secret.


def everything_readable(home: Path) -> Iterator[tuple[Path, bytes]]:
    for path in home.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_the_secret_is_seen_by_nobody(
    awsprof: CommandLine, role: str, aws: LocalAWS, capfd: pytest.CaptureFixture[str]
) -> None:
    """In no argument, output, debug line or log; in one file of mode 0600 below 0700, which is gone soon."""
    outcome = awsprof("--debug", "console", "audit")
    (opened,) = awsprof.browsers.opened
    token = parse_qs(urlsplit(opened.leads_to).query)["SigninToken"][0]
    answer = json.loads(session_file(awsprof.home, ROLE).read_text().splitlines()[1])
    captured = capfd.readouterr()
    said = outcome.stdout + outcome.stderr + captured.out + captured.err + opened.url + repr(aws.calls)
    assert "debug: signin getSigninToken at 127.0.0.1" in outcome.stderr
    for secret in (token, answer["SecretAccessKey"], answer["SessionToken"]):
        assert secret not in said
        assert urlencode({"": secret})[1:] not in said
    assert opened.path is not None
    assert (opened.mode, opened.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    ends = time.monotonic() + 30
    while opened.path.exists():
        assert time.monotonic() < ends
        time.sleep(0.05)
    marks = (token.encode(), urlencode({"": token})[1:].encode())
    assert [path for path, data in everything_readable(awsprof.home) if any(mark in data for mark in marks)] == []


@pytest.mark.parametrize("name", ["audit", "dev"])
def test_a_browser_that_fails(awsprof: CommandLine, role: str, name: str) -> None:
    """Its sentence and hint, with --print as the way out; the file is gone at once."""
    awsprof.browsers.failure = AwsprofError("There is no display", hint="Log in at a desktop.")
    outcome = awsprof("console", name)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        f"Error: There is no display.\n'awsprof console autochart_{name}_paul --print' shows the address instead. "
        "Log in at a desktop.\n"
    )
    assert list(awsprof.browsers.root.rglob("*.html")) == []


def test_left_overs_are_swept(awsprof: CommandLine, role: str) -> None:
    """What a power cut left in any browser profile goes with the next sign-in."""
    left = awsprof.browsers.root / "usual" / "autochart_old_paul" / f"awsprof-sign-in-{'a' * 32}.html"
    left.parent.mkdir(mode=0o700, parents=True)
    left.write_text("old")
    os.utime(left, (time.time() - 100, time.time() - 100))
    assert awsprof("console", "audit").status == 0
    assert not left.exists()


def test_an_endpoint_in_the_clear_gets_nothing(
    awsprof: CommandLine, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWSPROF_SIGNIN_URL must be https or this machine's."""
    monkeypatch.setenv("AWSPROF_SIGNIN_URL", "http://sign.example.com/federation")
    outcome = awsprof("console", "audit")
    assert (outcome.status, awsprof.browsers.opened) == (2, [])


# What BROWSER is for the AWS CLI.


def test_a_page_for_another_program(awsprof: CommandLine, dev: Identity) -> None:
    """It opens in the profile's own browser profile."""
    url = "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH"
    assert awsprof("console", "--exact", f"--url={url}", "--", dev.profile) == Outcome(0, "", "")
    assert address(awsprof) == url


@pytest.mark.parametrize("url", ["file:///etc/passwd", "--incognito", "javascript:alert(1)", "http://evil.com/"])
def test_no_page_for_another_program(awsprof: CommandLine, dev: Identity, url: str) -> None:
    """What signs in nowhere is not opened; the status is 0, so that the page is opened nowhere else."""
    outcome = awsprof("console", "--exact", f"--url={url}", "--", dev.profile)
    assert (outcome.status, outcome.stdout, awsprof.browsers.opened) == (0, "", [])
    assert outcome.stderr.startswith("Warning: Nothing was opened: ")


@pytest.mark.parametrize("failure", [AwsprofError("There is no display"), OSError(28, "No space left on device")])
def test_a_page_that_cannot_be_shown(awsprof: CommandLine, dev: Identity, failure: Exception) -> None:
    """The same, and the reason."""
    awsprof.browsers.failure = failure
    outcome = awsprof("console", "--exact", "--url=https://corp.awsapps.com/start", "--", dev.profile)
    assert (outcome.status, outcome.stdout) == (0, "")
    assert outcome.stderr.startswith("Warning: Nothing was opened: ")
