"""What tests hold in their hands: accounts, users, access keys, MFA devices and roles of the local AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from . import motobackend, totp
from .accesskeys import add_access_key
from .devices import ROOT, Device
from .iam import NO_ROOT_PASSWORD
from .identities import RootKey, new_key_id

if TYPE_CHECKING:
    from moto.iam.models import AccessKey as MotoAccessKey

    from .cloud import Cloud

GUARD_POLICY_NAME = "DenyWithoutMFA"

# What AWS's own guide gives for self-managed MFA: the Deny is what makes MFA count.
GUARD_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AllowListingAndOwnPassword",
            "Effect": "Allow",
            "Action": ["iam:ListVirtualMFADevices", "iam:GetAccountPasswordPolicy"],
            "Resource": "*",
        },
        {
            "Sid": "AllowManagingOwnMFA",
            "Effect": "Allow",
            "Action": [
                "iam:ChangePassword",
                "iam:CreateVirtualMFADevice",
                "iam:DeactivateMFADevice",
                "iam:DeleteVirtualMFADevice",
                "iam:EnableMFADevice",
                "iam:GetUser",
                "iam:ListMFADevices",
                "iam:ResyncMFADevice",
            ],
            "Resource": ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:mfa/*"],
        },
        {
            "Sid": "DenyAllElseWithoutMFA",
            "Effect": "Deny",
            "NotAction": [
                "iam:ChangePassword",
                "iam:CreateVirtualMFADevice",
                "iam:DeleteVirtualMFADevice",
                "iam:EnableMFADevice",
                "iam:GetAccountPasswordPolicy",
                "iam:GetUser",
                "iam:ListMFADevices",
                "iam:ListVirtualMFADevices",
                "iam:ResyncMFADevice",
                "sts:GetSessionToken",
            ],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
    ],
}


class AccessKey:
    """A user's long-term access key."""

    def __init__(self, cloud: Cloud, account_id: str, key: MotoAccessKey) -> None:
        self._cloud = cloud
        self._account_id = account_id
        self._key = key

    @property
    def id(self) -> str:
        return self._key.access_key_id

    @property
    def secret(self) -> str:
        return self._key.secret_access_key

    def deactivate(self) -> None:
        self._key.status = "Inactive"

    def activate(self) -> None:
        self._key.status = "Active"

    def delete(self) -> None:
        with self._cloud.lock:
            motobackend.iam(self._account_id).delete_access_key(self.id, self._key.user_name or "")


class RootAccessKey:
    """A long-term access key of the root user, which nobody should have."""

    def __init__(self, cloud: Cloud, key: RootKey) -> None:
        self._cloud = cloud
        self._key = key

    @property
    def id(self) -> str:
        return self._key.access_key_id

    @property
    def secret(self) -> str:
        return self._key.secret

    def deactivate(self) -> None:
        self._key.active = False

    def delete(self) -> None:
        with self._cloud.lock:
            self._cloud.identities.remove_root_key(self.id)


class MfaDevice:
    """An enabled MFA device, and the person who reads its codes."""

    def __init__(self, cloud: Cloud, device: Device) -> None:
        self._cloud = cloud
        self._device = device

    @property
    def serial(self) -> str:
        return self._device.serial

    @property
    def seed(self) -> str | None:
        return self._device.seed

    def code(self, offset_steps: int = 0) -> str:
        """The code that the device shows, by the server's clock, *offset_steps* steps of 30 s from now."""
        if self._device.seed is None:
            raise ValueError(f"A {self._device.kind} device shows no codes.")
        return totp.code_of_step(self._device.seed, totp.step_at(self._cloud.clock.now()) + offset_steps)


class User:
    """An IAM user."""

    def __init__(self, cloud: Cloud, account_id: str, name: str) -> None:
        self._cloud = cloud
        self.account_id = account_id
        self.name = name

    @property
    def arn(self) -> str:
        return motobackend.iam(self.account_id).get_user(self.name).arn

    def access_key(self) -> AccessKey:
        """A new key; the third is refused with LimitExceeded, as by AWS."""
        with self._cloud.lock:
            user = motobackend.iam(self.account_id).get_user(self.name)
            return AccessKey(self._cloud, self.account_id, add_access_key(user))

    def mfa_device(
        self, kind: Literal["virtual", "hardware", "fido"] = "virtual", *, name: str | None = None
    ) -> MfaDevice:
        """A new device, enabled for this user; a virtual one is called as the user unless *name* is given."""
        with self._cloud.lock:
            devices = self._cloud.devices
            if kind == "virtual":
                taken = len(devices.of_user(self.account_id, self.name))
                default = f"{self.name}-{taken + 1}" if taken else self.name
                device = devices.create_virtual(self.account_id, name or default)
            else:
                device = devices.create_physical(self.account_id, kind, self.name)
            devices.assign(device, self.name)
            return MfaDevice(self._cloud, device)

    def password(self, password: str) -> None:
        """Give the user a console password."""
        with self._cloud.lock:
            motobackend.iam(self.account_id).create_login_profile(self.name, password)

    def attach_policy(self, arn: str) -> None:
        with self._cloud.lock:
            motobackend.iam(self.account_id).attach_user_policy(arn, self.name)

    def put_policy(self, name: str, document: object) -> None:
        """Give the user an inline policy."""
        with self._cloud.lock:
            motobackend.iam(self.account_id).put_user_policy(self.name, name, json.dumps(document))


class Role:
    """An IAM role with AdministratorAccess."""

    def __init__(self, arn: str) -> None:
        self.arn = arn


class Account:
    """One AWS account."""

    def __init__(self, cloud: Cloud, account_id: str) -> None:
        self._cloud = cloud
        self.id = account_id

    @property
    def alias(self) -> str | None:
        aliases = motobackend.iam(self.id).account_aliases
        return aliases[0] if aliases else None

    def user(self, name: str, administrator: bool = True, deny_without_mfa: bool = False) -> User:
        """
        A new IAM user.

        Args:
            administrator: Attach AdministratorAccess.
            deny_without_mfa: Attach the guard that denies nearly all without MFA.
        """
        with self._cloud.lock:
            backend = motobackend.iam(self.id)
            backend.create_user(motobackend.partition(self.id), name).id = new_key_id("AIDA")
            user = User(self._cloud, self.id, name)
            if administrator:
                user.attach_policy(motobackend.administrator_arn(self.id))
            if deny_without_mfa:
                arn = f"arn:{motobackend.partition(self.id)}:iam::{self.id}:policy/{GUARD_POLICY_NAME}"
                if arn not in backend.managed_policies:
                    backend.create_policy("", "/", json.dumps(GUARD_POLICY), GUARD_POLICY_NAME, [])
                user.attach_policy(arn)
            return user

    def create_organization(self) -> None:
        """Make this the management account of a new organization."""
        with self._cloud.lock:
            motobackend.organizations(self.id).create_organization(region="us-east-1", FeatureSet="ALL")

    def add_member(self, account: Account, name: str, email: str) -> None:
        """Take an existing *account* into the organization that this account manages."""
        with self._cloud.lock:
            motobackend.add_member(self.id, account.id, name, email)

    def root_access_key(self) -> RootAccessKey:
        with self._cloud.lock:
            return RootAccessKey(self._cloud, self._cloud.identities.add_root_key(self.id))

    def delete_root_password(self) -> None:
        """As central root access management does in member accounts."""
        with self._cloud.lock:
            motobackend.iam(self.id).account_summary.__dict__[NO_ROOT_PASSWORD] = True

    def root_mfa_device(self) -> MfaDevice:
        """A virtual device, enabled for the root user."""
        with self._cloud.lock:
            device = self._cloud.devices.create_virtual(self.id, "root-account-mfa-device")
            self._cloud.devices.assign(device, ROOT)
            return MfaDevice(self._cloud, device)

    def role(
        self,
        name: str,
        trusted: str | list[str],
        require_mfa: bool = False,
        *,
        external_id: str | None = None,
        max_session_s: int = 3600,
    ) -> Role:
        """
        A new role with AdministratorAccess.

        Args:
            trusted: Whom the trust policy names: account ids or ARNs.
        """
        named = [trusted] if isinstance(trusted, str) else trusted
        partition = motobackend.partition(self.id)
        principals = [f"arn:{partition}:iam::{one}:root" if one.isdigit() else one for one in named]
        conditions: dict[str, dict[str, str]] = {}
        if require_mfa:
            conditions["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
        if external_id is not None:
            conditions["StringEquals"] = {"sts:ExternalId": external_id}
        statement: dict[str, object] = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}
        if conditions:
            statement["Condition"] = conditions
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        with self._cloud.lock:
            backend = motobackend.iam(self.id)
            role = backend.create_role(name, document, "/", None, "", [], str(max_session_s))
            backend.attach_role_policy(motobackend.administrator_arn(self.id), name)
            return Role(role.arn)
