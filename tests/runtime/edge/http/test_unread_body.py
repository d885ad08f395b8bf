"""What is left of a refused request is read, within bounds, so that the refusal arrives."""

from typing import Any

from colonnade_runtime.edge.http.unread_body import MAXIMUM, UnreadBody


class Client:
    """Sends `parts`, and counts how many of them were taken."""

    def __init__(self, parts: list[bytes], *, endless: bool = False) -> None:
        self.parts = parts
        self.endless = endless
        self.taken = 0

    async def __call__(self) -> Any:
        self.taken += 1
        more = self.endless or self.taken < len(self.parts)
        part = self.parts[(self.taken - 1) % len(self.parts)]
        return {"type": "http.request", "body": part, "more_body": more}


async def test_the_rest_is_dropped() -> None:
    client = Client([b"a", b"b", b"c"])
    body = UnreadBody(client)
    await body.receive()
    await body.drain()
    assert client.taken == 3


async def test_a_body_that_was_read_is_not_asked_for_again() -> None:
    client = Client([b"a"])
    body = UnreadBody(client)
    await body.receive()
    await body.drain()
    assert client.taken == 1


async def test_a_body_without_end_is_given_up() -> None:
    client = Client([b"x" * (1024 * 1024)], endless=True)
    await UnreadBody(client).drain()
    assert client.taken == MAXIMUM // (1024 * 1024)


async def test_a_client_that_left_is_not_waited_for() -> None:
    async def gone() -> Any:
        return {"type": "http.disconnect"}

    await UnreadBody(gone).drain()
