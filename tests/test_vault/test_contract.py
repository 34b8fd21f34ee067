"""What every vault does, real or fake."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.errors import VaultError
from awsprof.vault import KeyringVault, Patience
from awsprof.vault.names import ItemNames
from tests.test_vault.conftest import MadeVault, age_vault
from tests.test_vault.memory import MemoryBackEnd, MemoryVault

if TYPE_CHECKING:
    from collections.abc import Callable

    from awsprof.places import Places
    from awsprof.vault import Vault
    from awsprof.vault.vault import BackEnd

HOSTILE_NAMES = [
    "../x",
    "../../../etc/passwd",
    "a/b",
    "/absolute",
    ".hidden",
    "..",
    ".",
    "ünïcödé",
    "日本語",
    "with space",
    "with\nnewline",
    "CON",
    "a%2Fb",
    "-rf",
    "x" * 120,
    "ü" * 120,
    "日" * 120,
]


@pytest.fixture(params=["memory", "memory back end", "file", "keyring"])
def open_vault(request: pytest.FixtureRequest, places: Places) -> Callable[[], Vault]:
    """Return what opens the same vault again and again, as one command after another does."""
    if request.param == "memory":
        vault = MemoryVault()
        return lambda: vault
    return opener(request.param, request, places)


@pytest.fixture(params=["memory back end", "file", "keyring"])
def open_back_end(request: pytest.FixtureRequest, places: Places) -> Callable[[], BackEnd]:
    return opener(request.param, request, places)


def opener(kind: str, request: pytest.FixtureRequest, places: Places) -> Callable[[], BackEnd]:
    if kind == "memory back end":
        back_end = MemoryBackEnd("keyring")
        return lambda: back_end
    if kind == "file":
        made: MadeVault = request.getfixturevalue("made_vault")
        made.copy_to(places, unlocked=True)
        return lambda: age_vault(places.vault, places.runtime)
    request.getfixturevalue("keyring_daemon")

    def find() -> BackEnd:
        keyring = KeyringVault.find(Patience(), environ=os.environ, names=ItemNames(places.state / "keyring-items"))
        assert keyring is not None
        return keyring

    return find


def test_an_item_never_stored_is_none(open_vault: Callable[[], Vault]) -> None:
    assert open_vault().get("never stored") is None


def test_a_value_comes_back_in_a_later_command(open_vault: Callable[[], Vault]) -> None:
    open_vault().set("later", "value")
    assert open_vault().get("later") == "value"


@pytest.mark.parametrize(
    "value", ["", " ", "\n", "two\nlines\r\n", "tab\tand\x7f", "ünïcödé 日本語 🔑", "x" * 100_000, '{"json": "yes"}']
)
def test_a_value_comes_back_as_it_was(open_vault: Callable[[], Vault], value: str) -> None:
    open_vault().set("as it was", value)
    assert open_vault().get("as it was") == value


def test_storing_again_replaces(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    for value in ("long " * 100, "short", "third"):
        vault.set("replaced", value)
    assert open_vault().get("replaced") == "third"


def test_deleting_says_whether_there_was_one(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    vault.set("deleted", "value")
    assert [vault.delete("deleted"), vault.delete("deleted"), open_vault().get("deleted")] == [True, False, None]


def test_an_item_and_its_seed_are_two(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    vault.set("autochart_prod_paul", "keys")
    vault.set("autochart_prod_paul/seed", "seed")
    vault.delete("autochart_prod_paul")
    assert [vault.get("autochart_prod_paul"), vault.get("autochart_prod_paul/seed")] == [None, "seed"]


def test_hostile_names_are_names_like_others(open_vault: Callable[[], Vault]) -> None:
    """Each is stored, and none is taken for another."""
    vault = open_vault()
    for name in HOSTILE_NAMES:
        vault.set(name, f"value of {name}")
    assert [vault.get(name) for name in HOSTILE_NAMES] == [f"value of {name}" for name in HOSTILE_NAMES]
    assert [vault.delete(name) for name in HOSTILE_NAMES] == [True] * len(HOSTILE_NAMES)


def test_names_that_differ_in_case_are_two(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    vault.set("Case", "upper")
    vault.set("case", "lower")
    assert [vault.get("Case"), vault.get("case")] == ["upper", "lower"]


def test_an_item_without_a_name_is_refused(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    for call in (lambda: vault.get(""), lambda: vault.set("", "value"), lambda: vault.delete("")):
        with pytest.raises(VaultError, match="needs a name"):
            call()


def test_a_value_that_is_no_text_is_refused_without_showing_it(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    with pytest.raises(VaultError) as caught:
        vault.set("no text", "Qm9TX-secret-\udc80")
    assert "Qm9TX" not in f"{caught.value}{caught.value!r}{caught.value.hint}"
    assert vault.get("no text") is None


def test_it_knows_the_names_of_its_items(open_back_end: Callable[[], BackEnd]) -> None:
    """Also in a later command, and whatever characters a name has; one that was deleted is no longer named."""
    names = [f"named {name}" for name in HOSTILE_NAMES] + ["autochart_prod_paul", "autochart_prod_paul/seed"]
    open_back_end().open()
    for name in [*names, "deleted", names[0]]:
        open_back_end().set(name, "value")
    open_back_end().delete("deleted")
    open_back_end().delete("never stored")
    assert sorted(open_back_end().items()) == sorted(names)
    for name in names:
        open_back_end().delete(name)
    assert open_back_end().items() == []


def test_opening_stores_nothing(open_back_end: Callable[[], BackEnd]) -> None:
    back_end = open_back_end()
    back_end.open()
    assert back_end.items() == []
