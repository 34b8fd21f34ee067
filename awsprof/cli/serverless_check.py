"""The command that says what Serverless would deploy with, before it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.render import show_findings
from awsprof.errors import AwsprofError, UnparsableYamlError

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.model import CallerIdentity, Profile


@click.command("check", cls=Command)
@click.argument("file", required=False)
@click.option("--stage", metavar="STAGE", help="This stage only, as if it were about to be deployed.")
@click.option("--online", is_flag=True, help="Ask AWS which account each profile really reaches.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check_command(context: click.Context, file: str | None, stage: str | None, online: bool, as_json: bool) -> None:
    """
    Say what Serverless would deploy each stage with, and what is wrong with it.

    For build servers and before a deploy: it runs nothing, and asks AWS only with --online. Exit status 1 means that
    an error was found.

    \b
    awsprof serverless check
    awsprof serverless check --stage prod
    awsprof serverless check services/api/serverless.yml --online --json
    """
    from awsprof.findings import Finding, Severity
    from awsprof.serverless.check import Check
    from awsprof.serverless.service import find_file, read_service

    world: World = context.obj
    path = Path(file) if file is not None else find_file(Path())
    team = team_of(world, path)
    try:
        service = read_service(path)
    except UnparsableYamlError as error:
        found = [Finding("unparsable", Severity.ERROR, error.reason, error.hint, file=str(path), line=error.line)]
    else:
        ask = _asking(world) if online else None
        found = Check(service, team, world.files.profiles(), world.environ, ask=ask).run(stage)
    stages = f"stage {stage}" if stage else "every stage"
    context.exit(show_findings(found, as_json=as_json, clean=f"{path}: {stages} uses its own account's profile."))


def _asking(world: World):  # type: ignore[no-untyped-def]
    def ask(profile: Profile) -> CallerIdentity:
        credentials = world.sessions.serve(profile).credentials
        return world.aws.caller_identity(credentials, region=profile.region_for_calls(world.environ))

    return ask
