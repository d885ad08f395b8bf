"""A server with the users of a small platform, and the commands of whoever runs it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
from click.testing import CliRunner, Result
from nats.aio.client import Client

from colonnade_runtime.cli import main
from colonnade_runtime.testing.servers import RunningServer

ROOT = Path(__file__).parents[6]
PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: , payment: }
bus:
  url: nats://{process}@127.0.0.1:%(port)s
  password: {secret: env:NATS_PASSWORD}
processes:
  people: {services: [user]}
  learning: {services: [course, content], replicas: 2}
  money: {services: [payment]}
tenants: {folder: %(root)s/tenants}
policy: {folder: %(root)s/policies}
"""
PROCESSES = ("people", "learning", "learning-2", "money", "gateway")
USERS = (*PROCESSES, "administrator")
STREAMS = ("evt_advisories", "evt_user", "evt_course", "evt_content", "evt_payment")


@dataclass(frozen=True)
class Guarded:
    """A server with users, and the site whose platform they are for."""

    server: RunningServer
    platform: Path

    def command(self, *arguments: str) -> Result:
        """`colonnade nats …` of whoever has the administrator's password."""
        environment = {"NATS_PASSWORD": "of-administrator"}
        said = ["--platform", str(self.platform), "nats", *arguments]
        return CliRunner().invoke(main, said, env=environment)

    async def client(self, user: str, **options: Any) -> Client:
        """A bare client, as whoever got hold of a user's password has one."""
        url = f"nats://127.0.0.1:{self.server.port}"
        prefix = f"_INBOX.{user}".encode()
        return await nats.connect(
            url, user=user, password=f"of-{user}", inbox_prefix=prefix, **options
        )

    async def streams(self) -> dict[str, Any]:
        """The configuration of each of the platform's streams that is there."""
        found = {}
        async with await self.client("administrator") as client:
            for name in STREAMS:
                answer = await client.request(f"$JS.API.STREAM.INFO.{name}", b"", 5)
                said = json.loads(answer.data)
                if "config" in said:
                    found[name] = said["config"]
        return found
