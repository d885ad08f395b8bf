"""Which plugins a platform loads, in which order, and what is said of those that cannot be."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from colonnade.hookspecs import hookimpl, hookspec
from colonnade.services import PluginInfo, Schedule
from colonnade_runtime.declaration import PlatformOutline, ServiceOutline
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import PluginError


class Options(BaseModel):
    size: int = 1


def plugin(
    name: str,
    *,
    service: str | None = "same",
    requires: tuple[str, ...] = (),
    implements: tuple[str, ...] = (),
    **hooks: Any,
) -> ModuleType:
    module = ModuleType(f"example_{name}")
    provided = name if service == "same" else service

    def plugin_info() -> PluginInfo:
        return PluginInfo(name, "2.1", provided, requires, implements)

    module.plugin_info = hookimpl(plugin_info)  # type: ignore[attr-defined]
    for hook, implementation in hooks.items():
        implementation.__name__ = hook
        setattr(module, hook, hookimpl(implementation))
    return module


def outline(*services: str, extensions: tuple[str, ...] = ()) -> PlatformOutline:
    wanted = tuple(ServiceOutline(name, name, True) for name in services)
    return PlatformOutline(Path(), "development", wanted, extensions, "localhost", "t", "p")


def problems(wanted: PlatformOutline, *extra: ModuleType) -> tuple[str, ...]:
    with pytest.raises(PluginError) as caught:
        discover_plugins(wanted, extra=extra)
    return caught.value.problems


def test_services_start_after_those_they_require() -> None:
    modules = [plugin("alpha", requires=("beta",)), plugin("beta"), plugin("gamma")]
    found = discover_plugins(outline("alpha", "beta", "gamma"), extra=modules)
    assert found.start_order.index("beta") < found.start_order.index("alpha")
    assert [each.name for each in found.every()] == list(found.start_order)


def test_a_plugin_that_is_not_enabled_is_not_loaded() -> None:
    found = discover_plugins(outline("alpha"), extra=[plugin("alpha"), plugin("beta")])
    assert list(found.services) == ["alpha"]


def test_another_plugin_may_be_named_as_the_provider_of_a_service() -> None:
    wanted = PlatformOutline(
        Path(), "development", (ServiceOutline("course", "my-course", True),), (), "x", "t", "p"
    )
    found = discover_plugins(wanted, extra=[plugin("my-course", service="course")])
    assert found.services["course"].info.name == "my-course"


def test_a_call_asks_one_plugin_alone() -> None:
    modules = [plugin("alpha", policies=lambda: {"a.rego": ""}), plugin("beta")]
    found = discover_plugins(outline("alpha", "beta"), extra=modules)
    assert found.services["alpha"].policies == {"a.rego": ""}
    assert found.services["beta"].policies == {}


def test_a_plugin_is_asked_once_and_when_it_is_needed() -> None:
    asked: list[str] = []

    def schedules() -> list[Schedule]:
        asked.append("schedules")
        return [Schedule("sweep", 60.0, "sweep")]

    found = discover_plugins(outline("alpha"), extra=[plugin("alpha", schedules=schedules)])
    assert asked == []
    assert found.services["alpha"].schedules == found.services["alpha"].schedules
    assert [each.name for each in found.services["alpha"].schedules] == ["sweep"]
    assert asked == ["schedules"]


def test_a_plugin_that_says_nothing_has_nothing() -> None:
    found = discover_plugins(outline("alpha"), extra=[plugin("alpha")]).services["alpha"]
    assert found.operations == found.events == found.http_routes == ()
    assert found.stores is None
    assert found.can_reload(Options(), Options()) is None


def test_policies_are_read_anew_each_time() -> None:
    """Whoever writes a plugin edits them while the platform runs."""
    versions = iter(["one", "two"])
    module = plugin("alpha", policies=lambda: {"a.rego": next(versions)})
    found = discover_plugins(outline("alpha"), extra=[module]).services["alpha"]
    assert [found.policies["a.rego"], found.policies["a.rego"]] == ["one", "two"]


def test_a_plugin_that_breaks_while_it_answers_is_named() -> None:
    def operations() -> list[Any]:
        raise ZeroDivisionError("by nothing")

    found = discover_plugins(outline("alpha"), extra=[plugin("alpha", operations=operations)])
    with pytest.raises(PluginError, match="its hook operations raised ZeroDivisionError"):
        _ = found.services["alpha"].operations


def test_a_hook_that_nobody_specifies_cannot_be_called() -> None:
    found = discover_plugins(outline("alpha"), extra=[plugin("alpha")])
    with pytest.raises(LookupError, match="no hook 'sing'"):
        found.services["alpha"].call("sing")


def test_config_models_come_by_service_and_by_extension() -> None:
    modules = [
        plugin("alpha", config_model=lambda: Options, tenant_config_model=lambda: Options),
        plugin("addition", service=None, config_model=lambda: Options),
    ]
    found = discover_plugins(outline("alpha", extensions=("addition",)), extra=modules)
    assert found.config_models() == {"alpha": Options}
    assert found.tenant_config_models() == {"alpha": Options}
    assert found.extension_config_models() == {"addition": Options}


def test_an_extension_implements_a_hook_that_a_service_owns() -> None:
    class Hooks:
        @hookspec
        def greet(self) -> str:  # type: ignore[empty-body]
            """Say something."""

    modules = [
        plugin("alpha", add_hookspecs=lambda: [Hooks]),
        plugin("addition", service=None, implements=("alpha",), greet=lambda: "hello"),
    ]
    found = discover_plugins(outline("alpha", extensions=("addition",)), extra=modules)
    assert found.extensions["addition"].call("greet") == "hello"


def test_a_circle_of_requirements_is_named() -> None:
    modules = [plugin("alpha", requires=("beta",)), plugin("beta", requires=("alpha",))]
    [problem] = problems(outline("alpha", "beta"), *modules)
    assert "in a circle: " in problem


def test_a_required_service_that_is_not_enabled_is_named() -> None:
    [problem] = problems(outline("alpha"), plugin("alpha", requires=("beta",)))
    assert "(example_alpha 2.1) requires the service 'beta'" in problem


def test_an_unknown_hook_is_named_with_the_one_it_resembles() -> None:
    [problem] = problems(outline("alpha"), plugin("alpha", operation=lambda: ()))
    assert "implements 'operation'" in problem
    assert "did you mean 'operations'?" in problem


def test_a_hook_with_an_argument_that_does_not_exist_is_refused_by_name() -> None:
    [problem] = problems(outline("alpha"), plugin("alpha", operations=lambda nonsense: []))
    assert "(example_alpha 2.1) is broken" in problem
    assert "nonsense" in problem


def test_a_hook_that_raises_is_a_problem_of_its_plugin() -> None:
    def config_model() -> type[BaseModel]:
        raise ImportError("no module named lost")

    [problem] = problems(outline("alpha"), plugin("alpha", config_model=config_model))
    assert "(example_alpha 2.1) is broken: ImportError: no module named lost." in problem


def test_a_plugin_that_exits_is_named_and_ends_nothing() -> None:
    def config_model() -> type[BaseModel]:
        raise SystemExit(3)

    [problem] = problems(outline("alpha"), plugin("alpha", config_model=config_model))
    assert "(example_alpha 2.1) is broken: SystemExit: 3." in problem


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        outline("alpha", "absent", extensions=("beta",)),
        plugin("alpha", requires=("gamma",)),
        plugin("beta"),
    )
    assert len(found) == 3


def test_two_providers_of_one_plugin_are_both_named() -> None:
    second = plugin("alpha")
    second.__name__ = "rival_alpha"
    [problem] = problems(outline("alpha"), plugin("alpha"), second)
    assert "example_alpha 2.1 and rival_alpha 2.1" in problem


def write_distribution(folder: Path, entry: str) -> None:
    information = folder / "example_kit-3.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: example-kit\nVersion: 3.2\n"
    )
    (information / "entry_points.txt").write_text(f"[colonnade.plugins]\n{entry}\n")


def test_an_installed_plugin_that_cannot_be_imported_names_its_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_distribution(tmp_path, "lost = example_lost.plugin")
    monkeypatch.syspath_prepend(str(tmp_path))
    [problem] = problems(outline("lost"))
    assert "plugin 'lost' (example-kit 3.2) is broken: ModuleNotFoundError" in problem


def test_a_broken_plugin_that_is_not_enabled_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_distribution(tmp_path, "lost = example_lost.plugin")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(discover_plugins(outline("alpha"), extra=[plugin("alpha")]).services) == ["alpha"]
