"""Tenant files: alone, together, and against their platform."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from colonnade.secrets import SecretReference
from colonnade_runtime.declaration import DeclarationError, Platform, domain_conflicts, load_tenant
from tests.runtime.declaration.site import PLATFORM, TENANT, Site

MINIMAL = Platform.model_validate(
    {"version": 1, "environment": "development", "services": {"course": {}}}
)


class Limits(BaseModel):
    courses: int = 5


FULL = """\
version: 1
id: acme
name: Acme Academy
status: suspended
domains: [academy.example, www.academy.example]
owner:
  email: owner@acme.example
  password: {secret: env:COLONNADE_OWNER_PASSWORD}
plan: gold
branding: {title: The Academy, primary_color: "#0b5fff", logo: /logo.svg}
locale: de-AT
timezone: Europe/Vienna
currency: EUR
services:
  course: {config: {courses: 3}}
  content: {enabled: false}
policy: {deny: [{action: course.publish, roles: [instructor]}]}
"""


def test_every_key_of_a_tenant_is_read(site: Site) -> None:
    site.write(FULL, "tenants/acme.yaml")
    tenant = site.load(tenant_config_models={"course": Limits}).tenants["acme"]
    assert not tenant.is_active
    assert tenant.domains == ("academy.example", "www.academy.example")
    assert tenant.owner.password == SecretReference("env", "COLONNADE_OWNER_PASSWORD")
    assert tenant.branding.primary_color == "#0b5fff"
    assert tenant.config_of("course") == Limits(courses=3)
    assert not tenant.has_service("content")
    assert tenant.has_service("user")
    assert tenant.policy == {"deny": [{"action": "course.publish", "roles": ["instructor"]}]}


def test_what_a_tenant_does_not_say_has_a_default(site: Site) -> None:
    site.tenant("acme")
    tenant = site.load(tenant_config_models={"course": Limits}).tenants["acme"]
    assert (tenant.status, tenant.plan, tenant.locale, tenant.timezone) == (
        "active",
        "standard",
        "en",
        "UTC",
    )
    assert tenant.config_of("course") == Limits()
    assert tenant.config_of("user") is None


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("ownr: x", "6:1: ownr: unknown key (did you mean 'owner'?)"),
        ("status: activ", "6:9: status: must be 'active' or 'suspended' (did you mean 'active'?)"),
        ("status: on", "6:9: status: must be 'active' or 'suspended'"),
        ("domains: a.example", "6:10: domains: must be a list, not text"),
        ("domains: [A.example]", "6:11: domains[0]: is not a host name"),
        ("domains: ['a.example:80']", "domains[0]: is not a host name"),
        ("domains: [a.localhost]", "domains[0]: names below 'localhost' are given to tenants"),
        ("domains: [localhost]", "domains[0]: names below 'localhost' are given to tenants"),
        ("domains: [a.example, a.example]", "domains[1]: 'a.example' is claimed at"),
        ("locale: german", "6:9: locale: is not a language tag"),
        ("locale: no", None),
        ("locale: de_AT", "locale: is not a language tag"),
        ("timezone: Europe/Berlln", "timezone: is not the name of a time zone; did you mean"),
        ("timezone: Europe", "timezone: is not the name of a time zone"),
        ("timezone: ../../etc/passwd", "timezone: is not the name of a time zone"),
        ("timezone: 2", "timezone: must be text, not a number"),
        ("plan: Gold Plan", "plan: must match"),
        ("branding: {primary_color: blue}", "branding.primary_color: must match"),
        ("branding: {logo: 'javascript:alert(1)'}", "branding.logo: must match"),
        ("branding: {primary_colour: '#fff'}", "(did you mean 'primary_color'?)"),
        ("branding: {support_email: nobody}", "branding.support_email: is not a valid email"),
        ("services: {corse: {}}", "6:12: services.corse: is not an enabled service of this platform"
         " (did you mean 'course'?)"),
        ("services: {course: {enable: false}}", "(did you mean 'enabled'?)"),
        ("services: {course: {config: {a: 1}}}", "service 'course' takes no configuration"),
        ("policy: [1]", "policy: must be a mapping of keys to values, not a list"),
        ("policy: {x: .inf}", "policy.x: must be a finite number"),
        ("name: again", "6:1: the key 'name' is there already, on line 3"),
        ("plan: ${PLAN}", "6:7: plan: the environment variable PLAN is not set"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_at_its_place(site: Site, extra: str, sentence: str | None) -> None:
    site.tenant("acme", extra + "\n")
    found = site.sentences()
    if sentence is None:
        assert found == []
    else:
        assert any(f"tenants/acme.yaml:{sentence}" in line or sentence in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("currency: EUR", "", "1:1: currency: is missing; it has no default"),
        ("currency: EUR", "currency: EURO", "currency: is not the code of a currency (ISO 4217)"),
        ("currency: EUR", "currency: eur", "did you mean EUR?"),
        ("owner: {email: owner@acme.example}", "", "owner: is missing"),
        ("owner: {email: owner@acme.example}", "owner:", "owner.email: is missing"),
        ("owner@acme.example", "nobody", "owner.email: is not a valid email address"),
        ("example}", "example, password: hunter2}", "owner.password: is a secret and must not"),
        ("example}", "example, password: {secrt: 'env:X'}}", "owner.password: is a secret"),
        ("example}", "example, password: {secret: X}}", "is not a place where a secret can be"),
        ("id: acme", "id: acne", "2:5: id: must be 'acme', as the file is called"),
        ("id: acme", "id: A", "2:5: id: must match"),
        ("name: acme", "name: ''", "name: must have at least 1 characters"),
        ("name: acme", "name: ' '", "name: has nothing in it that can be seen"),
        ("name: acme", "name: 7", "name: must be text, not a number (put it in quotes)"),
        ("version: 1", "version: 2", "version: must be 1"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_required_key_is_a_sentence(
    site: Site, old: str, new: str, sentence: str
) -> None:
    text = TENANT.format(id="acme")
    assert old in text
    site.write(text.replace(old, new), "tenants/acme.yaml")
    found = site.sentences()
    assert any(sentence in line for line in found), found
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize("name", ["ab", "Acme", "1st", "a_b", "acme-", "a" * 41, "a.b"])
def test_a_file_name_that_is_no_tenant_id_is_refused(site: Site, name: str) -> None:
    site.write(TENANT.format(id="acme"), f"tenants/{name}.yaml")
    assert any("the file must be called as its tenant" in line for line in site.sentences())


def test_a_domain_that_two_tenants_claim_is_named_at_both_places(site: Site) -> None:
    site.tenant("acme", "domains: [x.example]\n")
    site.tenant("globex", "domains:\n  - y.example\n  - x.example\n")
    assert site.sentences() == [
        "tenants/acme.yaml:6:11: domains[0]: 'x.example' is claimed at tenants/globex.yaml:8:5 too",
        "tenants/globex.yaml:8:5: domains[1]: 'x.example' is claimed at tenants/acme.yaml:6:11 too",
    ]


def test_a_file_that_ends_in_yml_is_not_passed_over_in_silence(site: Site) -> None:
    site.write("", "tenants/acme.yml")
    assert site.sentences() == [
        "tenants/acme.yml: must end in .yaml to be read; rename it to acme.yaml"
    ]


def test_hidden_files_and_copies_of_editors_are_passed_over(site: Site) -> None:
    site.write("{", "tenants/.acme.yaml")
    site.write("{", "tenants/acme.yaml~")
    site.write("{", "tenants/README.md")
    site.write("{", "tenants/~$acme.yaml")
    site.write("{", "tenants/#acme.yaml#")
    (site.root / "tenants" / ".#acme.yaml").symlink_to("ada@laptop.4711:1790000000")
    assert site.load().tenants == {}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_ends_of_lines_say_nothing(site: Site, mark: str, end: str) -> None:
    path = site.tenant("acme")
    path.write_bytes((mark + path.read_text().replace("\n", end)).encode())
    assert list(site.load().tenants) == ["acme"]


def test_a_folder_that_is_called_like_a_tenant_is_refused(site: Site) -> None:
    (site.root / "tenants/acme.yaml").mkdir()
    assert site.sentences() == ["tenants/acme.yaml: is not a file"]


def test_one_tenant_loads_alone_for_a_reload(site: Site) -> None:
    path = site.tenant("acme")
    platform = site.load().platform
    assert load_tenant(path, platform=platform, environ={}).id == "acme"


def test_a_broken_tenant_raises_every_problem_alone_too(site: Site) -> None:
    path = site.tenant("acme", "locale: german\nstatus: x\n")
    platform = load_platform_without_tenants(site)
    with pytest.raises(DeclarationError) as caught:
        load_tenant(path, platform=platform, environ={})
    assert len(caught.value.problems) == 2


def load_platform_without_tenants(site: Site) -> Platform:
    (site.root / "none").mkdir()
    return site.load(settings=["tenants.folder=none"]).platform


def test_a_reloaded_tenant_is_checked_against_the_others(site: Site) -> None:
    site.tenant("acme", "domains: [x.example]\n")
    tenants = dict(site.load().tenants)
    path = site.tenant("globex", "domains: [x.example]\n")
    tenants["globex"] = load_tenant(path, platform=load_platform_without_tenants(site), environ={})
    assert len(list(domain_conflicts(tenants.values()))) == 2


def test_production_wants_the_password_of_the_owner(site: Site) -> None:
    platform = PLATFORM.replace("development", "production")
    site.write(
        platform + "stores: {default: 'sqlite:x'}\nbus: 'memory:'\n"
        "gateway: {host: 0.0.0.0, domain: learn.example, health: {port: 0}}\n"
    )
    site.tenant("acme")
    assert site.sentences() == [
        "tenants/acme.yaml:4:1: owner.password: production must say it;"
        " write {secret: env:NAME} or {secret: file:/path}"
    ]


@given(st.binary(max_size=200))
def test_no_bytes_in_a_tenant_file_make_it_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "acme.yaml"
    path.write_bytes(data)
    with pytest.raises(DeclarationError):
        load_tenant(path, platform=MINIMAL, environ={})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab:${}-", max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [*"ab", "services", "owner", "email", "config", "course", "secret"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(
        ["version", "id", "domains", "owner", "branding", "services", "policy", "plan", "locale"]
    ),
)
def test_no_value_of_any_key_makes_it_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, value: object, key: str
) -> None:

    path = tmp_path_factory.getbasetemp() / "acme.yaml"
    data = {**yaml.safe_load(TENANT.format(id="acme")), key: value}
    path.write_text(yaml.safe_dump(data))
    try:
        load_tenant(path, platform=MINIMAL, environ={})
    except DeclarationError as error:
        assert error.problems
