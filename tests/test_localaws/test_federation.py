"""The federation endpoint: whose credentials become a sign-in token, and what that opens, once."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS
    from tests.localaws.accounts import User

HOME = "https://console.aws.amazon.com/console/home?region=eu-west-1"
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
ONLY = "Only federation tokens or assume role tokens may be used for federated login."
NO_DURATION = "SessionDuration is for roles only that an IAM user assumed with long-term credentials."


def get(aws: LocalAWS, method: str = "GET", **parameters: str) -> tuple[int, str, str | None]:
    """Status, body and Location of one answer; nothing is followed."""
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=5)
    connection.request(method, f"/federation?{urlencode(parameters)}")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.getheader("Location")


def token(aws: LocalAWS, credentials: dict[str, Any], **more: str) -> tuple[int, str]:
    """What getSigninToken answers to *credentials*, their parts changed by *more* where that names one."""
    names = {"sessionId": "AccessKeyId", "sessionKey": "SecretAccessKey", "sessionToken": "SessionToken"}
    session = {name: more.pop(name, credentials.get(key, "")) for name, key in names.items()}
    status, body, _ = get(aws, Action="getSigninToken", Session=json.dumps(session), **more)
    return status, json.loads(body)["SigninToken"] if status == 200 else body


@pytest.fixture
def paul(aws: LocalAWS) -> User:
    return aws.account(ACCOUNT).user("paul")


@pytest.fixture
def assumed(aws: LocalAWS, connect: Connect, paul: User) -> dict[str, Any]:
    """A role's session of two hours, as a user got it with long-term credentials."""
    role = aws.account(ACCOUNT).role("deploy", trusted=ACCOUNT, max_session_s=7200)
    sts = connect("sts", paul.access_key())
    answer: dict[str, Any] = sts.assume_role(RoleArn=role.arn, RoleSessionName="paul", DurationSeconds=7200)
    return dict(answer["Credentials"])


def test_a_roles_session_opens_the_console_once(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """The sign-in token leads to the page that was asked for, and is used up by it."""
    status, signin_token = token(aws, assumed)
    assert status == 200
    login = {"Action": "login", "Issuer": "tests", "Destination": HOME, "SigninToken": signin_token}
    assert get(aws, **login) == (302, "", HOME)
    assert get(aws, **login)[0] == 400


def test_a_federated_users_session_does_too(aws: LocalAWS, connect: Connect, paul: User) -> None:
    """And no SessionDuration may be asked for it."""
    sts = connect("sts", paul.access_key())
    session = sts.get_federation_token(Name="paul", Policy=EVERYTHING)["Credentials"]
    assert token(aws, session)[0] == 200
    assert NO_DURATION in token(aws, session, SessionDuration="3600")[1]


def test_a_users_own_session_does_not(aws: LocalAWS, connect: Connect, paul: User) -> None:
    """GetSessionToken's credentials are refused with AWS's sentence, with MFA too; long-term keys have no token."""
    key, device = paul.access_key(), paul.mfa_device()
    sts = connect("sts", key)
    for given in ({}, {"SerialNumber": device.serial, "TokenCode": device.code()}):
        status, page = token(aws, sts.get_session_token(**given)["Credentials"])
        assert (status, ONLY in page) == (400, True)
    assert token(aws, {"AccessKeyId": key.id, "SecretAccessKey": key.secret})[0] == 400


@pytest.mark.parametrize("part", ["sessionId", "sessionKey", "sessionToken"])
def test_each_part_of_a_session_counts(aws: LocalAWS, assumed: dict[str, Any], part: str) -> None:
    """One that is wrong, or missing, is refused."""
    assert token(aws, assumed, **{part: "wrong"})[0] == 400
    assert token(aws, assumed, **{part: ""})[0] == 400


@pytest.mark.parametrize("session", ["", "{", "[]", "{}", '{"sessionId":1,"sessionKey":2,"sessionToken":3}'])
def test_a_session_is_json_of_three_texts(aws: LocalAWS, session: str) -> None:
    """Anything else is refused."""
    assert get(aws, Action="getSigninToken", Session=session)[0] == 400


def test_an_expired_session_is_refused(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """As everywhere."""
    aws.clock.shift(7200)
    assert "expired" in token(aws, assumed)[1]


def test_a_sign_in_token_lives_15_minutes(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """Used later, it opens nothing."""
    login = {"Action": "login", "Destination": HOME}
    tokens = [token(aws, assumed)[1] for _ in range(2)]
    aws.clock.shift(14 * 60)
    assert get(aws, SigninToken=tokens[0], **login)[0] == 302
    aws.clock.shift(60)
    assert get(aws, SigninToken=tokens[1], **login)[0] == 400


@pytest.mark.parametrize(
    "destination",
    ["", "http://console.aws.amazon.com/", "https://example.com/", "https://console.aws.amazon.com.example.com/"],
)
def test_a_destination_is_a_page_of_the_console(aws: LocalAWS, assumed: dict[str, Any], destination: str) -> None:
    """Another is refused, and the token stays good."""
    signin_token = token(aws, assumed)[1]
    assert get(aws, Action="login", Destination=destination, SigninToken=signin_token)[0] == 400
    assert get(aws, Action="login", Destination=HOME, SigninToken=signin_token)[0] == 302


def test_session_duration_has_bounds(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """15 minutes to what the role allows, 12 hours at most."""
    assert [token(aws, assumed, SessionDuration=text)[0] for text in ("900", "7200")] == [200, 200]
    for text in ("899", "7201", "43201", "-900", "1h", ""):
        assert token(aws, assumed, SessionDuration=text)[0] == 400


def test_a_chained_role_has_no_session_duration(aws: LocalAWS, connect: Connect, assumed: dict[str, Any]) -> None:
    """Assumed with a session, of a user or of another role, it lasts as long as its credentials."""
    second = aws.account(OTHER_ACCOUNT).role("second", trusted=ACCOUNT)
    user_session = connect("sts", aws.account(ACCOUNT).user("anna").access_key()).get_session_token()["Credentials"]
    for source in (assumed, user_session):
        sts = connect("sts", source)
        chained = sts.assume_role(RoleArn=second.arn, RoleSessionName="paul")["Credentials"]
        assert NO_DURATION in token(aws, chained, SessionDuration="900")[1]
        assert token(aws, chained)[0] == 200


def test_only_get_and_the_two_actions(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """Anything else is refused."""
    assert get(aws, "POST", Action="getSigninToken")[0] == 400
    assert get(aws, Action="logout")[0] == 400
    assert get(aws)[0] == 400


def test_the_log_names_the_caller_and_no_secret(aws: LocalAWS, assumed: dict[str, Any]) -> None:
    """Both calls, whose they were, and neither the session nor the token."""
    aws.clear_calls()
    signin_token = token(aws, assumed, SessionDuration="900")[1]
    get(aws, Action="login", Destination=HOME, SigninToken=signin_token)
    asked, opened = aws.calls
    assert [(call.service, call.action, call.status) for call in aws.calls] == [
        ("signin", "getSigninToken", 200),
        ("signin", "login", 302),
    ]
    assert asked.access_key_id == opened.access_key_id == assumed["AccessKeyId"]
    assert asked.user_arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/paul"
    assert asked.parameters == {"Session": "***", "SessionDuration": "900"}
    for secret in (assumed["SecretAccessKey"], assumed["SessionToken"], signin_token):
        assert secret not in repr(aws.calls)


def test_another_partition_has_arns_of_its_own(aws: LocalAWS, connect: Connect) -> None:
    """An account lives in one partition, and all that is in it says so."""
    account = aws.account(OTHER_ACCOUNT, partition="aws-us-gov")
    user = account.user("paul")
    role = account.role("deploy", trusted=OTHER_ACCOUNT)
    sts = connect("sts", user.access_key(), region="us-gov-west-1")
    prefix = f"arn:aws-us-gov:iam::{OTHER_ACCOUNT}"
    assert (user.arn, role.arn) == (f"{prefix}:user/paul", f"{prefix}:role/deploy")
    assert user.mfa_device().serial == f"{prefix}:mfa/paul"
    assert sts.get_caller_identity()["Arn"] == user.arn
    session = sts.assume_role(RoleArn=role.arn, RoleSessionName="paul")
    assert session["AssumedRoleUser"]["Arn"].startswith(f"arn:aws-us-gov:sts::{OTHER_ACCOUNT}:assumed-role/deploy")
    assert token(aws, session["Credentials"])[0] == 200


def test_a_federated_users_name_has_32_characters_at_most(aws: LocalAWS, connect: Connect, paul: User) -> None:
    """One more is a ValidationError."""
    sts = connect("sts", paul.access_key())
    assert sts.get_federation_token(Name="p" * 32)
    assert refusal(sts.get_federation_token, Name="p" * 33)[1] == "ValidationError"
