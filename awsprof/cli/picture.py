"""
A new MFA device's seed as a picture that an authenticator app scans, drawn on the terminal itself.

Knows QR codes and terminals; not whose seed it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsprof.cli.terminal import Terminal

_ISSUER = "AWS"
_QUIET_ZONE = 4
# The colours are said outright: a picture in the terminal's own would be a negative on a dark background.
_BLACK_ON_WHITE = "\x1b[0;30;47m"
_PLAIN = "\x1b[0m"
_HALF_BLOCKS = {(False, False): " ", (True, False): "\u2580", (False, True): "\u2584", (True, True): "\u2588"}
_GROUP = 4


def show_seed(terminal: Terminal, environ: Mapping[str, str], *, holder: str, seed: str) -> None:
    """
    Show a seed to scan and to type, past stdout and stderr, which may be kept.

    Args:
        holder: Whose it is in the app's list, as in ``autochart_prod_paul@222222222222``.
    """
    picture = drawn(seed_uri(holder, seed), ascii_only=not draws_blocks(environ))
    needed, there = picture_width(picture), terminal.columns()
    if there is not None and there < needed:
        scan = f"This terminal is too narrow for the picture to scan: it takes {needed} columns.\n"
    else:
        scan = f"Scan this with an authenticator app:\n\n{picture}"
    terminal.write(f"\n{scan}\nOr type the seed as a time-based key of {holder}:\n\n{in_groups(seed)}\n\n")


def seed_uri(holder: str, seed: str) -> str:
    """
    Return what authenticator apps read from the picture.

    Source: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    return f"otpauth://totp/{_ISSUER}:{quote(holder, safe='@')}?{urlencode({'secret': seed, 'issuer': _ISSUER})}"


def drawn(text: str, *, ascii_only: bool) -> str:
    """
    Draw *text* as a QR code, with the quiet zone that its standard asks for.

    Args:
        ascii_only: Two characters a module, without colours: dark on a light background, and on a dark one a
            negative, which newer apps read too; else half blocks, two modules a character, black on white.
    """
    import segno

    # The lowest error correction: nothing wears off on a screen, and the picture must fit on it.
    code = segno.make(text, error="l", micro=False, boost_error=False)
    rows = [[bool(module) for module in row] for row in code.matrix_iter(border=_QUIET_ZONE)]
    if ascii_only:
        return "".join("".join("##" if dark else "  " for dark in row) + "\n" for row in rows)
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return "".join(_line(top, bottom) for top, bottom in zip(rows[::2], rows[1::2], strict=True))


def _line(top: Sequence[bool], bottom: Sequence[bool]) -> str:
    blocks = "".join(_HALF_BLOCKS[pair] for pair in zip(top, bottom, strict=True))
    return f"{_BLACK_ON_WHITE}{blocks}{_PLAIN}\n"


def picture_width(picture: str) -> int:
    """Return how many columns a drawn picture takes."""
    return len(picture.partition("\n")[0].replace(_BLACK_ON_WHITE, "").replace(_PLAIN, ""))


def draws_blocks(environ: Mapping[str, str]) -> bool:
    """Whether the terminal knows half blocks and colours: not a dumb one, and told to speak UTF-8."""
    if environ.get("TERM", "dumb") == "dumb":
        return False
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    no_locale = not environ.get("LC_ALL") and environ.get("LANG", "") in ("", "C", "POSIX")
    if no_locale and environ.get("LC_CTYPE") == "C.UTF-8":
        # Python sets that itself where there is no locale (PEP 538), which tells nothing of the terminal.
        return False
    return locale.lower().replace("-", "").endswith("utf8")


def in_groups(seed: str) -> str:
    """Write a seed as a person types it."""
    return " ".join(seed[start : start + _GROUP] for start in range(0, len(seed), _GROUP))
