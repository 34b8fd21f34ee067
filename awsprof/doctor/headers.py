"""
How a section's header is spelled, and how it should be, so that every reader takes it for the same profile.

Knows the readers' rules for headers; not what stands under one.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from awsprof.configfiles.document import DEFAULTS
from awsprof.configfiles.merged import LONG_TERM_KEYS, header, profile_in_header
from awsprof.naming import is_default
from awsprof.readers.source import LEADING

# What JS v3 takes in a name; a section with any other character it drops.
_NAME = re.compile(r"[\w@+.%:/-]+", re.ASCII)
_SPELLED = re.compile(r"""profile(?:\s++|(?=["']))(?P<quote>["']?)(?P<name>.+)(?P=quote)""", re.IGNORECASE)
_OTHERS = re.compile(r"(sso-session|services)\s.*|preview|plugins|toolkit")
# A bare section of a config file that holds none of these may be any other program's.
_TELLING = frozenset((*LEADING, *LONG_TERM_KEYS, "aws_session_token", "output", "sso_start_url"))


def is_plain(name: str) -> bool:
    """Whether every reader can be given a profile's name without quotes."""
    return _NAME.fullmatch(name) is not None


class HeaderFault(enum.Enum):
    """What is wrong with a header."""

    SPELLING = "wrong-section-spelling"
    QUOTED = "quoted-name"


@dataclass(frozen=True, slots=True)
class Misspelled:
    """A header that not every reader takes for the profile *name*; *better* is how it should read, if it can."""

    fault: HeaderFault
    name: str
    better: str | None


def in_config(section: str, keys: frozenset[str]) -> Misspelled | None:
    """Judge a header of a config file whose section has *keys*; None where nothing is wrong with it."""
    profile = profile_in_header(section)
    if section in ("default", DEFAULTS) or (profile is not None and section == header(profile) and is_plain(profile)):
        return None
    if profile is not None:
        quoted = '"' in section or "'" in section or not is_plain(profile)
        return _misspelled(HeaderFault.QUOTED if quoted else HeaderFault.SPELLING, profile)
    if _OTHERS.fullmatch(section):
        return None
    spelled = _SPELLED.fullmatch(section.strip())
    if spelled is not None:
        return _misspelled(HeaderFault.SPELLING, spelled["name"])
    return _misspelled(HeaderFault.SPELLING, section.strip()) if keys & _TELLING else None


def in_credentials(section: str) -> Misspelled | None:
    """Judge a header of a credentials file, where the name stands bare; None where nothing is wrong with it."""
    if section == DEFAULTS or is_plain(section):
        return None
    spelled = _SPELLED.fullmatch(section.strip())
    name = spelled["name"] if spelled is not None else section.strip().strip("\"'")
    # What it holds would take the place of what that profile uses now, so it is not for a program to correct.
    return Misspelled(HeaderFault.SPELLING if spelled or name == section.strip() else HeaderFault.QUOTED, name, None)


def _misspelled(fault: HeaderFault, name: str) -> Misspelled:
    # A default that nobody's tools see is better left so.
    able = is_plain(name) and not is_default(name)
    return Misspelled(fault, name, header(name) if able else None)
