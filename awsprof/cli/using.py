"""The commands that hand a profile's credentials to something else, or ask AWS whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awsprof.cli.main import Command
from awsprof.cli.render import echo_json, table
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.cli.sessions import warn_of_missing_mfa
from awsprof.errors import NoLiveSessionError, UsageError
from awsprof.naming import printable
from awsprof.shells.quoting import FORMATS, render

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.sessions.shell_identity import ShellIdentity, ToolIdentity


read_only_option = click.option(
    "--read-only", is_flag=True, help="Allow what ReadOnlyAccess allows, and no more; role profiles only."
)


class _ExecCommand(Command):
    """Reads its own options before ``--`` only; what follows is somebody else's command, untouched."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta["command"] = args[at + 1 :]
            return super().parse_args(ctx, args[:at])
        # Without --, the first word is the selector and all behind it the command.
        ctx.allow_interspersed_args = False
        ctx.meta["command"] = None
        return super().parse_args(ctx, args)


@click.command("exec", cls=_ExecCommand, context_settings={"ignore_unknown_options": False})
@click.argument("words", metavar="[SELECTOR] -- COMMAND...", nargs=-1, type=click.UNPROCESSED)
@read_only_option
@selecting
@click.pass_context
def exec_command(context: click.Context, words: tuple[str, ...], read_only: bool, narrowing: Narrowing) -> None:
    """
    Run a command with a profile's credentials.

    Logs in first when a session is needed. The command replaces awsprof, so its exit status and signals are its own.
    Serverless is not started for a stage of another env.

    \b
    awsprof exec prod -- aws s3 ls
    awsprof exec autochart/dev -- npm run deploy
    awsprof exec prod -- serverless deploy --stage prod
    awsprof exec audit --read-only -- aws s3 ls
    """
    world: World = context.obj
    command = context.meta["command"]
    if command is None:
        command = list(words[1:])
        words = words[:1]
        if command and command[0].startswith("-"):
            raise click.UsageError("Options go before SELECTOR, and the command behind --", context)
    if len(words) > 1:
        raise click.UsageError("One SELECTOR, then --, then the command", context)
    if not command:
        raise click.UsageError("There is no command to run", context)
    profile = one(world, words[0] if words else None, narrowing)
    from awsprof.serverless.starting import check_start, stand_in
    from awsprof.shells.environment import for_command, without_others

    kept = without_others(world.environ)
    start = check_start(command, profile, world.team, directory=Path.cwd(), environ=kept)
    if start is not None and start.warning:
        world.warn(start.warning)
    warn_of_missing_mfa(world, profile)
    served = world.sessions.serve(profile, read_only=read_only)
    environ = for_command(world.environ, profile, served.credentials)
    if start is not None:
        environ |= stand_in(profile, world.places, Path.cwd(), world.environ)
    context.exit(world.become(command, environ))


@click.command("export", cls=Command)
@click.argument("selector", required=False)
@click.option("--format", "style", type=click.Choice(FORMATS), default="sh", show_default=True, help="Whose words.")
@read_only_option
@selecting
@click.pass_obj
def export_command(world: World, selector: str | None, style: str, read_only: bool, narrowing: Narrowing) -> None:
    """
    Print a profile's credentials as shell code, dotenv or JSON.

    Prints secrets: that is its purpose. dotenv and json cannot take variables out; they hold only what is set.

    \b
    eval "$(awsprof export dev)"
    awsprof export dev --format fish | source
    awsprof export dev --format dotenv > .env
    """
    profile = one(world, selector, narrowing)
    from awsprof.shells.environment import taken_out, variables

    served = world.sessions.serve(profile, read_only=read_only)
    click.echo(render(style, taken_out(world.environ), variables(profile, served.credentials)), nl=False)


@click.command("whoami", cls=Command)
@click.argument("selector", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_context
def whoami_command(context: click.Context, selector: str | None, as_json: bool, narrowing: Narrowing) -> None:
    """
    Ask AWS whose credentials this shell's tools use, or a profile has.

    Without a selector it works out what the AWS CLI, boto3, the SDKs for JavaScript v3 and v2, and the one for Go
    (Terraform) would use here, starting none of them. Exit 1: they disagree or fail. Exit 8: there is nothing to use.

    \b
    awsprof whoami
    awsprof whoami prod
    """
    world: World = context.obj
    if selector is None:
        if any(narrowing):
            raise UsageError(
                "--product, --user and --exact narrow a selector, and none is named", hint="Name one, as in 'prod'."
            )
        context.exit(_show_shell(world, as_json=as_json))
    profile = one(world, selector, narrowing)
    credentials = world.sessions.serve(profile).credentials
    region = profile.region_for_calls(world.environ)
    identity = world.aws.caller_identity(credentials, region=region)
    alias = world.aws.account_alias(credentials, region=region)
    if alias != world.store.alias(identity.account_id):
        world.store.save_alias(identity.account_id, alias)
        world.sessions.tell(profile)
    if as_json:
        echo_json(
            {
                "profile": profile.name,
                "account_id": identity.account_id,
                "alias": alias,
                "arn": identity.arn,
                "user_id": identity.user_id,
            }
        )
        return
    account = f"{identity.account_id} ({alias})" if alias else identity.account_id
    click.echo(f"{printable(profile.name)}: account {account}, {identity.arn}")


def _show_shell(world: World, *, as_json: bool) -> int:
    """Show what the tools of this shell use; returns the exit status."""
    from awsprof.readers.sources import sources

    try:
        _ = world.team
    except UsageError as error:
        # No tool reads that file, and it may be anybody's.
        world.warn(error.message)
        world.team = None
    shell = world.shell_identities.of(sources(world.environ))
    if as_json:
        echo_json({"agree": shell.agree, "tools": [tool.to_json() for tool in shell.tools]})
    elif shell.is_nobody:
        raise NoLiveSessionError(
            f"No tool has an identity here: {shell.tools[0].error}",
            hint="Make a profile the active one with 'awsprof use SELECTOR', or name one: 'awsprof whoami SELECTOR'.",
        )
    elif shell.status == 0:
        click.echo(_all_the_same(world, shell.tools[0]))
    else:
        click.echo(_shell_table(world, shell))
    return shell.status


def _account(world: World, account_id: str) -> str:
    alias = world.store.alias(account_id)
    return f"{account_id} ({alias})" if alias else account_id


def _all_the_same(world: World, tool: ToolIdentity) -> str:
    assert tool.identity is not None
    profile = f"profile {tool.source.profile}: " if tool.source.profile else ""
    account = _account(world, tool.identity.account_id)
    return printable(f"All tools: account {account}, {tool.identity.arn} ({profile}{tool.source.why})")


def _shell_table(world: World, shell: ShellIdentity) -> str:
    """Return a line for each tool, all red, and below them why each has this identity, or none."""
    rows = [("TOOL", "SOURCE", "PROFILE", "ACCOUNT", "IDENTITY")]
    reasons: dict[str, list[str]] = {}
    for tool in shell.tools:
        identity = tool.identity
        account, whose = ("-", "-") if identity is None else (_account(world, identity.account_id), identity.arn)
        rows.append((str(tool.tool), str(tool.source.kind), tool.source.profile or "-", account, whose))
        # What goes wrong may be long.
        why = tool.source.why if identity is not None else tool.error or ""
        reasons.setdefault(why, []).append(str(tool.tool))
    lines = [table(rows, [None, *["red"] * len(shell.tools)])]
    lines += [printable(f"{', '.join(tools)}: {why}.") for why, tools in reasons.items()]
    return "\n".join(lines)
