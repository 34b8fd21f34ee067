"""
Clients that use exactly the credentials they are given, and AWS's errors as ours.

No profile, no shared file and no environment key ever reaches a client: explicit keys alone would not ensure that,
since botocore refuses to start when AWS_PROFILE names a missing profile.
"""

from __future__ import annotations

import contextlib
import email.utils
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import botocore.config
import botocore.exceptions
import botocore.session

from awsprof.errors import (
    AccessDeniedError,
    AlreadyThereError,
    AwsError,
    ClockSkewError,
    InvalidKeyError,
    InvalidTokenCodeError,
    LimitExceededError,
    NotFoundError,
    ServiceFailureError,
    ThrottledError,
    UnreachableError,
    UnusableMfaDeviceError,
)
from awsprof.model import SessionCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.client import BaseClient

    from awsprof.model import Credentials

CONNECT_TIMEOUT_S = 10
# A read may be asked again, so each try is short: all of them end before others give up waiting for a lock.
READ_ATTEMPTS = 3
TRY_TIMEOUT_S = 10
_ANSWER_TIMEOUT_S = 30
# What nobody is to wait for.
_GLANCE_CONNECT_TIMEOUT_S = 2
_GLANCE_TIMEOUT_S = 3
NOTABLE_SKEW_S = 30
# What an answer that is not all of a list holds, and what the next question takes: IAM's, and Organizations'.
_NEXT_PAGE = ("Marker", "NextToken")

_INVALID_KEY = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException")
_BAD_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_STATES = {
    "NoSuchEntity": NotFoundError,
    "EntityAlreadyExists": AlreadyThereError,
    "LimitExceeded": LimitExceededError,
    "EntityTemporarilyUnmodifiable": ThrottledError,
    "ConcurrentModification": ThrottledError,
    "ConcurrentModificationException": ThrottledError,
    "FinalizingOrganizationException": ThrottledError,
    "AWSOrganizationsNotInUseException": NotFoundError,
    "CreateAccountStatusNotFoundException": NotFoundError,
    "AccountNotFoundException": NotFoundError,
    "OrganizationalUnitNotFoundException": NotFoundError,
    "ChildNotFoundException": NotFoundError,
    "ParentNotFoundException": NotFoundError,
    "SourceParentNotFoundException": NotFoundError,
    "DestinationParentNotFoundException": NotFoundError,
    "AlreadyInOrganizationException": AlreadyThereError,
    "DuplicateAccountException": AlreadyThereError,
    "DuplicateOrganizationalUnitException": AlreadyThereError,
}
_THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown")


class Client:
    """One AWS service for one set of credentials, in one region."""

    def __init__(
        self,
        service: str,
        *,
        credentials: Credentials,
        region: str,
        session: botocore.session.Session,
        environ: Mapping[str, str],
        trace: Callable[[str], None],
    ) -> None:
        """
        Args:
            session: One of `isolated_session`; it holds no credentials, and keeps what it read of AWS's descriptions.
        """
        self._session = session
        self._service = service
        self._credentials = credentials
        self._region = region
        self._environ = environ
        self._trace = trace
        self._clients: dict[tuple[int, bool], BaseClient] = {}

    def read(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call something that may be done twice; a lost answer or a busy service is asked again, with backoff."""
        return self._call(operation, parameters, attempts=READ_ATTEMPTS)

    def pages(self, operation: str, rows: str, **parameters: Any) -> Iterator[Any]:
        """Read what *operation* lists under *rows*, page after page; the next page is asked for when it is needed."""
        for answer in self.whole_pages(operation, **parameters):
            yield from answer[rows]

    def whole_pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Read a list's answers whole, for those that hold several lists."""
        token: dict[str, str] = {}
        while True:
            answer = self._call(operation, {**parameters, **token}, attempts=READ_ATTEMPTS)
            yield answer
            following = next((key for key in _NEXT_PAGE if answer.get(key)), None)
            if following is None:
                return
            token = {following: answer[following]}

    def glance(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call something that changes nothing and that nobody is to wait for: one short attempt."""
        return self._call(operation, parameters, attempts=1, glance=True)

    def send_once(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call something that uses up a token code or makes something: one attempt, never repeated."""
        return self._call(operation, parameters, attempts=1)

    def _call(
        self, operation: str, parameters: dict[str, Any], *, attempts: int, glance: bool = False
    ) -> dict[str, Any]:
        place = f"in {self._region}"
        with traced(self._trace, f"{self._service} {operation} {place}"):
            with translated(operation, place, may_be_done=attempts == 1 and not glance):
                return dict(getattr(self._built(attempts, glance), _snake(operation))(**parameters))

    def _built(self, attempts: int, glance: bool) -> BaseClient:
        """Return botocore's client; making one takes longer than a page, and a list may have hundreds."""
        key = (attempts, glance)
        if key not in self._clients:
            self._clients[key] = self._build(attempts, glance)
        return self._clients[key]

    def _build(self, attempts: int, glance: bool) -> BaseClient:
        token = self._credentials.session_token if isinstance(self._credentials, SessionCredentials) else None
        client: BaseClient = self._session.create_client(
            self._service,
            region_name=self._region,
            aws_access_key_id=self._credentials.access_key_id,
            aws_secret_access_key=self._credentials.secret_access_key,
            aws_session_token=token,
            endpoint_url=endpoint_url(self._service, self._environ),
            config=botocore.config.Config(
                connect_timeout=_GLANCE_CONNECT_TIMEOUT_S if glance else CONNECT_TIMEOUT_S,
                read_timeout=_GLANCE_TIMEOUT_S if glance else _ANSWER_TIMEOUT_S if attempts == 1 else TRY_TIMEOUT_S,
                retries={"total_max_attempts": attempts, "mode": "standard"},
            ),
        )
        return client


def isolated_session() -> botocore.session.Session:
    """Make a botocore session that sees no profile and neither of the shared files."""
    unset = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "sts_regional_endpoints": (None, None, "regional", None),
    }
    return botocore.session.Session(session_vars=unset)


def endpoint_url(service: str, environ: Mapping[str, str]) -> str | None:
    """Return the endpoint the environment sets for *service*, as AWS's tools read it."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environ.get("AWS_ENDPOINT_URL") or None


def _snake(operation: str) -> str:
    from botocore import xform_name

    return xform_name(operation)


@contextlib.contextmanager
def traced(trace: Callable[[str], None], call: str) -> Iterator[None]:
    """Tell of one call, named without a secret: how it went, and how long it took."""
    started = time.monotonic()
    outcome = "ok"
    try:
        yield
    except AwsError as error:
        outcome = error.code or type(error).__name__
        raise
    finally:
        trace(f"{call}: {outcome}, {(time.monotonic() - started) * 1000:.0f} ms")


@contextlib.contextmanager
def translated(operation: str, place: str, *, may_be_done: bool) -> Iterator[None]:
    """
    Turn botocore's errors into ours.

    Args:
        place: Where AWS was called, as in "in eu-west-1".
        may_be_done: Whether a call without an answer may have changed something.
    """
    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise _from_answer(operation, error) from None
    except (
        botocore.exceptions.EndpointConnectionError,
        botocore.exceptions.ConnectTimeoutError,
        botocore.exceptions.ProxyConnectionError,
        botocore.exceptions.SSLError,
    ) as error:
        raise UnreachableError(
            f"AWS cannot be reached {place}: {_reason(error)}",
            sent=False,
            hint="Check the network, the proxy and the region, then try again.",
        ) from None
    except botocore.exceptions.HTTPClientError as error:
        raise UnreachableError(
            f"AWS gave no answer to {operation} {place}: {_reason(error)}",
            sent=True,
            hint="It may have been carried out all the same; try again in half a minute."
            if may_be_done
            else "Check the network, then try again.",
        ) from None
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise AwsError(f"{operation} {place} could not be sent: {' '.join(str(error).split())}") from None


def _reason(error: Exception) -> str:
    names = {
        "EndpointConnectionError": "no connection",
        "ConnectTimeoutError": "the connection timed out",
        "ProxyConnectionError": "the proxy does not answer",
        "SSLError": "its certificate cannot be verified",
        "ReadTimeoutError": "the answer timed out",
        "ConnectionClosedError": "the connection was closed",
    }
    return names.get(type(error).__name__, "the connection broke")


def _from_answer(operation: str, error: botocore.exceptions.ClientError) -> AwsError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    metadata = error.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0) or 0)
    ahead_s = skew_s(metadata.get("HTTPHeaders", {}).get("date"))
    if code in _BAD_SIGNATURE:
        if "expired" in said.lower() or "not yet current" in said.lower() or code.startswith("Request"):
            return ClockSkewError(_clock_sentence(ahead_s), code=code, hint=_CLOCK_HINT)
        return InvalidKeyError("AWS refuses the secret access key: it does not belong to this access key id", code=code)
    if code in _INVALID_KEY:
        return InvalidKeyError("AWS does not know this access key: it is inactive, deleted or mistyped", code=code)
    if code in _EXPIRED:
        return AccessDeniedError("The session has expired at AWS", code=code)
    if "MultiFactorAuthentication failed" in said:
        return _from_mfa_refusal(code, said, ahead_s)
    if code == "InvalidAuthenticationCode":
        return InvalidTokenCodeError(
            "AWS refuses the two codes: they are not two consecutive ones of this device",
            code=code,
            hint="Give the code the device shows, then the very next one.",
        )
    if code in _STATES:
        return _STATES[code](f"AWS refuses {operation}: {said}", code=code)
    if code in _DENIED:
        return AccessDeniedError(f"AWS denies {operation}: {said}", code=code)
    if code in _THROTTLED or status == 429:
        return ThrottledError(f"AWS asks to slow down ({operation})", code=code, hint=WAIT_HINT)
    if status >= 500:
        return ServiceFailureError(
            f"AWS failed on its own side ({operation}, {status})", code=code, hint="Try again in half a minute."
        )
    return AwsError(f"AWS refuses {operation}: {said or code}", code=code)


def _from_mfa_refusal(code: str, said: str, ahead_s: float | None) -> AwsError:
    if "serial number" in said or "unable to validate" in said:
        return UnusableMfaDeviceError(
            "The MFA serial of this profile is not a device of this user that gives token codes",
            code=code,
            hint="Look the device up in IAM and correct mfa_serial; FIDO keys and passkeys cannot be used with STS.",
        )
    if ahead_s is not None and abs(ahead_s) > NOTABLE_SKEW_S:
        return InvalidTokenCodeError(
            f"AWS refuses the token code; {_clock_clause(ahead_s)}", code=code, hint=_CLOCK_HINT
        )
    return InvalidTokenCodeError(
        "AWS refuses the token code: it is wrong, or already used",
        code=code,
        hint="Wait for the device's next code and use that one; check that it is the code of this account.",
    )


WAIT_HINT = "Wait a moment, then try again."
_CLOCK_HINT = "Set the clock (on most systems 'timedatectl set-ntp true'), then try again."


def skew_s(date: str | None) -> float | None:
    """Return how many seconds this machine's clock is ahead of AWS's, by the Date of an answer just received."""
    if not date:
        return None
    try:
        theirs = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    return (datetime.now(UTC) - theirs.astimezone(UTC)).total_seconds()


def _clock_clause(ahead_s: float) -> str:
    amount = abs(ahead_s)
    text = f"{amount / 60:.0f} minutes" if amount >= 90 else f"{amount:.0f} seconds"
    return f"this machine's clock is {text} {'ahead of' if ahead_s > 0 else 'behind'} AWS's"


def _clock_sentence(ahead_s: float | None) -> str:
    clause = "this machine's clock differs from AWS's" if ahead_s is None else _clock_clause(ahead_s)
    return f"AWS refuses the signature: {clause}"
