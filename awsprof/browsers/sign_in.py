"""
The console's addresses in every partition: sign-in pages, home, services, and signing in with a session.

Makes them of checked parts, so that nothing in a file leads to another host; opens none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from awsprof.browsers.services import is_global, path_of
from awsprof.errors import UsageError
from awsprof.model import check_region
from awsprof.naming import printable

if TYPE_CHECKING:
    from awsprof.model import Profile


class _Partition(NamedTuple):
    """A partition's two hosts, how its regions' names begin, the first, and whether one stands before each host."""

    sign_in: str
    console: str
    regions: str
    first_region: str
    by_region: bool = False


_PARTITIONS = {
    "aws-us-gov": _Partition("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com", "us-gov-", "us-gov-west-1"),
    "aws-cn": _Partition("signin.amazonaws.cn", "console.amazonaws.cn", "cn-", "cn-north-1"),
    "aws-eusc": _Partition(
        "signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu", "eusc-", "eusc-de-east-1", by_region=True
    ),
    # Last, since every region is its that is no other's.
    "aws": _Partition("signin.aws.amazon.com", "console.aws.amazon.com", "", "us-east-1"),
}
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
_ALIAS = re.compile(r"(?!.*--)(?![0-9]+$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
# What RFC 3986 allows in an address, less the apostrophe.
_PAGE = re.compile(
    r"(?:https://[\w.-]+|http://(?:127\.0\.0\.1|localhost|\[::1\]))(?::[0-9]{1,5})?"
    r"(?:[/?#][\w.~:/?#\[\]@!$&()*+,;=%-]*)?",
    re.ASCII,
)
_ISSUER = "awsprof"


def partition_of_region(region: str) -> str:
    """Return the partition that a region's name tells; those cut off from the rest have a console that nobody sees."""
    if re.match("[a-z]+-iso[a-z]*-", region):
        return "aws-iso"
    return next(name for name, partition in _PARTITIONS.items() if region.startswith(partition.regions))


def partition_in(profile: Profile) -> str | None:
    """Return the partition that an ARN among the profile's settings names."""
    arns = (profile.settings.get(key, "") for key in ("role_arn", "mfa_serial", "login_session"))
    return next((arn.split(":")[1] for arn in arns if arn.startswith("arn:")), None)


def region_within(partition: str, region: str) -> str | None:
    """Return *region* where the partition has it, else its first; None where no console is known of the partition."""
    try:
        _checked(partition, region)
    except UsageError:
        return first_region(partition)
    return region


def first_region(partition: str) -> str | None:
    """Return a partition's first region, which every account of it has; None for a partition that is not known."""
    return _PARTITIONS[partition].first_region if partition in _PARTITIONS else None


def is_alias(text: str) -> bool:
    """Whether *text* may be an account's alias."""
    return _ALIAS.fullmatch(text) is not None


def console_home(partition: str, region: str) -> str:
    hosts = _checked(partition, region)
    return f"https://{region}.{hosts.console}/console/home?{urlencode({'region': region})}"


def service_page(service: str, partition: str, region: str) -> str:
    """
    Return the address of a service's page in *region*; a global service's has none.

    Raises:
        UsageError: An unknown service, partition or region, or a region of another partition.
    """
    hosts = _checked(partition, region)
    path, _, fragment = path_of(service).partition("#")
    fragment = f"#{fragment}" if fragment else ""
    if is_global(service):
        return f"https://{f'{region}.' if hosts.by_region else ''}{hosts.console}/{path}{fragment}"
    return f"https://{region}.{hosts.console}/{path}?{urlencode({'region': region})}{fragment}"


def sign_in_page(partition: str, account: str, region: str, service: str | None = None) -> str:
    """
    Return the address where an account's IAM users sign in; it leads on to *service* in *region*.

    Args:
        account: The account's alias, or its id, which always works.

    Raises:
        UsageError: What cannot be an alias or id, or as for `service_page`.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_sign-in.html
    """
    hosts = _checked(partition, region)
    if not is_alias(account) and not _ACCOUNT_ID.fullmatch(account):
        raise UsageError(f"'{printable(account)}' is no account alias and no account id")
    path, _, fragment = path_of(service).partition("#") if service else ("", "", "")
    # Known here by the first word of its path in the console.
    page = f"/{path.partition('/')[0]}" if path else ""
    query = f"?{urlencode({'region': region})}"
    return f"https://{account}.{hosts.sign_in}/console{page}{query}{f'#{fragment}' if fragment else ''}"


def federation_endpoint(partition: str, region: str) -> str:
    """Return where session credentials are turned into a sign-in."""
    hosts = _checked(partition, region)
    return f"https://{f'{region}.' if hosts.by_region else ''}{hosts.sign_in}/federation"


def federated_sign_in(endpoint: str, token: str, destination: str) -> str:
    """
    Return the address that signs in whoever opens it: a secret, good for 15 minutes.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
    """
    query = {"Action": "login", "Issuer": _ISSUER, "Destination": destination, "SigninToken": token}
    return f"{endpoint}?{urlencode(query)}"


def checked_page(url: str) -> str:
    """
    Return an address that another program wants to be opened.

    Raises:
        UsageError: Neither https nor on this machine, or with characters that no address has.
    """
    if not _PAGE.fullmatch(url):
        raise UsageError("That is no address of a page that signs in: neither https nor on this machine")
    return url


def _checked(partition: str, region: str) -> _Partition:
    hosts = _PARTITIONS.get(partition)
    if hosts is None:
        raise UsageError(f"There is no console known of the partition '{printable(partition)}'")
    if partition_of_region(check_region(region)) != partition:
        raise UsageError(
            f"The region {region} is not in the partition {partition}, where the account is",
            hint="Give another with --region, or correct the profile's region.",
        )
    return hosts
