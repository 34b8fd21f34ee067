"""The command that opens AWS's console, each account's in a browser profile of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awsprof.cli.clipboard import clipboard
from awsprof.cli.main import Command
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.cli.sessions import warn_of_missing_mfa
from awsprof.cli.using import read_only_option
from awsprof.errors import AwsprofError, UsageError
from awsprof.model import Kind, check_region
from awsprof.naming import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.browsers.console import Page
    from awsprof.cli.world import World
    from awsprof.model import Profile


@click.command("console", cls=Command)
@click.argument("selector", required=False)
@click.option("--service", metavar="SERVICE", help="Open a service, by AWS's own short name.")
@click.option("--region", metavar="REGION", help="Open it in another region than the profile's.")
@click.option("--browser", metavar="NAME", help="Open it in another browser than the setting 'browser' names.")
@click.option("--print", "only_print", is_flag=True, help="Print the address, and open nothing.")
@click.option("--copy-code", is_flag=True, help="Put the current MFA code into the clipboard, for the sign-in page.")
@click.option("--federate", is_flag=True, help="Sign in an IAM user who has no MFA device without the sign-in page.")
@read_only_option
@click.option("--url", metavar="URL", hidden=True, help="Open this page; what BROWSER is for the AWS CLI.")
@selecting
@click.pass_obj
def console_command(
    world: World,
    selector: str | None,
    service: str | None,
    region: str | None,
    browser: str | None,
    only_print: bool,
    copy_code: bool,
    federate: bool,
    read_only: bool,
    url: str | None,
    narrowing: Narrowing,
) -> None:
    """
    Open the AWS console of a profile's account, in a browser window of its own.

    A role is signed in with its session; an IAM user gets the account's sign-in page.

    \b
    awsprof console prod
    awsprof console dev --service lambda --region us-east-1
    awsprof console prod --copy-code
    awsprof console audit --read-only
    """
    from awsprof.browsers.console import Wanted

    profile = one(world, selector, narrowing)
    if url is not None:
        _open_for_another(world, profile, url)
        return
    if only_print and browser:
        raise UsageError("--print and --browser exclude each other")
    if federate and profile.kind is Kind.ROLE:
        world.say(f"--federate is for IAM users: {printable(profile.name)} is a role, and signed in without it.")
    wanted = Wanted(service, check_region(region) if region else None, federate, read_only)
    copy = _code_copier(world, profile, wanted.federate) if copy_code else None
    warn_of_missing_mfa(world, profile)
    page = world.console.page(profile, wanted)
    if only_print:
        _print(world, profile, page)
    else:
        world.console.open(profile, page, browser=browser)
        click.echo(_opened(world, profile, page))
    if copy is not None:
        copy()


def _print(world: World, profile: Profile, page: Page) -> None:
    click.echo(page.url)
    if page.signed_in:
        world.warn(
            f"This address is a secret: for 15 minutes, whoever has it is signed in as {profile.name} without any code"
        )


def _opened(world: World, profile: Profile, page: Page) -> str:
    alias = world.store.alias(page.account_id)
    account = f"{page.account_id or 'unknown'}{f' ({alias})' if alias else ''}"
    what = "console" if page.signed_in else "sign-in page"
    return printable(f"{profile.name}: {what} opened, account {account}")


def _code_copier(world: World, profile: Profile, federate: bool) -> Callable[[], None]:
    """Return what copies the code once the page is open; raises first where there is no code, or no clipboard."""
    from awsprof.cli.mfa import make_code

    if profile.kind is not Kind.USER or federate:
        raise UsageError(
            f"--copy-code is for an IAM user's sign-in page, and {printable(profile.name)} is signed in without one",
            hint="Leave it out.",
        )
    holder = world.seeds.holder(profile)
    # A code is not to be spent on a clipboard that is not there.
    put = clipboard()

    def copy() -> None:
        digits, left_s = make_code(world, holder)
        put(digits)
        click.echo(f"MFA code copied; {left_s} s left")

    return copy


def _open_for_another(world: World, profile: Profile, url: str) -> None:
    """
    Open a page that another program asks for; succeeds always, and says on stderr what went wrong.

    Told of a failure, the AWS CLI would open the page in any other browser: in the window of another account.
    """
    from awsprof.browsers.console import Page
    from awsprof.browsers.sign_in import checked_page

    try:
        world.console.open(profile, Page(checked_page(url), profile.account_id, signed_in=False))
    except AwsprofError as error:
        world.warn(f"Nothing was opened: {error.message}")
    except OSError as error:
        world.warn(f"Nothing was opened: {error.strerror or type(error).__name__}")
