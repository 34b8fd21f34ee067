"""A prod and a dev profile with made-up accounts, and directories in the test's own home."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from awsprof.browsers.directories import Directories
from awsprof.browsers.installed import KINDS, Browser
from awsprof.browsers.look import look_of
from awsprof.model import Kind, Profile
from awsprof.naming import ProfileName
from awsprof.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from awsprof.browsers.look import Look

CHROMIUM = Browser(next(kind for kind in KINDS if kind.name == "chromium"), ("/usr/bin/chromium",))
FIREFOX = Browser(next(kind for kind in KINDS if kind.name == "firefox"), ("/usr/bin/firefox",))


def make_profile(name: str, *, protected: bool = False, **settings: str) -> Profile:
    given = {"region": "eu-west-1", "aws_account_id": "111122223333", **settings}
    return Profile(name, ProfileName.parse(name), Kind.USER, None, protected, given)


def make_look(name: str = "autochart_dev_paul", *, protected: bool = False, **settings: str) -> Look:
    return look_of(make_profile(name, protected=protected, **settings), ["s3"], region="eu-west-1")


@pytest.fixture
def prod() -> Profile:
    return make_profile("autochart_prod_paul", protected=True)


@pytest.fixture
def dev() -> Profile:
    return make_profile("autochart_dev_paul", aws_account_id="444455556666")


@pytest.fixture
def places(home: Path) -> Places:
    return Places.from_environ(os.environ)


@pytest.fixture
def directories(places: Places) -> Directories:
    return Directories(places, os.environ)
