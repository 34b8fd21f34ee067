"""
What in a shared file's lines is a secret, and how they are shown without it.

Knows which settings hold secrets and what secrets look like; not where the lines stand.
"""

from __future__ import annotations

import re

from awsprof.naming import printable

_SECRET_LINE = re.compile(
    r"^(?P<head>[\s#;]*+[^=:\s]*?(?:secret|token|password|passphrase|seed)[^=:\s]*+(?:\s*+[=:]\s*+|\s++))\S.*$",
    re.IGNORECASE,
)
# The same words anywhere in a line, as in a note: what follows them up to the line's end.
_SECRET_WORD = re.compile(
    r"(?P<head>(?:(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|(?<![a-z0-9])(?:pw|pwd|pin))[^=:\s]{0,64}\s*+[=:]\s*+"
    r"|\b(?:password|passphrase)(?:\s++is)?\s++))\S.*$",
    re.IGNORECASE,
)
# The password in an address.
_SECRET_IN_URL = re.compile(r"(?P<head>\w://[^\s/:@]*:)[^\s/@]++(?=@)")
# The same as an option of a command, with its value in a word of its own.
_SECRET_OPTION = re.compile(
    r"(?P<head>(?<!\S)[\"']?--?[\w-]{0,64}?(?:secret|token|passw(?:or)?d|passphrase|seed)[\w-]{0,64}\s++)\S.*$",
    re.IGNORECASE,
)
# A launcher's path may be as long as a secret.
_PROCESS = re.compile(r"[\s#;]*+credential_process\s*+[=:]\s*+(?:\"[^\"=]*+\"|'[^'=]*+'|[^\s\"'=]++)?", re.IGNORECASE)
_HEADER = re.compile(r"\s*\[[^\]]*\]\s*$")
# What a secret access key or a session token looks like wherever it stands: in a comment, or on a line of its own.
_SECRET_RUN = re.compile(r"[A-Za-z0-9/+]{40,}={0,2}|\b[A-Z2-7]{24,}\b")
_ALONE = re.compile(r"([\s#;]*+)[A-Za-z0-9/+]{16,}={0,2}\s*")
# No setting's name is like that, but a piece of a value that was broken over two lines is.
_SECRET_KEY = re.compile(r"[A-Za-z0-9/+]{21}|[/+]")
_MASK = "********"


def masked(line: str) -> str:
    """Return *line* with every secret in it hidden."""
    match = _SECRET_LINE.match(line)
    if match is not None:
        return f"{match['head']}{_MASK}"
    alone = _ALONE.fullmatch(line)
    if alone is not None:
        return f"{alone[1]}{_MASK}"
    if not _HEADER.match(line):
        line = _SECRET_WORD.sub(lambda word: f"{word['head']}{_MASK}", line)
        line = _SECRET_IN_URL.sub(lambda word: f"{word['head']}{_MASK}", line)
    process = _PROCESS.match(line)
    if process is None:
        return _SECRET_RUN.sub(_MASK, line)
    words = _SECRET_OPTION.sub(lambda word: f"{word['head']}{_MASK}", line[process.end() :])
    return f"{process[0]}{_SECRET_RUN.sub(_MASK, words)}"


def is_secret(line: str) -> bool:
    """Whether a line looks as if it held a secret."""
    return masked(line) != line


def is_secret_key(key: str, value: str = "") -> bool:
    """Whether what stands in the place of a setting's name looks like a piece of a secret: ``...==`` is one too."""
    return _SECRET_KEY.search(key) is not None or value == "="


def shown_key(key: str, value: str = "") -> str:
    """Return a setting's name as it may be shown."""
    return _MASK if is_secret_key(key, value) else printable(key)
