"""The UnifiedPush gateway as a component of Prosody and of ejabberd, with slixmpp in the place of Conversations."""

import base64
import queue
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import requests
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from onepush import App
from phone import Loop, Phone
from unifiedpush import PROVIDER, instance_hash
from waiting import eventually
from xmpp_servers import COMPONENT, DOMAIN, SECRET, Ejabberd, Prosody

PUSH = f"{{{PROVIDER}}}push"


class DistributorApp(Phone):
    """A distributor on another XMPP server."""

    def __init__(self, loop, xmpp_server, address, resource="phone"):
        app = SimpleNamespace(port=xmpp_server.client_port, certificate=xmpp_server.certificate)
        super().__init__(loop, SimpleNamespace(app=app, address=address, password="secret of a user"), resource=resource)
        self.pushes = queue.Queue()
        self.xmpp.register_handler(
            Callback("push", MatchXPath(f"{{jabber:client}}iq/{PUSH}"), lambda iq: self.pushes.put(iq)))

    def register(self, name):
        def ask():
            payload = ElementTree.Element(
                f"{{{PROVIDER}}}register", application=instance_hash(name), instance=instance_hash(name))
            iq = self.xmpp.make_iq_set(payload, ito=COMPONENT)
            return iq.send(timeout=5)

        registered = self.do(ask).xml[0]
        assert registered.tag == f"{{{PROVIDER}}}registered"
        return registered.get("endpoint")

    def greet(self):
        """What Conversations says to the gateway when it comes back."""
        self.do(self.xmpp.send_presence, pto=COMPONENT)

    def push(self, within=10):
        """The next push: its IQ and its bytes."""
        iq = self.pushes.get(timeout=within)
        assert str(iq["from"]) == COMPONENT
        return iq, base64.b64decode(iq.xml[0].text)

    def take(self, within=10):
        iq, data = self.push(within)
        self.do(lambda: iq.reply().send() and None)
        return data


@pytest.fixture(scope="module")
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module", params=[Prosody, Ejabberd], ids=["prosody", "ejabberd"])
def xmpp_server(request, tmp_path_factory):
    server = request.param(tmp_path_factory.mktemp("xmpp")).start()
    server.add_user("ann")
    yield server
    server.end()


@pytest.fixture
def gateway(start_server, xmpp_server):
    server = start_server(
        unifiedpush__component_host="127.0.0.1", unifiedpush__component_port=xmpp_server.component_port,
        unifiedpush__component_domain=COMPONENT, unifiedpush__component_secret=SECRET)
    return App(server, id="unifiedpush")


@pytest.fixture
def ann(loop, xmpp_server, gateway):
    with DistributorApp(loop, xmpp_server, f"ann@{DOMAIN}").connect() as phone:
        eventually(lambda: "the gateway is attached" in gateway.server.log)
        yield phone


def only_delivery(gateway, message):
    return gateway.status(message)["deliveries"][0]


def post(endpoint, data, **headers):
    answer = requests.post(endpoint, data=data, headers=headers)
    assert answer.status_code == 201, answer.text


def test_a_push_goes_all_the_way(gateway, ann):
    endpoint = ann.register("mail")
    data = bytes(range(256))
    post(endpoint, data)
    iq, received = ann.push()
    assert received == data and iq.xml[0].get("application") == instance_hash("mail")
    assert only_delivery(gateway, iq["id"])["state"] == "unsent"
    ann.do(lambda: iq.reply().send() and None)
    eventually(lambda: only_delivery(gateway, iq["id"])["state"] == "received")
    assert only_delivery(gateway, iq["id"])["route"] == "xmpp-component"


def test_the_endpoint_stays_the_same(gateway, ann, loop, xmpp_server):
    endpoint = ann.register("mail")
    assert ann.register("mail") == endpoint
    gateway.server.kill()
    gateway.server.start()
    eventually(lambda: "the gateway is attached" in gateway.server.log)
    # The port is another one after the restart.
    assert eventually(lambda: ann.register("mail")).rpartition("/")[2] == endpoint.rpartition("/")[2]


def test_pushes_wait_for_a_distributor_that_is_away(gateway, ann, loop, xmpp_server):
    endpoint = ann.register("chat")
    ann.do(ann.xmpp.disconnect)
    ann.happens("disconnected")
    for number in range(3):
        post(endpoint, f"push {number}")
    with DistributorApp(loop, xmpp_server, f"ann@{DOMAIN}", resource="tablet").connect() as tablet:
        tablet.greet()
        assert sorted(tablet.take(within=30) for _ in range(3)) == [b"push 0", b"push 1", b"push 2"]


def test_nothing_is_lost_when_the_server_is_killed(gateway, ann):
    endpoint = ann.register("killed")
    port = gateway.server.port
    for number in range(20):
        post(endpoint, f"push {number}")
    gateway.server.kill()
    gateway.server.start()
    received = set()
    while len(received) < 20:
        received.add(ann.take(within=30))
    assert received == {f"push {number}".encode() for number in range(20)}
    assert port


def test_an_application_that_is_gone_ends_its_endpoint(gateway, ann):
    endpoint = ann.register("gone")
    post(endpoint, "hello")
    iq, _ = ann.push()

    def refuse():
        reply = iq.reply()
        reply["type"] = "error"
        reply["error"]["condition"] = "item-not-found"
        reply.send()

    ann.do(refuse)
    eventually(lambda: requests.post(endpoint, data="again").status_code == 410)
    delivery = only_delivery(gateway, iq["id"])
    assert (delivery["state"], delivery["error"]) == ("failed", "unifiedpush.item-not-found")


def test_the_gateway_is_found(ann):
    found = ann.do(lambda: ann.xmpp["xep_0030"].get_info(jid=COMPONENT))
    assert {"unifiedpush.org", PROVIDER} <= set(found["disco_info"]["features"])
    assert ("pubsub", "push") in {identity[:2] for identity in found["disco_info"]["identities"]}
    ann.ping(COMPONENT)


def test_it_attaches_again_when_the_other_server_was_away(gateway, xmpp_server, loop, ann):
    endpoint = ann.register("mail")
    xmpp_server.restart()
    with DistributorApp(loop, xmpp_server, f"ann@{DOMAIN}", resource="later").connect() as later:
        post(endpoint, "hello")
        eventually(lambda: gateway.server.log.count("the gateway is attached") == 2, within=30)
        later.greet()
        assert later.take(within=30) == b"hello"


def test_a_wrong_secret_is_told(start_server, xmpp_server):
    server = start_server(
        unifiedpush__component_host="127.0.0.1", unifiedpush__component_port=xmpp_server.component_port,
        unifiedpush__component_domain=COMPONENT, unifiedpush__component_secret="wrong")
    eventually(lambda: "the gateway is not attached" in server.log)
    assert server.is_well()


def test_strangers_cannot_register(start_server, xmpp_server, loop):
    server = start_server(
        unifiedpush__component_host="127.0.0.1", unifiedpush__component_port=xmpp_server.component_port,
        unifiedpush__component_domain=COMPONENT, unifiedpush__component_secret=SECRET,
        unifiedpush__component_allow="friends.example.org")
    App(server, id="unifiedpush")
    eventually(lambda: "the gateway is attached" in server.log)
    with DistributorApp(loop, xmpp_server, f"ann@{DOMAIN}").connect() as ann:
        with pytest.raises(IqError) as refused:
            ann.register("mail")
        assert refused.value.condition == "forbidden"
