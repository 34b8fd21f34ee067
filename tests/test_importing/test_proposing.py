"""Which name of the convention an older name stands for, and when that would be a guess."""

from __future__ import annotations

import pytest

from awsprof.importing.proposing import Surroundings, proposal, user_part, without_collisions
from awsprof.naming import ProfileName

ALONE = Surroundings(user="paul")
AROUND = Surroundings(
    product="autochart",
    user="paul",
    products=frozenset({"auto-chart"}),
    envs=frozenset({"blue"}),
    accounts={"222222222222": ("autochart", "prod")},
)


@pytest.mark.parametrize(
    ("name", "alone", "around"),
    [
        ("autochart-prod-paul", "autochart_prod_paul", "autochart_prod_paul"),
        ("autochart.prod", "autochart_prod_paul", "autochart_prod_paul"),
        ("autochart/prod", "autochart_prod_paul", "autochart_prod_paul"),
        ("AutoChart_Prod", "autochart_prod_paul", "autochart_prod_paul"),
        ("Auto Chart prod", "auto-chart_prod_paul", "auto-chart_prod_paul"),
        ("prod", None, "autochart_prod_paul"),
        ("PROD", None, "autochart_prod_paul"),
        ("staging", None, "autochart_staging_paul"),
        ("prod-anna", None, "autochart_prod_anna"),
        ("prod-autochart", None, "autochart_prod_paul"),
        ("paul-prod", None, "autochart_prod_paul"),
        ("auto-chart-green-paul", None, "auto-chart_green_paul"),
        ("autochart-blue", None, "autochart_blue_paul"),
        ("blue", None, "autochart_blue_paul"),
        ("Ünter-prod", "unter_prod_paul", "unter_prod_paul"),
        ("autochart_dev_anna", "autochart_dev_anna", "autochart_dev_anna"),
        ("Acme_Prod_Test", "acme_prod_test", "acme_prod_test"),
        # Guesses, all of these.
        ("Acme_Web_Prod", None, None),
        ("acme/web/blue", "acme_web_blue", None),
        ("prod-eu-west-1", None, None),
        ("acme-prod-us-gov-west-1", None, None),
        ("acme-prod-eu-west-1-paul", None, None),
        ("work", None, None),
        ("dev-tools-prod", None, None),
        ("acme-eu-west", None, None),
        ("default", None, None),
        ("autochart-dev-default", None, None),
        ("autochart_default_paul", None, None),
        ("x" * 33 + "-prod", None, None),
        ("---", None, None),
        ("", None, None),
    ],
)
def test_proposal(name: str, alone: str | None, around: str | None) -> None:
    """An env word parts a name; what is missing comes from the surroundings or not at all."""
    for surroundings, expected in ((ALONE, alone), (AROUND, around)):
        found = proposal(name, None, surroundings)
        assert (None if found is None else str(found)) == expected


def test_account_of_the_team_file_tells_the_env() -> None:
    """A name that says nothing is the env whose account it has; one that names an env keeps it."""
    assert str(proposal("work", "222222222222", AROUND)) == "autochart_prod_paul"
    assert str(proposal("autochart-dev", "222222222222", AROUND)) == "autochart_dev_paul"
    assert proposal("work", "333333333333", AROUND) is None


def test_no_user_no_proposal() -> None:
    assert proposal("autochart-prod", None, Surroundings()) is None


def test_collisions_are_nobodys() -> None:
    """Two names that would be one, and a name that is taken, are left for a person; a profile may keep its own."""
    one, other, third = (ProfileName("autochart", env, "paul") for env in ("prod", "dev", "qa"))
    wanted = {"prod": one, "autochart-prod": one, "dev": other, "qa": third, "autochart_live_paul": None}
    taken = {"autochart_dev_paul"}
    assert without_collisions(wanted, taken) == {
        "prod": None,
        "autochart-prod": None,
        "dev": None,
        "qa": third,
        "autochart_live_paul": None,
    }
    kept = {"autochart_dev_paul": other}
    assert without_collisions(kept, taken) == kept


@pytest.mark.parametrize(
    ("login", "part"), [("Paul", "paul"), ("CORP\\Paul.M", "paul-m"), ("paul@corp", "paul-corp"), ("___", None)]
)
def test_user_part(login: str, part: str | None) -> None:
    assert user_part(login) == part
