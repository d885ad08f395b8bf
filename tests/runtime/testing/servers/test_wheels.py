"""Servers out of wheels: only the pinned bytes are unpacked, and only once."""

import hashlib
import os
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from colonnade_runtime.testing.servers import KINDS, MissingServer, ServerKind, find_program
from colonnade_runtime.testing.servers.server_kinds import WheelSource

PROGRAM = "answering/bin/answering-server"


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerKind:
    """A server whose wheel lies in a folder, the only place where pip looks."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = folder / "answering_server-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        program = zipfile.ZipInfo(PROGRAM)
        program.external_attr = 0o100755 << 16
        wheel.writestr(program, "#!/bin/sh\necho answering 1.2.3\n")
        wheel.writestr(
            "answering_server-1.2.3.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: answering-server\nVersion: 1.2.3\n",
        )
        wheel.writestr("answering_server-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    source = WheelSource("answering-server", "1.2.3", (digest,), PROGRAM)
    return replace(KINDS["nats"], program="answering-server", go=None, packages={}, wheel=source)


def test_a_program_in_a_wheel_can_be_run(kind: ServerKind) -> None:
    program = find_program(kind)
    assert subprocess.check_output([program], text=True) == "answering 1.2.3\n"


def test_a_wheel_is_downloaded_once(kind: ServerKind, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    first = find_program(kind, told.append)
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert find_program(kind, told.append) == first
    assert len(told) == 1


def test_a_wheel_of_other_bytes_is_refused_and_not_kept(kind: ServerKind) -> None:
    assert kind.wheel is not None
    other = replace(kind, wheel=replace(kind.wheel, hashes=("0" * 64,)))
    with pytest.raises(MissingServer, match=r"answering-server==1\.2\.3' failed") as one:
        find_program(other)
    assert "\n" not in str(one.value)
    kept = Path(os.environ["XDG_CACHE_HOME"]) / "colonnade" / "wheels"
    assert [each for each in kept.iterdir() if each.is_dir()] == []


def test_a_wheel_without_the_program_is_refused(kind: ServerKind) -> None:
    assert kind.wheel is not None
    other = replace(kind, wheel=replace(kind.wheel, program="answering/bin/other"))
    with pytest.raises(MissingServer, match="it has no answering/bin/other"):
        find_program(other)
