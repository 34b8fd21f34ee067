"""Ends a command, or lets AWS fail it, at any of the things it does at AWS and in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awsprof.aws.client import Client
from awsprof.errors import AccessDeniedError, ServiceFailureError, ThrottledError, UnreachableError
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.command_line import CommandLine


class KilledError(BaseException):
    """Stands for SIGKILL: nothing catches it, and nothing can be done after it."""


# What goes wrong, and whether the thing was done all the same.
KINDS = (
    ("kill", "before"),
    ("kill", "after"),
    ("Ctrl-C", "before"),
    ("Ctrl-C", "after"),
    ("failure", "before"),
    ("failure", "after"),
    ("time-out", "before"),
    ("time-out", "after"),
    ("throttle", "before"),
    ("denial", "before"),
)
_ERRORS: dict[str, Callable[[], BaseException]] = {
    "Ctrl-C": KeyboardInterrupt,
    "failure": lambda: ServiceFailureError("AWS failed on its own side", code="InternalFailure"),
    "time-out": lambda: UnreachableError("AWS gave no answer", sent=True),
    "throttle": lambda: ThrottledError("AWS asks to slow down", code="Throttling"),
    "denial": lambda: AccessDeniedError("AWS denies it", code="AccessDenied"),
}


@dataclass(frozen=True)
class Fault:
    """At which of the things a command does something goes wrong, and what."""

    number: int
    kind: str
    when: str

    def __str__(self) -> str:
        return f"{self.number}-{self.kind}-{self.when}"


class Things:
    """Counts what a command does to the vault and asks of AWS; *seen* are their names."""

    def __init__(self, awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch, fault: Fault | None) -> None:
        self._awsprof = awsprof
        self._monkeypatch = monkeypatch
        self._fault = fault
        self._dead = False
        self.seen: list[str] = []

    def __enter__(self) -> Things:
        things, vault, call = self, self._awsprof.vault, Client._call

        class CountedVault(MemoryVault):
            def set(self, item: str, value: str) -> None:
                things.take(f"set {item}", lambda: vault.set(item, value))

            def delete(self, item: str) -> bool:
                return bool(things.take(f"delete {item}", lambda: vault.delete(item)))

        def counted(self: Client, operation: str, parameters: dict[str, Any], **options: Any) -> Any:
            return things.take(operation, lambda: call(self, operation, parameters, **options))

        self._patch = self._monkeypatch.context()
        patch = self._patch.__enter__()
        counted_vault = CountedVault()
        counted_vault.items = vault.items
        patch.setattr(self._awsprof, "vault", counted_vault)
        patch.setattr(Client, "_call", counted)
        return self

    def __exit__(self, *raised: object) -> None:
        self._patch.__exit__(None, None, None)

    def take(self, name: str, do: Callable[[], Any]) -> Any:
        if self._dead:
            raise KilledError
        self.seen.append(name)
        fault = self._fault if self._fault is not None and len(self.seen) == self._fault.number else None
        if fault is not None and fault.when == "before":
            self._fail(fault, name)
        try:
            return do()
        finally:
            # Whatever AWS answered, a no included.
            if fault is not None:
                self._fail(fault, name)

    def _fail(self, fault: Fault, name: str) -> None:
        if fault.kind == "kill":
            self._dead = True
            raise KilledError
        if name.startswith(("set ", "delete ")) and fault.kind != "Ctrl-C":
            return  # those are AWS's failures
        raise _ERRORS[fault.kind]()
