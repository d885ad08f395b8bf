"""Publishing and reacting. The page on events quotes this file; the tests run it."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select

from colonnade.events import Event, event, reacts_to
from colonnade.messages import Empty, Request
from colonnade.operations import Call, handles, operation
from colonnade.rows import Column, Identified, Row, column, tenant_metadata
from colonnade.services import Schedule, ServiceContext
from colonnade.store import Session


class Base(Row):
    metadata = tenant_metadata()


class Member(Identified, Base):
    """Somebody who joined a club."""

    __tablename__ = "members"

    name: Column[str]


class ClubSize(Base):
    """How many joined: a projection fed by events."""

    __tablename__ = "club_sizes"

    club_id: Column[UUID] = column(primary_key=True)
    members: Column[int]


@event("club", key="club_id")
class MemberJoined(Event):
    """Somebody joined a club."""

    club_id: UUID
    member_id: UUID
    name: str


@operation("club", action="member.create")
class Join(Request[Empty]):
    """Join a club."""

    club_id: UUID
    name: str


@operation("mail", action="mail.send", idempotent=True)
class SendMail(Request[Empty]):
    """Send a message; the same id is sent once."""

    message_id: UUID
    text: str


SCHEDULES = (Schedule("remind", every=86400.0, run="remind"),)


class Club:
    """A handler that publishes, two reactions, and what a schedule runs."""

    def __init__(self, ctx: ServiceContext) -> None:
        self.ctx = ctx

    @handles(Join)
    async def join(self, request: Join, call: Call) -> Empty:
        """The row and the event commit together, or not at all."""

        def work(session: Session) -> None:
            member = Member(id=self.ctx.new_id(), name=request.name)
            session.add(member)
            session.publish(
                MemberJoined(club_id=request.club_id, member_id=member.id, name=member.name)
            )

        await self.ctx.store.run(work)
        return Empty()

    @reacts_to(MemberJoined)
    def count(self, session: Session, joined: MemberJoined) -> None:
        """Runs inside the transaction of the inbox row: exactly once."""
        query = select(ClubSize).where(ClubSize.club_id == joined.club_id)
        size = session.scalars(query).one_or_none()
        if size is None:
            session.add(ClubSize(club_id=joined.club_id, members=1))
        else:
            size.members += 1

    @reacts_to(MemberJoined)
    async def welcome(self, joined: MemberJoined) -> Callable[[Session], None] | None:
        """Acts outside first: at least once, so it hands on a stable id."""
        await self.ctx.ask(SendMail(message_id=joined.member_id, text=f"Hello {joined.name}!"))
        return None

    async def remind(self) -> None:
        """Runs once a day for each tenant, in its context and as the service."""
        await self.ctx.ask(SendMail(message_id=self.ctx.new_id(), text="The fees are due."))
