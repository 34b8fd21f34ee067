"""
Moving every item from one back end to the other: copied, proven, switched to, and only then deleted.

Knows two back ends and items' names; not whose items they are, nor where the setting is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from awsprof.errors import UsageError, VaultError, VaultUnavailableError
from awsprof.naming import printable
from awsprof.vault.choice import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awsprof.vault.choice import BackEnds
    from awsprof.vault.keyring_vault import KeyringVault
    from awsprof.vault.vault import BackEnd

WORDS = {"keyring": "the OS keyring", "file": "the vault of files"}
OTHER = {"keyring": "file", "file": "keyring"}
# An item that keeps changing while it is moved is left where it is.
_MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a move: the items' names, and those of items that differ in the two places and stayed in both."""

    source: str
    target: str
    names: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _Copies:
    """The items on their way: what the source holds, and what the target held before of what was written there."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    written: dict[str, str | None] = field(default_factory=dict, repr=False)
    stale: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)


class Moving:
    """
    Moves items between the two back ends of one machine.

    Killed at any instant, it leaves every item readable under the setting then in force, and the next move finishes.

    Args:
        setting: Reads the setting: ``auto``, ``keyring`` or ``file``.
        switch: Writes it.
        step: Called as it goes, with what is being done, and how many of how many items are.
    """

    def __init__(
        self,
        back_ends: BackEnds,
        *,
        setting: Callable[[], str],
        switch: Callable[[str], None],
        step: Callable[[str, int, int], None] = lambda *_: None,
    ) -> None:
        self._back_ends = back_ends
        self._setting = setting
        self._switch = switch
        self._step = step

    def plan(self, target: str, names: Sequence[str]) -> tuple[str, ...]:
        """
        Return the names of the items that would move to *target*; changes nothing.

        Args:
            names: Items that there may be, beside those that are known to: no keyring can be asked for all it holds.

        Raises:
            UsageError: AWSPROF_VAULT forces the other back end.
            VaultError: A back end cannot be used.
        """
        if self._back_ends.forced not in ("", target):
            raise UsageError(
                f"{VARIABLE} is {self._back_ends.forced}, so what is moved to {WORDS[target]} would not be found here",
                hint=f"Take it out of the environment with 'unset {VARIABLE}', then run the command again.",
            )
        keyring = self._keyring(target)
        files = self._back_ends.files.items()
        if target == "keyring":
            return tuple(files)
        wanted = list(dict.fromkeys([*names, *keyring.items(), *files]))
        held = []
        for number, name in enumerate(wanted):
            self._step(f"Looking into {WORDS['keyring']}", number, len(wanted))
            if keyring.get(name) is not None:
                held.append(name)
        return tuple(held)

    def move(self, target: str, names: Sequence[str], *, planned: Sequence[str]) -> Moved:
        """
        Move to *target* what the other back end holds, and have it used from then on.

        Args:
            names: Items that there may be.
            planned: What `plan` found of them.

        Raises:
            UsageError: AWSPROF_VAULT forces the other back end.
            VaultError: Nothing was moved; or all is in *target* and in use, and some is still in the old place too.
            SharedFileError: The setting cannot be written, and nothing was moved.
        """
        for name in (OTHER[target], target) if planned else ():
            # Whatever asks a person does it now, while nobody else has to wait for the answer.
            self._back_end(name).open()
        with self._back_ends.turn():
            # Looked at again: another command may have stored, or moved, something in between.
            copies = self._copy_all(target, self.plan(target, names))
            self._delete_all(target, copies)
        moved = tuple(name for name in copies.values if name not in copies.left)
        return Moved(OTHER[target], target, moved, tuple(copies.left))

    def _copy_all(self, target: str, planned: tuple[str, ...]) -> _Copies:
        """Copy, prove and switch; whatever fails on the way is taken back."""
        copies = _Copies()
        in_force = self._setting() == target
        try:
            for number, name in enumerate(planned):
                self._step(f"Copying to {WORDS[target]}", number, len(planned))
                self._copy(target, name, copies)
            for number, name in enumerate(copies.written):
                self._step(f"Reading back from {WORDS[target]}", number, len(copies.written))
                self._prove(target, name, copies.values[name])
            if not in_force:
                self._switch(target)
        except BaseException as error:
            if not in_force and self._setting() == target:
                # Ctrl-C came after the switch: the copies are what is used now.
                raise
            stuck = self._take_back(target, copies)
            if isinstance(error, VaultError):
                also = f", but {stuck} of the copies made could not be removed" if stuck else ""
                raise type(error)(f"{error.message}; nothing was moved{also}", hint=error.hint) from None
            raise
        return copies

    def _copy(self, target: str, name: str, copies: _Copies) -> None:
        value = self._back_end(OTHER[target]).get(name)
        if value is None:
            return
        there = self._back_end(target).get(name)
        if there not in (None, value) and not self._source_counts(target):
            if self._in_force() == target:
                copies.left.append(name)
                return
            # In the mode auto a copy among the files is the newer one.
            copies.stale.add(name)
        copies.values[name] = value
        if there != value and name not in copies.stale:
            # Noted before it is done: a set that fails half-way is taken back too.
            copies.written[name] = there
            self._back_end(target).set(name, value)

    def _prove(self, target: str, name: str, value: str) -> None:
        if self._back_end(target).get(name) != value:
            raise VaultError(
                f"What was stored under '{printable(name)}' in {WORDS[target]} came back as something else",
                hint=f"Try again: the value is still in {WORDS[OTHER[target]]}.",
            )

    def _take_back(self, target: str, copies: _Copies) -> int:
        """Put the target back as it was, and return of how many items that failed."""
        stuck = 0
        for name, before in copies.written.items():
            try:
                if before is None:
                    self._back_end(target).delete(name)
                else:
                    self._back_end(target).set(name, before)
            except VaultError:
                # It must not hide the error that led here; and what stays is what the source holds.
                stuck += 1
        return stuck

    def _delete_all(self, target: str, copies: _Copies) -> None:
        done = 0
        try:
            for name in copies.values:
                self._step(f"Removing from {WORDS[OTHER[target]]}", done, len(copies.values))
                if not self._delete(target, name, copies):
                    copies.left.append(name)
                done += 1
        except VaultError as error:
            rest = len(copies.values) - done
            what = "1 item is" if rest == 1 else f"{rest} items are"
            raise type(error)(
                f"{WORDS[target][:1].upper()}{WORDS[target][1:]} holds everything and is in use now, but {what} still "
                f"in {WORDS[OTHER[target]]} too: {error.message}",
                hint=f"Run 'awsprof vault move {target}' again to finish. {error.hint or ''}".rstrip(),
            ) from None

    def _delete(self, target: str, name: str, copies: _Copies) -> bool:
        """Delete one item in its old place if it still is what was copied; False when it keeps changing."""
        source, value = self._back_end(OTHER[target]), copies.values[name]
        for _ in range(_MAX_TRIES):
            current = source.get(name)
            if current is None:
                return True
            if current == value:
                source.delete(name)
                return True
            # Somebody who takes no turn changed it. Where the target was changed as well, nobody knows which is newer.
            if name in copies.stale or self._back_end(target).get(name) != value:
                return False
            self._back_end(target).set(name, current)
            self._prove(target, name, current)
            value = current
        return False

    def _source_counts(self, target: str) -> bool:
        """Whether, of two values of an item, it is the old place's that commands see now."""
        in_force = self._in_force()
        return in_force == OTHER[target] or (in_force == "auto" and target == "keyring")

    def _in_force(self) -> str:
        return self._back_ends.forced or self._setting()

    def _back_end(self, name: str) -> BackEnd:
        return self._keyring(name) if name == "keyring" else self._back_ends.files

    def _keyring(self, target: str) -> KeyringVault:
        keyring = self._back_ends.keyring
        if keyring is None:
            raise VaultUnavailableError(
                "There is no OS keyring here that keeps its items encrypted, so nothing can be moved",
                hint="Run the command at the desktop"
                + ("." if target == "keyring" else ", or 'awsprof settings set vault file' if none was ever used."),
            )
        return keyring
