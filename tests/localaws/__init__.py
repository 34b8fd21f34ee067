"""
A strict local AWS for tests, the demo and benchmarks: STS and MFA by the book, the rest of IAM by moto.

moto alone takes any code, any secret and any session. This stands in front of it, on 127.0.0.1,
and checks signatures, key states, token codes, expiry and policies as AWS does.
"""

from __future__ import annotations

from .calls import Call
from .local import LocalAWS

__all__ = ["Call", "LocalAWS"]
