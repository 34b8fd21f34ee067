"""
The calls awsprof makes of IAM, each with plain values in and out; a user acts on what is its own.

Knows the API; not when or why a call is made.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from awsprof.aws.service import Service
from awsprof.errors import AccessDeniedError, InvalidKeyError
from awsprof.model import AccessKey, LongTermCredentials, MfaDevice, NewMfaDevice

if TYPE_CHECKING:
    from awsprof.model import Credentials


class Iam(Service):
    """Identity and Access Management."""

    def mfa_devices(self, credentials: Credentials, *, region: str) -> list[MfaDevice]:
        """
        List the caller's own MFA devices.

        Raises:
            AccessDeniedError: The user may not list them.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
        """
        answer = self._client("iam", credentials, region).read("ListMFADevices")
        return [MfaDevice(row["SerialNumber"]) for row in answer["MFADevices"]]

    def account_alias(self, credentials: Credentials, *, region: str, glance: bool = False) -> str | None:
        """
        Return the account's alias; None when it has none or the caller may not see it.

        Args:
            glance: Ask once, and wait five seconds at most.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
        """
        try:
            client = self._client("iam", credentials, region)
            answer = client.glance("ListAccountAliases") if glance else client.read("ListAccountAliases")
        except (AccessDeniedError, InvalidKeyError):
            # IAM answers InvalidClientTokenId to a session without MFA.
            return None
        return next(iter(answer["AccountAliases"]), None)

    def delete_access_key(self, credentials: Credentials, *, region: str, access_key_id: str) -> None:
        """
        Delete one of the caller's own access keys.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
        """
        self._client("iam", credentials, region).send_once("DeleteAccessKey", AccessKeyId=access_key_id)

    def access_keys(self, credentials: Credentials, *, region: str) -> list[AccessKey]:
        """
        List the caller's own access keys: two at most.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
        """
        answer = self._client("iam", credentials, region).read("ListAccessKeys")
        return [
            AccessKey(row["AccessKeyId"], row["Status"] == "Active", row["CreateDate"])
            for row in answer["AccessKeyMetadata"]
        ]

    def access_key_last_used(self, credentials: Credentials, *, region: str, access_key_id: str) -> datetime | None:
        """
        Return when a key was last used, as far as AWS knows; None: never.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
        """
        answer = self._client("iam", credentials, region).read("GetAccessKeyLastUsed", AccessKeyId=access_key_id)
        used = answer["AccessKeyLastUsed"].get("LastUsedDate")
        return used if isinstance(used, datetime) else None

    def create_access_key(self, credentials: Credentials, *, region: str) -> LongTermCredentials:
        """
        Make the caller another access key; sent once, whatever happens.

        Raises:
            LimitExceededError: The user has two keys already.
            UnreachableError: No answer; ``sent`` tells whether a key may have been made, whose secret nobody has.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
        """
        key = self._client("iam", credentials, region).send_once("CreateAccessKey")["AccessKey"]
        return LongTermCredentials(key["AccessKeyId"], key["SecretAccessKey"])

    def set_access_key_active(self, credentials: Credentials, *, region: str, access_key_id: str, active: bool) -> None:
        """
        Switch one of the caller's own keys on or off.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
        """
        status = "Active" if active else "Inactive"
        self._client("iam", credentials, region).read("UpdateAccessKey", AccessKeyId=access_key_id, Status=status)

    def virtual_mfa_serials(self, credentials: Credentials, *, region: str) -> list[str]:
        """
        List the serials of the account's virtual MFA devices, also of those that no user has.

        Raises:
            AccessDeniedError: The user may not list them.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
        """
        client = self._client("iam", credentials, region)
        answer = client.read("ListVirtualMFADevices")
        rows = answer["VirtualMFADevices"]
        while answer.get("IsTruncated"):
            answer = client.read("ListVirtualMFADevices", Marker=answer["Marker"])
            rows += answer["VirtualMFADevices"]
        return [row["SerialNumber"] for row in rows]

    def create_virtual_mfa_device(self, credentials: Credentials, *, region: str, name: str) -> NewMfaDevice:
        """
        Make a virtual MFA device that no user has yet; sent once, whatever happens.

        Args:
            name: Unique in the account; letters, digits and ``+=,.@_-``.

        Raises:
            AlreadyThereError: The account has a device of that name.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
        """
        answer = self._client("iam", credentials, region).send_once("CreateVirtualMFADevice", VirtualMFADeviceName=name)
        made = answer["VirtualMFADevice"]
        return NewMfaDevice(made["SerialNumber"], made["Base32StringSeed"].decode("ascii"))

    def enable_mfa_device(
        self, credentials: Credentials, *, region: str, user_name: str, serial: str, codes: tuple[str, str]
    ) -> None:
        """
        Give a user a device, proven by two consecutive codes of it; sent once, whatever happens.

        Raises:
            InvalidTokenCodeError: They are not two consecutive codes of this device, or too old.
            AlreadyThereError: The device is in use.
            LimitExceededError: The user has eight devices.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html
        """
        self._client("iam", credentials, region).send_once(
            "EnableMFADevice",
            UserName=user_name,
            SerialNumber=serial,
            AuthenticationCode1=codes[0],
            AuthenticationCode2=codes[1],
        )

    def deactivate_mfa_device(self, credentials: Credentials, *, region: str, user_name: str, serial: str) -> None:
        """
        Take a device away from its user.

        Raises:
            NotFoundError: The user has no such device.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
        """
        self._client("iam", credentials, region).send_once(
            "DeactivateMFADevice", UserName=user_name, SerialNumber=serial
        )

    def delete_virtual_mfa_device(self, credentials: Credentials, *, region: str, serial: str) -> None:
        """
        Delete a virtual device that no user has.

        Raises:
            NotFoundError: There is no such device.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
        """
        self._client("iam", credentials, region).send_once("DeleteVirtualMFADevice", SerialNumber=serial)
