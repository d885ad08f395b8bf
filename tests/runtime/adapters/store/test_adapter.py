"""Picking a store by URL."""

from pathlib import Path

import pytest
import structlog

from colonnade.adapters import AdapterContext
from colonnade.clock import SystemClock
from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.store.sqlite import sqlite_stores


def at(url: str) -> AdapterContext:
    log = structlog.get_logger()
    return AdapterContext(url, None, Path("/site"), "main", SystemClock(), log, lambda tenant: True)


@pytest.mark.parametrize(
    ("url", "folder"),
    [("sqlite:var/data", "/site/var/data"), ("sqlite:/srv/colonnade", "/srv/colonnade")],
)
async def test_a_relative_folder_is_below_the_platforms_root(url: str, folder: str) -> None:
    stores = sqlite_stores(at(url))
    assert stores.folder == Path(folder)
    await stores.close()


@pytest.mark.parametrize("url", ["sqlite:", "sqlite:///x", "sqlite:x?y=1", "postgresql:x", "x"])
def test_a_url_that_names_no_folder_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:var/data"):
        sqlite_stores(at(url))
