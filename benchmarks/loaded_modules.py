"""A command of `colonnade` that notes the modules it has loaded, or their imports alone.

Run as: python -m benchmarks.loaded_modules note FILE WORDS…, then
        python -m benchmarks.loaded_modules import FILE
"""

import atexit
import json
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from colonnade_runtime.serve.memory import put_off_collection


def note(file: Path, words: list[str]) -> None:
    """Run a command, and write the names of its modules in the order in which they were loaded."""
    from colonnade_runtime.cli import main

    atexit.register(lambda: file.write_text(json.dumps(list(sys.modules))))
    main(args=words, prog_name="colonnade")


def import_all(file: Path) -> None:
    """Import what was noted, as the command does it: without collections meanwhile."""
    for name in json.loads(file.read_text()):
        # Some exist under a name that only their own package knows how to load.
        with suppress(ImportError):
            import_module(name)
    # Here: the end of a Python with so many modules takes a while, and is no part of a start.
    print(time.process_time())


if __name__ == "__main__":
    put_off_collection()
    if sys.argv[1] == "note":
        note(Path(sys.argv[2]), sys.argv[3:])
    else:
        import_all(Path(sys.argv[2]))
