"""Moving all items from one back end to the other: whatever breaks in between, every item stays readable."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.errors import SharedFileError, UsageError, VaultError, VaultLockedError, VaultUnavailableError
from awsprof.vault import BackEnds, KeyringVault, Moved, Moving, Patience, VaultInForce
from awsprof.vault.names import ItemNames
from tests.test_vault.conftest import PASSPHRASE, MadeVault
from tests.test_vault.memory import MemoryBackEnd
from tests.test_vault.test_keyring_vault import DictBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.places import Places
    from tests.keyring_daemon import KeyringDaemon

KEYRING, FILE = "keyring", "file"
OTHER = {KEYRING: FILE, FILE: KEYRING}
KEYS, SEED, JOURNAL = "autochart_prod_paul", "autochart_prod_paul/seed", "awsprof/journal"
NAMES = (JOURNAL, KEYS, SEED, "autochart_prod_paul/session")


class Killed(BaseException):
    """The process is gone: nothing that it would have done any more happens."""


class Breakdown:
    """
    Breaks the *at*-th step of a move, counted from 1.

    Args:
        after: The step has taken its effect all the same.
        error: What is raised; None ends the process.
        for_good: The back end of that step fails from then on.
    """

    def __init__(self, at: int, *, after: bool, error: Exception | None, for_good: bool) -> None:
        self._at = at
        self._after = after
        self._error = error
        self._for_good = for_good
        self._steps = 0
        self._broken: object = None
        self.happened = False

    def around(self, back_end: object, call: Callable[[], Any]) -> Any:
        self._steps += 1
        if self.happened and (self._error is None or (self._for_good and self._broken is back_end)):
            raise self._error or Killed
        if self._steps != self._at:
            return call()
        self.happened, self._broken = True, back_end
        if self._after:
            call()
        raise self._error or Killed


class Scene:
    """Two back ends, the setting, and what reads and moves."""

    def __init__(self, places: Places, setting: str, *, forced: str = "", **values: dict[str, str]) -> None:
        self.setting = setting
        self.breakdown = Breakdown(0, after=False, error=None, for_good=False)
        self.keyring = MemoryBackEnd(KEYRING, values.get(KEYRING), around=self._around)
        self.files = MemoryBackEnd(FILE, values.get(FILE), around=self._around)
        environ = {"AWSPROF_VAULT": forced} if forced else {}
        self.back_ends = BackEnds(environ, places, Patience(), ask_passphrase=None, confirm_create=None)
        self.back_ends.keyring = self.keyring  # type: ignore[assignment]  # cached properties take what they are given
        self.back_ends.files = self.files  # type: ignore[assignment]

    @property
    def vault(self) -> VaultInForce:
        """What a command sees that begins now."""
        return VaultInForce(self.back_ends, lambda: self.setting)

    @property
    def moving(self) -> Moving:
        return Moving(self.back_ends, setting=lambda: self.setting, switch=self._switch)

    def move(self, target: str) -> Moved:
        return self.moving.move(target, NAMES, planned=self.moving.plan(target, NAMES))

    def holds(self, place: str) -> dict[str, str]:
        return dict((self.keyring if place == KEYRING else self.files).values)

    def readable(self) -> dict[str, str]:
        """All that a command reads now."""
        self.breakdown = Breakdown(0, after=False, error=None, for_good=False)
        names = sorted({*self.keyring.values, *self.files.values})
        return {name: value for name in names if (value := self.vault.get(name)) is not None}

    def _switch(self, target: str) -> None:
        def change() -> None:
            self.setting = target

        self._around(self, change)

    def _around(self, back_end: object, call: Callable[[], Any]) -> Any:
        return self.breakdown.around(back_end, call)


HELD = {KEYS: "keys", SEED: "seed", JOURNAL: "journal key"}


@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("setting", ["auto", KEYRING, FILE])
def test_all_items_move_and_the_setting_follows(places: Places, setting: str, target: str) -> None:
    """Whatever the setting was, all is in the target, nothing in the old place, and the setting names the target."""
    scene = Scene(places, setting, **{OTHER[target]: HELD, target: {"its own": "stays"}})
    assert scene.move(target) == Moved(OTHER[target], target, tuple(sorted(HELD, key=list(scene_order(target)).index)))
    assert (scene.setting, scene.holds(OTHER[target])) == (target, {})
    assert scene.holds(target) == {**HELD, "its own": "stays"}
    assert scene.readable() == scene.holds(target)


def scene_order(target: str) -> tuple[str, ...]:
    """The order in which items are found: by the names asked for in a keyring, by their own in files."""
    return NAMES if target == FILE else tuple(sorted(NAMES))


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_copying_and_proving_come_before_the_switch_and_deleting_after(places: Places, target: str) -> None:
    scene = Scene(places, OTHER[target], **{OTHER[target]: {KEYS: "keys", JOURNAL: "key"}})
    source, goal = (scene.files, scene.keyring) if target == KEYRING else (scene.keyring, scene.files)
    switched: list[tuple[list[str], list[str]]] = []

    def switch(to: str) -> None:
        switched.append((list(source.calls), list(goal.calls)))
        scene.setting = to

    Moving(scene.back_ends, setting=lambda: scene.setting, switch=switch).move(target, NAMES, planned=(KEYS,))
    before_source, before_goal = switched[0]
    assert not [call for call in before_source if call.startswith(("set", "delete"))]
    assert {f"set {KEYS}", f"set {JOURNAL}"} < set(before_goal)
    copied = max(before_goal.index(f"set {KEYS}"), before_goal.index(f"set {JOURNAL}"))
    assert {f"get {KEYS}", f"get {JOURNAL}"} <= set(before_goal[copied:])
    after = source.calls[len(before_source) :]
    assert after.index(f"get {KEYS}") < after.index(f"delete {KEYS}"), "compared once more"


# --- what is in both places


@pytest.mark.parametrize(("setting", "target"), [(FILE, KEYRING), (KEYRING, FILE), ("auto", KEYRING)])
def test_the_value_in_force_replaces_another_in_the_target(places: Places, setting: str, target: str) -> None:
    """In the mode auto a copy among the files is the one in force."""
    scene = Scene(places, setting, **{OTHER[target]: {KEYS: "in force"}, target: {KEYS: "old"}})
    assert scene.move(target).names == (KEYS,)
    assert (scene.holds(target), scene.holds(OTHER[target])) == ({KEYS: "in force"}, {})


def test_a_stale_copy_in_the_keyring_goes_when_auto_moves_to_files(places: Places) -> None:
    """Rotated over ssh: the files' value is the newer one, and the keyring's must never come up again."""
    scene = Scene(places, "auto", keyring={KEYS: "stale", SEED: "seed"}, file={KEYS: "rotated"})
    assert scene.move(FILE) == Moved(KEYRING, FILE, (KEYS, SEED))
    assert (scene.holds(FILE), scene.holds(KEYRING)) == ({KEYS: "rotated", SEED: "seed"}, {})
    scene.setting = "auto"
    assert scene.vault.get(KEYS) == "rotated"


@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("by", ["setting", "variable"])
def test_what_differs_stays_in_both_where_the_target_is_in_force_already(places: Places, target: str, by: str) -> None:
    """Nobody can tell which is newer after somebody changed the setting by hand, so neither is lost."""
    setting, forced = (target, "") if by == "setting" else (OTHER[target], target)
    held = {OTHER[target]: {KEYS: "one", SEED: "seed"}, target: {KEYS: "another"}}
    scene = Scene(places, setting, forced=forced, **held)
    assert scene.move(target) == Moved(OTHER[target], target, (SEED,), (KEYS,))
    assert scene.holds(OTHER[target]) == {KEYS: "one"}
    assert scene.holds(target) == {KEYS: "another", SEED: "seed"}
    assert scene.setting == target
    if by == "setting":
        # The way out that the command names: there, and back.
        scene.move(OTHER[target])
        scene.move(target)
        assert (scene.holds(target), scene.holds(OTHER[target])) == ({KEYS: "another", SEED: "seed"}, {})


def test_equal_copies_are_only_deleted(places: Places) -> None:
    scene = Scene(places, FILE, keyring=HELD, file=HELD)
    scene.move(FILE)
    assert (scene.holds(FILE), scene.holds(KEYRING)) == (HELD, {})
    assert not [call for call in scene.files.calls if call.startswith("set")]


# --- nothing to move, and what is refused


@pytest.mark.parametrize("setting", ["auto", KEYRING, FILE])
def test_with_nothing_to_move_only_the_setting_changes(places: Places, setting: str) -> None:
    scene = Scene(places, setting, keyring={})
    assert scene.move(FILE) == Moved(KEYRING, FILE)
    assert (scene.setting, "open" in scene.files.calls) == (FILE, False)


def test_planning_changes_nothing(places: Places) -> None:
    scene = Scene(places, "auto", keyring=HELD)
    assert scene.moving.plan(FILE, NAMES) == (JOURNAL, KEYS, SEED)
    assert {call.partition(" ")[0] for call in scene.keyring.calls + scene.files.calls} <= {"get", "items"}
    assert (scene.setting, scene.holds(KEYRING), scene.holds(FILE)) == ("auto", HELD, {})


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_a_variable_that_forces_the_other_back_end_is_refused(places: Places, target: str) -> None:
    scene = Scene(places, "auto", forced=OTHER[target], keyring=HELD, file=HELD)
    for call in (lambda: scene.moving.plan(target, NAMES), lambda: scene.move(target)):
        with pytest.raises(UsageError, match=f"AWSPROF_VAULT is {OTHER[target]}") as caught:
            call()
        assert "unset AWSPROF_VAULT" in str(caught.value.hint)
    assert (scene.setting, scene.keyring.calls, scene.files.calls) == ("auto", [], [])


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_without_a_keyring_nothing_can_be_moved(places: Places, target: str) -> None:
    scene = Scene(places, "auto", file=HELD)
    scene.back_ends.keyring = None
    with pytest.raises(VaultUnavailableError, match="There is no OS keyring here") as caught:
        scene.move(target)
    assert "at the desktop" in str(caught.value.hint)
    assert (scene.setting, scene.holds(FILE)) == ("auto", HELD)


def test_what_comes_back_as_something_else_is_not_proven(places: Places) -> None:
    scene = Scene(places, KEYRING, keyring=HELD)
    honest = scene.files.set
    scene.files.set = lambda item, value: honest(item, value[:-1])  # type: ignore[method-assign]
    with pytest.raises(VaultError, match="came back as something else; nothing was moved") as caught:
        scene.move(FILE)
    assert "keys" not in f"{caught.value}{caught.value.hint}".replace(KEYS, "")
    assert (scene.setting, scene.holds(KEYRING), scene.holds(FILE)) == (KEYRING, HELD, {})


# --- what breaks


def broken_scenes(
    places: Places, setting: str, target: str, *, after: bool, error: Exception | None, for_good: bool
) -> list[Scene]:
    """Break each step of a move in turn, and return what every break left behind."""
    scenes = []
    while True:
        held = {OTHER[target]: HELD, target: {"its own": "stays"} | ({SEED: "old"} if setting != target else {})}
        scene = Scene(places, setting, **held)
        if setting == "auto" and target == FILE:
            scene.files.values[SEED] = HELD[SEED]
        before = scene.readable()
        planned = scene.moving.plan(target, NAMES)
        scene.breakdown = breakdown = Breakdown(len(scenes) + 1, after=after, error=error, for_good=for_good)
        try:
            scene.moving.move(target, NAMES, planned=planned)
        except (Killed, VaultError) as raised:
            assert type(raised) is (Killed if error is None else type(error))
        if not breakdown.happened:
            return scenes
        scenes.append(scene)
        assert before.items() <= scene.readable().items(), f"step {len(scenes)}"
        assert HELD.items() <= {**scene.holds(target), **scene.holds(OTHER[target])}.items(), f"step {len(scenes)}"


@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("setting", ["auto", KEYRING, FILE])
@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
def test_killed_at_any_step_all_stays_readable_and_the_next_move_finishes(
    places: Places, setting: str, target: str, after: bool
) -> None:
    scenes = broken_scenes(places, setting, target, after=after, error=None, for_good=True)
    assert len(scenes) > 15
    assert {scene.setting for scene in scenes} == {setting, target}
    for scene in scenes:
        finish(scene, target)
        scene.setting = "auto"
        assert scene.readable() == {**HELD, "its own": "stays"}, "no stale copy comes up in the mode auto"


def finish(scene: Scene, target: str) -> None:
    """Move again, and see that nothing is left to be done."""
    scene.readable()
    scene.move(target)
    assert (scene.setting, scene.holds(OTHER[target])) == (target, {})
    assert scene.holds(target) == scene.readable() == {**HELD, "its own": "stays"}


@pytest.mark.parametrize("target", [KEYRING, FILE])
@pytest.mark.parametrize("setting", ["auto", KEYRING, FILE])
@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "from then on"])
def test_a_failing_step_loses_nothing_and_the_next_move_finishes(
    places: Places, setting: str, target: str, after: bool, for_good: bool
) -> None:
    error = VaultLockedError("The vault is locked")
    scenes = broken_scenes(places, setting, target, after=after, error=error, for_good=for_good)
    for scene in scenes:
        if scene.setting != target and not for_good:
            expected = {"its own": "stays", SEED: HELD[SEED] if (setting, target) == ("auto", FILE) else "old"}
            assert (scene.holds(OTHER[target]), scene.holds(target)) == (HELD, expected), "as if never begun"
        finish(scene, target)


def test_a_failure_says_what_holds_now(places: Places) -> None:
    """Before the switch nothing was moved; after it, all is in the target, and running it again helps."""
    messages = []
    for for_good in (False, True):
        error = VaultUnavailableError("The keyring went away", hint="See to it.")
        for scene_error in errors_of(places, KEYRING, FILE, error, for_good=for_good):
            messages.append((scene_error.message, scene_error.hint, scene_error.status))
    assert set(messages) == {
        ("The keyring went away; nothing was moved", "See to it.", 6),
        *(
            (
                f"The vault of files holds everything and is in use now, but {left} still in the OS keyring too: "
                "The keyring went away",
                "Run 'awsprof vault move file' again to finish. See to it.",
                6,
            )
            for left in ("3 items are", "2 items are", "1 item is")
        ),
    }


def errors_of(places: Places, setting: str, target: str, error: VaultError, *, for_good: bool) -> list[VaultError]:
    """Break each step on the keyring after the vaults were found usable, and return what was raised."""
    raised = []
    for at in range(1, 200):
        scene = Scene(places, setting, keyring=HELD)
        planned = scene.moving.plan(target, NAMES)
        steps = Breakdown(at, after=False, error=error, for_good=for_good)
        scene.keyring.around = steps.around
        try:
            with scene.back_ends.turn():
                pass
            scene.moving.move(target, NAMES, planned=planned)
        except VaultError as caught:
            if "in use" in caught.message or "moved" in caught.message:
                raised.append(caught)
        if not steps.happened:
            return raised
    raise AssertionError("a move never came to its end")


@pytest.mark.parametrize("after", [False, True])
def test_a_setting_that_cannot_be_written_takes_everything_back(places: Places, after: bool) -> None:
    scene = Scene(places, KEYRING, keyring=HELD, file={SEED: "old"})

    def switch(target: str) -> None:
        if after:
            scene.setting = target
        raise SharedFileError("config.toml cannot be changed")

    with pytest.raises(SharedFileError):
        Moving(scene.back_ends, setting=lambda: scene.setting, switch=switch).move(FILE, NAMES, planned=NAMES)
    assert scene.holds(KEYRING) == HELD
    assert scene.holds(FILE) == (HELD if after else {SEED: "old"}), "what is in use already is left alone"
    assert scene.readable() == HELD


def test_copies_that_cannot_be_taken_back_are_said(places: Places) -> None:
    scene = Scene(places, FILE, file=HELD)
    sets = []

    def around(_: object, call: Callable[[], Any]) -> Any:
        sets.append(call)
        if len(sets) > 6:
            raise VaultUnavailableError("The keyring went away")
        return call()

    scene.keyring.around = around
    with pytest.raises(VaultUnavailableError, match="nothing was moved, but 3 of the copies made could not be"):
        scene.move(KEYRING)
    assert (scene.setting, scene.readable()) == (FILE, HELD)


# --- what others do meanwhile


def test_a_change_in_the_old_place_between_copying_and_deleting_is_copied_too(places: Places) -> None:
    """By a program that takes no turn, such as an older awsprof."""
    scene = Scene(places, KEYRING, keyring=HELD)

    def switch(target: str) -> None:
        scene.setting = target
        scene.keyring.values[KEYS] = "rotated meanwhile"

    moved = Moving(scene.back_ends, setting=lambda: scene.setting, switch=switch).move(FILE, NAMES, planned=NAMES)
    assert moved.left == ()
    assert (scene.holds(FILE)[KEYS], scene.holds(KEYRING)) == ("rotated meanwhile", {})


def test_changes_in_both_places_meanwhile_stay_in_both(places: Places) -> None:
    scene = Scene(places, KEYRING, keyring=HELD)

    def switch(target: str) -> None:
        scene.setting = target
        scene.keyring.values[KEYS], scene.files.values[KEYS] = "here", "there"

    moved = Moving(scene.back_ends, setting=lambda: scene.setting, switch=switch).move(FILE, NAMES, planned=NAMES)
    assert moved == Moved(KEYRING, FILE, (JOURNAL, SEED), (KEYS,))
    assert (scene.holds(FILE)[KEYS], scene.holds(KEYRING)) == ("there", {KEYS: "here"})


@pytest.mark.parametrize("target", [KEYRING, FILE])
def test_a_command_that_began_before_the_move_follows_it(places: Places, target: str) -> None:
    """``add`` waits for a person; what it stores and reads afterwards is where later commands look."""
    scene = Scene(places, OTHER[target], **{OTHER[target]: HELD})
    begun = scene.vault
    assert begun.get(KEYS) == "keys"
    scene.move(target)
    assert (begun.get(KEYS), begun.name) == ("keys", target)
    begun.set("added", "later")
    assert (scene.vault.get("added"), scene.holds(OTHER[target])) == ("later", {})
    assert begun.delete("added") is True


def test_an_item_that_moves_between_two_looks_is_found(places: Places) -> None:
    """The setting is read, the move runs whole, and only then is the old place looked into."""
    scene = Scene(places, KEYRING, keyring=HELD)
    looks: list[str] = []

    def setting() -> str:
        looks.append(scene.setting)
        if len(looks) > 1:
            return scene.setting
        before = scene.setting
        scene.move(FILE)
        return before

    assert VaultInForce(scene.back_ends, setting).get(KEYS) == "keys"
    assert VaultInForce(scene.back_ends, lambda: scene.setting).get("never stored") is None


def test_an_item_stored_for_a_profile_that_is_not_written_yet_moves(places: Places, made_vault: MadeVault) -> None:
    """``add`` stores the keys before the profile: a move in between knows their name all the same."""
    made_vault.copy_to(places, unlocked=True)
    setting = [KEYRING]
    back_ends = BackEnds(os.environ, places, Patience(), ask_passphrase=None, confirm_create=None)
    index = places.state / "keyring-items"
    back_ends.keyring = KeyringVault(DictBackend(), Patience(), names=ItemNames(index))
    vault = VaultInForce(back_ends, lambda: setting[0])
    vault.set("not/a profile yet", "keys")
    moving = Moving(back_ends, setting=lambda: setting[0], switch=lambda target: setting.__setitem__(0, target))
    assert moving.move(FILE, [], planned=moving.plan(FILE, [])).names == ("not/a profile yet",)
    assert vault.get("not/a profile yet") == "keys"
    assert index.read_text() == "", "what is there no more is not asked for again"


def test_changes_wait_for_a_move_to_end(places: Places) -> None:
    scene = Scene(places, KEYRING, keyring=HELD)
    held: list[str] = []

    def switch(target: str) -> None:
        from awsprof.storage.lock import LockHeldError, locked

        with pytest.raises(LockHeldError) as caught, locked(places.locks / "vault", limit_s=0):
            pass
        held.append(caught.value.holder)
        scene.setting = target

    Moving(scene.back_ends, setting=lambda: scene.setting, switch=switch).move(FILE, NAMES, planned=NAMES)
    assert str(os.getpid()) in held[0]


def test_a_vault_that_stays_busy_is_given_up(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    from awsprof.storage.lock import locked

    monkeypatch.setattr("awsprof.vault.choice._TURN_LIMIT_S", 0.1)
    scene = Scene(places, KEYRING, keyring=HELD)
    with locked(places.locks / "vault", limit_s=1):
        for call in (lambda: scene.vault.set(KEYS, "x"), lambda: scene.vault.delete(KEYS), lambda: scene.move(FILE)):
            with pytest.raises(VaultUnavailableError, match=r"busy for 0\.1 s with pid") as caught:
                call()
            assert "Wait for that command" in str(caught.value.hint)
        assert scene.vault.get(KEYS) == "keys", "reading waits for nobody"
    assert (scene.setting, scene.holds(KEYRING), scene.holds(FILE)) == (KEYRING, HELD, {})


def test_a_copy_left_among_the_files_never_outlives_a_change_in_the_keyring(places: Places) -> None:
    """A move to files was killed; then the keys are rotated in the keyring; then somebody sets auto."""
    scene = Scene(places, KEYRING, keyring={KEYS: "old", SEED: "seed"}, file={KEYS: "old", SEED: "seed"})
    scene.vault.set(KEYS, "rotated")
    scene.vault.delete(SEED)
    scene.setting = "auto"
    assert (scene.vault.get(KEYS), scene.vault.get(SEED)) == ("rotated", None)


def test_what_only_the_files_hold_is_not_removed_by_the_keyring(places: Places) -> None:
    scene = Scene(places, KEYRING, file={KEYS: "in files only"})
    scene.vault.delete(KEYS)
    scene.vault.set(KEYS, "new")
    assert scene.holds(FILE) == {KEYS: "in files only"}


def test_a_forced_keyring_keeps_to_itself(places: Places) -> None:
    """AWSPROF_VAULT holds for one command: the files are what every other command reads."""
    scene = Scene(places, FILE, forced=KEYRING, keyring={KEYS: "old"}, file={KEYS: "mine"})
    scene.vault.set(KEYS, "new")
    assert (scene.holds(FILE), scene.holds(KEYRING)) == ({KEYS: "mine"}, {KEYS: "new"})


# --- the real back ends

ODD = {
    "autochart_prod_paul": '{"access_key_id": "AKIA…"}',
    "autochart_prod_paul/read-only/session": "1\n{}\n" * 500,
    "with space/seed": "ünïcödé 日本語 🔑",
    "日" * 120: "a name too long for a file",
    "../../etc/passwd": "",
    "a%2Fb\nc": "two\r\nlines\n",
}


@pytest.fixture
def real(places: Places, keyring_daemon: KeyringDaemon) -> BackEnds:
    environ = {**os.environ, "AWSPROF_VAULT_PASSPHRASE": PASSPHRASE}
    return BackEnds(environ, places, Patience(20), ask_passphrase=None, confirm_create=None)


def moving_between(real: BackEnds, setting: list[str]) -> Moving:
    def switch(target: str) -> None:
        setting[0] = target

    return Moving(real, setting=lambda: setting[0], switch=switch)


@pytest.mark.parametrize("setting", ["auto", KEYRING])
def test_from_the_real_keyring_to_files_made_on_the_way(real: BackEnds, places: Places, setting: str) -> None:
    in_force = [setting]
    vault = VaultInForce(real, lambda: in_force[0])
    for name, value in ODD.items():
        vault.set(name, value)
    moving = moving_between(real, in_force)
    names = tuple(ODD)
    planned = moving.plan(FILE, names)
    assert (set(planned), places.vault.exists()) == (set(ODD), False)
    assert set(moving.move(FILE, names, planned=planned).names) == set(ODD)
    assert real.keyring is not None
    assert [real.keyring.get(name) for name in ODD] == [None] * len(ODD)
    later = BackEnds(
        {"AWSPROF_VAULT": "file", "AWSPROF_VAULT_PASSPHRASE": PASSPHRASE},
        places,
        Patience(),
        ask_passphrase=None,
        confirm_create=None,
    )
    assert {name: VaultInForce(later, lambda: "auto").get(name) for name in ODD} == ODD
    assert (in_force, vault.name) == ([FILE], "file")


def test_from_files_to_the_real_keyring_and_back(real: BackEnds, places: Places, made_vault: MadeVault) -> None:
    made_vault.copy_to(places, unlocked=True)
    in_force = [FILE]
    for name, value in ODD.items():
        real.files.set(name, value)
    assert sorted(real.files.items()) == sorted(ODD)
    moving = moving_between(real, in_force)
    assert set(moving.move(KEYRING, [], planned=moving.plan(KEYRING, [])).names) == set(ODD)
    assert (real.files.items(), in_force) == ([], [KEYRING])
    assert {name: VaultInForce(real, lambda: KEYRING).get(name) for name in ODD} == ODD
    # The keyring cannot be asked for its names: they were noted, also those of no profile.
    assert set(moving.move(FILE, [], planned=moving.plan(FILE, [])).names) == set(ODD)
    assert {name: real.files.get(name) for name in ODD} == ODD


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("breaks", ["die", "lock"])
def test_a_real_keyring_that_breaks_half_way_loses_nothing(
    places: Places, made_vault: MadeVault, own_keyring_daemon: KeyringDaemon, breaks: str
) -> None:
    """The daemon dies, or its collection is locked with nobody to unlock it, while items are copied into it."""
    made_vault.copy_to(places, unlocked=True)
    back_ends = BackEnds(os.environ, places, Patience(), ask_passphrase=None, confirm_create=None)
    for name, value in HELD.items():
        back_ends.files.set(name, value)
    in_force = [FILE]
    steps: list[str] = []

    def step(doing: str, done: int, total: int) -> None:
        steps.append(doing)
        if doing.startswith("Copying") and done == 2:
            getattr(own_keyring_daemon, breaks)()

    moving = Moving(back_ends, setting=lambda: in_force[0], switch=in_force.append, step=step)
    with pytest.raises(VaultError, match=r"nothing was moved, but 2 of the copies made could not be removed") as caught:
        moving.move(KEYRING, [], planned=tuple(HELD))
    assert (caught.value.status, in_force) == (6, [FILE])
    assert {name: back_ends.files.get(name) for name in HELD} == HELD
    own_keyring_daemon.see_to_it()
    os.environ.update(own_keyring_daemon.env)
    later = BackEnds(os.environ, places, Patience(), ask_passphrase=None, confirm_create=None)
    again = moving_between(later, in_force)
    assert set(again.move(KEYRING, [], planned=again.plan(KEYRING, [])).names) == set(HELD)
    assert {name: VaultInForce(later, lambda: in_force[0]).get(name) for name in HELD} == HELD


def test_a_value_too_long_for_windows_leaves_all_in_the_files(places: Places, made_vault: MadeVault) -> None:
    """The stand-in has the name of the library's Windows back end; sessions are longer than it takes."""
    made_vault.copy_to(places, unlocked=True)
    backend = type("WinVaultKeyring", (DictBackend,), {"__module__": "keyring.backends.Windows"})()
    back_ends = BackEnds(os.environ, places, Patience(), ask_passphrase=None, confirm_create=None)
    back_ends.keyring = KeyringVault(backend, Patience(), write_lock=places.locks / "keyring")
    values = {KEYS: "keys", f"{KEYS}/session": "x" * 1281}
    for name, value in values.items():
        back_ends.files.set(name, value)
    setting = [FILE]
    moving = moving_between(back_ends, setting)
    with pytest.raises(VaultError, match=r"too long for the Windows Credential Manager.*; nothing was moved") as caught:
        moving.move(KEYRING, [], planned=moving.plan(KEYRING, []))
    assert "'awsprof vault move file'" in str(caught.value.hint)
    assert (setting, backend.items) == ([FILE], {})
    assert {name: back_ends.files.get(name) for name in values} == values
