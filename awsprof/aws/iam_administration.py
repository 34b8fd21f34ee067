"""
The calls awsprof makes of IAM for an account: its users, groups, policies and settings, with plain values in and out.

Knows the API; not when or why a call is made. What makes something is sent once; all else may be done twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awsprof.aws.answers import AccountSummary, AttachedPolicy, IamUser, LoginProfile, ManagedPolicy, PasswordPolicy
from awsprof.aws.service import Service
from awsprof.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from awsprof.model import Credentials


class IamAdministration(Service):
    """Identity and Access Management, as an administrator sees it."""

    # --- the account

    def account_summary(self, credentials: Credentials, *, region: str) -> AccountSummary:
        """
        Ask for what AWS counts of an account.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
        """
        table = self._client("iam", credentials, region).read("GetAccountSummary")["SummaryMap"]
        return AccountSummary(
            bool(table.get("AccountMFAEnabled")),
            bool(table.get("AccountAccessKeysPresent")),
            # What does not tell of a password may have one.
            bool(table.get("AccountPasswordPresent", True)),
        )

    def account_aliases(self, credentials: Credentials, *, region: str) -> list[str]:
        """
        List the account's aliases: one at most.

        Raises:
            AccessDeniedError: The caller may not see it.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
        """
        return list(self._client("iam", credentials, region).read("ListAccountAliases")["AccountAliases"])

    def create_account_alias(self, credentials: Credentials, *, region: str, alias: str) -> None:
        """
        Give the account an alias, in place of the one it has; sent once.

        Raises:
            AlreadyThereError: Some account of all AWS has it.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
        """
        self._client("iam", credentials, region).send_once("CreateAccountAlias", AccountAlias=alias)

    def password_policy(self, credentials: Credentials, *, region: str) -> PasswordPolicy | None:
        """
        Return what the account demands of passwords; None when it has no policy of its own.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html
        """
        try:
            row = self._client("iam", credentials, region).read("GetAccountPasswordPolicy")["PasswordPolicy"]
        except NotFoundError:
            return None
        return PasswordPolicy(
            min_length=int(row.get("MinimumPasswordLength", 6)),
            symbols=bool(row.get("RequireSymbols")),
            numbers=bool(row.get("RequireNumbers")),
            uppercase=bool(row.get("RequireUppercaseCharacters")),
            lowercase=bool(row.get("RequireLowercaseCharacters")),
            users_may_change=bool(row.get("AllowUsersToChangePassword")),
            max_age_days=int(row.get("MaxPasswordAge", 0)),
            not_reused=int(row.get("PasswordReusePrevention", 0)),
            hard_expiry=bool(row.get("HardExpiry")),
        )

    def set_password_policy(self, credentials: Credentials, *, region: str, policy: PasswordPolicy) -> None:
        """
        Set all of what the account demands of passwords.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
        """
        # AWS takes no zero for these two: to leave one out is to have none.
        bounds = {"MaxPasswordAge": policy.max_age_days, "PasswordReusePrevention": policy.not_reused}
        self._client("iam", credentials, region).read(
            "UpdateAccountPasswordPolicy",
            MinimumPasswordLength=policy.min_length,
            RequireSymbols=policy.symbols,
            RequireNumbers=policy.numbers,
            RequireUppercaseCharacters=policy.uppercase,
            RequireLowercaseCharacters=policy.lowercase,
            AllowUsersToChangePassword=policy.users_may_change,
            HardExpiry=policy.hard_expiry,
            **{name: value for name, value in bounds.items() if value},
        )

    # --- users

    def users(self, credentials: Credentials, *, region: str) -> Iterator[IamUser]:
        """
        List the account's users, page by page.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
        """
        for row in self._client("iam", credentials, region).pages("ListUsers", "Users"):
            yield _user(row)

    def user(self, credentials: Credentials, *, region: str, user_name: str) -> IamUser | None:
        """
        Return the user of that name, if there is one.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
        """
        try:
            return _user(self._client("iam", credentials, region).read("GetUser", UserName=user_name)["User"])
        except NotFoundError:
            return None

    def create_user(self, credentials: Credentials, *, region: str, user_name: str) -> IamUser:
        """
        Make a user, who may do nothing yet; sent once.

        Raises:
            AlreadyThereError: There is one of that name, in whatever case.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
        """
        return _user(self._client("iam", credentials, region).send_once("CreateUser", UserName=user_name)["User"])

    def login_profile(self, credentials: Credentials, *, region: str, user_name: str) -> LoginProfile | None:
        """
        Tell whether a user has a console password; None when not.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html
        """
        try:
            row = self._client("iam", credentials, region).read("GetLoginProfile", UserName=user_name)["LoginProfile"]
        except NotFoundError:
            return None
        return LoginProfile(row["CreateDate"], bool(row.get("PasswordResetRequired")))

    def create_login_profile(self, credentials: Credentials, *, region: str, user_name: str, password: str) -> None:
        """
        Give a user a console password that must be changed at the first login; sent once.

        Raises:
            AlreadyThereError: The user has one.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
        """
        self._client("iam", credentials, region).send_once(
            "CreateLoginProfile", UserName=user_name, Password=password, PasswordResetRequired=True
        )

    def delete_login_profile(self, credentials: Credentials, *, region: str, user_name: str) -> None:
        """
        Take a user's console password away; it may be gone already.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html
        """
        try:
            self._client("iam", credentials, region).read("DeleteLoginProfile", UserName=user_name)
        except NotFoundError:
            return

    # --- groups

    def group_members(self, credentials: Credentials, *, region: str, group: str) -> list[str] | None:
        """
        List the names of the users in a group; None where there is no such group.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html
        """
        try:
            return [
                row["UserName"]
                for row in self._client("iam", credentials, region).pages("GetGroup", "Users", GroupName=group)
            ]
        except NotFoundError:
            return None

    def create_group(self, credentials: Credentials, *, region: str, group: str) -> None:
        """
        Make a group; sent once.

        Raises:
            AlreadyThereError: There is one of that name.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
        """
        self._client("iam", credentials, region).send_once("CreateGroup", GroupName=group)

    def groups_of_user(self, credentials: Credentials, *, region: str, user_name: str) -> list[str]:
        """
        List the names of a user's groups.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html
        """
        rows = self._client("iam", credentials, region).pages("ListGroupsForUser", "Groups", UserName=user_name)
        return [row["GroupName"] for row in rows]

    def add_user_to_group(self, credentials: Credentials, *, region: str, user_name: str, group: str) -> None:
        """
        Put a user into a group.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
        """
        self._client("iam", credentials, region).read("AddUserToGroup", UserName=user_name, GroupName=group)

    def remove_user_from_group(self, credentials: Credentials, *, region: str, user_name: str, group: str) -> None:
        """
        Take a user out of a group.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html
        """
        self._client("iam", credentials, region).read("RemoveUserFromGroup", UserName=user_name, GroupName=group)

    # --- policies

    def attached_user_policies(self, credentials: Credentials, *, region: str, user_name: str) -> list[AttachedPolicy]:
        """
        List the managed policies attached to a user directly.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html
        """
        client = self._client("iam", credentials, region)
        return _attached(client.pages("ListAttachedUserPolicies", "AttachedPolicies", UserName=user_name))

    def inline_user_policies(self, credentials: Credentials, *, region: str, user_name: str) -> list[str]:
        """
        List the names of the policies written into a user.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html
        """
        rows = self._client("iam", credentials, region).pages("ListUserPolicies", "PolicyNames", UserName=user_name)
        return list(map(str, rows))

    def attached_group_policies(self, credentials: Credentials, *, region: str, group: str) -> list[AttachedPolicy]:
        """
        List the managed policies attached to a group.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedGroupPolicies.html
        """
        client = self._client("iam", credentials, region)
        return _attached(client.pages("ListAttachedGroupPolicies", "AttachedPolicies", GroupName=group))

    def inline_group_policies(self, credentials: Credentials, *, region: str, group: str) -> list[str]:
        """
        List the names of the policies written into a group.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html
        """
        rows = self._client("iam", credentials, region).pages("ListGroupPolicies", "PolicyNames", GroupName=group)
        return list(map(str, rows))

    def attach_group_policy(self, credentials: Credentials, *, region: str, group: str, policy_arn: str) -> None:
        """
        Attach a managed policy to a group.

        Raises:
            NotFoundError: There is no such group, or no such policy.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html
        """
        self._client("iam", credentials, region).read("AttachGroupPolicy", GroupName=group, PolicyArn=policy_arn)

    def managed_policy(self, credentials: Credentials, *, region: str, policy_arn: str) -> ManagedPolicy | None:
        """
        Return a managed policy with the version in force; None when there is none.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
        """
        client = self._client("iam", credentials, region)
        try:
            row = client.read("GetPolicy", PolicyArn=policy_arn)["Policy"]
            version = client.read("GetPolicyVersion", PolicyArn=policy_arn, VersionId=row["DefaultVersionId"])
        except NotFoundError:
            return None
        return ManagedPolicy(row["PolicyName"], row["Arn"], _document(version["PolicyVersion"]["Document"]))

    def create_policy(
        self, credentials: Credentials, *, region: str, name: str, description: str, document: Mapping[str, Any]
    ) -> str:
        """
        Make a managed policy of the account's own; sent once.

        Returns:
            Its ARN.

        Raises:
            AlreadyThereError: There is one of that name.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
        """
        answer = self._client("iam", credentials, region).send_once(
            "CreatePolicy", PolicyName=name, Description=description, PolicyDocument=json.dumps(document)
        )
        return str(answer["Policy"]["Arn"])

    def put_policy_in_force(
        self, credentials: Credentials, *, region: str, policy_arn: str, document: Mapping[str, Any]
    ) -> None:
        """
        Give a managed policy of the account's own another version, and make that the one in force; sent once.

        Raises:
            LimitExceededError: It has five versions, and one must be deleted first.

        Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
        """
        self._client("iam", credentials, region).send_once(
            "CreatePolicyVersion", PolicyArn=policy_arn, PolicyDocument=json.dumps(document), SetAsDefault=True
        )


def _user(row: Mapping[str, Any]) -> IamUser:
    return IamUser(row["UserName"], row["Arn"], row["CreateDate"], row.get("PasswordLastUsed"))


def _attached(rows: Iterator[Mapping[str, Any]]) -> list[AttachedPolicy]:
    return [AttachedPolicy(row["PolicyName"], row["PolicyArn"]) for row in rows]


def _document(found: Any) -> Mapping[str, Any]:
    # botocore has decoded and parsed it already, unless a document is no JSON.
    return found if isinstance(found, dict) else {}
