"""Mistakes in `platform.yaml`: each is one sentence at its line, and all come at once."""

import resource
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from colonnade.secrets import SecretReference
from colonnade_runtime.declaration import DeclarationError, load_platform
from tests.runtime.declaration.site import PLATFORM, Site


class CourseConfig(BaseModel):
    seats: Annotated[int, Field(ge=1)] = 10
    key: SecretReference | None = None
    limits: dict[str, "Limit"] = Field(default_factory=dict)


class Limit(BaseModel):
    maximum: int


class NeedsRegion(BaseModel):
    region: str


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("enviroment: x", "enviroment: unknown key (did you mean 'environment'?)"),
        ("zzz: 1", "7:1: zzz: unknown key"),
        ("gateway: {prot: 1}", "7:11: gateway.prot: unknown key (did you mean 'port'?)"),
        ("gateway: {port: '80'}", "gateway.port: must be a whole number, not text (remove"),
        ("gateway: {port: 080}", "7:17: gateway.port: must be a whole number, not text (remove"),
        ("gateway: {port: 8000.0}", "gateway.port: must be a whole number"),
        ("gateway: {port: true}", "gateway.port: must be a whole number, not true"),
        ("gateway: {port: -1}", "gateway.port: must be at least 0"),
        ("gateway: {port: 65536}", "gateway.port: must be at most 65535"),
        ("gateway: {docs: on}", "must be true or false, not text (yes, no, on and off are text"),
        ("gateway: {host: 127}", "gateway.host: must be text, not a number (put it in quotes)"),
        ("gateway: {host: [a]}", "gateway.host: must be text, not a list"),
        ("gateway: {domain: 'http://x.y'}", "gateway.domain: is not a host name"),
        ("gateway: {domain: Learn.Example}", "gateway.domain: is not a host name"),
        ("gateway: {max_body: 10}", "gateway.max_body: needs a unit, such as 10MiB"),
        ("gateway: {max_body: 10 MiB}", "gateway.max_body: is not a size"),
        ("gateway: {timeout: 0s}", "gateway.timeout: must be longer than nothing"),
        (
            "gateway: {trusted_proxies: [127.0.0.1/8]}",
            "7:29: gateway.trusted_proxies[0]: has bits set beyond its prefix; write 127.0.0.0/8",
        ),
        (
            "gateway: {trusted_proxies: ['2001:db8::1/32']}",
            "7:29: gateway.trusted_proxies[0]: has bits set beyond its prefix; write 2001:db8::/32",
        ),
        ("gateway: {trusted_proxies: [1]}", "7:29: gateway.trusted_proxies[0]: must be an address"),
        ("gateway: {trusted_proxies: [null]}", "trusted_proxies[0]: must be an address"),
        ("gateway: {trusted_proxies: [x]}", "7:29: gateway.trusted_proxies[0]: is not a valid IP"),
        ("gateway: [a]", "7:10: gateway: must be a mapping of keys to values, not a list"),
        ("logging: {level: warn}", "(did you mean 'warning'?)"),
        ("logging: {level: 3}", "logging.level: must be 'debug', 'info', 'warning' or 'error'"),
        ("shutdown: {total: 5}", "shutdown.total: needs a unit, such as 20s"),
        ("shutdown: {total: 5sec}", "shutdown.total: is not a duration such as"),
        (
            "gateway: {connections: {maximum: 100, per_address: 101}}",
            "gateway.connections.per_address: is more than 'gateway.connections.maximum', which is"
            " 100",
        ),
        ("supervision: {heartbeat: 400d}", "supervision.heartbeat: must be 1h or less"),
        ("supervision: {start: 5s}", "supervision.start: must be from 10s to 1h"),
        ("supervision: {start: 2h}", "supervision.start: must be from 10s to 1h"),
        ("shutdown: {total: 5s, drain: 6s}", "shutdown.drain: is longer than 'shutdown.total'"),
        ("bus: nats", "7:6: bus: is not a URL such as"),
        ("bus: 'nats://a b'", "bus: holds a space"),
        ("bus: nats://me:hunter2@h", "bus: holds a password; write {url: …"),
        ("bus: {url: 'nats://h', password: x}", "bus.password: is a secret and must not stand"),
        ("bus: {password: {secret: env:X}}", "bus.url: is missing; it has no default"),
        ("stores: {corse: 'sqlite:x'}", "stores.corse: is neither 'default' nor a service"),
        ("stores: {default: {sq: 'sqlite:x'}}", "stores.default.sq: unknown key (did you mean"),
        ("policy: {engine: opa}", "policy.engine: is not a URL"),
        ("policy: {folder: nowhere}", "policy.folder: there is no folder 'nowhere'"),
        ("tenants: {folder: nowhere}", "tenants.folder: there is no folder 'nowhere'"),
        ("plugins: [a, a]", "7:14: plugins[1]: is listed twice"),
        ("plugins: [1]", "plugins: must be a mapping"),
        ("plugins: {a: {config: {x: 1}}}", "plugins.a.config.x: plugin 'a' takes no configuration"),
        ("processes: {w: {}}", "processes.w.services: is missing"),
        ("processes: {w: {services: []}}", "processes.w.services: must have at least 1 items"),
        ("processes: {w: {services: [user, course]}}", "6:3: services.content: is in no process") ,
        ("processes: {gateway: {services: [user]}}", "7:22: processes.gateway: is the name of the"),
        ("processes: {main: {services: [user]}}", "hosts everything where none is declared"),
        ("processes: {administrator: {services: [user]}}", "the user who sets the bus up"),
        ("processes: {w: {services: [usr]}}", "'usr' is not an enabled service"),
        ("processes: {a: {services: [user]}, b: {services: [user]}}", "is in the process 'a'"),
        ("processes: {a: {services: [user], replicas: 0}}", "replicas: must be at least 1"),
        ("processes: {Über: {services: [user]}}", "processes.Über: is not a name"),
        ("processes: {a: {services: [user, course]}, b: {services: [content]}}", "bus: 'memory:'"),
        ("processes: {a: {services: [user, course, content], replicas: 2}}", "bus: 'memory:'"),
        ("processes: {a: {services: [user, course, content], gateway: {port: 8000}}}",
         "7:68: processes.a.gateway.port: 'a' would listen on 8000 as the gateway does"),
        ("processes: {a: {services: [user], replicas: 2, gateway: {port: 8001}},"
         " b: {services: [course, content], gateway: {port: 8002}}}",
         "processes.b.gateway.port: 'b' would listen on 8002 as 'a-2' does; say another"),
        ("logging: {level: '${GONE}'}", "7:19: logging.level: the environment variable GONE is"),
        ("logging: {level: '${GONE:?ask Ada}'}", "logging.level: the environment variable GONE"),
        ("logging: {level: ${GONE}}", "7:19: inside brackets, a value with ${…} needs quotes"),
        ("gateway: {host: a$b}", "7:18: gateway.host: '$' starts a variable; write '$$'"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence_at_its_place(site: Site, extra: str, sentence: str) -> None:
    site.write(PLATFORM + extra + "\n")
    found = site.sentences()
    assert any(sentence in line for line in found), found


def test_every_mistake_of_every_file_comes_at_once_in_reading_order(site: Site) -> None:
    site.write(PLATFORM + "gateway: {port: x}\nbuss: 1\nlogging: {level: loud}\n")
    site.tenant("acme", "plann: x\nlocale: german\n")
    site.tenant("globex", "\tbroken")
    found = site.sentences(settings=["x"])
    assert [line.split(": ")[0] for line in found] == [
        "--set #1",
        "platform.yaml:7:17",
        "platform.yaml:8:1",
        "platform.yaml:9:18",
        "tenants/acme.yaml:6:1",
        "tenants/acme.yaml:7:9",
        "tenants/globex.yaml:6:1",
    ]


def test_a_missing_key_stands_at_its_parent(site: Site) -> None:
    site.write("services:\n  user:\n")
    assert site.sentences() == [
        "platform.yaml:1:1: environment: is missing; it has no default",
        "platform.yaml:1:1: version: is missing; it has no default",
    ]


@pytest.mark.parametrize("version", ["2", "'1'", "1.0", "true", "null"])
def test_another_version_is_refused(site: Site, version: str) -> None:
    site.write(f"version: {version}\nenvironment: development\n")
    [found] = site.sentences()
    assert found.startswith("platform.yaml:1:10: version: must be ")


def test_a_platform_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"platform\.yaml: there is no such file; go to"):
        load_platform(tmp_path / "platform.yaml")


def test_a_problem_never_repeats_a_value_that_may_be_a_secret(site: Site) -> None:
    site.write(
        PLATFORM.replace("  course:", "  course: {config: {seats: hunter2, key: hunter2}}")
        + "bus: nats://me:hunter2@host\nstores: {default: {sql: {url: 's:x', password: hunter2}}}\n"
    )
    found = site.sentences(config_models={"course": CourseConfig})
    assert len(found) == 4
    assert "hunter2" not in "".join(found)


def test_config_is_read_with_the_model_of_the_plugin(site: Site) -> None:
    site.write(PLATFORM.replace("  course:", "  course: {config: {seats: 3}}"))
    assert site.load(config_models={"course": CourseConfig}).config_of("course") == CourseConfig(
        seats=3
    )


def test_config_that_is_absent_is_the_defaults_of_the_model(site: Site) -> None:
    assert site.load(config_models={"course": CourseConfig}).config_of("course") == CourseConfig()


def test_config_without_a_model_is_refused_key_by_key(site: Site) -> None:
    site.write(PLATFORM.replace("  course:", "  course: {config: {a: 1, b: 2}}"))
    assert site.sentences() == [
        "platform.yaml:5:21: services.course.config.a: service 'course' takes no configuration;"
        " remove the key",
        "platform.yaml:5:27: services.course.config.b: service 'course' takes no configuration;"
        " remove the key",
    ]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{seat: 3}", "5:21: services.course.config.seat: unknown key (did you mean 'seats'?)"),
        ("{seats: 0}", "5:28: services.course.config.seats: must be at least 1"),
        ("{seats: '3'}", "services.course.config.seats: must be a whole number, not text"),
        ("{key: text}", "services.course.config.key: is a secret and must not stand here"),
        ("{key: {secret: X}}", "services.course.config.key: is not a place where a secret can be"),
        ("{key: {secret: 'env:X', a: 1}}", "services.course.config.key: is a secret"),
        (
            "{limits: {a: {maximun: 1, maximum: 2}}}",
            "services.course.config.limits.a.maximun: unknown key (did you mean 'maximum'?)",
        ),
        ("{limits: {a: {}}}", "5:30: services.course.config.limits.a.maximum: is missing"),
        ("[1]", "services.course.config: must be a mapping of keys to values, not a list"),
    ],
)
def test_a_mistake_in_config_is_at_its_place(site: Site, config: str, sentence: str) -> None:
    site.write(PLATFORM.replace("  course:", f"  course: {{config: {config}}}"))
    found = site.sentences(config_models={"course": CourseConfig})
    assert any(sentence in line for line in found), found


def test_a_required_key_of_config_is_missing_at_its_service(site: Site) -> None:
    assert site.sentences(config_models={"course": NeedsRegion}) == [
        "platform.yaml:5:3: services.course.config.region: is missing; it has no default"
    ]


def test_a_disabled_service_needs_no_config(site: Site) -> None:
    site.write(PLATFORM.replace("  course:", "  course: {enabled: false}"))
    loaded = site.load(config_models={"course": NeedsRegion})
    assert loaded.platform.enabled_services == ("user", "content")
    assert loaded.config_of("course") is None


def test_production_must_say_what_matters(site: Site) -> None:
    site.write(PLATFORM.replace("development", "production"))
    site.tenant("acme")
    assert [line.split(": ")[1] for line in site.sentences()] == [
        "bus",
        "gateway.domain",
        "gateway.domain",
        "gateway.health.port",
        "gateway.host",
        "stores.default",
        "owner.password",
    ]


def test_production_may_not_leave_the_port_of_health_open(site: Site) -> None:
    site.write(
        PLATFORM.replace("development", "production")
        + "stores: {default: 'sqlite:x'}\nbus: 'memory:'\n"
        "gateway: {host: 0.0.0.0, domain: learn.example, health: {port: }}\n"
    )
    assert any("gateway.health.port" in line for line in site.sentences())


def test_health_takes_no_port_that_requests_have(site: Site) -> None:
    site.write(PLATFORM + "gateway: {port: 8000, health: {port: 8000}}\n")
    (line,) = site.sentences()
    assert "gateway.health.port: is where the gateway listens" in line


def test_more_connections_than_the_system_has_files_for_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 2_048))
    site.write(PLATFORM + "gateway: {connections: {maximum: 1500}}\n")
    (line,) = site.sentences()
    assert "gateway.connections.maximum: needs 2524 open files" in line
    site.write(PLATFORM + "gateway: {connections: {maximum: 1000}}\n")
    assert site.sentences() == []
