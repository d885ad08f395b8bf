"""Academies with the course and payment services in them: the real runtime, without HTTP.

Operations are asked through the dispatcher, as HTTP would, by principals that nobody has to
register first.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
import yaml
from sqlalchemy import select

from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade.identifiers import new_id
from colonnade.messages import Message, Request
from colonnade.money import Money
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course import service as course_service
from colonnade_course.api import (
    AddInstructor,
    CreateCourse,
    Enrollment,
    ListEnrollments,
    PublishCourse,
    RemoveInstructor,
)
from colonnade_payment import service as payment_service
from colonnade_payment.api import (
    Balance,
    CreatePayment,
    CreateRefund,
    GetPayment,
    ListBalances,
    ListRefunds,
    ListTransactions,
    Payment,
    ReceiveWebhook,
    Refund,
    Transaction,
)
from colonnade_payment.models import InstructorRow
from colonnade_payment.sandbox.file import Act, SandboxFile
from colonnade_payment.sandbox.webhooks import signed_webhook
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.process.runtime import Runtime
from colonnade_user import service as user_service
from colonnade_user.models import UserRow

ROOT = Path(__file__).parents[4]
SECONDS = 20.0
OPEN = ("pending", "authorized", "unknown")

ResponseT = TypeVar("ResponseT", bound=Message)
T = TypeVar("T")
MakeService = Callable[[ServiceContext], AbstractAsyncContextManager[Sequence[object]]]


def person(role: str = "learner") -> Principal:
    """Make a person nobody knows."""
    return Principal(PrincipalKind.USER, str(new_id()), (role,))


OWNER = person("owner")
PROVIDER = Principal.anonymous()


def make_site(folder: Path, *, share: int = 70, hold: str = "0s") -> Path:
    """The demo platform in a folder of its own, with these payment settings for each tenant."""
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, folder / name)
    for path in (folder / "tenants").glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        config = {"instructor_share": share, "payout_hold": hold, "payout_minimum": 100}
        document["services"] = {"payment": {"config": config}}
        path.write_text(yaml.safe_dump(document))
    return Path(shutil.copy(ROOT / "platform.yaml", folder))


@dataclass
class Academy:
    """One tenant of a running platform."""

    runtime: Runtime
    sandbox: SandboxFile
    hosted: "Hosted"
    tenant: str = "acme"
    currency: str = "EUR"

    async def ask(
        self, principal: Principal, request: Request[ResponseT], key: str | None = None
    ) -> ResponseT:
        """Ask as HTTP would."""
        with use_context(self._context(principal)):
            answer: ResponseT = await self.runtime.dispatcher.do(request, idempotency_key=key)
        return answer

    async def course(self, price: int = 4900, *, teachers: int = 1, **more: Any) -> "Sold":
        """A published course with people who teach it, known to the payment service."""
        slug = f"course-{new_id().hex}"
        money = Money(amount=price, currency=self.currency)
        made = await self.ask(OWNER, CreateCourse(title="Python", slug=slug, price=money, **more))
        people = [person("instructor") for _ in range(teachers)]
        for one in people:
            await self._open_account(one)
            await self.ask(OWNER, AddInstructor(course_id=made.id, user_id=UUID(one.id)))
        # Whoever makes a course teaches it at first.
        await self.ask(OWNER, RemoveInstructor(course_id=made.id, user_id=UUID(OWNER.id)))
        await self.ask(OWNER, PublishCourse(course_id=made.id))
        await until(lambda: self._teach(made.id, {UUID(one.id) for one in people}))
        return Sold(made.id, people)

    async def _open_account(self, who: Principal) -> None:
        """A row, and no password: nobody signs in here."""
        account = UserRow(
            id=UUID(who.id),
            email=f"{who.id}@teachers.example",
            folded_email=f"{who.id}@teachers.example",
            name="Grace",
            folded_name="grace",
            role=who.roles[0],
            status="active",
        )
        store = self.hosted.contexts["user"].store
        with use_context(self._context(Principal.service("user"))):
            await store.run(lambda session: session.add(account))

    async def order(
        self, buyer: Principal, course: UUID, method: str = "tok_ok", key: str = "", **more: Any
    ) -> Payment:
        """Order a course."""
        request = CreatePayment(course_id=course, method=method, **more)
        return await self.ask(buyer, request, key or new_id().hex)

    async def bought(
        self, course: UUID, method: str = "tok_ok", buyer: Principal | None = None, **more: Any
    ) -> Payment:
        """A purchase that is over, one way or the other."""
        return await self.settled(await self.order(buyer or person(), course, method, **more))

    async def settled(self, payment: Payment) -> Payment:
        """The payment when nothing is under way, its saga included."""
        await self.idle(payment.id)
        return await self.payment(payment.id)

    async def payment(self, payment_id: UUID) -> Payment:
        """Read a payment."""
        return await self.ask(OWNER, GetPayment(payment_id=payment_id))

    async def refund(self, payment: Payment, amount: int, key: str = "") -> Refund:
        """Order a refund."""
        money = Money(amount=amount, currency=self.currency)
        request = CreateRefund(payment_id=payment.id, amount=money, reason="They asked.")
        return await self.ask(OWNER, request, key or new_id().hex)

    async def refunded(self, payment: Payment, amount: int) -> Refund:
        """A refund that is over."""
        refund = await self.refund(payment, amount)
        await self.idle(refund.id)
        return next(one for one in await self.refunds(payment) if one.id == refund.id)

    async def refunds(self, payment: Payment) -> list[Refund]:
        """The refunds of a payment, newest first."""
        return (await self.ask(OWNER, ListRefunds(payment_id=payment.id, limit=100))).items

    async def enrollments(self, payment: Payment) -> list[Enrollment]:
        """The buyer's enrolments in the course."""
        wanted = ListEnrollments(course_id=payment.course_id, user_id=payment.user_id)
        return (await self.ask(OWNER, wanted)).items

    async def journals(self, payment: Payment) -> list[Transaction]:
        """List the journals of a payment, newest first."""
        return (await self.ask(OWNER, ListTransactions(payment_id=payment.id, limit=100))).items

    async def balances(self) -> dict[str, Balance]:
        """Every account of the academy's currency, by name."""
        found: dict[str, Balance] = {}
        cursor = None
        while True:
            page = await self.ask(
                OWNER, ListBalances(limit=100, cursor=cursor, currency=self.currency)
            )
            found |= {item.account: item for item in page.items}
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def earned(self, who: Principal) -> int:
        """An instructor's balance, in minor units."""
        page = await self.ask(who, ListBalances())
        return sum(item.balance.amount for item in page.items)

    async def idle(self, saga_id: UUID) -> None:
        """Wait until a saga has ended."""
        sagas = self.runtime.background.of("payment").sagas

        async def has_ended() -> bool:
            return (await sagas.show(self.tenant, saga_id)).phase.has_ended

        await until(has_ended)

    async def webhook(self, act: Act) -> None:
        """Bring the sandbox's webhook for an act."""
        headers, body = signed_webhook(self.sandbox.secret(), act, datetime.now(UTC))
        request = ReceiveWebhook(provider="sandbox", headers=headers, body=body.decode())
        await self.ask(PROVIDER, request)

    async def acts(self, payment: Payment) -> Sequence[Act]:
        """List the sandbox's acts for a payment."""
        return self.sandbox.of_payment(str(payment.id))

    async def as_service(self, act: Callable[[], Awaitable[T]]) -> T:
        """Act as the payment service, as a schedule would."""
        with use_context(self._context(Principal.service("payment"))):
            return await act()

    async def read(self, work: Callable[[Session], T]) -> T:
        """Look into the payment service's own tables."""
        with use_context(self._context(Principal.service("payment"))):
            return await self.hosted.contexts["payment"].store.read(work)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Change the payment service's own tables."""
        with use_context(self._context(Principal.service("payment"))):
            return await self.hosted.contexts["payment"].store.run(work)

    async def _teach(self, course_id: UUID, people: set[UUID]) -> bool:
        def standing(session: Session) -> tuple[bool, set[UUID]]:
            rows = session.scalars(
                select(InstructorRow).where(InstructorRow.course_id == course_id)
            ).all()
            owner_left = any(str(row.user_id) == OWNER.id and not row.active for row in rows)
            return owner_left, {row.user_id for row in rows if row.active}

        return await self.read(standing) == (True, people)

    def _context(self, principal: Principal) -> Context:
        return Context(self.tenant, principal, time.time() + SECONDS, "test")


@dataclass(frozen=True)
class Sold:
    """A course and who teaches it."""

    id: UUID
    teachers: list[Principal]


@dataclass(frozen=True)
class Hosted:
    """Contexts and objects of the services while they run, as their plugins were given them."""

    contexts: dict[str, ServiceContext] = field(default_factory=dict)
    objects: dict[str, Sequence[object]] = field(default_factory=dict)

    def object_of(self, kind: type[T]) -> T:
        """One of the payment service's objects."""
        return next(one for one in self.objects["payment"] if isinstance(one, kind))

    def remembering(self, make: MakeService) -> MakeService:
        """Make a service as before, and keep what it was given and is made of."""

        @asynccontextmanager
        async def service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
            async with make(ctx) as objects:
                self.contexts[ctx.name], self.objects[ctx.name] = ctx, objects
                yield objects

        return service

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Keep the services that start within the block."""
        with pytest.MonkeyPatch.context() as patch:
            for module in (user_service, course_service, payment_service):
                patch.setattr(module, "create_service", self.remembering(module.create_service))
            yield


SELLING = frozenset({"user", "course", "content", "payment"})


@asynccontextmanager
async def running(
    declaration: Path, *settings: str, services: Set[str] = SELLING
) -> AsyncIterator[Academy]:
    """The platform of a site, with the services that selling needs, or others."""
    document = yaml.safe_load(declaration.read_text())
    others = set(document["services"]) - services
    chosen = [
        *(f"services.{name}.enabled=false" for name in others),
        "services.payment.config.answer_within=300ms",
        "tenants.watch=false",
        *settings,
    ]
    runtime = Runtime(read_declaration(declaration, chosen), announce=lambda _: None)
    hosted = Hosted()
    with hosted.observed():
        await runtime.start()
    try:
        with closing(
            SandboxFile(declaration.parent / "var" / "sandbox-provider.sqlite3")
        ) as sandbox:
            yield Academy(runtime, sandbox, hosted)
    finally:
        await runtime.stop()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.005)
