"""
Moving profiles under the convention and their keys into the vault, a few at a time.

Knows the order in which nothing can be lost: verified, stored, read back and verified again, and only then do the
plain-text keys leave the files. Asks nobody.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from awsprof.errors import AwsprofError, VaultError
from awsprof.importing.found import Place
from awsprof.importing.outcome import FINAL, Left, Moved, Outcome, answered
from awsprof.model import Kind
from awsprof.naming import printable
from awsprof.sessions.keys import StoredKeys, load_keys
from awsprof.storage.lock import LockHeldError, lock_path, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from awsprof.configfiles.profiles import ProfileFiles
    from awsprof.importing.proving import Choice, Move, Proving
    from awsprof.model import CallerIdentity, Credentials, LongTermCredentials
    from awsprof.naming import ProfileName
    from awsprof.places import Places
    from awsprof.profiles.adding import Adding
    from awsprof.profiles.changing import Change, Changes
    from awsprof.sessions.login import Sessions
    from awsprof.vault import Vault

# As many profiles at least become one entry of the journal, and as many entries at most one import. The journal keeps
# fifty, and what is undone makes an entry as well: neither may push out the beginning of the import.
BATCH = 25
_MOST_ENTRIES = 20
_LOCK_LIMIT_S = 50.0
_NAMED = 3


class AwsCalls(Protocol):
    """What moving needs of AWS."""

    def caller_identity(self, credentials: Credentials, *, region: str) -> CallerIdentity: ...


class Importing:
    """Imports the profiles of one user."""

    def __init__(
        self,
        *,
        files: ProfileFiles,
        proving: Proving,
        adding: Adding,
        changes: Changes,
        vault: Callable[[], Vault],
        aws: Callable[[], AwsCalls],
        sessions: Sessions,
        places: Places,
        tell: Callable[[str], None],
    ) -> None:
        self._files = files
        self._proving = proving
        self._adding = adding
        self._changes = changes
        self._vault = vault
        self._aws = aws
        self._sessions = sessions
        self._places = places
        self._tell = tell

    def preview(
        self,
        choices: Sequence[Choice],
        change: Change,
        *,
        verify: bool = True,
        progress: Callable[[Choice], None] = lambda _: None,
    ) -> list[Left]:
        """
        Make the changes to the files that are known before AWS is asked; *change* shows what they would be.

        Args:
            verify: Whether AWS is asked later whose the keys are.
            progress: Told of each before it is looked at.

        Returns:
            What could not be imported, and why.
        """
        left: list[Left] = []
        moves: list[Move] = []
        for choice in choices:
            progress(choice)
            try:
                moves.append(self._proving.unasked(choice, verify=verify))
            except AwsprofError as error:
                left.append(Left(choice.found.name, error))
        self._preview(self._without_refused(moves, left), change, left)
        return left

    def _preview(self, moves: Sequence[Move], change: Change, left: list[Left]) -> None:
        """Show all together; where one stands in the way of the others, halves, until it is found."""
        if not moves:
            return
        try:
            self._files.take_over([move.take_over for move in moves], through=change)
        except AwsprofError as error:
            if len(moves) == 1:
                left.append(Left(moves[0].name, error))
                return
            half = len(moves) // 2
            self._preview(moves[:half], change, left)
            self._preview(moves[half:], change, left)

    def _without_refused(self, moves: Sequence[Move], left: list[Left]) -> list[Move]:
        """Return the moves without those that the files stand in the way of, which go to *left*."""
        refusals = self._files.refusals([move.take_over for move in moves])
        left += [Left(moves[number].name, error) for number, error in refusals.items()]
        return [move for number, move in enumerate(moves) if number not in refusals]

    def run(
        self,
        choices: Sequence[Choice],
        *,
        verify: bool = True,
        force: bool = False,
        progress: Callable[[Choice], None] = lambda _: None,
    ) -> Iterator[Outcome]:
        """
        Import *choices*, a batch at a time; what fails is left as it is, and the others are done.

        Args:
            verify: Ask AWS whose the keys are; else the files must say the account.
            force: Allow a protected env to share its account.
            progress: Told of each before it is looked at.

        Yields:
            What came of each batch, once it is whole.
        """
        final: AwsprofError | None = None
        size = batch_size(len(choices))
        for start in range(0, len(choices), size):
            outcome = Outcome()
            batch = choices[start : start + size]
            if final is not None:
                outcome.left += [Left(choice.found.name, final) for choice in batch]
            else:
                with self._turn():
                    waiting = [choice for choice in batch if not self._was_moved(choice, outcome)]
                    moves = self._verified(waiting, outcome, verify=verify, force=force, progress=progress)
                    self._move(moves, outcome, verify=verify)
                final = next((one.error for one in outcome.left if isinstance(one.error, FINAL)), None)
            yield outcome

    def in_order(self, choices: Sequence[Choice]) -> list[Choice]:
        """Put keys before mere names, and protected profiles first: of two that exclude each other, the later stays."""

        def rank(choice: Choice) -> tuple[bool, bool]:
            return not choice.has_keys, not self._files.made_of(str(choice.name), {}).protected

        return sorted(choices, key=rank)

    def ready(self, choices: Sequence[Choice]) -> None:
        """
        Have a vault to put keys into, before AWS is asked of any.

        Raises:
            VaultError: There is none, and none is made.
        """
        if any(choice.has_keys for choice in choices):
            with self._changes.begin("import", ""):
                pass

    def refused(self, choices: Sequence[Choice], *, force: bool) -> list[Left]:
        """Return what cannot be imported whatever AWS says, as far as the profiles tell their accounts."""
        left: list[Left] = []
        beside: dict[ProfileName, str | None] = {}
        for choice in choices:
            found, account_id = choice.found, choice.found.account_id
            try:
                self._adding.check_place(choice.name, account_id, force=force, instead_of=found.name, beside=beside)
                beside[choice.name] = account_id
            except AwsprofError as error:
                left.append(Left(found.name, error))
        return left

    def _was_moved(self, choice: Choice, outcome: Outcome) -> bool:
        """Whether another import has moved this very profile since it was found."""
        profiles = self._files.profiles()
        name = str(choice.name)
        if choice.keys or choice.found.place is Place.KEYRING or name not in profiles or name in choice.found.names:
            return False
        if any(name in profiles for name in choice.found.names):
            return False
        said = ("another import has moved it meanwhile",)
        outcome.moved.append(Moved(choice.found.name, profiles[name], None, None, said, undoable=False))
        return True

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one import at a time move what it has found."""
        try:
            with locked(
                lock_path(self._places.locks, "import"),
                limit_s=_LOCK_LIMIT_S,
                on_wait=lambda: self._tell("Waiting for another import …"),
            ):
                yield
        except LockHeldError as error:
            raise AwsprofError(
                f"Another import has been busy for {_LOCK_LIMIT_S:.0f} s: {error.holder}", hint="Try again."
            ) from None

    def _verified(
        self,
        batch: Sequence[Choice],
        outcome: Outcome,
        *,
        verify: bool,
        force: bool,
        progress: Callable[[Choice], None],
    ) -> list[Move]:
        moves: list[Move] = []
        final: AwsprofError | None = None
        for choice in batch:
            progress(choice)
            try:
                if final is not None:
                    raise final
                beside = {move.choice.name: move.account_id for move in moves}
                moves.append(self._proving.verified(choice, beside, verify=verify, force=force))
            except AwsprofError as error:
                final = error if isinstance(error, FINAL) else None
                outcome.left.append(Left(choice.found.name, answered(error)))
        return moves

    def _move(self, moves: Sequence[Move], outcome: Outcome, *, verify: bool) -> None:
        """Move all in one entry of the journal; where some stand in the way of the others, those without them."""
        if not moves:
            return
        try:
            moved = self._move_together(moves, verify=verify)
        except AwsprofError as error:
            if len(moves) == 1 or isinstance(error, FINAL):
                outcome.left += [Left(move.name, error) for move in moves]
                return
            free = self._without_refused(moves, outcome.left)
            # What the files do not tell, as where the vault has other keys, halves find out in the fewest entries.
            half = (len(free) + 1) // 2 if len(free) == len(moves) else len(free)
            self._move(free[:half], outcome, verify=verify)
            self._move(free[half:], outcome, verify=verify)
            return
        outcome.moved += moved

    def _move_together(self, moves: Sequence[Move], *, verify: bool) -> list[Moved]:
        with contextlib.ExitStack() as locks:
            for move in moves:
                locks.enter_context(self._sessions.identity_lock(move.take_over.new))
                if not move.take_over.finishing:
                    self._proving.check_free(move.choice)
            with self._changes.begin("import", _summary(moves)) as change:
                for move in moves:
                    if move.keys is not None:
                        self._store(move, move.keys, change, verify=verify)
                self._files.take_over([move.take_over for move in moves], through=change)
                self._check_whole(moves)
            for move in moves:
                self._sessions.drop(move.name)
            return [self._told(move, undoable=change.number is not None) for move in moves]

    def _store(self, move: Move, keys: LongTermCredentials, change: Change, *, verify: bool) -> None:
        """Put keys into the vault and prove that they can be had from there."""
        name = move.take_over.new
        there = load_keys(self._vault(), name)
        if there is not None and there.credentials != keys:
            raise AwsprofError(
                f"The vault has other keys under {name}; nothing was changed",
                hint="Import it under another name with --as.",
            )
        arn = move.verified.arn if move.verified else None
        if there is None or there.arn != arn:
            change.set_item(name, StoredKeys(keys, arn or (there.arn if there else None)).to_text())
        stored = load_keys(self._vault(), name)
        if stored is None or stored.credentials != keys:
            raise VaultError(f"The vault did not give back what was stored under {name}; the keys stay where they are")
        if verify and self._aws().caller_identity(stored.credentials, region=move.region).arn != arn:
            raise VaultError(f"The keys in the vault under {name} are another user's; those in the files stay")

    def _check_whole(self, moves: Sequence[Move]) -> None:
        """Refuse a result that tools would read otherwise, as where ``[DEFAULT]`` lends keys to every profile."""
        profiles = self._files.profiles()
        for move in moves:
            profile = profiles.get(move.take_over.new)
            if profile is None or (move.keys is not None and profile.kind is not Kind.USER):
                raise AwsprofError(
                    f"{move.take_over.new} would still get its credentials elsewhere; nothing was changed",
                    hint="'awsprof default' shows what is lent to every profile.",
                )

    def _told(self, move: Move, *, undoable: bool) -> Moved:
        profile = self._files.get(move.take_over.new)
        warnings = list(move.verified.warnings) if move.verified else []
        found = move.choice.found
        if move.keys is not None and profile.protected and not profile.mfa_serial:
            warnings.append(
                f"{profile.name} is a protected profile without an MFA device: its key alone opens the account"
            )
        if move.take_over.settings.get("awsprof_delivery", "") is None:
            warnings.append("awsprof_delivery = file went: without an MFA device there is no session to write")
        if move.keys is not None and not profile.region:
            warnings.append(f"No region is set: 'awsprof set {profile.name} region=REGION' sets one")
        if found.place is Place.KEYRING:
            warnings.append(f"{found.tool} still has its own copy of {printable(found.name)}'s key")
        return Moved(
            found.name,
            profile,
            move.verified.arn if move.verified else None,
            move.keys,
            tuple(warnings),
            undoable=undoable,
            has_new_device=move.keys is not None and profile.mfa_serial not in (None, move.device_before),
        )


def batch_size(count: int) -> int:
    """Return how many of *count* profiles are moved together, and undone together."""
    return max(BATCH, -(-count // _MOST_ENTRIES))


def _summary(moves: Sequence[Move]) -> str:
    """Say in one line what was imported, for ``undo --list``."""
    if len(moves) == 1:
        return f"{moves[0].name} imported as {moves[0].take_over.new}"
    named = ", ".join(f"{move.name} as {move.take_over.new}" for move in moves[:_NAMED])
    more = f" and {len(moves) - _NAMED} more" if len(moves) > _NAMED else ""
    return f"{len(moves)} profiles imported: {named}{more}"
