"""The log of calls that the local AWS got, and the faults that tests order. No secret enters the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SECRET_PARAMETERS = frozenset({"Password", "OldPassword", "NewPassword", "Session", "SigninToken"})
HIDDEN = "***"


@dataclass(frozen=True)
class Call:
    """One request, answered or not."""

    service: str
    action: str
    region: str
    access_key_id: str | None
    account_id: str | None
    user_arn: str | None
    parameters: Mapping[str, str]
    status: int | None  # None: no answer was sent
    error_code: str | None
    at: datetime


def without_secrets(parameters: Mapping[str, str]) -> dict[str, str]:
    """*parameters* as the log may keep them, less the protocol's own."""
    return {
        name: HIDDEN if name in SECRET_PARAMETERS else value
        for name, value in parameters.items()
        if name not in ("Action", "Version")
    }


# What AWS says with the codes that tests like to order.
MESSAGES = {
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
    "Throttling": "Rate exceeded",
    "InternalFailure": "The request processing has failed because of an unknown error, exception or failure.",
    "InvalidClientTokenId": "The security token included in the request is invalid.",
    "ExpiredToken": "The security token included in the request is expired",
    "AccessDenied": "Access denied",
}


@dataclass
class Fault:
    """What shall go wrong with the next *times* calls of *action* (``*``: of any)."""

    action: str
    status: int = 500
    code: str | None = None
    message: str | None = None
    times: int = 1
    drop: str | None = None  # "before" the call is handled, or "after": done, but nobody hears
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.drop not in (None, "before", "after"):
            raise ValueError(f"drop is 'before' or 'after', not {self.drop!r}")
        if self.code is None and self.drop is None and not self.delay_s:
            self.code = "InternalFailure"

    @property
    def sentence(self) -> str:
        return self.message or MESSAGES.get(self.code or "", "This failure was ordered.")


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        self._ordered.append(fault)

    def take(self, action: str) -> Fault | None:
        """The first fault ordered for *action*; one use of it is spent."""
        for fault in self._ordered:
            if fault.action in (action, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self._ordered.clear()
