"""A shared file keeps every byte an edit did not mean, and what botocore refuses is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.configloader
import botocore.exceptions
import pytest

from awsprof.configfiles.document import Document
from awsprof.configfiles.editing import with_settings, without_section
from awsprof.errors import RefusedNameError, UnparsableFileError

if TYPE_CHECKING:
    from pathlib import Path

RICH = b"""\
# my accounts, do not touch
[default]
region=us-east-1

# the old one
; still needed
[profile legacy]
  region = eu-west-1
\toutput: json
s3 =
    addressing_style = path

    # inside
    max_concurrent_requests = 20

# about nothing in particular

[sso-session corp]
sso_region = eu-west-1
[profile autochart_dev_paul]
region = eu-west-1
"""

ACCEPTED = {
    "empty": b"",
    "comments only": b"# nothing\n\n; here\n",
    "rich": RICH,
    "windows line ends": RICH.replace(b"\n", b"\r\n"),
    "mixed line ends": RICH.replace(b"\n", b"\r\n", 7),
    "lone carriage returns": b"[profile a]\rregion = x\r",
    "no final line end": RICH.rstrip(b"\n"),
    "many blank lines": b"\n\n\n[profile a]\n\n\nregion = x\n\n\n",
    "inline comment": b"[profile a]\nregion = eu-west-1 # here\n",
    "brackets in a value": b"[profile a]\nrole = [x]\n  [y] = 1\n",
    "indented header after an option": b"[profile a]\nkey =\n  [profile b] = 2\n",
    "indented header first": b"  [profile a]\n  region = x\n",
    "text behind a header": b"[profile a] # which one\nregion = x\n",
    "empty value": b"[profile a]\nregion =\noutput = json\n",
    "value over lines": b"[profile a]\nfoo = one\n  two\n  three\nbar = 1\n",
    "defaults twice": b"[DEFAULT]\na = 1\n[profile x]\nb = 2\n[DEFAULT]\nc = 3\n",
    "wide letters": "[profile é]\nnote = ünïcode\n".encode(),
    "no-break blank first": "[profile a]\nregion = x\n\u00a0output = json\n".encode(),
    "unit separator first": b"[profile a]\nregion = x\n\x1foutput = json\n",
    "odd blanks": b"[profile a]\nregion\x0b= x\n\x0c\n",
    "percent and equals": b"[profile a]\nv = 100%% = a=b:c\n",
    "colon in a key's line": b"[profile a]\nrole_arn : arn:aws:iam::1:role/x\n",
}

REFUSED = {
    "duplicate section": (b"[profile a]\nx = 1\n[profile b]\n[profile a]\n", 4),
    "duplicate key": (b"[profile a]\nx = 1\ny = 2\nX = 3\n", 4),
    "byte-order mark": (b"\xef\xbb\xbf[profile a]\n", 1),
    "latin-1": (b"[profile a]\nx = 1\ny = \xe9\n", 3),
    "key without value": (b"[profile a]\nregion\n", 2),
    "key before section": (b"# c\nregion = x\n[profile a]\n", 2),
    "unclosed header": (b"[profile a]\nx = 1\n[profile b\n", 3),
    "nested line without =": (b"[profile a]\ns3 =\n  a = 1\n  oops\n", 4),
    "value without key": (b"[profile a]\n= 1\n", 2),
}


def _as_botocore_reads(path: Path, data: bytes) -> dict[str, dict[str, object]]:
    path.write_bytes(data)
    return dict(botocore.configloader.raw_config_parse(str(path)))


def _as_document_reads(data: bytes) -> dict[str, dict[str, object]]:
    document = Document("config", data)
    found: dict[str, dict[str, object]] = {}
    for name, section in document.sections.items():
        if name != "DEFAULT":
            found[name] = {key: _nested(value) for key, value in {**document.defaults, **section.settings}.items()}
    return found


def _nested(value: str) -> object:
    if not value.startswith("\n"):
        return value
    pairs = (line.split("=", 1) for line in value.splitlines() if line.strip())
    return {key.strip(): rest.strip() for key, rest in pairs}


@pytest.mark.parametrize("name", ACCEPTED)
def test_reads_what_botocore_reads(name: str, tmp_path: Path) -> None:
    """Sections, keys and values are those that botocore sees, and writing them out gives the same bytes."""
    data = ACCEPTED[name]
    assert _as_document_reads(data) == _as_botocore_reads(tmp_path / "config", data)
    assert Document("config", data).to_bytes() == data


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_botocore_refuses(name: str, tmp_path: Path) -> None:
    """A file that the AWS CLI would refuse whole is refused with the line that is at fault."""
    data, line = REFUSED[name]
    with pytest.raises(UnparsableFileError) as refusal:
        Document("config", data)
    assert (refusal.value.line, refusal.value.status) == (line, 5)
    (tmp_path / "config").write_bytes(data)
    with pytest.raises((botocore.exceptions.ConfigParseError, UnicodeDecodeError)):
        botocore.configloader.load_config(str(tmp_path / "config"))


@pytest.mark.parametrize("name", ACCEPTED)
def test_new_section_comes_last(name: str, tmp_path: Path) -> None:
    """A section that was not there is appended; what stood before stays byte for byte."""
    data = ACCEPTED[name]
    edited = with_settings(Document("config", data), "profile new", {"region": "eu-west-1", "output": "json"})
    before = _as_botocore_reads(tmp_path / "config", data)
    inherited = Document("config", data).defaults
    new = {**inherited, "region": "eu-west-1", "output": "json"}
    assert _as_botocore_reads(tmp_path / "config", edited) == {**before, "profile new": new}
    assert edited.startswith(data)


@pytest.mark.parametrize("key", ["region", "brand_new"])
@pytest.mark.parametrize("name", ACCEPTED)
def test_change_touches_its_own_section_only(name: str, key: str, tmp_path: Path) -> None:
    """Setting a key changes that key for botocore and nothing else, in every section there is."""
    data = ACCEPTED[name]
    before = _as_botocore_reads(tmp_path / "config", data)
    for section in before:
        if not section.isascii():
            continue
        edited = with_settings(Document("config", data), section, {key: "us-west-2"})
        after = _as_botocore_reads(tmp_path / "config", edited)
        assert after == {**before, section: {**before[section], key: "us-west-2"}}
        back = with_settings(Document("config", edited), section, {key: None})
        gone = {k: v for k, v in before[section].items() if k != key}
        gone.update({key: Document("config", data).defaults[key]} if key in Document("config", data).defaults else {})
        assert _as_botocore_reads(tmp_path / "config", back) == {**before, section: gone}


def test_changed_line_keeps_indentation_and_spacing() -> None:
    """The value alone changes; indentation, delimiter, spacing and line end of its line stay."""
    data = b"[profile a]\r\n\tregion   =   eu-west-1\r\n\toutput:json\r\n"
    edited = with_settings(Document("config", data), "profile a", {"region": "us-east-1", "output": "text"})
    assert edited == b"[profile a]\r\n\tregion   =   us-east-1\r\n\toutput:text\r\n"


def test_new_key_comes_behind_the_last_one() -> None:
    """A new key stands behind the section's last, indented like it, before the next section's comment."""
    data = b"[profile a]\n  region = x\n\n# about b\n[profile b]\n"
    edited = with_settings(Document("config", data), "profile a", {"output": "json"})
    assert edited == b"[profile a]\n  region = x\n  output = json\n\n# about b\n[profile b]\n"


def test_removed_section_takes_its_comment_along() -> None:
    """Comments directly above a header go with it; one parted by a blank line stays."""
    edited = without_section(Document("config", RICH), "profile legacy")
    assert edited == (
        b"# my accounts, do not touch\n[default]\nregion=us-east-1\n\n# about nothing in particular\n\n"
        b"[sso-session corp]\nsso_region = eu-west-1\n[profile autochart_dev_paul]\nregion = eu-west-1\n"
    )


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("profile x]\n[default", {"region": "x"}),
        ("profile a", {"region": "x\n[default]"}),
        ("profile a", {"region": "x\rregion = y"}),
        ("profile a", {"region": "x # y"}),
        ("profile a", {"region": "x;y"}),
        ("profile a", {"region": ""}),
        ("profile a", {"region": " x"}),
        ("profile a", {"region\nx": "y"}),
        ("profile a", {"Region": "y"}),
        ("profile a", {"a = b": "y"}),
        ("profile a", {"region": "x\x00"}),
        ("profile a", {"region": "x\u2028y"}),
    ],
)
def test_nothing_is_injected(section: str, settings: dict[str, str]) -> None:
    """A name, key or value that could become anything else in the file is refused, and nothing is written."""
    with pytest.raises(RefusedNameError):
        with_settings(Document("config", RICH), section, settings)
