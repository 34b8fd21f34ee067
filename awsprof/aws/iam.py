"""
The calls awsprof makes of IAM for one user's keys and devices, each with plain values in and out.

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
    """Identity and Access Management; where a *user_name* can be given and is not, the caller is meant."""

    def mfa_devices(self, credentials: Credentials, *, region: str, user_name: str | None = None) -> list[MfaDevice]:
        """
        List a user's MFA devices.

        Raises:
            AccessDeniedError: The user may not list them.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
        """
        answer = self._client("iam", credentials, region).read("ListMFADevices", **_user(user_name))
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

    def delete_access_key(
        self, credentials: Credentials, *, region: str, access_key_id: str, user_name: str | None = None
    ) -> None:
        """
        Delete one of a user's access keys.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
        """
        self._client("iam", credentials, region).send_once(
            "DeleteAccessKey", AccessKeyId=access_key_id, **_user(user_name)
        )

    def access_keys(self, credentials: Credentials, *, region: str, user_name: str | None = None) -> list[AccessKey]:
        """
        List a user's access keys: two at most.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
        """
        answer = self._client("iam", credentials, region).read("ListAccessKeys", **_user(user_name))
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

    def create_access_key(
        self, credentials: Credentials, *, region: str, user_name: str | None = None
    ) -> LongTermCredentials:
        """
        Make a user another access key; sent once, whatever happens.

        Raises:
            LimitExceededError: The user has two keys already.
            UnreachableError: No answer; ``sent`` tells whether a key may have been made, whose secret nobody has.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
        """
        answer = self._client("iam", credentials, region).send_once("CreateAccessKey", **_user(user_name))
        key = answer["AccessKey"]
        return LongTermCredentials(key["AccessKeyId"], key["SecretAccessKey"])

    def set_access_key_active(
        self, credentials: Credentials, *, region: str, access_key_id: str, active: bool, user_name: str | None = None
    ) -> None:
        """
        Switch one of a user's keys on or off.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
        """
        status = "Active" if active else "Inactive"
        self._client("iam", credentials, region).read(
            "UpdateAccessKey", AccessKeyId=access_key_id, Status=status, **_user(user_name)
        )

    def virtual_mfa_serials(self, credentials: Credentials, *, region: str) -> list[str]:
        """
        List the serials of the account's virtual MFA devices, also of those that no user has.

        Raises:
            AccessDeniedError: The user may not list them.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html
        """
        rows = self._client("iam", credentials, region).pages("ListVirtualMFADevices", "VirtualMFADevices")
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


def _user(name: str | None) -> dict[str, str]:
    """Return the parameter that names a user; without it, IAM takes the caller."""
    return {} if name is None else {"UserName": name}
