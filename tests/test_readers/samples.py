"""
Files as people write them, each with one profile ``x`` in the config file and what Go makes of it.

Go's answers are what its SDK v2 (config 1.33.18) was seen to find: the access key id, or None. The tests do not build
Go programs; the other readers are asked themselves.
"""

from __future__ import annotations

KEYS = "aws_access_key_id = A\naws_secret_access_key = s\n"
OTHER = KEYS.replace("= A", "= B")
INDENTED = "  aws_access_key_id = A\n  aws_secret_access_key = s\n"
NESTED = "  aws_access_key_id = N\n"

SAMPLES: dict[str, tuple[str | bytes, str | None]] = {
    "plain": (f"[profile x]\n{KEYS}", "A"),
    "without prefix": (f"[x]\n{KEYS}", None),
    "both spellings": (f"[profile x]\n{KEYS}[x]\n{OTHER}", "A"),
    "section twice": (f"[profile x]\n{KEYS}[profile x]\n{OTHER}", "B"),
    "key twice": (f"[profile x]\n{KEYS}aws_access_key_id = B\n", "B"),
    "byte-order mark": (f"\ufeff[profile x]\n{KEYS}", None),
    "byte-order mark before a comment": (f"\ufeff# c\n[profile x]\n{KEYS}", "A"),
    "not UTF-8": (b"# \xe9\n[profile x]\naws_access_key_id = A\naws_secret_access_key = s\n", "A"),
    "key without a value": (f"[profile x]\n{KEYS}flag\n", "A"),
    "key before a section": (f"a = b\n[profile x]\n{KEYS}", "A"),
    "header not closed": (f"[profile x]\n{KEYS}[profile y\n{OTHER}", "B"),
    "comment behind a value": (f"[profile x]\n{KEYS.replace('= A', '= A # c')}", "A"),
    "comment behind a tab": (f"[profile x]\n{KEYS.replace('= A', '= A	# c')}", "A"),
    "comment behind a header": (f"[profile x] # c\n{KEYS}", "A"),
    "semicolon in a value": (f"[profile x]\n{KEYS.replace('= A', '= A;b')}", "A;b"),
    "colons": (f"[profile x]\n{KEYS.replace(' =', ':')}", "A"),
    "upper case": (f"[profile x]\n{KEYS.upper().replace('= S', '= s')}", "A"),
    "quoted name": (f'[profile "x"]\n{KEYS}', None),
    "blanks in the header": (f"[ profile x ]\n{KEYS}", "A"),
    "tab in the header": (f"[profile\tx]\n{KEYS}", "A"),
    "two blanks in the header": (f"[profile  x]\n{KEYS}", "A"),
    "blank behind the name": (f"[profile x ]\n{KEYS}", "A"),
    "capital prefix": (f"[Profile x]\n{KEYS}", None),
    "prefix that goes on": (f"[profiles x]\n{KEYS}", None),
    "point for a blank": (f"[profile.x]\n{KEYS}", None),
    "three words": (f"[profile x y]\n{KEYS}", None),
    "text behind the header": (f"[profile x] y\n{KEYS}", None),
    "two brackets": (f"[profile x]]\n{KEYS}", None),
    "quoted values": (f"[profile x]\n{KEYS.replace('A', chr(34) + 'A' + chr(34))}", "A"),
    "indented": ("[profile x]\n" + INDENTED, "A"),
    "indented behind a value": (
        "[profile x]\nregion = y\n" + INDENTED,
        "A",
    ),
    "indented behind none": ("[profile x]\nregion =\n" + INDENTED, None),
    "nested before": (f"[profile x]\ns3 =\n{NESTED}{KEYS}", "A"),
    "nested behind": (f"[profile x]\n{KEYS}s3 =\n{NESTED}", "A"),
    "nested behind a blank line": (f"[profile x]\n{KEYS}s3 =\n  a = b\n\n{NESTED}", "A"),
    "CRLF": (f"[profile x]\n{KEYS}".replace("\n", "\r\n"), "A"),
    "CR": (f"[profile x]\n{KEYS}".replace("\n", "\r"), None),
    "no last line end": (f"[profile x]\n{KEYS}".rstrip(), "A"),
    "empty key": ("[profile x]\naws_access_key_id =\naws_secret_access_key = s\n", None),
    "half a key": ("[profile x]\naws_access_key_id = A\n", None),
    "other half": ("[profile x]\naws_secret_access_key = A\n", None),
    "lent by DEFAULT": (f"[profile x]\nregion = y\n[DEFAULT]\n{KEYS}", None),
    "other kinds of sections": (
        f"[profile x]\n{KEYS}[services x]\n{OTHER}[foo x]\n{OTHER}",
        "A",
    ),
    "equals sign in a value": (f"[profile x]\n{KEYS.replace('= A', '= A=b')}", "A=b"),
    "no-break space": (f"[profile x]\n{KEYS.replace('= A', '= A' + chr(0xA0))}", "A"),
    "half a sign-in": ("[profile x]\nsso_start_url = u\n", None),
}


def in_credentials(sample: str | bytes) -> str | bytes:
    """The same file with the names that the credentials file has."""
    return sample.replace("profile ", "") if isinstance(sample, str) else sample.replace(b"profile ", b"")
