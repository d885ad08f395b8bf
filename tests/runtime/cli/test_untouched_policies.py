"""Policy files are read and never written, however the platform is named."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.forked_commands import ForkedCommand, run_command

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: }
gateway: {host: 127.0.0.1, port: 0}
tenants: {watch: false}
logging: {format: json}
"""
SECONDS = 120.0
SPELLINGS: dict[str, Callable[[Path], str]] = {
    "absolute": lambda site: str(site / "platform.yaml"),
    "parent": lambda site: f"../{site.name}/platform.yaml",
    "link": lambda site: str(site.parent / "linked" / "platform.yaml"),
}
Looks = dict[str, tuple[bytes, int, int, int]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A platform with a policy of each kind, none of which was ever tried out before."""
    site = tmp_path / "site"
    policies = site / "policies"
    policies.mkdir(parents=True)
    (site / "tenants").mkdir()
    (site / "platform.yaml").write_text(PLATFORM)
    shutil.copy(ROOT / "policies" / "colonnade.rego", policies)
    theirs = ROOT / "plugins" / "colonnade_course" / "policies" / "course.rego"
    marked = f"\ufeff# {uuid4()}\n{theirs.read_text()}".replace("\n", "\r\n")
    (site / "elsewhere.txt").write_bytes(marked.encode())
    (policies / "course.rego").symlink_to(site / "elsewhere.txt")
    (policies / "house.rego").write_text(
        'package colonnade.services.house\n\ndeny contains [] if input.action == "user.delete"\n'
    )
    (policies / "house_test.rego").write_text(
        "package colonnade.services.house_test\n\n"
        "import data.colonnade.services.house\n\n"
        "test_nothing_else_is_denied if house.deny == set()"
        ' with input as {"action": "user.read"}\n'
    )
    (policies / "house.rego").chmod(0o444)
    (tmp_path / "linked").symlink_to(site)
    return site


def looks(site: Path) -> Looks:
    """The content, time, mode and number of every file of a platform but what it stores."""
    return {
        str(path): (path.read_bytes(), found.st_mtime_ns, found.st_mode, found.st_ino)
        for path in sorted(site.rglob("*"))
        if path.is_file() and "var" not in path.relative_to(site).parts
        for found in [path.stat()]
    }


def colonnade(site: Path, platform: str, command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(site.parent)}
    ran = run_command("--platform", platform, command, cwd=site, env=environment, timeout=SECONDS)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("command", ["check", "plan"])
def test_a_command_that_tries_policies_out_leaves_them_as_they_are(
    site: Path, command: str, spelling: str
) -> None:
    before = looks(site)
    colonnade(site, SPELLINGS[spelling](site), command)
    assert looks(site) == before


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_start_and_a_reload_leave_policies_as_they_are(site: Path, spelling: str) -> None:
    log = site.parent / "log"
    environment = {"PATH": os.environ["PATH"], "HOME": str(site.parent)}
    platform = SPELLINGS[spelling](site)
    before = looks(site)
    with log.open("wb") as output:
        running = ForkedCommand(
            "--platform", platform, "run",
            cwd=site, env=environment, stdout=output.fileno(), stderr=output.fileno(),
        )  # fmt: skip
        try:
            logged(running, log, '"event": "ready"')
            assert looks(site) == before
            changed = site / "policies" / "course.rego"
            target = site / "elsewhere.txt"
            target.write_bytes(target.read_bytes() + b"# again\r\n")
            assert changed.is_symlink()
            before = looks(site)
            running.send_signal(signal.SIGHUP)
            logged(running, log, '"event": "reloaded"')
            assert looks(site) == before
            running.terminate()
            running.wait(SECONDS)
        finally:
            running.kill()
    assert looks(site) == before


def logged(running: ForkedCommand, log: Path, text: str) -> None:
    ends = time.monotonic() + SECONDS
    while text not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.05)
