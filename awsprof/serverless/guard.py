"""
The account guard of a service: what in serverless.yml stops a deploy with another account's credentials.

Knows the map that awsprof writes; of any other guard only that there is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from awsprof.findings import Finding, Severity

if TYPE_CHECKING:
    from awsprof.serverless.service import Service
    from awsprof.serverless.stages import Stage

_ACCOUNTS = ("custom", "accounts")


def check_guard(service: Service, stage: Stage) -> Finding | None:
    """Return what is wrong with the guard for one stage; None where it lets just that stage's account pass."""
    if not service.data.mentions("${aws:accountId}"):
        return Finding(
            "no-account-guard",
            Severity.WARNING,
            "nothing in the file stops a deploy with another account's credentials",
            "awsprof serverless write",
            file=str(service.path),
            line=service.data.line_of("custom") or 1,
        )
    accounts = service.raw(*_ACCOUNTS)
    if not isinstance(accounts, dict) or stage.account_id is None:
        # Another's guard, or nothing to hold it against.
        return None
    keys = [key for key in accounts if re.fullmatch(rf"{re.escape(stage.name)}-[0-9]{{12}}", key)]
    passing = [key[-12:] for key in keys]
    if passing == [stage.account_id]:
        return None
    return Finding(
        "guard-disagrees",
        Severity.ERROR,
        f"the guard lets {' and '.join(passing) or 'no account'} pass for stage {stage.name}, and the team file says "
        f"{stage.account_id}",
        "awsprof serverless write --force" if passing else "awsprof serverless write",
        file=str(service.path),
        line=service.data.line_of(*_ACCOUNTS, *keys[-1:]),
    )
