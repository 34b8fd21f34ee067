"""
Session credentials turned into a sign-in to the console.

Knows the endpoint's protocol; not whose credentials they are, nor what opens the address that comes of it.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from awsprof.aws.client import (
    CONNECT_TIMEOUT_S,
    READ_ATTEMPTS,
    TRY_TIMEOUT_S,
    WAIT_HINT,
    endpoint_url,
    traced,
    translated,
)
from awsprof.aws.service import Service
from awsprof.errors import (
    AccessDeniedError,
    AwsError,
    ServiceFailureError,
    ThrottledError,
    UnreachableError,
    UsageError,
)
from awsprof.naming import printable

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

    from awsprof.model import SessionCredentials

_ACTION = "getSigninToken"
_BACKOFF_S = 0.3
# Longer words in a refusal may be what was sent.
_MAX_WORD_LENGTH = 24
_MAX_SENTENCE_LENGTH = 200


class Federation(Service):
    """The console's federation endpoint."""

    def federation_endpoint(self, own: str) -> str:
        """
        Return where sessions are turned into sign-ins: what the environment names, else the partition's *own*.

        Raises:
            UsageError: The environment names an address that would carry a session in the clear.
        """
        given = self._environ.get("AWSPROF_SIGNIN_URL")
        if given:
            if not (given.startswith("https://") and _host_in(given)) and not _is_loopback(given):
                raise UsageError(
                    "AWSPROF_SIGNIN_URL is neither an https address nor one of this machine, "
                    "and a session is not sent to it",
                    hint="Correct the variable, or take it out.",
                )
            return given
        elsewhere = endpoint_url("signin", self._environ)
        return f"{elsewhere.rstrip('/')}/federation" if elsewhere and _is_loopback(elsewhere) else own

    def sign_in_token(self, credentials: SessionCredentials, *, endpoint: str, duration_s: int | None) -> str:
        """
        Exchange a session for a token that signs in to the console: a secret, good for 15 minutes.

        Args:
            credentials: Of AssumeRole or GetFederationToken; AWS takes no other.
            duration_s: How long the console's session lasts, 900 to 43,200; only for a role that was assumed with
                long-term credentials. None: as long as *credentials*.

        Raises:
            AccessDeniedError: The endpoint refuses these credentials, or this duration.
            UnreachableError: No answer from the endpoint.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
        """
        for attempt in range(1, READ_ATTEMPTS):
            try:
                return self._sign_in_token(credentials, endpoint, duration_s)
            except (UnreachableError, ThrottledError, ServiceFailureError):
                time.sleep(_BACKOFF_S * attempt)
        return self._sign_in_token(credentials, endpoint, duration_s)

    def _sign_in_token(self, credentials: SessionCredentials, endpoint: str, duration_s: int | None) -> str:
        session = {
            "sessionId": credentials.access_key_id,
            "sessionKey": credentials.secret_access_key,
            "sessionToken": credentials.session_token,
        }
        query = {"Action": _ACTION, "Session": json.dumps(session)}
        if duration_s is not None:
            query["SessionDuration"] = str(duration_s)
        host = urlsplit(endpoint).netloc.rpartition("@")[2]
        # The host alone: the rest of the address is the session.
        with traced(self._trace, f"signin {_ACTION} at {host}"):
            return _token_in(self._get(endpoint, query, host))

    def _get(self, endpoint: str, query: dict[str, str], host: str) -> AWSResponse:
        bundle = self._environ.get("AWS_CA_BUNDLE") or self._environ.get("REQUESTS_CA_BUNDLE")
        try:
            with translated(_ACTION, f"at {host}", may_be_done=False):
                http = URLLib3Session(
                    verify=bundle or True,  # type: ignore[arg-type]  # botocore takes a path too
                    proxies=get_environ_proxies(endpoint),
                    timeout=(CONNECT_TIMEOUT_S, TRY_TIMEOUT_S),  # type: ignore[arg-type]  # and a pair
                )
                return http.send(AWSRequest(method="GET", url=f"{endpoint}?{urlencode(query)}").prepare())
        except UnreachableError:
            raise
        except AwsError:
            # botocore's own sentence may quote the whole address, and with it the session.
            raise AwsError(
                f"{_ACTION} could not be sent to {host}", hint="Check AWSPROF_SIGNIN_URL, and the proxy's address."
            ) from None


def _token_in(answer: AWSResponse) -> str:
    status = answer.status_code
    if status != 200:
        raise _refusal(status, answer.content)
    try:
        token = json.loads(answer.content)["SigninToken"]
    except (ValueError, KeyError, TypeError):
        token = None
    if not isinstance(token, str) or not token:
        raise AwsError(
            f"What answered to {_ACTION} is not AWS's sign-in",
            hint="Check AWSPROF_SIGNIN_URL, and whether a proxy or a hotel's login page stands in between.",
        )
    return token


def _refusal(status: int, page: bytes) -> AwsError:
    code = f"HTTP {status}"
    if status == 429:
        return ThrottledError(f"AWS asks to slow down ({_ACTION})", code=code, hint=WAIT_HINT)
    if status >= 500:
        return ServiceFailureError(
            f"AWS failed on its own side ({_ACTION}, {status})", code=code, hint="Try again in half a minute."
        )
    said = _sentence_in(page)
    return AccessDeniedError(
        f"AWS refuses to sign in to the console with these credentials{f': {said}' if said else f' ({code})'}",
        code=code,
        hint="They must be of a role or a federated user, and not expired: 'awsprof logout' forgets a stale session.",
    )


def _sentence_in(page: bytes) -> str:
    """Return what a page of AWS's says, if it is a sentence: it is shown to people, and may quote what it was sent."""
    text = " ".join(re.sub(r"<[^>]*>", " ", page[:4096].decode("utf-8", "replace")).split())
    if len(text) > _MAX_SENTENCE_LENGTH or any(len(word) > _MAX_WORD_LENGTH for word in text.split()):
        return ""
    return printable(text.rstrip("."))


def _host_in(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    host = _host_in(address)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
