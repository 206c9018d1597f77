"""An XMPP server's app, its users, and streams that say line by line what a screenplay tells them to."""

import hashlib
import itertools
import re
import socket
import ssl
from xml.etree import ElementTree

from onepush import App
from server import Server

DOMAIN = "push.example.org"
CLIENT = "{jabber:client}"
STREAMS = "{http://etherx.jabber.org/streams}"
LEGACY_RESOURCE = "AndroidpnClient"

names = (f"user-{number}" for number in itertools.count(1))


def settings(**more):
    """Of a server that XMPP devices register with."""
    return {"xmpp__port": 0, "xmpp__domain": DOMAIN, "xmpp__register_app": XMPPApp.ID} | more


def xmpp_server(directory, **more):
    return Server(directory).start(**settings(**more))


class XMPPApp(App):
    """The app that devices register into."""

    ID = "android"

    def __init__(self, server):
        super().__init__(server, id=self.ID)

    def _port(self, line):
        found = re.search(rf"^XMPP {line} port (\d+)[.;]", self.server.output, re.MULTILINE)
        assert found, f"no port for XMPP {line} in {self.server.output}"
        return int(found.group(1))

    @property
    def port(self):
        return self._port(f"clients of {re.escape(DOMAIN)} connect to")

    @property
    def tls_port(self):
        return self._port("clients that encrypt from the start connect to")

    @property
    def component_port(self):
        return self._port("components attach to")

    @property
    def certificate(self):
        """The file of the certificate that the server made itself."""
        return self.server.data / "tls-certificate.pem"

    def add_user(self, password="secret of a user", **members):
        body = {"name": next(names), "appId": self.id, "password": password} | members
        answer = self.server.admin("POST", "/v1/accounts", json=body)
        assert answer.status_code == 200, answer.text
        return User(self, body["name"], password, answer.json()["deviceId"])

    def find_user(self, name):
        """What the server tells of a user; None if there is no such user."""
        accounts = self.server.admin("GET", "/v1/accounts?limit=1000").json()["accounts"]
        return next((account for account in accounts if account["name"] == name), None)

    def stream(self):
        return Stream(self.port)

    def events(self, name):
        """How often something happened that is counted."""
        lines = self.server.get("/metrics").text.splitlines()
        label = f'apus_xmpp_events_total{{event="{name}"}} '
        return next(int(float(line.removeprefix(label))) for line in lines if line.startswith(label))


class User:
    """An account, and the device that it is."""

    def __init__(self, app, name, password, id):
        self.app = app
        self.name = name
        self.password = password
        self.id = id

    @property
    def address(self):
        return f"{self.name}@{DOMAIN}"

    def log_in(self, resource=LEGACY_RESOURCE):
        """A stream of this user, which has not said yet that it is available."""
        stream = self.app.stream()
        stream.open()
        answer = stream.ask(legacy_login(self.name, self.password, stream.id, resource))
        assert answer.get("type") == "result", show(answer)
        return stream

    def connect(self):
        """A stream that is available."""
        stream = self.log_in()
        stream.become_available()
        return stream

    def state(self, message):
        return self.app.state(message, self)

    def receives_before_a_marker(self, stream):
        """The notifications that come before one that is sent now. Since they are in order, none is left behind."""
        marker = self.app.send_to(self, alert="marker")
        received = []
        while (notification := stream.notification())["id"] != marker:
            received.append(notification)
        return received


class Stream:
    """A client's stream. It says what it is told to, and takes what comes element by element."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.restart()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def drop(self):
        """Cuts the connection without a word."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def restart(self):
        """What comes now is a new stream."""
        self.text = ""
        self.header = None
        self.is_closed = False
        self._parser = ElementTree.XMLPullParser(("start", "end"))
        self._depth = 0
        self._elements = []

    # What it says

    def say(self, *parts):
        self.socket.sendall("".join(parts).encode())

    def encrypt(self):
        """Begins TLS, and a new stream in it."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=DOMAIN)
        self.restart()

    def open(self, to=DOMAIN):
        """Opens a stream, and answers the features that the server offers."""
        self.say(stream_header(to))
        features = self.element()
        assert features.tag == STREAMS + "features", show(features)
        return features

    def ask(self, iq):
        """The answer to an IQ, which is what comes next."""
        self.say(iq)
        answer = self.element()
        assert answer.get("id") == parse(iq).get("id"), f"{show(answer)} is no answer to {iq}"
        return answer

    def become_available(self):
        """Sends presence, and waits until the server knows."""
        self.say("<presence/>")
        assert self.element().tag == CLIENT + "presence"

    # What comes

    @property
    def id(self):
        return self.header["id"]

    def element(self):
        """The next element in the stream."""
        while not self._elements:
            assert not self.is_closed, "the stream was closed"
            self._receive()
        return self._elements.pop(0)

    def notification(self):
        """The next element, which is a notification: its elements as texts, and the IQ's attributes as `iq`."""
        iq = self.element()
        assert (iq.tag, iq.get("type"), len(iq)) == (CLIENT + "iq", "set", 1), show(iq)
        notification = {local_name(child): child.text or "" for child in iq[0]}
        return notification | {"iq": dict(iq.attrib), "namespace": iq[0].tag.removesuffix("notification")}

    def elements_before_pong(self):
        """What comes before the answer to a ping that is sent now."""
        self.say('<iq type="get" id="marker"><ping xmlns="urn:xmpp:ping"/></iq>')
        elements = []
        while (element := self.element()).get("id") != "marker":
            elements.append(element)
        assert element.get("type") == "result", show(element)
        return elements

    def ending(self):
        """The condition of the error with which the server closes the stream; None if there is none."""
        while not self.is_closed:
            self._receive()
        elements, self._elements = self._elements, []
        errors = [element for element in elements if element.tag == STREAMS + "error"]
        return local_name(errors[0][0]) if errors else None

    def _receive(self):
        data = self.socket.recv(65536)
        assert data, f"the connection ended within the stream, after: {self.text}"
        self.text += data.decode()
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            self._depth += 1 if event == "start" else -1
            if event == "start" and self._depth == 1:
                self.header = dict(element.attrib)
            elif event == "end" and self._depth == 1:
                self._elements.append(element)
            elif event == "end" and self._depth == 0:
                self.is_closed = True


# XML

def stream_header(to=DOMAIN):
    """As AndroidPN clients write it."""
    return (
        f'<stream:stream to="{to}" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" '
        'version="1.0">')


def legacy_fields(name, id="auth-1"):
    return f'<iq id="{id}" type="get"><query xmlns="jabber:iq:auth"><username>{name}</username></query></iq>'


def legacy_login(name, password, stream_id, resource=LEGACY_RESOURCE, id="auth-2"):
    digest = hashlib.sha1((stream_id + password).encode()).hexdigest()
    return (
        f'<iq id="{id}" type="set"><query xmlns="jabber:iq:auth"><username>{name}</username>'
        f"<digest>{digest}</digest><resource>{resource}</resource></query></iq>")


def registration(name, password, id="reg-1"):
    return (
        f'<iq id="{id}" type="set"><query xmlns="jabber:iq:register"><password>{password}</password>'
        f"<username>{name}</username></query></iq>")


def parse(xml):
    """An element that is written as in a stream."""
    return ElementTree.fromstring(stream_header() + xml + "</stream:stream>")[0]


def show(element):
    """An element in a form that is the same for all ways to write it. It may be written as in a stream."""
    if isinstance(element, str):
        element = parse(element)
    element.tail = None
    return ElementTree.canonicalize(ElementTree.tostring(element, "unicode"), rewrite_prefixes=True)


def local_name(element):
    return element.tag.rpartition("}")[2]


def error(element):
    """The condition, the type and the code of a stanza's error."""
    assert element.get("type") == "error", show(element)
    found = element.find(CLIENT + "error")
    return local_name(found[0]), found.get("type"), found.get("code")
