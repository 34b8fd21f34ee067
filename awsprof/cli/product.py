"""The commands for a product's team file: made from one's own profiles, explained, and joined by a new colleague."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.changes import show_dry
from awsprof.cli.main import Group, show_error
from awsprof.cli.new_profile import ask_key_id, ask_secret, read_keys, region_of, show_added
from awsprof.cli.render import echo_json, table
from awsprof.cli.selecting import product_in_context, team_file, user_in_context
from awsprof.errors import AnswerNeededError, NoSingleProfileError, UsageError
from awsprof.naming import ProfileName, check_part, printable
from awsprof.settings import TeamFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsprof.cli.world import World
    from awsprof.model import LongTermCredentials
    from awsprof.products.joining import Joining
    from awsprof.products.membership import StageRow
    from awsprof.products.own_profiles import OwnProduct
    from awsprof.profiles.changing import Change


@click.group("product", cls=Group)
def product_command() -> None:
    """
    Make, explain and join a product's team file.

    .awsprof.toml lies in the product's repository and says which account each env is: no secret, and nobody's name.

    \b
    awsprof product init        write it from the profiles you have
    awsprof product show        which stage is which account, and what you still need
    awsprof product join        a new colleague's whole set-up
    """


@product_command.command("init")
@click.argument("product", required=False)
@click.option("--product", "option", metavar="PRODUCT", help="The same as the argument.")
@click.option(
    "--stage", "stages", metavar="ENV=STAGE,...", multiple=True, help="The stages of an env; may be given again."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@click.pass_obj
def init_command(
    world: World, product: str | None, option: str | None, stages: tuple[str, ...], yes: bool, dry_run: bool
) -> None:
    """
    Write .awsprof.toml from the profiles you have.

    It goes to the root of the git repository. One that is there gets what it lacks, and loses nothing.

    \b
    awsprof product init
    awsprof product init autochart --stage dev=dev,staging
    awsprof product init --dry-run
    """
    from awsprof.products.own_profiles import own_product, stages_given
    from awsprof.products.team_file import place_of

    given = stages_given(stages)
    path = place_of(Path.cwd())
    there = TeamFile.load(path) if path.exists() else None
    name = _product(world, product, option, there)
    own = own_product(name, world.files.profiles(), world.settings, given)
    if not (yes or dry_run) and world.terminal.can_answer():
        own = _asked_for_staging(world, own, there)
    for profile in own.without_account(there):
        world.warn(f"{profile} does not tell its account, so the team file does not either")
    _write(world, path, own, yes=yes, dry_run=dry_run)


def _write(world: World, path: Path, own: OwnProduct, *, yes: bool, dry_run: bool) -> None:
    from awsprof.products.team_file import completed
    from awsprof.profiles.changing import DryChange

    def edit(change: Change) -> None:
        change.edit(path, lambda data: completed(path, data, own), most_mode=None, new_mode=0o666)

    preview = DryChange()
    edit(preview)
    where, planned = printable(str(path)), preview.edits[path]
    if planned.before == planned.after:
        click.echo(f"{where}: nothing to change.")
        return
    show_dry(preview)
    if dry_run:
        return
    if not yes and not world.terminal.confirm(f"Write {where}?"):
        world.say("Nothing was written.")
        raise click.exceptions.Exit(1)
    done = "completed" if planned.before else "made"
    with world.changes.begin("product", f"team file of {own.name} {done}") as change:
        edit(change)
    click.echo(f"Wrote {where}; 'awsprof undo' takes it back.")
    world.say("Commit it: 'awsprof product join' is then a new colleague's whole set-up.")


def _product(world: World, argument: str | None, option: str | None, there: TeamFile | None) -> str:
    """Return the product that the file is for: as named, as it says itself, in context, or the only one there is."""
    from awsprof.products.own_profiles import products_in

    if argument and option and argument != option:
        raise UsageError(f"'{printable(argument)}' and --product name two products", hint="Name one of them.")
    if argument or option:
        return check_part("product", argument or option or "")
    found = (there.product if there else None) or product_in_context(world)
    if found is not None:
        return found
    products = products_in(world.files.profiles())
    if not products:
        raise NoSingleProfileError("There are no profiles yet", hint="'awsprof add PRODUCT ENV USER' makes one.")
    if len(products) == 1:
        return products[0]
    if not world.terminal.can_answer():
        raise AnswerNeededError(f"Which product it is for ({', '.join(products)})", option="--product")
    return products[world.terminal.choose("Which product?", products, option="--product")]


def _asked_for_staging(world: World, own: OwnProduct, there: TeamFile | None) -> OwnProduct:
    """Ask the one thing that profiles cannot tell, where it is likely: a second stage in the account of dev."""
    from awsprof.products.own_profiles import STAGING, could_hold_staging

    question = f"Does the stage {STAGING} live in the account of dev?"
    if not could_hold_staging(own, there) or not world.terminal.confirm(question, option="--stage"):
        return own
    return own.with_stages("dev", ("dev", STAGING))


@product_command.command("show")
@click.option("--user", metavar="USER", help="Whose profiles; your own when left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show_command(world: World, user: str | None, as_json: bool) -> None:
    """
    Show which stage is which account, and what you still need.

    \b
    awsprof product show
    awsprof product show --user paul --json
    """
    _show(world, team_file(world), _user(world, user), as_json=as_json)


def _user(world: World, given: str | None) -> str | None:
    user = given if given is not None else user_in_context(world)
    return None if user is None else check_part("user", user)


def _show(world: World, team: TeamFile, user: str | None, *, as_json: bool = False) -> None:
    from awsprof.products.membership import stage_rows

    rows = stage_rows(team, world.files.profiles(), world.settings, user)
    if as_json:
        file = {"product": team.product, "file": str(team.path), "region": team.region}
        echo_json({**file, "stages": [row.to_json() for row in rows]})
        return
    click.echo(f"{team.product}{f', {team.region}' if team.region else ''}: {printable(str(team.path))}")
    if not rows:
        click.echo("It has no env yet. Next: awsprof product init")
        return
    click.echo(_stage_table(rows))
    # Stages of one env share its problem.
    for env, problem in dict.fromkeys((row.env, row.problem) for row in rows):
        if problem is not None:
            click.echo(f"{env}: {printable(problem.what)}. Next: {printable(problem.fix)}")


def _stage_table(rows: Sequence[StageRow]) -> str:
    cells = [(row.stage or "-", row.env, row.account_id or "-", ", ".join(row.profiles) or "-") for row in rows]
    colours = ["red" if row.protected else None for row in rows]
    return table([("STAGE", "ENV", "ACCOUNT", "MY PROFILE"), *cells], [None, *colours])


@product_command.command("join")
@click.option("--user", metavar="USER", help="The last part of your profiles' names.")
@click.option(
    "--from",
    "sources",
    metavar="ENV=FILE",
    multiple=True,
    help="Read the keys of an env from a file, or from stdin with '-'; may be given again.",
)
@click.option("--yes", is_flag=True, help="Keep the user name as the setting 'user' without asking.")
@click.pass_obj
def join_command(world: World, user: str | None, sources: tuple[str, ...], yes: bool) -> None:
    """
    Add your own profile for each env of the team file.

    Asks for the access key of each env (hidden), unless --from names a file with it; an empty answer leaves the env
    out. AWS is asked whose key it is, and a key of another account than the file says is refused.

    \b
    awsprof product join
    awsprof product join --user paul --from dev=dev_accessKeys.csv --from prod=-
    """
    from awsprof.products.joining import Joining

    team = team_file(world)
    files = _sources(team, sources)
    user = _user(world, user) or _asked_user(world, yes=yes)
    names = [ProfileName(team.product, env, user) for env in team.envs]
    profiles = world.files.profiles()
    if not files and not world.terminal.can_answer() and any(str(name) not in profiles for name in names):
        raise AnswerNeededError("Which keys to add", option="--from ENV=FILE")
    joining = Joining(adding=world.adding, person=_Person(world, files))
    statuses = [_join(world, joining, name, there=str(name) in profiles) for name in names]
    _show(world, team, user)
    raise click.exceptions.Exit(next((status for status in statuses if status), 0))


def _join(world: World, joining: Joining, name: ProfileName, *, there: bool) -> int:
    """Add one profile and say what came of it; returns an exit status."""
    if there:
        world.say(f"{name} is there already.")
        return 0
    joined = joining.join(name)
    if joined.error is not None:
        return show_error(joined.error.status, f"{name}: {joined.error.message}", joined.error.hint)
    if joined.added is None:
        world.say(f"{name} was left out.")
        return 0
    for warning in joined.added.warnings:
        world.warn(warning)
    show_added(joined.added)
    return 0


def _sources(team: TeamFile, words: Sequence[str]) -> dict[str, str]:
    """Return the files that keys are to be read from, by env."""
    files: dict[str, str] = {}
    for word in words:
        env, _, file = word.partition("=")
        if not file or env in files:
            raise UsageError(f"--from takes a file for each env, not '{printable(word)}'", hint="As in dev=keys.csv.")
        if env not in team.envs:
            envs = f"It has {', '.join(team.envs)}." if team.envs else None
            raise UsageError(f"{team.path} has no env '{printable(env)}'", hint=envs)
        files[env] = file
    if list(files.values()).count("-") > 1:
        raise UsageError("stdin can be read only once", hint="Name a file for all envs but one.")
    return files


def _asked_user(world: World, *, yes: bool) -> str:
    answer = world.terminal.ask("Your user name (the last part of your profiles' names): ", option="--user")
    user = check_part("user", answer.strip())
    if yes or world.terminal.confirm(f"Keep {user} as the setting 'user', so that every command knows it?"):
        world.change_setting("user", user)
    return user


class _Person:
    """Whoever joins: reads the files that were given, and asks for the rest."""

    def __init__(self, world: World, files: Mapping[str, str]) -> None:
        self._world = world
        self._files = files

    def keys(self, name: ProfileName) -> LongTermCredentials | None:
        file = self._files.get(name.env)
        if file is not None:
            return read_keys(file)
        if not self._world.terminal.can_answer():
            return None
        key_id = ask_key_id(self._world, name, unless=" (empty to leave it out)")
        return ask_secret(self._world, key_id) if key_id.strip() else None

    def region(self, name: ProfileName) -> str | None:
        return region_of(self._world, name, None)
