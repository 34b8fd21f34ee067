"""One verified request on its way to a service: what is asked, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import policies
from .wire import Answer, AwsError, Request, Value, validation_error, xml_answer

if TYPE_CHECKING:
    from datetime import datetime

    from .identities import Caller


@dataclass(frozen=True)
class Invocation:
    """A request whose signature is right."""

    request: Request
    service: str
    action: str
    region: str
    caller: Caller
    now: datetime
    request_id: str

    @property
    def parameters(self) -> dict[str, str]:
        return self.request.parameters

    def required(self, name: str) -> str:
        """The parameter *name*; without it AWS answers a ValidationError."""
        value = self.parameters.get(name)
        if not value:
            raise validation_error(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' "
                "failed to satisfy constraint: Member must not be null"
            )
        return value

    def require(self, resource: str) -> None:
        """Check that the caller's policies allow this action on *resource*."""
        context = policies.context_of(self.caller, self.region, self.now)
        policies.require(self.caller, f"{self.service}:{self.action}", resource, context)

    def answer(self, result: dict[str, Value] | None = None) -> Answer:
        return xml_answer(self.service, self.action, result or {}, self.request_id)


Action = Callable[[Invocation], Answer]


def unknown_action(invocation: Invocation) -> AwsError:
    """AWS's answer to an action that the service does not have."""
    version = invocation.parameters.get("Version", "")
    return AwsError(400, "InvalidAction", f"Could not find operation {invocation.action} for version {version}")
