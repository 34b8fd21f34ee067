"""
All calls awsprof makes of AWS, as one object; each takes the credentials it is made with.
"""

from __future__ import annotations

from awsprof.aws.federation import Federation
from awsprof.aws.iam import Iam
from awsprof.aws.iam_administration import IamAdministration
from awsprof.aws.iam_leaving import IamLeaving
from awsprof.aws.iam_permissions import IamPermissions
from awsprof.aws.organizations import Organizations
from awsprof.aws.sts import Sts


class Aws(Sts, Iam, IamAdministration, IamLeaving, IamPermissions, Organizations, Federation):
    """STS, IAM, Organizations and the console's sign-in over the network."""
