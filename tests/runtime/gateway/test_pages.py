"""Pages for people, before a process in front: it shows them itself, as it is declared."""

from pathlib import Path

from gateway_house import Echo, House

from colonnade_runtime.declaration import load_platform
from colonnade_runtime.edge.pages.pages import pages_of

TENANT = "version: 1\nid: acme\nname: Acme\nowner: {email: owner@acme.example}\ncurrency: EUR\n"


async def test_the_process_in_front_shows_the_start_page(house: House, tmp_path: Path) -> None:
    for name in ("tenants", "policies"):
        (tmp_path / name).mkdir()
    (tmp_path / "platform.yaml").write_text("version: 1\nenvironment: development\n")
    (tmp_path / "tenants/acme.yaml").write_text(TENANT)
    echo = Echo()
    client = await house.open_gateway(await house.process(echo))
    house.gateway.pages = pages_of(load_platform(tmp_path / "platform.yaml"))

    for path in ("/", "/favicon.ico", "/robots.txt"):
        answer = await client.get(path, headers={"X-Tenant": "acme"})
        assert answer.status_code == 200
    page = await client.get("/", headers={"Host": "acme.localhost"})
    assert "<h1>Acme</h1>" in page.text
    assert echo.requests == 0
