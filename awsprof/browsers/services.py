"""
The console's page of each service, by AWS's own short names, which are mostly those of the AWS CLI.

Knows paths; hosts and regions are added elsewhere.
"""

from __future__ import annotations

import difflib

from awsprof.errors import UsageError
from awsprof.naming import printable

# Their page is NAME/home.
_PLAIN = (
    "amplify",
    "appsync",
    "athena",
    "backup",
    "batch",
    "bedrock",
    "cloudformation",
    "cloudshell",
    "cloudwatch",
    "config",
    "docdb",
    "ec2",
    "efs",
    "elasticache",
    "elasticbeanstalk",
    "emr",
    "events",
    "firehose",
    "fsx",
    "glue",
    "guardduty",
    "iot",
    "kinesis",
    "kms",
    "lakeformation",
    "lambda",
    "ram",
    "rds",
    "resource-groups",
    "sagemaker",
    "scheduler",
    "securityhub",
    "servicecatalog",
    "servicequotas",
    "ses",
    "transfer",
    "xray",
)
_REGIONAL = {name: f"{name}/home" for name in _PLAIN} | {
    "acm": "acm/home#/certificates/list",
    "apigateway": "apigateway/main/apis",
    "autoscaling": "ec2/home#AutoScalingGroups:",
    "cloudtrail": "cloudtrailv2/home",
    "codeartifact": "codesuite/codeartifact/repositories",
    "codebuild": "codesuite/codebuild/projects",
    "codecommit": "codesuite/codecommit/repositories",
    "codedeploy": "codesuite/codedeploy/applications",
    "codepipeline": "codesuite/codepipeline/pipelines",
    "cognito-identity": "cognito/v2/identity/identity-pools",
    "cognito-idp": "cognito/v2/idp/user-pools",
    "dms": "dms/v2/home",
    "dynamodb": "dynamodbv2/home#tables",
    "ecr": "ecr/private-registry/repositories",
    "ecs": "ecs/v2/clusters",
    "eks": "eks/clusters",
    "elbv2": "ec2/home#LoadBalancers:",
    "inspector2": "inspector/v2/home",
    "kafka": "msk/home",
    "logs": "cloudwatch/home#logsV2:log-groups",
    "mq": "amazon-mq/home",
    "opensearch": "aos/home",
    "redshift": "redshiftv2/home",
    "s3": "s3/buckets",
    "secretsmanager": "secretsmanager/listsecrets",
    "sns": "sns/v3/home#/topics",
    "sqs": "sqs/v3/home#/queues",
    "ssm": "systems-manager/home",
    "sso": "singlesignon/home",
    "stepfunctions": "states/home#/statemachines",
    "vpc": "vpcconsole/home",
    "wafv2": "wafv2/homev2/web-acls",
}
# These are of an account and not of a region.
_GLOBAL = {
    "billing": "billing/home",
    "budgets": "billing/home#/budgets",
    "ce": "cost-management/home#/cost-explorer",
    "cloudfront": "cloudfront/v4/home",
    "globalaccelerator": "globalaccelerator/home",
    "iam": "iam/home",
    "organizations": "organizations/v2/home",
    "route53": "route53/v2/home",
    "support": "support/home",
}
_PATHS = _REGIONAL | _GLOBAL
SERVICES = tuple(sorted(_PATHS))


def path_of(service: str) -> str:
    """
    Return the path of a service's page, with its fragment.

    Raises:
        UsageError: No service known by this name; names the nearest.
    """
    path = _PATHS.get(service)
    if path is not None:
        return path
    close = difflib.get_close_matches(service, SERVICES, n=3, cutoff=0.5)
    raise UsageError(
        f"There is no service '{printable(service)}' that awsprof knows the console's page of",
        hint=f"The nearest: {', '.join(close)}."
        if close
        else "Services have AWS's own short names, as in s3, lambda, logs; TAB completes them.",
    )


def is_global(service: str) -> bool:
    """Whether a service, known to `path_of`, is of no region."""
    return service in _GLOBAL
