"""
What Serverless's variables come to: as much of its resolution as needs neither the network nor JavaScript.

Knows the grammar and sources of version 3 and of osls 3 and 4, which agree; not what a value is used for.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from awsprof.errors import AwsprofError, UnparsableYamlError
from awsprof.naming import printable
from awsprof.serverless.dotenv import read_dotenv
from awsprof.serverless.yaml_data import Value, read_data
from awsprof.storage.small import read_small_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_DEPTH = 60
_MAX_FILE_BYTES = 1_048_576
_SOURCE = re.compile(r"([a-z][a-zA-Z0-9]*)(?=[:(])")
_LITERALS: dict[str, Value] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
# What only AWS, a plugin or JavaScript can tell.
_TEXT_ENDINGS = (".js", ".cjs", ".mjs", ".ts", ".tfstate")


class StoppedError(AwsprofError):
    """The framework itself would stop here, and ``message`` says why."""


class CannotTellError(AwsprofError):
    """Only the framework could tell: the value comes from AWS, from JavaScript or from a plugin."""


class Resolver:
    """Resolves the variables of one service for one stage."""

    def __init__(
        self,
        config: Value,
        *,
        directory: Path,
        environ: Mapping[str, str],
        stage: str | None,
        account_id: str | None = None,
    ) -> None:
        """
        Args:
            config: serverless.yml as it was read.
            directory: Where it lies.
            stage: What ``--stage`` says; None: the option is not given.
            account_id: The account to suppose that the credentials are of; None: only AWS could tell.
        """
        self._config = config
        self._directory = directory
        self._option = stage
        self._account_id = account_id
        self._depth = 0
        self._found: dict[str, Value] = {}
        self._open: set[str] = set()
        self.environ = dict(environ)
        self.asked: set[str] = set()
        self.stage = self._stage()
        if self.at("useDotenv"):
            found = read_dotenv(directory, self.stage, self.environ)
            # What is set already goes before what a file says.
            self.environ = {**found, **self.environ}

    def at(self, *path: str) -> Value:
        """
        Return the value at a path of keys; None where there is none. Variables inside a mapping stay as they are.

        Raises:
            StoppedError: The framework would stop: a variable without a value, a circle, bad syntax.
            CannotTellError: It cannot be told without the framework.
        """
        return self._follow(self._config, path)

    def _stage(self) -> str:
        found = self._option if self._option is not None else self.at("provider", "stage")
        return "dev" if found is None else _text(found)

    def resolved(self, value: Value) -> Value:
        """Return what a value comes to; as for ``at``."""
        if not isinstance(value, str) or "${" not in value:
            return value
        if value in self._found:
            return self._found[value]
        if value in self._open:
            raise StoppedError("its variables lead round in a circle")
        self._open.add(value)
        self._deeper()
        try:
            found = self._found[value] = self._in_text(value)
            return found
        finally:
            self._open.discard(value)
            self._depth -= 1

    def _follow(self, value: Value, path: tuple[str, ...]) -> Value:
        for key in path:
            value = self.resolved(value)
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list):
                at = int(key) if key.isdecimal() and len(key) < 9 else len(value)
                value = value[at] if at < len(value) else None
            else:
                return None
        return self.resolved(value)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise CannotTellError("its variables lead on for too long")

    def _in_text(self, text: str) -> Value:
        parts: list[str] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            slashes = next((n for n in range(start) if text[start - 1 - n] != "\\"), start)
            if slashes % 2 or not _SOURCE.match(text, start + 2):
                # Escaped, or CloudFormation's own, as in ${AWS::Region}.
                parts.append(text[at : start + 2])
                at = start + 2
                continue
            parts.append(text[at:start])
            value, at = self._variable(text, start + 2)
            value = self.resolved(value)
            if not "".join(parts) and at == len(text):
                return value
            parts.append(_text(value))
        return "".join(parts) + text[at:]

    def _variable(self, text: str, at: int) -> tuple[Value, int]:
        """Return the value of the variable whose first source begins at *at*, and where the text goes on behind it."""
        found: Value = None
        settled, last = False, ""
        while True:
            source, at = _source(text, at)
            if not settled:
                found, last = (source.literal, "") if source.type is None else (self._from(source), source.type)
                settled = found is not None or source.type is None
            if text[at] == "}":
                break
            at += 1
        if not settled:
            raise StoppedError(f'Value not found at "{last}" source')
        return found, at + 1

    def _from(self, source: _Source) -> Value:
        address = None if source.address is None else _text(self.resolved(source.address))
        parameters = [_text(self.resolved(parameter)) for parameter in source.parameters]
        if source.type == "env" and address:
            return self.environ.get(address)
        if source.type == "opt":
            return self._option if address == "stage" else None
        if source.type == "sls" and address == "stage":
            return self.stage
        if source.type == "aws" and address == "accountId" and self._account_id is not None:
            return self._account_id
        if source.type == "self":
            self.asked.add(address or "")
            return self._follow(self._config, tuple(address.split(".")) if address else ())
        if source.type == "param" and address:
            return self._parameter(address)
        if source.type == "strToBool" and parameters:
            return _boolean(parameters[0])
        if source.type == "file" and parameters:
            return self._file(parameters[0], address)
        raise CannotTellError(f"${{{source.type}:…}} is only known to the framework")

    def _parameter(self, name: str) -> Value:
        for row in (self.stage, "default"):
            value = self._follow(self._config, ("params", row, name))
            if value is not None:
                return value
        return None

    def _file(self, name: str, address: str | None) -> Value:
        path = self._directory / name
        try:
            there = path.exists()
        except (OSError, ValueError):
            there = False
        if not there:
            return None
        data = None if name.endswith(_TEXT_ENDINGS) else read_small_file(path, _MAX_FILE_BYTES)
        if data is None:
            raise CannotTellError("what an included file holds is only known to the framework")
        return self._follow(_content(path, data), tuple(address.split(".")) if address else ())


def _content(path: Path, data: bytes) -> Value:
    name = printable(path.name)
    text = data.decode("utf-8", "replace")
    try:
        if path.suffix in (".yml", ".yaml"):
            return read_data(path, data).value
        found: Value = json.loads(text) if path.suffix == ".json" else text
    except UnparsableYamlError as error:
        raise StoppedError(f"{name}, line {error.line}: {error.reason}") from None
    except AwsprofError:
        raise CannotTellError(f"{name} holds no keys, and what it holds is only known to the framework") from None
    except (ValueError, RecursionError):
        raise StoppedError(f"{name} is no JSON") from None
    return found


class _Source:
    """One source of a variable, between its commas: a type with parameters and an address, or a literal."""

    def __init__(self, kind: str | None, literal: Value = None) -> None:
        self.type = kind
        self.literal = literal
        self.parameters: list[str] = []
        self.address: str | None = None


def _source(text: str, at: int) -> tuple[_Source, int]:
    """Read the source at *at*; returns it and where the comma or brace behind it stands."""
    while text.startswith(" ", at):
        at += 1
    match = _SOURCE.match(text, at)
    if match is None:
        word, end = _word(text, at, ",}")
        return _Source(None, _literal(word)), end
    source, at = _Source(match[1]), match.end()
    if text[at] == "(":
        while text[at] != ")":
            word, at = _word(text, at + 1, ",)")
            source.parameters += [_unquoted(word)] if word else []
        at += 1
    blank, end = _word(text, at, ":,}")
    if blank:
        raise StoppedError("a variable's syntax is wrong")
    if text[end] != ":":
        return source, end
    word, end = _word(text, end + 1, ",}")
    source.address = _unquoted(word) if word else None
    return source, end


def _word(text: str, at: int, ends: str) -> tuple[str, int]:
    """Read up to the first of *ends* that stands outside quotes and inner variables."""
    start, depth, quote = at, 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and not text[start:at].strip():
            quote = char
        elif text.startswith("${", at):
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif char in ends and not depth:
            return text[start:at].strip(), at
        at += 1
    raise StoppedError("a variable is not closed")


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


def _literal(word: str) -> Value:
    if word in _LITERALS:
        return _LITERALS[word]
    if _NUMBER.fullmatch(word):
        return float(word) if "." in word else int(word)
    if _unquoted(word) == word:
        raise StoppedError(f"'{printable(word)}' is no source of a variable")
    return _unquoted(word)


def _boolean(word: str) -> bool:
    answers = {"true": True, "1": True, "false": False, "0": False}
    if word.strip().lower() not in answers:
        raise StoppedError("strToBool is given what is neither true nor false")
    return answers[word.strip().lower()]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise StoppedError("a variable inside a text has a value that is no text")
