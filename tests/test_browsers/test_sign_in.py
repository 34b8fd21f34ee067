"""The console's addresses: what they are in each partition, and that nothing bends them elsewhere."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsprof.aws.regions import known_regions
from awsprof.browsers.services import SERVICES
from awsprof.browsers.sign_in import (
    checked_page,
    console_home,
    federated_sign_in,
    federation_endpoint,
    is_alias,
    partition_of_region,
    service_page,
    sign_in_page,
)
from awsprof.errors import AwsprofError, UsageError

REGIONS = {"aws": "eu-west-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1", "aws-eusc": "eusc-de-east-1"}
ACCOUNT = "111111111111"
HOSTS = re.compile(
    r"(?:[a-z0-9-]+\.)?(?:signin|console)\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)"
)


@pytest.mark.parametrize(
    ("partition", "home", "iam", "sign_in", "endpoint"),
    [
        (
            "aws",
            "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1",
            "https://console.aws.amazon.com/iam/home",
            "https://111111111111.signin.aws.amazon.com/console?region=eu-west-1",
            "https://signin.aws.amazon.com/federation",
        ),
        (
            "aws-us-gov",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
            "https://console.amazonaws-us-gov.com/iam/home",
            "https://111111111111.signin.amazonaws-us-gov.com/console?region=us-gov-west-1",
            "https://signin.amazonaws-us-gov.com/federation",
        ),
        (
            "aws-cn",
            "https://cn-north-1.console.amazonaws.cn/console/home?region=cn-north-1",
            "https://console.amazonaws.cn/iam/home",
            "https://111111111111.signin.amazonaws.cn/console?region=cn-north-1",
            "https://signin.amazonaws.cn/federation",
        ),
        (
            "aws-eusc",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/iam/home",
            "https://111111111111.signin.amazonaws-eusc.eu/console?region=eusc-de-east-1",
            "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
        ),
    ],
)
def test_each_partition_has_hosts_of_its_own(partition: str, home: str, iam: str, sign_in: str, endpoint: str) -> None:
    """Home, a global service, the sign-in page and the federation endpoint."""
    region = REGIONS[partition]
    assert console_home(partition, region) == home
    assert service_page("iam", partition, region) == iam
    assert sign_in_page(partition, ACCOUNT, region) == sign_in
    assert federation_endpoint(partition, region) == endpoint


def test_every_region_is_in_a_partition_with_a_console() -> None:
    """All that botocore knows, but for the partitions that are cut off from the rest."""
    told = {region: partition_of_region(region) for region in known_regions()}
    assert set(told.values()) == {*REGIONS, "aws-iso"}
    assert {region for region in told if "iso" in region} == {r for r in told if told[r] == "aws-iso"}


@pytest.mark.parametrize(
    ("service", "page"),
    [
        ("ec2", "ec2/home?region=eu-west-1"),
        ("s3", "s3/buckets?region=eu-west-1"),
        ("lambda", "lambda/home?region=eu-west-1"),
        ("logs", "cloudwatch/home?region=eu-west-1#logsV2:log-groups"),
        ("cloudformation", "cloudformation/home?region=eu-west-1"),
        ("dynamodb", "dynamodbv2/home?region=eu-west-1#tables"),
        ("stepfunctions", "states/home?region=eu-west-1#/statemachines"),
        ("ssm", "systems-manager/home?region=eu-west-1"),
        ("apigateway", "apigateway/main/apis?region=eu-west-1"),
    ],
)
def test_a_service_opens_in_the_region(service: str, page: str) -> None:
    """The fragment behind the query, as a browser wants it."""
    assert service_page(service, "aws", "eu-west-1") == f"https://eu-west-1.console.aws.amazon.com/{page}"


@pytest.mark.parametrize("partition", REGIONS)
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_an_address(service: str, partition: str) -> None:
    """On the console's host, with the region in host and query or in neither."""
    region = REGIONS[partition]
    address = urlsplit(service_page(service, partition, region))
    assert HOSTS.fullmatch(address.netloc)
    assert re.fullmatch(r"/[a-z0-9-]+(/[a-z0-9-]+)+", address.path)
    if address.query:
        assert parse_qs(address.query) == {"region": [region]}
        assert address.netloc.startswith(f"{region}.")


@pytest.mark.parametrize(
    ("service", "hint"),
    [
        ("lamda", "The nearest: lambda"),
        ("cloudfomation", "The nearest: cloudformation"),
        ("S3", "The nearest: s3."),
        ("", "Services have AWS's own short names, as in s3, lambda, logs; TAB completes them."),
        ("../../evil", "Services have AWS's own"),
    ],
)
def test_an_unknown_service(service: str, hint: str) -> None:
    """Exit 2, with the nearest names."""
    with pytest.raises(UsageError) as caught:
        service_page(service, "aws", "eu-west-1")
    assert (caught.value.hint or "").startswith(hint)


def test_a_sign_in_page_leads_on() -> None:
    """To a service, by the first word of its path, in the region; an alias stands for the id."""
    page = sign_in_page("aws", "autochart-dev", "eu-west-1", "logs")
    assert page == "https://autochart-dev.signin.aws.amazon.com/console/cloudwatch?region=eu-west-1#logsV2:log-groups"


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "cn-north-1"), ("aws-cn", "eu-west-1"), ("aws-us-gov", "us-east-1"), ("aws", "us-iso-east-1")],
)
def test_a_region_of_another_partition(partition: str, region: str) -> None:
    """An account lives in one partition, and its sign-in opens nothing elsewhere."""
    with pytest.raises(UsageError) as caught:
        console_home(partition, region)
    assert region in caught.value.message
    assert partition in caught.value.message


@pytest.mark.parametrize("partition", ["aws-iso", "", "aws.evil.com/"])
def test_a_partition_without_a_console(partition: str) -> None:
    """One sentence."""
    with pytest.raises(UsageError):
        console_home(partition, "eu-west-1")


def test_a_federated_sign_in_is_one_address() -> None:
    """Everything is encoded, so that no part of it ends another."""
    destination = "https://console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:a=b&c"
    url = federated_sign_in("https://signin.aws.amazon.com/federation", "to+k/e=n&Action=logout#", destination)
    address = urlsplit(url)
    assert (address.netloc, address.path, address.fragment) == ("signin.aws.amazon.com", "/federation", "")
    assert parse_qs(address.query) == {
        "Action": ["login"],
        "Issuer": ["awsprof"],
        "Destination": [destination],
        "SigninToken": ["to+k/e=n&Action=logout#"],
    }


@pytest.mark.parametrize("alias", ["autochart-dev", "abc", "a" * 63, "1a2"])
def test_an_alias(alias: str) -> None:
    """3 to 63 small letters, digits and single hyphens within."""
    assert is_alias(alias)


@pytest.mark.parametrize(
    "text", ["ab", "a" * 64, "-ab", "ab-", "a--b", "A-b", "111111111111", "a_b", "a.b", "ab\n", ""]
)
def test_no_alias(text: str) -> None:
    """Anything else, and above all what could be another account's id."""
    assert not is_alias(text)


@given(partition=st.sampled_from(list(REGIONS)), account=st.text(), region=st.text(), service=st.sampled_from(SERVICES))
def test_nothing_in_a_file_leads_to_another_host(partition: str, account: str, region: str, service: str) -> None:
    """Whatever stands where an alias or a region should: an address of AWS's comes of it, or a refusal."""
    for make in (
        lambda: sign_in_page(partition, account, REGIONS[partition], service),
        lambda: sign_in_page(partition, ACCOUNT, region, service),
        lambda: service_page(service, partition, region),
        lambda: console_home(partition, region),
        lambda: federation_endpoint(partition, region),
    ):
        try:
            url = make()
        except AwsprofError:
            continue
        assert HOSTS.fullmatch(urlsplit(url).netloc)
        assert url.isascii()
        assert url.isprintable()


@given(text=st.from_regex(r"[a-z0-9-]{1,30}[./@:#?\\%\s\x00]?[a-z.]{0,20}", fullmatch=True))
def test_nothing_like_an_alias_leads_to_another_host(text: str) -> None:
    """The same, of texts that come close."""
    try:
        url = sign_in_page("aws", text, "eu-west-1")
    except UsageError:
        return
    assert urlsplit(url).netloc == f"{text}.signin.aws.amazon.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH",
        "https://oidc.eu-west-1.amazonaws.com/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2F&scopes=a%20b",
        "http://127.0.0.1:4711/x",
        "http://[::1]:1/",
        "https://corp.awsapps.com/start#/device",
    ],
)
def test_a_page_that_another_program_opens(url: str) -> None:
    """https, or this machine."""
    assert checked_page(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "--incognito",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "https://",
        "https://a b/",
        "https://x/'\"",
        "https://user@x/",
        "https://x/\n",
        " https://x/",
        "data:text/html,x",
        "https://x/<script>",
    ],
)
def test_no_page(url: str) -> None:
    """Anything that a browser would take for an option, for code, or for a file."""
    with pytest.raises(UsageError):
        checked_page(url)
