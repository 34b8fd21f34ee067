"""IAM's actions on MFA devices, strictly."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import motobackend
from .devices import MAX_DEVICES_PER_USER, ROOT, Device, Devices
from .identities import Kind, root_arn
from .wire import Answer, AwsError, Value, constraint_error

if TYPE_CHECKING:
    from .invocation import Action, Invocation


def _missing_device(serial: str) -> AwsError:
    return AwsError(404, "NoSuchEntity", f"MFA Device with serial number {serial} does not exist.")


@dataclass(frozen=True)
class Mfa:
    """The actions, on the devices of all accounts."""

    devices: Devices

    @property
    def actions(self) -> dict[str, Action]:
        return {
            "CreateVirtualMFADevice": self._create,
            "DeactivateMFADevice": self._deactivate,
            "DeleteVirtualMFADevice": self._delete,
            "EnableMFADevice": self._enable,
            "ListMFADevices": self._list,
            "ListVirtualMFADevices": self._list_virtual,
        }

    def _create(self, invocation: Invocation) -> Answer:
        name = invocation.required("VirtualMFADeviceName")
        if not re.fullmatch(r"[\w+=,.@-]{1,226}", name, re.ASCII):
            raise constraint_error(name, "virtualMFADeviceName", r"satisfy regular expression pattern: [\w+=,.@-]+")
        device = self.devices.create_virtual(invocation.caller.account_id, name, invocation.parameters.get("Path", "/"))
        # The API's blobs travel in base64: of the seed's text here, and of the picture's bytes.
        made: dict[str, Value] = {
            "SerialNumber": device.serial,
            "Base32StringSeed": base64.b64encode((device.seed or "").encode()).decode(),
            "QRCodePNG": base64.b64encode(_one_pixel_png()).decode(),
        }
        return invocation.answer({"VirtualMFADevice": made})

    def _enable(self, invocation: Invocation) -> Answer:
        account_id = invocation.caller.account_id
        name = _user_named(invocation, invocation.required("UserName"))
        serial = invocation.required("SerialNumber")
        codes = [invocation.required("AuthenticationCode1"), invocation.required("AuthenticationCode2")]
        for number, code in enumerate(codes, 1):
            if not re.fullmatch(r"[0-9]{6}", code):
                raise constraint_error(
                    code, f"authenticationCode{number}", r"satisfy regular expression pattern: [\d]+"
                )
        device = self.devices.get(serial, account_id)
        if device is None:
            raise _missing_device(serial)
        if device.user_name is not None:
            raise AwsError(409, "EntityAlreadyExists", "MFA Device is already in use.")
        if len(self.devices.of_user(account_id, name)) >= MAX_DEVICES_PER_USER:
            raise AwsError(409, "LimitExceeded", f"Cannot exceed quota for MFADevicesPerUser: {MAX_DEVICES_PER_USER}")
        if not self.devices.accept_pair(device, *codes):
            raise AwsError(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
        self.devices.assign(device, name)
        return invocation.answer()

    def _deactivate(self, invocation: Invocation) -> Answer:
        name = invocation.parameters.get("UserName") or _own_name(invocation)
        serial = invocation.required("SerialNumber")
        device = self.devices.get(serial, invocation.caller.account_id)
        if device is None or device.user_name != name:
            raise _missing_device(serial)
        self.devices.take_away(device)
        return invocation.answer()

    def _delete(self, invocation: Invocation) -> Answer:
        serial = invocation.required("SerialNumber")
        device = self.devices.get(serial, invocation.caller.account_id)
        if device is None or device.kind != "virtual":
            raise AwsError(404, "NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist.")
        if device.user_name is not None:
            raise AwsError(409, "DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
        self.devices.delete_virtual(device)
        return invocation.answer()

    def _list(self, invocation: Invocation) -> Answer:
        name = invocation.parameters.get("UserName")
        name = _user_named(invocation, name) if name else _own_name(invocation)
        found = self.devices.of_user(invocation.caller.account_id, name)
        shown: list[Value] = [
            {"UserName": name, "SerialNumber": device.serial, "EnableDate": device.enabled_at} for device in found
        ]
        return invocation.answer({"MFADevices": shown, "IsTruncated": False})

    def _list_virtual(self, invocation: Invocation) -> Answer:
        status = invocation.parameters.get("AssignmentStatus", "Any")
        wanted = {"Any": (True, False), "Assigned": (True,), "Unassigned": (False,)}.get(status)
        if wanted is None:
            raise constraint_error(status, "assignmentStatus", "satisfy enum value set: [Any, Assigned, Unassigned]")
        shown = [
            _virtual(device)
            for device in self.devices.of_account(invocation.caller.account_id)
            if device.kind == "virtual" and (device.user_name is not None) in wanted
        ]
        return invocation.answer({"VirtualMFADevices": shown, "IsTruncated": False})


def _virtual(device: Device) -> dict[str, Value]:
    user: dict[str, Value] | None = None
    if device.user_name == ROOT:
        user = {"UserId": device.account_id, "Arn": root_arn(device.account_id)}
    elif device.user_name is not None:
        found = motobackend.iam(device.account_id).get_user(device.user_name)
        user = {"Path": found.path, "UserName": found.name, "UserId": found.id, "Arn": found.arn}
    return {"SerialNumber": device.serial, "User": user, "EnableDate": device.enabled_at}


def _own_name(invocation: Invocation) -> str:
    """The caller's own name; roles have none."""
    if invocation.caller.kind is Kind.ROLE or not (invocation.caller.name or invocation.caller.is_root):
        raise AwsError(400, "ValidationError", "Must specify userName when calling with non-User credentials")
    return invocation.caller.name or ROOT


def _user_named(invocation: Invocation, name: str) -> str:
    if name not in motobackend.iam(invocation.caller.account_id).users:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    return name


def _one_pixel_png() -> bytes:
    """A picture that opens; what it shows does not matter."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
