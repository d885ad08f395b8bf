"""What `run` refuses, `check` refuses with the same words: the real command on real files."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forked_commands import run_command

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: , payment: , notification: }
gateway: {host: 127.0.0.1, port: 0}
"""
TENANT = """\
version: 1
id: acme
name: Acme
owner: {email: owner@acme.example}
currency: EUR
"""
PRODUCTION = """\
version: 1
environment: production
services:
  user:
  course:
  content:
  payment: {config: {provider: sandbox}}
  notification:
    config:
      public_url: https://academy.example
      mail: {url: "smtps://mail.example:465", sender: a@academy.example}
gateway: {host: 127.0.0.1, port: 0, domain: academy.example, health: {port: 0}}
stores: {default: {sql: "sqlite:var/data", blobs: "file:var/blobs"}}
bus: "memory:"
"""
OWNER = TENANT.replace(
    "owner@acme.example", "owner@acme.example, password: {secret: env:OWNER_SECRET}"
)
Spoil = Callable[[Path], object]
COURSE_POLICIES = ROOT / "plugins" / "colonnade_course" / "policies"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    # Without its tests, which take longer than all else.
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    (tmp_path / "tenants").mkdir()
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "tenants" / "acme.yaml").write_text(TENANT)
    return tmp_path


def colonnade(site: Path, *words: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "OWNER_SECRET": "a long password"}
    return run_command(*words, cwd=site, env=environment, timeout=seconds)


def platform(text: str) -> Spoil:
    return lambda site: (site / "platform.yaml").write_text(text)


def secret_file(make: Spoil) -> Spoil:
    """A file with the owner's password, in development, that holds no password."""

    def spoil(site: Path) -> None:
        file = site / "secret"
        make(file)
        owner = OWNER.replace("env:OWNER_SECRET", f"file:{file}")
        (site / "tenants" / "acme.yaml").write_text(owner)

    return spoil


def production(before: str = "", after: str = "", *, owner: str = OWNER) -> Spoil:
    def spoil(site: Path) -> None:
        assert before in PRODUCTION
        (site / "platform.yaml").write_text(PRODUCTION.replace(before, after, 1))
        (site / "tenants" / "acme.yaml").write_text(owner)

    return spoil


def tenant(more: str) -> Spoil:
    return lambda site: (site / "tenants" / "acme.yaml").write_text(TENANT + more)


def policy(name: str, before: str, after: str) -> Spoil:
    """A file of the course service's policies that the operator has changed."""

    def spoil(site: Path) -> None:
        text = (COURSE_POLICIES / name).read_text()
        assert before in text
        (site / "policies" / name).write_text(text.replace(before, after, 1))

    return spoil


def more_platform(text: str) -> Spoil:
    return platform(PLATFORM + text)


REFUSALS: dict[str, tuple[Spoil, str]] = {
    "a place in an address that nothing fills": (
        production("https://academy.example", "https://{tenat}.academy.example"),
        r"^platform\.yaml:\d+:\d+: services\.notification\.config\.public_url: has \{tenat\}, "
        r"which nothing fills; did you mean \{tenant\}\?",
    ),
    "a payment provider that there is not": (
        production("provider: sandbox", "provider: strype"),
        r"^platform\.yaml:\d+:\d+: services\.payment\.config\.provider: no enabled plugin brings"
        r" 'strype' \(did you mean 'stripe'\?\); enable a plugin .*`plugins: \[stripe\]`",
    ),
    "a key that there is not": (more_platform("loging: {}\n"), r"^platform\.yaml:5:1: loging: unk"),
    "YAML that is none": (more_platform("  x: 1\n"), r"^platform\.yaml:5:"),
    "a plugin that is not installed": (
        platform(PLATFORM.replace("payment", "paymet")),
        r"'paymet', and no such plugin is installed.*'payment'",
    ),
    "a service that another requires": (
        platform(PLATFORM.replace("user: , ", "")),
        r"requires the service 'user'",
    ),
    "a scheme without an adapter": (
        more_platform('bus: "carrier:"\n'),
        r"^platform\.yaml:5:6: bus",
    ),
    "an address that an adapter refuses": (
        more_platform('stores: {default: {sql: "sqlite://data"}}\n'),
        r"^platform\.yaml:5:\d+: stores\.default\.sql: .*names no folder",
    ),
    "a file that is no tenant's": (
        tenant("plann: x\n"),
        r"^tenants/acme\.yaml:6:1: plann: unknown",
    ),
    "a deny of what does not exist": (
        tenant("policy: {deny: [{action: course.raed}]}\n"),
        r"^tenants/acme\.yaml:6:26: policy\.deny\[0\]\.action: .*'course\.read'",
    ),
    "a policy that names what does not exist": (
        policy("course.rego", '"instructor" in', '"instuctor" in'),
        r"^policies/course\.rego:\d+:\d+: there is no role 'instuctor' \(did you mean 'instructor'",
    ),
    "a policy of another package than its name": (
        lambda site: (site / "policies" / "payment.rego").write_text(
            "package colonnade.services.house\n"
        ),
        r"^policies/payment\.rego:1:9: must begin with 'package colonnade\.services\.payment'",
    ),
    "a policy that is no Rego": (
        policy("course.rego", '"course.create"', '"course.create'),
        r"^policies/course\.rego:\d+:\d+: this text is not closed",
    ),
    "two policies of one package": (
        lambda site: [
            (site / "policies" / name).write_bytes((COURSE_POLICIES / "course.rego").read_bytes())
            for name in ("course.rego", "course-before.rego")
        ],
        r"^policies/course-before\.rego:1:1: 'package colonnade\.services\.course' is that of "
        r"policies/course\.rego, which would count beside this file",
    ),
    "a policy that is no text": (
        lambda site: (site / "policies" / "course.rego").write_bytes(b"# 1\n# \xe9\n"),
        r"^policies/course\.rego:2:3: byte 0xe9 is not UTF-8 text; save the file as UTF-8\.$",
    ),
    "a policy that is a link to nowhere": (
        lambda site: (site / "policies" / "course.rego").symlink_to("nowhere"),
        r"^policies/course\.rego: cannot be read: no such file or directory\.$",
    ),
    "a secret that production demands": (
        production(owner=OWNER.replace("OWNER_SECRET", "NOWHERE")),
        r"^tenants/acme\.yaml:4:\d+: owner\.password: the environment variable NOWHERE is not set",
    ),
    "a secret file that is a folder": (
        secret_file(lambda file: file.mkdir()),
        r"^tenants/acme\.yaml:4:\d+: owner\.password: the secret file \S+ cannot be read: it is a",
    ),
    "a secret file that is too large": (
        secret_file(lambda file: file.write_text("\u00fc" * 70_000)),
        r"^tenants/acme\.yaml:4:\d+: owner\.password: the secret file \S+ is larger than",
    ),
    "a quote in a tenant's file that is not closed": (
        lambda site: (site / "tenants" / "acme.yaml").write_text(TENANT.replace("Acme", "'Acme")),
        r"^tenants/acme\.yaml:3:7: the quote that opens here is not closed",
    ),
    "quotes of a word processor": (
        platform(PLATFORM.replace("127.0.0.1", "\u201c127.0.0.1\u201d")),
        r"^platform\.yaml:4:17: the typographic quote \u201c is text to YAML",
    ),
    "a password that production must say": (
        production(owner=TENANT),
        r"owner\.password: production",
    ),
    "a payment provider that production must say": (
        production("payment: {config: {provider: sandbox}}", "payment:"),
        r"^platform\.yaml:\d+:\d+: services\.payment\.config\.provider: say who takes the money"
        r" in production; enable a plugin that brings a provider, such as `plugins: \[stripe\]`\.",
    ),
    "mail that production must say": (
        production('url: "smtps://mail.example:465", ', ""),
        r"^platform\.yaml:\d+:\d+: .*declare services\.notification\.config\.mail\.url",
    ),
    "credentials that would travel in the clear": (
        production("smtps://mail.example:465", 'smtp://mail.example:25", username: "x'),
        r"^platform\.yaml:\d+:\d+: services\.notification\.config\.mail: credentials",
    ),
    "where health is asked, in production": (
        production(", health: {port: 0}", ""),
        r"gateway\.health\.port: production must say",
    ),
    "a host that is not of this machine": (
        platform(PLATFORM.replace("127.0.0.1", "203.0.113.9")),
        r"^platform\.yaml:4:\d+: gateway\.host: 203\.0\.113\.9 is not an address of this machine",
    ),
    "a host of health that there is not": (
        platform(PLATFORM.replace("port: 0", "port: 0, health: {host: nosuch.invalid, port: 0}")),
        r"^platform\.yaml:4:\d+: gateway\.health\.host: nosuch\.invalid is not an address of this",
    ),
    "a signing key that is too short": (
        production('bus: "memory:"', 'bus: "memory:"\nsigning_key: {secret: env:OWNER_SECRET}'),
        r"^platform\.yaml:\d+:\d+: signing_key: has 15 characters and needs 32",
    ),
    "a folder in place of which there is a file": (
        lambda site: (site / "var").write_text(""),
        r"var/data cannot be written",
    ),
    "a folder of the kernel": (
        more_platform('stores: {default: {sql: "sqlite:/proc/nope"}}\n'),
        r"/proc/nope cannot be written",
    ),
    "a folder for the socket with too long a path": (
        lambda site: None,
        r"has a path of more than \d+ bytes",
    ),
}
RUN_SAYS_OTHERWISE = {"a folder in place of which there is a file", "a folder of the kernel"}
"""The place is the same, and `run` meets the socket's folder in it first, or has its own words."""


def documented() -> list[re.Pattern[str]]:
    """The sentences of which the operators' page says what to do."""
    page = (ROOT / "docs" / "operators" / "refusals.md").read_text()
    cells = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    texts = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    return [re.compile(".+".join(map(re.escape, text.split("\u2026")))) for text in texts]


@contextmanager
def spoilt(site: Path, case: str) -> Iterator[Path]:
    spoil, _ = REFUSALS[case]
    spoil(site)
    if "too long a path" in case:
        deep = site / ("d" * 100)
        deep.mkdir()
        for entry in [each for each in site.iterdir() if each != deep]:
            entry.rename(deep / entry.name)
        # From elsewhere, so that no relative path is shorter.
        yield deep
        return
    yield site


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_check_refuses_what_run_refuses(site: Path, case: str) -> None:
    with spoilt(site, case) as folder:
        words = ["--platform", str(folder / "platform.yaml")] if folder != site else []
        where = Path("/") if folder != site else folder
        run, check = (colonnade(where, *words, name) for name in ("run", "check"))
    pattern = REFUSALS[case][1]
    assert (run.returncode, check.returncode) == (1, 1), (run.stderr, check.stderr)
    assert re.search(pattern, check.stderr, re.MULTILINE), check.stderr
    assert "Traceback" not in check.stderr
    assert any(sentence.search(check.stderr) for sentence in documented()), check.stderr
    if case not in RUN_SAYS_OTHERWISE:
        bare = re.compile(r"^\S+:\d+:\d+: ")
        told = {bare.sub("", line) for line in check.stderr.splitlines()}
        said = [bare.sub("", line) for line in run.stderr.splitlines() if line[:1] != "{"]
        assert [line for line in said if line and line not in told] == [], (told, said)


def test_proxies_that_may_be_anybody_are_a_warning(site: Path) -> None:
    more = PLATFORM.replace("port: 0", "port: 0, trusted_proxies: [10.0.0.0/8, 0.0.0.0/0]")
    (site / "platform.yaml").write_text(more)
    check = colonnade(site, "check")
    assert check.returncode == 0, check.stderr
    pattern = r"^warning: platform\.yaml:4:\d+: gateway\.trusted_proxies\[1\]: 0\.0\.0\.0/0 holds"
    assert re.search(pattern, check.stderr, re.MULTILINE), check.stderr


def test_a_port_that_is_taken_is_refused_at_its_key(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (site / "platform.yaml").write_text(PLATFORM.replace("port: 0", f"port: {port}"))
        run, check = (colonnade(site, name) for name in ("run", "check"))
    assert (run.returncode, check.returncode) == (1, 1)
    assert f"127.0.0.1:{port}" in run.stderr
    place = rf"^platform\.yaml:4:\d+: gateway\.port: 127\.0\.0\.1:{port} cannot be listened on"
    assert re.search(place, check.stderr, re.MULTILINE), check.stderr


def test_everything_is_told_at_once_and_nothing_is_left_behind(site: Path) -> None:
    production("payment: {config: {provider: sandbox}}", "payment:")(site)
    path = site / "platform.yaml"
    path.write_text(path.read_text().replace('url: "smtps://mail.example:465", ', ""))
    policy("course_test.rego", "== set()", "== {1}")(site)
    before = sorted(site.rglob("*"))
    told = colonnade(site, "check").stderr
    for part in ("config.provider", "config.mail.url", "policies/course_test.rego:"):
        assert part in told
    assert sorted(site.rglob("*")) == before


def test_one_wrong_rule_is_told_once(site: Path) -> None:
    """It fails every action for everybody; a sentence for each would hide which rule it is."""
    names = ("course.read", "course.create", "lesson.read")
    actions = "\n".join(f'actions contains "{name}"' for name in names)
    rule = 'grants contains {"action": "course.read"} if true'
    house = f"package colonnade.services.house\n\nimport rego.v1\n\n{actions}\n\n{rule}\n"
    (site / "policies" / "house.rego").write_text(house)
    check = colonnade(site, "check")
    assert check.returncode == 1
    [told] = check.stderr.splitlines()
    assert re.search(r"'course\.create' cannot be decided for .* is not a list\.", told), told
    assert re.search(r"The same goes for \d+ more answers, to 3 actions in all\.$", told), told


def test_a_missing_secret_is_a_warning_in_development(site: Path) -> None:
    (site / "platform.yaml").write_text(
        PLATFORM.replace(
            "notification: }",
            'notification: {config: {mail: {url: "smtps://m.example", username: x,'
            " password: {secret: env:NOWHERE}}}}}",
        )
    )
    check = colonnade(site, "check")
    assert check.returncode == 0, check.stderr
    assert "warning: platform.yaml:3:" in check.stderr
    assert "NOWHERE" in check.stderr
