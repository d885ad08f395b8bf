"""Policies that the account may not read are named in a sentence, with what to do."""

import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_commands import ForkedCommand

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services: {user: }
gateway: {host: 127.0.0.1, port: 0}
logging: {format: json}
"""
SENTENCE = (
    "policies: cannot be read: permission denied; policies are read from this folder, so let the "
    "account that runs this read and enter it."
)
SECONDS = 120.0
IS_ROOT = os.geteuid() == 0
UNPRIVILEGED = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
granted = (ctypes.c_uint32 * 6)()
assert libc.capget(header, granted) == 0
for index in (0, 1, 2):
    granted[index] &= ~0b110
assert libc.capset(header, granted) == 0
"""
"""Nothing is closed to the superuser, so that what is started gives up its right to pass over the
modes of files (capabilities 1 and 2 of capabilities(7))."""

pytestmark = pytest.mark.skipif(
    IS_ROOT and sys.platform != "linux", reason="the superuser reads everything"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    site = tmp_path / "site"
    for folder in ("tenants", "policies"):
        (site / folder).mkdir(parents=True)
    shutil.copy(ROOT / "policies" / "colonnade.rego", site / "policies")
    (site / "platform.yaml").write_text(PLATFORM)
    yield site
    (site / "policies").chmod(0o700)


def started(site: Path, log: Path, command: str) -> ForkedCommand:
    environment = {"PATH": os.environ["PATH"], "HOME": str(site)}
    with log.open("ab") as output:
        return ForkedCommand(
            command,
            cwd=site,
            env=environment,
            stdout=output.fileno(),
            stderr=output.fileno(),
            program=UNPRIVILEGED if IS_ROOT else "",
        )


@pytest.mark.parametrize("mode", [0o000, 0o300], ids=["closed", "not listed"])
@pytest.mark.parametrize("command", ["check", "plan", "run"])
def test_a_closed_folder_of_policies_is_named(
    site: Path, tmp_path: Path, command: str, mode: int
) -> None:
    (site / "policies").chmod(mode)
    log = tmp_path / "log"
    assert started(site, log, command).wait(SECONDS) == 1
    told = log.read_text()
    assert SENTENCE in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["check", "plan", "run"])
@pytest.mark.parametrize("closed", ["policies", "policies/colonnade.rego"])
def test_a_closed_policy_is_named(site: Path, tmp_path: Path, command: str, closed: str) -> None:
    """A folder that may be listed and not entered closes each file in it."""
    (site / closed).chmod(0o400 if closed == "policies" else 0o000)
    log = tmp_path / "log"
    assert started(site, log, command).wait(SECONDS) == 1
    told = log.read_text()
    assert re.search(r"policies/colonnade\.rego: cannot be read: permission denied\.", told)
    assert "Traceback" not in told


def test_a_reload_is_refused_while_the_folder_is_closed(site: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = started(site, log, "run")
    try:
        logged(running, log, '"event": "ready"')
        (site / "policies").chmod(0o000)
        running.send_signal(signal.SIGHUP)
        logged(running, log, '"event": "reload refused; nothing changed"')
    finally:
        running.kill()
    told = log.read_text()
    assert SENTENCE in told
    assert "Traceback" not in told


def logged(running: ForkedCommand, log: Path, text: str) -> None:
    ends = time.monotonic() + SECONDS
    while text not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.05)
