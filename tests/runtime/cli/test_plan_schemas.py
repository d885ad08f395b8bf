"""`colonnade plan --schemas`: what operations take and answer, and what events say."""

import json
from pathlib import Path

from click.testing import CliRunner

from colonnade_runtime.cli import main

PLATFORM = Path(__file__).parents[3] / "platform.yaml"


def plan(*options: str) -> str:
    told = CliRunner().invoke(main, ["--platform", str(PLATFORM), "plan", *options])
    assert told.exit_code == 0, told.output
    return told.stdout


def test_people_read_a_line_for_each() -> None:
    lines = plan("--schemas").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  operation GetCourse:"))
    assert lines[at + 1] == "    takes course_id: uuid"
    assert lines[at + 2].startswith("    answers id: uuid, title: string")
    told = lines.index("  publishes colonnade.course.CoursePublished.v1")
    assert lines[told + 1].startswith("    says course_id: uuid")


def test_programs_read_json_schema() -> None:
    services = {
        each["name"]: each for each in json.loads(plan("--schemas", "--format", "json"))["services"]
    }
    operations = {each["name"]: each for each in services["course"]["operations"]}
    assert operations["GetCourse"]["request"]["required"] == ["course_id"]
    assert operations["GetCourse"]["response"]["properties"]["title"]["type"] == "string"
    said = services["course"]["events"]["colonnade.course.CoursePublished.v1"]
    assert "course_id" in said["data"]["required"]


def test_without_being_asked_the_plan_stays_short() -> None:
    services = json.loads(plan("--format", "json"))["services"]
    assert not any("events" in service for service in services)
    assert not any("request" in each for service in services for each in service["operations"])
