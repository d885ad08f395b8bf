"""A reload takes a declaration up whole, or changes nothing and says why."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel
from small_site import TENANT, make_plugin, make_site, runtime_of, started
from structlog.testing import capture_logs

from colonnade.errors import ColonnadeError
from colonnade.services import ServiceContext
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.assembly.signing import KEY_FILE, signing_key
from colonnade_runtime.assembly.started_secrets import StartedSecrets, secret_files
from colonnade_runtime.calls.secret_vault import ResolvedSecrets, SecretVault
from colonnade_runtime.process.runtime import Runtime

WATCHED = "tenants: {watch: true}\n"


class Config(BaseModel):
    size: int = 1
    colour: str = "blue"


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    async with started(runtime_of(make_site(tmp_path))) as running:
        yield running


def answers(runtime: Runtime, host: str) -> str:
    """The id of the tenant at a host, or the code of the error."""
    try:
        return runtime.tenants.resolve(host, None).info.id
    except ColonnadeError as error:
        return error.code


async def problems_of(runtime: Runtime) -> str:
    """What a reload that is refused says."""
    with capture_logs() as logs:
        assert await runtime.reloader.reload() is False
    [refusal] = [line for line in logs if line["event"] == "reload refused; nothing changed"]
    return "\n".join(refusal["problems"])


def new_tenant(folder: Path, more: str = "") -> Path:
    path = folder / "tenants" / "initech.yaml"
    path.write_text(TENANT.format(name="initech") + more)
    return path


async def test_a_removed_file_removes_the_academy(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "tenants" / "globex.yaml").unlink()
    assert await runtime.reloader.reload()
    assert answers(runtime, "globex.localhost") == "not_found"
    assert answers(runtime, "acme.localhost") == "acme"


async def test_a_suspended_academy_comes_back(runtime: Runtime, tmp_path: Path) -> None:
    path = new_tenant(tmp_path, "status: suspended\n")
    assert await runtime.reloader.reload()
    assert answers(runtime, "initech.localhost") == "forbidden"
    path.write_text(TENANT.format(name="initech") + "status: active\n")
    assert await runtime.reloader.reload()
    assert answers(runtime, "initech.localhost") == "initech"


async def test_a_domain_moves_from_one_academy_to_another(runtime: Runtime, tmp_path: Path) -> None:
    path = new_tenant(tmp_path, "domains: [learn.example]\n")
    assert await runtime.reloader.reload()
    assert answers(runtime, "learn.example") == "initech"
    path.unlink()
    acme = tmp_path / "tenants" / "acme.yaml"
    acme.write_text(acme.read_text() + "domains: [learn.example]\n")
    assert await runtime.reloader.reload()
    assert answers(runtime, "learn.example") == "acme"


async def test_a_domain_that_another_academy_has_is_refused_at_both_places(
    runtime: Runtime, tmp_path: Path
) -> None:
    new_tenant(tmp_path, "domains: [learn.example]\n")
    acme = tmp_path / "tenants" / "acme.yaml"
    acme.write_text(acme.read_text() + "domains: [learn.example]\n")
    told = await problems_of(runtime)
    assert "acme.yaml:6:" in told
    assert "initech.yaml:6:" in told
    assert answers(runtime, "learn.example") == "invalid_request"
    assert answers(runtime, "initech.localhost") == "not_found"


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.yaml")


def a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def ten_megabytes(path: Path) -> None:
    path.write_text("name: " + "x" * 10_000_000)


BROKEN: list[tuple[Callable[[Path], Any], str]] = [
    (a_directory, "globex.yaml: is not a file"),
    (a_dangling_link, "globex.yaml: cannot be read: no such file"),
    (a_link_to_itself, "globex.yaml: cannot be read: too many levels"),
    (ten_megabytes, "globex.yaml:1:1: the file is larger than 1 MiB"),
    (lambda path: path.write_bytes(b"name: \xff\xfe"), "globex.yaml:1:"),
    (lambda path: path.write_bytes(b""), "globex.yaml:1:1: the file is empty"),
    (lambda path: path.write_bytes(b"\0" * 100), "globex.yaml:1:1"),
    (lambda path: path.write_text("a: &a [*a]"), "globex.yaml:1:"),
    (lambda path: path.rename(path.with_name("GLOBEX.yaml")), "GLOBEX.yaml"),
    (lambda path: path.rename(path.with_suffix(".yml")), "must end in .yaml"),
]


@pytest.mark.parametrize(("break_it", "told"), BROKEN)
async def test_a_file_that_cannot_be_used_changes_nothing_and_is_named(
    runtime: Runtime, tmp_path: Path, break_it: Callable[[Path], Any], told: str
) -> None:
    new_tenant(tmp_path)
    break_it(tmp_path / "tenants" / "globex.yaml")
    assert told in await problems_of(runtime)
    assert answers(runtime, "globex.localhost") == "globex"
    assert answers(runtime, "initech.localhost") == "not_found"


async def test_a_folder_that_is_gone_changes_nothing_and_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "tenants")
    assert "there is no folder 'tenants'" in await problems_of(runtime)
    assert answers(runtime, "globex.localhost") == "globex"


async def test_policy_data_of_a_wrong_form_changes_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    new_tenant(tmp_path, "policy: {allow: everything}\n")
    assert "initech" in await problems_of(runtime)
    assert answers(runtime, "initech.localhost") == "not_found"


async def test_a_file_that_is_a_link_is_followed(runtime: Runtime, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text(TENANT.format(name="initech"))
    (tmp_path / "tenants" / "initech.yaml").symlink_to(elsewhere)
    assert await runtime.reloader.reload()
    assert answers(runtime, "initech.localhost") == "initech"


async def test_a_folder_that_was_replaced_is_watched_on(runtime: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "tenants"
    shutil.copytree(folder, tmp_path / "later")
    folder.rename(tmp_path / "before")
    (tmp_path / "later").rename(folder)
    async with asyncio.timeout(10):
        while answers(runtime, "initech.localhost") != "initech":
            # Each write is an event of its own: the first may come before the new watch.
            new_tenant(tmp_path)
            await asyncio.sleep(0.2)


async def test_what_changes_while_a_process_starts_is_seen(tmp_path: Path) -> None:
    """Between the reading of the files and the watch of them."""
    declared = read_declaration(make_site(tmp_path, WATCHED))
    new_tenant(tmp_path, "status: suspended\n")
    async with started(Runtime(declared)) as runtime:
        await eventually(lambda: answers(runtime, "initech.localhost") == "forbidden")


async def test_what_a_folder_brings_when_it_comes_back_is_seen(tmp_path: Path) -> None:
    folder, away = tmp_path / "tenants", tmp_path / "away"
    async with started(runtime_of(make_site(tmp_path, WATCHED))) as runtime:
        with capture_logs() as logs:
            folder.rename(away)
            await eventually(lambda: "files_unwatched" in kinds_of(runtime))
            (away / "initech.yaml").write_text(TENANT.format(name="initech"))
            away.rename(folder)
            await eventually(lambda: answers(runtime, "initech.localhost") == "initech")
            assert kinds_of(runtime) == []
    told = [line["event"] for line in logs if line.get("kind") == "files_unwatched"]
    assert told == ["fault", "fault mended"]


async def test_what_a_link_leads_to_is_looked_at(tmp_path: Path) -> None:
    """No event tells of a file elsewhere."""
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    elsewhere.write_text(TENANT.format(name="initech"))
    site = make_site(tmp_path, WATCHED)
    (tmp_path / "tenants" / "initech.yaml").symlink_to(elsewhere)
    async with started(runtime_of(site)) as runtime:
        assert answers(runtime, "initech.localhost") == "initech"
        elsewhere.write_text(TENANT.format(name="initech") + "status: suspended\n")
        await eventually(lambda: answers(runtime, "initech.localhost") == "forbidden")


async def test_what_needs_a_restart_is_said_and_the_rest_is_taken_up(
    runtime: Runtime, tmp_path: Path
) -> None:
    make_site(tmp_path, "gateway: {port: 8765}\nlogging: {access: false}\n", acme="")
    with capture_logs() as logs:
        assert await runtime.reloader.reload()
    [told] = [line for line in logs if line["event"] == "some changes need a restart"]
    assert told["keys"] == ["gateway.port"]


async def test_every_change_of_many_at_once_is_in_force_or_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    more = (
        "gateway: {port: 8765, connections: {maximum: 99}}\nsupervision: {heartbeat: 60s}\n"
        "logging: {client_address: full}\npolicy: {memory: 7s}\nworkers: {waiting: 9}\n"
    )
    make_site(tmp_path, more)
    assert await runtime.reloader.reload()
    [fault] = runtime.edge.health.faults.all()
    named = "gateway.connections.maximum, gateway.port, supervision.heartbeat, workers.waiting"
    assert sorted(fault.sentence.split(": ")[1].rstrip(".").split(", ")) == named.split(", ")
    assert runtime.policy is not None
    assert runtime.policy.longest == 7


@pytest.mark.parametrize(("shown", "address"), [("full", "203.0.113.77"), ("none", "")])
async def test_access_lines_show_as_much_of_an_address_as_was_declared_last(
    runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str], shown: str, address: str
) -> None:
    make_site(tmp_path, f"logging: {{client_address: {shown}, format: json}}\n")
    assert await runtime.reloader.reload()
    async with AsyncClient(
        transport=ASGITransport(app=runtime.edge, client=("203.0.113.77", 1)),
        base_url="http://acme.localhost",
    ) as client:
        await client.get("/api/v1/nowhere")
    written: list[str] = []
    log = runtime.edge.access_log
    assert log is not None
    log.writer = Collected(written)  # type: ignore[assignment]
    log.hand_over()
    [line] = written
    assert json.loads(line)["client"] == address


class Collected:
    """A writer that renders at once."""

    def __init__(self, written: list[str]) -> None:
        self._written = written

    def defer(self, lines: int, size: int, render: Callable[[], str], share: float) -> None:
        self._written.append(render())

    def drain(self, seconds: float) -> None:
        pass


def service(seen: list[ServiceContext], **hooks: Any) -> Any:
    @asynccontextmanager
    async def running(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        seen.append(ctx)
        yield ()

    return make_plugin(
        "shop",
        "shop",
        create_service=lambda ctx: running(ctx),
        config_model=lambda: Config,
        **hooks,
    )


BEFORE = "services: {shop: {config: {size: 1}}}\n"
AFTER = "services: {shop: {config: {size: 2}}}\n"


@pytest.mark.parametrize(
    ("hooks", "size", "keys"),
    [
        ({"can_reload": lambda old, new: []}, 2, []),
        ({"can_reload": lambda old, new: ["size"]}, 1, ["services.shop.config.size"]),
        ({}, 1, ["services.shop.config.size"]),
    ],
)
async def test_a_service_says_whether_its_configuration_may_change_while_it_runs(
    tmp_path: Path, hooks: dict[str, Any], size: int, keys: list[str]
) -> None:
    seen: list[ServiceContext] = []
    platform = make_site(tmp_path, BEFORE)
    async with started(runtime_of(platform, service(seen, **hooks))) as runtime:
        make_site(tmp_path, AFTER)
        with capture_logs() as logs:
            assert await runtime.reloader.reload()
        told = [line["keys"] for line in logs if line["event"] == "some changes need a restart"]
        assert told == ([keys] if keys else [])
        assert isinstance(seen[0].config, Config)
        assert seen[0].config.size == size


async def test_a_plugin_that_breaks_while_it_is_asked_refuses_the_reload(tmp_path: Path) -> None:
    def broken(old: Config, new: Config) -> list[str]:
        raise ValueError("no")

    platform = make_site(tmp_path, BEFORE)
    async with started(runtime_of(platform, service([], can_reload=broken))) as runtime:
        make_site(tmp_path, AFTER, initech="")
        assert "can_reload raised ValueError" in await problems_of(runtime)
        assert answers(runtime, "initech.localhost") == "not_found"


@pytest.mark.parametrize(
    ("more", "place", "says"),
    [
        ("gateway: {host: 203.0.113.9}", 11, "gateway.host: 203.0.113.9 is not an address of"),
        (
            "gateway: {health: {host: nosuch.invalid, port: 0}}",
            20,
            "gateway.health.host: nosuch.invalid is not an address of this machine",
        ),
        ("gateway: {trusted_proxies: [10.0.0.1/8]}", 29, "gateway.trusted_proxies[0]: has bits"),
        ("signing_key: {secret: env:SHORT_KEY}", 14, "signing_key: has 5 characters and needs 32"),
    ],
)
async def test_what_no_start_would_take_is_refused(
    runtime: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: str,
    place: int,
    says: str,
) -> None:
    """Also where it would be in force after a restart only, the worst time to hear of it."""
    monkeypatch.setenv("SHORT_KEY", "short")
    platform = tmp_path / "platform.yaml"
    before = platform.read_text()
    platform.write_text(before + more + "\n")
    told = await problems_of(runtime)
    assert says in told
    assert told.startswith(f"{platform}:{before.count(chr(10)) + 1}:{place}: ")
    assert kinds_of(runtime) == ["reload_refused"]
    platform.write_text(before)
    assert await runtime.reloader.reload()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("grants contains [] {", "'{' is never closed"),
        ('deny contains [] if input.action == "x', "this text is not closed on its line"),
        ("deny contains [] if adminstrates", "'adminstrates' is nothing that is known here"),
    ],
)
async def test_a_policy_that_breaks_is_told_with_its_line(
    runtime: Runtime, tmp_path: Path, rule: str, says: str
) -> None:
    policy = tmp_path / "policies" / "house.rego"
    policy.write_text(f"package colonnade.services.house\n\n{rule}\n")
    told = await problems_of(runtime)
    assert told.startswith(f"{policy}:3:")
    assert says in told
    [fault] = runtime.edge.health.faults.all()
    assert f"{policy}:3:" in fault.sentence
    policy.unlink()
    assert await runtime.reloader.reload()


async def test_a_plugins_policy_does_not_come_back_until_a_restart(tmp_path: Path) -> None:
    """Between taking a file away and writing it anew, nothing is granted that it does not grant."""
    said = "package colonnade.services.quiz\n"
    quiz = make_plugin("quiz", "quiz", policies=lambda: {"quiz.rego": said})
    site = make_site(tmp_path, "services: {quiz: }\ntenants: {watch: false}\n")
    policy = tmp_path / "policies" / "quiz.rego"
    policy.write_text(f"{said}\ndeny contains []\n")
    async with started(runtime_of(site, quiz)) as runtime:
        before = runtime.policy_revision
        policy.unlink()
        told = await problems_of(runtime)
        assert told.startswith(f"{policy}: the file is gone, and the one of the plugin 'quiz'")
        assert runtime.policy_revision == before
        [fault] = runtime.edge.health.faults.all()
        assert "put it back, or restart the platform" in fault.sentence
        assert "`colonnade check` finds nothing wrong with that" in fault.mend
        policy.write_text(f"{said}\ndeny contains []\n# as before\n")
        assert await runtime.reloader.reload()
        policy.unlink()
        await problems_of(runtime)
    async with started(runtime_of(site, quiz)) as runtime:
        assert runtime.policy_revision not in ("", before)


async def test_what_only_looks_like_a_policy_is_a_fault_until_it_is_none(tmp_path: Path) -> None:
    said = "package colonnade.services.quiz\n"
    quiz = make_plugin("quiz", "quiz", policies=lambda: {"quiz.rego": said})
    site = make_site(tmp_path, "services: {quiz: }\ntenants: {watch: false}\n")
    almost = tmp_path / "policies" / "quiz.rego.txt"
    almost.write_text(said)
    async with started(runtime_of(site, quiz)) as runtime:
        [fault] = runtime.edge.health.faults.all()
        assert (fault.source, fault.kind) == ("platform", "policies_without_effect")
        assert f"{almost}: does not count" in fault.sentence
        assert "quiz.rego of the plugin 'quiz' decides instead" in fault.sentence
        almost.rename(tmp_path / "policies" / "quiz.rego")
        assert await runtime.reloader.reload()
        assert kinds_of(runtime) == []
        house = tmp_path / "policies" / "house.rego"
        house.write_text("package colonnade.services.house\n\ngrants contains []\n")
        assert await runtime.reloader.reload()
        [fault] = runtime.edge.health.faults.all()
        assert f"{house}:3:1: grants nothing" in fault.sentence


def kinds_of(runtime: Runtime) -> list[str]:
    return [fault.kind for fault in runtime.edge.health.faults.all()]


async def test_a_refused_reload_is_a_fault_until_one_is_taken_up(
    runtime: Runtime, tmp_path: Path
) -> None:
    broken = new_tenant(tmp_path, "curency: EUR\n")
    await problems_of(runtime)
    [fault] = runtime.edge.health.faults.all()
    assert (fault.source, fault.kind) == ("platform", "reload_refused")
    assert "initech.yaml" in fault.sentence
    broken.unlink()
    assert await runtime.reloader.reload()
    assert kinds_of(runtime) == []


async def test_a_restart_that_is_pending_is_a_fault_until_it_is_not(
    runtime: Runtime, tmp_path: Path
) -> None:
    platform = tmp_path / "platform.yaml"
    before = platform.read_text()
    platform.write_text(before + "gateway: {max_body: 1MB}\n")
    assert await runtime.reloader.reload()
    [fault] = runtime.edge.health.faults.all()
    assert fault.kind == "restart_pending"
    assert "gateway" in fault.sentence
    platform.write_text(before)
    assert await runtime.reloader.reload()
    assert kinds_of(runtime) == []


async def test_the_faults_of_an_academy_go_with_its_declaration(
    runtime: Runtime, tmp_path: Path
) -> None:
    faults = runtime.edge.health.faults.of("shop")
    faults.report("till", "Jammed.", mend="", tenant="globex")
    faults.report("till", "Jammed.", mend="", tenant="acme")
    (tmp_path / "tenants" / "globex.yaml").unlink()
    assert await runtime.reloader.reload()
    assert [fault.tenant for fault in runtime.edge.health.faults.all()] == ["acme"]


@pytest.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[Runtime]:
    """A process whose signing key is in a file of another folder, and which watches its files."""
    key = tmp_path / "secrets" / "signing"
    key.parent.mkdir()
    key.write_text("a" * 40)
    site = make_site(tmp_path, f"signing_key: {{secret: 'file:{key}'}}\ntenants: {{watch: true}}\n")
    async with started(runtime_of(site)) as running:
        yield running


async def test_a_signing_key_that_was_replaced_waits_for_a_restart_and_says_so(
    keyed: Runtime, tmp_path: Path
) -> None:
    key = tmp_path / "secrets" / "signing"
    assert await keyed.reloader.reload()
    assert kinds_of(keyed) == []

    other = key.with_name("next")
    other.write_text("b" * 40)
    other.replace(key)

    # Nobody asks for it: the file is watched, as those of the declaration are.
    await eventually(lambda: kinds_of(keyed) == ["restart_pending"])
    [fault] = keyed.edge.health.faults.all()
    assert fault.sentence == "Declared since the start and not in force: signing_key."

    key.write_text("a" * 40)
    await eventually(lambda: kinds_of(keyed) == [])


@pytest.mark.parametrize("folder", [True, False])
async def test_a_key_that_processes_share_by_a_file_is_held_against_the_start(
    tmp_path: Path, folder: bool
) -> None:
    site = make_site(tmp_path, "bus: nats://127.0.0.1:4222\n")
    loaded = read_declaration(site, ()).loaded
    key = tmp_path / KEY_FILE
    signing_key(loaded, SecretVault({}))
    started_with = StartedSecrets(loaded, ResolvedSecrets())
    assert started_with.changed(loaded, ResolvedSecrets()) == []
    assert key in secret_files(loaded)

    if folder:
        shutil.rmtree(key.parent)
    else:
        key.write_bytes(b"x" * 32)

    assert started_with.changed(loaded, ResolvedSecrets()) == ["signing_key"]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)
