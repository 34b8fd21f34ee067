"""
Where a token stands for a role: a web identity's at STS, a container's at the address its variables give, and that of
somebody who signed in at IAM Identity Center.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .clock import aws_time
from .identities import Session, role_caller
from .sts import find_role
from .wire import Answer, AwsError, xml_answer

if TYPE_CHECKING:
    from .identities import Identities
    from .wire import Request

ACTION = "AssumeRoleWithWebIdentity"
CONTAINER_PATH = "/container/credentials"
PORTAL_PATH = "/federation/credentials"
_LASTS = timedelta(hours=1)


class RoleTokens:
    """The tokens that were given out, each for one role."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._tokens: dict[str, str] = {}

    def reset(self) -> None:
        self._tokens.clear()

    def token(self, role_arn: str) -> str:
        token = f"EXAMPLETOKEN-{secrets.token_hex(16)}"
        self._tokens[token] = role_arn
        return token

    def by_web_identity(self, request: Request, request_id: str) -> Answer:
        """
        Answer AssumeRoleWithWebIdentity, which nobody signs.

        Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        """
        asked = request.parameters
        if "authorization" in request.headers:
            raise AwsError(400, "InvalidAction", "A web identity's request carries no signature")
        session = self._session(asked.get("WebIdentityToken", ""), asked.get("RoleSessionName", ""))
        if session is None or self._tokens[asked["WebIdentityToken"]] != asked.get("RoleArn"):
            raise AwsError(400, "InvalidIdentityToken", "The token is not one of this role's")
        credentials = {
            "AccessKeyId": session.caller.access_key_id,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expiration,
        }
        return xml_answer("sts", ACTION, {"Credentials": credentials}, request_id)

    def by_container(self, request: Request) -> Answer:
        """
        Answer a container that asks for its task's credentials.

        Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
        """
        session = self._session(request.headers.get("authorization", ""), "task")
        if session is None:
            return Answer(403, b"{}", "application/json", error_code="AccessDenied")
        credentials = {
            "AccessKeyId": session.caller.access_key_id,
            "SecretAccessKey": session.secret,
            "Token": session.token,
            "Expiration": aws_time(session.expiration),
        }
        return Answer(200, json.dumps(credentials).encode(), "application/json")

    def by_sign_in(self, request: Request) -> Answer:
        """
        Answer GetRoleCredentials, which carries the token of a sign-in.

        Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
        """
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        token = request.headers.get("x-amz-sso_bearer_token", "")
        role = find_role(self._tokens[token]) if token in self._tokens else None
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

    def _session(self, token: str, name: str) -> Session | None:
        role = find_role(self._tokens[token]) if token in self._tokens else None
        return None if role is None else self._identities.add_session(role_caller(role, name, None, ()), _LASTS)
