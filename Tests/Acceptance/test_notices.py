"""SMS and e-mail of the message centre, through the stand-ins and through a mail server that others wrote."""

import email
import email.policy
import json
import queue
import re
import ssl
import subprocess

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from business import Business
from server import Server, run
from vendors import Simulator
from waiting import eventually
from xmpp_servers import free_ports


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("server"), settings={"business.scan_every": "1s", "outgoing.allow": "127.0.0.1"})
    yield Business(server.start())
    server.end()


@pytest.fixture(scope="module")
def sms(tmp_path_factory):
    simulator = Simulator("sms", tmp_path_factory.mktemp("sms"), "--webhook-secret", "a secret of the webhook")
    yield simulator
    simulator.end()


def add_credential(business, directory, service, settings, secret):
    file = directory / "secret.json"
    file.write_text(json.dumps(secret))
    ended = run(
        "credential", "add", service, "--app", business.app, "--settings", json.dumps(settings), "--secret-file", file,
        APUS_SERVER=business.server.url, APUS_ADMIN_TOKEN=business.server.token)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def remove_credential(business, service):
    run("credential", "remove", "default", "--app", business.app, "--provider", service,
        APUS_SERVER=business.server.url, APUS_ADMIN_TOKEN=business.server.token)


def acted_on(business, id, within=20):
    return eventually(lambda: (row := business.row(id))["send_state"] not in (0, 3) and row, within=within)


@pytest.mark.parametrize(
    ("service", "settings", "secret"),
    [("sms.aliyun", {"accessKeyId": "testId", "signName": "Apus", "templateCode": "SMS_1"},
      {"accessKeySecret": "testSecret"}),
     ("sms.twilio", {"accountSid": "AC00000000000000000000000000000000", "from": "+15550001111", "countryCode": "86"},
      {"authToken": "token"}),
     ("sms.webhook", {}, {"key": "a secret of the webhook"})])
def test_an_alarm_goes_out_as_sms(business, sms, tmp_path, service, settings, secret):
    sms.behave()
    place = {"url": f"{sms.url}/webhook"} if service == "sms.webhook" else {"endpoint": sms.url}
    add_credential(business, tmp_path, service, settings | place, secret)
    try:
        ann = business.add_user(mobile="13800000000")
        row = acted_on(business, business.add_row(ann, notify_mode="sms", content=f"Memory is low at {service}"))
        assert (row["send_state"], row["send_result"]) == (1, "sms: 1 sent, 0 failed"), row
        assert "13800000000" in sms.accepted and f"Memory is low at {service}" in re.sub(r"\\u....|%20|\+", " ", sms.accepted)
    finally:
        remove_credential(business, service)


def test_without_a_service_the_row_says_so(business):
    ann = business.add_user(mobile="13800000000", email="ann@example.org")
    for mode in ("sms", "email"):
        row = acted_on(business, business.add_row(ann, notify_mode=mode, content="hello"))
        assert row["send_state"] == 2 and row["send_result"], row


class MailServer:
    """aiosmtpd, which wants STARTTLS and a password."""

    def __init__(self, directory):
        self.mails = queue.Queue()
        self.certificate, key = directory / "mail.pem", directory / "mail.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
             "-out", self.certificate], check=True, capture_output=True, timeout=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)

        def authenticate(server, session, envelope, mechanism, data):
            isRight = isinstance(data, LoginPassword) and (data.login, data.password) == (b"apus", b"secret")
            return AuthResult(success=isRight)

        (self.port,) = free_ports(1)
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=context, require_starttls=True, auth_required=True,
            authenticator=authenticate)
        self.controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.put((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 Accepted"

    @property
    def settings(self):
        return {
            "host": "127.0.0.1", "port": str(self.port), "tls": "starttls", "from": "apus@example.org",
            "fromName": "Apus", "username": "apus", "ca": str(self.certificate)}


@pytest.fixture
def mail_server(business, tmp_path):
    server = MailServer(tmp_path)
    add_credential(business, tmp_path, "smtp", server.settings, {"password": "secret"})
    yield server
    remove_credential(business, "smtp")
    server.controller.stop()


def test_a_notice_goes_out_as_mail(business, mail_server):
    ann = business.add_user(email="ann@example.org")
    id = business.add_row(
        ann, notify_mode="email", title="Für {{name}}", content="{{name}}, die Zahlen für {{month}} sind da.",
        extra_params_string=json.dumps({"name": "Ann", "month": "Mai"}))
    row = acted_on(business, id)
    assert (row["send_state"], row["send_result"]) == (1, "email: 1 sent, 0 failed"), row
    receivers, mail = mail_server.mails.get(timeout=10)
    assert (receivers, mail["Subject"], mail["From"]) == (["ann@example.org"], "Für Ann", "Apus <apus@example.org>")
    assert mail.get_content().strip() == "Ann, die Zahlen für Mai sind da."


def test_one_that_is_refused_is_a_dead_letter_and_the_others_get_theirs(business, mail_server):
    ann, nobody = business.add_user(email="ann@example.org"), business.add_user(email="nobody@example.org")
    row = acted_on(business, business.add_row(f"{ann},{nobody}", notify_mode="email", title="Hello", content="all"))
    assert (row["send_state"], row["send_result"]) == (1, "email: 1 sent, 1 failed"), row
    assert "550" in row["remark"] and nobody in row["remark"]
    assert mail_server.mails.get(timeout=10)[0] == ["ann@example.org"]


@pytest.mark.parametrize("title", ["Hello\nBcc: eve@example.org", "Hello\r\n\r\nA body"])
def test_nobody_smuggles_headers_in(business, mail_server, title):
    ann = business.add_user(email="ann@example.org")
    row = acted_on(business, business.add_row(ann, notify_mode="email", title=title, content="hello"))
    assert row["send_state"] == 2, row
    assert mail_server.mails.empty()


def test_a_template_that_is_wrong_is_said_with_its_place(business, mail_server):
    ann = business.add_user(email="ann@example.org")
    row = acted_on(business, business.add_row(ann, notify_mode="email", title="Hello", content="{{#open}} never closed"))
    assert row["send_state"] == 2 and "line 1" in (row["send_result"] + str(row["remark"])), row


def test_an_sms_that_was_under_way_when_the_server_was_killed_is_sent_again_and_said_so(start_server, sms, tmp_path):
    sms.behave()
    server = start_server(business__scan_every="1s", outgoing__allow="127.0.0.1")
    business = Business(server)
    settings = {"accountSid": "AC00000000000000000000000000000000", "from": "+15550001111", "endpoint": sms.url}
    add_credential(business, tmp_path, "sms.twilio", settings, {"authToken": "token"})
    sms.behave({"fault": "silence"})
    ann = business.add_user(mobile="+15552223333")
    id = business.add_row(ann, notify_mode="sms", content="under way")
    eventually(lambda: business.row(id)["send_state"] == 3)
    server.kill()
    sms.behave()
    server.start()
    row = acted_on(business, id, within=60)
    assert (row["send_state"], row["send_result"]) == (1, "sms: 1 sent, 0 failed"), row
    assert "twice" in row["remark"]
