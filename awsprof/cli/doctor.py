"""The command that finds what is wrong with files, environment, vault and profiles, and mends what it can."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.changes import show_dry
from awsprof.cli.main import Command
from awsprof.cli.render import show_findings
from awsprof.errors import UsageError

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.doctor.examination import Patient
    from awsprof.doctor.online_checks import Online
    from awsprof.doctor.repairing import Plan
    from awsprof.findings import Finding
    from awsprof.model import Credentials, LongTermCredentials, Profile

_CLEAN = "Nothing is wrong."


@click.command("doctor", cls=Command)
@click.option("--fix", is_flag=True, help="Mend what can be mended; shows the plan and asks.")
@click.option("--online", is_flag=True, help="Ask AWS too: whether keys work, whose they are and how old.")
@click.option("--yes", is_flag=True, help="With --fix, do not ask.")
@click.option("--dry-run", is_flag=True, help="With --fix, show the plan and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor_command(context: click.Context, fix: bool, online: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """
    Find what is wrong with files, environment, vault and profiles.

    Says where it stands, which tool does what because of it, and what mends it. Exit status 1 means that an error was
    found. --fix mends what changes no account that any tool reaches, as one change that 'awsprof undo' takes back.

    \b
    awsprof doctor
    awsprof doctor --online
    awsprof doctor --fix --dry-run
    """
    from awsprof.doctor.examination import examine

    world: World = context.obj
    if (yes or dry_run) and not fix:
        raise UsageError("--yes and --dry-run go with --fix")
    unsound = _without_unsound(world)
    mended = not fix or _mend(world, yes=yes, dry_run=dry_run, silent=as_json)
    status = 0 if dry_run else 1
    # JSON is one object in any case.
    if mended or as_json:
        found = [*unsound, *examine(_patient(world, online=_online(world) if online else None))]
        shown = show_findings(found, as_json=as_json, clean=_CLEAN)
        status = shown if mended else status
    context.exit(status)


def _without_unsound(world: World) -> list[Finding]:
    """Go on with what holds without a file of awsprof's own that makes no sense, and say so."""
    from awsprof.doctor.machine_checks import unsound
    from awsprof.settings import TEAM_FILE, Settings

    found = []
    try:
        _ = world.settings
    except UsageError as error:
        found.append(unsound(error, world.places.settings_file))
        world.settings = Settings()
    try:
        _ = world.team
    except UsageError as error:
        here = Path.cwd()
        nearest = next(path for it in (here, *here.parents) if (path := it / TEAM_FILE).exists())
        found.append(unsound(error, nearest))
        world.team = None
    return found


def _mend(world: World, *, yes: bool, dry_run: bool, silent: bool) -> bool:
    """Show the plan, ask, and carry it out; returns whether findings are to follow."""
    from awsprof.doctor.repairing import Repairing

    world.files.check_two_files()
    repairing = Repairing(_patient(world), changes=lambda: world.changes, sweep_sessions=world.sweep)
    plan = repairing.plan()
    asks = not (yes or dry_run or plan.is_empty)
    if asks or (not silent and (not plan.is_empty or dry_run)):
        # With --json stdout is kept for that alone.
        _show_plan(plan, err=silent)
    for sentence in plan.by_hand:
        world.warn(sentence)
    if dry_run:
        return False
    if plan.is_empty:
        world.say("There is nothing to mend here.")
        return True
    if asks and not world.terminal.confirm("Mend this?"):
        world.say("Nothing was mended.")
        return False
    repairing.repair(plan)
    undone = "; 'awsprof undo' takes it back" if plan.edits or plan.modes else ""
    world.say(f"Mended{undone}.")
    return True


def _show_plan(plan: Plan, *, err: bool) -> None:
    from awsprof.naming import printable
    from awsprof.profiles.changing import DryChange

    preview = DryChange()
    plan.apply(preview)
    show_dry(preview, err=err)
    for path in plan.temps:
        click.echo(f"remove {printable(str(path))}", err=err)
    if plan.sessions:
        click.echo(
            "take sessions that awsprof wrote out of the credentials file, since they have ended or hide a process",
            err=err,
        )
    if plan.is_empty:
        click.echo("There is nothing to mend here.", err=err)


def _patient(world: World, *, online: Online | None = None) -> Patient:
    from awsprof.doctor.examination import Patient

    return Patient(
        places=world.places,
        environ=world.environ,
        now=world.now(),
        make=world.files.made_of,
        vault=lambda: world.vault,
        online=online,
    )


def _online(world: World) -> Online:
    from awsprof.doctor.online_checks import Online

    return Online(
        aws=world.aws,
        long_term=partial(_long_term, world),
        served=partial(_served, world),
        environ=world.environ,
    )


def _long_term(world: World, name: str) -> LongTermCredentials | None:
    from awsprof.sessions.keys import load_keys

    stored = load_keys(world.vault, name)
    return None if stored is None else stored.credentials


def _served(world: World, profile: Profile) -> Credentials | None:
    """Return what tools would be handed for a profile; None where a person would have to be asked first."""
    return world.sessions.serve(profile).credentials if world.sessions.asks_nobody(profile) else None
