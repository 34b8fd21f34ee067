"""
What is wrong with the two shared files as texts: what botocore refuses, and what readers read differently.

Knows how each family of tools reads a line; not what profiles are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awsprof.configfiles.document import DEFAULTS
from awsprof.configfiles.masking import masked, shown_key
from awsprof.configfiles.merged import LONG_TERM_KEYS, profile_in_header
from awsprof.configfiles.scanning import COMMENT
from awsprof.doctor import headers
from awsprof.doctor.advice import FIX, for_unreadable
from awsprof.doctor.lenient import FaultKind
from awsprof.doctor.reach import seen_by, spoken
from awsprof.findings import Finding, Severity
from awsprof.naming import printable
from awsprof.readers import js_v2
from awsprof.readers.files import SharedFile
from awsprof.readers.source import LEADING
from awsprof.readers.sources import READERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsprof.doctor.lenient import Block, Fault, Setting
    from awsprof.doctor.shared import SeenFile, SharedFiles

_REFUSE = "the aws CLI and boto3 refuse the whole file"
# What a nested key must not be called: JS SDK v2 takes it for the profile's own.
_OWN = frozenset((*LEADING, *LONG_TERM_KEYS, "aws_session_token", "output"))


def check_files(shared: SharedFiles) -> Iterator[Finding]:
    """Check both files as they are written."""
    twins = _twins_for_js_v2(shared.config)
    for file in shared.files:
        if file.unreadable is not None:
            yield _finding(
                file,
                "unparsable",
                Severity.ERROR,
                f"{file.unreadable.message}, so no tool can read it either",
                None,
                fix=for_unreadable(file.path, file.unreadable),
            )
            continue
        yield from _faults(file)
        yield from _tails(file)
        yield from _secrets_in_comments(file)
        for block in file.sections.values():
            if block not in twins:
                yield from _header(shared, file, block)
            for setting in block.settings:
                yield from _setting(file, block, setting)
    yield from _spelled_twice(shared)
    for block in twins:
        yield _twin(shared.config, block)


def can_be_mended(file: SeenFile, fault: Fault) -> bool:
    """Whether ``--fix`` can take a fault away without deciding what was meant."""
    from awsprof.doctor.mending import decoded

    match fault.kind:
        case FaultKind.UNPARSABLE | FaultKind.KEY_WITHOUT_VALUE:
            return fault.can_go
        case FaultKind.NOT_UTF8:
            return decoded(file.reading, fault.line) is not None
    return True


def _faults(file: SeenFile) -> Iterator[Finding]:
    """Say why botocore refuses the file, each place of it."""
    for fault in file.reading.faults:
        what, section = printable(fault.what), printable(fault.section or "")
        match fault.kind:
            case FaultKind.DUPLICATE_SECTION:
                message = f"[{what}] stands twice: {_REFUSE}, and JS and Go take the last value of each key"
            case FaultKind.DUPLICATE_KEY:
                message = f"'{what}' stands twice in [{section}]: {_REFUSE}, and JS and Go take the last value"
            case FaultKind.BYTE_ORDER_MARK:
                message = f"{what}: {_REFUSE}"
            case FaultKind.NOT_UTF8:
                message = f"{what} is here: {_REFUSE}, and JS reads another character"
            case _:
                message = f"{what}: {_REFUSE}, and JS passes over the line"
        fix = FIX if can_be_mended(file, fault) else "Mend that line by hand."
        profile = None if fault.section is None else _profile(file, fault.section)
        yield _finding(file, str(fault.kind), Severity.ERROR, message, fault.line, profile, fix=fix)
    if file.refused is not None and not file.reading.faults:
        message = f"{file.refused.reason}: {_REFUSE}"
        yield _finding(file, "unparsable", Severity.ERROR, message, file.refused.line, fix="Mend that line by hand.")


def _header(shared: SharedFiles, file: SeenFile, block: Block) -> Iterator[Finding]:
    if file.in_config:
        keys = frozenset(setting.key for setting in block.settings)
        wrong = headers.in_config(block.name, keys)
    else:
        wrong = headers.in_credentials(block.name)
    if wrong is None:
        return
    name, spelling = printable(wrong.name), printable(block.name)
    tools = seen_by(block.name, wrong.name, in_config=file.in_config)
    if not tools:
        seen = f"is no profile '{name}' to any tool"
    else:
        of_all = len(tools) == len(READERS)
        seen = f"is profile '{name}' {'for all, in an odd spelling' if of_all else f'for {spoken(tools)} only'}"
    if file.in_config:
        message = f"[{spelling}] {seen}"
        if better_header(shared, block) is not None:
            fix = FIX
        elif wrong.better is not None:
            fix = f"Make one section, [profile {name}], of all that spell it, or take this one out."
        else:
            fix = "Give the profile a name that every tool takes, or take it out."
    else:
        message = f"[{spelling}] {seen}: names stand bare in this file"
        fix = (
            f"Make it [{name}] if these are the keys to use."
            if name != spelling
            else "Give the profile a name that every tool takes, or take it out."
        )
    yield _finding(file, wrong.fault.value, Severity.WARNING, message, block.line, wrong.name, fix=fix)


def _tails(file: SeenFile) -> Iterator[Finding]:
    """Find headers that JS takes for none, so that it counts their settings to the section above."""
    above = None
    for block in file.reading.blocks:
        if block.tail:
            name = printable(block.name)
            does = "passes over its settings" if above is None else f"counts its settings to [{printable(above)}]"
            yield _finding(
                file,
                "wrong-section-spelling",
                Severity.ERROR,
                f"[{name}] has more than a comment behind its ']': JS sees no header there, and {does}",
                block.line,
                _profile(file, block.name),
                fix="Put a blank before the comment, or take out what stands there.",
            )
        else:
            above = block.name


def _secrets_in_comments(file: SeenFile) -> Iterator[Finding]:
    """Find secrets on lines that are, or that a repair made, comments: no tool reads them, and everybody may."""
    for number, line in enumerate(file.reading.lines, 1):
        text = line.strip()
        if text.startswith(COMMENT) and masked(text) != text:
            message = "a comment looks as if it held a secret: whatever reads this file has it too"
            fix = "Take that line out; if it was a key in use, 'awsprof rotate' makes a new one."
            yield _finding(file, "plaintext-long-term-key", Severity.WARNING, message, number, fix=fix)


def better_header(shared: SharedFiles, block: Block) -> str | None:
    """Return how a config section's header should read, where no other spells the same profile."""
    wrong = headers.in_config(block.name, frozenset(setting.key for setting in block.settings))
    if wrong is None or wrong.better is None:
        return None
    there = shared.profiles.get(wrong.name)
    alone = there is None or not there.headers or there.headers == (block,)
    # Beside a bare one that stays, JS v2 would refuse the file.
    bare = block.name != wrong.name and wrong.name in shared.config.sections
    return wrong.better if alone and not bare else None


def owner(file: SeenFile, block: Block) -> str | None:
    """Return the profile that a section is, or would be with its header corrected."""
    if not file.in_config:
        return block.name
    wrong = headers.in_config(block.name, frozenset(setting.key for setting in block.settings))
    return profile_in_header(block.name) if wrong is None else wrong.name


def _setting(file: SeenFile, block: Block, setting: Setting) -> Iterator[Finding]:
    if _is_plain(setting):
        return
    key, section = shown_key(setting.key, setting.value), printable(block.name)
    profile = _profile(file, block.name)
    if setting.is_secret:
        message = f"a line in [{section}] looks like a piece of a secret, and tools read a setting in it"
        fix = "Put it behind what it belongs to, on one line, or take it out."
        yield _finding(file, "key-without-value", Severity.WARNING, message, setting.line, profile, fix=fix)
        return
    if setting.spelled != setting.key:
        message = f"'{setting.shown}' in [{section}] is not lower-case: JS passes over it, other tools do not"
        yield _finding(file, "upper-case-key", Severity.WARNING, message, setting.line, profile)
    if setting.delimiter == ":":
        message = f"'{key}' in [{section}] is written with ':': JS passes over it, other tools do not"
        yield _finding(file, "colon-delimiter", Severity.WARNING, message, setting.line, profile)
    if not setting.value:
        message = (
            f"'{key}' in [{section}] has no value: botocore reads an empty one, JS counts indented keys below to it"
        )
        fix = f"Take '{key}' out of [{section}], or give it a value."
        yield _finding(file, "key-without-value", Severity.WARNING, message, setting.line, profile, fix=fix)
    if ("#" in setting.value or ";" in setting.value) and setting.plain_value != setting.value:
        message = f"the comment behind '{key}' in [{section}] is part of the value for the aws CLI and boto3"
        fix = FIX if _is_movable(setting) else f"Write the comment above '{key}', or give it a value without one."
        yield _finding(file, "inline-comment", Severity.WARNING, message, setting.line, profile, fix=fix)
    if setting.is_nested and file.in_config:
        yield from _nested(file, block, setting, profile)


def _is_movable(setting: Setting) -> bool:
    """Whether the comment behind a value can be put above its line, and nothing but the comment."""
    of_one_line = setting.is_nested or "\n" not in setting.value
    return setting.key not in UNTOUCHED and of_one_line and setting.value[:1] not in "'\"" and setting.plain_value != ""


def _is_plain(setting: Setting) -> bool:
    """Whether every reader reads a setting alike, as they do nearly all."""
    value = setting.value
    return (
        setting.spelled == setting.key
        and not setting.is_secret
        and setting.delimiter == "="
        and "\n" not in value
        and value != ""
        and "#" not in value
        and ";" not in value
    )


# A command may have a '#' of its own, which botocore hands to it.
UNTOUCHED = ("credential_process",)


def _nested(file: SeenFile, block: Block, setting: Setting, profile: str | None) -> Iterator[Finding]:
    own = {other.key for other in block.settings if other is not setting} | _OWN
    for number in range(setting.line + 1, setting.end):
        line = file.reading.lines[number - 1].strip()
        key = line.partition("=")[0].strip().lower()
        if not line.startswith(("#", ";")) and "=" in line and key in own:
            message = (
                f"'{shown_key(key)}' below '{shown_key(setting.key)}' in [{printable(block.name)}] takes the place "
                "of the profile's own for JS SDK v2, and so for Serverless 3"
            )
            fix = f"Take '{shown_key(key)}' out from below '{shown_key(setting.key)}'."
            yield _finding(file, "nested-shadows-key", Severity.WARNING, message, number, profile, fix=fix)


def _spelled_twice(shared: SharedFiles) -> Iterator[Finding]:
    """Find one profile under two spellings of its header, of which tools take different ones."""
    for name, seen in shared.profiles.items():
        if len(seen.headers) > 1 and name != "default":
            last = seen.headers[-1]
            message = (
                f"[{printable(last.name)}] is profile '{printable(name)}' once more: the aws CLI and boto3 take this "
                "section alone, other tools another"
            )
            yield _finding(
                shared.config,
                "duplicate-section",
                Severity.ERROR,
                message,
                last.line,
                name,
                fix="Make one section of them by hand.",
            )


def _twins_for_js_v2(config: SeenFile) -> list[Block]:
    """Return bare sections that stand beside one with ``profile``: JS v2 takes both for one profile, and stops."""
    prefixed = {js_v2.profile_of(section) for section in config.sections if js_v2.profile_of(section) != section}
    bare = [block for name, block in config.sections.items() if name in prefixed and name != "default"]
    # One without settings is not there for it.
    there = js_v2.sections(SharedFile(str(config.path), config.reading.data)) if bare else {}
    return [block for block in bare if {block.name, f"profile {block.name}"} <= there.keys()]


def _twin(config: SeenFile, block: Block) -> Finding:
    name = printable(block.name)
    message = f"[{name}] and [profile {name}]: JS v2 and Serverless 3 refuse the whole file, others pass over [{name}]"
    fix = f"Make one section, [profile {name}], of the two by hand."
    return _finding(config, "duplicate-section", Severity.ERROR, message, block.line, block.name, fix=fix)


def _profile(file: SeenFile, section: str) -> str | None:
    if section == DEFAULTS:
        return None
    return profile_in_header(section) if file.in_config else section


def _finding(  # noqa: PLR0917 - the parts of a finding, in its own order
    file: SeenFile,
    code: str,
    severity: Severity,
    message: str,
    line: int | None,
    profile: str | None = None,
    *,
    fix: str | None = FIX,
) -> Finding:
    return Finding(code, severity, message, fix, str(file.path), line, profile)
