"""
What IAM tells of all users of an account at once: which policies each has, of its own and by its groups.

Knows the API; not what is sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awsprof.aws.answers import UserPermissions
from awsprof.aws.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsprof.model import Credentials

_FILTER = ["User", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
_LISTS = ("UserDetailList", "GroupDetailList", "Policies")


class IamPermissions(Service):
    """Reads of a whole account; nothing here changes anything."""

    def user_permissions(self, credentials: Credentials, *, region: str) -> list[UserPermissions]:
        """
        Return what each user may do, in as few calls as there are pages.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
        """
        client = self._client("iam", credentials, region)
        pages = list(client.whole_pages("GetAccountAuthorizationDetails", Filter=_FILTER))
        found = {name: [row for page in pages for row in page.get(name, [])] for name in _LISTS}
        groups = {row["GroupName"]: row for row in found["GroupDetailList"]}
        managed = {row["Arn"]: _in_force(row) for row in found["Policies"]}
        return [_permissions(row, groups, managed) for row in found["UserDetailList"]]


def _permissions(
    user: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]], managed: Mapping[str, Mapping[str, Any]]
) -> UserPermissions:
    names = user.get("GroupList", [])
    holders = [user, *(groups[name] for name in names if name in groups)]
    own = [row["PolicyName"] for row in [*user.get("UserPolicyList", []), *user.get("AttachedManagedPolicies", [])]]
    documents = tuple(document for holder in holders for document in _documents(holder, managed))
    return UserPermissions(user["UserName"], tuple(names), tuple(own), documents)


def _documents(holder: Mapping[str, Any], managed: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in [*holder.get("UserPolicyList", []), *holder.get("GroupPolicyList", [])]:
        if isinstance(row["PolicyDocument"], dict):
            yield row["PolicyDocument"]
    for row in holder.get("AttachedManagedPolicies", []):
        yield managed.get(row["PolicyArn"], {})


def _in_force(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    versions = policy.get("PolicyVersionList", [])
    document: object = next((row["Document"] for row in versions if row.get("IsDefaultVersion")), {})
    return document if isinstance(document, dict) else {}
