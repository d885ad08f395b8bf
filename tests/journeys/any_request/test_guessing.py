"""Who guesses passwords over HTTP, on the demo declaration, is answered as the page says."""

import pytest

from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import PASSWORD, learner, visitor


@pytest.mark.journey
async def test_who_guesses_waits_and_a_known_device_signs_in(platform: RunningPlatform) -> None:
    ada = await learner(platform.url, "acme", "ada-guessed")
    email = (await ada.get("/users/me")).json()["email"]
    right = {"email": email, "password": PASSWORD}
    async with visitor(platform.url, "acme") as stranger:
        known = (await stranger.post("/auth/login", json=right)).json()["device_token"]
        wrong = {"email": email, "password": "wrong horse"}
        statuses = [(await stranger.post("/auth/login", json=wrong)).status_code for _ in range(6)]
        refused = await stranger.post("/auth/login", json=right)
        again = await stranger.post("/auth/login", json={**right, "device_token": known})

    assert statuses == [401] * 6
    assert again.status_code == 200
    assert refused.status_code == 429
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert refused.json()["status"] == 429
