"""
For each of doctor's codes that is of the files or the environment: one that has it, one that has not, and the readers.

A reader's outcome is what it reads of profile ``p`` (a part of it), `ABSENT` where it sees no such profile, or `STOPS`
where it gives up; for credentials, the access key id that it would use with no profile named in code, or `STOPS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STOPS = "stops"
ABSENT = "absent"
Outcome = str | dict[str, str | None]

ONE, OTHER, ENV = "AKIAONEONEONEONEONE1", "AKIAOTHEROTHEROTHER1", "AKIAENVIRONMENTENVI1"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION = "ASIASESSIONSESSIONS1"
PROCESSED = "ASIAPROCESSEDPROCES1"
# Stands for a program in the test's own directory that answers as a credential_process.
PROGRAM = "@PROGRAM@"


def keys(name: str, key_id: str) -> str:
    return f"[{name}]\naws_access_key_id = {key_id}\naws_secret_access_key = {SECRET}\n"


def session(name: str, ends: str, key_id: str = SESSION) -> str:
    return f"{keys(name, key_id)}aws_session_token = EXAMPLETOKEN\nexpiration = {ends}\n"


@dataclass(frozen=True)
class Side:
    """Two files, an environment, and what each reader makes of them."""

    config: str | bytes = ""
    credentials: str | bytes = ""
    environ: dict[str, str] = field(default_factory=dict)
    boto: Outcome | None = None
    v3: Outcome | None = None
    v2: Outcome | None = None


@dataclass(frozen=True)
class Case:
    """A code with the two sides; *line* is where doctor finds it, and *mended* whether ``--fix`` takes it away."""

    code: str
    sick: Side
    well: Side
    severity: str = "error"
    line: int | None = None
    in_config: bool = True
    mended: bool = False


def _read(config: str | bytes, boto: Outcome, v3: Outcome, v2: Outcome) -> Side:
    return Side(config, boto=boto, v3=v3, v2=v2)


def _alike(config: str | bytes, outcome: Outcome) -> Side:
    return _read(config, outcome, outcome, outcome)


IRELAND, LONDON = {"region": "eu-west-1"}, {"region": "eu-west-2"}
P = "[profile p]\nregion = eu-west-1\n"
WELL = _alike(P, IRELAND)
# A comment of a user's own is not lost, nor what stands under the second header alone.
TWICE = (
    "# one\n[profile p]\nregion = eu-west-1\noutput = json\n\n# two\n[profile p]\nregion = eu-west-2\nca_bundle = x\n"
)
BOTH = {"region": "eu-west-2", "output": "json", "ca_bundle": "x"}

READ = [
    Case("duplicate-section", _read(TWICE, STOPS, BOTH, BOTH), WELL, line=7, mended=True),
    Case("duplicate-key", _read(f"{P}region = eu-west-2\n", STOPS, LONDON, LONDON), WELL, line=3, mended=True),
    Case(
        "byte-order-mark",
        _read(b"\xef\xbb\xbf" + P.encode(), STOPS, IRELAND, IRELAND),
        WELL,
        line=1,
        mended=True,
    ),
    Case("not-utf8", _read(f"# é\n{P}".encode("cp1252"), STOPS, IRELAND, IRELAND), WELL, line=1, mended=True),
    Case("unparsable", _read(f"output = json\n{P}", STOPS, IRELAND, IRELAND), WELL, line=1, mended=True),
    Case("unparsable", _read(f"{P}[profile q\nregion = eu-west-2\n", STOPS, LONDON, LONDON), WELL, line=3),
    Case("key-without-value", _read(f"{P}output\n", STOPS, IRELAND, IRELAND), WELL, line=3, mended=True),
    Case("key-without-value", _read(f"{P}s3 =\n  path\n  a = b\n", STOPS, IRELAND, IRELAND), WELL, line=4, mended=True),
    Case(
        "inline-comment",
        _read("[profile p]\nregion = eu-west-1 # home\n", {"region": "eu-west-1 # home"}, IRELAND, IRELAND),
        WELL,
        "warning",
        line=2,
        mended=True,
    ),
    *(
        Case("wrong-section-spelling", _read(P.replace("profile p", header), *found), WELL, "warning", 1, mended=True)
        for header, *found in [
            ("Profile p", ABSENT, ABSENT, ABSENT),
            (" profile p ", ABSENT, ABSENT, ABSENT),
            ("profile  p", IRELAND, ABSENT, ABSENT),
            ("p", ABSENT, ABSENT, IRELAND),
        ]
    ),
    *(
        # What JS takes for no header, it counts to the section above.
        Case("wrong-section-spelling", _read(text, LONDON, ABSENT, ABSENT), WELL, "error", line=3)
        for text in (
            "[profile q]\nregion = eu-west-1\n[profile p]; home\nregion = eu-west-2\n",
            "[profile q]\nregion = eu-west-1\n[profile p]x\nregion = eu-west-2\n",
        )
    ),
    Case(
        "quoted-name",
        _read(P.replace("profile p", 'profile "p"'), IRELAND, IRELAND, ABSENT),
        WELL,
        "warning",
        line=1,
        mended=True,
    ),
    Case(
        "nested-shadows-key",
        _read(f"{P}s3 =\n  region = eu-west-2\n", IRELAND, IRELAND, LONDON),
        _alike(f"{P}s3 =\n  addressing_style = path\n", IRELAND),
        "warning",
        line=4,
    ),
    Case(
        "upper-case-key",
        _read("[profile p]\nRegion = eu-west-1\noutput = json\n", IRELAND, {"region": None}, {"region": None}),
        WELL,
        "warning",
        line=2,
        mended=True,
    ),
    Case(
        "colon-delimiter",
        _read("[profile p]\nregion: eu-west-1\noutput = json\n", IRELAND, {"region": None}, {"region": None}),
        WELL,
        "warning",
        line=2,
        mended=True,
    ),
]


def _key(outcomes: tuple[str, str, str], config: str = "", credentials: str = "", **environ: str) -> Side:
    return Side(config, credentials, environ, *outcomes)


TWO = keys("p", ONE) + keys("q", OTHER)
PROCESS = f"[profile p]\ncredential_process = {PROGRAM}\n"
ALL_STOP, ALL_ONE, ALL_OTHER = (STOPS,) * 3, (ONE,) * 3, (OTHER,) * 3
ALL_PROCESSED, ALL_SESSION = (PROCESSED,) * 3, (SESSION,) * 3
ROLE = "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\n"
PAST, FUTURE = "2020-01-31T12:00:00Z", "2999-01-31T12:00:00Z"
_KEYS = {"AWS_ACCESS_KEY_ID": ENV, "AWS_SECRET_ACCESS_KEY": SECRET}
_WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": PROGRAM, "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/x"}

CHOSEN = [
    Case(
        "default-profile",
        _key(ALL_ONE, credentials=keys("default", ONE)),
        _key(ALL_STOP, credentials=keys("p", ONE)),
        line=1,
        in_config=False,
    ),
    Case(
        "default-in-environment",
        _key(ALL_ONE, credentials=keys("default", ONE), AWS_PROFILE="default"),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
    ),
    Case(
        "empty-aws-profile",
        _key((STOPS, ONE, ONE), credentials=keys("default", ONE), AWS_PROFILE=""),
        _key(ALL_ONE, credentials=keys("default", ONE)),
    ),
    Case(
        "unknown-aws-profile",
        _key(ALL_STOP, credentials=TWO, AWS_PROFILE="gone"),
        _key(ALL_OTHER, credentials=TWO, AWS_PROFILE="q"),
    ),
    Case(
        "keys-in-environment",
        _key((ENV, ONE, ENV), credentials=TWO, AWS_PROFILE="p", **_KEYS),
        _key(ALL_ONE, credentials=TWO, AWS_PROFILE="p"),
    ),
    Case(
        "aws-default-profile",
        _key((ONE, OTHER, OTHER), credentials=TWO, AWS_PROFILE="q", AWS_DEFAULT_PROFILE="p"),
        _key(ALL_OTHER, credentials=TWO, AWS_PROFILE="q"),
    ),
    Case(
        "web-identity-in-environment",
        _key((STOPS, PROCESSED, PROCESSED), PROCESS, AWS_PROFILE="p", **_WEB),
        _key(ALL_PROCESSED, PROCESS, AWS_PROFILE="p"),
    ),
    Case(
        "plaintext-long-term-key",
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        _key(ALL_PROCESSED, PROCESS, AWS_PROFILE="p"),
        line=3,
        in_config=False,
    ),
    Case(
        "stale-session-triple",
        _key(ALL_SESSION, credentials=session("p", PAST), AWS_PROFILE="p"),
        _key(ALL_SESSION, credentials=session("p", FUTURE), AWS_PROFILE="p"),
        "warning",
        line=4,
        in_config=False,
    ),
    Case(
        "keys-shadow-process",
        _key(ALL_SESSION, PROCESS, session("p", PAST), AWS_PROFILE="p"),
        _key(ALL_PROCESSED, PROCESS, AWS_PROFILE="p"),
        line=2,
        in_config=False,
    ),
    Case(
        "keys-shadow-process",
        _key(
            (STOPS, ONE, ONE),
            "[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
            "sso_account_id = 111111111111\nsso_role_name = x\n",
            keys("p", ONE),
            AWS_PROFILE="p",
        ),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=2,
        in_config=False,
    ),
    Case(
        "dangling-source-profile",
        _key(ALL_STOP, f"{ROLE}source_profile = gone\n", AWS_PROFILE="p"),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=3,
    ),
    Case(
        "two-sources",
        _key(
            (STOPS, STOPS, STOPS),
            f"{ROLE}source_profile = q\ncredential_source = Environment\n",
            keys("q", OTHER),
            AWS_PROFILE="p",
        ),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=4,
    ),
    Case(
        "half-key",
        _key(ALL_STOP, credentials=f"[p]\naws_access_key_id = {ONE}\n", AWS_PROFILE="p"),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=2,
        in_config=False,
    ),
    Case(
        "dangling-sso-session",
        _key(
            ALL_STOP,
            "[profile p]\nsso_session = gone\nsso_account_id = 111111111111\nsso_role_name = x\n",
            AWS_PROFILE="p",
        ),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=2,
    ),
    Case(
        "source-profile-cycle",
        # JS v2 follows the circle until its process is out of memory.
        Side(
            f"{ROLE}source_profile = q\n{ROLE.replace('profile p', 'profile q')}source_profile = p\n",
            environ={"AWS_PROFILE": "p"},
            boto=STOPS,
            v3=STOPS,
        ),
        _key(ALL_ONE, credentials=keys("p", ONE), AWS_PROFILE="p"),
        line=3,
    ),
    Case(
        "missing-process",
        _key(ALL_STOP, "[profile p]\ncredential_process = /gone/program p\n", AWS_PROFILE="p"),
        _key(ALL_PROCESSED, PROCESS, AWS_PROFILE="p"),
        line=2,
    ),
    Case(
        "moved-executable",
        _key(ALL_STOP, "[profile p]\ncredential_process = /gone/awsprof credential-process p\n", AWS_PROFILE="p"),
        _key(ALL_PROCESSED, PROCESS, AWS_PROFILE="p"),
        line=2,
        mended=True,
    ),
    Case(
        "mfa-serial-on-role",
        _key(
            ALL_STOP,
            f"{ROLE}source_profile = q\nmfa_serial = arn:aws:iam::111111111111:mfa/paul\n",
            keys("q", ONE),
            AWS_PROFILE="p",
        ),
        _key(ALL_STOP, f"{ROLE}source_profile = q\n", keys("q", ONE), AWS_PROFILE="p"),
        "warning",
        line=4,
    ),
]
CASES = {f"{case.code} {number}": case for number, case in enumerate([*READ, *CHOSEN])}
