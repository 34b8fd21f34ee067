"""
The console's addresses in each partition.

Makes them; opens none of them.
"""

from __future__ import annotations

_HOSTS = {
    "aws": ("signin.aws.amazon.com", "{region}.console.aws.amazon.com"),
    "aws-us-gov": ("signin.amazonaws-us-gov.com", "{region}.console.amazonaws-us-gov.com"),
    "aws-cn": ("signin.amazonaws.cn", "{region}.console.amazonaws.cn"),
    "aws-eusc": ("signin.amazonaws-eusc.eu", "{region}.console.amazonaws-eusc.eu"),
}


def partition_of_region(region: str) -> str:
    starts = {"us-gov-": "aws-us-gov", "cn-": "aws-cn", "eusc-": "aws-eusc"}
    return next((partition for start, partition in starts.items() if region.startswith(start)), "aws")


def console_home(partition: str, region: str) -> str:
    return f"https://{_HOSTS[partition][1].format(region=region)}/console/home?region={region}"


def sign_in_page(partition: str, account: str, region: str) -> str:
    return f"https://{account}.{_HOSTS[partition][0]}/console?region={region}"


def service_page(service: str, partition: str, region: str) -> str:
    return f"https://{_HOSTS[partition][1].format(region=region)}/{service}/home?region={region}"
