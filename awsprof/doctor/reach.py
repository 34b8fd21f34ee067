"""
Which credentials each family of tools gets of each profile, and whether a repair would change that.

Knows what of a source tells the account; not how files are mended.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from awsprof.configfiles.merged import is_own_process
from awsprof.doctor.headers import is_plain
from awsprof.doctor.lenient import INLINE_COMMENT
from awsprof.model import SessionCredentials
from awsprof.readers.files import SharedFile
from awsprof.readers.source import SourceKind, Tool
from awsprof.readers.sources import by_profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from awsprof.doctor.shared import SeenFile, SharedFiles
    from awsprof.readers.source import Profiles, Source

_SPOKEN = {
    Tool.BOTO3: ("the aws CLI", "boto3"),
    Tool.JS_V3: ("JS v3",),
    Tool.JS_V2: ("JS v2",),
    Tool.GO: ("Go",),
}
# Of each kind, the settings that say whose credentials come of it.
_TELLING = {
    SourceKind.PROCESS: ("credential_process",),
    SourceKind.ROLE: ("role_arn", "external_id"),
    SourceKind.SSO: ("sso_session", "sso_account_id", "sso_role_name"),
    SourceKind.LOGIN: ("login_session",),
    SourceKind.WEB_IDENTITY: ("role_arn", "web_identity_token_file"),
}


def spoken(tools: Iterable[Tool]) -> str:
    """Return families of tools as they are spoken of, in a row."""
    words = [word for tool in tools for word in _SPOKEN[tool]]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def seen_by(section: str, name: str, *, in_config: bool) -> list[Tool]:
    """Return the tools to which a header makes the profile *name*."""
    if is_plain(name):
        # Whichever it is, it is read alike.
        before, _, after = section.rpartition(name)
        section, name = f"{before}x{after}", "x"
    return _seen_by(section, name, in_config)


@lru_cache(maxsize=64)
def _seen_by(section: str, name: str, in_config: bool) -> list[Tool]:
    text, nothing = SharedFile("", f"[{section}]\nregion = x\n".encode(errors="surrogateescape")), SharedFile("", b"")
    found = by_profile(text, nothing) if in_config else by_profile(nothing, text)
    return [tool for tool, profiles in found.items() if name in (profiles or {})]


def reach(shared: SharedFiles) -> dict[Tool, Profiles]:
    """Return what every profile of both files leads to, tool by tool."""
    return by_profile(_file(shared.config), _file(shared.credentials))


def differences(before: dict[Tool, Profiles], after: dict[Tool, Profiles]) -> Iterator[tuple[Tool, str]]:
    """
    Yield each tool and profile whose credentials would be others than they were, or gone.

    That a tool which stopped or found nothing gets some is what repairs are for; only a default is never to come to
    life, since it is used without being named.
    """
    for tool, was in before.items():
        now = after[tool]
        if was is None:
            continue
        for name in dict.fromkeys(["default", *was, *(now or {})]):
            old, new = _essence(was.get(name)), _essence((now or {}).get(name))
            if now is not None and name not in now and not is_plain(name):
                # Only a wrong spelling of another name, such as one in quotes, was taken for a name.
                continue
            if now is None or (old != new and (old is not None or name == "default")):
                yield tool, name


def woken(before: dict[Tool, Profiles], after: dict[Tool, Profiles]) -> list[Tool]:
    """Return the tools that gave up on the files, and read them again with a default in them."""
    return [
        tool for tool, was in before.items() if was is None and _essence((after[tool] or {}).get("default")) is not None
    ]


def _file(file: SeenFile) -> SharedFile:
    there = file.unreadable is None and file.path.exists()
    return SharedFile(str(file.path), file.reading.data if there else None)


def _essence(source: Source | None) -> tuple[object, ...] | None:
    """Return what tells the account, without comments that others do not count to it; None for no credentials."""
    if source is None or source.kind is SourceKind.ERROR or source.kind.is_none:
        return None
    settings, keys = source.settings, source.credentials
    # A launcher may move: the profile it serves is what counts.
    if source.kind is SourceKind.PROCESS and is_own_process(source.profile or "", settings):
        return (source.kind, source.profile)
    telling = [settings.get(key, "") for key in _TELLING.get(source.kind, ())]
    if keys is not None:
        telling += [keys.access_key_id, keys.secret_access_key]
        telling += [keys.session_token] if isinstance(keys, SessionCredentials) else []
    if source.kind is not SourceKind.PROCESS:
        telling = [INLINE_COMMENT.split(text, maxsplit=1)[0].strip() for text in telling]
    return (source.kind, *telling, _essence(source.through))
