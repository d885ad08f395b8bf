"""Slips in what a test gives a bench: each is refused with the form that is meant."""

from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from parcels import plugin
from parcels.api import FindRoute, GetParcel, Route, Unroutable

from colonnade.errors import ConfigurationError
from colonnade_course import plugin as course_plugin
from colonnade_runtime.testing import ServiceBench

HOUSE = "package colonnade.services.house\n"


class TestDeclaring:
    """What the bench is made of."""

    @pytest.mark.parametrize("given", ["parcels", "parcels.plugin", object])
    def test_a_plugin_is_a_module(self, given: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"takes the modules of plugins"):
            ServiceBench(given)

    @pytest.mark.parametrize("config", [{"days": 3}, ["days"], "days"])
    def test_configuration_is_given_by_service(self, config: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"give service → its keys"):
            ServiceBench(plugin, config=config)

    @pytest.mark.parametrize("tenants", ["acme", {"acme": "pro"}, 2])
    def test_tenants_are_names_or_keys_by_name(self, tenants: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"tenants (is|has) "):
            ServiceBench(plugin, tenants=tenants)

    @pytest.mark.parametrize(
        "name", ["house", "house_test.rego", "house.rego.txt", ".rego", ".house.rego", "a/b.rego"]
    )
    def test_a_policy_that_no_platform_would_read_is_refused(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match=rf"'{name}', which .* '?<name>\.rego"):
            ServiceBench(plugin, policies={name: HOUSE})

    def test_policies_are_files_or_a_path(self) -> None:
        policies: Any = "policies/"
        with pytest.raises(ConfigurationError, match=r"pathlib\.Path"):
            ServiceBench(plugin, policies=policies)


class TestPeople:
    """Who asks."""

    def test_roles_are_a_collection(self) -> None:
        with pytest.raises(ConfigurationError, match=r"roles is 'admin'; give a collection"):
            ServiceBench(plugin).person(roles="admin")

    def test_a_role_that_nobody_has_is_a_slip(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'lerner' \(did you mean 'learner'\?\)"):
            ServiceBench(course_plugin).person(roles={"lerner"})

    def test_where_no_plugin_gives_roles_any_will_do(self) -> None:
        assert ServiceBench(plugin).person(roles={"porter"}).roles == ("porter",)

    async def test_who_asks_is_a_principal(self) -> None:
        ada: Any = "ada"
        async with ServiceBench(plugin) as bench:
            with pytest.raises(ConfigurationError, match=r"as_ is 'ada'; .*bench\.person"):
                await bench.ask(GetParcel(parcel_id=uuid4()), as_=ada)
            with pytest.raises(ConfigurationError, match=r"as_ is 'ada'"):
                bench.client(ada)


class TestAsking:
    """What is asked, and what others answer."""

    async def test_an_operation_of_a_service_elsewhere_is_stubbed_or_its_plugin_given(self) -> None:
        async with ServiceBench(plugin) as bench:
            with pytest.raises(ConfigurationError, match=r"plugin.*bench\.stub\(FindRoute"):
                await bench.ask(FindRoute(address="Bath"))

    async def test_a_class_is_no_request(self) -> None:
        given: Any = GetParcel
        async with ServiceBench(plugin) as bench:
            with pytest.raises(ConfigurationError, match=r"GetParcel\(…\), and not its class"):
                await bench.ask(given)

    @pytest.mark.parametrize(
        ("answer", "form"),
        [
            (Unroutable, r"Unroutable\('…'\)"),
            (Route, r"example_of\(Route\)"),
            ("Bath", "give a message"),
        ],
    )
    def test_a_stub_answers_one_of_three(self, answer: Any, form: str) -> None:
        with pytest.raises(ConfigurationError, match=form):
            ServiceBench(plugin).stub(FindRoute, answer)

    async def test_a_change_that_needs_a_restart_for_want_of_a_hook_says_which(self) -> None:
        silent = ModuleType("silent_parcels")
        hooks = {name: hook for name, hook in vars(plugin).items() if name != "can_reload"}
        silent.__dict__.update(hooks)
        async with ServiceBench(silent) as bench:
            with pytest.raises(
                ConfigurationError, match=r"days\..*'parcels' has no hook can_reload"
            ):
                await bench.declare(config={"parcels": {"days": 1}})
