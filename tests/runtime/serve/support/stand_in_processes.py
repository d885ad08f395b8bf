"""`colonnade up` with small programs in place of the processes: they are ready at once, or do
what a file in the platform's folder says. Run as: python stand_in_processes.py FOLDER READY_SECONDS
"""

import asyncio
import sys
from pathlib import Path

from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.serve.supervision import rolling_restart
from colonnade_runtime.serve.supervision.child import Child
from colonnade_runtime.serve.supervision.roster import roster
from colonnade_runtime.serve.supervision.supervisor import Supervisor

PROGRAM = """\
import os, pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
if (folder / f"{name}.paused").exists():
    os.kill(os.getpid(), signal.SIGSTOP)
pipe, said = int(os.environ["COLONNADE_HEARTBEAT"]), False
while True:
    os.write(pipe, b".")
    if not said and not (folder / f"{name}.late").exists():
        said = True
        print(f"{name} is ready: a stand-in", flush=True)
    time.sleep(0.1)
"""


class StandIns(Supervisor):
    """Starts the program where a process would be."""

    def _command(self, place: Placement) -> list[str]:
        return [sys.executable, "-S", "-c", PROGRAM, str(self._declared.loaded.root), place.name]


async def answers(root: Path, child: Child) -> bool:
    """Whether it has said so: stand-ins have no admin socket."""
    return child.answers


def main() -> None:
    folder = Path(sys.argv[1])
    rolling_restart.READY_SECONDS = float(sys.argv[2])
    declared = read_declaration(folder / "platform.yaml", ())
    with roster(folder) as children:
        asyncio.run(StandIns(declared, children, answers).run())


if __name__ == "__main__":
    main()
