"""Whatever the files are made of, doctor goes on, mends only what it can prove, and agrees with botocore."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from awsprof.configfiles.document import Document
from awsprof.configfiles.profiles import ProfileFiles
from awsprof.doctor.examination import Patient, examine
from awsprof.doctor.lenient import Reading
from awsprof.doctor.mending import CannotMendError, Wishes, mended
from awsprof.doctor.repairing import Repairing
from awsprof.errors import UnparsableFileError
from awsprof.places import Places
from awsprof.settings import Settings
from tests.test_vault.memory import MemoryVault

if TYPE_CHECKING:
    from pathlib import Path

LINES = [
    *("[profile p]", "[profile  p]", "[p]", "[default]", "[DEFAULT]", " [Profile p]", '[profile "p q"]', "[profile p"),
    *("region = x", "  region = y", "Region = z", "region: v", "region = v # in", "region =#x", "region =", "region"),
    *("s3 =", "  s3=", "  a = b", "   c", "= v", "# co", "  ; co", "", "output = é", "\ufeff", "x = 1\r", "a\x0bb = 1"),
    *("  q\x85r=2", "[p] # c", "role_arn = x", "source_profile = p", "aws_session_token = x", "\x1b[31m = \x00"),
    *("credential_process = /gone/awsprof credential-process p", "mfa_serial = x", "aws_access_key_id = AKIAX"),
    *("aws_secret_access_key = x", "credential_process = 'x", "[profile \x85]", "[sso-session p]"),
]
made = some.builds(
    lambda lines, end, encoding, mark: mark + end.join(lines).encode(encoding, "ignore"),
    some.lists(some.sampled_from(LINES), max_size=9),
    some.sampled_from(["\n", "\r\n", "\r"]),
    some.sampled_from(["utf-8", "cp1252"]),
    some.sampled_from([b"", b"\xef\xbb\xbf"]),
)
any_bytes = some.one_of(made, made, some.binary(max_size=60))


@given(data=any_bytes)
@settings(max_examples=300, deadline=None)
def test_the_lenient_reader_agrees_with_the_strict_one(data: bytes) -> None:
    """It finds a fault where, and only where, botocore refuses the file, and else reads the same."""
    reading = Reading("config", data)
    try:
        document = Document("config", data)
    except UnparsableFileError:
        assert reading.faults
        return
    assert not reading.faults
    found = {name: block.values() for name, block in reading.sections().items()}
    wanted = {name: section.settings for name, section in document.sections.items()}
    assert found == (wanted | {"DEFAULT": document.defaults} if "DEFAULT" in wanted else wanted)


@given(data=any_bytes)
@settings(max_examples=300, deadline=None)
def test_what_is_mended_is_sound(data: bytes) -> None:
    """botocore takes it, and mending it again changes nothing."""
    try:
        after = mended(Reading("config", data), Wishes())
    except CannotMendError:
        return
    Document("config", after)
    assert mended(Reading("config", after), Wishes()) == after


@given(config=any_bytes, credentials=any_bytes, profile=some.sampled_from([None, "", "default", "p", "\x1b"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_bytes_stop_it(tmp_path: Path, config: bytes, credentials: bytes, profile: str | None) -> None:
    """It finds what it finds, and plans what it plans, without an error of its own."""
    environ = {"PATH": "/bin"} | ({} if profile is None else {"AWS_PROFILE": profile})
    places = Places.from_environ(
        {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
    )
    places.config_file.write_bytes(config)
    places.credentials_file.write_bytes(credentials)
    patient = Patient(
        places=places,
        environ=environ,
        now=datetime.now(UTC),
        make=ProfileFiles(places, Settings(), None).made_of,
        vault=MemoryVault,
    )
    for finding in examine(patient):
        assert finding.message
        assert finding.message.isprintable()
    plan = Repairing(patient, changes=list, sweep_sessions=list).plan()  # type: ignore[arg-type]
    for _, after in plan.edits.values():
        Document("x", after)
