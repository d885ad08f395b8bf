"""Grants of other services' actions, through the real commands: shown, refused, confirmed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files
from tests.forked_commands import run_command

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: , grader: {plugin: acme-grader}}
gateway: {host: 127.0.0.1, port: 0}
"""
TENANT = """\
version: 1
id: acme
name: Acme
owner: {email: owner@acme.example}
currency: EUR
"""
TO_INSTRUCTORS = """
actions contains "course.update"

grants contains [] if {
	"instructor" in input.principal.roles
	input.action == "course.update"
}
"""
TO_STRANGERS = """
actions contains "enrollment.list"

grants contains [] if {
	input.tenant.plan == "gold"
	input.action == "enrollment.list"
}
""".replace("enrollment.list", "enrollment.read")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A platform with the plugin acme-grader, of which nothing is amiss yet."""
    names = PluginNames.of("acme-grader")
    for path, text in plugin_files(names).items():
        (tmp_path / "plugin" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plugin" / path).write_text(text)
    information = tmp_path / "plugin" / "acme_grader-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-grader\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[colonnade.plugins]\nacme-grader = acme_grader.plugin\n"
    )
    folder = tmp_path / "site"
    without = shutil.ignore_patterns("*_test.rego")
    shutil.copytree(ROOT / "policies", folder / "policies", ignore=without)
    (folder / "tenants").mkdir()
    (folder / "platform.yaml").write_text(PLATFORM)
    (folder / "tenants" / "acme.yaml").write_text(TENANT)
    return folder


def colonnade(site: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site.parent / "plugin")}
    return run_command(*words, cwd=site, env=environment)


def add(site: Path, rego: str) -> int:
    """Add rules to the plugin's policy; the line at which the first of them stands."""
    policy = site.parent / "plugin" / "acme_grader" / "policies" / "grader.rego"
    before = policy.read_text()
    policy.write_text(before + rego)
    return before.count("\n") + 2


def confirm(site: Path, text: str) -> None:
    (site / "policies" / "confirmed.yaml").write_text(f"version: 1\nplugins:\n{text}")


def test_a_grant_across_services_is_shown_refused_and_confirmed(site: Path) -> None:
    line = add(site, TO_INSTRUCTORS)
    place = f"grader.rego:{line}:18"
    shown = colonnade(site, "plan")
    assert f"{place}: course.update of course, by plugin acme-grader; NOT CONFIRMED" in shown.stdout
    checked, run = colonnade(site, "check"), colonnade(site, "run")
    sentence = (
        f"{place}: the plugin 'acme-grader' grants 'course.update' of the service 'course', which"
    )
    assert (checked.returncode, run.returncode) == (1, 1)
    assert checked.stderr.count("course.update' of the service") == 1
    assert sentence in checked.stderr
    assert sentence in run.stderr
    confirm(site, "  acme-grader: {grants: [course.update]}\n")
    checked = colonnade(site, "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    [grant] = json.loads(colonnade(site, "plan", "--format", "json").stdout)["policies"]["grants"][
        "of_other_services"
    ]
    assert grant == {
        "action": "course.update",
        "services": ["course"],
        "policy": "grader.rego",
        "place": place,
        "plugin": "acme-grader",
        "to_strangers": False,
        "confirmed": True,
    }


def test_what_strangers_get_is_confirmed_as_such(site: Path) -> None:
    """Also what they get only in academies of some plan."""
    add(site, TO_STRANGERS)
    confirm(site, "  acme-grader: {grants: [enrollment.read]}\n")
    checked = colonnade(site, "check")
    assert checked.returncode == 1
    assert "'enrollment.read' of the service 'course', to strangers too" in checked.stderr
    assert "'acme-grader: {strangers: [enrollment.read]}' below 'plugins:'" in checked.stderr
    shown = colonnade(site, "plan").stdout
    assert re.search(r"strangers may:\n(    .*\n)*    enrollment.read \(grader.rego\)", shown)
    confirm(site, "  acme-grader: {strangers: [enrollment.read]}\n")
    assert colonnade(site, "check").returncode == 0


def test_a_plugin_is_examined_against_what_the_operator_confirms(site: Path) -> None:
    add(site, TO_INSTRUCTORS)
    plugin = str(site.parent / "plugin")
    checked = colonnade(site, "check", "--plugin", plugin)
    assert checked.returncode == 1
    broken = [line for line in checked.stdout.splitlines() if line.startswith("problem ")]
    assert broken == [
        "problem Policies grant its own operations' actions; an operator has confirmed any other."
    ]
    confirm(site, "  acme-grader: {grants: [course.update]}\n")
    assert colonnade(site, "check", "--plugin", plugin).returncode == 0


def test_an_operators_own_copy_of_the_file_needs_no_confirmation(site: Path) -> None:
    add(site, TO_INSTRUCTORS)
    policy = site.parent / "plugin" / "acme_grader" / "policies" / "grader.rego"
    shutil.copy(policy, site / "policies")
    assert colonnade(site, "check").returncode == 0
    shown = colonnade(site, "plan").stdout
    assert "course.update of course, by the operator" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "  acme-grader: {grants: [course.updaet]}\n",
            "confirmed.yaml:3:26: plugins.acme-grader.grants[0]: there is no action "
            "'course.updaet' (did you mean 'course.update'?)",
        ),
        (
            "  acme-gradr: {}\n",
            "confirmed.yaml:3:3: plugins.acme-gradr: there is no plugin 'acme-gradr' (did you "
            "mean 'acme-grader'?)",
        ),
        (
            "  acme-grader: {grant: [course.update]}\n",
            "confirmed.yaml:3:17: plugins.acme-grader.grant: unknown key (did you mean 'grants'?)",
        ),
        ("  acme-grader: {grants: course.update}\n", "must be a list, not text"),
        ("  acme-grader: [\n", "bracket"),
    ],
)
def test_a_confirmation_with_a_slip_is_refused_at_its_place(
    site: Path, text: str, says: str
) -> None:
    confirm(site, text)
    checked = colonnade(site, "check")
    assert checked.returncode == 1
    assert says in checked.stderr
    assert len(checked.stderr.splitlines()) == 1


@pytest.mark.parametrize("package", ["colonnade.services.course", "colonnade"])
def test_rules_in_the_name_of_others_are_refused(site: Path, package: str) -> None:
    """A rule there counts as theirs: one that says who administrates would grant everything."""
    policy = site.parent / "plugin" / "acme_grader" / "policies" / "grader.rego"
    more = f'package {package}\n\nadministrates if input.principal.kind == "user"\n'
    plugin = site.parent / "plugin" / "acme_grader" / "plugin.py"
    policy.with_name("more.rego").write_text(more)
    text = plugin.read_text()
    files = '{"grader.rego": '
    assert files in text
    plugin.write_text(text.replace(files, f'{{"more.rego": {more!r}, "grader.rego": '))
    checked = colonnade(site, "check")
    assert checked.returncode == 1
    assert f"more.rego:1:1: the plugin 'acme-grader' must not speak in 'package {package}'" in (
        checked.stderr
    )


def test_an_operators_own_grant_across_services_is_shown(site: Path) -> None:
    (site / "policies" / "house.rego").write_text(
        "package colonnade.services.house\n" + TO_INSTRUCTORS
    )
    assert colonnade(site, "check").returncode == 0
    shown = colonnade(site, "plan").stdout
    assert "policies/house.rego:3:18: course.update of course, by the operator\n" in shown
