"""The whole journey on the demo declaration, in one process, over every bus."""

from pathlib import Path

import pytest

from colonnade_runtime.admin.running import administered
from colonnade_runtime.testing.platform import running_platform
from tests.course_material import skip_without_courses
from tests.journeys.support import whole_journey


@pytest.mark.journey
@pytest.mark.slow
async def test_the_whole_journey(declaration: Path, bus_settings: list[str]) -> None:
    skip_without_courses()
    whole_journey.declare(declaration)
    settings = [*bus_settings, *whole_journey.SETTINGS]
    async with (
        running_platform(declaration, settings=settings) as platform,
        administered(platform.runtime, "a test") as administration,
    ):
        administration.open()
        await whole_journey.take(platform.url, declaration)
        await administration.close()
