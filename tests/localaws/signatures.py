"""
Signature Version 4, the server's side: takes a request apart and recomputes its signature.

Written out here, and not with botocore's own signer, so that it checks what signers send.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from .clock import basic_time
from .wire import AwsError, Request

# STS allows less than the other services do.
ALLOWED_SKEW = {"sts": timedelta(minutes=5)}
OTHER_ALLOWED_SKEW = timedelta(minutes=15)

MUST_BE_SIGNED = ("host", "x-amz-date", "x-amz-security-token", "x-amz-target")
# S3 alone lets a body be unsigned, trusting TLS.
UNSIGNED_BODIES = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")

HEADER_PATTERN = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<id>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
    r"\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signature:
    """What a request's ``Authorization`` header claims."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str
    signed_at: datetime


def _mismatch(message: str) -> AwsError:
    return AwsError(403, "SignatureDoesNotMatch", message)


def read_signature(request: Request) -> Signature:
    """
    What *request* claims to be signed with; nothing is verified yet.

    Raises:
        AwsError: There is no signature, or it cannot be read.
    """
    header = request.headers.get("authorization")
    if not header:
        raise AwsError(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    found = HEADER_PATTERN.fullmatch(header.strip())
    if not found:
        raise AwsError(
            400, "IncompleteSignature", "Authorization header is not of the form that AWS4-HMAC-SHA256 wants."
        )
    try:
        signed_at = datetime.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise AwsError(400, "IncompleteSignature", message) from None
    names = tuple(found["headers"].split(";"))
    return Signature(
        found["id"], found["date"], found["region"], found["service"], names, found["signature"], signed_at
    )


def verify(request: Request, signature: Signature, secret: str, now: datetime) -> None:
    """
    Check that *request* was signed with *secret*, just now by the server's clock.

    Raises:
        AwsError: It was not; says why as AWS does.
    """
    _check_time(signature, now)
    missing = [name for name in MUST_BE_SIGNED if name in request.headers and name not in signature.signed_headers]
    if missing:
        raise _mismatch(f"'{missing[0]}' must be a 'SignedHeader' in the AWS Authorization.")
    payload_hash = hashlib.sha256(request.body).hexdigest()
    claimed_hash = request.headers.get("x-amz-content-sha256", payload_hash)
    if signature.service == "s3" and claimed_hash in UNSIGNED_BODIES:
        payload_hash = claimed_hash
    elif claimed_hash != payload_hash:
        raise _mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
    if not hmac.compare_digest(_digest(request, signature, secret, payload_hash), signature.digest):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        )


def _check_time(signature: Signature, now: datetime) -> None:
    signed_at = basic_time(signature.signed_at)
    if not signed_at.startswith(signature.date):
        raise _mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signature.date}' != '{signed_at[:8]}', from '{signed_at}'."
        )
    skew = ALLOWED_SKEW.get(signature.service, OTHER_ALLOWED_SKEW)
    minutes = int(skew.total_seconds()) // 60
    if signature.signed_at < now - skew:
        limit = basic_time(now - skew)
        raise _mismatch(
            f"Signature expired: {signed_at} is now earlier than {limit} ({basic_time(now)} - {minutes} min.)"
        )
    if signature.signed_at > now + skew:
        limit = basic_time(now + skew)
        raise _mismatch(
            f"Signature not yet current: {signed_at} is still later than {limit} ({basic_time(now)} + {minutes} min.)"
        )


def _digest(request: Request, signature: Signature, secret: str, payload_hash: str) -> str:
    query = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
    )
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signature.signed_headers
    )
    canonical = "\n".join(
        [
            request.method,
            # The path is encoded twice, but for S3.
            request.path if signature.service == "s3" else quote(request.path or "/", safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            headers,
            ";".join(signature.signed_headers),
            payload_hash,
        ]
    )
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{basic_time(signature.signed_at)}\n{scope}\n{hashed}"
    key = f"AWS4{secret}".encode()
    for part in (signature.date, signature.region, signature.service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()
