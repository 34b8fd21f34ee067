"""
Whether a policy's statements deny everything to requests without MFA, but for what one needs to get at MFA.

Knows policy documents; not whose they are, nor where they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from awsprof.accounts.documents import guard

Document = Mapping[str, object]

# What one needs to enrol a device and start a session, and what AWS's own samples let through beside that.
_SPARED = frozenset(
    action.lower()
    for action in (
        *guard()["Statement"][0]["NotAction"],
        "iam:GetAccountSummary",
        "iam:ListAccessKeys",
        "iam:ListAccountAliases",
        "iam:ListServiceSpecificCredentials",
        "iam:ListSSHPublicKeys",
        "iam:ListUsers",
        "sts:GetCallerIdentity",  # which no policy can deny
    )
)


def demands_mfa(documents: Iterable[Document]) -> bool:
    """
    Whether one of the documents keeps a request without MFA from all but the caller's own MFA and password.

    A deny under ``Bool`` is none: a request signed with long-term credentials has no such key, and passes it by. Nor
    is one where that key is ``Null``: a session without MFA has it, and its value is false.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
    """
    return any(_denies(statement) for document in documents for statement in _statements(document))


def _statements(document: Document) -> list[Mapping[str, object]]:
    found = document.get("Statement", [])
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, Mapping)]


def _denies(statement: Mapping[str, object]) -> bool:
    return (
        statement.get("Effect") == "Deny"
        and "*" in _texts(statement.get("Resource"))
        and _covers(statement)
        and _is_without_mfa(statement.get("Condition"))
    )


def _covers(statement: Mapping[str, object]) -> bool:
    if "*" in _texts(statement.get("Action")):
        return True
    spared = _texts(statement.get("NotAction"))
    return bool(spared) and _SPARED.issuperset(action.lower() for action in spared)


def _is_without_mfa(condition: object) -> bool:
    """Whether the one condition is that MFA is absent; a second one would let some requests through."""
    if not isinstance(condition, Mapping) or len(condition) != 1:
        return False
    ((operator, keys),) = condition.items()
    if not isinstance(keys, Mapping) or len(keys) != 1:
        return False
    ((key, value),) = keys.items()
    wanted = {
        ("boolifexists", "aws:multifactorauthpresent"): "false",
        ("null", "aws:multifactorauthage"): "true",
    }
    return wanted.get((str(operator).lower(), str(key).lower())) in [text.lower() for text in _texts(value)]


def _texts(value: object) -> Sequence[str]:
    if isinstance(value, bool):
        return [str(value)]
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
