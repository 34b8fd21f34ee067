"""
A shared file read as far as it can be: what stands where, and every fault that makes botocore refuse it.

Knows the file format and raises for no bytes; ``configfiles.document`` remains the judge of what is sound.

A line that is at fault is read as if it were a comment, which is what the SDKs that take such a file make of it; so
turning it into one mends the file without a change for them.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field

from awsprof.configfiles.document import DEFAULTS
from awsprof.configfiles.masking import is_secret_key, shown_key
from awsprof.configfiles.scanning import COMMENT, HEADER, OPTION, lines_of

BOM = "\ufeff"
_UNDECODED = re.compile("[\udc80-\udcff]")
# Where JS and Go see a comment behind a value, and botocore a part of it.
INLINE_COMMENT = re.compile(r"\s[#;]")
_COMMENT_BEHIND = re.compile(r"\s+[#;]")


class FaultKind(enum.StrEnum):
    """What may be wrong with a file as a whole, named by the finding's code."""

    BYTE_ORDER_MARK = "byte-order-mark"
    NOT_UTF8 = "not-utf8"
    DUPLICATE_SECTION = "duplicate-section"
    DUPLICATE_KEY = "duplicate-key"
    KEY_WITHOUT_VALUE = "key-without-value"
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that makes botocore refuse the file.

    *can_go* says whether its line may become a comment; *what* is the key or section, or in words what is wrong.
    """

    kind: FaultKind
    line: int
    what: str
    section: str | None = None
    can_go: bool = False


@dataclass(slots=True)
class Setting:
    """
    One key as it stands in a file: on the lines from *line* to before *end*, counted from 1.

    *is_apart* says whether a blank stands before the value.
    """

    key: str
    spelled: str
    delimiter: str
    is_apart: bool
    value: str
    line: int
    end: int

    @property
    def is_secret(self) -> bool:
        """Whether it is no setting, but a piece of a value that was broken over two lines."""
        return is_secret_key(self.key, self.value)

    @property
    def shown(self) -> str:
        """Its name as it is spelled, for a person to see."""
        return shown_key(self.spelled, self.value)

    @property
    def is_nested(self) -> bool:
        """Whether its value is a block of keys of its own."""
        return self.value.startswith("\n")

    @property
    def plain_value(self) -> str:
        """The value as JS and Go read it, which end a line at its comment."""
        if "#" not in self.value and ";" not in self.value:
            return self.value
        text = f"{' ' * self.is_apart}{self.value}"
        return "\n".join(INLINE_COMMENT.split(line, maxsplit=1)[0].strip() for line in text.split("\n"))


@dataclass(slots=True)
class Block:
    """
    What stands under one header, on the lines from *line* to before *end*.

    *tail* is what stands behind the ``]``, where it is more than a comment: for JS such a line is no header.
    """

    name: str
    line: int
    tail: str = ""
    end: int = 0
    settings: list[Setting] = field(default_factory=list)

    def values(self) -> dict[str, str]:
        """The settings as botocore reads them where it can; of a key that stands twice, the last value."""
        return {setting.key: setting.value for setting in self.settings}

    def plain_values(self) -> dict[str, str]:
        """The settings as JS and Go read them."""
        return {setting.key: setting.plain_value for setting in self.settings}

    def find(self, key: str) -> Setting | None:
        """Return the setting that counts for *key*."""
        return next((setting for setting in reversed(self.settings) if setting.key == key), None)


class Reading:
    """
    One shared file as far as it can be read.

    ``lines`` are its own, without a byte-order mark; a byte that is no UTF-8 is kept in them as a lone surrogate.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.text = data.decode("utf-8", "surrogateescape")
        self.faults: list[Fault] = []
        if self.text.startswith(BOM):
            self.text = self.text[1:]
            self.faults.append(Fault(FaultKind.BYTE_ORDER_MARK, 1, "the file begins with a byte-order mark"))
        self.lines = lines_of(self.text)
        self.blocks: list[Block] = []
        self._read()
        if _UNDECODED.search(self.text):
            for number, line in enumerate(self.lines, 1):
                if _UNDECODED.search(line):
                    self.faults.append(Fault(FaultKind.NOT_UTF8, number, "a byte that is no UTF-8"))
        self.faults.sort(key=lambda fault: fault.line)

    def sections(self) -> dict[str, Block]:
        """Return one block a section: where one stands twice, with the lines of the first and the settings of all."""
        found: dict[str, Block] = {}
        for block in self.blocks:
            first = found.setdefault(block.name, Block(block.name, block.line, block.tail, block.end))
            first.settings.extend(block.settings)
        return found

    def _read(self) -> None:
        """Take the lines apart in the order of tests of ``RawConfigParser._read``."""
        block: Block | None = None
        setting: Setting | None = None
        values: list[str] = []
        indent = 0

        def finish() -> None:
            if setting is not None and len(values) > 1:
                setting.value = "\n".join(values).rstrip()

        for number, whole in enumerate(self.lines, 1):
            text = whole.strip()
            if not text or text.startswith(COMMENT):
                if not text and setting is not None:
                    values.append("")
                continue
            line_indent = len(whole) - len(whole.lstrip())
            if setting is not None and line_indent > indent:
                if not values[0] and self._is_faulty_nested(number, text):
                    continue
                values.append(text)
                setting.end = number + 1
                continue
            header = HEADER.match(text)
            if header is not None:
                finish()
                block, setting, indent = self._opened(header["header"], number, text[header.end() :]), None, line_indent
                continue
            match = OPTION.match(text)
            key = "" if match is None else match["option"].rstrip()
            if block is None or match is None or not key:
                self._refuse_line(number, text, block, match)
                continue
            finish()
            indent = line_indent
            between = text[match.end("option") : match.start("value")]
            apart = between[-1:].isspace()
            setting = Setting(key.lower(), key, between.strip(), apart, match["value"], number, number + 1)
            values = [setting.value]
            block.settings.append(setting)
        finish()
        self._close(len(self.lines) + 1)
        self._find_doubles()

    def _opened(self, name: str, number: int, tail: str) -> Block:
        self._close(number)
        block = Block(name, number, "" if _COMMENT_BEHIND.match(tail) else tail)
        self.blocks.append(block)
        return block

    def _close(self, end: int) -> None:
        if self.blocks:
            self.blocks[-1].end = end

    def _refuse_line(self, number: int, text: str, block: Block | None, match: re.Match[str] | None) -> None:
        section = None if block is None else block.name
        if match is None and text.startswith("["):
            # The SDKs count what follows to the section before: whether that is meant, only a person can say.
            self.faults.append(Fault(FaultKind.UNPARSABLE, number, "a section header without its closing bracket"))
        elif block is None:
            what = "a setting before the first section"
            self.faults.append(Fault(FaultKind.UNPARSABLE, number, what, can_go=True))
        elif match is None:
            self.faults.append(Fault(FaultKind.KEY_WITHOUT_VALUE, number, "a key without '='", section, can_go=True))
        else:
            self.faults.append(Fault(FaultKind.UNPARSABLE, number, "a value without a key", section, can_go=True))

    def _is_faulty_nested(self, number: int, text: str) -> bool:
        """Whether a line of a nested block lacks its ``=``; botocore breaks these at more characters than a file."""
        if "=" in text and len(text.splitlines()) == 1:
            return False
        pieces = text.splitlines()
        if all("=" in piece or not piece.strip() for piece in pieces):
            return False
        section = self.blocks[-1].name
        what = "a nested line without '='"
        # One that looks like a header is a header for JS.
        can_go = "=" not in text and not text.startswith("[")
        self.faults.append(Fault(FaultKind.KEY_WITHOUT_VALUE, number, what, section, can_go=can_go))
        return True

    def _find_doubles(self) -> None:
        headers: set[str] = set()
        lent: set[str] = set()
        for block in self.blocks:
            # configparser lets its own default section stand more than once.
            keys = lent if block.name == DEFAULTS else set()
            if block.name in headers and block.name != DEFAULTS:
                self.faults.append(Fault(FaultKind.DUPLICATE_SECTION, block.line, block.name, block.name))
            headers.add(block.name)
            for setting in block.settings:
                if setting.key in keys:
                    self.faults.append(Fault(FaultKind.DUPLICATE_KEY, setting.line, setting.shown.lower(), block.name))
                keys.add(setting.key)
