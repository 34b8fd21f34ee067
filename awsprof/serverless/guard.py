"""
The account guard of a service: what in serverless.yml stops a deploy with another account's credentials.

Finds out by supposing: with a foreign account some value must stop the framework, with the stage's own none may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.findings import Finding, Severity
from awsprof.serverless.variables import CannotTellError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from awsprof.serverless.service import Service
    from awsprof.serverless.stages import Stage
    from awsprof.serverless.variables import Resolver
    from awsprof.serverless.yaml_data import Value

_ACCOUNT = "${aws:accountId}"
_ACCOUNTS = ("custom", "accounts")
_FOREIGN = "000000000000"
_MOST_VALUES = 2_000


def check_guard(service: Service, stage: Stage, supposing: Callable[[str], Resolver]) -> Finding | None:
    """
    Return what is wrong with the guard for one stage; None where it lets just that stage's account pass.

    Args:
        supposing: Makes a resolver for the stage that supposes credentials of an account.
    """
    unsure = False
    stopped = {}
    for account_id in filter(None, (_FOREIGN, stage.account_id)):
        resolver = supposing(account_id)
        stopped[account_id] = False
        for text in _mentions(service.data.value, resolver):
            try:
                resolver.resolved(text)
            except StoppedError:
                stopped[account_id] = True
            except CannotTellError:
                unsure = True
    if not stopped[_FOREIGN]:
        return _finding(
            service,
            "cannot-tell" if unsure else "no-account-guard",
            "whether anything stops a deploy with another account's credentials is only known to the framework"
            if unsure
            else "nothing in the file stops a deploy with another account's credentials",
            Severity.WARNING,
        )
    if stage.account_id is None or not stopped[stage.account_id]:
        return None
    accounts = service.raw(*_ACCOUNTS)
    keys = (
        [key for key in accounts if re.fullmatch(rf"{re.escape(stage.name)}-[0-9]{{12}}", key)]
        if isinstance(accounts, dict)
        else []
    )
    passing = " and ".join(key[-12:] for key in keys) or "none"
    return _finding(
        service,
        "guard-disagrees",
        f"the guard stops stage {stage.name} with the account that the team file says, {stage.account_id}; it has "
        f"{passing}",
        Severity.ERROR,
        *_ACCOUNTS,
        *keys[-1:],
    )


def extra_accounts(service: Service, stage: Stage) -> Finding | None:
    """Return a finding where the map that awsprof writes lets a second account pass for a stage."""
    accounts = service.raw(*_ACCOUNTS)
    if not isinstance(accounts, dict) or stage.account_id is None:
        return None
    others = [
        key
        for key in accounts
        if re.fullmatch(rf"{re.escape(stage.name)}-[0-9]{{12}}", key) and not key.endswith(stage.account_id)
    ]
    if not others:
        return None
    return _finding(
        service,
        "guard-disagrees",
        f"the guard lets account {others[0][-12:]} pass for stage {stage.name}, and the team file says "
        f"{stage.account_id}",
        Severity.ERROR,
        *_ACCOUNTS,
        others[0],
    )


def _mentions(value: Value, resolver: Resolver) -> Iterator[str]:
    """Return the texts that depend on the account, each container looked into once; included files count."""
    seen: set[int] = set()
    pending: list[tuple[Value, int]] = [(value, 0)]
    while pending and len(seen) < _MOST_VALUES:
        one, depth = pending.pop()
        if isinstance(one, str):
            if _ACCOUNT in one:
                yield one
            elif one.startswith("${file(") and depth < 3:
                pending.append((_included(one, resolver), depth + 1))
        elif isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))
            pending += [(item, depth + 1) for item in (one.values() if isinstance(one, dict) else one)]


def _included(text: str, resolver: Resolver) -> Value:
    try:
        return resolver.resolved(text)
    except (StoppedError, CannotTellError):
        return None


def _finding(service: Service, code: str, message: str, severity: Severity, *path: str) -> Finding:
    line = service.data.line_of(*(path or ("custom",))) or 1
    fix = "awsprof serverless write --force" if path else "awsprof serverless write"
    return Finding(code, severity, message, fix, file=str(service.path), line=line)
