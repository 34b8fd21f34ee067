"""An import broken at every step: each key is in the vault or in the file, and the next import finishes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from awsprof.sessions.keys import load_keys
from tests.test_cli.conftest import DEV, OTHER, PROD, write_config, write_settings
from tests.test_heavy.conftest import ALL
from tests.test_importing.awsfake import FakeAws, FakeKey
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import CommandLine

MFA, KNOWN_HERE = f"arn:aws:iam::{PROD}:mfa/paul", f"arn:aws:iam::{DEV}:mfa/paul"
NAMES = ("autochart_dev_paul", "autochart_prod_paul", "autochart_qa_paul")
_MOST_STEPS = 60


class Broken(KeyboardInterrupt):
    """Ctrl-C, or the end of the process."""


class Wire:
    """
    Counts the steps that have an effect, and breaks one of them.

    Args:
        at: Which one; 0: none.
        after: Break it when it has taken effect.
        dead: No later step has an effect, as after SIGKILL; else only this one breaks, as with Ctrl-C.
    """

    def __init__(self, at: int = 0, *, after: bool = False, dead: bool = False) -> None:
        self.at, self.after, self.dead = at, after, dead
        self.steps: list[str] = []
        self.gone = False

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        if self.gone:
            raise Broken
        self.steps.append(name)
        here = len(self.steps) == self.at
        if here and not self.after:
            self._break()
        result = work()
        if here:
            self._break()
        return result

    def _break(self) -> None:
        self.gone = self.dead
        raise Broken


class WiredVault(MemoryVault):
    wire = Wire()

    def set(self, item: str, value: str) -> None:
        self.wire(f"set {item}", lambda: super(WiredVault, self).set(item, value))

    def delete(self, item: str) -> bool:
        return bool(self.wire(f"delete {item}", lambda: super(WiredVault, self).delete(item)))


class House:
    """One home with keys in every place, as it is before an import."""

    def __init__(self, awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.awsprof, self.home = awsprof, home
        self.aws = awsprof.aws = FakeAws()
        self.vault = awsprof.vault = WiredVault()
        self.wire = Wire()
        write_settings(home, 'user = "paul"\n')
        self.keys = [self.aws.key(DEV, may_list=False), self.aws.key(PROD, devices=[MFA]), self.aws.key(OTHER)]
        self.aws.around = lambda call: self.wire("ask", call)
        replace = os.replace
        monkeypatch.setattr(
            os, "replace", lambda one, other: self.wire(f"replace {other}", lambda: replace(one, other))
        )
        # The first change of all makes the journal's key.
        self.reset()
        assert self.run(Wire()) == 0
        self.reset()

    def reset(self) -> None:
        one, two, three = self.keys
        write_config(
            self.home,
            f"[profile autochart-dev]\nregion = eu-west-1\nmfa_serial = {KNOWN_HERE}\n\n"
            f"# qa\n[profile autochart.qa]\n{three.lines}\n"
            f"[profile autochart-ops]\nrole_arn = arn:aws:iam::{DEV}:role/x\nsource_profile = autochart-dev\n",
        )
        write_config(
            self.home,
            f"[autochart-dev]\n{one.lines}\n[autochart-prod-long-term]\n{two.lines}aws_mfa_device = {MFA}\n\n"
            "[autochart-prod]\naws_access_key_id = ASIAAAAAAAAAAAAAAAAA\naws_secret_access_key = g\n"
            "aws_session_token = g\n",
            "credentials",
        )
        for name in [name for name in self.vault.items if not name.startswith("awsprof/")]:
            del self.vault.items[name]
        for name in ("config", "credentials"):
            # Long ago: a file that was just written would be let rest.
            os.utime(self.home / ".aws" / name, (1_700_000_000, 1_700_000_000))

    def run(self, wire: Wire, *words: str) -> int:
        self.wire = self.vault.wire = wire
        status = self.awsprof("import", "--yes", *words).status
        self.wire = self.vault.wire = Wire()
        return status

    def files(self) -> str:
        return self.awsprof.config + (self.home / ".aws" / "credentials").read_text()

    def nowhere(self) -> list[str]:
        """The keys that are neither in the vault nor in a file."""
        files = self.files()
        held = "".join(self.vault.items.values())
        return [key.id for key in self.keys if not all(part in files or part in held for part in (key.id, key.secret))]

    def entries(self) -> list[int]:
        """The numbers of the journal's entries, the newest first."""
        return [row["id"] for row in json.loads(self.awsprof("undo", "--json").stdout)["entries"]]

    def is_done(self) -> bool:
        """Whether every key is under its name in the vault, none in a file, and nothing names an old profile."""
        stored = [load_keys(self.vault, name) for name in NAMES]
        pairs = [(it.credentials.access_key_id, it.credentials.secret_access_key) for it in stored if it]
        text = self.files()
        old = any(word in text for word in ("aws_access_key_id", "autochart-", "autochart."))
        kept = all(f"mfa_serial = {serial}\n" in text for serial in (MFA, KNOWN_HERE)) and "region = eu-west-1" in text
        return kept and not old and pairs == [_pair(key) for key in self.keys]


def _pair(key: FakeKey) -> tuple[str, str]:
    return key.id, key.secret


@pytest.fixture
def house(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(awsprof, home, monkeypatch)


@pytest.mark.parametrize("dead", [False, True], ids=["ctrl-c", "killed"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_break_at_every_step(house: House, dead: bool, after: bool) -> None:
    """Ctrl-C brings everything back; a kill leaves what the next import finishes; neither loses a key."""
    whole = Wire()
    assert house.run(whole) == 0
    assert house.is_done()
    kinds = [step.partition(" ")[0] for step in whole.steps]
    assert {"ask", "set", "replace"} <= set(kinds)
    assert len(kinds) < _MOST_STEPS
    places = range(1, len(kinds) + 1)
    for at in places if ALL else [at for at in places if at % 2 == after]:
        house.reset()
        before = house.files()
        wire = Wire(at, after=after, dead=dead)
        assert house.run(wire) in (0, 130)
        where = (at, wire.steps[-1])
        assert house.nowhere() == [], where
        if not dead and not house.is_done():
            left = {name for name in house.vault.items if not name.startswith("awsprof/")}
            assert (house.files(), left) == (before, set()), where
        if house.is_done():
            continue
        assert house.run(Wire()) == 0, where
        assert house.is_done(), where


def test_undo_of_a_killed_import_that_was_finished(house: House) -> None:
    """The entry of the killed one holds keys that by now are in the vault alone: the later one is undone first."""
    whole = Wire()
    assert house.run(whole) == 0
    places = [number for number, step in enumerate(whole.steps, 1) if step.partition(" ")[0] in ("set", "replace")]
    for at in places if ALL else places[1::3]:
        house.reset()
        before = house.files()
        earlier = house.entries()
        house.run(Wire(at, after=True, dead=True))
        assert house.run(Wire()) == 0
        numbers = [number for number in house.entries() if number not in earlier]
        refused = [house.awsprof("undo", str(number), "--yes").status for number in reversed(numbers[1:])]
        assert house.nowhere() == []
        for _ in range(refused.count(1) + 1):
            assert house.awsprof("undo", "--yes").status == 0
        assert (house.files(), house.nowhere()) == (before, [])
        assert not any(name in house.vault.items for name in NAMES)


def test_break_with_no_room_to_take_it_back(house: House) -> None:
    """Where the credentials file cannot be restored after its edit, the vault keeps what it alone has."""
    whole = Wire()
    assert house.run(whole) == 0
    last = max(number for number, step in enumerate(whole.steps, 1) if step.endswith(".aws/credentials"))
    house.reset()
    wire = Wire(last, after=True)
    credentials = house.home / ".aws" / "credentials"

    def breaking(name: str, work: Callable[[], Any]) -> Any:
        if len(wire.steps) >= last and name.endswith(".aws/credentials"):
            raise OSError(28, "No space left on device")
        return wire(name, work)

    house.wire = breaking  # type: ignore[assignment]
    house.vault.wire = breaking  # type: ignore[assignment]
    assert house.awsprof("import", "--yes").status == 130
    assert house.keys[0].secret not in credentials.read_text()
    assert house.nowhere() == []
