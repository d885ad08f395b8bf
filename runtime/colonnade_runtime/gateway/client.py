"""The HTTP client with which the gateway speaks to other processes."""

import aiohttp

CONNECT_SECONDS = 2.0
LINE_BYTES = 64 * 1024


def client_session(timeout: float) -> aiohttp.ClientSession:
    """Connections that are kept; nothing is added, unpacked, followed or sent twice by itself.

    `timeout` is how many seconds may pass without a byte of the answer. Made within a loop.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        auto_decompress=False,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )
    # The library would send PUT and DELETE again over a new connection, although the first may
    # have arrived. Whether to is decided here, where the answer is known.
    session._retry_connection = False
    return session
