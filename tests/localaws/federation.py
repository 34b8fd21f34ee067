"""
The endpoint through which session credentials become a sign-in to the console; no signature, but the credentials.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import motobackend
from .identities import Kind, new_token
from .wire import Answer, AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from .clock import Clock
    from .identities import Caller, Identities
    from .wire import Request

PATH = "/federation"
SERVICE = "signin"
_GOOD_FOR = timedelta(minutes=15)
_DEFAULT_ROLE_S = 3600
_SESSION_KEYS = {"sessionId", "sessionKey", "sessionToken"}
_CONSOLE_HOST = re.compile(
    r"([a-z0-9-]+\.)?console\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)"
)


@dataclass(frozen=True)
class _SignIn:
    """What a sign-in token is good for."""

    caller: Caller
    until: datetime


class Federation:
    """The sign-in tokens that were given out and not used yet."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities = identities
        self._clock = clock
        self._tokens: dict[str, _SignIn] = {}

    def reset(self) -> None:
        self._tokens.clear()

    def handle(self, request: Request) -> Answer:
        actions = {"getSigninToken": self._get_signin_token, "login": self._login}
        action = actions.get(request.action)
        try:
            if request.method != "GET" or action is None:
                raise _refused("The action is missing or unknown.")
            return action(request.parameters)
        except AwsError as refusal:
            # For people with browsers: a page, and the same status whatever is wrong.
            page = f"<html><body><h1>{escape(refusal.message)}</h1></body></html>"
            return Answer(400, page.encode(), "text/html", error_code=refusal.code)

    def asker(self, request: Request) -> str | None:
        """The access key that *request* is about, for the log."""
        if request.action == "login":
            sign_in = self._tokens.get(request.parameters.get("SigninToken", ""))
            return sign_in.caller.access_key_id if sign_in else None
        try:
            return _session_in(request.parameters)["sessionId"]
        except AwsError:
            return None

    def _get_signin_token(self, parameters: dict[str, str]) -> Answer:
        session = _session_in(parameters)
        caller, secret = self._identities.caller(session["sessionId"], session["sessionToken"])
        if session["sessionKey"] != secret:
            raise _refused("The session is not valid.")
        if caller.kind not in (Kind.ROLE, Kind.FEDERATED):
            raise _refused("Only federation tokens or assume role tokens may be used for federated login.")
        if "SessionDuration" in parameters:
            _check_duration(parameters["SessionDuration"], caller)
        token = new_token()
        self._tokens[token] = _SignIn(caller, self._clock.now() + _GOOD_FOR)
        return Answer(200, json.dumps({"SigninToken": token}).encode(), "application/json")

    def _login(self, parameters: dict[str, str]) -> Answer:
        destination = urlsplit(parameters.get("Destination", ""))
        if destination.scheme != "https" or not _CONSOLE_HOST.fullmatch(destination.netloc):
            raise _refused("The destination is no page of the console.")
        sign_in = self._tokens.pop(parameters.get("SigninToken", ""), None)
        if sign_in is None or self._clock.now() >= sign_in.until:
            raise _refused("The sign-in token is used, expired or none.")
        return Answer(302, b"", "text/html", headers={"Location": parameters["Destination"]})


def _session_in(parameters: dict[str, str]) -> dict[str, str]:
    try:
        session = json.loads(parameters.get("Session", ""))
    except ValueError:
        raise _refused("The session is no JSON.") from None
    if not isinstance(session, dict) or set(session) != _SESSION_KEYS:
        raise _refused("The session must have sessionId, sessionKey and sessionToken.")
    if not all(isinstance(value, str) and value for value in session.values()):
        raise _refused("The session's parts must be texts.")
    return session


def _check_duration(text: str, caller: Caller) -> None:
    if not text.isascii() or not text.isdigit() or not 900 <= int(text) <= 43_200:
        raise _refused("SessionDuration must be between 900 and 43200.")
    if caller.kind is not Kind.ROLE or caller.chained:
        raise _refused("SessionDuration is for roles only that an IAM user assumed with long-term credentials.")
    roles = motobackend.iam(caller.account_id).get_roles()
    role = next(role for role in roles if role.name == caller.name)
    if int(text) > int(role.max_session_duration or _DEFAULT_ROLE_S):
        raise _refused("SessionDuration exceeds the MaxSessionDuration set for this role.")


def _refused(sentence: str) -> AwsError:
    return AwsError(400, "BadRequest", sentence)
