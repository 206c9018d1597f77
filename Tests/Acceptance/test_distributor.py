"""`apus-distributor` with applications of every version, against a gateway that others wrote.

Needs the packages dbus-daemon, openssl, prosody and prosody-modules.
"""

import os
import signal
import stat
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import requests
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from dbus_app import App, CallFailed, call
from desktop import DISTRIBUTOR, Desktop
from phone import Component, Loop, Phone
from waiting import eventually
from xmpp_servers import COMPONENT, SECRET, UNIFIED_PUSH, Prosody

PUSH = "http://gultsch.de/xmpp/drafts/unified-push"
numbers = count(1)


@pytest.fixture(scope="module")
def prosody(tmp_path_factory):
    server = Prosody(tmp_path_factory.mktemp("prosody"), unified_push=True).start()
    yield server
    server.end()


@pytest.fixture
def session(tmp_path):
    """A desktop without a distributor."""
    desktop = Desktop(tmp_path)
    yield desktop
    desktop.end()


@pytest.fixture
def account(prosody):
    return prosody.add_user(f"user{next(numbers)}")


@pytest.fixture
def desktop(session, prosody, account):
    """A desktop whose distributor runs."""
    assert session.login(prosody, account).returncode == 0
    return session.start()


@pytest.fixture
def start_app(request):
    """Applications that end with the test."""

    def start(desktop):
        app = App(desktop, "org.example.App")
        request.addfinalizer(app.end)
        return app.start()

    return start


def post(endpoint, body):
    session = requests.Session()
    session.trust_env = False
    return session.post(endpoint, data=body, timeout=30)


def members(arguments, *names):
    """Of a connector's call: the values that the second version has by these names, and the others in this order."""
    (first, *_) = arguments
    return [first[name] for name in names] if isinstance(first, dict) else arguments[: len(names)]


@contextmanager
def stranger(prosody):
    """Somebody else's client."""
    app = SimpleNamespace(port=prosody.client_port, certificate=str(prosody.certificate))
    user = SimpleNamespace(
        address=prosody.add_user(f"stranger{next(numbers)}"), password="secret of a user", app=app)
    loop = Loop()
    with Phone(loop, user) as phone:
        yield phone.connect(is_available=False)
    loop.close()


class SeedGateway(Component):
    """A gateway that does on XMPP what that of seed 002 does."""

    NAMESPACE = "unifiedpush.org"

    def __init__(self, loop, prosody):
        super().__init__(loop, SimpleNamespace(component_port=prosody.component_port), COMPONENT, SECRET)
        self.registrations = {}
        self.error = None
        self.do(self._prepare)

    async def _prepare(self):
        self.xmpp.plugin["xep_0030"].add_identity("pubsub", "push", name="Unified Push over XMPP")
        await self.xmpp.plugin["xep_0030"].add_feature(self.NAMESPACE)
        path = MatchXPath(f"{{jabber:component:accept}}iq/{{{self.NAMESPACE}}}register")
        self.xmpp.register_handler(Callback("register", path, self._register))

    def _register(self, iq):
        token = iq.xml.findtext(f".//{{{self.NAMESPACE}}}token")
        register = ElementTree.Element(f"{{{self.NAMESPACE}}}register")
        if self.error:
            ElementTree.SubElement(register, f"{{{self.NAMESPACE}}}error").text = self.error
        else:
            self.registrations[token] = str(iq["from"])
            endpoint = ElementTree.SubElement(register, f"{{{self.NAMESPACE}}}endpoint")
            endpoint.text = f"https://up.example.org/UP?token={token}"
        reply = iq.reply()
        reply["type"] = "error" if self.error else "result"
        reply.set_payload(register)
        reply.send()

    def push(self, body):
        ((token, address),) = self.registrations.items()
        self.do(self.xmpp.send_message, mto=address, msubject=token, mbody=body, mtype="normal")


class TestLogin:
    def test_it_checks_the_account_and_names_the_gateway(self, session, prosody, account):
        answer = session.login(prosody, account)
        assert answer.returncode == 0, answer.stderr
        assert UNIFIED_PUSH in answer.stdout
        file = session.settings / "apus-distributor/config.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_wrong_password_is_not_kept(self, session, prosody, account):
        answer = session.login(prosody, account, password="wrong")
        assert answer.returncode == 1
        assert "password" in answer.stderr
        assert not (session.settings / "apus-distributor/config.json").exists()

    def test_it_makes_the_account(self, session, prosody):
        answer = session.login(prosody, "new@localhost", "--register")
        assert answer.returncode == 0, answer.stderr
        assert session.login(prosody, "new@localhost").returncode == 0

    def test_without_it_nothing_runs(self, session):
        answer = session.run()
        assert answer.returncode == 2
        assert "apus-distributor login" in answer.stderr
        assert session.run("status").returncode == 3


@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_application_gets_its_endpoint_and_pushes(desktop, start_app, version):
    app = start_app(desktop)
    registered = app.register("tok", version)
    token, endpoint = members(app.endpoint(), "token", "endpoint")
    assert token == "tok"
    assert registered == {
        0: ["NEW_ENDPOINT", endpoint], 1: ["REGISTRATION_SUCCEEDED", ""], 2: {"success": "REGISTRATION_SUCCEEDED"}
    }[version]

    # The draft has text for payload.
    text = "hällo" if version == 0 else bytes(range(256)).decode("latin-1")
    assert post(endpoint, text.encode("utf-8" if version == 0 else "latin-1")).status_code == 201
    (message,) = app.messages()
    assert members(message, "token", "message") == ["tok", text]

    app.unregister("tok", version)
    (confirmed,) = eventually(lambda: app.calls("Unregistered"))
    assert confirmed["arguments"] == {0: ["tok"], 1: [""], 2: [{"token": "tok"}]}[version]
    # 404 is meant, but Prosody 0.12 stumbles over what the device answers.
    assert post(endpoint, b"after").status_code in (404, 500)
    assert len(app.calls("Message")) == 1
    assert desktop.list() == []


@pytest.fixture
def seed(prosody):
    loop = Loop()
    with SeedGateway(loop, prosody) as gateway:
        yield gateway.connect()
    loop.close()


def test_the_gateway_of_seed_002(session, prosody, account, seed, start_app):
    assert COMPONENT in session.login(prosody, account, "--gateway", COMPONENT).stdout
    session.start()
    app = start_app(session)
    seed.error = "no token"
    assert app.register("tok", 0) == ["REGISTRATION_REFUSED", "no token"]
    seed.error = None
    result, endpoint = app.register("tok", 0)
    assert result == "NEW_ENDPOINT"
    ((public_token, address),) = seed.registrations.items()
    assert endpoint == f"https://up.example.org/UP?token={public_token}"
    assert address == session.status()["account"]
    seed.push("hällo")
    assert app.messages()[0][:2] == ["tok", "hällo"]

    # What came meanwhile waits on the server.
    assert session.stop() == 0
    seed.push("later")
    session.start()
    assert app.messages(2)[1][:2] == ["tok", "later"]


def test_an_application_that_does_not_run_is_started(desktop, start_app):
    app = start_app(desktop)
    app.register("tok")
    endpoint = app.endpoint()[0]["endpoint"]
    app.stop()
    app.let_the_bus_start_it()
    for number in range(3):
        assert post(endpoint, f"{number}").status_code == 201
    assert [message[0]["message"] for message in app.messages(3)] == ["0", "1", "2"]
    assert len({entry["pid"] for entry in app.calls()}) == 2


@pytest.mark.parametrize("version", [1, 2])
def test_what_an_application_could_not_get_survives_a_crash(desktop, start_app, version):
    app = start_app(desktop)
    app.register("tok", version)
    _, endpoint = members(app.endpoint(), "token", "endpoint")
    app.stop()
    assert post(endpoint, b"one").status_code == 201
    assert post(endpoint, b"two").status_code == 201
    desktop.kill()
    assert [row["waiting"] for row in desktop.list()] == [2]
    app.let_the_bus_start_it()
    desktop.start()
    assert [members(message, "token", "message")[1] for message in app.messages(2)] == ["one", "two"]
    eventually(lambda: desktop.status()["waiting"] == 0)


def test_the_endpoint_stays_after_a_restart_of_the_distributor_and_of_the_server(desktop, start_app, prosody):
    app = start_app(desktop)
    app.register("tok")
    endpoint = app.endpoint()[0]["endpoint"]
    assert desktop.stop() == 0
    desktop.start()
    assert app.register("tok") == {"success": "REGISTRATION_SUCCEEDED"}
    assert app.endpoint(2)[0]["endpoint"] == endpoint
    prosody.restart()
    # Prosody 0.12 accepts what it cannot deliver.
    eventually(lambda: desktop.connections == 2, within=30)
    assert post(endpoint, b"still").status_code == 201
    assert app.messages()[-1][0]["message"] == "still"


def test_the_bus_starts_the_distributor(session, prosody, account, start_app):
    assert session.login(prosody, account).returncode == 0
    session.install_service("org.unifiedpush.Distributor.Apus", str(DISTRIBUTOR))
    app = start_app(session)
    assert app.register("tok") == {"success": "REGISTRATION_SUCCEEDED"}
    pid = call(
        session.address, "org.freedesktop.DBus", "GetConnectionUnixProcessID", "s",
        ["org.unifiedpush.Distributor.Apus"], destination="org.freedesktop.DBus", path="/org/freedesktop/DBus")
    os.kill(pid, signal.SIGTERM)


def test_a_push_of_a_stranger_is_refused(desktop, start_app, prosody):
    app = start_app(desktop)
    app.register("tok")
    endpoint = app.endpoint()[0]["endpoint"]
    with stranger(prosody) as phone:
        push = ElementTree.Element(f"{{{PUSH}}}push", application="a", instance="b")
        iq = phone.do(phone.xmpp.make_iq_set, push, ito=desktop.status()["account"])
        with pytest.raises(IqError) as refused:
            phone.do(iq.send)
    assert refused.value.condition == "forbidden"
    eventually(lambda: desktop.status()["foreign"] == 1)
    assert post(endpoint, b"real").status_code == 201
    assert [message[0]["message"] for message in app.messages()] == ["real"]


def test_the_user_sees_and_ends_registrations(desktop, start_app, account):
    app = start_app(desktop)
    app.register("tok", 1)
    endpoint = app.endpoint()[1]
    (row,) = desktop.list()
    assert (row["application"], row["token"], row["description"]) == ("org.example.App", "tok", "An application")
    assert (row["endpoint"], row["gateway"], row["waiting"]) == (endpoint, UNIFIED_PUSH, 0)
    assert endpoint in desktop.run("list").stdout
    status = desktop.status()
    assert status["account"].startswith(account + "/")
    assert (status["registrations"], status["gatewayProtocol"], status["problem"]) == (1, PUSH, "")
    assert UNIFIED_PUSH in desktop.run("status").stdout

    assert desktop.run("unregister", "nobody").returncode == 1
    assert desktop.run("unregister", "tok").returncode == 0
    (told,) = eventually(lambda: app.calls("Unregistered"))
    assert told["arguments"] == ["tok"]
    assert "No application" in desktop.run("list").stdout


def test_a_second_distributor_says_that_there_is_one(desktop):
    answer = desktop.run()
    assert answer.returncode == 3
    assert "runs already" in answer.stderr


def test_calls_that_make_no_sense_are_refused(desktop):
    for interface, member, signature, body in [
        ("org.unifiedpush.Distributor2", "Register", "s", ["x"]),
        ("org.unifiedpush.Distributor1", "Register", "ssss", ["a", "b", "c", "d"]),
        ("org.unifiedpush.Distributor1", "Nonsense", "", []),
    ]:
        with pytest.raises(CallFailed, match="UnknownMethod"):
            call(desktop.address, interface, member, signature, body)
    assert call(desktop.address, "org.unifiedpush.Distributor2", "Register", "a{sv}", [{}]) == {
        "success": "REGISTRATION_FAILED", "reason": "INTERNAL_ERROR"}
    assert desktop.status()["registrations"] == 0
