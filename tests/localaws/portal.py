"""The part of IAM Identity Center that turns an access token into a role's credentials; no signature, but a token."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .identities import role_caller
from .sts import find_role
from .wire import Answer

if TYPE_CHECKING:
    from .identities import Identities
    from .wire import Request

PATH = "/federation/credentials"
_LASTS = timedelta(hours=1)


class Portal:
    """The access tokens that were given out, each for one role."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._tokens: dict[str, str] = {}

    def reset(self) -> None:
        self._tokens.clear()

    def token(self, role_arn: str) -> str:
        """A new access token, as somebody who signed in has it."""
        token = f"EXAMPLETOKEN-{secrets.token_hex(16)}"
        self._tokens[token] = role_arn
        return token

    def handle(self, request: Request) -> Answer:
        """
        Answer GetRoleCredentials.

        Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
        """
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        role_arn = self._tokens.get(request.headers.get("x-amz-sso_bearer_token", ""))
        role = find_role(role_arn) if role_arn else None
        if role is None or (asked.get("role_name"), asked.get("account_id")) != (role.name, role.account_id):
            refusal = {"message": "Session token not found or invalid", "__type": "UnauthorizedException"}
            return Answer(401, json.dumps(refusal).encode(), "application/json", error_code="UnauthorizedException")
        session = self._identities.add_session(role_caller(role, "somebody", None, ()), _LASTS)
        credentials = {
            "accessKeyId": session.caller.access_key_id,
            "secretAccessKey": session.secret,
            "sessionToken": session.token,
            "expiration": int(session.expiration.timestamp() * 1000),
        }
        return Answer(200, json.dumps({"roleCredentials": credentials}).encode(), "application/json")
