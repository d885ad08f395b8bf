"""Pytest plugin of Colonnade: real servers as fixtures, and skipped tests counted and named."""

import pytest

from colonnade_runtime.testing.servers.fixtures import (
    _servers,
    chromium_url,
    nats_url,
    opa_url,
    postgresql_url,
    start_server,
    stripe_url,
)

__all__ = [
    "_servers",
    "chromium_url",
    "nats_url",
    "opa_url",
    "postgresql_url",
    "pytest_terminal_summary",
    "start_server",
    "stripe_url",
]


def skipped_tests(reporter: pytest.TerminalReporter) -> list[str]:
    """The node ids of every test, and the path of every whole module, that was skipped."""
    reports = reporter.getreports("skipped")
    return sorted({report.nodeid for report in reports})


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every skipped test below the results; say nothing when there is none."""
    names = skipped_tests(terminalreporter)
    if not names:
        return
    terminalreporter.section(f"{len(names)} skipped", sep="-")
    for name in names:
        terminalreporter.write_line(name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch that records a plugin's contract anew."""
    parser.addoption(
        "--update-contract",
        action="store_true",
        help="Write contract.json beside each PluginContract test, unless the change would break.",
    )
