"""The notification service on a bench, beside accounts and courses that the tests say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import NotFound
from colonnade.hookspecs import hookimpl
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.services import PluginInfo
from colonnade_course.api import Course, GetCourse
from colonnade_notification import plugin
from colonnade_notification.api import Channel
from colonnade_notification.models import NotificationRow
from colonnade_runtime.testing import ServiceBench, example_of
from colonnade_user.api import GetUser, Role, User, UserRegistered, UserStatus

ACME = {"name": "Acme Academy", "timezone": "Europe/Berlin"}
QUICK = {"first": "50ms", "longest": "100ms", "attempts": 4}


class NotificationBench(ServiceBench):
    """`people` are the accounts and `courses` the titles of courses that there are; `channels`
    are those of another plugin, and `plugins` are others still."""

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *,
        tenant_config: Mapping[str, Any] | None = None,
        channels: Sequence[Channel] = (),
        plugins: Sequence[ModuleType] = (),
        folder: Path | None = None,
    ) -> None:
        services = {"notification": {"config": tenant_config or {}}}
        super().__init__(
            plugin,
            *([channel_plugin(channels)] if channels else []),
            *plugins,
            config={"notification": {"retry": QUICK, **(config or {})}},
            tenants={"acme": {**ACME, "services": services}},
            folder=folder,
        )
        self.people: dict[UUID, User] = {}
        self.courses: dict[UUID, str] = {}
        self.stub(GetUser, self._user)
        self.stub(GetCourse, self._course)

    def account(
        self,
        name: str = "Ada",
        email: str | None = None,
        *,
        verified: bool = True,
        role: Role = Role.LEARNER,
        user_id: UUID | None = None,
    ) -> UUID:
        """Somebody with an account, of an address that they have confirmed."""
        account = example_of(
            User,
            id=user_id or new_id(),
            email=email or f"{name.lower()}@people.example",
            name=name,
            role=role,
            status=UserStatus.ACTIVE,
            email_verified=verified,
        )
        self.people[account.id] = account
        return account.id

    def owner(self) -> UUID:
        """Somebody with an account who runs the academy."""
        return self.account("Olga", role=Role.OWNER)

    def course(self, title: str = "Python") -> UUID:
        """A course of this title."""
        identifier = new_id()
        self.courses[identifier] = title
        return identifier

    async def ask_as(self, account: UUID | None, request: Request[Any]) -> Any:
        """Ask the service as the owner of an account, or as a stranger."""
        principal = None
        if account is not None:
            principal = self.person(roles={self.people[account].role}, person_id=account)
        return await self.ask(request, as_=principal)

    async def welcome(self, account: UUID, event_id: UUID | None = None) -> None:
        """Have somebody registered."""
        registered = UserRegistered(
            user_id=account, name=self.people[account].name, role=Role.LEARNER
        )
        await self.deliver(registered, event_id=event_id)

    async def rows(self, channel: str | None = None) -> list[NotificationRow]:
        """Every message, oldest first."""
        query = select(NotificationRow).order_by(NotificationRow.created_at, NotificationRow.id)
        if channel is not None:
            query = query.where(NotificationRow.channel == channel)
        return await self.read(lambda session: list(session.scalars(query)))

    async def becomes(
        self, status: str, channel: str = "email", *, count: int = 1
    ) -> list[NotificationRow]:
        """Wait until so many messages of a channel have a status."""
        found: list[NotificationRow] = []

        async def enough() -> bool:
            found[:] = [row for row in await self.rows(channel) if row.status == status]
            return len(found) >= count

        try:
            await self.until(enough)
        except AssertionError:
            seen = [(row.kind, row.status, row.problem) for row in await self.rows(channel)]
            raise AssertionError(f"no {status} {channel}, but {seen}") from None
        return found

    def mail(self, notification_id: UUID) -> Path:
        """The file of a mail, where nothing is declared that sends it."""
        return self.folder / "var/mail/acme" / f"{notification_id}.eml"

    def _user(self, request: GetUser) -> User:
        if request.user_id not in self.people:
            raise NotFound("There is nobody of this id.")
        return self.people[request.user_id]

    def _course(self, request: GetCourse) -> Course:
        if request.course_id not in self.courses:
            raise NotFound("There is no such course.")
        return example_of(Course, id=request.course_id, title=self.courses[request.course_id])


def channel_plugin(offered: Sequence[Channel]) -> ModuleType:
    """A third party's plugin that brings these channels."""
    module = ModuleType("further_channels")

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo("further-channels", "1.0.0", implements=("notification",))

    @hookimpl
    def channels() -> Sequence[Channel]:
        return offered

    module.__dict__.update(plugin_info=plugin_info, channels=channels)
    return module
