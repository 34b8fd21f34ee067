"""``python -m tests.localaws serve``: the local AWS as a process, controlled over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from .conftest import ACCOUNT, Connect, refusal

SEED = {
    "accounts": [
        {
            "id": ACCOUNT,
            "alias": "autochart-dev",
            "users": [
                {"name": "paul", "administrator": True, "deny_without_mfa": True, "mfa": True, "access_key": True},
                {"name": "anna", "access_key": False},
            ],
            "roles": [{"name": "deploy", "trusted": ACCOUNT}],
        }
    ]
}


def control(url: str, path: str, document: object = None) -> Any:
    body = None if document is None else json.dumps(document).encode()
    with urlopen(Request(f"{url}/_local/{path}", body), timeout=5) as answer:
        return json.load(answer)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_script_logs_in_at_a_served_aws(tmp_path: Path, number: signal.Signals) -> None:
    """The ready file has all it needs; clock, codes, faults and calls are reached over HTTP; a signal ends it."""
    folder = tmp_path / "served"
    folder.mkdir()
    seed, ready = folder / "seed.json", folder / "ready.json"
    seed.write_text(json.dumps(SEED))
    command = [sys.executable, "-m", "tests.localaws", "serve", "--seed", str(seed), "--ready-file", str(ready)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        deadline = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            assert ready.stat().st_mode & 0o777 == 0o600
            served = json.loads(ready.read_text())
            use(served)
        finally:
            process.send_signal(number)
            assert process.wait(10) == 0
    assert served["pid"] == process.pid
    assert sorted(path.name for path in folder.iterdir()) == ["ready.json", "seed.json"]


def use(served: dict[str, Any]) -> None:
    """What a script does with what it found in the ready file."""
    url, account = served["url"], served["accounts"][0]
    paul, anna = account["users"]
    assert (account["id"], account["alias"], account["roles"][0]["name"]) == (ACCOUNT, "autochart-dev", "deploy")
    assert (anna["access_key_id"], anna["mfa_serial"]) == (None, None)
    key = {"AccessKeyId": paul["access_key_id"], "SecretAccessKey": paul["secret_access_key"]}
    sts = Connect(url)("sts", key)
    code = control(url, f"code?serial={paul['mfa_serial']}")["code"]
    session = sts.get_session_token(SerialNumber=paul["mfa_serial"], TokenCode=code)["Credentials"]
    control(url, "fail", {"action": "GetCallerIdentity", "status": 503, "code": "ServiceUnavailable"})
    assert refusal(sts.get_caller_identity)[:2] == (503, "ServiceUnavailable")
    control(url, "clock", {"shift_s": 12 * 3600})
    assert refusal(Connect(url)("sts", session).get_caller_identity)[1] == "ExpiredToken"
    actions = [(call["action"], call["status"]) for call in control(url, "calls")["calls"]]
    assert actions == [("GetSessionToken", 200), ("GetCallerIdentity", 503), ("GetCallerIdentity", 403)]
