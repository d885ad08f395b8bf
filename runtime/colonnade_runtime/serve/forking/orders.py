"""Messages between `colonnade up` and its fork server: one datagram each way for a process."""

import msgspec

LARGEST = 256 * 1024
"""Bytes of a message; a command line is shorter on every system."""


class Order(msgspec.Struct, frozen=True):
    """Order for one process; its output and its heartbeats come along as descriptors."""

    words: list[str]
    """The command line after the program's name."""

    heartbeat: str
    """Environment variable that names the descriptor for heartbeats."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer to an order: the process, or why there is none."""

    pid: int = 0
    refusal: str = ""


read_order = msgspec.json.Decoder(Order).decode
read_answer = msgspec.json.Decoder(Answer).decode
encode = msgspec.json.Encoder().encode
