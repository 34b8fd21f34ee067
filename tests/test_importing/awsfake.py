"""An AWS of keys and devices, in memory: what an import asks, at no cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import AccessDeniedError, InvalidKeyError
from awsprof.model import CallerIdentity, MfaDevice

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.model import LongTermCredentials


@dataclass
class FakeKey:
    """One access key; *devices* is None where its user may not list them."""

    id: str
    secret: str
    account_id: str
    user: str = "paul"
    devices: list[str] | None = field(default_factory=list)

    @property
    def lines(self) -> str:
        return f"aws_access_key_id = {self.id}\naws_secret_access_key = {self.secret}\n"

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:{'root' if self.user == 'root' else f'user/{self.user}'}"


class FakeAws:
    """
    Answers for the keys it was given.

    Set `around` to have a test break a call, before or after it is made.
    """

    def __init__(self) -> None:
        self.keys: dict[str, FakeKey] = {}
        self.asked: list[str] = []
        self.around: Callable[[Callable[[], CallerIdentity]], CallerIdentity] = lambda call: call()

    def key(
        self, account_id: str, *, user: str = "paul", devices: list[str] | None = None, may_list: bool = True
    ) -> FakeKey:
        number = len(self.keys)
        key = FakeKey(f"AKIAFAKE{number:08}KEYS", f"secret{number:08}/EXAMPLEKEY/of+nobody0000", account_id, user)
        key.devices = (devices or []) if may_list else None
        self.keys[key.id] = key
        return key

    def caller_identity(self, credentials: LongTermCredentials, *, region: str) -> CallerIdentity:
        def answer() -> CallerIdentity:
            self.asked.append(credentials.access_key_id)
            key = self._known(credentials)
            return CallerIdentity(key.account_id, key.arn, "AIDA")

        return self.around(answer)

    def mfa_devices(self, credentials: LongTermCredentials, *, region: str) -> list[MfaDevice]:
        key = self._known(credentials)
        if key.devices is None:
            raise AccessDeniedError("no")
        return [MfaDevice(serial) for serial in key.devices]

    def _known(self, credentials: LongTermCredentials) -> FakeKey:
        key = self.keys.get(credentials.access_key_id)
        if key is None:
            raise InvalidKeyError("The access key is not known to AWS", code="InvalidClientTokenId")
        if key.secret != credentials.secret_access_key:
            raise InvalidKeyError("AWS refuses the secret access key", code="SignatureDoesNotMatch")
        return key
