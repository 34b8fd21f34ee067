"""Selectors, through ``awsprof show``: how ``prod`` finds its profile, and when it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.command_line import CommandLine, Outcome
from tests.test_cli.conftest import write_config, write_settings

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "autochart_dev_paul",
    "autochart_dev_petra",
    "autochart_prod_paul",
    "billing_dev_paul",
    "billing_qa_paul",
    "legacy",
    "qa",
    "under_score",
]


@pytest.fixture(autouse=True)
def profiles(home: Path) -> None:
    """Two products, two users, and profiles outside the convention, one of them named like an env."""
    write_config(home, "".join(f"[profile {name}]\nregion = x\n" for name in [*NAMES, "Loud"]))


def found(outcome: Outcome) -> str:
    """The name of the profile that was shown, or else the exit status."""
    return outcome.stdout.split()[1] if outcome.status == 0 else f"exit {outcome.status}"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["autochart_dev_paul"], "autochart_dev_paul"),
        (["legacy"], "legacy"),
        (["Loud"], "Loud"),
        (["under_score"], "under_score"),
        (["autochart_prod"], "autochart_prod_paul"),
        (["autochart/prod"], "autochart_prod_paul"),
        (["billing_dev"], "billing_dev_paul"),
        (["prod"], "autochart_prod_paul"),
        (["dev", "--product", "billing"], "billing_dev_paul"),
        (["dev", "--user", "petra"], "autochart_dev_petra"),
        (["autochart/dev", "--user", "paul"], "autochart_dev_paul"),
        (["dev", "--product", "autochart", "--user", "paul"], "autochart_dev_paul"),
        (["qa", "--exact"], "qa"),
        (["billing/qa"], "billing_qa_paul"),
        (["autochart_dev_paul", "--product", "billing"], "autochart_dev_paul"),
        (["dev"], "exit 3"),
        (["autochart/dev"], "exit 3"),
        (["qa"], "exit 3"),
        (["dev", "--exact"], "exit 3"),
        (["prod", "--product", "billing"], "exit 3"),
        (["dev", "--user", "nobody"], "exit 3"),
        (["pro"], "exit 3"),
        (["autochart"], "exit 3"),
        (["paul"], "exit 3"),
        (["autochart_dev_"], "exit 3"),
        (["PROD"], "exit 3"),
        (["loud"], "exit 3"),
        (["autochart/dev/paul"], "exit 3"),
        ([""], "exit 3"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_finds_one_profile_or_none(awsprof: CommandLine, words: list[str], name: str) -> None:
    """A full name, product_env, product/env, or an env; never a prefix and never a guess."""
    assert found(awsprof("show", *words)) == name


@pytest.mark.parametrize(
    ("option", "product", "team", "active", "expected"),
    [
        ("billing", "autochart", "autochart", "autochart_dev_paul", "billing_dev_paul"),
        (None, "billing", "autochart", "autochart_dev_paul", "billing_dev_paul"),
        (None, None, "billing", "autochart_dev_paul", "billing_dev_paul"),
        (None, None, None, "billing_qa_paul", "billing_dev_paul"),
        (None, None, None, "legacy", "exit 3"),
        (None, None, None, None, "exit 3"),
    ],
    ids=["--product", "AWSPROF_PRODUCT", "team file", "AWS_PROFILE", "an AWS_PROFILE outside", "none"],
)
def test_the_product_in_context(
    awsprof: CommandLine,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    product: str | None,
    team: str | None,
    active: str | None,
    expected: str,
) -> None:
    """An env is sought in --product, AWSPROF_PRODUCT, the nearest team file, AWS_PROFILE's product, else in all."""
    monkeypatch.setenv("AWSPROF_USER", "paul")
    if product:
        monkeypatch.setenv("AWSPROF_PRODUCT", product)
    if active:
        monkeypatch.setenv("AWS_PROFILE", active)
    if team:
        (home / ".awsprof.toml").write_text(f'product = "{team}"\n')
    below = home / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert found(awsprof("show", "dev", *(["--product", option] if option else []))) == expected


def test_the_nearest_team_file_counts(awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A team file further up does not speak for a product of its own below it."""
    (home / ".awsprof.toml").write_text('product = "autochart"\n')
    below = home / "billing"
    below.mkdir()
    (below / ".awsprof.toml").write_text('product = "billing"\n')
    monkeypatch.chdir(below)
    assert found(awsprof("show", "dev")) == "billing_dev_paul"


@pytest.mark.parametrize(
    ("option", "variable", "setting", "expected"),
    [
        ("petra", "paul", "paul", "autochart_dev_petra"),
        (None, "petra", "paul", "autochart_dev_petra"),
        (None, None, "petra", "autochart_dev_petra"),
        (None, None, None, "exit 3"),
    ],
    ids=["--user", "AWSPROF_USER", "setting", "none"],
)
def test_the_user_in_context(
    awsprof: CommandLine,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    variable: str | None,
    setting: str | None,
    expected: str,
) -> None:
    """Among several users' profiles --user decides, then AWSPROF_USER, then the setting."""
    if variable:
        monkeypatch.setenv("AWSPROF_USER", variable)
    if setting:
        write_settings(home, f'user = "{setting}"\n')
    assert found(awsprof("show", "autochart/dev", *(["--user", option] if option else []))) == expected


def test_the_active_profile_stands_in_for_a_selector(awsprof: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no selector it is AWS_PROFILE, in full; with neither it is exit 2."""
    assert awsprof("show") == Outcome(
        2, "", "Error: No profile is named, and AWS_PROFILE is not set.\nName one, as in 'prod'.\n"
    )
    for name in ("autochart_prod_paul", "legacy"):
        monkeypatch.setenv("AWS_PROFILE", name)
        assert found(awsprof("show")) == name
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert awsprof("show").status == 3


def test_a_person_picks_among_several(awsprof: CommandLine) -> None:
    """At a terminal several matches are a list to choose from, a profile outside the convention among them."""
    assert found(awsprof("show", "dev", answers=["3"])) == "billing_dev_paul"
    assert awsprof.terminal.questions == [
        "autochart_dev_paul  account unknown\n"
        "autochart_dev_petra  account unknown\n"
        "billing_dev_paul  account unknown\n"
        "Which one?"
    ]
    assert found(awsprof("show", "qa", answers=["1"])) == "qa"
    assert awsprof("show", "dev", answers=[]).status == 130


def test_the_picker_marks_protected_envs(awsprof: CommandLine, home: Path) -> None:
    """Whoever chooses sees which one is protected, and its account."""
    write_config(home, "[profile a_prod_x]\naws_account_id = 111111111111\n[profile b_prod_x]\nregion = x\n")
    awsprof("show", "prod", answers=["1"])
    assert awsprof.terminal.questions == [
        "a_prod_x  111111111111  protected\nb_prod_x  account unknown  protected\nWhich one?"
    ]


def test_lists_the_candidates_where_nobody_can_pick(awsprof: CommandLine) -> None:
    """With no terminal several matches are exit 3, with all their names."""
    assert awsprof("show", "dev") == Outcome(
        3,
        "",
        "Error: 'dev' matches 3 profiles: autochart_dev_paul, autochart_dev_petra, billing_dev_paul.\n"
        "Name one in full, or narrow it with --product, --user or --exact.\n",
    )


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("prd", ["autochart_prod_paul"]),
        ("legcy", ["legacy"]),
        ("autochart_dev_paula", ["autochart_dev_paul"]),
        ("billing", ["billing_dev_paul", "billing_qa_paul"]),
    ],
)
def test_names_the_nearest(awsprof: CommandLine, selector: str, names: list[str]) -> None:
    """No match is exit 3 with the nearest names."""
    outcome = awsprof("show", selector)
    error, hint = outcome.stderr.splitlines()
    assert (outcome.status, error) == (3, f"Error: No profile matches '{selector}'.")
    assert hint.startswith("The nearest: ")
    assert all(name in hint for name in names)


def test_names_nothing_where_nothing_is_near(awsprof: CommandLine) -> None:
    """Without a near name the way on is ``list`` or ``add``."""
    assert awsprof("show", "zzzz") == Outcome(
        3,
        "",
        "Error: No profile matches 'zzzz'.\n"
        "'awsprof list' shows the profiles there are; 'awsprof add PRODUCT ENV USER' makes one.\n",
    )


@pytest.mark.parametrize(
    "selector",
    ["default", "Default", " DEFAULT ", "'default'", "profile default", "\uff44\uff45\uff46\uff41\uff55\uff4c\uff54"],
)
@pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["login"],
        ["logout"],
        ["status"],
        ["whoami"],
        ["export"],
        ["remove", "--yes"],
        ["credential-process"],
        ["exec"],
    ],
    ids=lambda command: command[0],
)
def test_default_is_no_selector(awsprof: CommandLine, home: Path, command: list[str], selector: str) -> None:
    """``default`` is refused by every command with exit 2, even where such a profile exists."""
    write_config(home, "[default]\nregion = x\n[profile Default]\nregion = x\n")
    before = awsprof.config
    rest = ["--", "true"] if command == ["exec"] else []
    outcome = awsprof(*command, selector, *rest, answers=[])
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Error: 'default' is refused: ")
    assert awsprof.config == before
    assert awsprof.became == []


@pytest.mark.parametrize("command", [["show"], ["login"], ["export"], ["exec", "--", "true"]])
def test_default_is_no_active_profile(
    awsprof: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """AWS_PROFILE=default does not get past the rule either."""
    write_config(home, "[default]\nregion = x\n")
    monkeypatch.setenv("AWS_PROFILE", "default")
    assert awsprof(*command, answers=[]).status == 2


@pytest.mark.parametrize("selector", ["autochart/default", "default_dev", "autochart_dev_default"])
def test_default_is_no_part_of_a_selector(awsprof: CommandLine, selector: str) -> None:
    """``default`` as a part of a selector is refused like the name."""
    assert awsprof("show", selector).status == 2


@pytest.mark.parametrize("options", [("--product", "Auto Chart"), ("--user", "Paul"), ("--product", "default")])
def test_refuses_a_bad_context(awsprof: CommandLine, options: tuple[str, ...]) -> None:
    """An option that can be no part of a name is exit 2."""
    assert awsprof("show", "dev", *options).status == 2
