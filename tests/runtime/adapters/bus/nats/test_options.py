"""Options of a nats:// URL, and the sentences for what it may not say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName, consumer_name, token


def test_servers_get_the_usual_port() -> None:
    options = read_options("nats://a,b:4333,[::1]:4444,[::1]?replicas=3&max_age=1d", Path("/"))
    ports = ("nats://a:4222", "nats://b:4333", "nats://[::1]:4444", "nats://[::1]:4222")
    assert options.servers == ports
    assert (options.replicas, options.max_age) == (3, 86400.0)


def test_a_password_belongs_to_the_user_or_is_a_token() -> None:
    named = read_options("nats://ada@a", Path("/"), "secret")
    nameless = read_options("nats://a", Path("/"), "secret")
    assert (named.user, named.password, named.token) == ("ada", "secret", None)
    assert (nameless.user, nameless.password, nameless.token) == (None, None, "secret")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nats://", "names no server"),
        ("nats://a/b", "names no server"),
        ("nats://a b", "names no server"),
        ("nats://a?replica=3", "is no option here"),
        ("nats://a?replicas=2", "1, 3 or 5"),
        ("nats://a?max_age=soon", "is not a duration"),
        ("nats://a?max_age=5m", "at least an hour"),
        ("nats://a?tls_ca=ca.pem", "is for tls://"),
        ("tls://a?tls_ca=absent.pem", "cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_options(url, Path("/"))


@given(st.text(max_size=200))
def test_any_text_is_one_token(text: str) -> None:
    made = token(text)
    assert 0 < len(made) <= 120
    assert not set(made) & set(".*> \t\r\n")


@given(st.text(max_size=100), st.text(max_size=100))
def test_different_texts_stay_different(one: str, two: str) -> None:
    assert (token(one) == token(two)) == (one == two)


def test_an_event_has_its_place() -> None:
    name = EventName.of("colonnade.course.EnrollmentActivated.v1")
    assert name.stream == "evt_course"
    assert (
        name.subject("acme/enrollment/7") == "evt.course.acme.enrollment.7.EnrollmentActivated-v1"
    )
    assert name.filter == "evt.course.*.*.*.EnrollmentActivated-v1"
    assert consumer_name("user:R.on", name) == "user-R-on-course-EnrollmentActivated-v1"
