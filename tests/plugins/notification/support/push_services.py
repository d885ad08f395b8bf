"""A push service on loopback, and browsers that subscribe with it.

The service does what RFC 8292 asks of one: it verifies the VAPID token. The browser does what
RFC 8291 asks of it: it decrypts.
"""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

LIMIT = 20.0


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """One subscription's secrets."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives in a browser."""
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": encoded(point), "auth": encoded(self.auth)}
        return {"endpoint": endpoint, "expirationTime": None, "keys": keys}

    def decrypt(self, body: bytes) -> Any:
        """What the service worker gets."""
        return json.loads(
            http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        )


@dataclass
class Received:
    """One POST to the service."""

    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self, public_key: str) -> dict[str, Any]:
        """The claims of the VAPID token, verified with the key that the browser subscribed with.

        Raises:
            JoseError: it was not signed with that key.
        """
        scheme, _, rest = self.headers["authorization"].partition(" ")
        assert scheme == "vapid"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert parts["k"] == public_key
        point = decoded(public_key)
        key = ECKey.import_key(
            {"kty": "EC", "crv": "P-256", "x": encoded(point[1:33]), "y": encoded(point[33:])}
        )
        return dict(jwt.decode(parts["t"], key, algorithms=["ES256"]).claims)


@dataclass
class PushService:
    """What it got, and what it answers: a status line and headers, by path."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    hangs: set[str] = field(default_factory=set)
    tls: ssl.SSLContext | None = None
    port: int = 0

    @property
    def url(self) -> str:
        if self.tls is not None:
            return f"https://localhost:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    async def gets(self, count: int) -> list[Received]:
        """Wait until so many messages have come."""
        async with asyncio.timeout(LIMIT):
            while len(self.received) < count:
                await asyncio.sleep(0.01)
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        self.received.append(Received(path, headers, body))
        if path in self.hangs:
            await asyncio.sleep(LIMIT)
        queue = self.answers.get(path, [])
        answer = (queue.pop(0) if len(queue) > 1 else queue[0]) if queue else "201 Created"
        writer.write(
            f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def push_service(service: PushService | None = None) -> AsyncIterator[PushService]:
    """A push service until the test ends."""
    made = service or PushService()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=made.tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
