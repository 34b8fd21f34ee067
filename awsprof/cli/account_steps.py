"""What every command that sets up accounts shares: the plan shown, the question, the run, and the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from awsprof.accounts.alone import alone
from awsprof.accounts.steps import Run, State
from awsprof.cli.main import wants_colour
from awsprof.cli.render import echo_json, table
from awsprof.errors import AwsprofError
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsprof.accounts.setup import Accounts
    from awsprof.accounts.steps import Row, Step
    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.naming import ProfileName

_COLOURS = {State.DONE: "green", State.FAILED: "red", State.SKIPPED: "yellow"}


@dataclass(frozen=True)
class Manner:
    """How a person wants a command to go about it."""

    yes: bool
    dry_run: bool
    as_json: bool


def carry_out(world: World, name: ProfileName, about: str, steps: Sequence[Step], manner: Manner) -> bool:
    """
    Show the plan, ask, do what is missing, and show what became of each step.

    Args:
        name: Whose product's env it is; no other run for it may be under way here.
        about: What the plan is of, as in "autochart_dev set up".

    Returns:
        Whether anything was done; all that was to do is then.
    """
    run = Run(steps, world.person)
    plan = run.plan()
    if manner.dry_run or not run.is_needed:
        _show_all(plan, manner)
        if not run.is_needed and not manner.as_json:
            click.echo("Nothing to do.")
        return False
    if not manner.as_json or not manner.yes:
        click.echo(_table(plan), err=manner.as_json)
    if not manner.yes and not world.terminal.confirm("Do what is to do?"):
        world.say("Nothing was changed.")
        raise click.exceptions.Exit(1)
    with alone(world.places.locks, name.product, name.env, tell=world.say):
        _carry_out(world, about, run, manner)
    return True


def _carry_out(world: World, about: str, run: Run, manner: Manner) -> None:
    recording = world.journal.begin("account", about, undoable=False)
    try:
        run.carry_out(
            record=lambda what: recording.retell(f"{about}: {what}"),
            show=lambda row: None if manner.as_json else _show(row),
        )
    except KeyboardInterrupt:
        click.echo("", err=True)
        world.say("The same command goes on from here.")
        raise click.exceptions.Exit(130) from None
    except AwsprofError as error:
        more = "The same command goes on from there."
        error.hint = f"{error.hint} {more}" if error.hint else more
        if manner.as_json:
            _show_all(run.rows, manner)
        raise
    if manner.as_json:
        _show_all(run.rows, manner)


def _show_all(rows: Sequence[Row], manner: Manner) -> None:
    if manner.as_json:
        echo_json({"steps": [row.to_json() for row in rows]})
    else:
        click.echo(_table(rows))


def _table(rows: Sequence[Row]) -> str:
    return table([("STEP", "STATE", "DETAIL"), *((row.step, str(row.state), row.detail) for row in rows)])


def _show(row: Row) -> None:
    state = click.style(f"{row.state:7}", fg=_COLOURS.get(row.state))
    click.echo(f"{state} {printable(row.step)}: {printable(row.detail)}", color=wants_colour())


class _Launchers:
    """The desktop's launchers, as far as setting up an account goes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def is_installed(self, profile: Profile) -> bool | None:
        from awsprof.browsers.launchers import State as LauncherState
        from awsprof.browsers.launchers import runs_launchers

        if not runs_launchers(self._world.platform):
            return None
        found = self._world.launchers.of(profile.name)
        # One that was changed by hand is its owner's.
        return found is not None and found.state is not LauncherState.MISSING

    def install(self, profile: Profile) -> str:
        from awsprof.configfiles.launcher import find_launcher

        return str(self._world.launchers.install(profile, launcher=find_launcher(self._world.environ)).entry)


def accounts(world: World) -> Accounts:
    """Put together what sets up accounts."""
    from awsprof.accounts.setup import Accounts, Outside

    def ask_alias(reason: str) -> str:
        return world.terminal.ask(f"{printable(reason)}; which one instead? ", option="--alias")

    return Accounts(
        Outside(
            aws=lambda: world.aws,
            vault=lambda: world.vault,
            files=world.files,
            sessions=world.sessions,
            adding=world.adding,
            enrolling=lambda: world.enrolling,
            browsers=lambda: world.browsers,
            launchers=_Launchers(world),
            team=world.team,
            environ=world.environ,
            now=world.now,
            person=world.person,
            warn=world.warn,
            ask_alias=ask_alias,
            keep_alias=world.store.save_alias,
        )
    )
