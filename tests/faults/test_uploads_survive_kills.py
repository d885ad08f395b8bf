"""An upload that is cut off between its bytes and its row leaves nothing for ever."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from colonnade_content.api import ListFiles, UploadFile
from colonnade_content.files.orphans import BYTES_STORED, MINIMUM_AGE
from colonnade_runtime.admin.client import AdminClient
from colonnade_runtime.admin.embedded import embedded
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.process.socket_file import socket_path
from colonnade_runtime.testing.platform import running_platform

pytestmark = pytest.mark.faults

Child = Callable[[Callable[[], None], str], int]

PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: }
tenants: {watch: false}
"""
ROOT = Path(__file__).parents[2]
KILLED = -9


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return tmp_path


def uploading(site: Path) -> Callable[[], None]:
    def body() -> None:
        with (
            embedded(read_declaration(site / "platform.yaml"), "a test"),
            AdminClient(socket_path(site, "main")) as client,
        ):
            client.upload("acme", UploadFile(name="notes.txt"), [b"some bytes"])
            assert len(client.ask("acme", ListFiles()).items) == 1

    return body


def blobs(site: Path) -> list[Path]:
    return sorted((site / "var" / "blobs").rglob("*.blob"))


def age(paths: list[Path]) -> None:
    for path in paths:
        then = path.stat().st_mtime - 2 * MINIMUM_AGE.total_seconds()
        os.utime(path, (then, then))


async def sweep(site: Path) -> None:
    async with running_platform(site / "platform.yaml") as platform:
        content = platform.runtime.background.of("content")
        assert content is not None
        await content.scheduler.run_due("remove-orphans")


@pytest.fixture
def orphan(site: Path, child: Child) -> Path:
    """Bytes without a row, and others of the same age with one."""
    assert child(uploading(site), BYTES_STORED) == KILLED
    [left] = blobs(site)
    assert child(uploading(site), "") == 0
    return left


async def test_bytes_without_a_row_are_removed_an_hour_later(site: Path, orphan: Path) -> None:
    both = blobs(site)
    assert len(both) == 2
    age(both)
    await sweep(site)
    assert blobs(site) == [path for path in both if path != orphan]


async def test_young_bytes_may_still_get_their_row(site: Path, orphan: Path) -> None:
    await sweep(site)
    assert orphan in blobs(site)
