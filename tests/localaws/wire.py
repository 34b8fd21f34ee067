"""
Requests and answers as they go over HTTP: parsing, XML, JSON and AWS's errors.

Knows the two protocols in use (query with XML answers, and JSON), and no service's rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from .clock import aws_time

XML_TYPE = "text/xml"
JSON_TYPE = "application/x-amz-json-1.1"

NAMESPACES = {
    "cloudformation": "https://cloudformation.amazonaws.com/doc/2010-05-15/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}

# What a service with the JSON protocol calls the errors that every service has.
JSON_CODES = {
    "AccessDenied": ("AccessDeniedException", 400),
    "ExpiredToken": ("ExpiredTokenException", 400),
    "IncompleteSignature": ("IncompleteSignatureException", 400),
    "InvalidClientTokenId": ("UnrecognizedClientException", 400),
    "MissingAuthenticationToken": ("MissingAuthenticationTokenException", 400),
    "SignatureDoesNotMatch": ("InvalidSignatureException", 400),
    "Throttling": ("ThrottlingException", 400),
}


class AwsError(Exception):
    """AWS says no: an HTTP status, an error code and one sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def validation_error(message: str) -> AwsError:
    """AWS's answer to a parameter that is out of its range."""
    return AwsError(400, "ValidationError", message)


def constraint_error(value: object, name: str, constraint: str) -> AwsError:
    """The long form of :func:`validation_error`, which names the parameter and what it must be."""
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{name}' "
        f"failed to satisfy constraint: Member must {constraint}"
    )


Value = str | int | bool | datetime | None | Mapping[str, "Value"] | Sequence["Value"]


@dataclass(frozen=True)
class Request:
    """One HTTP request, unchecked."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def is_json(self) -> bool:
        return "x-amz-target" in self.headers

    @property
    def action(self) -> str:
        if self.is_json:
            return self.headers["x-amz-target"].rpartition(".")[2]
        return self.parameters.get("Action", "")

    @property
    def parameters(self) -> dict[str, str]:
        """A query-protocol request's parameters, or a JSON request's top level, as text."""
        if self.is_json:
            try:
                document = json.loads(self.body or b"{}")
            except ValueError:
                return {}
            if not isinstance(document, dict):
                return {}
            return {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}
        pairs = parse_qsl(self.query, keep_blank_values=True)
        pairs += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return dict(pairs)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer without the headers that every answer has."""

    status: int
    body: bytes
    content_type: str = XML_TYPE
    error_code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _xml(value: Value) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items() if inner is not None)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return aws_time(value)
    if isinstance(value, str | int):
        return escape(str(value))
    if value is None:
        return ""
    return "".join(f"<member>{_xml(inner)}</member>" for inner in value)


def xml_answer(service: str, action: str, result: Mapping[str, Value], request_id: str) -> Answer:
    """A query-protocol answer holding *result*."""
    inner = f"<{action}Result>{_xml(result)}</{action}Result>" if result else ""
    text = (
        f'<{action}Response xmlns="{NAMESPACES[service]}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Answer(200, text.encode())


def json_answer(result: object) -> Answer:
    """A JSON-protocol answer holding *result*."""
    return Answer(200, json.dumps(result).encode(), JSON_TYPE)


def error_answer(error: AwsError, *, service: str, is_json: bool, request_id: str) -> Answer:
    """*error* in the protocol that the request came in."""
    if service == "s3":
        text = f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        return Answer(error.status, text.encode(), XML_TYPE, error.code)
    if is_json or service == "lambda":
        code, status = JSON_CODES.get(error.code, (error.code, error.status))
        body = json.dumps({"__type": code, "message": error.message}).encode()
        return Answer(status, body, JSON_TYPE, code, {"x-amzn-ErrorType": code})
    kind = "Sender" if error.status < 500 else "Receiver"
    text = (
        f'<ErrorResponse xmlns="{NAMESPACES.get(service, NAMESPACES["sts"])}"><Error><Type>{kind}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Answer(error.status, text.encode(), XML_TYPE, error.code)


def error_code_in(status: int, body: str) -> str | None:
    """The error code that *body*, in either protocol, names."""
    if status < 400:
        return None
    found = re.search(r"<Code>(.*?)</Code>", body) or re.search(r'"__type":\s*"(?:[^"]*#)?([^"]*)"', body)
    return found[1] if found else None


def members(parameters: Mapping[str, str], name: str, inner: str = "") -> list[str]:
    """The values of a query-protocol list, in order: ``Name.member.1``, ``Name.member.2`` …"""
    suffix = f".{inner}" if inner else ""
    values: list[str] = []
    while (key := f"{name}.member.{len(values) + 1}{suffix}") in parameters:
        values.append(parameters[key])
    return values
