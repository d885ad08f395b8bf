"""Begins a fork server, has it fork a few small programs, and prints what became of them as JSON.

Run as: python forking_parent.py
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Sequence

from colonnade.identifiers import new_id
from colonnade_runtime.serve.forking.fork_client import ForkClient, ForkRefused, begin_fork_server
from colonnade_runtime.serve.forking.process_starter import PROGRAM, ProcessStarter
from colonnade_runtime.serve.heartbeat import VARIABLE

SECONDS = 30.0


def program(words: Sequence[str]) -> None:
    """What a forked process does, by its first word."""
    if words[0] == "describe":
        print(json.dumps(_described()))
    elif words[0] == "exit":
        sys.exit(int(words[1]))
    elif words[0] == "break":
        raise RuntimeError("it broke")
    elif words[0] == "wait":
        print("waiting", flush=True)
        time.sleep(600)


def _described() -> dict[str, object]:
    return {
        "parent": os.getppid(),
        "leads_session": os.getsid(0) == os.getpid(),
        "arguments": sys.argv[1:],
        "title": open("/proc/self/cmdline").read().rstrip("\0"),
        "descriptors": [number for number in range(1024) if _is_open(number)],
        "heartbeat": int(os.environ[VARIABLE]),
        "random": random.random(),
        "id": str(new_id()),
    }


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def preload() -> None:
    """Use up what a child must not use as well."""
    random.random()
    new_id()


async def _run(forks: ForkClient) -> dict[str, object]:
    refused: list[str] = []
    starter = ProcessStarter(forks, tell=refused.append)
    reading, heartbeat = os.pipe()

    async def ended(*words: str) -> tuple[int, str]:
        process = await starter.start((*PROGRAM, *words), heartbeat)
        assert process.stdout is not None
        said = await process.stdout.read()
        return await process.wait(), said.decode()

    found: dict[str, object] = {"pid": os.getpid()}
    for name in ("first", "second"):
        found[name] = json.loads((await ended("describe", "one word"))[1])
    found["exit"] = (await ended("exit", "7"))[0]
    found["break"] = await ended("break")
    process = await starter.start((*PROGRAM, "wait"), heartbeat)
    assert process.stdout is not None
    await process.stdout.readline()
    process.kill()
    found["killed"] = await process.wait()
    found["adopts"] = _is_subreaper()
    forks.close()
    code, said = await ended("--version")
    found["executed"] = {"code": code, "said": said, "refused": refused}
    os.close(reading)
    return found


def _is_subreaper() -> bool:
    """Whether this process still takes over orphans: one is made, and looked after."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            while os.getppid() == between:
                time.sleep(0.01)
            os.write(writing, str(os.getppid()).encode())
        os._exit(0)
    os.waitpid(between, 0)
    return int(os.read(reading, 20)) == os.getpid()


def main() -> None:
    try:
        forks = begin_fork_server(preload, program, SECONDS)
    except ForkRefused as refused:
        sys.exit(f"refused: {refused}")
    print(json.dumps(asyncio.run(_run(forks))))


if __name__ == "__main__":
    main()
