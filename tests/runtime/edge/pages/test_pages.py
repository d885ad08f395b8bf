"""Pages for people: an academy's start page, its icon, and what crawlers are told."""

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from colonnade_runtime.edge.pages.colours import colour_of, contrast, text_on
from colonnade_runtime.edge.pages.icon import icon
from colonnade_runtime.testing.platform import RunningPlatform, running_platform

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLATFORM = "version: 1\nenvironment: development\nservices: {user: }\n"
TENANT = """\
version: 1
id: {id}
name: {name}
owner: {{email: owner@{id}.example}}
currency: EUR
"""
BRANDED = """\
branding:
  title: "Acme & <Söhne>"
  primary_color: "#fde047"
  website: "https://acme.example/?a=1&b='2'"
  support_email: help@acme.example
locale: de-AT
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPlatform]:
    folder = tmp_path_factory.mktemp("site")
    for name in ("tenants", "policies"):
        (folder / name).mkdir()
    root = Path(__file__).parents[4]
    (folder / "policies/colonnade.rego").write_text((root / "policies/colonnade.rego").read_text())
    (folder / "platform.yaml").write_text(PLATFORM)
    academies = {"acme": BRANDED, "globex": "", "closed": "status: suspended\n"}
    for name, more in academies.items():
        text = TENANT.format(id=name, name=name.title()) + more
        (folder / f"tenants/{name}.yaml").write_text(text)
    async with running_platform(folder / "platform.yaml") as running:
        yield running


async def ask(
    platform: RunningPlatform, path: str, host: str | None, **more: str
) -> httpx.Response:
    headers = {} if host is None else {"Host": host}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    async with httpx.AsyncClient(base_url=platform.url) as client:
        return await client.get(path, headers=headers)


async def test_an_academy_shows_its_name_its_colours_and_where_its_site_is(
    platform: RunningPlatform,
) -> None:
    page = await ask(platform, "/", "acme.localhost")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Acme &amp; &lt;Söhne&gt;</h1>" in page.text
    assert 'href="https://acme.example/?a=1&amp;b=&#x27;2&#x27;"' in page.text
    assert 'href="mailto:help@acme.example"' in page.text
    assert 'href="/docs"' in page.text
    assert "background:#fde047;color:#000000" in page.text
    assert '<html lang="de-AT">' in page.text
    assert "Zur Akademie" in page.text


async def test_the_page_has_no_script_and_takes_nothing_from_elsewhere(
    platform: RunningPlatform,
) -> None:
    page = await ask(platform, "/", "acme.localhost")
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_an_academy_without_branding_has_a_page_too(platform: RunningPlatform) -> None:
    page = await ask(platform, "/", None, X_Tenant="globex")
    assert page.status_code == 200
    assert "<h1>Globex</h1>" in page.text
    assert "own site" in page.text


async def test_a_host_of_nobody_names_no_academy(platform: RunningPlatform) -> None:
    page = await ask(platform, "/", None)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "acme" not in page.text.lower()


@pytest.mark.parametrize(("host", "status"), [("nobody.localhost", 404), ("closed.localhost", 403)])
async def test_where_no_academy_answers_people_read_so(
    platform: RunningPlatform, host: str, status: int
) -> None:
    page = await ask(platform, "/", host)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert "closed" not in page.text.lower() or status == 403


async def test_a_host_that_is_none_is_refused(platform: RunningPlatform) -> None:
    assert (await ask(platform, "/", "acme..localhost")).status_code == 400


async def test_a_page_that_is_current_is_not_sent_again(platform: RunningPlatform) -> None:
    page = await ask(platform, "/", "acme.localhost")
    again = await ask(platform, "/", "acme.localhost", If_None_Match=page.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == page.headers["content-security-policy"]


async def test_pages_are_read_and_nothing_else(platform: RunningPlatform) -> None:
    async with httpx.AsyncClient(base_url=platform.url) as client:
        answer = await client.post("/", headers={"Host": "acme.localhost"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        head = await client.head("/", headers={"Host": "acme.localhost"})
        assert (head.status_code, head.content) == (200, b"")


async def test_crawlers_keep_out_of_the_api(platform: RunningPlatform) -> None:
    text = await ask(platform, "/robots.txt", "acme.localhost")
    assert (text.status_code, text.headers["content-type"]) == (200, "text/plain")
    assert "Disallow: /api/\n" in text.text


async def test_the_icon_is_in_the_colour_of_the_academy(platform: RunningPlatform) -> None:
    found = await ask(platform, "/favicon.ico", "acme.localhost")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/x-icon")
    assert found.content == icon((0xFD, 0xE0, 0x47))
    assert (await ask(platform, "/favicon.ico", "globex.localhost")).content != found.content


async def test_the_icon_is_an_image_that_libraries_read() -> None:
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(icon((1, 2, 3)))) as image:
        assert (image.format, image.size) == ("ICO", (32, 32))
        pixels = image.convert("RGBA")
        assert pixels.getpixel((16, 5)) == (1, 2, 3, 255)
        assert pixels.getpixel((0, 0)) == (0, 0, 0, 0)
    assert struct.unpack("<HHH", icon((1, 2, 3))[:6]) == (0, 1, 1)


@given(st.tuples(*[st.integers(0, 255)] * 3))
async def test_text_can_be_read_on_every_colour(colour: tuple[int, int, int]) -> None:
    assert contrast(text_on(colour), colour) >= 4.5


async def test_a_short_colour_is_its_long_one() -> None:
    assert colour_of("#05f") == colour_of("#0055ff") == (0, 0x55, 0xFF)
