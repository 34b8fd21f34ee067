"""
The local AWS without its HTTP: takes a request, finds out who calls, and hands it to the service.

One lock holds requests apart; the calls of tests are few, and moto is not made for threads.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import deployments, motobackend, signatures
from .calls import Call, Fault, Faults, without_secrets
from .clock import Clock
from .devices import Devices
from .federation import PATH as FEDERATION_PATH
from .federation import SERVICE as FEDERATION_SERVICE
from .federation import Federation
from .iam import Iam
from .identities import Caller, Identities, Kind
from .invocation import Invocation, unknown_action
from .organizations import Organizations
from .role_tokens import ACTION as BY_WEB_IDENTITY
from .role_tokens import CONTAINER_PATH, PORTAL_PATH, RoleTokens
from .sts import Sts
from .wire import Answer, AwsError, Request, error_answer

if TYPE_CHECKING:
    from .signatures import Signature

JSON_SERVICES = ("organizations", *deployments.JSON_SERVICES)


@dataclass(frozen=True)
class Outcome:
    """What becomes of one request; no answer means that the connection is cut."""

    answer: Answer | None
    request_id: str


class Cloud:
    """All accounts, and the services in front of them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.identities = Identities(self.clock)
        self.devices = Devices(self.clock)
        self.organizations = Organizations()
        self.role_tokens = RoleTokens(self.identities)
        self.federation = Federation(self.identities, self.clock)
        self.faults = Faults()
        self.calls: list[Call] = []
        self._services = {
            "iam": Iam(self.identities, self.devices).handle,
            "organizations": self.organizations.handle,
            "sts": Sts(self.identities, self.devices).handle,
            **dict.fromkeys(deployments.SERVICES, deployments.handle),
        }
        motobackend.install(self.clock.now)

    def reset(self) -> None:
        """Everything gone, as new."""
        with self.lock:
            motobackend.reset()
            self.identities.reset()
            self.devices.reset()
            self.organizations.reset()
            self.role_tokens.reset()
            self.federation.reset()
            self.faults.clear()
            self.calls.clear()
            self.clock.reset()

    def handle(self, request: Request) -> Outcome:
        """Carry out *request* under the faults that were ordered for it, and log it."""
        request_id = _request_id()
        with self.lock:
            fault = self.faults.take(_action(request))
            # A token that is used up tells of nobody any more.
            asker = self.federation.asker(request) if request.path == FEDERATION_PATH else None
            answer: Answer | None = None
            if not (fault and fault.drop == "before"):
                answer = self._answer(request, request_id, fault)
            if fault and fault.drop == "after":
                answer = None
            self._log(request, asker, answer)
        if fault and fault.delay_s:
            time.sleep(fault.delay_s)
        return Outcome(answer, request_id)

    def _answer(self, request: Request, request_id: str, fault: Fault | None) -> Answer:
        service = ""
        try:
            if fault and fault.code:
                service = _claimed(request, "service")
                raise AwsError(fault.status, fault.code, fault.sentence)
            if request.path == PORTAL_PATH:
                return self.role_tokens.by_sign_in(request)
            if request.path == FEDERATION_PATH:
                return self.federation.handle(request)
            if request.path == CONTAINER_PATH:
                return self.role_tokens.by_container(request)
            if _action(request) == BY_WEB_IDENTITY:
                return self.role_tokens.by_web_identity(request, request_id)
            signature = signatures.read_signature(request)
            service = signature.service
            caller = self._caller(request, signature)
            handler = self._services.get(service)
            now = self.clock.now()
            invocation = Invocation(request, service, _action(request), signature.region, caller, now, request_id)
            if handler is None or (service in JSON_SERVICES) != request.is_json or not invocation.action:
                raise unknown_action(invocation)
            return handler(invocation)
        except AwsError as refused:
            error = refused
        except Exception as failure:  # noqa: BLE001 - a test shall see a fault of this server, and not a cut connection
            error = AwsError(500, "InternalFailure", f"The local AWS failed: {failure!r}")
        return error_answer(error, service=service, is_json=request.is_json, request_id=request_id)

    def _caller(self, request: Request, signature: Signature) -> Caller:
        """Who signed *request*, verified."""
        token = request.headers.get("x-amz-security-token")
        caller, secret = self.identities.caller(signature.access_key_id, token)
        signatures.verify(request, signature, secret, self.clock.now())
        if caller.kind is Kind.USER:
            motobackend.mark_used(
                caller.account_id, caller.access_key_id, signature.service, signature.region, self.clock.now()
            )
        return caller

    def _log(self, request: Request, asker: str | None, answer: Answer | None) -> None:
        federated = request.path == FEDERATION_PATH
        key_id = asker if federated else _claimed(request, "access_key_id") or None
        self.calls.append(
            Call(
                service=FEDERATION_SERVICE if federated else _claimed(request, "service"),
                action=_action(request),
                region=_claimed(request, "region"),
                access_key_id=key_id,
                account_id=self.identities.account_of(key_id) if key_id else None,
                user_arn=self.identities.arn_of(key_id) if key_id else None,
                parameters=without_secrets(request.parameters),
                status=answer.status if answer else None,
                error_code=answer.error_code if answer else None,
                at=self.clock.now(),
            )
        )


def _claimed(request: Request, part: str) -> str:
    """One part of what the signature claims; empty if it cannot be read."""
    try:
        return str(getattr(signatures.read_signature(request), part))
    except AwsError:
        return ""


def _action(request: Request) -> str:
    """What *request* asks for, by whichever of AWS's protocols."""
    return request.action or deployments.rest_action(_claimed(request, "service"), request)


def _request_id() -> str:
    text = secrets.token_hex(16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
