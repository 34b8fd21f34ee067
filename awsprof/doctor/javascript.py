"""
A shared file as the SDKs for JavaScript read it, which know neither indentation nor what makes a file unsound.

Knows their rules for lines; not what a section or a key is for.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r?\n")
_COMMENT = re.compile(r"(?:^|\s)[;#]")
_BLANKS = " \t\r\n\v\f\xa0\ufeff"

Sections = dict[str, dict[str, str]]


def as_javascript_reads(data: bytes, *, nested: bool) -> Sections:
    """
    Return the settings of each header as it is spelled.

    Args:
        nested: Whether keys below an empty value are keys of a block, ``s3.region``, as for version 3; version 2 counts
            them to the profile.
    """
    found: Sections = {}
    section = block = ""
    for line in _LINE_END.split(data.decode("utf-8", "replace")):
        text = _COMMENT.split(line, maxsplit=1)[0].strip(_BLANKS)
        if text.startswith("[") and text.endswith("]") and len(text) > 1:
            section, block = text[1:-1], ""
            continue
        key, equals, value = (part.strip(_BLANKS) for part in text.partition("="))
        if not section or not equals or not key:
            continue
        if not value:
            block = key if nested else ""
            continue
        if line[:1] not in _BLANKS:
            block = ""
        found.setdefault(section, {})[f"{block}.{key}" if block else key] = value
    return found
