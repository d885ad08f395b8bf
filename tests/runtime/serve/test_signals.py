"""Signals to a real process: an orderly stop, a stop at once, a reload, a kill."""

import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
from colonnade_process import ROOT, running, until

from colonnade.errors import ConfigurationError
from colonnade_runtime.edge.listening import available_port

pytestmark = pytest.mark.slow

STUCK = """
import asyncio, time
from colonnade_runtime.process.runtime import Runtime
async def stop(self):
    {what}
Runtime.stop = stop
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The demo's academies and no service: what starts fastest."""
    shutil.copytree(ROOT / "tenants", tmp_path / "tenants")
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    for tenant in (tmp_path / "tenants").iterdir():
        text = tenant.read_text()
        tenant.write_text(text.partition("\nservices:")[0] + "\n")
    (tmp_path / "platform.yaml").write_text(
        "version: 1\nenvironment: development\nlogging:\n  level: info\n"
    )
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_in_order(site: Path, number: int) -> None:
    with running(site) as colonnade:
        colonnade.ready()
        colonnade.signal(number)
        assert colonnade.ends() == 0
        assert "Traceback" not in colonnade.text
        # Nor what the server library says of itself: an operator can do nothing about it.
        assert "experimental" not in colonnade.text


def test_a_second_signal_stops_at_once(site: Path) -> None:
    program = STUCK.format(what="print('stopping', flush=True); await asyncio.sleep(60)")
    with running(site, program=program) as colonnade:
        colonnade.ready()
        colonnade.signal(signal.SIGTERM)
        until(lambda: "stopping" in colonnade.text)
        colonnade.signal(signal.SIGTERM)
        assert colonnade.ends(2) == 130


@pytest.mark.parametrize("what", ["await asyncio.sleep(60)", "time.sleep(60)"])
def test_a_stop_that_gets_stuck_ends_within_its_total(site: Path, what: str) -> None:
    program = STUCK.format(what=what)
    limits = ("shutdown.total=2s", "shutdown.drain=1s")
    with running(site, *limits, program=program) as colonnade:
        colonnade.ready()
        colonnade.signal(signal.SIGTERM)
        asked = time.monotonic()
        colonnade.ends(10)
        assert time.monotonic() - asked < 4
        assert "longer than shutdown.total" in colonnade.text


def test_a_client_that_stalls_is_cut_off_and_the_stop_stays_orderly(site: Path) -> None:
    stalled = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: acme.localhost\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    )
    file = site / "platform.yaml"
    file.write_text(file.read_text() + "services:\n  user:\n")
    limits = ("shutdown.drain=500ms", "shutdown.total=20s")
    with running(site, *limits) as colonnade:
        colonnade.ready()
        with socket.create_connection(("127.0.0.1", colonnade.port), timeout=10) as client:
            client.sendall(stalled)
            # The body is being read.
            assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
            colonnade.signal(signal.SIGTERM)
            assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
        assert colonnade.ends(15) == 0
        assert colonnade.lines("requests were cut off")[0]["count"] == 1
        assert "Traceback" not in colonnade.text


def test_a_signal_during_the_start_gives_the_start_up(site: Path) -> None:
    program = (
        "import asyncio\nfrom colonnade_runtime.assembly.stores import Stores\n"
        "async def start(self, wanted):\n    await asyncio.sleep(60)\nStores.start = start\n"
    )
    with running(site, program=program) as colonnade:

        def waits_for_stores() -> bool:
            answer = colonnade.get("/readyz")
            return answer is not None and answer.json()["waiting_for"] == {"start": "stores"}

        until(waits_for_stores)
        colonnade.signal(signal.SIGTERM)
        assert colonnade.ends() == 0
        assert "is ready" not in colonnade.text


def test_a_hang_up_reloads(site: Path) -> None:
    with running(site, "tenants.watch=false") as colonnade:
        colonnade.ready()
        (site / "tenants" / "globex.yaml").unlink()
        colonnade.signal(signal.SIGHUP)
        until(lambda: colonnade.lines("reloaded"))
        assert colonnade.lines("reloaded")[0]["tenants"] == 1
        (site / "tenants" / "acme.yaml").write_text("version: 1\nnme: x\n")
        colonnade.signal(signal.SIGHUP)
        refused = until(lambda: colonnade.lines("reload refused; nothing changed"))
        assert "acme.yaml:2:1: nme: unknown key (did you mean 'name'?)" in str(refused)


def test_the_log_level_follows_a_reload(site: Path) -> None:
    with running(site, "tenants.watch=false") as colonnade:
        colonnade.ready()
        file = site / "platform.yaml"
        file.write_text(file.read_text().replace("level: info", "level: error"))
        colonnade.signal(signal.SIGHUP)
        (site / "tenants" / "acme.yaml").write_text("version: 1\n")

        def refused() -> object:
            colonnade.signal(signal.SIGHUP)
            return colonnade.lines("reload refused; nothing changed")

        until(refused)
        assert not colonnade.lines("reloaded")


def test_a_data_folder_is_one_process_at_a_time_and_free_after_a_kill(site: Path) -> None:
    file = site / "platform.yaml"
    file.write_text(file.read_text() + "services: {user: }\n")
    with running(site) as first:
        first.ready()
        with running(site) as second:
            assert second.ends() == 1
            assert str(first.process.pid) in second.text
            assert "Traceback" not in second.text
        first.signal(signal.SIGKILL)
        first.ends()
    with running(site) as third:
        third.ready()


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1:{taken}: Addr"):
            available_port("127.0.0.1", taken)


def test_a_port_of_zero_takes_a_free_one() -> None:
    assert available_port("127.0.0.1", 0) > 0
