"""Origins are written as browsers send them, and an academy widens them by its own alone."""

import pytest

from tests.runtime.declaration.site import PLATFORM, Site


def platform(origins: str) -> str:
    return f"{PLATFORM}gateway: {{cors: {{origins: {origins}}}}}\n"


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example",
        "http://localhost:5173",
        "https://app.example:8443",
        "http://[::1]:81",
    ],
)
def test_an_origin_is_taken(site: Site, origin: str) -> None:
    site.write(platform(f"['{origin}']"))
    assert site.load().platform.gateway.cors.origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "app.example",
        "https://app.example/",
        "https://app.example/page",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "https://*.example",
        "https://user@app.example",
        "https://app.example:99999",
        "ftp://app.example",
    ],
)
def test_what_no_browser_sends_is_refused_at_its_place(site: Site, origin: str) -> None:
    site.write(platform(f"['{origin}']"))
    [problem] = site.problems()
    assert problem.path == "gateway.cors.origins[0]"
    assert problem.line == 7


@pytest.mark.parametrize(
    ("own", "is_taken"),
    [
        ("[]", True),
        ("['https://app.example']", True),
        ("['https://acme.example', 'https://learn.acme.example']", True),
        ("['https://other.example']", False),
        ("['https://evilacme.example']", False),
        ("['https://acme.example.evil.example']", False),
    ],
)
def test_an_academy_lets_in_some_of_the_platforms_and_its_own(
    site: Site, own: str, is_taken: bool
) -> None:
    site.write(platform("['https://app.example']"))
    site.tenant("acme", f"domains: [acme.example]\ncors: {{origins: {own}}}\n")
    problems = site.problems()
    assert (not problems) is is_taken
    assert all(problem.path == "cors.origins[0]" for problem in problems)


def test_production_takes_https_alone(site: Site) -> None:
    production = PLATFORM.replace("development", "production")
    site.write(
        f"{production}gateway: {{cors: {{origins: ['http://app.example', 'http://localhost:1']}}}}\n"
    )
    site.tenant("acme", "domains: [acme.example]\ncors: {origins: ['http://acme.example']}\n")
    found = {problem.path: problem.message for problem in site.problems()}
    assert "https" in found["gateway.cors.origins[0]"]
    assert "gateway.cors.origins[1]" not in found
