"""The command that brings what one has under the convention: shows it, asks, and has it moved."""

from __future__ import annotations

import contextlib
import getpass
from typing import TYPE_CHECKING

import click

from awsprof.cli.changes import show_dry
from awsprof.cli.main import Command, show_error
from awsprof.cli.new_profile import read_keys, show_next, tell_of_source
from awsprof.cli.render import echo_json, profile_object, table
from awsprof.cli.selecting import product_in_context, user_in_context
from awsprof.errors import AnswerNeededError, AwsprofError, RefusedNameError, UsageError
from awsprof.naming import ProfileName, printable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from awsprof.cli.world import World
    from awsprof.importing.found import Found
    from awsprof.importing.outcome import Left, Moved, Outcome
    from awsprof.importing.proposing import Surroundings
    from awsprof.importing.proving import Choice


@click.command("import", cls=Command)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--as", "new", nargs=3, metavar="PRODUCT ENV USER", help="The new name, for one NAME.")
@click.option("--from", "source", metavar="FILE", help="Take the keys from a file, or from stdin with '-'.")
@click.option("--no-verify", is_flag=True, help="Ask AWS nothing; the profile must say its account.")
@click.option("--force", is_flag=True, help="Allow a protected env to share its account.")
@click.option("--yes", is_flag=True, help="Take every proposed name, and do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the plan and the diff, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_command(
    world: World,
    names: tuple[str, ...],
    new: tuple[str, str, str] | None,
    source: str | None,
    no_verify: bool,
    force: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Give profiles you have a name of the convention; their keys into the vault.

    With no NAME it shows what there is and asks for each. Plain-text keys, aws-mfa's pairs, and what aws-vault and
    Granted keep in the keyring go into the vault; other profiles only get a name. AWS is asked whose each key is, from
    the vault's own copy, before the plain-text one goes, and 'awsprof undo' takes it back.

    \b
    awsprof import --dry-run
    awsprof import
    awsprof import default --as autochart dev paul
    aws-vault export --no-session --format=json old | awsprof import old --from - --as autochart prod paul
    """
    name = None if new is None else ProfileName.checked(*new)
    one_named = len(names) == 1 or (source is not None and not names)
    if (new is None and source is not None) or (new is not None and not one_named):
        raise UsageError("--as names one profile, and --from needs --as", hint="'awsprof import --help' has examples.")
    found = world.searching.find(_surroundings(world))
    rows = list(dict.fromkeys(world.searching.one(found, one) for one in names)) if names else list(found)
    if source is not None and not names:
        rows = []
    if as_json and not dry_run and not names and source is None and not yes:
        echo_json({"found": [row.to_json() for row in rows]})
        return
    if not names and source is None and not as_json:
        _show_found(world, rows)
        if not (yes or dry_run or world.terminal.can_answer()) and any(row.movable for row in rows):
            raise AnswerNeededError("Which profiles to import, and under which names,", option="--yes")
    ask = not yes and not dry_run
    choices = _choices(world, rows, name, source, ask=ask, named=bool(names))
    choices = world.importing.in_order(choices)
    if dry_run:
        _show_plan(world, choices, verify=not no_verify, force=force, rows=rows if as_json else None)
    elif choices:
        outcome = _run(world, choices, verify=not no_verify, force=force, as_json=as_json)
        _show_end(world, outcome, as_json=as_json, source=source)
    elif as_json:
        echo_json({"imported": [], "left": []})
    else:
        world.say("Nothing was imported.")
        if ask and (source is not None or any(row.movable for row in rows)):
            raise click.exceptions.Exit(1)


def _surroundings(world: World) -> Surroundings:
    from awsprof.importing.proposing import Surroundings, user_part

    team = world.team
    known = [parts for name in world.searching.names() if (parts := ProfileName.parse(name))]
    accounts = {env.account_id: (team.product, key) for key, env in team.envs.items() if env.account_id} if team else {}
    user = user_in_context(world)
    if user is None:
        with contextlib.suppress(OSError, KeyError, ImportError):
            # A profile of root's would read like one of the root user's.
            user = user_part(login) if (login := getpass.getuser()) != "root" else None
    return Surroundings(
        product_in_context(world),
        user,
        frozenset(parts.product for parts in known),
        frozenset([*(parts.env for parts in known), *(team.envs if team else ())]),
        accounts,
    )


def _show_found(world: World, rows: Sequence[Found]) -> None:
    if not rows:
        world.say("There is nothing to import. Add a profile with: awsprof add PRODUCT ENV USER")
        return
    head = ("NAME", "KIND", "ACCOUNT", "SECRET", "NEW NAME")
    lines = [
        (row.name, str(row.kind), row.account_id or "?", row.where, str(row.proposed) if row.proposed else "-")
        for row in rows
    ]
    click.echo(table([head, *lines]))
    for row in rows:
        if row.why is not None:
            world.say(f"{row.name}: {row.why}")


def _choices(
    world: World, rows: Sequence[Found], name: ProfileName | None, source: str | None, *, ask: bool, named: bool
) -> list[Choice]:
    """Return what is to be imported under which names, as a person or the options say."""
    from awsprof.importing.proving import Choice

    if name is not None:
        row = rows[0] if rows else world.searching.by_itself(str(name))
        keys = None
        _check_movable(row, named=True, given=source is not None)
        if source is not None:
            keys = read_keys(source)
            world.searching.check_given(row, keys)
        lines = world.searching.replaced([row] if keys is not None or row.has_keys else [])
        _warn_of_replaced(world, row, lines)
        # Keys that are handed over say what is wanted, unless something of another program's goes for them.
        if ask and (lines or keys is None) and not world.terminal.confirm(f"Import {printable(row.name)} as {name}?"):
            return []
        return [Choice(row, name, keys)]
    choices: list[Choice] = []
    lines = world.searching.replaced(row for row in rows if row.has_keys)
    for row in rows:
        if not _check_movable(row, named=named):
            continue
        _warn_of_replaced(world, row, lines)
        chosen = _ask_name(world, row, [choice.name for choice in choices]) if ask else row.proposed
        if chosen is not None:
            choices.append(Choice(row, chosen))
        elif named and not ask:
            raise UsageError(
                f"{printable(row.name)} has no proposed name: {row.why}", hint="Give it one with --as PRODUCT ENV USER."
            )
    return choices


def _warn_of_replaced(world: World, row: Found, lines: Mapping[Found, str]) -> None:
    if row in lines:
        world.warn(f"{row.name}: its line '{lines[row]}' goes, for the keys")


def _check_movable(row: Found, *, named: bool, given: bool = False) -> bool:
    """
    Whether there is something to do; says why not where a person named it.

    Args:
        given: Whether the keys are handed over; then the profile may have none, or a session's.
    """
    if row.takes_keys if given else row.movable:
        return True
    if not named:
        return False
    why = row.why or ("it is one of awsprof's own already" if row.place else f"it is a profile of kind {row.kind}")
    hint = None if row.why else "'awsprof rename' gives it another name."
    raise AwsprofError(f"{printable(row.name)} cannot be imported: {why}", hint=hint)


def _ask_name(world: World, row: Found, given: Collection[ProfileName]) -> ProfileName | None:
    """Ask what a profile is to be called, by none of the names *given* already; None leaves it out."""
    usual = f"empty for {row.proposed}, - to leave it out" if row.proposed else "empty to leave it out"
    question = f"{printable(row.name)} as PRODUCT ENV USER ({usual}): "
    while True:
        answer = world.terminal.ask(question, option="--yes").strip()
        words = answer.replace("_", " ").split()
        if answer == "-" or (not answer and row.proposed is None):
            return None
        if answer and len(words) != 3:
            question = "Three words, as in autochart dev paul: "
            continue
        try:
            name = ProfileName.checked(*words) if answer else row.proposed
        except RefusedNameError as error:
            question = f"{error.message}. {error.hint or ''} Again: "
            continue
        if name in given or world.searching.is_taken(str(name), row):
            whose = "the name you gave another one" if name in given else "another profile's name"
            question = f"{name} is {whose}. Again (- to leave it out): "
            continue
        return name


def _show_plan(
    world: World, choices: Sequence[Choice], *, verify: bool, force: bool, rows: Sequence[Found] | None
) -> None:
    """Show what would become of *choices*: for a person, or with *rows* as JSON."""
    from awsprof.profiles.changing import DryChange

    refused = world.importing.refused(choices, force=force)
    closed = {one.name for one in refused}
    choices = [choice for choice in choices if choice.found.name not in closed]
    preview = DryChange()
    progress = _Progress(world, len(choices))
    try:
        left = world.importing.preview(choices, preview, verify=verify, progress=progress.show)
    finally:
        progress.clear()
    gone = {one.name for one in left}
    planned = [choice for choice in choices if choice.found.name not in gone]
    left = [*refused, *left]
    if rows is not None:
        plan = [{"from": choice.found.name, "name": str(choice.name), "keys": choice.has_keys} for choice in planned]
        echo_json({"found": [row.to_json() for row in rows], "plan": plan, "left": [_left_object(one) for one in left]})
        return
    for choice in planned:
        keys = ", its keys into the vault" if choice.has_keys else ""
        click.echo(f"{printable(choice.found.name)} becomes {choice.name}{keys}")
    for name in world.searching.losing_delivery(choice.found for choice in planned):
        world.warn(f"{name}: awsprof_delivery = file goes unless AWS knows an MFA device of the user")
    for one in left:
        world.warn(f"{one.name}: {one.error.message}")
    for sentence in world.remnants.naming({choice.found.name for choice in planned if choice.is_new_name}):
        world.warn(sentence)
    show_dry(preview)


def _run(world: World, choices: Sequence[Choice], *, verify: bool, force: bool, as_json: bool) -> Outcome:
    """Import, and say of each batch what was moved as soon as it is: a later Ctrl-C does not take it back."""
    from awsprof.importing.outcome import Outcome

    world.importing.ready(choices)
    comments = world.remnants.comments()
    whole = Outcome()
    progress = _Progress(world, len(choices))
    try:
        for batch in world.importing.run(choices, verify=verify, force=force, progress=progress.show):
            progress.clear()
            whole.moved += batch.moved
            whole.left += batch.left
            _show_moved(world, batch.moved, as_json=as_json)
    finally:
        progress.clear()
    for sentence in _remnants(world, whole, comments):
        world.warn(sentence)
    return whole


def _remnants(world: World, whole: Outcome, comments: Mapping[Path, Counter[str]]) -> list[str]:
    """Return what an import has not moved with the profiles it has."""
    renamed = {moved.name for moved in whole.moved if moved.name != moved.profile.name}
    secrets = {moved.keys.secret_access_key: moved.profile.name for moved in whole.moved if moved.keys is not None}
    kept = world.remnants.said_of(comments, secrets) if secrets else []
    return [*world.remnants.naming(renamed), *kept]


class _Progress:
    """On a terminal, one line that tells which of several profiles is being looked at."""

    def __init__(self, world: World, count: int) -> None:
        self._count = count
        self._shown = count > 1 and not world.quiet and world.terminal.shows_progress()
        self._done = 0

    def show(self, choice: Choice) -> None:
        self._done += 1
        if self._shown:
            name = printable(choice.found.name)
            click.echo(f"\r\x1b[K{self._done} of {self._count}: {name}", nl=False, err=True)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _show_moved(world: World, batch: Sequence[Moved], *, as_json: bool) -> None:
    for moved in batch:
        if not as_json:
            click.echo(_sentence(moved))
            if moved.has_new_device:
                show_next(moved.profile)
        for warning in moved.warnings:
            world.warn(f"{moved.name}: {warning}")
        if moved.name == moved.profile.name:
            continue
        for sentence in world.following.rename(moved.name, moved.profile):
            world.warn(sentence)
        if world.environ.get("AWS_PROFILE") == moved.name:
            world.warn(f"AWS_PROFILE still names {moved.name} in this shell: 'awsprof use {moved.profile.name}'")


def _show_end(world: World, outcome: Outcome, *, as_json: bool, source: str | None) -> None:
    if outcome.left and not outcome.moved and all(one.is_everybodys for one in outcome.left):
        # One reason for all, as where AWS is out of reach.
        raise outcome.left[0].error
    if as_json:
        imported = [{"from": one.name, "profile": profile_object(world, one.profile)} for one in outcome.moved]
        echo_json({"imported": imported, "left": [_left_object(one) for one in outcome.left]})
    else:
        for one in outcome.left:
            show_error(one.error.status, f"{one.name}: {one.error.message}", one.error.hint)
        if any(moved.undoable for moved in outcome.moved):
            world.say(f"'awsprof undo' takes it back{_in_steps(len(outcome.moved), len(outcome.left))}.")
        if outcome.moved:
            tell_of_source(world, source)
    if outcome.left:
        statuses = {one.error.status for one in outcome.left}
        raise click.exceptions.Exit(statuses.pop() if len(statuses) == 1 and not outcome.moved else 1)


def _in_steps(moved: int, left: int) -> str:
    from awsprof.importing.moving import batch_size

    size = batch_size(moved + left)
    return f", {size} at a time" if moved > size else ""


def _left_object(one: Left) -> dict[str, object]:
    return {"name": one.name, "status": one.error.status, "message": one.error.message, "hint": one.error.hint}


def _sentence(moved: Moved) -> str:
    profile = moved.profile
    whose = f"account {profile.account_id or 'not known'}{f', {moved.arn}' if moved.arn else ''}"
    if moved.keys is None:
        return f"Renamed {printable(moved.name)} to {profile.name}: {whose}"
    if not moved.undoable:
        return f"The keys of {printable(moved.name)} are {profile.name}'s already: {whose}"
    if moved.name == profile.name:
        return f"Moved the keys of {profile.name} into the vault: {whose}"
    return f"Imported {printable(moved.name)} as {profile.name}: {whose}"
