"""Apple's push service as a stand-in plays it, apps that send through it, and programs of its old binary protocol."""

import json
import re
import secrets
import socket
import ssl
import struct
import subprocess
from contextlib import suppress

import requests

from onepush import App
from server import BINARY, environment, run
from waiting import eventually

TOPIC = "com.example.app"
KEY_ID = "ABCDE12345"
TEAM_ID = "TEAM123456"


class Simulator:
    """An `apus simulate apns`."""

    def __init__(self, directory, *arguments):
        self.directory = directory
        self.key = directory / f"AuthKey_{KEY_ID}.p8"
        self.ca = directory / "ca.pem"
        output = directory / "simulator.txt"
        with open(output, "w") as file:
            self.process = subprocess.Popen(
                list(map(str, [
                    BINARY, "simulate", "apns", "--directory", directory, "--token-updates", 1000, *arguments])),
                cwd=directory, env=environment(), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        pattern = r"simulated on 127\.0\.0\.1:(\d+), its control on (http://127\.0\.0\.1:\d+)\."
        found = eventually(lambda: re.search(pattern, output.read_text()), within=30)
        self.port, self.url = int(found.group(1)), found.group(2)
        self.session = requests.Session()
        self.session.trust_env = False
        self.usual = self.ask("GET", "/control").json()

    def end(self):
        self.process.kill()
        self.process.wait(30)
        self.session.close()

    def ask(self, method, path, **options):
        answer = self.session.request(method, self.url + path, timeout=30, **options)
        assert answer.status_code == 200, answer.text
        return answer

    def behave(self, **members):
        """Changes how it behaves."""
        return self.ask("PUT", "/control", json=members).json()

    def refuse(self, token, reason, **members):
        self.behave(tokenRules=[{"prefix": token, "reason": reason} | members])

    def go_away(self):
        """Ends all connections, in good order."""
        self.ask("POST", "/goaway")

    def reset(self):
        """Ends all connections without a word."""
        self.ask("POST", "/reset")

    def forget(self):
        """Behaves as usual again, and has accepted nothing."""
        self.behave(**self.usual)
        self.ask("DELETE", "/accepted")

    @property
    def counts(self):
        return self.ask("GET", "/counts").json()

    def accepted(self, token=None):
        """The notifications that it accepted, oldest first. The payload is as it was sent, in `raw`."""
        found = []
        for line in self.ask("GET", "/accepted").content.decode().splitlines():
            raw = line.partition(',"payload":')[2].removesuffix("}")
            notification = json.loads(line) | {"raw": raw}
            if token in (None, notification["token"]):
                found.append(notification)
        return found

    def only(self, token):
        """The one notification for a token, once it has come."""
        found = eventually(lambda: self.accepted(token))
        assert len(found) == 1, found
        return found[0]

    # Credentials

    @property
    def address(self):
        """Options that lead to it."""
        return ["--host", "127.0.0.1", "--port", self.port, "--apns-ca", self.ca]

    def key_options(self, p8=None):
        return ["--topic", TOPIC, "--p8", p8 or self.key, "--key-id", KEY_ID, "--team-id", TEAM_ID, *self.address]


class APNsApp(App):
    """An app for iOS devices."""

    def is_connected(self, device):
        """Whether the server knows that the device holds a WebSocket. Before that its messages are APNs' to deliver."""
        return self.server.admin("GET", f"/v1/devices/{device.id}").json()["connected"]

    def command(self, *arguments, code=0):
        """Runs a command as the server's administrator. Answers what it prints, or why it failed."""
        ended = run(*arguments, APUS_SERVER=self.server.url, APUS_ADMIN_TOKEN=self.server.token)
        assert ended.returncode == code, f"{ended.returncode}: {ended.stdout}{ended.stderr}"
        return ended.stdout or ended.stderr

    def add_credential(self, *options, code=0):
        return self.command("credential", "add", "apns", "--app", self.id, *options, code=code)

    def add_legacy_client(self, certificate):
        return self.command("legacy-apns", "client", "add", "--app", self.id, "--certificate", certificate)

    def registration(self, **members):
        return super().registration(**{"platform": "IOS", "nativeToken": new_token()} | members)

    def codes(self, message, device):
        return [step["code"] for step in self.explain(message, device)["steps"]]

    def register(self, **members):
        device = super().register(**members)
        device.token = device.registration["nativeToken"]
        return device

    def is_active(self, device):
        return self.server.admin("GET", f"/v1/devices/{device.id}").json()["active"]

    def aliases(self):
        """Of all its devices."""
        answer = self.server.admin("GET", f"/v1/devices?appId={self.id}&limit=1000")
        return {device["alias"] for device in answer.json()["devices"]}

    def pass_marker(self, simulator):
        """Sends to a new device, and returns when APNs has that: what was to be sent before has been sent by then."""
        device = self.register()
        self.send_to(device, alert="marker")
        simulator.only(device.token)


def new_token():
    return secrets.token_hex(32)


# The old binary protocol

def legacy_port(server, line="Programs of Apple's old binary protocol connect to"):
    return int(eventually(lambda: re.search(rf"^{line} port (\d+)\.", server.output, re.MULTILINE)).group(1))


def feedback_port(server):
    return legacy_port(server, "They ask for dead tokens at")


def simple(token, payload):
    """Command 0."""
    return b"\0" + sized(token) + sized(payload)


def enhanced(identifier, expiry, token, payload):
    """Command 1. The identifier is four bytes."""
    return b"\1" + identifier + struct.pack(">I", expiry) + sized(token) + sized(payload)


def framed(*items):
    """Command 2, of pairs of an item's number and its bytes."""
    frame = b"".join(bytes([number]) + sized(data) for number, data in items)
    return b"\2" + struct.pack(">I", len(frame)) + frame


def sized(data):
    return struct.pack(">H", len(data)) + data


class LegacyClient:
    """A program of the old binary protocol. It says the bytes that it is told to."""

    def __init__(self, port, certificate=None, passphrase=None, source="127.0.0.1"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(certificate, password=passphrase)
        plain = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
        self.socket = context.wrap_socket(plain)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, *packets):
        self.socket.sendall(b"".join(packets))

    def rest(self):
        """All that comes until the server closes."""
        received = b""
        with suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                received += data
        return received

    def leave(self):
        """Closes as the C program does: a close_notify, and gone, without reading anything."""
        self.socket.setblocking(False)
        with suppress(ssl.SSLWantReadError):
            self.socket.unwrap()
        self.socket.close()


def feedback(port, **options):
    """The tuples that a feedback service tells: time, token in hex."""
    with LegacyClient(port, **options) as client:
        data = client.rest()
    tuples = []
    while data:
        at, length = struct.unpack(">IH", data[:6])
        token, data = data[6:6 + length], data[6 + length:]
        assert len(token) == length, "a tuple is cut"
        tuples.append((at, token.hex()))
    return tuples


# Keys and certificates

def openssl(directory, *arguments):
    ended = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=directory, timeout=60, stdin=subprocess.DEVNULL, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()


def make_key(directory, name="wrong.p8", curve="P-256"):
    openssl(directory, "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", name)
    return directory / name


class Certificate:
    """A client certificate as Apple issues it for pushes, with its key, in all the files of seed 001."""

    SETTINGS = """
        [ca]
        default_ca = own
        [own]
        database = {0}/index.txt
        new_certs_dir = {0}
        rand_serial = yes
        default_md = sha256
        policy = names
        preserve = yes
        [names]
        UID = optional
        commonName = supplied
        """

    def __init__(self, directory, year=2014, passphrase="1234", topic=TOPIC):
        """`year` is when it was issued. It is valid for a year."""
        directory.mkdir()
        self.directory = directory
        self.passphrase = passphrase
        (directory / "index.txt").touch()
        (directory / "ca.cnf").write_text(self.SETTINGS.format(directory))
        subject = f"/UID={topic}/CN=Apple Development IOS Push Services: {topic}"
        self.run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj",
                 subject)
        self.run("ca", "-batch", "-selfsign", "-notext", "-config", "ca.cnf", "-keyfile", "key.pem", "-in",
                 "request.pem", "-out", "certificate.pem", "-startdate", f"{year}0101000000Z", "-enddate",
                 f"{year + 1}0102000000Z")
        self.run("x509", "-in", "certificate.pem", "-outform", "der", "-out", "aps_development.cer")
        self.run("pkcs12", "-export", "-inkey", "key.pem", "-in", "certificate.pem", "-passout", self.secret, "-out",
                 "Push.p12")
        # From here on as seed 001 has it.
        self.run("x509", "-in", "aps_development.cer", "-inform", "der", "-out", "PushChatCert.pem")
        self.run("pkcs12", "-nocerts", "-out", "PushChatKey.pem", "-in", "Push.p12", "-passin", self.secret, "-passout",
                 self.secret)
        self.pem.write_bytes(self.file("PushChatCert.pem").read_bytes() + self.file("PushChatKey.pem").read_bytes())

    @property
    def secret(self):
        return f"pass:{self.passphrase}"

    @property
    def pem(self):
        return self.file("ck.pem")

    def file(self, name):
        return self.directory / name

    def run(self, *arguments):
        openssl(self.directory, *arguments)
