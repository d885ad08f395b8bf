"""Whose each policy file is, and how an operator takes over one of a plugin's."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colonnade_runtime.cli import main

ROOT = Path(__file__).parents[3]
PLATFORM = """\
version: 1
environment: development
services: {user: , course: , content: }
gateway: {port: 0}
"""
THEIRS = ROOT / "plugins" / "colonnade_course" / "policies"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    return tmp_path


def colonnade(site: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--platform", str(site / "platform.yaml"), *words])


def files_of(site: Path) -> list[str]:
    lines = colonnade(site, "plan").stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("policies: "))
    end = next(number for number, line in enumerate(lines) if line.startswith("  roles: "))
    return [line.strip().replace(f"{site}/", "") for line in lines[start + 1 : end]]


def test_a_copy_takes_the_place_of_the_plugins(site: Path) -> None:
    before = files_of(site)
    assert "course.rego, by plugin course" in before
    told = colonnade(site, "new", "policy", "course")
    assert told.exit_code == 0, told.stderr
    for name in ("course.rego", "course_test.rego"):
        assert (site / "policies" / name).read_bytes() == (THEIRS / name).read_bytes()
    assert "policies/course.rego, in place of the plugin course's, with the same text" in (
        files_of(site)
    )
    with (site / "policies" / "course.rego").open("a") as file:
        file.write("# ours\n")
    after = files_of(site)
    assert "policies/course.rego, in place of the plugin course's" in after
    assert len(after) == len(before)


def test_a_plan_for_programs_says_it_too(site: Path) -> None:
    assert colonnade(site, "new", "policy", "user.rego").exit_code == 0
    policies = json.loads(colonnade(site, "plan", "--format", "json").stdout)["policies"]
    own = str(site / "policies" / "user.rego")
    assert {"course.rego", own} <= set(policies["files"])
    brought = {each["file"]: each for each in policies["brought"]}
    assert brought["user.rego"] == {
        "file": "user.rego", "plugin": "user", "replaced_by": own, "differs": False,
    }  # fmt: skip
    assert brought["course.rego"]["replaced_by"] is None


def test_nothing_is_written_over(site: Path) -> None:
    (site / "policies" / "course_test.rego").write_text("mine\n")
    told = colonnade(site, "new", "policy", "course")
    assert told.exit_code == 1
    assert "course_test.rego is there already; remove it first" in told.stderr
    assert not (site / "policies" / "course.rego").exists()
    assert colonnade(site, "new", "policy", "course", "--into", f"{site}/new").exit_code == 0
    assert {path.name for path in (site / "new").iterdir()} == {"course.rego", "course_test.rego"}


def test_an_override_that_is_none_any_more_is_a_warning(site: Path) -> None:
    assert colonnade(site, "new", "policy", "course").exit_code == 0
    own = site / "policies" / "course.rego"
    own.rename(own.with_suffix(".rego.txt"))
    check = colonnade(site, "check")
    assert check.exit_code == 0, check.stderr
    place = f"warning: {site}/policies/course.rego.txt: does not count"
    assert place in check.stderr
    assert "course.rego of the plugin 'course' decides instead" in check.stderr
    assert f"warning: {site}/policies/course_test.rego: tests course.rego" in check.stderr
    assert f"  {place}" in colonnade(site, "plan").stdout
    plan = json.loads(colonnade(site, "plan", "--format", "json").stdout)
    assert len(plan["policies"]["without_effect"]) == 2


def test_a_link_to_nowhere_is_there_as_well(site: Path) -> None:
    (site / "policies" / "course.rego").symlink_to(site / "elsewhere")
    told = colonnade(site, "new", "policy", "course")
    assert told.exit_code == 1
    assert "course.rego is there already; remove it first" in told.stderr
    assert not (site / "elsewhere").exists()
    assert not (site / "policies" / "course_test.rego").exists()


@pytest.mark.parametrize("name", ["cours", "../course", "payment", "colonnade.rego"])
def test_a_file_that_no_enabled_plugin_brings_is_named(site: Path, name: str) -> None:
    told = colonnade(site, "new", "policy", name)
    assert told.exit_code == 1
    assert f"No enabled plugin brings a policy '{name.removesuffix('.rego')}.rego'" in told.stderr
    assert "content.rego, course.rego, user.rego" in told.stderr


def test_a_site_with_copies_of_every_file_is_valid(site: Path) -> None:
    """As `new site` wrote them before the plugins brought their own."""
    for package in sorted(ROOT.glob("plugins/*/policies")):
        for path in package.glob("*.rego"):
            if path.name != "user_test.rego":
                shutil.copy(path, site / "policies")
    told = colonnade(site, "check")
    assert (told.exit_code, told.stdout) == (0, f"{site}/platform.yaml is valid.\n")
    assert not [line for line in files_of(site) if "by plugin" in line]


def test_an_override_without_an_action_is_refused_at_its_place(site: Path) -> None:
    text = (THEIRS / "course.rego").read_text()
    (site / "policies" / "course.rego").write_text(text.replace('"course.create"', '"course.read"'))
    told = colonnade(site, "check")
    assert told.exit_code == 1
    place = f"{site}/policies/course.rego:2:1"
    assert f"{place}: no policy knows the action 'course.create' of service 'course'" in told.stderr


def test_a_new_site_says_which_policies_it_runs_with(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["new", "site", str(tmp_path / "academy")])
    assert told.exit_code == 0
    for line in ("policies/colonnade.rego\n", "  payment.rego, by plugin payment\n"):
        assert line in told.stdout
    assert f"{tmp_path}/academy/platform.yaml new policy course" in told.stdout
    policies = {path.name for path in (tmp_path / "academy" / "policies").iterdir()}
    assert policies == {"README.md", "colonnade.rego", "colonnade_test.rego"}
