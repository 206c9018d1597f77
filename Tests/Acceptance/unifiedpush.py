"""Distributors of all UnifiedPush protocols, application servers, and what an application tells its server."""

import base64
import hashlib
import json
import os
from datetime import datetime
from urllib.parse import urlsplit

import http_ece
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xmpp import CLIENT, DOMAIN, show

GATEWAY = f"up.{DOMAIN}"
SEED = "unifiedpush.org"
PROVIDER = "http://gultsch.de/xmpp/drafts/unified-push"

application_server = requests.Session()
application_server.trust_env = False


def push(endpoint, data=b"hello", **headers):
    """Posts to an endpoint. A header is named as in `Content_Encoding`."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return application_server.post(endpoint, data=data, headers=headers, timeout=30)


def until_refused(post, most=100):
    """The answers up to the first that says that these are too many."""
    answers = []
    for _ in range(most):
        answers.append(post())
        if answers[-1].status_code == 429:
            return answers
    raise AssertionError(f"{most} were not too many")


def path(url):
    """The part of a URL that stays when a server starts again on another port."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def instance_hash(text):
    """What distributors say instead of names: standard base 64 of 32 bytes."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def urlsafe(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Distributors

class Asker:
    """Whoever asks the gateway something, over a stream of a user."""

    def __init__(self, user, stream=None):
        self.user = user
        self.stream = stream or user.connect()
        self.count = 0

    def ask(self, payload, type="set", to=GATEWAY):
        self.count += 1
        return self.stream.ask(f'<iq type="{type}" to="{to}" id="up-{self.count}">{payload}</iq>')


class Distributor(Asker):
    """A distributor that speaks Conversations' protocol."""

    def register(self, name, key=None):
        """The endpoint's URL, and until when it holds."""
        vapid = f' vapid="{key}"' if key else ""
        answer = self.ask(
            f'<register xmlns="{PROVIDER}" application="{instance_hash(name)}" '
            f'instance="{instance_hash(name + " instance")}"{vapid}/>')
        assert (answer.get("type"), answer.get("from")) == ("result", GATEWAY), show(answer)
        registered = answer.find(f"{{{PROVIDER}}}registered")
        return registered.get("endpoint"), datetime.fromisoformat(registered.get("expiration"))

    def endpoint(self, name="mail", key=None):
        return self.register(name, key)[0]

    def unregister(self, name):
        answer = self.ask(
            f'<unregister xmlns="{PROVIDER}" application="{instance_hash(name)}" '
            f'instance="{instance_hash(name + " instance")}"/>')
        assert answer.get("type") == "result", show(answer)

    def push(self):
        """The next push, which is not answered yet: its id, its application and its bytes."""
        iq = self.stream.element()
        assert (iq.get("type"), iq.get("from"), len(iq)) == ("set", GATEWAY, 1), show(iq)
        push = iq.find(f"{{{PROVIDER}}}push")
        return iq.get("id"), push.get("application"), base64.b64decode(push.text or "", validate=True)

    def accept(self, id):
        self.stream.say(f'<iq type="result" to="{GATEWAY}" id="{id}"/>')

    def refuse(self, id, condition):
        self.stream.say(
            f'<iq type="error" to="{GATEWAY}" id="{id}"><error type="cancel">'
            f'<{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>')

    def take(self):
        """The bytes of the next push, which is answered."""
        id, _, data = self.push()
        self.accept(id)
        return data

    def takes_before_a_marker(self, endpoint):
        """The bytes of the pushes that come before one that is posted now. They are in order: none is left behind."""
        assert push(endpoint, b"marker").status_code == 201
        received = []
        while (data := self.take()) != b"marker":
            received.append(data)
        return received


class SeedDistributor(Asker):
    """A distributor that speaks seed 002's protocol."""

    def register(self, token, type="set"):
        answer = self.ask(f'<register xmlns="{SEED}"><token>{token}</token></register>', type)
        assert (answer.get("type"), answer.get("from")) == ("result", GATEWAY), show(answer)
        return answer.find(f"{{{SEED}}}register/{{{SEED}}}endpoint").text

    def message(self):
        """The next push, as its message."""
        message = self.stream.element()
        assert (message.tag, message.get("from")) == (CLIENT + "message", GATEWAY), show(message)
        return message

    def push(self):
        """The next push: its id, its token and its text."""
        message = self.message()
        return message.get("id"), message.find(CLIENT + "subject").text, message.find(CLIENT + "body").text

    def confirm(self, id):
        self.stream.say(f'<message to="{GATEWAY}"><received xmlns="urn:xmpp:receipts" id="{id}"/></message>')


class WebSocketDistributor:
    """A distributor over a device's WebSocket."""

    def __init__(self, device):
        self.device = device
        self.connection = device.connect()

    def leave(self):
        self.connection.close()

    def ask(self, command):
        self.connection.say(command)
        return self.connection.message()

    def endpoint(self, name="mail", key=None):
        answer = self.ask(f"REG:{name} {key}" if key else f"REG:{name}")
        assert answer.keys() == {"endpoint", "url"} and answer["endpoint"] == name, answer
        return answer["url"]

    def push(self):
        """The next push, which is not confirmed yet, and its bytes."""
        message = self.connection.message()
        return message, base64.b64decode(message["data"], validate=True)

    def take(self):
        message, data = self.push()
        self.connection.confirm(message["id"])
        return data


# Web Push

class Subscription:
    """What an application gives to its server (Push API), and what it decrypts with."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)

    @property
    def info(self):
        return {"endpoint": self.endpoint, "keys": {"p256dh": public_key(self.key), "auth": urlsafe(self.secret)}}

    def decrypt(self, data):
        """Of RFC 8291."""
        return http_ece.decrypt(data, private_key=self.key, auth_secret=self.secret)

    def decrypt_legacy(self, data):
        """Of the draft before, with its headers in front, as UnifiedPush's gateways pass them on."""
        name, encryption, keys, data = data.split(b"\n", 3)
        assert (name, encryption[:12], keys[:12]) == (b"aesgcm", b"Encryption: ", b"Crypto-Key: ")
        salt, key = (
            base64.urlsafe_b64decode(parameter(line[12:].decode(), name) + "==")
            for line, name in [(encryption, "salt"), (keys, "dh")])
        return http_ece.decrypt(
            data, salt=salt, private_key=self.key, dh=key, auth_secret=self.secret, version="aesgcm")


def parameter(header, name):
    """Of a header such as `Crypto-Key: dh=…;p256ecdsa=…`."""
    return dict(part.strip().split("=", 1) for part in header.replace(",", ";").split(";"))[name]


def public_key(key):
    """The public part of a key, as subscriptions and VAPID write it."""
    return urlsafe(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def jwt(key, claims, header):
    """A JSON web token with an ES256 signature, whatever its header says."""
    text = ".".join(urlsafe(json.dumps(part).encode()) for part in (header, claims))
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{urlsafe(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
