"""The commands for Serverless Framework: the profile of each stage, shown and put into serverless.yml."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.changes import show_dry
from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, show_findings
from awsprof.cli.selecting import team_file
from awsprof.errors import UnparsableYamlError
from awsprof.naming import printable
from awsprof.serverless.stages import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsprof.cli.world import World
    from awsprof.serverless.writing import FileEdit

_style_option = click.option(
    "--style",
    type=click.Choice(tuple(map(str, Style))),
    default="map",
    show_default=True,
    help="Where the profiles stand: a map in custom, the stages' params, or nowhere.",
)


@click.group("serverless", cls=Group)
def serverless_command() -> None:
    """
    Give each stage of a Serverless service its profile.

    \b
    awsprof serverless show --stage prod
    awsprof serverless write --dry-run
    """


@serverless_command.command("show")
@click.option("--stage", metavar="STAGE", help="This stage alone.")
@_style_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show_command(world: World, stage: str | None, style: str, as_json: bool) -> None:
    """
    Print what serverless.yml has to say, ready to paste.

    \b
    awsprof serverless show
    awsprof serverless show --style params
    """
    from awsprof.serverless.stages import as_yaml, stages_of, wanted

    team = team_file(world)
    stages = stages_of(team, stage)
    tree = wanted(team, stages, Style(style))
    if as_json:
        echo_json({"style": style, "file": str(team.path), "snippet": tree})
        return
    click.echo(as_yaml(tree), nl=False)
    _say_who_gives_the_profile(world, style, stages[0].env, stages[0].name)


@serverless_command.command("write")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@_style_option
@click.option("--force", is_flag=True, help="Replace what says otherwise.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the diff and change nothing.")
@click.pass_obj
def write_command(world: World, file: Path | None, style: str, force: bool, yes: bool, dry_run: bool) -> None:
    """
    Put the profile of each stage into serverless.yml.

    FILE is serverless.yml of this directory when left out. Everything else in it stays as it is, to the byte.

    \b
    awsprof serverless write --dry-run
    awsprof serverless write services/api/serverless.yml --style params
    """
    from awsprof.serverless import writing

    path = file or writing.service_file(Path())
    writing.check_service_file(path)
    wanted = writing.wanted_in_file(team_file(world, path), Style(style))
    snippet = writing.snippet_for(path, wanted.tree)
    if snippet is not None:
        click.echo(snippet, nl=False)
        world.say(writing.why_not_edited(path))
        return
    with _showing_what_is_refused():
        written = _write(world, writing.FileEdit(path, wanted, force=force), style, yes=yes, dry_run=dry_run)
    if written:
        _say_who_gives_the_profile(world, style, "ENV", "STAGE")


def _write(world: World, edit: FileEdit, style: str, *, yes: bool, dry_run: bool) -> bool:
    """Show what an edit changes, ask, and make it; False where nothing is written."""
    from awsprof.profiles.changing import DryChange

    name, preview = printable(str(edit.path)), DryChange()
    edit.make(preview)
    if preview.is_empty:
        click.echo(f"{name}: nothing to change.")
        return False
    show_dry(preview)
    if dry_run:
        return False
    if not yes and not world.terminal.confirm(f"Change {name}?"):
        world.say("Nothing was written.")
        raise click.exceptions.Exit(1)
    edit.write(world.changes, f"style {style}")
    click.echo(f"{name}: style {style} written; 'awsprof undo' takes it back.")
    return True


@contextlib.contextmanager
def _showing_what_is_refused() -> Iterator[None]:
    """Show the places where a file says otherwise, and what to paste where it cannot be edited."""
    from awsprof.serverless.merging import CannotMergeError, DisagreementError

    try:
        yield
    except DisagreementError as error:
        for one in error.disagreements:
            click.echo(printable(f"{one.path}, line {one.line}: {'.'.join(one.keys)}"))
            click.echo(printable(f"  there:  {one.there}"))
            click.echo(printable(f"  wanted: {one.wanted or 'none'}"))
        raise
    except CannotMergeError as error:
        click.echo(error.snippet, nl=False)
        raise


@serverless_command.command("check")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--stage", metavar="STAGE", help="This stage only, as if it were about to be deployed.")
@click.option("--online", is_flag=True, help="Ask AWS which account each profile really reaches.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check_command(context: click.Context, file: Path | None, stage: str | None, online: bool, as_json: bool) -> None:
    """
    Say what each stage would be deployed with, and what is wrong with it.

    For build servers and before a deploy: it runs nothing, and asks AWS only with --online. Exit status 1 means that
    an error was found.

    \b
    awsprof serverless check
    awsprof serverless check --stage prod
    awsprof serverless check services/api/serverless.yml --online --json
    """
    from awsprof.serverless.check import Check, unparsable
    from awsprof.serverless.service import read_service
    from awsprof.serverless.writing import service_file

    world: World = context.obj
    path = file or service_file(Path())
    team = team_file(world, path)
    try:
        service = read_service(path)
    except UnparsableYamlError as error:
        found = [unparsable(error)]
    else:
        ask = world.identity_of if online else None
        found = Check(service, team, world.files.profiles(), world.environ, ask=ask).run(stage)
    stages = f"stage {stage} uses" if stage else "every stage uses"
    context.exit(show_findings(found, as_json=as_json, clean=f"{path}: {stages} its own account's profile."))


def _say_who_gives_the_profile(world: World, style: str, env: str, stage: str) -> None:
    if style == "env":
        run = f"'awsprof exec {env} -- serverless deploy --stage {stage}'"
        world.say(f"No profile stands in the file: {run} gives it, or 'awsprof use {env}' before.")
