"""UnifiedPush on Apus's own XMPP server, as Conversations and its providers speak it."""

import base64
import queue
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from phone import Loop, Network, Phone
from unifiedpush import GATEWAY, PROVIDER, SEED, Distributor, instance_hash, path, push
from waiting import eventually
from xmpp import CLIENT, DOMAIN, XMPPApp, error, settings, show, xmpp_server

STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
RIGHT = instance_hash("right")
DISCO_INFO = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture(scope="module")
def impatient_app(tmp_path_factory):
    """Of a server that soon sends again what is not confirmed."""
    server = xmpp_server(
        tmp_path_factory.mktemp("server"), sessions__resend_after="100ms", sessions__longest_resend="1h")
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def start_app(start_server):
    """Starts a server of the test's own."""
    return lambda **more: XMPPApp(start_server(**settings(**more)))


@pytest.fixture
def user(app):
    return app.add_user()


@pytest.fixture
def distributor(user):
    return Distributor(user)


class TestRegistration:
    def test_an_endpoint_holds_for_thirty_days(self, distributor):
        endpoint, expiration = distributor.register("mail")
        assert abs(datetime.now(timezone.utc) + timedelta(days=30) - expiration) < timedelta(minutes=1)
        assert endpoint.startswith(f"{distributor.user.app.server.url}/push/")
        assert len(endpoint) <= 1000

    def test_the_same_again_keeps_the_endpoint(self, distributor):
        assert distributor.endpoint("mail") == distributor.endpoint("mail")

    def test_another_application_or_user_has_another_endpoint(self, app, distributor):
        other = Distributor(app.add_user())
        assert len({distributor.endpoint("mail"), distributor.endpoint("chat"), other.endpoint("mail")}) == 3

    def test_it_is_the_accounts_whatever_the_resource(self, user):
        with user.connect() as stream:
            endpoint = Distributor(user, stream).endpoint("mail")
        stream = user.log_in("another resource")
        stream.become_available()
        distributor = Distributor(user, stream)
        assert distributor.endpoint("mail") == endpoint
        push(endpoint)
        assert distributor.take() == b"hello"

    def test_a_distributor_may_register_before_it_is_available(self, user):
        stream = user.log_in()
        endpoint = Distributor(user, stream).endpoint("mail")
        assert push(endpoint).status_code == 201

    def test_a_restart_keeps_the_endpoint_and_a_renewal_extends_it(self, start_app):
        app = start_app(unifiedpush__lifetime="1h")
        user = app.add_user()
        with user.connect() as stream:
            endpoint, soon = Distributor(user, stream).register("mail")
        assert soon < datetime.now(timezone.utc) + timedelta(hours=2)
        app.server.restart(unifiedpush__lifetime="30d")
        assert app.server.post(path(endpoint), data=b"from before").status_code == 201
        distributor = Distributor(user)
        assert distributor.take() == b"from before"
        again, later = distributor.register("mail")
        assert path(again) == path(endpoint)
        assert later > soon + timedelta(days=29)

    def test_an_unregistered_endpoint_is_gone_and_a_new_one_is_new(self, distributor):
        endpoint = distributor.endpoint("mail")
        distributor.unregister("mail")
        assert push(endpoint).status_code == 410
        again = distributor.endpoint("mail")
        assert again != endpoint
        assert [push(endpoint).status_code, push(again).status_code] == [410, 201]

    def test_what_is_not_registered_can_be_unregistered(self, distributor):
        distributor.unregister("never registered")

    def test_the_endpoints_of_an_account_go_with_it(self, app, distributor):
        endpoint = distributor.endpoint("mail")
        assert app.server.admin("DELETE", f"/v1/accounts/{distributor.user.name}").status_code == 204
        assert push(endpoint).status_code == 410

    def test_what_is_said_at_once_is_done_in_order(self, distributor):
        stream, count = distributor.stream, 40
        stream.say(*[
            f'<iq type="set" to="{GATEWAY}" id="{name}-{number}"><{name} xmlns="{PROVIDER}" application="{RIGHT}" '
            f'instance="{RIGHT}"/></iq>'
            for number in range(count) for name in ("register", "unregister")])
        answers = [stream.element() for _ in range(2 * count)]
        endpoints = {
            registered.get("endpoint") for answer in answers for registered in answer.iter(f"{{{PROVIDER}}}registered")}
        assert len(endpoints) == count
        assert {push(endpoint).status_code for endpoint in endpoints} == {410}

    @pytest.mark.parametrize("name", ["register", "unregister"])
    @pytest.mark.parametrize(
        "attributes, text", [
            ("", "application: no value provided"),
            (f'instance="{RIGHT}"', "application: no value provided"),
            (f'application="{RIGHT}"', "instance: no value provided"),
            (f'application="{RIGHT}" instance="???"', "instance: invalid base64"),
            (f'application="{RIGHT[:-1]}" instance="{RIGHT}"', "application: invalid base64"),
            (f'application="{RIGHT}" instance="AAAA"', "instance: incorrect decoded length, expected 32"),
            (f'application="{"A" * 48}" instance="{RIGHT}"', "application: incorrect decoded length, expected 32"),
            (f'application="{RIGHT}" instance=""', "instance: incorrect decoded length, expected 32"),
        ])
    def test_a_hash_that_is_none_is_refused(self, distributor, name, attributes, text):
        answer = distributor.ask(f'<{name} xmlns="{PROVIDER}" {attributes}/>')
        assert error(answer)[:2] == ("bad-request", "modify")
        assert answer.find(f"{CLIENT}error/{STANZAS}text").text == text


class TestPush:
    def test_it_reaches_the_distributor_byte_for_byte(self, app, distributor):
        endpoint = distributor.endpoint("mail")
        data = bytes(range(256))
        answer = push(endpoint, data)
        assert answer.status_code == 201, answer.text
        id, application, received = distributor.push()
        assert (application, received) == (instance_hash("mail"), data)
        eventually(lambda: app.state(id, distributor.user) == "sent")
        distributor.accept(id)
        eventually(lambda: app.state(id, distributor.user) == "received")

    @pytest.mark.parametrize("condition", ["item-not-found", "feature-not-implemented"])
    def test_an_application_that_is_not_there_any_more_loses_its_endpoint(self, app, distributor, condition):
        endpoint, other = distributor.endpoint("mail"), distributor.endpoint("chat")
        push(endpoint)
        id, _, _ = distributor.push()
        distributor.refuse(id, condition)
        eventually(lambda: push(endpoint).status_code == 410)
        assert app.state(id, distributor.user) == "failed"
        step = app.explain(id, distributor.user)["steps"][-1]
        assert step["code"] == "failed.endpoint.unregistered"
        assert "unregistered" in step["text"]
        assert push(other).status_code == 201

    def test_who_was_away_gets_everything_in_order(self, app, user):
        with user.connect() as stream:
            distributor = Distributor(user, stream)
            endpoints = [distributor.endpoint(name) for name in ("mail", "chat")]
        waiting = [f"push {number}".encode() for number in range(20)]
        for number, data in enumerate(waiting):
            assert push(endpoints[number % 2], data).status_code == 201
        distributor = Distributor(user)
        pushes = [distributor.push() for _ in waiting]
        assert [data for _, _, data in pushes] == waiting
        assert [application for _, application, _ in pushes] == [instance_hash("mail"), instance_hash("chat")] * 10
        distributor.accept(pushes[-1][0])
        eventually(lambda: app.state(pushes[-1][0], user) == "received")
        eventually(lambda: app.state(pushes[0][0], user) == "sent")

    def test_who_answers_late_gets_everything_in_order_even_so(self, app, distributor):
        endpoint = distributor.endpoint("mail")
        waiting = [f"push {number}".encode() for number in range(300)]
        for data in waiting:
            assert push(endpoint, data).status_code == 201
        id, _, first = distributor.push()
        assert app.state(id, distributor.user) != "received"
        distributor.accept(id)
        assert [first] + [distributor.take() for _ in waiting[1:]] == waiting

    def test_who_is_logged_in_without_presence_gets_nothing_yet(self, user):
        stream = user.log_in()
        distributor = Distributor(user, stream)
        endpoint = distributor.endpoint("mail")
        assert push(endpoint).status_code == 201
        assert stream.elements_before_pong() == []
        stream.become_available()
        assert distributor.take() == b"hello"

    def test_what_was_not_answered_comes_again_at_the_next_presence(self, user):
        with user.connect() as stream:
            distributor = Distributor(user, stream)
            push(distributor.endpoint("mail"))
            unanswered = distributor.push()
        assert Distributor(user).push() == unanswered

    def test_directed_presence_needs_no_answer(self, distributor):
        distributor.stream.say(f'<presence to="{GATEWAY}"/>')
        assert distributor.stream.elements_before_pong() == []


class TestResending:
    @pytest.fixture
    def app(self, impatient_app):
        return impatient_app

    @pytest.mark.parametrize(
        "condition", ["service-unavailable", "recipient-unavailable", "resource-constraint", "internal-server-error"])
    def test_a_push_comes_again_after_an_error_that_may_pass(self, app, distributor, condition):
        endpoint = distributor.endpoint("mail")
        push(endpoint)
        first = distributor.push()
        distributor.refuse(first[0], condition)
        assert distributor.push() == first
        distributor.accept(first[0])
        eventually(lambda: app.state(first[0], distributor.user) == "received")
        assert push(endpoint).status_code == 201


class TestDiscovery:
    def test_the_gateway_says_what_it_is(self, distributor):
        answer = distributor.ask(f'<query xmlns="{DISCO_INFO}"/>', "get")
        query = answer.find(f"{{{DISCO_INFO}}}query")
        identity = query.find(f"{{{DISCO_INFO}}}identity")
        assert identity.attrib == {"category": "pubsub", "type": "push", "name": "Unified Push over XMPP"}
        features = {feature.get("var") for feature in query.iter(f"{{{DISCO_INFO}}}feature")}
        assert features == {SEED, PROVIDER, "urn:xmpp:ping", DISCO_INFO, DISCO_ITEMS}

    def test_a_distributor_finds_the_gateway_among_the_servers_items(self, distributor):
        answer = distributor.ask(f'<query xmlns="{DISCO_ITEMS}"/>', "get", to=DOMAIN)
        assert GATEWAY in [item.get("jid") for item in answer.iter(f"{{{DISCO_ITEMS}}}item")]

    def test_the_gateway_has_no_items(self, distributor):
        answer = distributor.ask(f'<query xmlns="{DISCO_ITEMS}"/>', "get")
        query = answer.find(f"{{{DISCO_ITEMS}}}query")
        assert (answer.get("type"), len(query)) == ("result", 0), show(answer)

    def test_the_gateway_answers_a_ping(self, distributor):
        answer = distributor.ask('<ping xmlns="urn:xmpp:ping"/>', "get")
        assert (answer.get("type"), answer.get("from"), len(answer)) == ("result", GATEWAY, 0)

    def test_the_gateway_may_have_another_address(self, start_app):
        app = start_app(unifiedpush__domain="push-to.example.net")
        distributor = Distributor(app.add_user())
        answer = distributor.ask(
            f'<register xmlns="{PROVIDER}" application="{RIGHT}" instance="{RIGHT}"/>', to="push-to.example.net")
        assert (answer.get("type"), answer.get("from")) == ("result", "push-to.example.net")


class TestSlixmpp:
    """A library that others wrote."""

    @pytest.fixture
    def loop(self):
        loop = Loop()
        yield loop
        loop.close()

    @pytest.fixture
    def phone(self, user, loop):
        with Phone(loop, user) as phone:
            yield phone.connect()

    @staticmethod
    def register(phone):
        """The endpoint."""
        registration = ElementTree.Element(f"{{{PROVIDER}}}register", application=RIGHT, instance=RIGHT)

        def ask():
            iq = phone.xmpp.make_iq_set(ito=GATEWAY)
            iq.append(registration)
            return iq.send()

        return phone.do(ask).xml.find(f"{{{PROVIDER}}}registered").get("endpoint")

    @staticmethod
    def pushes(phone):
        """The IQs of pushes, as they come."""
        pushes = queue.Queue()
        phone.xmpp.register_handler(Callback("push", MatchXPath(f"{CLIENT}iq/{{{PROVIDER}}}push"), pushes.put))
        return pushes

    @staticmethod
    def data(iq):
        return base64.b64decode(iq.xml.find(f"{{{PROVIDER}}}push").text)

    def test_it_finds_the_gateway_registers_and_takes_pushes(self, app, user, phone):
        discovery = phone.xmpp.plugin["xep_0030"]
        items = phone.do(discovery.get_items, jid=DOMAIN)["disco_items"]["items"]
        found = [
            str(jid) for jid, _, _ in items
            if PROVIDER in phone.do(discovery.get_info, jid=jid)["disco_info"]["features"]]
        assert found == [GATEWAY]

        pushes = self.pushes(phone)
        assert push(self.register(phone), b"to a library").status_code == 201
        iq = pushes.get(timeout=10)
        assert self.data(iq) == b"to a library"
        phone.do(lambda: iq.reply().send() and None)
        eventually(lambda: app.state(iq["id"], user) == "received")

    def test_what_a_dead_connection_swallowed_comes_when_the_stream_is_resumed(self, app, user, loop):
        with Network(app.port) as network, Phone(loop, user, port=network.port).connect() as phone:
            phone.happens("sm_enabled")
            pushes, endpoint = self.pushes(phone), self.register(phone)
            network.loses = True
            assert push(endpoint, b"swallowed").status_code == 201
            phone.do(phone.xmpp.abort)
            phone.happens("disconnected")
            phone.port = app.port
            phone.resume()
            iq = pushes.get(timeout=10)
            assert self.data(iq) == b"swallowed"
            phone.do(lambda: iq.reply().send() and None)
            eventually(lambda: app.state(iq["id"], user) == "received")

    def test_a_library_without_a_handler_refuses_and_so_ends_the_endpoint(self, phone):
        endpoint = self.register(phone)
        assert push(endpoint).status_code == 201
        eventually(lambda: push(endpoint).status_code == 410)  # it says feature-not-implemented by itself
