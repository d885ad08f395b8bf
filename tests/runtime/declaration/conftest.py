"""Fixtures for the declaration's tests."""

from pathlib import Path

import pytest

from tests.runtime.declaration.site import PLATFORM, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A small valid platform with empty `tenants/` and `policies/`."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    made = Site(tmp_path)
    made.write(PLATFORM)
    return made
