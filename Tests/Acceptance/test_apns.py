"""Messages for iOS devices, from a sender to Apple's push service: a stand-in that checks what Apple checks."""

import json
import os
import random
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import date

import pytest
import requests

from apns import (
    KEY_ID, TEAM_ID, TOPIC, APNsApp, Certificate, Simulator, feedback, feedback_port, make_key, new_token, openssl)
from server import Server
from waiting import eventually

SEED = int(os.environ.get("APUS_CRASH_SEED") or random.randrange(1 << 32))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificates") / "apple", year=date.today().year)


@pytest.fixture(scope="module")
def running_simulator(tmp_path_factory, certificate):
    simulator = Simulator(tmp_path_factory.mktemp("simulator"), "--client", certificate.file("certificate.pem"))
    yield simulator
    simulator.end()


@pytest.fixture
def simulator(running_simulator):
    yield running_simulator
    running_simulator.forget()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server")).start(
        limits__payload="64KB", legacy_apns__feedback_port=0, legacy_apns__allow="127.0.0.1=feedback-app")
    yield server
    server.end()


@pytest.fixture
def bare_app(server):
    """An app without credentials."""
    return APNsApp(server)


@pytest.fixture
def app(bare_app, simulator):
    bare_app.add_credential(*simulator.key_options())
    return bare_app


@pytest.fixture
def own_app(start_server):
    """An app without credentials, on a server of its own."""
    return APNsApp(start_server())


class TestDelivery:
    def test_a_device_that_is_not_connected_gets_its_message_from_apns(self, app, device, simulator):
        message = app.send_to(device, alert="Hello", badge=3, sound="default", extra={"a": 1}, duration=600)
        notification = simulator.only(device.token)
        assert notification["payload"] == {
            "aps": {"alert": "Hello", "badge": 3, "sound": "default"}, "id": message, "extra": {"a": 1},
        }
        assert (notification["topic"], notification["pushType"], notification["priority"]) == (TOPIC, "alert", 10)
        assert abs(notification["expiration"] - time.time() - 600) < 20

        eventually(lambda: app.state(message, device) == "sent")
        delivery = app.delivery(message, device)
        assert (delivery["route"], delivery.get("error")) == ("apns", None)
        step = next(step for step in app.explain(message, device)["steps"] if step["code"] == "apns.accepted")
        assert notification["id"] in step["text"] and step["route"] == "apns"

    def test_a_command_wakes_the_app_and_shows_nothing(self, app, device, simulator):
        message = app.send_to(device, pushMsgType="CMD", alert="sync")
        notification = simulator.only(device.token)
        assert notification["payload"] == {"aps": {"content-available": 1}, "command": "sync", "id": message}
        assert (notification["pushType"], notification["priority"]) == ("background", 5)

    def test_a_connected_device_gets_it_there_and_apns_gets_nothing(self, app, device, simulator):
        with device.connect() as connection:
            message = app.send_to(device)
            assert connection.message()["id"] == message
            eventually(lambda: app.state(message, device) == "sent")
        app.pass_marker(simulator)
        assert simulator.accepted(device.token) == []
        assert (app.state(message, device), app.delivery(message, device)["route"]) == ("sent", "websocket")

    def test_a_device_that_leaves_as_soon_as_it_has_its_message_gets_it_once(self, app, simulator):
        devices = [app.register() for _ in range(30)]
        for device in devices:
            with device.connect() as connection:
                eventually(lambda: app.is_connected(device))
                message = app.send_to(device)
                assert connection.message()["id"] == message
        app.pass_marker(simulator)
        tokens = {notification["token"] for notification in simulator.accepted()}
        assert [device.token for device in devices if device.token in tokens] == []

    def test_a_message_that_apns_took_can_be_confirmed_on_the_socket(self, app, device, simulator):
        message = app.send_to(device, needConfirm=True)
        simulator.only(device.token)
        eventually(lambda: app.state(message, device) == "sent")
        with device.connect() as connection:
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
        app.pass_marker(simulator)
        simulator.only(device.token)

    def test_what_was_not_confirmed_goes_to_apns_when_the_socket_is_cut(self, app, device, simulator):
        connection = device.connect()
        message = app.send_to(device, needConfirm=True)
        assert connection.message()["id"] == message
        assert simulator.accepted(device.token) == []
        connection.drop()
        assert simulator.only(device.token)["payload"]["id"] == message
        eventually(lambda: "apns.accepted" in app.codes(message, device))
        assert app.state(message, device) == "sent"

    def test_what_was_confirmed_does_not_go_to_apns_when_the_socket_is_cut(self, app, device, simulator):
        connection = device.connect()
        eventually(lambda: app.is_connected(device))
        message = app.send_to(device, needConfirm=True)
        connection.message()
        connection.confirm(message)
        eventually(lambda: app.state(message, device) == "received")
        connection.drop()
        app.pass_marker(simulator)
        assert simulator.accepted(device.token) == []

    def test_messages_of_one_device_come_once_each_with_its_own_apns_id(self, app, device, simulator):
        sent = [app.send_to(device, alert=f"{number}") for number in range(50)]
        eventually(lambda: len(simulator.accepted(device.token)) >= 50)
        notifications = simulator.accepted(device.token)
        # In what order is up to APNs and its connections.
        assert sorted(notification["payload"]["id"] for notification in notifications) == sorted(sent)
        assert len({notification["id"] for notification in notifications}) == 50

    def test_other_platforms_are_left_alone(self, app, simulator):
        device = app.register(platform="ANDROID")
        message = app.send_to(device)
        app.pass_marker(simulator)
        assert simulator.accepted(device.token) == []
        assert app.state(message, device) == "unsent"

    def test_connections_that_end_lose_nothing(self, app, device, simulator):
        for end in (simulator.go_away, simulator.reset):
            first = app.send_to(device)
            eventually(lambda: app.state(first, device) == "sent")
            end()
            second = app.send_to(device)
            eventually(lambda: app.state(second, device) == "sent")
        assert len(simulator.accepted(device.token)) == 4


class TestDeadTokens:
    @pytest.mark.parametrize("reason", ["Unregistered", "BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken"])
    def test_a_dead_token_ends_the_delivery_and_unregisters_the_device(self, app, device, simulator, reason):
        simulator.refuse(device.token, reason)
        message = app.send_to(device, needConfirm=True)
        eventually(lambda: app.state(message, device) == "failed")
        assert app.delivery(message, device)["error"] == f"apns.{reason}"
        assert f"failed.apns.{reason}" in app.codes(message, device)
        text = next(step["text"] for step in app.explain(message, device)["steps"] if step["code"] == f"apns.{reason}")
        assert reason in text
        assert not app.is_active(device)
        with device.connect() as connection:
            assert connection.closing()[0] == 4404
        assert simulator.counts["rejected"] == {reason: 1}

    def test_a_device_that_registers_again_is_served_again(self, app, device, simulator):
        simulator.refuse(device.token, "Unregistered")
        message = app.send_to(device)
        eventually(lambda: app.state(message, device) == "failed")
        simulator.forget()
        again = app.register(**device.registration)
        message = app.send_to(again)
        assert simulator.only(device.token)["payload"]["id"] == message
        eventually(lambda: app.state(message, again) == "sent")

    def test_news_from_before_the_registration_does_not_unregister(self, app, device, simulator):
        simulator.refuse(device.token, "Unregistered", timestamp=int(time.time() * 1000) - 86_400_000)
        message = app.send_to(device)
        eventually(lambda: app.state(message, device) == "failed")
        assert app.is_active(device)

    def test_the_feedback_service_tells_a_dead_token_once(self, server, simulator):
        app = APNsApp(server, id="feedback-app")
        app.add_credential(*simulator.key_options())
        dead, living = app.register(), app.register()
        simulator.refuse(dead.token, "Unregistered")
        messages = [app.send_to(dead), app.send_to(living)]
        eventually(lambda: app.state(messages[0], dead) == "failed")
        eventually(lambda: app.state(messages[1], living) == "sent")
        port = feedback_port(server)
        (at, token), = feedback(port)
        assert token == dead.token and abs(at - time.time()) < 20
        eventually(lambda: feedback(port) == [])
        assert feedback(port) == []

        simulator.forget()
        again = app.register(**dead.registration)
        message = app.send_to(again)
        assert simulator.only(dead.token)["payload"]["id"] == message
        assert feedback(port) == []

    def test_many_dead_tokens_at_once_are_taken_for_a_wrong_setup(self, own_app, simulator):
        app = own_app
        app.add_credential(*simulator.key_options())
        devices = [app.register() for _ in range(60)]
        simulator.refuse("", "BadDeviceToken")
        message = app.send_to(*devices)
        eventually(lambda: app.counts(message).get("failed", 0) >= 19)
        device = eventually(lambda: next((one for one in devices if app.state(message, one) == "unsent"), None))
        eventually(lambda: "environment" in app.explain(message, device)["next"]["text"])
        living = sum(app.is_active(device) for device in devices)
        assert living >= 30, f"only {living} of 60 devices are left"


class TestRefusals:
    def test_a_payload_that_is_too_large_is_refused_before_it_is_sent(self, app, device, simulator):
        message = app.send_to(device, extra={"text": "x" * 5000})
        eventually(lambda: app.state(message, device) == "failed")
        explanation = json.dumps(app.explain(message, device))
        assert "4096" in explanation or "4,096" in explanation, explanation
        assert app.is_active(device)
        counts = simulator.counts
        assert (counts["accepted"], counts["rejected"]) == (0, {})

    def test_a_payload_of_4_kb_goes_through(self, app, device, simulator):
        message = app.send_to(device, extra={"text": ""})
        base = len(simulator.only(device.token)["raw"].encode())
        other = app.register()
        app.send_to(other, extra={"text": "x" * (4096 - base)})
        assert len(simulator.only(other.token)["raw"].encode()) == 4096
        third = app.register()
        message = app.send_to(third, extra={"text": "x" * (4097 - base)})
        eventually(lambda: app.state(message, third) == "failed")

    def test_a_mistake_in_the_notification_fails_it_and_keeps_the_device(self, app, device, simulator):
        simulator.refuse(device.token, "BadCollapseId")
        message = app.send_to(device)
        eventually(lambda: app.state(message, device) == "failed")
        assert app.delivery(message, device)["error"] == "apns.BadCollapseId"
        assert app.is_active(device)

    @pytest.mark.parametrize("reason", ["TooManyRequests", "InternalServerError", "ServiceUnavailable", "Shutdown"])
    def test_what_apns_puts_off_is_sent_again(self, app, device, simulator, reason):
        simulator.refuse(device.token, reason)
        message = app.send_to(device)
        eventually(lambda: simulator.counts["rejected"].get(reason))
        assert app.state(message, device) == "unsent"
        simulator.forget()
        simulator.only(device.token)
        eventually(lambda: app.state(message, device) == "sent")


class TestCredentials:
    def test_a_wrong_key_keeps_messages_until_the_right_one_comes(self, own_app, simulator, tmp_path):
        app = own_app
        app.add_credential(*simulator.key_options(make_key(tmp_path)))
        device = app.register()
        message = app.send_to(device)
        eventually(lambda: "InvalidProviderToken" in app.explain(message, device)["next"]["text"])
        assert app.explain(message, device)["next"]["code"] == "waits.vendor"
        assert app.state(message, device) == "unsent"
        assert app.is_active(device)
        app.add_credential(*simulator.key_options())
        simulator.only(device.token)
        eventually(lambda: app.state(message, device) == "sent")

    def test_a_lane_that_is_suspended_does_not_try_on_and_on(self, own_app, simulator, tmp_path):
        app = own_app
        app.add_credential(*simulator.key_options(make_key(tmp_path)))
        devices = [app.register() for _ in range(20)]
        app.send_to(*devices)
        eventually(lambda: simulator.counts["rejected"].get("InvalidProviderToken"))
        message = app.send_to(devices[0])
        eventually(lambda: "InvalidProviderToken" in app.explain(message, devices[0])["next"]["text"])
        assert simulator.counts["rejected"]["InvalidProviderToken"] <= 20
        assert app.server.metric("apus_apns_troubled_lanes") == 1

    def test_a_wrong_key_of_one_app_does_not_hold_up_another(self, own_app, simulator, tmp_path):
        own_app.add_credential(*simulator.key_options(make_key(tmp_path)))
        held_up = own_app.send_to(device := own_app.register())
        eventually(lambda: "InvalidProviderToken" in own_app.explain(held_up, device)["next"]["text"])
        other = APNsApp(own_app.server)
        other.add_credential(*simulator.key_options())
        for _ in range(3):
            device = other.register()
            message = other.send_to(device)
            simulator.only(device.token)
            eventually(lambda: other.state(message, device) == "sent")

    @pytest.mark.parametrize("name", ["ck.pem", "Push.p12", "plain.pem", "old.p12"])
    def test_a_certificate_is_as_good_as_a_key(self, bare_app, simulator, certificate, name):
        if name == "plain.pem":
            parts = [certificate.file(part).read_bytes() for part in ("certificate.pem", "key.pem")]
            certificate.file(name).write_bytes(b"".join(parts))
        if name == "old.p12":
            openssl(
                certificate.directory, "pkcs12", "-export", "-legacy", "-inkey", "key.pem", "-in", "certificate.pem",
                "-passout", certificate.secret, "-out", name)
        passphrase = [] if name == "plain.pem" else ["--passphrase", certificate.passphrase]
        bare_app.add_credential("--certificate", certificate.file(name), *passphrase, *simulator.address)
        device = bare_app.register()
        message = bare_app.send_to(device)
        assert simulator.only(device.token)["topic"] == TOPIC
        eventually(lambda: bare_app.state(message, device) == "sent")

    def test_a_certificate_that_apns_does_not_know_keeps_messages(self, own_app, simulator, tmp_path):
        other = Certificate(tmp_path / "other", year=date.today().year)
        own_app.add_credential("--certificate", other.pem, "--passphrase", "1234", *simulator.address)
        device = own_app.register()
        message = own_app.send_to(device)
        eventually(lambda: "BadCertificate" in own_app.explain(message, device)["next"]["text"])
        assert own_app.state(message, device) == "unsent"

    def test_a_certificate_that_has_expired_keeps_messages_and_says_so(self, own_app, simulator, tmp_path):
        other = Certificate(tmp_path / "other", year=2014)
        own_app.add_credential("--certificate", other.pem, "--passphrase", "1234", *simulator.address)
        device = own_app.register()
        message = own_app.send_to(device)
        eventually(lambda: "expired" in own_app.explain(message, device)["next"]["text"])
        assert own_app.state(message, device) == "unsent"

    def test_the_list_shows_no_secrets(self, app, simulator, certificate):
        app.add_credential(
            "--topic", "com.example.other", "--certificate", certificate.pem, "--passphrase", certificate.passphrase)
        for arguments in ([], ["--json"]):
            shown = app.command("credential", "list", "--app", app.id, *arguments)
            assert TOPIC in shown and "com.example.other" in shown and f"{date.today().year + 1}-01-02" in shown
            key = simulator.key.read_text().split()[3]
            for secret in ("BEGIN", "secret", "p8", "passphrase", "1234\"", key[:20]):
                assert secret not in shown, f"{secret} is in {shown}"

    def test_secrets_are_not_on_disk_in_clear(self, app, simulator):
        lines = simulator.key.read_bytes().splitlines()[1:-1]
        for file in app.server.data.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert not any(line in data for line in lines), f"the key can be read in {file}"

    def test_a_credential_that_is_removed_is_not_used_any_more(self, app, device, simulator):
        name = json.loads(app.command("credential", "list", "--app", app.id, "--json"))["credentials"][0]["name"]
        app.command("credential", "remove", name, "--app", app.id)
        message = app.send_to(device)
        assert app.state(message, device) == "unsent"
        assert app.explain(message, device)["next"]["code"] == "waits.offline"
        assert app.command("credential", "remove", name, "--app", app.id, code=1).count("no apns credential") == 1

    def test_provider_test_tells_what_apns_answers(self, app, simulator):
        token = new_token()
        assert "apns.accepted" in app.command("provider", "test", "--app", app.id, "--device-token", token)
        simulator.only(token)
        simulator.refuse(token, "BadDeviceToken")
        ended = app.command("provider", "test", "--app", app.id, "--device-token", token, code=1)
        assert "apns.BadDeviceToken" in ended

    def test_provider_test_without_a_credential_says_so(self, bare_app):
        said = bare_app.command("provider", "test", "--app", bare_app.id, "--device-token", new_token(), code=1)
        assert "credential" in said

    def test_credentials_survive_a_restart_and_a_crash(self, start_server, simulator):
        app = APNsApp(start_server())
        app.add_credential(*simulator.key_options())
        device = app.register()
        for end in (app.server.stop, app.server.kill):
            end()
            app.server.start()
            message = app.send_to(device)
            eventually(lambda: app.state(message, device) == "sent")
        assert len(simulator.accepted(device.token)) == 2


class TestWrongFiles:
    """A file that is of no use is refused with a sentence that says what to change."""

    KEY = ["--topic", TOPIC, "--key-id", KEY_ID, "--team-id", TEAM_ID]

    @staticmethod
    def is_refused(app, *options):
        said = app.add_credential(*options, code=1).strip()
        assert re.fullmatch(r"The server refused: (The|A) .+", said), said
        assert json.loads(app.command("credential", "list", "--app", app.id, "--json"))["credentials"] == []
        return said

    @pytest.mark.parametrize(
        ("content", "why"),
        [("hello", "PEM"), ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "PEM"),
         ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "P-256")])
    def test_a_p8_that_is_none(self, bare_app, tmp_path, content, why):
        (tmp_path / "key.p8").write_text(content)
        assert why in self.is_refused(bare_app, *self.KEY, "--p8", tmp_path / "key.p8")

    def test_a_p8_that_is_empty_or_not_there(self, bare_app, tmp_path):
        (tmp_path / "empty.p8").write_text("")
        for name, why in (("empty.p8", "is empty"), ("missing.p8", "cannot be read")):
            said = bare_app.add_credential(*self.KEY, "--p8", tmp_path / name, code=2)
            assert why in said and name in said

    def test_a_key_on_another_curve(self, bare_app, tmp_path):
        assert "P-256" in self.is_refused(bare_app, *self.KEY, "--p8", make_key(tmp_path, curve="P-384"))

    def test_a_certificate_as_p8(self, bare_app, certificate):
        said = self.is_refused(bare_app, *self.KEY, "--p8", certificate.file("certificate.pem"))
        assert "certificate" in said

    def test_an_encrypted_p8(self, bare_app, tmp_path):
        key = make_key(tmp_path)
        openssl(tmp_path, "pkcs8", "-topk8", "-in", key, "-passout", "pass:1234", "-out", "encrypted.p8")
        assert "encrypted" in self.is_refused(bare_app, *self.KEY, "--p8", tmp_path / "encrypted.p8")

    def test_a_key_id_of_the_wrong_length(self, bare_app, simulator):
        options = ["--topic", TOPIC, "--p8", simulator.key, "--key-id", "SHORT", "--team-id", TEAM_ID]
        assert "key id" in self.is_refused(bare_app, *options)

    def test_a_key_without_its_ids(self, bare_app, simulator):
        assert "keyId" in self.is_refused(bare_app, "--topic", TOPIC, "--p8", simulator.key)

    def test_a_key_without_a_topic(self, bare_app, simulator):
        options = ["--p8", simulator.key, "--key-id", KEY_ID, "--team-id", TEAM_ID]
        assert "topic" in self.is_refused(bare_app, *options)

    @pytest.mark.parametrize("name", ["ck.pem", "Push.p12"])
    @pytest.mark.parametrize("options", [[], ["--passphrase", "wrong"]])
    def test_a_wrong_passphrase(self, bare_app, certificate, name, options):
        said = self.is_refused(bare_app, "--certificate", certificate.file(name), *options)
        assert "passphrase" in said

    def test_a_pem_without_a_key(self, bare_app, certificate):
        assert "no private key" in self.is_refused(bare_app, "--certificate", certificate.file("certificate.pem"))

    def test_a_pem_without_a_certificate(self, bare_app, certificate):
        assert "no certificate" in self.is_refused(bare_app, "--certificate", certificate.file("key.pem"))

    def test_a_p12_without_a_key(self, bare_app, certificate, tmp_path):
        openssl(
            tmp_path, "pkcs12", "-export", "-nokeys", "-in", certificate.file("certificate.pem"), "-passout",
            "pass:1234", "-out", "half.p12")
        said = self.is_refused(bare_app, "--certificate", tmp_path / "half.p12", "--passphrase", "1234")
        assert "no private key" in said

    @pytest.mark.parametrize("size", [1, 100, 1000])
    def test_a_p12_that_is_cut(self, bare_app, certificate, tmp_path, size):
        (tmp_path / "cut.p12").write_bytes(certificate.file("Push.p12").read_bytes()[:size])
        self.is_refused(bare_app, "--certificate", tmp_path / "cut.p12", "--passphrase", "1234")
        assert bare_app.server.is_well()

    def test_a_key_of_another_certificate(self, bare_app, certificate, tmp_path):
        openssl(tmp_path, "genrsa", "-out", "other.pem", "2048")
        both = certificate.file("certificate.pem").read_bytes() + (tmp_path / "other.pem").read_bytes()
        (tmp_path / "both.pem").write_bytes(both)
        assert "does not belong" in self.is_refused(bare_app, "--certificate", tmp_path / "both.pem")

    def test_a_file_that_is_not_there(self, bare_app, tmp_path):
        said = bare_app.add_credential("--certificate", tmp_path / "nothing.pem", code=2)
        assert "nothing.pem cannot be read" in said

    def test_an_authority_that_cannot_be_read(self, bare_app, simulator):
        options = [*self.KEY, "--p8", simulator.key, "--host", "127.0.0.1", "--apns-ca", "/nowhere/ca.pem"]
        assert "/nowhere/ca.pem" in self.is_refused(bare_app, *options)

    def test_an_environment_that_there_is_not(self, bare_app, simulator):
        options = [*self.KEY, "--p8", simulator.key, "--environment", "testing"]
        assert "sandbox" in self.is_refused(bare_app, *options)


class Sender(threading.Thread):
    """Sends a number of messages, each to one device. What is not answered may have been accepted or not."""

    def __init__(self, app, devices, count):
        super().__init__(daemon=True)
        self.app = app
        self.devices = devices
        self.count = count
        self.accepted = {}

    def run(self):
        for number in range(self.count):
            device = self.devices[number % len(self.devices)]
            while True:
                body = self.app.body(audienceType="DEVICE", audiences=[device.id], alert=f"{number}")
                with suppress(requests.RequestException):
                    answer = requests.post(f"{self.app.server.url}/msgpush/send", json=body, timeout=10)
                    if answer.ok:
                        self.accepted[answer.json()["requestId"]] = device
                        break
                time.sleep(0.02)


def notifications(file):
    """What a simulator wrote into its file: more than it remembers."""
    lines = file.read_text().split("\n") if file.exists() else [""]
    return [json.loads(line) for line in lines[:-1]]


def test_no_fault_and_no_crash_loses_a_notification_or_doubles_one_without_need(start_server, tmp_path, capsys):
    start, chance = time.monotonic(), random.Random(SEED)
    accepted = tmp_path / "accepted.jsonl"
    simulator = Simulator(tmp_path, "--accepted", accepted)
    try:
        simulator.behave(
            goAwayEvery=100, goAwayUnprocessed=3, refusedShare=0.05, unansweredShare=0.01,
            concurrentStreams=[50, 1, 500, 10], concurrentStreamsInterval=50, latency=20, latencyJitter=20)
        app = APNsApp(start_server())
        app.add_credential(*simulator.key_options())
        devices = [app.register() for _ in range(50)]
        senders = [Sender(app, devices, 500) for _ in range(4)]
        for sender in senders:
            sender.start()
        kills = []
        for part in (700, 1400):
            eventually(lambda: len(notifications(accepted)) >= part, within=20)
            time.sleep(chance.uniform(0, 0.2))
            app.server.kill()
            kills.append(time.time() * 1000)
            app.server.start()
        for sender in senders:
            sender.join(20)
            assert not sender.is_alive()
        messages = {message: device for sender in senders for message, device in sender.accepted.items()}
        assert len(messages) == 2000
        loaded = time.monotonic() - start

        def unsent():
            return [message for message, device in messages.items() if "unsent" in app.counts(message)]

        # Who is not answered is given up after 20 s.
        eventually(lambda: len(notifications(accepted)) >= 2000, within=20)
        eventually(lambda: not unsent(), within=30)
        states = Counter(state for message in messages for state in app.counts(message))
        assert states == {"sent": 2000}
        at = {}
        for notification in notifications(accepted):
            at.setdefault(notification["id"], []).append(notification["acceptedAt"])
        assert {entry["payload"]["id"] for entry in notifications(accepted)} >= set(messages)
        doubles = {id: times for id, times in at.items() if len(times) > 1}
        for id, times in doubles.items():
            for first, second in zip(times, times[1:]):
                # What the server had written when it was killed is still read a moment later.
                assert any(first <= kill + 500 and second >= kill for kill in kills), f"{id} came twice without a crash"
        # An answer that came more than a second before the crash is on disk, unless it never came.
        old = [times for times in doubles.values() if not any(-500 <= kill - times[0] < 1000 for kill in kills)]
        counts = simulator.counts
        assert len(old) <= counts["unanswered"], f"{len(old)} doubles were not in flight"
        assert counts["goAways"] >= 10 and counts["refused"] >= 50 and counts["unanswered"] >= 10, counts
        assert counts["protocolErrors"] == 0, counts
        with capsys.disabled():
            print(f"\nAPUS_CRASH_SEED={SEED}: loaded in {loaded:.0f} s, {len(doubles)} doubles, {counts}")
    finally:
        simulator.end()
