"""
MFA devices and the check of their codes: each code once, and never an older one.

Knows nothing of requests; IAM and STS ask it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import motobackend, totp
from .wire import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from .clock import Clock

MAX_DEVICES_PER_USER = 8
ROOT = "<root>"


@dataclass
class Device:
    """One MFA device; virtual ones exist before anyone has them, the others only with their user."""

    serial: str
    account_id: str
    kind: str
    seed: str | None = field(repr=False)
    user_name: str | None = None
    enabled_at: datetime | None = None
    last_step: int = -1


class Devices:
    """Every account's MFA devices, by serial."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._devices: dict[str, Device] = {}

    def reset(self) -> None:
        self._devices.clear()

    def create_virtual(self, account_id: str, name: str, path: str = "/") -> Device:
        """A device that has a seed and no user yet."""
        serial = f"arn:{motobackend.partition(account_id)}:iam::{account_id}:mfa{path}{name}"
        if serial in self._devices:
            raise AwsError(409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists.")
        # moto counts these for GetAccountSummary.
        motobackend.iam(account_id).create_virtual_mfa_device(name, path)
        return self._add(Device(serial, account_id, "virtual", totp.new_seed()))

    def create_physical(self, account_id: str, kind: str, user_name: str) -> Device:
        """A hardware token or a FIDO key, of which AWS has only the serial."""
        if kind == "hardware":
            return self._add(Device(f"GAHT{secrets.randbelow(10**8):08d}", account_id, kind, totp.new_seed()))
        owner = f"arn:{motobackend.partition(account_id)}:iam::{account_id}:u2f/user/{user_name}"
        serial = f"{owner}/key-EXAMPLE{secrets.token_hex(8).upper()}"
        return self._add(Device(serial, account_id, kind, None))

    def _add(self, device: Device) -> Device:
        self._devices[device.serial] = device
        return device

    def get(self, serial: str, account_id: str) -> Device | None:
        device = self._devices.get(serial)
        return device if device and device.account_id == account_id else None

    def by_serial(self, serial: str) -> Device | None:
        return self._devices.get(serial)

    def of_user(self, account_id: str, user_name: str) -> list[Device]:
        return [device for device in self.of_account(account_id) if device.user_name == user_name]

    def of_account(self, account_id: str) -> list[Device]:
        return [device for device in self._devices.values() if device.account_id == account_id]

    def assign(self, device: Device, user_name: str) -> None:
        """Give *device* to a user, as EnableMFADevice does once the codes were right."""
        device.user_name = user_name
        device.enabled_at = self._clock.now()
        if user_name != ROOT:
            # moto's credential report and account summary want to know.
            motobackend.iam(device.account_id).enable_mfa_device(user_name, device.serial, "", "")
        else:
            motobackend.iam(device.account_id).account_summary._account_mfa_enabled = 1

    def take_away(self, device: Device) -> None:
        """Undo :meth:`assign`; a device that is not virtual is gone then."""
        backend = motobackend.iam(device.account_id)
        if device.user_name == ROOT:
            backend.account_summary._account_mfa_enabled = 0
        elif device.user_name is not None:
            backend.deactivate_mfa_device(device.user_name, device.serial)
        device.user_name = None
        device.enabled_at = None
        if device.kind != "virtual":
            del self._devices[device.serial]

    def delete_virtual(self, device: Device) -> None:
        del self._devices[device.serial]
        motobackend.iam(device.account_id).delete_virtual_mfa_device(device.serial)

    def rename_user(self, account_id: str, old: str, new: str) -> None:
        for device in self.of_user(account_id, old):
            device.user_name = new

    def accept_pair(self, device: Device, first: str, second: str) -> bool:
        """Whether *first* and *second* are codes of two consecutive steps around now; uses them up."""
        if device.seed is None:
            return False
        current = totp.step_at(self._clock.now())
        for step in range(current - 2, current + 1):
            if totp.code_of_step(device.seed, step) == first and totp.code_of_step(device.seed, step + 1) == second:
                device.last_step = step + 1
                return True
        return False

    def accept(self, serial: str, code: str, account_id: str, user_name: str) -> datetime:
        """
        Check a token code for STS, and use it up.

        Returns:
            The moment of the check: when MFA was given.

        Raises:
            AwsError: No TOTP device of that very user has this serial, or the code is wrong or used.
        """
        device = self.get(serial, account_id)
        if device is None or device.seed is None or device.user_name != user_name:
            raise AwsError(
                403,
                "AccessDenied",
                "MultiFactorAuthentication failed, unable to validate MFA code.  "
                "Please verify your MFA serial number is valid and associated with this user.",
            )
        now = self._clock.now()
        step = totp.matching_step(device.seed, code, now, after=device.last_step)
        if step is None:
            raise AwsError(
                403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            )
        device.last_step = step
        return now
