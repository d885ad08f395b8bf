"""Story of a simulation: what people do, each at a time of their own, and an operator."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from colonnade.context import Principal
from colonnade.errors import (
    ColonnadeError,
    DeadlineExceeded,
    InternalError,
    TooManyRequests,
    Unavailable,
)
from colonnade.messages import Message, Request
from colonnade.money import Money
from colonnade_analytics.api import ClientEvent, SendClientEvents
from colonnade_content.api import CreateContent
from colonnade_course.api import (
    AddInstructor,
    CreateEnrollment,
    EndEnrollment,
    RecordLessonProgress,
    RemoveInstructor,
)
from colonnade_payment.api import CancelPayment, CreatePayment, CreateRefund
from colonnade_runtime.testing.simulation import World, is_quiet
from colonnade_user.api import DeleteUser
from tests.simulation.academies import OWNER, Academy, Site
from tests.simulation.promises import money_is_settled

ResponseT = TypeVar("ResponseT", bound=Message)

METHODS = (
    *("tok_ok",) * 5,
    "tok_declined",
    "tok_capture_declined",
    "tok_timeout",
    "tok_timeout",
    "tok_lost",
    "tok_late",
    "tok_slow",
    "tok_refund_timeout",
)
DAY = 30.0
"""Virtual seconds within which everybody begins."""


class Story:
    """One history of a site."""

    def __init__(self, world: World, site: Site) -> None:
        self._world = world
        self._site = site
        self._random = world.chance.random

    async def tell(self) -> None:
        """Let everybody act while things go wrong, then wait until everything is settled."""
        world = self._world
        await world.start()
        began = world.clock.now()
        world.trouble()
        acts = self._cast()
        wiped = self._random.random() < 0.15
        await asyncio.gather(*acts, self._operator(wiped=wiped))
        world.calm()
        await world.until(lambda: all(process.is_up for process in world.processes))
        if wiped:
            await self._republish(began - timedelta(hours=1))
        await world.until(self._is_over, limit=7200.0)

    def _is_over(self) -> bool:
        world = self._world
        return is_quiet(world) and money_is_settled(world.declared, world.clock.epoch())

    def _cast(self) -> list[Coroutine[Any, Any, None]]:
        """Who acts: mostly people of one academy, after the same few seats."""
        one, other = self._random.sample(self._site.academies, 2)
        people = self._random.sample(one.people, self._random.choice((2, 3)))
        acts = [self._person(one, each) for each in people]
        if self._random.random() < 0.3:
            acts.append(self._person(other, self._random.choice(other.people)))
        if self._random.random() < 0.3:
            acts.append(self._owner(one))
        return acts

    async def _person(self, academy: Academy, who: Principal) -> None:
        await self._pause(DAY)
        act = self._random.choice(
            [self._buy] * 5 + [self._learn, self._send_events, self._leave_all]
        )
        await act(academy, who)

    async def _buy(self, academy: Academy, who: Principal) -> None:
        course = self._random.choice([academy.courses[0], *academy.courses])
        order = CreatePayment(course_id=course, method=self._random.choice(METHODS))
        payment = await self._persist(academy, who, order, key=f"order-{who.id}")
        if payment is None:
            return
        await self._pause(3.0)
        if self._random.random() < 0.15:
            await self._persist(academy, who, CancelPayment(payment_id=payment.id))
        if self._random.random() < 0.25:
            await self._pause(20.0)
            part = self._random.choice([payment.amount.amount, 1000])
            refund = CreateRefund(
                payment_id=payment.id,
                amount=Money(amount=part, currency=payment.amount.currency),
                reason="They asked.",
            )
            await self._persist(academy, OWNER, refund, key=f"refund-{payment.id}")

    async def _learn(self, academy: Academy, who: Principal) -> None:
        enrolled = await self._persist(academy, who, CreateEnrollment(course_id=academy.free))
        if enrolled is None:
            return
        await self._pause(5.0)
        record = RecordLessonProgress(
            enrollment_id=enrolled.id, lesson_id=academy.lesson, status="completed"
        )
        await self._persist(academy, who, record)
        if self._random.random() < 0.3:
            await self._persist(academy, who, EndEnrollment(enrollment_id=enrolled.id))

    async def _send_events(self, academy: Academy, who: Principal) -> None:
        event = ClientEvent(
            id=self._world.identifiers.make(),
            name="video.paused",
            occurred_at=self._world.clock.now(),
            course_id=academy.free,
        )
        await self._persist(academy, who, SendClientEvents(events=[event]))

    async def _leave_all(self, academy: Academy, who: Principal) -> None:
        await self._learn(academy, who)
        await self._persist(academy, OWNER, DeleteUser(user_id=UUID(who.id)))

    async def _owner(self, academy: Academy) -> None:
        await self._pause(DAY)
        course, teacher = self._random.choice(academy.courses), UUID(academy.people[1].id)
        await self._persist(academy, OWNER, AddInstructor(course_id=course, user_id=teacher))
        text = CreateContent(kind="markdown", title="Welcome", body="# Welcome")
        await self._persist(academy, OWNER, text)
        await self._pause(10.0)
        await self._persist(academy, OWNER, RemoveInstructor(course_id=course, user_id=teacher))

    async def _operator(self, *, wiped: bool) -> None:
        for _ in range(self._random.choice((0, 1, 1, 2))):
            await self._pause(DAY)
            process = self._random.choice(self._world.processes)
            if self._random.random() < 0.4 and process.is_up:
                await process.restart()
            else:
                process.kill()
        if wiped:
            await self._pause(DAY)
            self._world.broker.wipe()

    async def _republish(self, since: datetime) -> None:
        for process in self._world.processes:
            for academy in self._site.academies:
                await process.republish(academy.tenant, since)

    async def _persist(
        self, academy: Academy, who: Principal, request: Request[ResponseT], key: str | None = None
    ) -> ResponseT | None:
        for _ in range(8):
            try:
                return await self._world.ask(academy.tenant, who, request, key)
            except (Unavailable, DeadlineExceeded, TooManyRequests, InternalError) as error:
                self._world.note(type(request).__name__, repr(error))
            except ColonnadeError as error:
                self._world.note(type(request).__name__, "refused:", error)
                return None
            await self._pause(2.0)
        return None

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(self._random.uniform(0.0, seconds))
