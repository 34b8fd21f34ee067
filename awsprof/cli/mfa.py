"""The commands for MFA devices: made, their seeds kept or forgotten, their codes shown, and taken away again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from awsprof.cli.clipboard import clipboard
from awsprof.cli.main import Group
from awsprof.cli.render import echo_json, until
from awsprof.cli.selecting import Narrowing, one, selecting
from awsprof.errors import AnswerNeededError, AwsprofError, UsageError
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.cli.world import World
    from awsprof.model import Profile
    from awsprof.profiles.enrolling import Enrolling

_MAX_INPUT_BYTES = 65_536


@click.group("mfa", cls=Group)
def mfa_command() -> None:
    """
    Make, store, list and remove MFA devices.

    \b
    awsprof mfa enroll prod             make a device and scan its picture with a phone
    awsprof mfa list prod
    awsprof mfa code prod --copy        with a stored seed, or the setting mfa_command
    """


@mfa_command.command("enroll")
@click.argument("selector", required=False)
@click.option("--device-name", metavar="NAME", help="What AWS calls the device; the user's name when left out.")
@click.option("--store-seed", is_flag=True, help="Keep the seed in the vault: sessions then renew themselves.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def enroll_command(
    world: World, selector: str | None, device_name: str | None, store_seed: bool, yes: bool, narrowing: Narrowing
) -> None:
    """
    Make a virtual MFA device for a user, and use it.

    Shows the seed on the terminal, as a picture to scan and as text, and asks for two codes in a row.

    \b
    awsprof mfa enroll prod
    awsprof mfa enroll prod --device-name pauls-phone
    awsprof mfa enroll dev --store-seed --yes
    """
    profile = one(world, selector, narrowing)
    world.enrolling.check(profile, device_name=device_name)
    if not store_seed and not world.terminal.can_answer():
        raise AnswerNeededError("Which two codes the new device shows", option="--store-seed")
    done = world.enrolling.resume(profile)
    if done is None:
        other = f"{profile.name} uses {profile.mfa_serial} already; make another device and use that instead?"
        if (profile.mfa_serial and not _agreed(world, other, yes=yes)) or (
            store_seed and not _stores_seed(world, yes=yes)
        ):
            world.say("Nothing was enrolled.")
            raise click.exceptions.Exit(1)
        done = world.enrolling.enroll(profile, device_name=device_name, store_seed=store_seed)
    if done.earlier:
        world.say("An earlier enrolment had come as far as AWS, and was finished now; no other device was made.")
    elif profile.mfa_serial:
        world.say(f"The user still has {profile.mfa_serial}, which the profile does not use any more.")
    click.echo(f"{done.name}: device {done.serial} enrolled. 'awsprof login {done.name}' starts a session")


def enrolling(world: World) -> Enrolling:
    """Put together what makes and takes away devices."""
    from awsprof.cli.picture import show_seed
    from awsprof.profiles.enrolling import Enrolling, Person
    from awsprof.profiles.mfa_devices import MfaDevices

    devices = MfaDevices(
        files=world.files,
        places=world.places,
        environ=world.environ,
        vault=lambda: world.vault,
        aws=lambda: world.aws,
        sessions=world.sessions,
        store=world.store,
        seeds=world.seeds,
        journal=world.journal,
        now=world.now,
        can_answer=world.terminal.can_answer,
    )
    person = Person(
        ask=lambda question: world.terminal.ask(question, option="--store-seed"),
        show_seed=lambda holder, seed: show_seed(world.terminal, world.environ, holder=holder, seed=seed),
        warn=world.warn,
    )
    return Enrolling(
        devices=devices,
        files=world.files,
        vault=lambda: world.vault,
        aws=lambda: world.aws,
        sessions=world.sessions,
        store=world.store,
        seeds=world.seeds,
        journal=world.journal,
        person=person,
    )


def _agreed(world: World, question: str, *, yes: bool) -> bool:
    return yes or world.terminal.confirm(question)


def warn_of_stored_seed(world: World) -> None:
    """Say what storing a seed means."""
    world.warn(
        "With the seed stored, both factors lie on this machine: whoever opens the vault has the key and its codes. "
        "The setting mfa_command, any command that prints a code (a password manager's CLI, ykman), is the alternative"
    )


def _stores_seed(world: World, *, yes: bool) -> bool:
    """Say once what storing a seed means, and ask."""
    warn_of_stored_seed(world)
    return _agreed(world, "Store the seed all the same?", yes=yes)


@mfa_command.command("add")
@click.argument("selector", required=False)
@click.option("--from", "source", metavar="FILE", help="Read the seed from a file, or from stdin with '-'.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def add_command(world: World, selector: str | None, source: str | None, yes: bool, narrowing: Narrowing) -> None:
    """
    Store the seed of a device that is enabled already.

    Takes base32 or an otpauth:// URI, and proves it by a login before it is stored.

    \b
    awsprof mfa add dev
    awsprof mfa add dev --from seed.txt
    """
    from awsprof.profiles.seeds import seed_in_text

    holder = world.seeds.holder(one(world, selector, narrowing))
    if not _stores_seed(world, yes=yes):
        world.say("Nothing was stored.")
        raise click.exceptions.Exit(1)
    seed = seed_in_text(_read_seed(world, holder.name, source))
    login = world.seeds.add(holder, seed)
    ends = f", logged in until {until(login.session.expiration, world.now())}" if login.session else ""
    click.echo(f"{holder.name}: seed stored{ends}")


def _read_seed(world: World, name: str, source: str | None) -> str:
    if source is None:
        return world.terminal.ask(f"Seed of the MFA device of {name} (hidden): ", option="--from", hidden=True)
    try:
        with click.open_file(source, "rb") as file:
            data: bytes = file.read(_MAX_INPUT_BYTES)
        return data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{printable(source)} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{printable(source)} is no text") from None


@mfa_command.command("code")
@click.argument("selector", required=False)
@click.option("--copy", is_flag=True, help="Put the code into the clipboard instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_obj
def code_command(world: World, selector: str | None, copy: bool, as_json: bool, narrowing: Narrowing) -> None:
    """
    Make a token code that was never used before, as for the console.

    Needs a stored seed or the setting mfa_command. Waits for the next code when this one is used.

    \b
    awsprof mfa code prod
    awsprof mfa code prod --copy
    """
    if copy and as_json:
        raise UsageError("--copy and --json exclude each other")
    holder = world.seeds.holder(one(world, selector, narrowing))
    # A code is not to be spent on a clipboard that is not there.
    put = clipboard() if copy else None
    digits, left_s = make_code(world, holder)
    if put is not None:
        put(digits)
        click.echo(f"Copied; {left_s} s left")
    elif as_json:
        echo_json({"profile": holder.name, "code": digits, "seconds_left": left_s})
    else:
        click.echo(f"{digits} ({left_s} s left)")


def make_code(world: World, holder: Profile) -> tuple[str, int]:
    """Make the next code of a profile's device; returns it, and for how many seconds it is good."""
    from awsprof.sessions.codes import STEP_S

    with world.sessions.identity_lock(holder.name):
        code = world.sessions.devices.made(holder, holder.mfa_serial or "")
    if code is None:
        raise AwsprofError(
            f"Nothing here makes codes for {holder.name}",
            hint=f"'awsprof mfa add {holder.name}' stores its seed; or name a command that prints a code: "
            "'awsprof settings set mfa_command …'.",
        )
    assert code.step is not None  # made() notes it
    return code.digits, max(0, math.ceil((code.step + 1) * STEP_S - world.now().timestamp()))


@mfa_command.command("list")
@click.argument("selector", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selecting
@click.pass_obj
def list_command(world: World, selector: str | None, as_json: bool, narrowing: Narrowing) -> None:
    """
    List the MFA devices that a profile's user has at AWS.

    Never asks for a code.

    \b
    awsprof mfa list prod
    awsprof mfa list prod --json
    """
    holder = world.sessions.identity(one(world, selector, narrowing))
    listed = world.enrolling.devices.listed(holder)
    if holder.mfa_serial and not any(row.used for row in listed):
        world.warn(f"{holder.name} uses {holder.mfa_serial}, which is no device of its user at AWS")
    if as_json:
        rows = [
            {
                "serial": row.device.serial,
                "used": row.used,
                "gives_codes": row.device.gives_codes,
                "seed_stored": row.seed_stored,
            }
            for row in listed
        ]
        echo_json({"profile": holder.name, "devices": rows})
        return
    for row in listed:
        notes = [
            *([f"used by {holder.name}"] if row.used else []),
            *(["seed stored"] if row.seed_stored else []),
            *([] if row.device.gives_codes else ["a FIDO key or passkey, which gives no codes"]),
        ]
        click.echo(printable(row.device.serial + (f"  {', '.join(notes)}" if notes else "")))
    if not listed:
        click.echo(f"The user of {printable(holder.name)} has no MFA device.")


@mfa_command.command("remove")
@click.argument("selector", required=False)
@click.option("--device", is_flag=True, help="Take the device itself away at AWS, and not only its stored seed.")
@click.option("--force", is_flag=True, help="Allow a protected env to be without MFA.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@selecting
@click.pass_obj
def remove_command(
    world: World, selector: str | None, device: bool, force: bool, yes: bool, narrowing: Narrowing
) -> None:
    """
    Forget a stored seed; with --device, take the device away at AWS.

    \b
    awsprof mfa remove dev
    awsprof mfa remove dev --device
    """
    profile = one(world, selector, narrowing)
    if not device:
        holder = world.seeds.remove(profile)
        click.echo(f"{holder}: its stored seed is forgotten." if holder else "There is no stored seed to forget.")
        return
    serial = world.enrolling.devices.check_taking(profile, force=force)
    question = f"Take the MFA device {serial} away from the user of {profile.name}, so that its key alone is enough?"
    if not _agreed(world, question, yes=yes):
        world.say("Nothing was removed.")
        raise click.exceptions.Exit(1)
    taken = world.enrolling.devices.take_away(profile)
    if taken.warning:
        world.warn(taken.warning)
    click.echo(f"{profile.name}: device {taken.serial} removed; it needs no session now.")
    if taken.others:
        world.say(
            f"The user still has {', '.join(taken.others)}: 'awsprof set {profile.name} mfa_serial={taken.others[0]}' "
            "uses it."
        )
