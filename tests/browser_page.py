"""A page in a real Chromium, over the DevTools protocol."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

SECONDS = 30.0


class BrowserPage:
    """One tab. `messages` are errors that the page wrote to its console, or its policy refused."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._events: list[dict[str, Any]] = []

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await self._hear()
            if said.get("id") == number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self._events.append(said)

    async def open(self, url: str, *, width: int, script: bool = True) -> None:
        """Go to an address in a window `width` pixels wide, and wait until all of it is there."""
        for domain in ("Page", "Log", "Runtime", "Network"):
            await self.do(f"{domain}.enable")
        await self.do("Emulation.setScriptExecutionDisabled", value=not script)
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        await self.do("Emulation.setDeviceMetricsOverride", **size)
        await self.do("Page.navigate", url=url)
        await self.heard("Page.loadEventFired")

    async def heard(self, method: str) -> dict[str, Any]:
        """Wait for an event of this name."""
        while True:
            for event in self._events:
                if event.get("method") == method:
                    self._events.remove(event)
                    return event
            self._events.append(await self._hear())

    async def width_of_content(self) -> float:
        """Pixels that the content is wide: more than the window means scrolling sideways."""
        metrics = await self.do("Page.getLayoutMetrics")
        return float(metrics["cssContentSize"]["width"])

    async def texts(self, selector: str) -> list[str]:
        """The markup of all elements that a selector matches."""
        root = (await self.do("DOM.getDocument"))["root"]["nodeId"]
        found = await self.do("DOM.querySelectorAll", nodeId=root, selector=selector)
        return [
            (await self.do("DOM.getOuterHTML", nodeId=node))["outerHTML"]
            for node in found["nodeIds"]
        ]

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = await self.do(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def complaints(self) -> list[str]:
        """Errors that the browser has logged so far: broken policies, missing files."""
        entries = [
            event["params"]["entry"]
            for event in self._events
            if event.get("method") == "Log.entryAdded"
        ]
        return [entry["text"] for entry in entries if entry["level"] == "error"]

    async def _hear(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            said: dict[str, Any] = json.loads(await self._socket.receive_str())
            return said


@asynccontextmanager
async def browser_page(chromium_url: str) -> AsyncIterator[BrowserPage]:
    """A new tab, closed after the block; its cookies and storage are its own."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{chromium_url}/json/version") as answer:
            whole = (await answer.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(whole, max_msg_size=0) as socket:
            browser = BrowserPage(socket)
            context = (await browser.do("Target.createBrowserContext"))["browserContextId"]
            target = await browser.do(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            tab = whole.partition("/devtools/")[0] + f"/devtools/page/{target['targetId']}"
            try:
                async with session.ws_connect(tab, max_msg_size=0) as own:
                    yield BrowserPage(own)
            finally:
                await browser.do("Target.disposeBrowserContext", browserContextId=context)
