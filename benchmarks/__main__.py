"""`make bench`: every number that was promised, beside what this machine gives.

`make bench ARGS="hot-read ask"` measures some of them.
"""

import os
import platform
import sys
import time

import click

from benchmarks.registry import benchmarks


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "listing", is_flag=True, help="Print the names, measure nothing.")
def main(names: tuple[str, ...], listing: bool) -> None:
    """Measure NAMES, or everything; exit 1 when a number is missed."""
    known = benchmarks()
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise click.UsageError(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}.")
    if listing:
        click.echo("\n".join(known))
        return
    click.echo(_machine())
    missed = 0
    for name in names or tuple(known):
        started = time.perf_counter()
        click.echo(f"\n{name}")
        for figure in known[name]():
            click.echo(f"  {figure.line()}")
            missed += not figure.met
        click.echo(f"  {time.perf_counter() - started:.0f} s", err=True)
    click.echo(f"\n{missed} missed" if missed else "\nall met")
    sys.exit(missed > 0)


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"load {load:.1f} before the start"
    )


if __name__ == "__main__":
    main()
