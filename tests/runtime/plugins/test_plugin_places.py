"""Where the file says what plugins it wants, and what follows from it is not told beside it."""

import re
from pathlib import Path

import pytest

from colonnade_runtime.declaration import load_platform_outline
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import PluginError

SERVICES = ["user", "course", "content", "payment", "analytics", "notification"]
BLOCK = "version: 1\nservices:\n" + "".join(f"  {name}:\n" for name in SERVICES)


def told(folder: Path, text: str) -> list[str]:
    path = folder / "platform.yaml"
    path.write_text(text)
    with pytest.raises(PluginError) as caught:
        discover_plugins(load_platform_outline(path))
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["course", "payment"])
def test_a_service_that_is_indented_too_far_is_told_once_at_its_place(
    tmp_path: Path, name: str
) -> None:
    line = SERVICES.index(name) + 3
    before = SERVICES[SERVICES.index(name) - 1]
    text = BLOCK.replace(f"  {name}:", f"   {name}:") + "plugins: [stripe]\n"
    assert told(tmp_path, text) == [
        f"platform.yaml:{line}:4: services.{before}.{name}: unknown key; the service '{name}' goes"
        " under services, indented as the others there."
    ]


def test_a_service_beside_services_is_told_once_at_its_place(tmp_path: Path) -> None:
    text = BLOCK.replace("  user:\n", "") + "user:\n"
    (problem,) = told(tmp_path, text)
    assert problem.startswith("platform.yaml:8:1: user: unknown key; the service 'user' goes")


def test_plugins_that_are_not_installed_have_places_and_no_followers(tmp_path: Path) -> None:
    text = BLOCK.replace("  course:", "  coursse:") + "plugins: [acme-badges]\n"
    problems = told(tmp_path, text)
    assert len(problems) == 2, problems
    assert re.match(r"platform\.yaml:4:3: services\.coursse needs .*'course'\?$", problems[0])
    assert re.match(r"platform\.yaml:9:\d+: plugins\.acme-badges needs the plugin", problems[1])


def test_an_extension_without_its_service_is_not_called_broken(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, BLOCK.replace("  payment:\n", "") + "plugins: [stripe]\n")
    assert re.match(r"platform\.yaml:8:\d+: plugins\.stripe: .* extends .*'payment'", problem)
