"""The command that replaces access keys by new ones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from awsprof.cli.main import Command
from awsprof.cli.render import echo_json
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AwsprofError, UsageError
from awsprof.naming import printable
from awsprof.profiles.rotating import Rotating, Status

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.profiles.access_keys import KeyUse
    from awsprof.profiles.rotating import Rotation

_NOTHING: dict[str, Any] = {
    "profile": None,
    "status": None,
    "profiles": [],
    "old_key_id": None,
    "new_key_id": None,
    "created": None,
    "age_days": None,
    "last_used": None,
    "resumed": False,
    "error": None,
}
_AGE = re.compile(r"([0-9]{1,4})([dw])")


def age_in(text: str) -> timedelta:
    """Read an age such as ``90d`` or ``12w``; raises UsageError for anything else."""
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"'{text}' is no age", hint="Write it like 90d or 12w.")
    return timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))


@click.command("rotate", cls=Command)
@click.argument("selector", required=False)
@click.option("--all", "everyone", is_flag=True, help="Rotate every profile that has a key in the vault.")
@click.option("--older-than", metavar="AGE", help="Keep keys that are younger, as in 90d or 12w.")
@click.option("--dry-run", is_flag=True, help="Show the keys and what would be done; at most logs in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_context
def rotate_command(
    context: click.Context,
    selector: str | None,
    everyone: bool,
    older_than: str | None,
    dry_run: bool,
    as_json: bool,
    narrowing: Narrowing,
) -> None:
    """
    Replace access keys by new ones, with one MFA code.

    The new key is proven before the profile has it, and again before the old one is deleted. Stopped half-way, the
    profile has a key that works, and the next 'awsprof rotate' goes on. It is recorded for 'undo --list', and cannot
    be undone.

    \b
    awsprof rotate prod
    awsprof rotate --all --older-than 90d
    awsprof rotate prod --dry-run
    """
    if everyone and selector:
        raise UsageError("--all and a selector exclude each other")
    limit = None if older_than is None else age_in(older_than)
    world: World = context.obj
    run = _Run(world, limit, dry_run=dry_run, as_json=as_json)
    if everyone:
        profiles = _every(run.rotating, narrowing)
        if not profiles:
            world.say("No profile has a key in the vault that could be rotated.")
        status = run.all(profiles)
    else:
        run.one(one(world, selector, narrowing))
        status = 0
    if as_json:
        echo_json({"rotations": run.rows})
    context.exit(status)


def _every(rotating: Rotating, narrowing: Narrowing) -> list[Profile]:
    product, user, _ = narrowing
    found = [(profile, profile.parts) for profile in rotating.candidates()]
    return [
        profile
        for profile, parts in found
        if parts is not None and product in (None, parts.product) and user in (None, parts.user)
    ]


class _Run:
    """One run of the command over one profile or several, and what it shows of each."""

    def __init__(self, world: World, older_than: timedelta | None, *, dry_run: bool, as_json: bool) -> None:
        self._world = world
        self._older_than = older_than
        self._dry_run = dry_run
        self._as_json = as_json
        self.rotating = _rotating(world)
        self.rows: list[dict[str, Any]] = []

    def all(self, profiles: list[Profile]) -> int:
        """Rotate one after the other, whatever becomes of each; returns the status of the first that failed."""
        status = 0
        done: set[str] = set()
        for profile in profiles:
            if profile.name in done:
                continue  # it had the same key as an earlier one, and has its new one too
            try:
                done.update(self.one(profile).names)
            except AwsprofError as error:
                status = status or error.status
                self._show_failure(profile, error)
            except OSError as error:
                status = status or AwsprofError.status
                self._show_failure(profile, AwsprofError(f"{profile.name}: {error.strerror or type(error).__name__}"))
        return status

    def one(self, profile: Profile) -> Rotation:
        act = self.rotating.plan if self._dry_run else self.rotating.rotate
        try:
            rotation = act(profile, older_than=self._older_than, show=lambda key: self._show_key(profile, key))
        except KeyboardInterrupt:
            if self.rotating.unfinished != profile.name:
                raise
            click.echo("", err=True)
            self._world.say(f"'awsprof rotate {profile.name}' goes on from here.")
            raise click.exceptions.Exit(130) from None
        self._show(profile, rotation)
        return rotation

    def _show_key(self, profile: Profile, key: KeyUse) -> None:
        if not self._as_json:
            click.echo(f"{printable(profile.name)}: {key.id} {key.words(self._world.now())}")

    def _show(self, profile: Profile, rotation: Rotation) -> None:
        self.rows.append(self._row(profile, rotation))
        if self._as_json:
            return
        click.echo(f"{printable(', '.join(rotation.names))}: {self._words(rotation)}")
        if rotation.status is Status.ROTATED and profile.needs_session:
            self._world.say(f"The session was dropped: 'awsprof login {profile.name}' starts one with the new key.")

    @staticmethod
    def _words(rotation: Rotation) -> str:
        old, new = rotation.old_key_id, rotation.new_key_id
        if rotation.status is Status.ROTATED:
            return f"{old} is replaced by {new}, and deleted at AWS"
        if rotation.status is Status.KEPT:
            return "kept, since it is younger"
        steps = f"set {old} inactive, prove the new key again and delete {old}"
        if not rotation.resumed:
            return f"would make a new key, prove it, keep it in the vault, {steps}"
        if new is None:
            return "would delete a key that an unfinished rotation may have left at AWS, and begin anew"
        return f"would go on with an unfinished rotation: prove {new}, keep it in the vault, {steps}"

    def _row(self, profile: Profile, rotation: Rotation) -> dict[str, Any]:
        from awsprof.sessions.store import iso

        key = rotation.key
        used = key.last_used if key else None
        return {
            **_NOTHING,
            "profile": profile.name,
            "status": str(rotation.status),
            "profiles": list(rotation.names),
            "old_key_id": rotation.old_key_id,
            "new_key_id": rotation.new_key_id,
            "created": iso(key.created) if key else None,
            "age_days": (self._world.now() - key.created).days if key else None,
            "last_used": iso(used) if used else None,
            "resumed": rotation.resumed,
        }

    def _show_failure(self, profile: Profile, error: AwsprofError) -> None:
        said = {"status": error.status, "message": error.message, "hint": error.hint}
        self.rows.append({**_NOTHING, "profile": profile.name, "status": "failed", "error": said})
        if not self._as_json:
            click.echo(f"{click.style('Error:', fg='red', bold=True)} {printable(error.message)}.", err=True)
            if error.hint:
                click.echo(printable(error.hint), err=True)


def _rotating(world: World) -> Rotating:
    """Put together what rotates keys."""
    return Rotating(
        files=world.files,
        vault=lambda: world.vault,
        aws=lambda: world.aws,
        sessions=world.sessions,
        journal=world.journal,
        environ=world.environ,
        now=world.now,
        person=world.person,
    )
