"""Application ↔ D-Bus ↔ distributor ↔ XMPP ↔ Apus ↔ HTTP ↔ pywebpush, with what breaks on the way."""

from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from pywebpush import webpush

from dbus_app import App
from desktop import Desktop
from phone import Network
from server import Server
from unifiedpush import Subscription, path
from waiting import eventually
from xmpp import DOMAIN, XMPPApp, settings
from xmpp_servers import free_ports


class House:
    """A desktop whose distributor has an account on Apus, and the network between them."""

    def __init__(self, directory):
        (self.xmpp_port,) = free_ports(1)
        self.server = Server(directory / "server")
        self.server.directory.mkdir()
        self.start()
        self.app = XMPPApp(self.server)
        self.network = Network(self.xmpp_port)
        user = self.app.add_user()
        self.desktop = Desktop(directory / "desktop")
        reached = SimpleNamespace(client_port=self.network.port, certificate=self.app.certificate)
        answer = self.desktop.login(reached, user.address, "--gateway", f"up.{DOMAIN}")
        assert answer.returncode == 0, answer.stderr
        self.desktop.start()
        self.application = App(self.desktop, "org.example.Mail").start()

    def start(self):
        self.server.start(**settings(xmpp__port=self.xmpp_port))

    def end(self):
        self.application.end()
        self.desktop.end()
        self.network.__exit__()
        self.server.end()

    def subscribe(self, token):
        """What the application gives to its server."""
        assert self.application.register(token) == {"success": "REGISTRATION_SUCCEEDED"}
        endpoint = self.application.endpoint()
        return Subscription(endpoint[0]["endpoint"])

    def push(self, subscription, text):
        """What the application's server does. The endpoint's port may be another one after a restart."""
        info = subscription.info | {"endpoint": self.server.url + path(subscription.endpoint)}
        assert webpush(info, data=text, ttl=3600).status_code == 201

    def received(self, subscription, count):
        """The texts that the application got, decrypted."""
        messages = [message[0]["message"] for message in self.application.messages(count)]
        return [subscription.decrypt(text.encode("latin-1")).decode() for text in messages]


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.end()


def test_a_push_goes_the_whole_way_encrypted(house):
    mail = house.subscribe("tok")
    assert urlsplit(mail.endpoint).path.startswith("/push/")
    house.push(mail, "you have mail")
    assert house.received(mail, 1) == ["you have mail"]
    eventually(lambda: 'apus_delivery_events_total{event="received",route="xmpp"} 1\n' in house.server.get("/metrics").text)


def test_nothing_is_lost_whatever_breaks_on_the_way(house):
    mail = house.subscribe("tok")
    sent = []

    def push(count):
        for _ in range(count):
            sent.append(f"push {len(sent)}")
            house.push(mail, sent[-1])

    push(5)
    house.network.loses = True  # packets vanish: nobody hears of it
    push(5)
    house.network.cut()
    push(5)
    house.server.kill()
    house.start()
    push(5)
    house.desktop.kill()
    push(5)
    house.desktop.start()
    push(5)
    house.application.stop()
    push(5)
    house.application.start()
    push(5)
    # At least once: what may have arrived comes again.
    eventually(lambda: set(house.received(mail, len(sent))) == set(sent), within=60)
    first_times = list(dict.fromkeys(house.received(mail, len(sent))))
    assert first_times == sent


def test_an_unregistered_endpoint_is_gone_for_its_server(house):
    mail = house.subscribe("tok")
    house.application.unregister("tok")
    eventually(lambda: house.application.calls("Unregistered"))
    assert house.server.post(path(mail.endpoint), data="late").status_code == 410
