"""CloudFormation, S3, Lambda and their like: behind the same checks as STS, answered in the caller's account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .conftest import ACCOUNT, OTHER_ACCOUNT, Connect, refusal

if TYPE_CHECKING:
    from tests.localaws import LocalAWS

STACK = json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-dev"}}}})


def test_a_stack_lies_in_its_account(aws: LocalAWS, connect: Connect) -> None:
    """Another account's caller does not see it; the log has who asked for what."""
    mine, hers = (aws.account(account).user("paul").access_key() for account in (ACCOUNT, OTHER_ACCOUNT))
    connect("cloudformation", mine).create_stack(StackName="shop-dev", TemplateBody=STACK)
    assert connect("cloudformation", mine).describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    assert connect("cloudformation", hers).describe_stacks()["Stacks"] == []
    assert [bucket["Name"] for bucket in connect("s3", mine).list_buckets()["Buckets"]] == ["shop-dev"]
    assert connect("s3", hers).list_buckets()["Buckets"] == []
    assert [(call.service, call.action, call.account_id, call.access_key_id) for call in aws.calls] == [
        ("cloudformation", "CreateStack", ACCOUNT, mine.id),
        ("cloudformation", "DescribeStacks", ACCOUNT, mine.id),
        ("cloudformation", "DescribeStacks", OTHER_ACCOUNT, hers.id),
        ("s3", "ListBuckets", ACCOUNT, mine.id),
        ("s3", "ListBuckets", OTHER_ACCOUNT, hers.id),
    ]


def test_objects_come_back_as_they_went(aws: LocalAWS, connect: Connect) -> None:
    """Names with blanks and bodies of bytes pass the signature and moto."""
    s3 = connect("s3", aws.account(ACCOUNT).user("paul").access_key())
    s3.create_bucket(Bucket="shop-dev", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="shop-dev", Key="a b/ü.zip", Body=bytes(range(256)))
    assert s3.get_object(Bucket="shop-dev", Key="a b/ü.zip")["Body"].read() == bytes(range(256))
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="shop-dev")["Contents"]] == ["a b/ü.zip"]
    assert s3.head_object(Bucket="shop-dev", Key="a b/ü.zip")["ContentLength"] == 256
    s3.delete_object(Bucket="shop-dev", Key="a b/ü.zip")
    actions = ["CreateBucket", "PutObject", "GetObject", "ListObjectsV2", "HeadObject", "DeleteObject"]
    assert [call.action for call in aws.calls] == actions


def test_reset_forgets_it(aws: LocalAWS, connect: Connect) -> None:
    """Buckets and stacks are gone with the accounts, so that names are free again."""
    connect("cloudformation", aws.account(ACCOUNT).user("paul").access_key()).create_stack(
        StackName="shop-dev", TemplateBody=STACK
    )
    aws.reset()
    key = aws.account(ACCOUNT).user("paul").access_key()
    assert connect("cloudformation", key).describe_stacks()["Stacks"] == []
    assert connect("s3", key).list_buckets()["Buckets"] == []


def test_the_guard_holds_here_too(aws: LocalAWS, connect: Connect) -> None:
    """A long-term key without MFA may not; nor a wrong secret."""
    key = aws.account(ACCOUNT).user("paul", deny_without_mfa=True).access_key()
    for service, call in (("cloudformation", "describe_stacks"), ("logs", "describe_log_groups")):
        refused = refusal(getattr(connect(service, key), call))
        assert refused[1].removesuffix("Exception") == "AccessDenied", refused
    wrong = {"AccessKeyId": key.id, "SecretAccessKey": "x" * 40}
    for service, call in (("s3", "list_buckets"), ("lambda", "list_functions"), ("ssm", "describe_parameters")):
        refused = refusal(getattr(connect(service, wrong), call))
        assert refused[1] in ("SignatureDoesNotMatch", "InvalidSignatureException"), refused
