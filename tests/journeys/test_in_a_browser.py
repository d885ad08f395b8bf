"""Pages of the platform in a real browser, on a telephone and on a desk."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.browser_page import browser_page

ROOT = Path(__file__).parents[2]
NARROW, WIDE = 360, 1440
LONG = "Akademie für Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtenwesen"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[RunningPlatform]:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    path = tmp_path / "tenants" / "acme.yaml"
    branding = f"branding:\n  title: {LONG}\n  website: https://acme.example/\n"
    path.write_text(path.read_text().replace("branding:\n", branding))
    async with running_platform(tmp_path / "platform.yaml") as running:
        yield running


def at(platform: RunningPlatform, tenant: str, path: str) -> str:
    return platform.url.replace("127.0.0.1", f"{tenant}.localhost") + path


@pytest.mark.journey
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("script", [True, False])
async def test_the_start_page_fits_without_scrolling_sideways_and_without_script(
    platform: RunningPlatform, chromium_url: str, width: int, script: bool
) -> None:
    async with browser_page(chromium_url) as page:
        await page.open(at(platform, "acme", "/"), width=width, script=script)
        assert await page.width_of_content() <= width
        [heading] = await page.texts("h1")
        assert LONG in heading
        links = await page.texts("main a")
        assert [('href="https://acme.example/"' in link) for link in links] == [True, False]
        assert 'href="/docs"' in links[1]
        assert page.complaints == []


@pytest.mark.journey
async def test_the_start_page_is_in_the_colours_of_the_academy(
    platform: RunningPlatform, chromium_url: str
) -> None:
    async with browser_page(chromium_url) as page:
        await page.open(at(platform, "acme", "/"), width=WIDE)
        shown = await page.evaluate("getComputedStyle(document.querySelector('header')).background")
        assert "rgb(11, 95, 255)" in shown


@pytest.mark.journey
async def test_the_documentation_sends_the_academy_that_was_typed(
    platform: RunningPlatform, chromium_url: str
) -> None:
    async with browser_page(chromium_url) as page:
        await page.open(f"{platform.url}/docs", width=NARROW)
        answer = await page.evaluate(
            """(async () => {
              const shown = async (selector) => {
                while (!document.querySelector(selector))
                  await new Promise((resolve) => requestAnimationFrame(resolve));
                return document.querySelector(selector);
              };
              const row = "#operations-user-GetAcademy";
              await shown(row);
              const tenant = document.getElementById("tenant");
              tenant.value = "globex";
              tenant.dispatchEvent(new Event("input"));
              (await shown(`${row} .opblock-summary-control`)).click();
              (await shown(`${row} button.try-out__btn`)).click();
              (await shown(`${row} button.execute`)).click();
              return (await shown(`${row} .live-responses-table .response`)).innerText;
            })()"""
        )
        assert '"id": "globex"' in answer
        assert page.complaints == []
