"""The client of OPA servers, with a bound on what an answer may weigh."""

from typing import Any

import aiohttp
from opa_client import AsyncOpaClient

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes; what lies on a server that platforms share is a few megabytes with its syntax trees."""

_CHUNK = 64 * 1024


class _BoundedResponse(aiohttp.ClientResponse):
    async def read(self) -> bytes:
        if self._body is None:
            chunks, size = [], 0
            async for chunk in self.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > LARGEST_ANSWER:
                    self.close()
                    raise aiohttp.ClientPayloadError(f"more than {LARGEST_ANSWER} bytes")
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body


class BoundedOpaClient(AsyncOpaClient):  # type: ignore[misc]
    """A client that reads no endless answer, and follows no server elsewhere."""

    _session: aiohttp.ClientSession | None

    async def _init_session(self) -> None:
        await super()._init_session()
        if self._session is not None:
            self._session.detach()
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=self.timeout),
            response_class=_BoundedResponse,
        )

    def _request(self, method: str, url: str, **options: Any) -> Any:
        return super()._request(method, url, allow_redirects=False, **options)

    async def fetch(self, path: str) -> bytes:
        """The body of the answer to `GET /v1/<path>`.

        Raises:
            aiohttp.ClientError: when there is none, or it is an error.
        """
        async with self._request("GET", f"{self.root_url}/{path}") as response:
            response.raise_for_status()
            body: bytes = await response.read()
            return body
