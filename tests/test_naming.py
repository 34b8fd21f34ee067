"""The naming convention, and what a selector may mean."""

from __future__ import annotations

import pytest

from awsprof.errors import RefusedNameError
from awsprof.naming import Context, ProfileName, matching, printable, refuse_default

NAMES = [
    "autochart_dev_paul",
    "autochart_prod_anna",
    "autochart_prod_paul",
    "website_prod_paul",
    "legacy",
    "prod",
]


@pytest.mark.parametrize("name", ["autochart_prod_paul", "a_b_c", "auto-chart_eu.dev_paul.h", f"a_b_{'c' * 32}"])
def test_names_in_the_convention(name: str) -> None:
    """Three good parts make a name, and come out again as they went in."""
    assert str(ProfileName.parse(name)) == name


@pytest.mark.parametrize(
    "name",
    ["", "prod", "a_b", "a_b_c_d", "a__c", "A_b_c", "a_b_-c", "a_b_c.", "a_b_ç", f"a_b_{'c' * 33}", "a_default_c"],
)
def test_names_outside_the_convention(name: str) -> None:
    """Everything else is outside of it."""
    assert ProfileName.parse(name) is None


@pytest.mark.parametrize(
    ("part", "nearest"),
    [("AutoChart", "autochart"), ("my_app", "my-app"), ("Müller", "muller"), ("-x-", "x"), ("a b", "a-b")],
)
def test_bad_part_names_the_nearest_good_one(part: str, nearest: str) -> None:
    """A part against the convention is refused with the spelling that was probably meant."""
    with pytest.raises(RefusedNameError) as refusal:
        ProfileName.checked(part, "dev", "paul")
    assert refusal.value.hint == f"The nearest good spelling is '{nearest}'."


@pytest.mark.parametrize(
    "text",
    [
        "default",
        "DEFAULT",
        "Default",
        " default ",
        '"default"',
        "profile default",
        "[default]",
        "\uff44efault",
        "autochart_default_paul",
        "autochart/default",
        "autochart_DEFAULT",
    ],
)
def test_default_is_refused_in_any_spelling(text: str) -> None:
    """No spelling of default gets through, as a name, a part or a selector."""
    with pytest.raises(RefusedNameError):
        refuse_default(text)


@pytest.mark.parametrize("text", ["defaults", "my-default", "autochart_dev_paul", "default-app"])
def test_other_words_are_not_default(text: str) -> None:
    """Words that merely contain it are words like any other."""
    refuse_default(text)


@pytest.mark.parametrize(
    ("selector", "context", "expected"),
    [
        ("autochart_dev_paul", Context(), ["autochart_dev_paul"]),
        ("autochart_dev", Context(), ["autochart_dev_paul"]),
        ("autochart/dev", Context(), ["autochart_dev_paul"]),
        ("dev", Context(), ["autochart_dev_paul"]),
        ("autochart_prod", Context(), ["autochart_prod_anna", "autochart_prod_paul"]),
        ("autochart_prod", Context(user="anna"), ["autochart_prod_anna"]),
        ("autochart_prod", Context(user="eve"), []),
        ("autochart_prod_anna", Context(user="paul"), ["autochart_prod_anna"]),
        ("prod", Context(product="website"), ["prod", "website_prod_paul"]),
        ("prod", Context(product="website", exact=True), ["prod"]),
        ("legacy", Context(), ["legacy"]),
        ("dev", Context(exact=True), []),
        ("autochart_de", Context(), []),
        ("autochart", Context(), []),
        ("", Context(), []),
        ("_", Context(), []),
        ("/", Context(), []),
    ],
)
def test_selectors(selector: str, context: Context, expected: list[str]) -> None:
    """Full names, product and env, or an env in context; never a prefix, never a guess."""
    assert matching(selector, NAMES, context) == expected


def test_printable_escapes_what_a_terminal_might_act_on() -> None:
    """Names from files others wrote cannot move the cursor or hide themselves."""
    assert printable("é\x1b[31m\n\u202e\udc80") == "é\\x1b[31m\\n\\u202e\\udc80"
