"""Names on NATS: what an operation, an event, a stream and a consumer are called there."""

import hashlib
import re
from dataclasses import dataclass

HERE = "here"
"""`here.<process>`: where a process says that it is there, and where it answers."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST = 80


def token(text: str) -> str:
    """Any text as one token of a subject; different texts stay different.

    What a token may not hold becomes `=` and its code; a long one ends in a digest.
    """
    safe = _UNSAFE.sub(lambda match: f"={ord(match[0]):x}=", text) or "="
    if len(safe) <= _LONGEST:
        return safe
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{safe[: _LONGEST - 33]}={digest}"


@dataclass(frozen=True, slots=True)
class EventName:
    """The service that publishes an event, and the event's name with its major version."""

    service: str
    event: str

    @classmethod
    def of(cls, event_type: str) -> "EventName":
        """Parse a CloudEvents type such as `colonnade.course.EnrollmentActivated.v1`."""
        service, _, event = event_type.removeprefix("colonnade.").partition(".")
        return cls(token(service), token(event.replace(".", "-")))

    @property
    def stream(self) -> str:
        """The stream of the publishing service."""
        return f"evt_{self.service}"

    @property
    def stream_subjects(self) -> str:
        """Subjects that the stream keeps."""
        return f"evt.{self.service}.>"

    @property
    def filter(self) -> str:
        """Subject filter for this event of every tenant and aggregate."""
        return f"evt.{self.service}.*.*.*.{self.event}"

    def subject(self, key: str) -> str:
        """`evt.<service>.<tenant>.<aggregate>.<id>.<event>`, from `tenant/aggregate/id`."""
        tenant, _, rest = key.partition("/")
        aggregate, slash, identifier = rest.partition("/")
        if not slash:
            aggregate, identifier = "", aggregate
        parts = (self.service, token(tenant), token(aggregate), token(identifier), self.event)
        return ".".join(("evt", *parts))


def consumer_name(name: str, event: EventName) -> str:
    """The durable name of a consumer `<service>:<reaction>` of an event."""
    readable = name.replace(":", "-").replace(".", "-")
    return f"{token(readable)}-{event.service}-{event.event}"
