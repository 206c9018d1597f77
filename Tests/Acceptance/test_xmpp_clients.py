"""Clients that others wrote, for whom this is a server like any other."""

import queue
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from phone import Component, Loop, Network, Phone
from server import run
from waiting import eventually
from xmpp import DOMAIN, Stream, User, XMPPApp, legacy_login, names, settings, stream_header, xmpp_server

PROGRAMS = Path(__file__).parent / "xmpp_clients"
SECRET = "the secret of components"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(
        tmp_path_factory.mktemp("server"), xmpp__tls_port=0, xmpp__component_port=0, xmpp__component_secret=SECRET)
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def user(app):
    return app.add_user()


class Program:
    """A client in another language. It says a line for whatever happens."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self, within=40):
        line = self._lines.get(timeout=within)
        assert line is not None, f"the client ended: {self.process.stderr.read()}"
        return line


def check_device(app, user, command, *, login, state="received"):
    """Has a client log in in a certain way, and sends to it before that and after."""
    before = app.events(login)
    waiting = app.send_to(user, alert="waiting", needConfirm=True)
    with Program(*command) as program:
        lines = {program.line(), program.line()}
        (address,) = [line.removeprefix("ready ") for line in lines if line.startswith("ready ")]
        assert address.startswith(user.address + "/")
        assert f"got {waiting} waiting" in lines
        assert app.events(login) == before + 1
        message = app.send_to(user, alert="online", needConfirm=True)
        assert program.line() == f"got {message} online"
        eventually(lambda: [user.state(waiting), user.state(message)] == [state, state])


def check_registration(app, command):
    """`command` makes a command of a new user's name."""
    name = next(names)
    with Program(*command(name)) as program:
        assert program.line() == f"ready {name}@{DOMAIN}/AndroidpnClient"
        message = app.send(audienceType="ALIAS", audiences=[name], alert="welcome", needConfirm=True)
        assert program.line() == f"got {message} welcome"
        eventually(lambda: app.counts(message) == {"received": 1})
    with Program(*command(name)) as program:
        assert program.line().startswith("refused ")


class TestPerl:
    """Net::XMPP and Net::Jabber."""

    @pytest.fixture(params=["Net::XMPP", "Net::Jabber"])
    def client(self, request, app):
        def command(name, password, how):
            return [
                "perl", PROGRAMS / "perl_client.pl", request.param, app.port, DOMAIN, name, password, how,
                app.certificate]

        return command

    @pytest.mark.parametrize("how", ["iq", "tls,iq"])
    def test_it_logs_in_with_a_digest(self, app, user, client, how):
        check_device(app, user, client(user.name, user.password, how), login="legacy_login")

    def test_it_logs_in_with_a_password_if_no_digest_is_possible(self, app, client):
        user = app.add_user(keepPassword=False)
        check_device(app, user, client(user.name, user.password, "tls,iq"), login="legacy_login")

    def test_it_logs_in_with_sasl(self, app, user, client):
        check_device(app, user, client(user.name, user.password, "tls,sasl"), login="sasl_plain")

    def test_it_registers(self, app, client):
        check_registration(app, lambda name: client(name, "secret", "register,iq"))

    @pytest.mark.parametrize("how", ["iq", "tls,sasl"])
    def test_a_wrong_password_is_refused(self, user, client, how):
        with Program(*client(user.name, "wrong", how)) as program:
            assert program.line().startswith("refused login")


class TestRuby:
    """XMPP4R."""

    @pytest.fixture
    def client(self, app):
        return lambda name, password, how: [
            "ruby", PROGRAMS / "ruby_client.rb", app.port, DOMAIN, name, password, how]

    @pytest.mark.parametrize("how", ["digest", "tls,digest", "tls,password"])
    def test_it_logs_in_without_sasl(self, app, user, client, how):
        check_device(app, user, client(user.name, user.password, how), login="legacy_login")

    def test_it_logs_in_with_sasl(self, app, user, client):
        check_device(app, user, client(user.name, user.password, "tls,sasl"), login="sasl_plain")

    def test_it_registers(self, app, client):
        check_registration(app, lambda name: client(name, "secret", "register,digest"))

    def test_a_wrong_password_is_refused(self, user, client):
        with Program(*client(user.name, "wrong", "digest")) as program:
            assert program.line() == "refused not-authorized: "


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = tmp_path_factory.mktemp("c_client") / "c_client"
    compiler = shutil.which("clang") or "cc"
    subprocess.run([compiler, "-Wall", "-Werror", PROGRAMS / "c_client.c", "-o", program, "-lstrophe"], check=True)
    return program


class TestC:
    """libstrophe."""

    @pytest.fixture
    def client(self, app, program):
        return lambda user, how, resource: [
            program, app.tls_port if how == "direct" else app.port, f"{user.address}/{resource}", user.password, how]

    @pytest.mark.parametrize("how", ["starttls", "direct", "plain"])
    def test_it_logs_in_with_scram(self, app, user, client, how):
        managed = app.events("managed_stream")
        check_device(app, user, client(user, how, "phone"), login="sasl_scram")
        assert app.events("managed_stream") == managed + 1

    @pytest.mark.parametrize("resource", ["AndroidpnClient", "phone"])
    def test_it_logs_in_without_sasl(self, program, start_server, resource):
        app = XMPPApp(start_server(**settings(xmpp__plain_passwords="true")))
        user = app.add_user()
        # It prefers SASL wherever that is offered. AndroidPN's own server does not.
        with Network(app.port, hides=rb"<mechanisms.*</mechanisms>") as network:
            command = [program, network.port, f"{user.address}/{resource}", user.password, "legacy,plain"]
            check_device(app, user, command, login="legacy_login")

    @pytest.mark.parametrize("how", ["starttls", "legacy"])
    def test_a_wrong_password_is_refused(self, user, client, how):
        user.password = "wrong"
        with Program(*client(user, how, "phone")) as program:
            assert program.line().startswith("refused ")


class TestOpenSSL:
    """`openssl s_client`, which trusts nothing but the certificate that the server made."""

    def s_client(self, app, port, *arguments, text=None):
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", DOMAIN, "-CAfile", app.certificate,
             "-verify_return_error", "-verify_hostname", DOMAIN, *arguments],
            input=text or "", capture_output=True, text=True, timeout=20)

    def test_a_stream_can_be_encrypted(self, app):
        ended = self.s_client(
            app, app.port, "-starttls", "xmpp", "-xmpphost", DOMAIN, "-quiet",
            text=stream_header() + "</stream:stream>")
        assert "<mechanism>PLAIN</mechanism>" in ended.stdout
        assert "starttls" not in ended.stdout
        assert ended.stdout.endswith("</stream:stream>")

    def test_a_stream_can_be_encrypted_from_the_start(self, app):
        ended = self.s_client(app, app.tls_port, "-alpn", "xmpp-client")
        assert "Verify return code: 0 (ok)" in ended.stdout, ended.stderr
        assert "ALPN protocol: xmpp-client" in ended.stdout
        ended = self.s_client(app, app.tls_port, "-quiet", text=stream_header() + "</stream:stream>")
        assert "<mechanism>PLAIN</mechanism>" in ended.stdout
        assert "starttls" not in ended.stdout

    def test_old_devices_may_need_an_old_version(self, app, start_server):
        old = ["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"]
        assert "Cipher is (NONE)" in self.s_client(app, app.tls_port, *old).stdout
        lenient = XMPPApp(
            start_server(xmpp__tls_port=0, xmpp__port=0, xmpp__domain=DOMAIN, tls__minimum_version="1.0"))
        ended = self.s_client(lenient, lenient.tls_port, *old)
        assert re.search(r"Protocol\s*: TLSv1$", ended.stdout, re.MULTILINE), ended.stdout + ended.stderr


# slixmpp


@pytest.fixture(scope="module")
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def make_phone(app, loop):
    """Makes phones, which end with the test. The user is a new one unless one is given."""
    phones = []

    def make(user=None, **options):
        phones.append(Phone(loop, user or app.add_user(), **options))
        return phones[-1]

    yield make
    for phone in phones:
        phone.__exit__()


@pytest.fixture
def phone(make_phone):
    return make_phone().connect()


class TestPhone:
    @pytest.mark.parametrize(
        "mechanism, event", [("SCRAM-SHA-256", "sasl_scram"), ("SCRAM-SHA-1", "sasl_scram"), ("PLAIN", "sasl_plain")])
    def test_it_logs_in_with_every_mechanism(self, app, make_phone, mechanism, event):
        before = app.events(event)
        phone = make_phone(sasl_mech=mechanism).connect()
        assert app.events(event) == before + 1
        assert phone.address == f"{phone.user.address}/phone"

    def test_it_logs_in_over_direct_tls(self, app, make_phone):
        make_phone(port=app.tls_port, is_direct=True).connect()

    @pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
    def test_a_wrong_password_is_refused(self, user, make_phone, mechanism):
        user.password = "wrong"
        phone = make_phone(user, sasl_mech=mechanism)
        phone.reach()
        phone.happens("failed_auth")

    def test_without_a_resource_it_is_given_one(self, make_phone):
        phone = make_phone(resource="").connect()
        assert re.fullmatch(re.escape(phone.user.address) + "/.+", phone.address)

    def test_it_gets_what_was_sent(self, app, phone):
        message = app.send_to(phone.user, alert="你好 <&> 🚀", extra={"a": 1})
        received = phone.message()
        assert (received["id"], received["body"]) == (message, "你好 <&> 🚀")
        assert received["from"] == DOMAIN
        assert received["to"] == phone.address
        assert '"extra":{"a": 1}' in received.xml.find("{urn:xmpp:json:0}json").text

    def test_it_gets_what_waited_with_the_time(self, app, make_phone, user):
        message, sent = app.send_to(user, alert="waited"), time.time()
        eventually(lambda: time.time() > sent + 2.1)
        received = make_phone(user).connect().message()
        assert received["id"] == message
        assert received["delay"]["from"] == DOMAIN
        assert abs(received["delay"]["stamp"].timestamp() - sent) < 2

    def test_its_receipts_and_markers_set_the_state(self, app, phone):
        received = [app.send_to(phone.user), app.send_to(phone.user, needConfirm=True)]
        messages = [phone.message() for _ in received]
        # The library sends receipts by itself.
        eventually(lambda: [phone.user.state(message) for message in received] == ["received", "received"])
        phone.mark(messages[1], "displayed")
        eventually(lambda: phone.user.state(received[1]) == "read")

    def test_without_receipts_a_message_is_sent_and_no_more(self, app, make_phone):
        phone = make_phone(plugins=["xep_0198", "xep_0199"]).connect()
        message = app.send_to(phone.user, needConfirm=True)
        assert phone.message()["id"] == message
        eventually(lambda: phone.user.state(message) == "sent")
        later = app.send_to(phone.user)
        assert phone.message()["id"] == later
        eventually(lambda: phone.user.state(later) == "sent")
        assert phone.user.state(message) == "sent"

    def test_it_pings_the_server(self, phone):
        assert phone.ping(DOMAIN) < 5
        assert phone.ping(phone.user.address) < 5

    def test_it_discovers_the_server(self, phone):
        info = phone.do(phone.xmpp.plugin["xep_0030"].get_info, DOMAIN, timeout=5)["disco_info"]
        assert ("server", "im") in {(category, type) for category, type, *_ in info["identities"]}
        assert {"http://jabber.org/protocol/disco#info", "urn:xmpp:ping", "jabber:iq:register", "msgoffline"} <= set(
            info["features"])

    def test_its_roster_is_empty(self, phone):
        assert len(phone.do(phone.xmpp.get_roster, timeout=5)["roster"]["items"]) == 0

    def test_it_is_told_of_its_replacement(self, phone, make_phone):
        make_phone(phone.user, resource="tablet").connect()
        assert phone.happens("stream_error")["condition"] == "conflict"

    def test_it_cannot_speak_for_others(self, phone):
        phone.send(DOMAIN, "hello", mfrom=f"somebody@{DOMAIN}/phone")
        assert phone.happens("stream_error")["condition"] == "invalid-from"

    def test_it_may_be_an_android_client_by_its_resource(self, app, make_phone):
        phone = make_phone(resource="AndroidpnClient", plugins=["xep_0198"])
        notifications = queue.Queue()
        phone.xmpp.add_filter("in", lambda stanza: notifications.put(stanza) or stanza)
        phone.connect()
        message = app.send_to(phone.user)

        def is_there():
            stanza = notifications.get(timeout=5)
            return stanza.xml.find("{androidpn:iq:notification}notification") is not None and stanza["id"] == message

        eventually(is_there)

    def test_one_message_reaches_a_phone_and_a_browser_of_one_user(self, app, phone):
        browser = app.register(alias=phone.user.name, platform="WEB")
        with browser.connect() as connection:
            message = app.send(
                audienceType="ALIAS", audiences=[phone.user.name], alert="both", needConfirm=True)
            assert connection.message()["id"] == message
            assert phone.message()["id"] == message
            connection.confirm(message)
            eventually(lambda: app.counts(message) == {"received": 2})


class TestManagedStream:
    """Stream management (XEP-0198) over a network that breaks."""

    @pytest.fixture
    def network(self, app):
        with Network(app.port) as network:
            yield network

    @pytest.fixture
    def phone(self, make_phone, network):
        phone = make_phone(port=network.port).connect()
        phone.happens("sm_enabled")
        return phone

    @staticmethod
    def cut(network, phone):
        network.cut()
        phone.happens("disconnected")

    def test_a_stream_is_resumed_and_gets_what_was_sent_meanwhile(self, app, network, phone):
        before = app.events("resumed_stream")
        for _ in range(3):
            self.cut(network, phone)
            eventually(lambda: not app.find_user(phone.user.name)["connected"])
            messages = [app.send_to(phone.user, needConfirm=needs) for needs in (False, True)]
            phone.resume()
            assert [phone.message()["id"] for _ in messages] == messages
            eventually(lambda: [phone.user.state(message) for message in messages] == ["received", "received"])
        assert app.events("resumed_stream") == before + 3
        assert phone.messages.empty()

    def test_what_the_network_lost_is_sent_again(self, app, network, phone):
        network.loses = True
        messages = [app.send_to(phone.user, needConfirm=needs) for needs in (False, True, False)]
        assert [phone.user.state(message) for message in messages] == ["unsent"] * 3, "nobody counted them"
        self.cut(network, phone)
        phone.resume()
        assert [phone.message()["id"] for _ in messages] == messages
        eventually(lambda: {phone.user.state(message) for message in messages} == {"received"})

    def test_what_came_and_was_not_counted_is_not_lost(self, app, network, phone, make_phone):
        network.loses = True
        message = app.send_to(phone.user)
        self.cut(network, phone)
        # It does not resume, but begins anew elsewhere.
        assert make_phone(phone.user, resource="tablet").connect().message()["id"] == message

    def test_nor_is_it_if_the_server_still_believes_in_the_old_connection(self, app, network, phone, make_phone):
        network.loses = True
        message = app.send_to(phone.user)
        assert app.find_user(phone.user.name)["connected"]
        assert make_phone(phone.user, resource="tablet").connect().message()["id"] == message

    def test_a_stream_is_resumed_while_the_server_still_believes_in_the_old_connection(self, app, network, phone):
        # The phone loses its connection, and the server does not hear of it.
        network.loses = True
        message = app.send_to(phone.user)
        phone.do(phone.xmpp.abort)
        phone.happens("disconnected")
        assert app.find_user(phone.user.name)["connected"]
        phone.port = app.port
        phone.resume()
        assert phone.message()["id"] == message

    def test_what_the_phone_sent_in_vain_arrives_once(self, app, network, phone, make_phone):
        friend = make_phone().connect()
        network.loses = True
        phone.send(friend.user.address, "lost")
        self.cut(network, phone)
        phone.resume()
        phone.send(friend.user.address, "later")
        assert [friend.message()["body"] for _ in range(2)] == ["lost", "later"]
        assert friend.messages.empty()

    def test_after_a_restart_the_phone_begins_anew_and_loses_nothing(self, start_server, loop):
        app = XMPPApp(start_server(xmpp__port=0, xmpp__domain=DOMAIN))
        user = app.add_user()
        with Network(app.port) as network, Phone(loop, user, port=network.port).connect() as phone:
            phone.happens("sm_enabled")
            network.loses = True
            message = app.send_to(user)
            app.server.kill()
            network.cut()
            phone.happens("disconnected")
            app.server.start()
            phone.port = app.port
            phone.connect()
            phone.happens("sm_failed")
            assert phone.message()["id"] == message

    def test_a_stream_that_is_too_old_is_not_resumed(self, start_server, loop):
        app = XMPPApp(start_server(xmpp__port=0, xmpp__domain=DOMAIN, xmpp__resume_time="1s"))
        user = app.add_user()
        with Network(app.port) as network, Phone(loop, user, port=network.port).connect() as phone:
            phone.happens("sm_enabled")
            self.cut(network, phone)
            cut = time.monotonic()
            message = app.send_to(user)
            eventually(lambda: time.monotonic() > cut + 1.2)
            phone.connect()
            phone.happens("sm_failed")
            assert phone.message()["id"] == message
        assert app.events("resumed_stream") == 0


class TestMessages:
    """From one account to another."""

    @pytest.fixture
    def friend(self, make_phone):
        return make_phone().connect()

    def test_one_that_is_there_gets_it_at_once(self, phone, friend):
        phone.send(friend.user.address, "hello", msubject="about", mtype="chat")
        received = friend.message()
        assert (received["body"], received["subject"], received["type"]) == ("hello", "about", "chat")
        assert (received["from"], received["to"]) == (phone.address, friend.address)
        friend.send(received["from"], "hello yourself")
        assert phone.message()["body"] == "hello yourself"

    def test_one_that_is_away_gets_it_later_and_after_a_crash(self, start_server, loop):
        app = XMPPApp(start_server(xmpp__port=0, xmpp__domain=DOMAIN))
        ann, bob = app.add_user(), app.add_user()
        with Phone(loop, ann).connect() as phone:
            phone.send(bob.address, "hello")
            phone.send(f"{bob.address}/gone", "hello again")
            # A message counts as handled once it is stored.
            eventually(lambda: app.server.metric("apus_messages_accepted_total") == 2)
        app.server.kill()
        app.server.start()
        with Phone(loop, bob).connect() as phone:
            received = [phone.message() for _ in range(2)]
        assert [message["body"] for message in received] == ["hello", "hello again"]
        assert [message["from"] for message in received] == [f"{ann.address}/phone"] * 2

    def test_an_android_client_gets_it_as_a_notification(self, phone, user):
        with user.connect() as stream:
            phone.send(user.address, "hello")
            assert stream.notification()["message"] == "hello"

    def test_nobody_gets_what_is_for_nobody(self, phone):
        phone.send(f"nobody-at-all@{DOMAIN}", "hello")
        error = phone.message()
        assert error["type"] == "error"
        assert error["error"]["condition"] in ("service-unavailable", "item-not-found")

    def test_another_domain_cannot_be_reached(self, phone):
        phone.send("somebody@example.net", "hello")
        assert phone.message()["error"]["condition"] == "remote-server-not-found"

    def test_another_apps_users_cannot_be_reached(self, app, phone):
        other = app.server.create_app()
        stranger = app.add_user(appId=other["id"])
        phone.send(stranger.address, "hello")
        assert phone.message()["type"] == "error"

    def test_one_may_write_to_oneself(self, phone):
        phone.send(phone.user.address, "a note")
        assert phone.message(within=3)["body"] == "a note"

    def test_clients_ask_each_other(self, phone, friend):
        assert phone.ping(friend.address) < 5


class TestComponent:
    """External components (XEP-0114)."""

    domains = (f"component-{number}.example.org" for number in range(1000))

    @pytest.fixture
    def component(self, loop, app):
        with Component(loop, app, next(self.domains), SECRET).connect() as component:
            yield component

    def test_a_wrong_secret_is_refused(self, loop, app):
        with Component(loop, app, next(self.domains), "wrong") as component:
            component.do(lambda: component.xmpp.connect() and None)
            assert component.happens("stream_error")["condition"] == "not-authorized"

    @pytest.fixture
    def raw(self, app):
        with Stream(app.component_port) as stream:
            yield stream

    @staticmethod
    def open(stream, domain):
        stream.say(stream_header(domain).replace("jabber:client", "jabber:component:accept").replace(
            ' version="1.0"', ""))

    @pytest.mark.parametrize("domain", [DOMAIN, ""])
    def test_some_domains_cannot_be_served(self, raw, domain):
        self.open(raw, domain)
        assert raw.ending() == "host-unknown"

    def test_only_configured_domains_are_served(self, start_server, loop):
        app = XMPPApp(start_server(
            xmpp__port=0, xmpp__domain=DOMAIN, xmpp__component_port=0, xmpp__component_secret=SECRET,
            xmpp__component_domains="up.example.org,chat.example.org"))
        with Component(loop, app, "up.example.org", SECRET).connect(), Stream(app.component_port) as other:
            self.open(other, "other.example.org")
            assert other.ending() == "host-unknown"

    def test_a_domain_is_served_once(self, loop, app, component):
        with Component(loop, app, component.domain, SECRET) as second:
            second.do(lambda: second.xmpp.connect() and None)
            assert second.happens("stream_error")["condition"] == "conflict"

    def test_nothing_passes_before_the_handshake(self, raw, user):
        self.open(raw, next(self.domains))
        raw.say(f"<message from='a@b' to='{user.address}'><body>hello</body></message>")
        assert raw.ending() == "not-authorized"
        with user.connect() as stream:
            assert user.receives_before_a_marker(stream) == []

    @pytest.mark.parametrize("sender", ["bot@{domain}/1", "bot@{domain}", "{domain}"])
    def test_it_sends_to_one_that_is_there(self, component, phone, sender):
        sender = sender.format(domain=component.domain)
        component.send(phone.address, "hello", mfrom=sender)
        received = phone.message()
        assert (received["body"], received["from"]) == ("hello", sender)

    def test_what_it_sends_waits_for_one_that_is_away(self, app, component, user, make_phone):
        before = app.server.metric("apus_messages_accepted_total")
        component.send(user.address, "hello", mfrom=f"bot@{component.domain}/1")
        eventually(lambda: app.server.metric("apus_messages_accepted_total") == before + 1)
        received = make_phone(user).connect().message()
        assert (received["body"], received["from"]) == ("hello", f"bot@{component.domain}/1")

    def test_it_gets_what_is_sent_to_it(self, component, phone):
        phone.send(f"bot@{component.domain}", "hello")
        received = component.message()
        assert (received["body"], received["from"]) == ("hello", phone.address)

    def test_each_asks_the_other(self, component, phone):
        assert phone.ping(component.domain) < 5
        assert component.ping(phone.address, ifrom=component.domain) < 5
        assert component.ping(DOMAIN, ifrom=component.domain) < 5

    def test_presence_passes(self, component, phone):
        phone.do(phone.xmpp.send_presence, pto=component.domain)
        assert component.happens("presence_available")["from"] == phone.address

    def test_a_message_for_nobody_is_answered(self, component):
        component.send(f"nobody-at-all@{DOMAIN}", "hello", mfrom=component.domain)
        assert component.message()["type"] == "error"

    def test_it_can_be_discovered_while_it_is_there(self, component, phone):
        def services():
            items = phone.do(phone.xmpp.plugin["xep_0030"].get_items, DOMAIN, timeout=5)["disco_items"]["items"]
            return {str(address) for address, *_ in items}

        assert component.domain in services()
        component.__exit__()
        eventually(lambda: component.domain not in services())
        phone.send(component.domain, "are you there?")
        assert phone.message()["error"]["condition"] == "remote-server-not-found"

    @pytest.mark.parametrize(
        "stanza, condition",
        [("<message from='other.example.org' to='{user}'><body>hello</body></message>", "invalid-from"),
         ("<message to='{user}'><body>hello</body></message>", "invalid-from"),
         ("<message from='{domain}'><body>hello</body></message>", "improper-addressing"),
         ("<presence from='{domain}' to='{user}'></message>", "not-well-formed")])
    def test_a_stanza_must_be_addressed(self, component, user, stanza, condition):
        text = stanza.format(user=user.address, domain=component.domain)
        component.do(component.xmpp.send_raw, text)
        assert component.happens("stream_error")["condition"] == condition


class TestCommand:
    """`apus xmpp user`."""

    @pytest.fixture
    def apus(self, app):
        def apus(*arguments, code=0):
            ended = run("xmpp", "user", *arguments, APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
            assert ended.returncode == code, ended.stdout + ended.stderr
            return ended.stderr if code else ended.stdout

        return apus

    @staticmethod
    def can_log_in(app, name, password):
        with app.stream() as stream:
            stream.open()
            return stream.ask(legacy_login(name, password, stream.id)).get("type") == "result"

    def test_add_prints_a_password_to_log_in_with(self, app, apus):
        name = next(names)
        text = apus("add", name, "--app", app.id)
        shown = dict(re.findall(r"^(name|password|app|device)\s+(.+)$", text, re.MULTILINE))
        assert (shown["name"], shown["app"]) == (name, app.id)
        assert self.can_log_in(app, name, shown["password"])
        assert name in apus("add", name, "--app", app.id, code=1)

    def test_add_takes_a_password(self, app, apus):
        name = next(names)
        assert "its own" not in apus("add", name, "--app", app.id, "--password", "its own")
        assert self.can_log_in(app, name, "its own")

    def test_a_hashed_password_is_for_scram_only(self, app, apus, make_phone):
        name = next(names)
        apus("add", name, "--app", app.id, "--password", "its own", "--hashed")
        assert not self.can_log_in(app, name, "its own")
        make_phone(User(app, name, "its own", None), sasl_mech="SCRAM-SHA-256").connect()

    def test_add_needs_an_app_and_a_proper_name(self, app, apus):
        assert apus("add", next(names), code=2)
        assert "app" in apus("add", next(names), "--app", "unknown", code=1)
        assert "name" in apus("add", "a b", "--app", app.id, code=1)

    def test_list_shows_who_is_connected(self, app, apus, user):
        def row():
            rows = [line.split() for line in apus("list", "--app", app.id).splitlines()]
            return next(row for row in rows if user.name in row)

        assert row() == [user.name, app.id, user.id, user.name, "offline"]
        with user.connect():
            eventually(lambda: row()[-1] == "connected")

    def test_list_goes_on_page_by_page(self, app, apus):
        mine = sorted(app.add_user().name for _ in range(3))
        shown, after = set(), []
        while True:
            text = apus("list", "--app", app.id, "--limit", 2, *after)
            shown |= {line.split()[0] for line in text.splitlines()[1:] if app.id in line.split()}
            found = re.findall(r"--after (\S+)", text)
            if not found:
                break
            after = ["--after", found[0]]
        assert set(mine) <= shown

    def test_passwd_ends_the_old_password(self, app, apus, user):
        (password,) = re.findall(r"new password of \S+ is (\S+)", apus("passwd", user.name))
        assert not self.can_log_in(app, user.name, user.password)
        assert self.can_log_in(app, user.name, password)
        apus("passwd", user.name, "--password", "its own")
        assert self.can_log_in(app, user.name, "its own")
        assert "nobody" in apus("passwd", "nobody", code=1)

    def test_remove_ends_the_connection_and_the_account(self, app, apus, user):
        with user.connect() as stream:
            apus("remove", user.name)
            assert stream.ending() == "not-authorized"
        assert not self.can_log_in(app, user.name, user.password)
        assert app.find_user(user.name) is None
        assert user.name in apus("remove", user.name, code=1)

    def test_a_new_user_of_the_same_name_gets_nothing_of_the_old_one(self, app, apus, user):
        app.send_to(user, needConfirm=True)
        apus("remove", user.name)
        apus("add", user.name, "--app", app.id, "--password", "another")
        newer = User(app, user.name, "another", app.find_user(user.name)["deviceId"])
        assert newer.id != user.id
        with newer.connect() as stream:
            assert newer.receives_before_a_marker(stream) == []
