"""
Looking for what there is to import, in the shared files and in other tools' keyrings.

Reads; changes nothing, and opens the vault only where a name is taken already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from awsprof.configfiles.masking import masked
from awsprof.configfiles.merged import LONG_TERM_KEYS, is_own_process
from awsprof.configfiles.profiles import unknown
from awsprof.errors import AwsprofError, SharedFileError, UnparsableFileError, UsageError, VaultError
from awsprof.importing.found import Found, Place
from awsprof.importing.peers import AWS_VAULT, behind_process, export_command, holds_keys, in_files, keys_in_item
from awsprof.importing.plain import base_of, check_readable, is_long_term, is_pair, place_of, why_role, why_unsafe
from awsprof.importing.proposing import proposal, without_collisions
from awsprof.model import Delivery, Kind, LongTermCredentials, Profile
from awsprof.naming import is_default, printable
from awsprof.sessions.keys import check_keys, load_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from awsprof.configfiles.merged import Profiles
    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.configfiles.taking_over import PlainKeys
    from awsprof.importing.peers import PeerKeyrings
    from awsprof.importing.proposing import Surroundings
    from awsprof.vault import Vault

_NOTHING = "it has no credentials of its own"
_NO_GUESS = "its name tells no product, env and user"


class Searching:
    """Finds what one user has."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        vault: Callable[[], Vault],
        peers: Callable[[], PeerKeyrings],
        environ: Mapping[str, str],
        warn: Callable[[str], None],
    ) -> None:
        self._files = files
        self._vault = vault
        self._peers = peers
        self._environ = environ
        self._warn = warn

    def find(self, around: Surroundings) -> tuple[Found, ...]:
        """
        Return everything, with a proposed name where one can be told.

        Raises:
            SharedFileError: botocore refuses one of the shared files, or they are one and the same.
        """
        self._files.check_two_files()
        profiles = self._profiles()
        plain: dict[str, list[PlainKeys]] = {}
        for keys in self._files.plain_keys():
            plain.setdefault(keys.name, []).append(keys)
        pairs = {name: base_of(name) for name in plain if is_pair(name, plain, profiles)}
        rows = [
            self._in_files(name, pairs, profiles, plain)
            for name in profiles
            if name not in pairs.values() or name in pairs
        ]
        return self._with_proposals(self._with_peers(rows), around, profiles)

    def names(self) -> list[str]:
        """Return the names of all profiles."""
        return list(self._profiles())

    @staticmethod
    def by_itself(name: str) -> Found:
        """Return what stands for keys that a person hands over, and no profile has yet."""
        return Found(name, (), Kind.KEYS, None, None, None, None, None, None, None)

    def one(self, found: Iterable[Found], name: str) -> Found:
        """Return what a person means by *name*; raises NoSingleProfileError when there is nothing of it."""
        for row in found:
            if name in (row.name, *row.names):
                return row
        raise unknown(name)

    def profile(self, found: Found, profiles: Profiles | None = None) -> Profile:
        """Return the profile as its sections describe it together."""
        profiles = self._files.profiles() if profiles is None else profiles
        settings: dict[str, str] = {}
        for name in reversed(found.names):
            settings.update(profiles[name].settings if name in profiles else {})
        if "mfa_serial" not in settings and settings.get("aws_mfa_device"):
            settings["mfa_serial"] = settings["aws_mfa_device"]
        return self._files.made_of(found.name, settings)

    def keys(self, found: Found) -> LongTermCredentials:
        """
        Return the long-term credentials of *found*, from where they lie.

        Raises:
            UsageError: They are none.
            VaultError: The other tool's keyring does not give them.
        """
        if found.place is Place.KEYRING:
            assert found.tool is not None
            return keys_in_item(self._peers().read(found.tool, found.name))
        for keys in self._in_clear(found):
            check_readable(keys)
            key_id, secret = (keys.settings.get(key, "") for key in LONG_TERM_KEYS)
            return check_keys(key_id, secret)
        raise AwsprofError(f"{printable(found.name)} has no keys in the shared files by now; nothing was changed")

    def losing_delivery(self, rows: Iterable[Found]) -> list[str]:
        """Return the names of those whose delivery by file goes with the keys, unless AWS knows an MFA device."""
        profiles = self._files.profiles()
        described = [self.profile(row, profiles) for row in rows if row.has_keys]
        return [
            profile.name for profile in described if profile.delivery is Delivery.FILE and profile.mfa_serial is None
        ]

    def replaced(self, rows: Iterable[Found]) -> dict[Found, str]:
        """Return the lines of other programs' processes that go when these get keys, as they may be shown."""
        profiles = self._files.profiles()
        lines = {}
        for row in rows:
            settings = self.profile(row, profiles).settings
            known = any(is_own_process(name, settings) or behind_process(name, settings) for name in row.names)
            if "credential_process" in settings and not known:
                lines[row] = masked(printable(f"credential_process = {settings['credential_process']}"))
        return lines

    def check_given(self, found: Found, given: LongTermCredentials) -> None:
        """Refuse keys that a person hands over for a profile whose file has others, which would stay there."""
        for keys in self._in_clear(found):
            there = tuple(keys.settings.get(key, "").strip() for key in LONG_TERM_KEYS)
            if there != (given.access_key_id, given.secret_access_key):
                raise SharedFileError(
                    f"{place_of(keys)} has another key than the one given; nothing was changed",
                    hint="Take the lines of the old key out of that section, then run the command again.",
                )

    def _in_clear(self, found: Found) -> list[PlainKeys]:
        return [keys for keys in self._files.plain_keys() if keys.name in found.names and is_long_term(keys.settings)]

    def _profiles(self) -> Profiles:
        try:
            return self._files.profiles()
        except UnparsableFileError as error:
            error.hint = "'awsprof doctor --fix' mends it."
            raise

    def _in_files(
        self,
        name: str,
        pairs: Mapping[str, str],
        profiles: Profiles,
        plain: Mapping[str, list[PlainKeys]],
    ) -> Found:
        # The other half of a pair that had no session yet is no profile, and roles may name it all the same.
        names = (pairs[name], name) if name in pairs else (name,)
        called = names[0] if names[0] in profiles else name
        profile = profiles[called]
        own = [keys for keys in plain.get(name, []) if is_long_term(keys.settings)]
        row = Found(called, names, profile.kind, profile.account_id, None, None, None, None, None, None)
        if own:
            place = Place.PAIR if name in pairs else Place.CONFIG if own[0].in_config else Place.CREDENTIALS
            row = replace(row, kind=Kind.KEYS, place=place, file=own[-1].path, line=own[-1].line)
            row = replace(row, account_id=self.profile(row, profiles).account_id)
            why = why_unsafe(own, profiles[name].settings) or (
                why_role(name, profiles) if place is Place.PAIR else None
            )
            return row if why is None else replace(row, movable=False, why=why)
        if profile.kind is Kind.USER:
            return replace(row, place=Place.VAULT, movable=False)
        if profile.kind is Kind.KEYS:
            lent = name not in plain
            why = "its keys are [DEFAULT]'s, which lends them to all" if lent else "a session's keys, which expire"
            return replace(row, movable=False, why=why)
        behind = behind_process(name, profile.settings)
        if behind is not None:
            why = export_command(behind.tool, behind.name, name)
            row = replace(row, place=Place.OUT_OF_REACH, tool=behind.tool, why=why)
        elif profile.kind is Kind.OTHER and "web_identity_token_file" not in profile.settings:
            row = replace(row, why=_NOTHING)
        return replace(row, movable=profile.parts is None)

    def _with_peers(self, rows: list[Found]) -> list[Found]:
        """Add what lies in other tools' keyrings, beside a profile of the same name or by itself."""
        readable, out_of_reach, are_all = self._peer_names()
        byname = {row.name: row for row in rows}
        sections = set(byname)
        beside: list[Found] = []
        for place, items in ((Place.OUT_OF_REACH, out_of_reach), (Place.KEYRING, readable)):
            for tool, name in items:
                row = byname.get(name)
                why = export_command(tool, name, name) if place is Place.OUT_OF_REACH else None
                if row is None:
                    row = Found(name, (name,), Kind.KEYS, None, place, tool, None, None, None, None)
                elif not _takes_from(row, tool):
                    if row.place is not Place.VAULT:
                        beside.append(_beside(name, tool, place, is_section=name in sections))
                    continue
                byname[name] = replace(row, place=place, tool=tool, why=why, movable=place is Place.KEYRING)
        found = [*byname.values(), *beside]
        return found if are_all else [_perhaps_elsewhere(row) for row in found]

    def _peer_names(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]], bool]:
        """Return tools and names in keyrings and in encrypted files, and whether the keyrings could be looked at."""
        files = [(item.tool, item.name) for item in in_files(self._environ)]
        peers = self._peers()
        try:
            items = [(item.tool, item.name) for item in peers.items() if holds_keys(item.name)]
        except VaultError as error:
            self._warn(f"Other tools' keyrings are left out: {error.message}")
            return [], files, False
        return items, files, peers.can_list

    def _with_proposals(self, rows: Sequence[Found], around: Surroundings, profiles: Profiles) -> tuple[Found, ...]:
        wanted = {
            row.name: proposal(base_of(row.name), row.account_id, around)
            for row in rows
            if row.movable and row.place is not Place.OUT_OF_REACH and (row.place or row.why is None)
        }
        held = {
            row.name
            for row in rows
            if row.movable and row.has_keys and (proposed := wanted.get(row.name)) is not None
            if self.holds_already(str(proposed), row, profiles)
        }
        own = {str(wanted[name]) for name in held}
        own |= {name for row in rows for name in row.names if name == str(wanted.get(row.name))}
        free = without_collisions(wanted, set(profiles) - own)
        found = []
        for row in rows:
            if not row.movable:
                found.append(row)
            elif row.place is Place.KEYRING and row.name in held and row.name not in profiles:
                # The other tool keeps its copy, of which nothing is left to do.
                found.append(replace(row, place=Place.VAULT, movable=False))
            else:
                why = row.why or _why_none(row, wanted, free)
                found.append(replace(row, proposed=free.get(row.name), why=why))
        return tuple(found)

    def is_taken(self, name: str, found: Found) -> bool:
        """Whether *name* is another profile's, and not this very one's, half of which was moved before."""
        profiles = self._files.profiles()
        if name in found.names or name not in profiles:
            return False
        return not (found.has_keys and self.holds_already(name, found, profiles))

    def holds_already(self, name: str, found: Found, profiles: Profiles | None = None) -> bool:
        """Whether the vault has the keys of *found* under *name*, as after a command that was ended half-way."""
        there = (profiles or self._files.profiles()).get(name)
        if there is None or there.kind is not Kind.USER:
            return False
        try:
            stored = load_keys(self._vault(), name)
            return stored is not None and stored.credentials == self.keys(found)
        except (VaultError, UsageError):
            return False


def _takes_from(row: Found, tool: str) -> bool:
    """Whether a key of that tool's is the row's own, and the row has none but one that is out of reach."""
    if row.place is Place.OUT_OF_REACH:
        return row.tool == tool
    return row.place is None and row.kind in (Kind.OTHER, Kind.PROCESS)


def _beside(name: str, tool: str, place: Place, *, is_section: bool) -> Found:
    """Return the row of a key that shares its name with a profile, or with another tool's key."""
    first = "the profile of that name is another: give that one its new name first"
    why = first if is_section else export_command(tool, name, name)
    return Found(name, (), Kind.KEYS, None, place, tool, None, None, None, why, movable=False)


def _perhaps_elsewhere(row: Found) -> Found:
    """Say how aws-vault hands over the key that a profile without credentials may have in a keyring we cannot list."""
    if row.why != _NOTHING:
        return row
    return replace(row, why=f"{_NOTHING}; if aws-vault has them: {export_command(AWS_VAULT, row.name, row.name)}")


def _why_none(row: Found, wanted: Mapping[str, object], free: Mapping[str, object]) -> str | None:
    if row.name not in wanted or free.get(row.name) is not None:
        return None
    if is_default(row.name):
        return "a default has no product, env and user"
    proposed = wanted[row.name]
    return _NO_GUESS if proposed is None else f"it would be {proposed}, as would another profile"
