"""Whatever stands in a hand-edited file: it stays a value in every format that a browser or a desktop reads."""

from __future__ import annotations

import html.parser
import json
import os
import re
import xml.etree.ElementTree
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awsprof.browsers.chromium import Chromium
from awsprof.browsers.desktop_entry import desktop_entry, icon
from awsprof.browsers.firefox import Firefox, css_string
from awsprof.browsers.look import look_of
from awsprof.errors import RefusedNameError
from awsprof.fastpath import file_name
from tests.test_browsers.conftest import make_profile
from tests.test_browsers.test_launchers import as_desktops_read

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 2000 if os.environ.get("AWSPROF_TEST_ALL") else 150
FUZZ = settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\"'\\`$%;&|<>(){}[]=#*/-\n\r\t \x00\x1b\u2028ab"),
    st.sampled_from(['"; } * { display: none } x::before { content: "', "</style><script>", "*/", "\\", '"', "]]>"]),
)
URL = "https://a.example/"


@FUZZ
@given(name=HOSTILE, account_id=HOSTILE, colour=HOSTILE)
def test_every_field(tmp_path: Path, name: str, account_id: str, colour: str) -> None:
    """Name, account and colour reach arguments, JSON, CSS, HTML, SVG and desktop entries, and end none of them."""
    profile = make_profile(name or "x", aws_account_id=account_id, awsprof_color=colour)
    look = look_of(profile, [], region="eu-west-1")
    directory = tmp_path / "d"
    for dresser in (Chromium(), Firefox()):
        dresser.dress(directory, look, worn=None)
        words = dresser.arguments(directory, look, URL, platform="linux")
        assert (len(words), words[-1]) == (6 if isinstance(dresser, Chromium) else 7, URL)
        assert all(word.isprintable() for word in words)
    json.loads((directory / "Default" / "Bookmarks").read_bytes())
    assert_css_holds((directory / "chrome" / "userChrome.css").read_text("ascii"))
    assert_links_only((directory / "bookmarks.html").read_text("ascii"))
    xml.etree.ElementTree.fromstring(icon(look.colour, profile.name))
    try:
        text = desktop_entry(profile, launcher="/bin/awsprof", icon=tmp_path / "i", window_class=look.window_class)
    except RefusedNameError:
        assert not profile.name.isprintable()
        return
    keys = [line.partition("=")[0] for line in text.splitlines()]
    assert keys == [
        *("[Desktop Entry]", "Type", "Version", "Name", "Comment", "Exec", "TryExec", "Icon"),
        *("StartupWMClass", "Categories", "Keywords"),
    ]
    assert as_desktops_read(text.splitlines()[5].partition("=")[2])[-1] == profile.name
    assert look.window_class == f"awsprof-{file_name(profile.name)}"


def assert_css_holds(sheet: str) -> None:
    """Without the one string in it, the sheet is what it always is."""
    bare = re.sub(r'content: "(?:[A-Za-z0-9_. -]|\\[0-9a-f]{6})*";', "content;", sheet)
    bare = re.sub(r"#[0-9A-F]{6}", "#", bare)
    assert re.fullmatch(r"(#navigator-toolbox[^{}]*\{[^{}\"\\]*\}\n)?#nav-bar::before \{[^{}\"\\]*\}\n", bare), sheet


def assert_links_only(page: str) -> None:
    tags: set[str] = set()

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert all((value or "").startswith("https://") for key, value in attrs if key == "href")

    Reader().feed(page)
    assert tags == {"meta", "title", "h1", "dl", "p", "dt", "h3", "a"}


@FUZZ
@given(text=HOSTILE)
def test_css_strings_come_back(text: str) -> None:
    """Read by the rules of CSS, a string is what it was."""
    inner = css_string(text)[1:-1]
    assert re.sub(r"\\([0-9a-f]{6})", lambda match: chr(int(match[1], 16)), inner) == text
