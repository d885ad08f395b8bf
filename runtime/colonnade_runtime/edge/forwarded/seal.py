"""The seal on what the gateway says of a client, so that no other can say it."""

import base64
import hmac
import time
from collections.abc import Mapping

from colonnade.keyed_hash import KeyedHash

LIFETIME = 60
"""Seconds that a seal holds; clocks of two machines may differ by as much."""

_PURPOSE = b"colonnade forwarded v1"
_SAID = ("for", "host", "proto", "at")


class Seal:
    """Seals the parameters of one `Forwarded` element for one request, and checks that.

    A parameter of one's own is what RFC 7239 §5.5 offers for it.
    """

    def __init__(self, signing_key: bytes) -> None:
        self._code = KeyedHash(KeyedHash(signing_key).digest(_PURPOSE))

    def sealed(self, said: Mapping[str, str], request_id: str) -> dict[str, str]:
        """The parameters, when they were said, and the seal."""
        complete = {**said, "at": str(int(time.time()))}
        return {**complete, "seal": self._of(complete, request_id)}

    def holds(self, parameters: Mapping[str, str], request_id: str) -> bool:
        """True when the gateway sealed this for this request within the last seconds."""
        given = parameters.get("seal", "").encode()
        if not hmac.compare_digest(given, self._of(parameters, request_id).encode()):
            return False
        return abs(time.time() - int(parameters["at"])) <= LIFETIME

    def _of(self, parameters: Mapping[str, str], request_id: str) -> str:
        said = "\n".join([request_id, *(parameters.get(name, "") for name in _SAID)])
        code = self._code.digest(said.encode())
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()
