"""The local AWS as tests start it: one object with a URL, a clock, accounts, faults and a log of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from .calls import Call, Fault

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from .accounts import Account
    from .clock import Clock
    from .cloud import Cloud
    from .server import Server


class LocalAWS:
    """
    A strict AWS on a port of 127.0.0.1, as far as STS, IAM, Organizations and what Serverless deploys with go.

    moto keeps its accounts per process, so all that a process starts are one and the same: the
    first starts the server, the last stops it, and what one of them makes the others see.
    """

    _shared: ClassVar[tuple[Cloud, Server] | None] = None
    _started: ClassVar[int] = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        if LocalAWS._shared is None:
            # These import moto: not before somebody wants a server.
            from .cloud import Cloud
            from .server import Server

            cloud = Cloud()
            cloud.reset()
            server = Server(cloud)
            server.start()
            LocalAWS._shared = (cloud, server)
        LocalAWS._started += 1

    def stop(self) -> None:
        LocalAWS._started -= 1
        if LocalAWS._started == 0:
            self._server.stop()
            self._cloud.reset()
            LocalAWS._shared = None

    @property
    def _cloud(self) -> Cloud:
        return self._running()[0]

    @property
    def _server(self) -> Server:
        return self._running()[1]

    @staticmethod
    def _running() -> tuple[Cloud, Server]:
        if LocalAWS._shared is None:
            raise RuntimeError("This local AWS is not running.")
        return LocalAWS._shared

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL must be for this AWS to be reached."""
        return self._server.url

    @property
    def clock(self) -> Clock:
        return self._cloud.clock

    @property
    def calls(self) -> list[Call]:
        """Every call so far, refused ones too, in the order in which they were done."""
        with self._cloud.lock:
            return list(self._cloud.calls)

    def calls_of(self, action: str) -> list[Call]:
        return [call for call in self.calls if call.action == action]

    def clear_calls(self) -> None:
        with self._cloud.lock:
            self._cloud.calls.clear()

    def account(self, account_id: str, alias: str | None = None, *, partition: str | None = None) -> Account:
        """
        The account with this id, made if there is none.

        Args:
            partition: Where a new account lives, if not in ``aws``.
        """
        from . import motobackend
        from .accounts import Account

        with self._cloud.lock:
            if partition is not None:
                motobackend.place(account_id, partition)
            backend = motobackend.iam(account_id)
            if alias is not None:
                backend.create_account_alias(alias)
            return Account(self._cloud, account_id)

    def fail(
        self,
        action: str,
        *,
        status: int = 500,
        code: str | None = None,
        message: str | None = None,
        times: int = 1,
        drop: Literal["before", "after"] | None = None,
        delay_s: float = 0.0,
    ) -> None:
        """
        Let the next *times* calls of *action* (``*``: of any) go wrong.

        Args:
            status: The HTTP status of the refusal.
            code: The error code of the refusal; nothing is done then.
            drop: Cut the connection "before" the call is done, or "after": done, but nobody hears.
            delay_s: Answer, or refuse, or cut, only after so long.
        """
        with self._cloud.lock:
            self._cloud.faults.order(Fault(action, status, code, message, times, drop, delay_s))

    def fail_next_account(self, reason: str) -> None:
        """Let the next Organizations CreateAccount end in FAILED, with *reason* (``ACCOUNT_LIMIT_EXCEEDED`` …)."""
        with self._cloud.lock:
            self._cloud.organizations.fail_next_account(reason)

    def role_token(self, role_arn: str) -> str:
        """A token that stands for the role: a web identity's, a container's, or a sign-in's at Identity Center."""
        with self._cloud.lock:
            return self._cloud.role_tokens.token(role_arn)

    @property
    def container_uri(self) -> str:
        """What AWS_CONTAINER_CREDENTIALS_FULL_URI is in a container."""
        from .role_tokens import CONTAINER_PATH

        return f"{self.url}{CONTAINER_PATH}"

    def reset(self) -> None:
        """Everything gone, as new, and the clock back."""
        self._cloud.reset()
