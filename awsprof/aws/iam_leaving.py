"""
The calls awsprof makes of IAM when a user's last ways in and rights are taken: policies, and the rarer credentials.

Knows the API; not when or why a call is made. All of it may be done twice.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awsprof.aws.service import Service
from awsprof.errors import NotFoundError

if TYPE_CHECKING:
    from awsprof.model import Credentials


@dataclass(frozen=True, slots=True)
class _Sort:
    """One sort of credential: how it is listed, set inactive, and told."""

    listing: str
    rows: str
    id: str
    update: str
    words: str


_SORTS = (
    _Sort("ListSSHPublicKeys", "SSHPublicKeys", "SSHPublicKeyId", "UpdateSSHPublicKey", "SSH key"),
    _Sort(
        "ListSigningCertificates",
        "Certificates",
        "CertificateId",
        "UpdateSigningCertificate",
        "signing certificate",
    ),
    _Sort(
        "ListServiceSpecificCredentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "UpdateServiceSpecificCredential",
        "service credential",
    ),
)


@dataclass(frozen=True, slots=True)
class OtherCredential:
    """An SSH key, a signing certificate, or a service-specific credential that is active."""

    id: str
    words: str


class IamLeaving(Service):
    """What only somebody who leaves has to do with."""

    def other_credentials(self, credentials: Credentials, *, region: str, user_name: str) -> list[OtherCredential]:
        """
        List a user's active credentials beside access keys and the password.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
        """
        client = self._client("iam", credentials, region)
        return [
            OtherCredential(row[sort.id], sort.words)
            for sort in _SORTS
            for row in client.read(sort.listing, UserName=user_name).get(sort.rows, [])
            if row["Status"] == "Active"
        ]

    def stop_credential(
        self, credentials: Credentials, *, region: str, user_name: str, credential: OtherCredential
    ) -> None:
        """
        Set one of them inactive; it may be gone already.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSSHPublicKey.html
        """
        sort = next(one for one in _SORTS if one.words == credential.words)
        words = {"UserName": user_name, sort.id: credential.id, "Status": "Inactive"}
        with contextlib.suppress(NotFoundError):
            self._client("iam", credentials, region).read(sort.update, **words)

    def detach_user_policy(self, credentials: Credentials, *, region: str, user_name: str, policy_arn: str) -> None:
        """
        Detach a managed policy from a user; it may be detached already.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html
        """
        with contextlib.suppress(NotFoundError):
            self._client("iam", credentials, region).read("DetachUserPolicy", UserName=user_name, PolicyArn=policy_arn)

    def delete_inline_user_policy(self, credentials: Credentials, *, region: str, user_name: str, policy: str) -> None:
        """
        Delete a policy written into a user; it may be gone already.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html
        """
        with contextlib.suppress(NotFoundError):
            self._client("iam", credentials, region).read("DeleteUserPolicy", UserName=user_name, PolicyName=policy)
