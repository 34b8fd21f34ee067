"""
Showing results: tables and durations for people, JSON for scripts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from awsprof.fastpath import LIVE_SECONDS
from awsprof.findings import Severity, worst_is_error
from awsprof.model import Kind
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from awsprof.cli.world import World
    from awsprof.findings import Finding
    from awsprof.model import Profile

_SEVERITY_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def echo_json(table: Mapping[str, Any]) -> None:
    click.echo(json.dumps({"version": 1, **table}, indent=2))


def profile_object(world: World, profile: Profile) -> dict[str, Any]:
    """Return a profile in the contract's JSON form."""
    parts = profile.parts
    return {
        "name": profile.name,
        "product": parts.product if parts else None,
        "env": parts.env if parts else None,
        "user": parts.user if parts else None,
        "account_id": profile.account_id,
        "alias": world.store.alias(profile.account_id),
        "region": profile.region,
        "kind": str(profile.kind),
        "delivery": str(profile.delivery) if profile.delivery else None,
        "mfa_serial": profile.mfa_serial,
        "protected": profile.protected,
        "in_convention": parts is not None,
        "session": session_object(world, profile),
    }


def session_object(world: World, profile: Profile) -> dict[str, Any] | None:
    """Return what is known of a profile's session; None where none is needed."""
    holder = session_holder(world, profile)
    if holder is None:
        return None
    from awsprof.sessions.store import iso

    expiration_s = world.store.expiration(holder)
    if expiration_s is None:
        return {"state": "none", "expiration": None, "seconds_left": None}
    from datetime import UTC, datetime

    left_s = int(expiration_s - world.now().timestamp())
    state = "live" if left_s >= LIVE_SECONDS else "expired"
    expiration = iso(datetime.fromtimestamp(expiration_s, UTC))
    return {"state": state, "expiration": expiration, "seconds_left": max(0, left_s)}


def session_holder(world: World, profile: Profile) -> str | None:
    """Return the profile whose session *profile* lives by: its own, or for a role its source's; None: needs none."""
    from awsprof.sessions.roles import source_of

    source = source_of(profile, world.files.profiles())
    return source.name if source.needs_session else None


def show_findings(findings: Sequence[Finding], *, as_json: bool, clean: str) -> int:
    """
    Print what a check found, one line a finding, and return the exit status.

    Args:
        clean: What to say where nothing was found.
    """
    if as_json:
        echo_json({"findings": [finding.to_json() for finding in findings]})
    for finding in () if as_json else findings:
        place = f"{finding.file}:{finding.line}: " if finding.file and finding.line else ""
        place = place or (f"{finding.file}: " if finding.file else "")
        head = click.style(f"{finding.severity}:", fg=_SEVERITY_COLOURS[finding.severity])
        fix = f" [{finding.fix}]" if finding.fix else ""
        click.echo(f"{printable(place)}{head} {finding.code}: {printable(finding.message)}{printable(fix)}")
    if not findings and not as_json:
        click.echo(clean)
    return 1 if worst_is_error(findings) else 0


def left(seconds: float) -> str:
    """Write a stretch of time with the two units that matter."""
    if seconds < 120:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes > 60 else f"{minutes} min"


def until(expiration: datetime, now: datetime) -> str:
    """Write an instant for a person: the local time, and how far off it is."""
    return f"{expiration.astimezone():%H:%M} ({left((expiration - now).total_seconds())})"


def profile_table(world: World, profiles: Iterable[Profile]) -> str:
    """Return the table that ``list`` and ``status`` show; protected profiles in red."""
    rows = [("PROFILE", "ACCOUNT", "REGION", "KIND", "MFA", "SESSION")]
    colours: list[str | None] = [None]
    for profile in profiles:
        alias = world.store.alias(profile.account_id)
        account = f"{profile.account_id or '?'}{f' ({alias})' if alias else ''}"
        mfa = "yes" if profile.mfa_serial else "no" if profile.kind is Kind.USER else "-"
        name = profile.name + (" (protected)" if profile.protected else "")
        rows.append((name, account, profile.region or "-", str(profile.kind), mfa, _session_words(world, profile)))
        colours.append("red" if profile.protected else None)
    return table(rows, colours)


def _session_words(world: World, profile: Profile) -> str:
    session = session_object(world, profile)
    if session is None:
        return "-"
    if session["state"] == "live":
        return left(session["seconds_left"])
    return str(session["state"])


def table(rows: Sequence[Sequence[str]], colours: Sequence[str | None] | None = None) -> str:
    """Return *rows*, the first of them the head, in columns as wide as they need to be."""
    # Written here because importing rich costs as much as all the rest of ``list``.
    plain = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in plain) for column in range(len(plain[0]))]
    lines = []
    for row, colour in zip(plain, colours or [None] * len(rows), strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(click.style(line, fg=colour) if colour else line)
    return "\n".join(lines)


def echo_code(code: str) -> None:
    """Print shell code byte for byte: a name that is no UTF-8 goes out as it came in."""
    click.echo(code.encode("utf-8", "surrogateescape"), nl=False)
