"""The command line on a small site, with a plugin that is really installed on the path."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from colonnade_runtime.cli import main
from colonnade_runtime.process.socket_file import claimed

Command = Callable[..., Result]

PLATFORM = """\
version: 1
environment: development
services:
  notebook:
gateway: {port: 0}
"""
TENANT = """\
version: 1
id: acme
name: Acme Academy
owner:
  email: owner@acme.example
  password: {secret: "env:NEVER_PRINTED"}
currency: EUR
"""
PLUGIN = """\
import click
from colonnade.hookspecs import hookimpl
from colonnade.http import get
from colonnade.messages import Empty, Request
from colonnade.operations import operation
from colonnade.services import PluginInfo

@operation("notebook", action="note.read")
class GetNote(Request[Empty]):
    '''Read a note.'''
    id: str

@hookimpl
def plugin_info():
    return PluginInfo("notebook", "1.0", "notebook")

@hookimpl
def operations():
    return [GetNote]

@hookimpl
def http_routes():
    return [get("/notes/{id:str}", GetNote)]

@click.command()
def jot():
    '''Write something down.'''
    click.echo("noted")

@click.group()
def new():
    '''Notes.'''

@new.command()
def note():
    '''A note.'''
    click.echo("a note")

@hookimpl
def cli_commands():
    return [jot, new]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    library = tmp_path / "library"
    information = library / "example_notebook-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: example-notebook\nVersion: 1.0\n"
    )
    (information / "entry_points.txt").write_text(
        "[colonnade.plugins]\nnotebook = example_notebook\n"
    )
    (library / "example_notebook.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(library))
    folder = tmp_path / "site"
    (folder / "tenants").mkdir(parents=True)
    (folder / "policies").mkdir()
    (folder / "platform.yaml").write_text(PLATFORM)
    (folder / "tenants" / "acme.yaml").write_text(TENANT)
    return folder


@pytest.fixture
def colonnade(site: Path) -> Command:
    def invoke(*arguments: str) -> Result:
        whole = ["--platform", str(site / "platform.yaml"), *arguments]
        return CliRunner().invoke(main, whole)

    return invoke


def test_help_lists_every_command_and_those_of_plugins(colonnade: Command) -> None:
    shown = colonnade("--help").stdout
    names = ["run", "check", "plan", "config", "schema", "graph", "new", "doctor", "jot"]
    assert [name for name in names if f"\n  {name}" not in shown] == []


def test_the_summary_of_no_command_is_cut_off(colonnade: Command) -> None:
    shown = colonnade("--help").stdout
    assert "..." not in shown.partition("Commands:")[2]


def test_a_command_that_is_missing_for_want_of_a_platform_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["course", "import", "x"])
    assert told.exit_code == 2
    assert "Plugins add commands, and there is no platform.yaml that names any." in told.stderr


def test_what_takes_long_says_on_a_terminal_what_it_is(tmp_path: Path) -> None:
    """On anything else it says nothing."""
    code = (
        "import threading\n"
        "from colonnade_runtime.cli.output import working\n"
        "with working('Counting sheep'):\n"
        "    threading.Event().wait({seconds})\n"
    )
    seen = {}
    for seconds in (0, 1.5):
        terminal, end = os.openpty()
        child = [sys.executable, "-c", code.format(seconds=seconds)]
        done = subprocess.run(child, stdout=subprocess.PIPE, stderr=end, check=True, timeout=60)
        os.close(end)
        assert done.stdout == b""
        os.set_blocking(terminal, False)
        with suppress(BlockingIOError, OSError):
            seen[seconds] = os.read(terminal, 4096)
        os.close(terminal)
    assert b"Counting sheep" in seen[1.5]
    assert b"Counting sheep" not in seen.get(0, b"")
    piped = subprocess.run(
        [sys.executable, "-c", code.format(seconds=1.0)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (piped.stdout, piped.stderr) == (b"", b"")


def test_a_plugins_command_runs(colonnade: Command) -> None:
    assert colonnade("jot").stdout == "noted\n"


def test_a_plugins_group_is_merged_into_one_of_the_same_name(colonnade: Command) -> None:
    assert colonnade("new", "note").stdout == "a note\n"
    assert colonnade("new", "tenant", "globex").exit_code == 0


def test_a_hook_that_breaks_is_a_sentence(colonnade: Command, site: Path) -> None:
    library = site.parent / "library"
    entries = library / "example_notebook-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[colonnade.plugins]\nnotebook = example_raising\n")
    source = PLUGIN.replace("return [GetNote]", "raise OSError('lost')")
    (library / "example_raising.py").write_text(source)
    result = colonnade("plan")
    assert result.exit_code == 1
    assert "its hook operations raised OSError: lost." in result.stderr


def test_check_prints_each_problem_as_a_line_and_fails(colonnade: Command, site: Path) -> None:
    (site / "platform.yaml").write_text(PLATFORM + "loging: {}\nshutdwn: {}\n")
    result = colonnade("check")
    assert result.exit_code == 1
    assert sum("did you mean" in line for line in result.stderr.splitlines()) == 2


def test_check_tells_of_an_action_that_no_policy_knows(colonnade: Command) -> None:
    result = colonnade("check", "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["valid"] is False


def test_new_site_writes_the_demo_platform(tmp_path: Path) -> None:
    folder = tmp_path / "academy"
    assert CliRunner().invoke(main, ["new", "site", str(folder)]).exit_code == 0
    parts = {"platform.yaml", "tenants", "policies", "docs"}
    assert {path.name for path in folder.iterdir()} == parts


def test_files_of_a_new_site_name_schemas_that_are_there_and_hold(tmp_path: Path) -> None:
    folder = tmp_path / "academy"
    assert CliRunner().invoke(main, ["new", "site", str(folder)]).exit_code == 0
    files = [folder / "platform.yaml", *sorted((folder / "tenants").glob("*.yaml"))]
    assert len(files) > 1
    for path in files:
        named = path.read_text().splitlines()[0].partition("$schema=")[2]
        schema = json.loads((path.parent / named).read_text())
        assert yaml.safe_load(path.read_text()).keys() <= schema["properties"].keys()


def test_new_site_leaves_a_folder_with_files_alone(site: Path) -> None:
    result = CliRunner().invoke(main, ["new", "site", str(site)])
    assert result.exit_code == 1
    assert "is not empty" in result.stderr


def test_plan_names_operations_actions_and_routes(colonnade: Command) -> None:
    [service] = json.loads(colonnade("plan", "--format", "json").stdout)["services"]
    assert service["operations"] == [
        {"name": "GetNote", "action": "note.read", "subject": "ask.notebook.v1.GetNote"}
    ]
    assert service["routes"] == ["GET /api/v1/notes/{id} → GetNote"]


def test_plan_is_also_a_text(colonnade: Command) -> None:
    lines = colonnade("plan").stdout.splitlines()
    assert "tenant acme: Acme Academy, active" in lines
    assert "process main on http://127.0.0.1:0: notebook" in lines


def test_plan_of_the_demo_says_what_goes_where(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["new", "site", str(tmp_path / "demo")]).exit_code == 0
    platform = str(tmp_path / "demo" / "platform.yaml")
    told = CliRunner().invoke(main, ["--platform", platform, "plan", "--format", "json"])
    plan = json.loads(told.stdout)
    [content] = [each for each in plan["services"] if each["name"] == "content"]
    assert "colonnade.content.MediaCreated.v1" in content["publishes"]
    assert "colonnade.course.EnrollmentActivated.v1" in content["reacts_to"]
    assert {"name": "remove-orphans", "every": "1d"} in content["schedules"]
    entry_point = str(tmp_path / "demo" / "policies" / "colonnade.rego")
    assert {"course.rego", entry_point} <= set(plan["policies"]["files"])
    names = plan["policies"]["names"]
    assert names["roles"] == ["admin", "instructor", "learner", "owner"]
    [lesson] = [each for each in names["objects"] if each["name"] == "lesson"]
    assert "course_id" in lesson["fields"]
    assert "teaches" in lesson["relations"]


def test_graph_draws_mermaid(colonnade: Command) -> None:
    result = colonnade("graph", "--format", "mermaid")
    assert result.stdout == "flowchart LR\n    notebook\n"


def test_config_show_says_where_a_value_was_set(colonnade: Command) -> None:
    result = colonnade("--set", "logging.level=debug", "config", "show", "--origin")
    assert 'logging.level: "debug"  # --set #1' in result.stdout


def test_config_show_of_an_unknown_tenant_is_a_sentence(colonnade: Command) -> None:
    result = colonnade("config", "show", "--tenant", "nobody")
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no tenant 'nobody'")


@pytest.mark.parametrize("kind", ["platform", "tenant"])
def test_schema_prints_json_schema(colonnade: Command, kind: str) -> None:
    assert "$schema" in json.loads(colonnade("schema", kind).stdout)


def test_new_tenant_writes_a_file_that_loads(colonnade: Command, site: Path) -> None:
    assert colonnade("new", "tenant", "globex").exit_code == 0
    assert 'id: "globex"' in colonnade("config", "show", "--tenant", "globex").stdout


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--currency", "XXXX", "currency: is not the code of a currency"),
        ("--email", "nobody", "owner.email: is not a valid email address"),
        ("--name", "", "name: must have at least 1 characters"),
    ],
)
def test_new_tenant_writes_nothing_that_would_not_load(
    colonnade: Command, site: Path, option: str, value: str, complaint: str
) -> None:
    result = colonnade("new", "tenant", "globex", option, value)
    assert result.exit_code == 1
    assert complaint in result.stderr
    assert not (site / "tenants" / "globex.yaml").exists()


def test_new_tenant_takes_a_name_with_signs_that_yaml_and_variables_use(
    colonnade: Command,
) -> None:
    assert colonnade("new", "tenant", "globex", "--name", "${A}: #1, $5").exit_code == 0
    assert "${A}: #1, $5" in colonnade("config", "show", "--tenant", "globex").stdout


def test_check_names_a_secret_that_no_plugin_can_look_up(colonnade: Command, site: Path) -> None:
    path = site / "tenants" / "acme.yaml"
    path.write_text(TENANT.replace("env:", "vault:", 1))
    result = colonnade("check")
    assert result.exit_code == 1
    assert "no plugin resolves secrets of the scheme 'vault' (known: env, file)" in result.stderr


def test_new_tenant_never_overwrites(colonnade: Command, site: Path) -> None:
    result = colonnade("new", "tenant", "acme")
    assert result.exit_code == 1
    assert (site / "tenants" / "acme.yaml").read_text() == TENANT


def test_new_tenant_refuses_an_id_that_leaves_the_folder(colonnade: Command) -> None:
    assert "is no tenant id" in colonnade("new", "tenant", "../acme").stderr


def test_doctor_names_a_port_that_is_taken(colonnade: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = colonnade("--set", f"gateway.port={port}", "doctor")
    assert result.exit_code == 1
    assert f"problem 127.0.0.1:{port} cannot be listened on" in result.stdout


def test_doctor_knows_the_platforms_own_port(colonnade: Command, site: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as own,
        claimed(site, "main", "colonnade run") as admin,
    ):
        admin.listen()
        port = own.getsockname()[1]
        result = colonnade("--set", f"gateway.port={port}", "doctor")
    assert result.exit_code == 0, result.stdout
    owner = f"colonnade run (process {os.getpid()})"
    assert f"ok      127.0.0.1:{port} is in use by this platform: {owner}." in result.stdout


def test_doctor_names_a_broken_plugin_that_is_not_enabled(colonnade: Command, site: Path) -> None:
    entries = site.parent / "library" / "example_notebook-1.0.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text() + "lost = example_lost\n")
    result = colonnade("doctor")
    assert "problem plugin 'lost' (example-notebook 1.0) cannot be imported" in result.stdout


def test_run_prints_what_is_wrong_without_a_stack_trace(colonnade: Command, site: Path) -> None:
    (site / "platform.yaml").write_text("version: 1\nenvironment: staging\n")
    result = colonnade("run")
    assert result.exit_code == 1
    assert "environment" in result.stderr
    assert "Traceback" not in result.stderr


def test_broken_commands_of_a_plugin_are_a_warning(colonnade: Command, site: Path) -> None:
    library = site.parent / "library"
    (library / "example_notebook.py").rename(library / "example_broken.py")
    entries = library / "example_notebook-1.0.dist-info" / "entry_points.txt"
    entries.write_text("[colonnade.plugins]\nnotebook = example_broken\n")
    broken = library / "example_broken.py"
    broken.write_text(broken.read_text().replace("return [jot, new]", "raise OSError('lost')"))
    result = colonnade("graph")
    assert result.exit_code == 0
    assert "notebook" in result.stdout
    assert "are broken: lost" in colonnade("--help").stderr
