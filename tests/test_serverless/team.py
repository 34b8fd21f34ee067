"""The team that owns every service of these tests: three stages in two envs."""

from __future__ import annotations

TEAM_FILE = """\
product = "autochart"

[envs.dev]
account_id = "111111111111"
stages = ["dev", "staging"]

[envs.prod]
account_id = "222222222222"
"""
DEV = "autochart_dev_${env:AWSPROF_USER, 'set-AWSPROF_USER'}"
PROD = "autochart_prod_${env:AWSPROF_USER, 'set-AWSPROF_USER'}"
GUARD = {
    "accounts": {"dev-111111111111": "ok", "staging-111111111111": "ok", "prod-222222222222": "ok"},
    "accountGuard": "${self:custom.accounts.${sls:stage}-${aws:accountId}}",
}
# What each style has to leave in the data of serverless.yml.
WANTED = {
    "map": {
        "provider": {"profile": "${self:custom.profiles.${sls:stage}}"},
        "custom": {"profiles": {"dev": DEV, "staging": DEV, "prod": PROD}, **GUARD},
    },
    "params": {
        "provider": {"profile": "${param:profile}"},
        "params": {"dev": {"profile": DEV}, "staging": {"profile": DEV}, "prod": {"profile": PROD}},
        "custom": GUARD,
    },
    "env": {"custom": GUARD},
}
STYLES = tuple(WANTED)
