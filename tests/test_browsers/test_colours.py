"""Each account's colour: red where it is protected, never red by chance, and the same on every machine."""

from __future__ import annotations

import pytest

from awsprof.browsers.colours import Colour, colour_of, contrast
from awsprof.profiles.setting import COLOURS
from tests.test_browsers.conftest import make_profile


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ("dev", "green"),
        ("test", "teal"),
        ("staging", "orange"),
        ("qa", "lightBlue"),
        ("sandbox", "yellow"),
        ("legacy", "purple"),
        ("ops", "darkBlue"),
        ("eu-1", "pink"),
        ("blue", "yellow"),
    ],
)
def test_an_env_has_one_colour_for_ever(env: str, name: str) -> None:
    """Known envs have a colour each; any other has one by a hash that no version of Python changes."""
    assert colour_of(make_profile(f"autochart_{env}_paul")).name == name
    assert colour_of(make_profile(f"shop_{env}_eva")).name == name


def test_protected_is_red_and_nothing_else_is() -> None:
    """A protected env is red whatever its name; of a thousand others, none is."""
    assert colour_of(make_profile("autochart_dev_paul", protected=True)).name == "red"
    assert "red" not in {colour_of(make_profile(f"autochart_env{n}_paul")).name for n in range(1000)}


def test_a_profile_outside_the_convention_goes_by_its_name() -> None:
    """Two of them differ in nothing else."""
    assert colour_of(make_profile("old prod")) == colour_of(make_profile("old prod"))


@pytest.mark.parametrize("chosen", COLOURS)
def test_the_setting_wins(chosen: str) -> None:
    """``set NAME awsprof_color=teal`` counts more than env and protection."""
    assert colour_of(make_profile("autochart_prod_paul", protected=True, awsprof_color=chosen)).name == chosen


@pytest.mark.parametrize("chosen", ["mauve", "#ff0000", "RED", '"; }', ""])
def test_a_colour_that_is_none_counts_for_nothing(chosen: str) -> None:
    """What somebody wrote there by hand never reaches a browser."""
    assert colour_of(make_profile("autochart_prod_paul", protected=True, awsprof_color=chosen)) == Colour(
        "red", "B71C1C"
    )


@pytest.mark.parametrize("name", [name for name in COLOURS if name != "none"])
def test_words_on_a_colour_can_be_read(name: str) -> None:
    """White or black, by WCAG's measure for ordinary text."""
    colour = colour_of(make_profile("autochart_dev_paul", awsprof_color=name))
    assert colour.hex is not None
    assert contrast(colour.text, colour.hex) >= 4.5
