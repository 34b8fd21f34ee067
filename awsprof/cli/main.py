"""
The root command: finds commands without importing them all, and turns errors into a sentence and an exit status.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import awsprof
from awsprof.errors import AwsprofError
from awsprof.naming import printable
from awsprof.storage.lock import LockHeldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awsprof.cli.world import World


class _Entry(NamedTuple):
    family: str
    module: str
    help: str


# Their one-line helps stand here so that --help imports none of them; a test holds them equal to the commands' own.
_COMMANDS = {
    "add": _Entry("Profiles", "profiles", "Add a profile: its keys into the vault, the rest into ~/.aws/config."),
    "list": _Entry("Profiles", "profiles", "List profiles with account, region, MFA and session."),
    "show": _Entry("Profiles", "profiles", "Show one profile."),
    "set": _Entry("Profiles", "changes", "Change settings of a profile; KEY= takes one out."),
    "rename": _Entry("Profiles", "changes", "Rename a profile wherever it is named."),
    "remove": _Entry("Profiles", "profiles", "Remove a profile, its keys and its session from this machine."),
    "import": _Entry(
        "Profiles", "importing", "Give profiles you have a name of the convention; their keys into the vault."
    ),
    "default": _Entry("Profiles", "changes", "Show every default there is, or be rid of it."),
    "undo": _Entry("Profiles", "changes", "Take back what an earlier command changed."),
    "doctor": _Entry("Profiles", "doctor", "Find what is wrong with files, environment, vault and profiles."),
    "login": _Entry("Sessions", "sessions", "Start a session with one MFA code; every AWS tool then just works."),
    "logout": _Entry("Sessions", "sessions", "Forget sessions."),
    "status": _Entry("Sessions", "sessions", "Show which sessions are live, and for how long."),
    "whoami": _Entry("Sessions", "using", "Ask AWS whose credentials this shell's tools use, or a profile has."),
    "mfa": _Entry("Sessions", "mfa", "Make, store, list and remove MFA devices."),
    "rotate": _Entry("Sessions", "rotating", "Replace access keys by new ones, with one MFA code."),
    "vault": _Entry("Sessions", "vault", "See, unlock, lock and move the place where secrets rest."),
    "use": _Entry("Use them", "activating", "Make a profile the active one of this shell."),
    "off": _Entry("Use them", "activating", "Make no profile the active one of this shell."),
    "exec": _Entry("Use them", "using", "Run a command with a profile's credentials."),
    "export": _Entry("Use them", "using", "Print a profile's credentials as shell code, dotenv or JSON."),
    "console": _Entry(
        "Use them", "console", "Open the AWS console of a profile's account, in a browser window of its own."
    ),
    "launcher": _Entry("Use them", "launcher", "Put a launcher for each account into the desktop's menu."),
    "browser": _Entry("Use them", "browser", "List, reset and remove the browser profiles of accounts."),
    "product": _Entry("Projects", "product", "Make, explain and join a product's team file."),
    "serverless": _Entry("Projects", "serverless", "Give each stage of a Serverless service its profile."),
    "account": _Entry("Accounts", "account", "Make, set up and list accounts of an organization."),
    "audit": _Entry("Accounts", "audit", "Check accounts: root user, MFA, permissions, old and unused keys."),
    "init": _Entry("Shell", "shell", "Print the integration with a shell, for one line in its start-up file."),
    "prompt": _Entry("Shell", "shell", "Print the active profile in a few words, for other programs' prompts."),
    "completion": _Entry("Shell", "completion", "Print the code that completes awsprof's words in a shell."),
    "settings": _Entry("Shell", "settings", "Get, set and list awsprof's own settings."),
    "credential-process": _Entry("Plumbing", "sessions", "Answer an AWS tool; credential_process lines call this."),
}


# Those that must not wait for anything: what has expired stays for the next command.
_HOT = ("credential-process", "prompt", "completion", "init")
# One that looks at what is there must not tidy it up first.
_LOOKING = ("doctor",)


class Command(click.Command):
    """A command with the options that every command has."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += [
            click.Option(["--quiet"], is_flag=True, expose_value=False, callback=_set_quiet, help="Keep notices back."),
            click.Option(
                ["--debug"], is_flag=True, expose_value=False, callback=_set_debug, help="Show each call; no secret."
            ),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        if self.name not in (*_HOT, *_LOOKING) and not ctx.params.get("names") and not ctx.params.get("dry_run"):
            _world(ctx).sweep()
        return super().invoke(ctx)


def wants_colour() -> bool | None:
    """Return False where NO_COLOR or a dumb terminal asks for none; None lets click look at the stream."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def _world(context: click.Context) -> World:
    # Imported here, so that --help need not wait for it.
    from awsprof.cli.world import World

    return context.ensure_object(World)


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        _world(context).debug = True


def _set_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        _world(context).quiet = True


class Group(click.Group):
    """A group of our commands."""

    command_class = Command


class Root(Group):
    """Loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"awsprof.cli.{entry.module}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for family in dict.fromkeys(entry.family for entry in _COMMANDS.values()):
            with formatter.section(family):
                formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items() if entry.family == family])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            raise click.UsageError(
                f"There is no command '{args[0]}'" + (f"; did you mean '{close[0]}'?" if close else ""), ctx
            )
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]  # click overloads on standalone_mode what is one method here
        self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **extra: Any
    ) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        run_click = super().main
        status = _status_of(lambda: run_click(arguments, standalone_mode=False, **extra), arguments)
        if standalone_mode:
            sys.exit(status)
        return status


def _status_of(work: Any, arguments: list[str]) -> int:
    """Run *work* and return its exit status; the one place that makes an error into words."""
    as_json = "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)
    try:
        outcome = work()
    except AwsprofError as error:
        return show_error(error.status, error.message, error.hint, as_json=as_json)
    except click.UsageError as error:
        named = next((word for word in arguments if word in _COMMANDS), None)
        command = error.ctx.command_path if error.ctx else "awsprof"
        command = f"awsprof {named}" if command == "awsprof" and named else command
        message = error.format_message().rstrip(".")
        if isinstance(error, click.MissingParameter):
            # click puts choices on lines of their own.
            message = " ".join(message.split()).replace(". Choose from: ", ": choose from ")
        return show_error(2, message, f"'{command} --help' shows how it is used.", as_json=as_json)
    except click.ClickException as error:
        return show_error(1, error.format_message().rstrip("."), None, as_json=as_json)
    except KeyboardInterrupt:
        click.echo("", err=True)
        return 130
    except click.Abort:
        # click has ended the line already.
        return 130
    except BrokenPipeError:
        # Whoever read us has left; what is still in the buffer has nowhere to go.
        sys.stdout = None
        return 1
    except LockHeldError as error:
        message = f"Another process holds a lock for too long: {error.holder}"
        return show_error(5, message, "Wait for that command, or end it, then try again.", as_json=as_json)
    except OSError as error:
        # A full disk, a directory in a file's place: whatever was begun has been taken back on the way here.
        if "--debug" in arguments:
            _show_frames(error)
        where = f"{error.filename}: " if error.filename else ""
        return show_error(1, f"{where}{error.strerror or type(error).__name__}", None, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - a traceback may hold secrets in its lines; it is shown only when asked for
        if "--debug" in arguments:
            _show_frames(error)
        kind = type(error).__name__
        return show_error(1, f"awsprof failed unexpectedly ({kind})", "Run it again with --debug.", as_json=as_json)
    return outcome if isinstance(outcome, int) else 0


def _show_frames(error: BaseException | None) -> None:
    """Print where an error came from: code and types only, since a message may hold the value that was wrong."""
    import traceback

    while error is not None:
        traceback.print_tb(error.__traceback__)
        click.echo(type(error).__qualname__, err=True)
        error = error.__cause__ or error.__context__


def show_error(status: int, message: str, hint: str | None, *, as_json: bool = False) -> int:
    """Say what went wrong on stderr, and what helps; returns *status*."""
    if as_json:
        import json

        table = {"version": 1, "error": {"status": status, "message": message, "hint": hint}}
        click.echo(json.dumps(table), err=True)
        return status
    message, hint = printable(message), None if hint is None else printable(hint)
    prefix = click.style("Error:", fg="red", bold=True)
    click.echo(
        f"{prefix} {message}." if message[-1:] not in ".?!" else f"{prefix} {message}", err=True, color=wants_colour()
    )
    if hint:
        click.echo(hint, err=True)
    return status


@click.group("awsprof", cls=Root, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(awsprof.__version__, prog_name="awsprof", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show each call; no secret.")
@click.option("--quiet", is_flag=True, expose_value=False, callback=_set_quiet, help="Keep notices back.")
@click.pass_context
def main(context: click.Context) -> None:
    """
    One safe, fast way to work in many AWS accounts.

    \b
    awsprof add autochart prod paul      keys into the vault, never in plain text
    awsprof login prod                   one MFA code a session
    aws s3 ls --profile autochart_prod_paul
    """
    world = _world(context)
    context.color = wants_colour()
    if context.invoked_subcommand is None:
        from awsprof.cli.welcome import show_welcome

        show_welcome(context, world)


def run() -> int:
    """Run the command line of this process and return its exit status."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file opened would get its number, and what is meant for a closed stderr would go there.
            os.open(os.devnull, os.O_RDWR)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - as long as the process lives
    status = main.main(standalone_mode=False)
    assert isinstance(status, int)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Python itself would find out at its end, and say so in words of its own.
        sys.stdout = None
        return show_error(1, f"The output could not be written: {error.strerror}", None)
    return status
