"""The pages for plugin authors quote example files, and the examples do what the pages say."""

import asyncio
import importlib
import importlib.util
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import structlog

from colonnade.clock import SystemClock
from colonnade.context import use_context
from colonnade.errors import DeadlineExceeded
from colonnade.events import reactions_of
from colonnade.identifiers import new_id
from colonnade.messages import Empty
from colonnade.sagas import SagaPhase
from colonnade.services import StoreNeed
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import BackgroundTasks, BackgroundWork
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.background.scheduler import bind_schedules
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files

PAGES = Path(__file__).parents[3] / "docs" / "plugin-authors"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = PAGES / "examples"
QUIZ = Path(__file__).parents[2] / "fixtures" / "acme_quiz" / "tests" / "test_quiz.py"
PLUGINS = Path(__file__).parents[3] / "plugins"
CERTIFICATES = EXAMPLES / "certificates" / "colonnade_certificates"
QUOTED = {
    "certificates.md": [CERTIFICATES / "reactions.py", CERTIFICATES / "service.py"],
    "notifications.md": [CERTIFICATES / "plugin.py", CERTIFICATES / "notifications.py"],
    "pages.md": [CERTIFICATES / "pages.py"],
    "sagas.md": [EXAMPLES / "purchase.py"],
    "events.md": [EXAMPLES / "welcome.py"],
    "channels.md": [EXAMPLES / "text_messages.py"],
    "testing.md": [QUIZ],
    "handlers.md": [
        QUIZ.parents[1] / "acme_quiz" / "service.py",
        PLUGINS / "colonnade_analytics" / "handlers" / "metrics.py",
        PLUGINS / "colonnade_content" / "api" / "contents.py",
        PLUGINS / "colonnade_course" / "handlers" / "courses.py",
        PLUGINS / "colonnade_course" / "resources.py",
        PLUGINS / "colonnade_payment" / "handlers" / "refunds.py",
        PLUGINS / "colonnade_payment" / "routes.py",
    ],
    "rows.md": [EXAMPLES / "library.py"],
}
TENANT = "acme"

MIGRATION = """
from {models} import Base

def upgrade(op):
    Base.metadata.create_all(op.get_bind())
"""


@pytest.mark.parametrize(("page", "examples"), QUOTED.items())
def test_every_block_of_a_page_is_quoted_from_its_examples(page: str, examples: list[Path]) -> None:
    sources = [example.read_text(encoding="utf-8") for example in examples]
    if page == "handlers.md":
        sources += plugin_files(PluginNames.of("quiz")).values()
    quotable = [squeezed(source) for source in sources]
    blocks = BLOCK.findall((PAGES / page).read_text(encoding="utf-8"))
    assert len(blocks) > 1
    for block in blocks:
        assert any(squeezed(block) in source for source in quotable), (
            f"{page} quotes what {', '.join(each.name for each in examples)} do not say:\n{block}"
        )


def test_the_page_on_handlers_says_rightly_where_each_name_comes_from() -> None:
    page = (PAGES / "handlers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w.*?) \| `(colonnade\.\w+)` \|", page, re.MULTILINE)
    named = [(module, name) for names, module in rows for name in re.findall(r"`(\w+)`", names)]
    assert len(named) > 30
    for module, name in named:
        assert hasattr(importlib.import_module(module), name), f"{name} is not in {module}"


def squeezed(code: str) -> str:
    """Code without its layout: a page is indented and wrapped otherwise than a file."""
    return re.sub(r"\s+", "", code).replace(",)", ")")


class Services:
    """What the example's service gets: a store, ids and somebody to ask."""

    def __init__(self, store: object) -> None:
        self.store = store
        self.asked: list[Any] = []
        self.answer: Callable[[Any], Any] = lambda request: Empty()

    def new_id(self) -> UUID:
        return new_id()

    async def ask(self, request: Any, *, deadline: float | None = None) -> Any:
        self.asked.append(request)
        return self.answer(request)


class Example:
    """An example on a real store."""

    def __init__(self, folder: Path, module: ModuleType, service: str) -> None:
        clock, log = SystemClock(), structlog.get_logger()
        self.module = module
        self.actor = Actor(service, clock)
        self.stores = SqliteStores(folder / "data", clock, lambda tenant: True)
        need = StoreNeed(f"{module.__name__}_migrations", module.__name__)
        self.store = self.stores.store(
            service, need, on_published=lambda tenant, left: self.background.wake(tenant, left)
        )
        control = self.stores.control(service)
        self.services = Services(self.store)
        objects = [self.service_object()]
        sagas = [module.PURCHASE] if hasattr(module, "PURCHASE") else []
        self.bus = MemoryBus()
        schedules = bind_schedules(getattr(module, "SCHEDULES", ()), objects)
        self.background = BackgroundWork(
            BackgroundTasks(reactions_of(objects), bind_sagas(sagas, objects), schedules),
            self.store,
            control,
            self.bus,
            lambda tenant: TenantState.ACTIVE,
            "test",
            self.actor,
            log,
        )
        self.sagas = self.background.sagas

    def service_object(self) -> Any:
        name = "Shop" if hasattr(self.module, "Shop") else "Club"
        return getattr(self.module, name)(self.services)

    async def start(self) -> None:
        await self.bus.start()
        await self.background.listen()
        await self.background.start()

    async def stop(self) -> None:
        await self.background.quiesce()
        await self.background.drain(5.0)
        await self.bus.stop(5.0)
        await self.background.release()
        await self.stores.close()

    async def handle(self, method: Callable[..., Any], request: Any) -> None:
        with use_context(self.actor.context(TENANT, seconds=10)):
            await method(request, None)

    async def read(self, model: Any, key: object) -> Any:
        with use_context(self.actor.context(TENANT, seconds=10)):
            return await self.store.read(lambda session: session.get(model, key))

    async def until(self, saga_id: UUID, phase: SagaPhase) -> None:
        async with asyncio.timeout(20):
            while (await self.sagas.show(TENANT, saga_id)).phase is not phase:
                await asyncio.sleep(0.01)


def load(folder: Path, name: str) -> ModuleType:
    """Import an example under a name of its own, with a migration beside it."""
    module_name = f"documented_{name}"
    spec = importlib.util.spec_from_file_location(module_name, PAGES / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    package = folder / f"{module_name}_migrations"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "v0001_initial.py").write_text(MIGRATION.format(models=module_name))
    return module


@pytest.fixture
async def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[str, str], Any]]:
    monkeypatch.syspath_prepend(str(tmp_path))
    running: list[Example] = []

    async def begin(name: str, service: str) -> Example:
        example = Example(tmp_path, load(tmp_path, name), service)
        await example.start()
        running.append(example)
        return example

    yield begin
    for example in running:
        await example.stop()
    for name in [name for name in sys.modules if name.startswith("documented_")]:
        del sys.modules[name]


class TestPurchase:
    """The saga of the page."""

    async def test_it_completes_when_it_is_approved(self, start: Callable[..., Any]) -> None:
        example = await start("purchase", "shop")
        module, shop, order = example.module, example.service_object(), new_id()
        example.services.answer = lambda request: (
            module.Charged(reference="c1") if isinstance(request, module.Charge) else Empty()
        )
        buy = module.Buy(order_id=order, course_id=new_id(), amount=4900)
        await example.handle(shop.buy, buy)
        await example.until(order, SagaPhase.WAITING)
        await example.handle(shop.approve, module.Approve(order_id=order, by="boss"))
        await example.until(order, SagaPhase.COMPLETED)
        assert (await example.read(module.Order, order)).status == "complete"
        charge = next(item for item in example.services.asked if isinstance(item, module.Charge))
        assert charge.key == f"{order}:charge"

    async def test_a_lost_answer_is_found_out_about(self, start: Callable[..., Any]) -> None:
        example = await start("purchase", "shop")
        module, shop, order = example.module, example.service_object(), new_id()

        def answer(request: Any) -> Any:
            if isinstance(request, module.Charge):
                raise DeadlineExceeded("Late.")
            if isinstance(request, module.FindCharge):
                return module.Lookup(reference="c1")
            return Empty()

        example.services.answer = answer
        buy = module.Buy(order_id=order, course_id=new_id(), amount=4900)
        await example.handle(shop.buy, buy)
        await example.handle(shop.approve, module.Approve(order_id=order, by="boss"))
        await example.until(order, SagaPhase.COMPLETED)
        assert (await example.read(module.Order, order)).status == "complete"

    async def test_a_cancelled_purchase_gives_the_seat_back(
        self, start: Callable[..., Any]
    ) -> None:
        example = await start("purchase", "shop")
        module, shop, order = example.module, example.service_object(), new_id()
        buy = module.Buy(order_id=order, course_id=new_id(), amount=4900)
        await example.handle(shop.buy, buy)
        await example.until(order, SagaPhase.WAITING)
        await example.sagas.cancel(TENANT, order)
        await example.until(order, SagaPhase.CANCELED)
        assert (await example.read(module.Order, order)).status == "failed"
        assert isinstance(example.services.asked[-1], module.ReleaseSeat)


class TestWelcome:
    """The reactions of the page."""

    async def test_both_reactions_follow_the_commit(self, start: Callable[..., Any]) -> None:
        example = await start("welcome", "club")
        module, club, club_id = example.module, example.service_object(), new_id()
        for name in ("Ada", "Grace"):
            await example.handle(club.join, module.Join(club_id=club_id, name=name))
        async with asyncio.timeout(20):
            while (await example.background.relay.status(TENANT)).pending:
                await asyncio.sleep(0.01)
        assert (await example.read(module.ClubSize, club_id)).members == 2
        assert sorted(item.text for item in example.services.asked) == [
            "Hello Ada!",
            "Hello Grace!",
        ]

    async def test_the_schedule_runs_what_it_names(self, start: Callable[..., Any]) -> None:
        example = await start("welcome", "club")
        await example.background.scheduler.run_now("remind", TENANT)
        assert [item.text for item in example.services.asked] == ["The fees are due."]
