"""What the prompts of the real shells say, and what it costs them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.shells.quoting import quote
from tests.test_shells.hooks import READY, SHELLS, Shell, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEV, PROD = "autochart_dev_paul", "autochart_prod_paul"
# As bash and fish write them, and as zsh does.
RED, YELLOW = ("\x1b[97;41m", "\x1b[41m"), ("\x1b[33m",)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[str], str]) -> Shell:
    directory = tmp_path / 'it\'s a "place" $HOME'
    directory.mkdir()
    return Shell(request.param, directory, tool)


def segment(prompt: str) -> str:
    """What stands before the user's own prompt, without colours and the blanks that colours are given."""
    assert plain(prompt).endswith(READY)
    return " ".join(plain(prompt).removesuffix(READY).split())


# --- what is said


def test_no_profile_no_segment(shell: Shell) -> None:
    """Without AWS_PROFILE the prompt is the user's own, to the byte; so it is again when the profile is gone."""
    steps = (shell.exporting("AWS_PROFILE", DEV), shell.forgetting("AWS_PROFILE"))
    first, with_profile, last = shell.prompts("", *steps)
    assert (first, last) == (READY, READY)
    assert with_profile != READY


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (DEV, "autochart/dev"),
        ("a-b.c_d.e_f", "a-b.c/d.e"),
        ("old", "old"),
        ("two_parts", "two_parts"),
        ("one_two_three_four", "one_two_three_four"),
        ("a__b", "a__b"),
        ("-a_dev_b", "-a_dev_b"),
        ("a_dev._b", "a_dev._b"),
        ("a_default_b", "a_default_b"),
        ("Shop_dev_paul", "Shop_dev_paul"),
        (f"{'a' * 32}_dev_b", f"{'a' * 32}/dev"),
        (f"{'a' * 33}_dev_b", f"{'a' * 33}_dev_b"),
        ("Größe", "Größe"),
        ("a b/c@d+e=f,g:h", "a b/c@d+e=f,g:h"),
        ("-n", "-n"),
        ("-e", "-e"),
    ],
)
def test_names(shell: Shell, name: str, label: str) -> None:
    """A name of the convention is told by product and env, any other in full."""
    shell.environ["AWS_PROFILE"] = name
    (prompt,) = shell.prompts()
    assert segment(prompt) == label


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (43_230, "12h00m"),
        (3_930, "1h05m"),
        (3_630, "1h00m"),
        (3_570, "59m"),
        (2_610, "43m"),
        (150, "2m"),
        (-1, "expired"),
        (-90_000, "expired"),
    ],
)
def test_time_left(shell: Shell, left_s: int, words: str) -> None:
    """The time left is told in hours and minutes, in minutes, or as expired."""
    shell.environ["AWS_PROFILE"] = DEV
    shell.state(DEV, left_s)
    (prompt,) = shell.prompts()
    assert segment(prompt) == f"autochart/dev {words}"


def test_seconds_left(shell: Shell) -> None:
    """Under two minutes the seconds are told."""
    shell.environ["AWS_PROFILE"] = DEV
    shell.state(DEV, 100)
    (prompt,) = shell.prompts()
    label, left = segment(prompt).split()
    assert label == "autochart/dev"
    assert left in {f"{seconds}s" for seconds in range(60, 101)}


def test_a_login_elsewhere_shows_at_once(shell: Shell, tmp_path: Path) -> None:
    """The next prompt tells what the state file says by then, also when it goes away or comes back."""
    path = shell.state(DEV, 2_610)
    other = shell.state(DEV, 7_230, below="later")
    shell.environ["AWS_PROFILE"] = DEV
    here, there = (quote(shell.name, str(place)) for place in (path, other))
    steps = ("", f"cp -p {there} {here}", f"rm {here}", f"cp -p {there} {here}")
    assert [segment(prompt).split()[1:] for prompt in shell.prompts(*steps)] == [["43m"], ["2h00m"], [], ["2h00m"]]


def test_alias(shell: Shell) -> None:
    """The account's alias is told when it is known."""
    shell.environ["AWS_PROFILE"] = DEV
    shell.state(DEV, 2_610, alias="acme-dev")
    (prompt,) = shell.prompts()
    assert segment(prompt) == "autochart/dev (acme-dev) 43m"


@pytest.mark.parametrize("text", ["", "soon\n", "12 34\n\n\n", "-5\n\n\n", "0x10\n\n\n", "999999999999\n\n\n"])
def test_a_torn_state_says_nothing(shell: Shell, text: str) -> None:
    """A state file that is not whole is as if there were none."""
    shell.environ["AWS_PROFILE"] = DEV
    path = shell.state(DEV, 2_610)
    path.write_text(text)
    (prompt,) = shell.prompts()
    assert segment(prompt) == "autochart/dev"


@pytest.mark.parametrize(
    "name", ["Old Profile", ".hidden", "a/b", "é~", "50%", "..", "new\nline", "tab\there", "A_B_C"]
)
def test_state_files_of_any_name(shell: Shell, name: str) -> None:
    """The state is found by the same file name that awsprof gives it."""
    shell.environ["AWS_PROFILE"] = name
    shell.state(name, 2_610)
    (prompt,) = shell.prompts()
    assert segment(prompt).endswith(" 43m")


def test_names_that_are_no_utf8(shell: Shell) -> None:
    """A name of any bytes has its file, and shows nothing that a terminal would act on."""
    name = os.fsdecode(b"a\xff\x9bb")
    shell.environ["AWS_PROFILE"] = name
    shell.state(name, 2_610)
    (prompt,) = shell.prompts()
    words = segment(prompt)
    assert words.endswith("b 43m")
    assert words.isprintable()


def test_state_directory_follows_xdg(shell: Shell) -> None:
    """XDG_STATE_HOME is honoured as it is by then; what is not absolute is as if it were not set."""
    shell.state(DEV, 2_610)
    shell.state(DEV, 7_230, below="other/awsprof/state")
    shell.environ["AWS_PROFILE"] = DEV
    elsewhere = shell.exporting("XDG_STATE_HOME", str(shell.directory / "other"))
    steps = ("", elsewhere, shell.exporting("XDG_STATE_HOME", "other"), shell.forgetting("XDG_STATE_HOME"))
    assert [segment(prompt).split()[1] for prompt in shell.prompts(*steps)] == ["43m", "2h00m", "43m", "43m"]


# --- protected envs


@pytest.mark.parametrize(
    ("name", "mark", "red"),
    [
        (PROD, "", True),
        ("shop_production_a", "", True),
        ("shop_live_a", "", True),
        ("shop_legacy_a", "", True),
        ("shop_qa_a", "protected", True),
        ("outside", "protected", True),
        (DEV, "", False),
        ("prod_dev_prod", "", False),
        ("outside", "", False),
        ("prod", "", False),
    ],
)
def test_protected_is_red(shell: Shell, name: str, mark: str, red: bool) -> None:
    """Envs that are protected by name, by the settings, or by their state's fourth line are red."""
    shell.rendering["protected_envs"] = ("legacy",)
    shell.environ["AWS_PROFILE"] = name
    shell.state(name, 2_610, mark=mark)
    (prompt,) = shell.prompts()
    assert any(colour in prompt for colour in RED) is red


def test_protected_without_a_session_is_red(shell: Shell) -> None:
    """A protected env is red whether or not a session of it is known."""
    shell.environ["AWS_PROFILE"] = PROD
    (prompt,) = shell.prompts()
    assert any(colour in prompt for colour in RED)


@pytest.mark.parametrize("value", ["1", "anything"])
def test_no_color(shell: Shell, value: str) -> None:
    """With NO_COLOR there is no escape, and a protected env is told in a word."""
    shell.environ |= {"NO_COLOR": value, "AWS_PROFILE": PROD, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}
    shell.state(PROD, 2_610)
    shell.state(DEV, 2_610)
    prod, dev = shell.prompts("", shell.exporting("AWS_PROFILE", DEV))
    assert prod == f"autochart/prod (protected) 43m ⚠ AWS_ACCESS_KEY_ID {READY}"
    assert dev == f"autochart/dev 43m ⚠ AWS_ACCESS_KEY_ID {READY}"


def test_empty_no_color_is_none(shell: Shell) -> None:
    """An empty NO_COLOR does not count."""
    shell.environ |= {"NO_COLOR": "", "AWS_PROFILE": PROD}
    (prompt,) = shell.prompts()
    assert "\x1b" in prompt


def test_dumb_terminal(shell: Shell) -> None:
    """On a dumb terminal the prompt stays as it is."""
    shell.environ |= {"TERM": "dumb", "AWS_PROFILE": PROD}
    assert shell.prompts() == [READY]


# --- letting go


def test_lets_go_of_a_protected_env(shell: Shell) -> None:
    """When the session of a protected env has expired, the next prompt takes AWS_PROFILE out and says so once."""
    shell.environ["AWS_PROFILE"] = PROD
    shell.state(PROD, -1)
    ran = shell.run(shell.prompting("", 'echo "[$AWS_PROFILE][$__awsprof_previous]"'))
    assert ran.stderr == "awsprof: the session of autochart/prod has expired: this shell lets go of it\n"
    assert (ran.status, ran.prompts) == (0, [READY, f"[][{PROD}]\n{READY}"])


@pytest.mark.parametrize("rendering", [{"release": False}, {"release": False, "prompt": False}])
def test_release_turned_off(shell: Shell, rendering: dict[str, bool]) -> None:
    """With release = false it is kept, and told to have expired."""
    shell.rendering.update(rendering)
    shell.environ["AWS_PROFILE"] = PROD
    shell.state(PROD, -1)
    first, second = shell.prompts("", 'echo "[$AWS_PROFILE]"')
    assert second.startswith(f"[{PROD}]\n")
    if rendering.get("prompt", True):
        assert segment(first) == "autochart/prod expired"


def test_lets_go_without_the_segment(shell: Shell) -> None:
    """Where another program draws the prompt, it lets go all the same."""
    shell.rendering["prompt"] = False
    shell.environ["AWS_PROFILE"] = PROD
    shell.state(PROD, -1)
    ran = shell.run(shell.prompting("", 'echo "[$AWS_PROFILE]"'))
    assert ran.prompts == [READY, f"[]\n{READY}"]
    assert ran.stderr.count("lets go of it") == 1


def test_keeps_an_unprotected_env(shell: Shell) -> None:
    """An env that is not protected is kept when its session has expired."""
    shell.environ["AWS_PROFILE"] = DEV
    shell.state(DEV, -1)
    assert segment(shell.prompts()[0]) == "autochart/dev expired"


# --- marks


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_DEFAULT_PROFILE"])
def test_variables_that_win_over_the_profile(shell: Shell, name: str) -> None:
    """A variable that makes tools use something else is named, in yellow, as long as it is set."""
    shell.environ["AWS_PROFILE"] = DEV
    steps = (shell.exporting(name, "something"), shell.exporting(name, ""), shell.forgetting(name))
    marked, empty, gone = shell.prompts(*steps)
    assert segment(marked) == f"autochart/dev ⚠ {name}"
    assert YELLOW[0] in marked
    assert (segment(empty), segment(gone)) == ("autochart/dev", "autochart/dev")


@pytest.mark.parametrize(
    "name",
    ["AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN", "AWS_REGION", "AWS_CONTAINER_CREDENTIALS_FULL_URI"],
)
def test_variables_that_do_not(shell: Shell, name: str) -> None:
    """What alone leaves the profile in force raises no mark."""
    shell.environ |= {"AWS_PROFILE": DEV, name: "something"}
    assert segment(shell.prompts()[0]) == "autochart/dev"


def test_the_same_default_profile(shell: Shell) -> None:
    """AWS_DEFAULT_PROFILE that names the same profile does no harm."""
    shell.environ |= {"AWS_PROFILE": DEV, "AWS_DEFAULT_PROFILE": DEV}
    assert segment(shell.prompts()[0]) == "autochart/dev"


def test_not_exported(shell: Shell) -> None:
    """An AWS_PROFILE that no tool can see is told to be so."""
    step = f"set -g AWS_PROFILE {DEV}" if shell.name == "fish" else f"AWS_PROFILE={DEV}"
    alone, exported = shell.prompts(step, shell.exporting("AWS_PROFILE", DEV))
    assert (segment(alone), segment(exported)) == ("autochart/dev ⚠ not exported", "autochart/dev")


@pytest.mark.parametrize("way", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LC_CTYPE": "C"}, {}])
def test_ascii(shell: Shell, way: dict[str, str]) -> None:
    """With the setting prompt_ascii, or in a locale without UTF-8, all marks are plain."""
    shell.environ |= {"AWS_PROFILE": DEV, "AWS_ACCESS_KEY_ID": "x", **way}
    shell.rendering["ascii_only"] = not way
    (shell.directory / ".awsprof.toml").write_text('product = "shop"\n')
    assert segment(shell.prompts()[0]) == "autochart/dev ! AWS_ACCESS_KEY_ID !=shop"


# --- directories


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ('product = "shop"\n', "shop"),
        ("product='shop'", "shop"),
        ('# a comment\n\n  product\t=  "shop"  # ours\r\nregion = "x"\n', "shop"),
        ('region = "eu-west-1"\nproduct = "a.b-c"\n[envs.dev]\n', "a.b-c"),
        ('product = "autochart"\n', None),
        ('[envs.dev]\nproduct = "shop"\n', None),
        ('products = "shop"\n', None),
        ('product = "Shop"\n', None),
        ('product = "shop;x"\n', None),
        ('product = "shop" x\n', None),
        (f'product = "{"x" * 33}"\n', None),
        ("", None),
        ("\0\xff\n" * 10, None),
        ("#\n" * 300 + 'product = "shop"\n', None),
        ("#" * 300_000 + '\nproduct = "shop"\n', None),
        ('product = "shop"\n' + "x" * 3_000_000, "shop"),
    ],
)
def test_product_of_the_directory(shell: Shell, text: str, product: str | None) -> None:
    """In a repository of another product, that is told; a file that says none says nothing."""
    below = shell.directory / "src" / "a b"
    below.mkdir(parents=True)
    (shell.directory / ".awsprof.toml").write_bytes(text.encode("latin-1"))
    shell.environ["AWS_PROFILE"] = DEV
    expected = "autochart/dev" if product is None else f"autochart/dev ≠{product}"
    assert segment(shell.prompts(cwd=below)[0]) == expected


def test_product_follows_cd(shell: Shell) -> None:
    """The nearest file upwards counts, by the directory one is really in, and is looked for again after cd."""
    for name, product in (("shop", "shop"), ("shop/blog", "blog"), ("autochart/src", None)):
        place = shell.directory / name
        place.mkdir(parents=True)
        if product:
            (place / ".awsprof.toml").write_text(f'product = "{product}"\n')
    (shell.directory / "link").symlink_to(shell.directory / "shop" / "blog")
    shell.environ["AWS_PROFILE"] = DEV
    places = ["shop", "shop/blog", "autochart/src", "link", "/"]
    prompts = shell.prompts(*(f"cd {quote(shell.name, str(shell.directory / place))}" for place in places))
    shown = [segment(prompt).removeprefix("autochart/dev").strip() for prompt in prompts]
    assert shown == ["≠shop", "≠blog", "", "≠blog", ""]


def test_profiles_outside_the_convention_have_no_product(shell: Shell) -> None:
    """Of a profile without a product nothing is said in any directory."""
    (shell.directory / ".awsprof.toml").write_text('product = "shop"\n')
    shell.environ["AWS_PROFILE"] = "outside"
    assert segment(shell.prompts()[0]) == "outside"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another owner")
def test_product_of_another_user_is_passed_over(shell: Shell) -> None:
    """A file of another user's is not believed, nor is one above it."""
    (shell.directory / ".awsprof.toml").write_text('product = "shop"\n')
    below = shell.directory / "below"
    below.mkdir()
    (below / ".awsprof.toml").write_text('product = "blog"\n')
    os.chown(below / ".awsprof.toml", 12345, 12345)
    shell.environ["AWS_PROFILE"] = DEV
    assert segment(shell.prompts(cwd=below)[0]) == "autochart/dev"


def test_a_pipe_does_not_make_it_wait(shell: Shell) -> None:
    """Named pipes in the places of files are neither read nor waited for."""
    os.mkfifo(shell.directory / ".awsprof.toml")
    (shell.directory / "state").mkdir()
    os.mkfifo(shell.directory / "state" / DEV)
    shell.environ["AWS_PROFILE"] = DEV
    assert segment(shell.prompts()[0]) == "autochart/dev"


def test_a_directory_that_is_gone(shell: Shell) -> None:
    """In a directory that has been removed the prompt still comes."""
    place = shell.directory / "gone"
    place.mkdir()
    where = quote(shell.name, str(place))
    shell.environ["AWS_PROFILE"] = DEV
    _, prompt = shell.prompts(
        "", f"cd {where}; and rmdir {where}" if shell.name == "fish" else f"cd {where} && rmdir {where}"
    )
    assert segment(prompt) == "autochart/dev"
