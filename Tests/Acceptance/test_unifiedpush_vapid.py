"""Endpoints that take pushes of one application server only (RFC 8292)."""

import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid01, Vapid02
from pywebpush import WebPushException, webpush

from onepush import App
from unifiedpush import (
    PROVIDER, Distributor, SeedDistributor, Subscription, WebSocketDistributor, instance_hash, jwt, path, public_key,
    push, urlsafe)
from xmpp import XMPPApp, error, xmpp_server

HOUR = 3600
SUBJECT = "mailto:operator@example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


class Sender:
    """An application server with a key."""

    def __init__(self, audience):
        self.audience = audience
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def name(self):
        return public_key(self.key)

    def claims(self, **more):
        """A claim that is None is left out."""
        claims = {"aud": self.audience, "exp": int(time.time()) + HOUR, "sub": SUBJECT} | more
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, **claims):
        """The header, by py_vapid."""
        return Vapid02(self.key).sign(self.claims(**claims))["Authorization"]

    def token(self, header=None, **claims):
        """A token that no library would write."""
        return jwt(self.key, self.claims(**claims), {"typ": "JWT", "alg": "ES256"} if header is None else header)


@pytest.fixture
def sender(app):
    return Sender(app.server.url)


@pytest.fixture
def distributor(app):
    return Distributor(app.add_user())


@pytest.fixture
def endpoint(distributor, sender):
    """Only the sender may post to it."""
    return distributor.endpoint("mail", key=sender.name)


def check_forbidden(distributor, endpoint, sender, **headers):
    answer = push(endpoint, b"forbidden", **headers)
    assert answer.status_code == 403, answer.text
    assert answer.json()["message"]
    assert push(endpoint, b"allowed", Authorization=sender.sign()).status_code == 201
    assert distributor.take() == b"allowed"


class TestRegistration:
    @pytest.mark.parametrize("key", ["", "x", "A" * 87, "B" + "A" * 86])
    def test_a_key_that_is_none_is_refused(self, distributor, key):
        answer = distributor.ask(
            f'<register xmlns="{PROVIDER}" application="{instance_hash("a")}" instance="{instance_hash("b")}" '
            f'vapid="{key}"/>')
        assert error(answer)[:2] == ("bad-request", "modify")

    def test_the_same_again_keeps_the_url_and_changes_the_key(self, app, distributor, sender, endpoint):
        other = Sender(app.server.url)
        assert distributor.endpoint("mail", key=other.name) == endpoint
        assert push(endpoint, Authorization=sender.sign()).status_code == 403
        assert push(endpoint, Authorization=other.sign()).status_code == 201
        assert distributor.take() == b"hello"
        assert distributor.endpoint("mail") == endpoint
        assert push(endpoint).status_code == 201

    def test_every_protocol_has_it(self, app, sender):
        seed = SeedDistributor(app.add_user())
        answer = seed.ask(f'<register xmlns="unifiedpush.org" vapid="{sender.name}"><token>t</token></register>')
        endpoints = [
            answer.find("{unifiedpush.org}register/{unifiedpush.org}endpoint").text,
            WebSocketDistributor(app.register()).endpoint("mail", key=sender.name)]
        for endpoint in endpoints:
            assert push(endpoint).status_code == 401
            assert push(endpoint, Authorization=sender.sign()).status_code in (201, 202)

    def test_a_restart_keeps_the_key(self, start_server):
        app = App(start_server(unifiedpush__url="https://push.example.org"))
        sender = Sender("https://push.example.org")
        endpoint = path(WebSocketDistributor(app.register()).endpoint("mail", key=sender.name))
        app.server.restart()
        assert app.server.post(endpoint, data=b"x").status_code == 401
        answer = app.server.post(endpoint, data=b"x", headers={"Authorization": sender.sign()})
        assert answer.status_code == 201


class TestSignature:
    def test_without_one_the_sender_is_asked_for_it(self, distributor, sender, endpoint):
        answer = push(endpoint)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "vapid")
        assert push(endpoint, b"signed", Authorization=sender.sign()).status_code == 201
        assert distributor.take() == b"signed"

    @pytest.mark.parametrize("authorization", ["Bearer token", "Basic dTpw", ""])
    def test_another_kind_of_authorization_is_none(self, endpoint, authorization):
        answer = push(endpoint, Authorization=authorization)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "vapid")

    @pytest.mark.parametrize(
        "form", ["vapid t={t},k={k}", "vapid t={t}, k={k}", "vapid k={k}, t={t}", 'vapid t="{t}", k="{k}"',
                 "VAPID t={t},k={k}", "Vapid  t={t} ,  k={k}", "vapid t={t}, k={k}, x=1"])
    def test_it_may_be_written_in_many_ways(self, endpoint, sender, form):
        header = form.format(t=sender.token(), k=sender.name)
        assert push(endpoint, Authorization=header).status_code == 201

    def test_one_signature_is_for_many_pushes(self, distributor, sender, endpoint):
        header = sender.sign()
        assert [push(endpoint, Authorization=header).status_code for _ in range(3)] == [201] * 3
        assert [distributor.take() for _ in range(3)] == [b"hello"] * 3

    @pytest.mark.parametrize("separator", [";", ","])
    def test_drafts_had_another_form(self, distributor, sender, endpoint, separator):
        headers = Vapid01(sender.key).sign(sender.claims())
        assert headers["Authorization"].startswith("WebPush ")
        answer = push(
            endpoint, b"x", Content_Encoding="aesgcm", Encryption="salt=c2FsdA", Authorization=headers["Authorization"],
            Crypto_Key=f"dh=a2V5{separator}{headers['Crypto-Key']}")
        assert answer.status_code == 201, answer.text
        assert distributor.take().startswith(b"aesgcm\nEncryption: salt=c2FsdA\nCrypto-Key: dh=a2V5")

    def test_anothers_key_is_forbidden(self, app, distributor, sender, endpoint):
        check_forbidden(distributor, endpoint, sender, Authorization=Sender(app.server.url).sign())

    def test_anothers_signature_is_forbidden(self, app, distributor, sender, endpoint):
        token = Sender(app.server.url).token()
        check_forbidden(distributor, endpoint, sender, Authorization=f"vapid t={token}, k={sender.name}")

    @pytest.mark.parametrize(
        "claims", [
            {"aud": "https://elsewhere.example"}, {"aud": None}, {"aud": ""}, {"aud": 1}, {"aud": []},
            {"exp": None}, {"exp": 0}, {"exp": -1}, {"exp": "soon"}, {"exp": 1e300},
        ], ids=json.dumps)
    def test_wrong_claims_are_forbidden(self, distributor, sender, endpoint, claims):
        header = f"vapid t={sender.token(**claims)}, k={sender.name}"
        check_forbidden(distributor, endpoint, sender, Authorization=header)

    @pytest.mark.parametrize("seconds", [-HOUR, -1, 25 * HOUR, 365 * 24 * HOUR])
    def test_it_holds_for_a_day_at_most(self, distributor, sender, endpoint, seconds):
        header = sender.sign(exp=int(time.time()) + seconds)
        check_forbidden(distributor, endpoint, sender, Authorization=header)

    @pytest.mark.parametrize("seconds", [60, 12 * HOUR, 24 * HOUR])
    def test_it_may_hold_for_a_day(self, sender, endpoint, seconds):
        assert push(endpoint, Authorization=sender.sign(exp=int(time.time()) + seconds)).status_code == 201

    def test_its_time_may_have_a_fraction(self, sender, endpoint):
        header = f"vapid t={sender.token(exp=time.time() + HOUR)}, k={sender.name}"  # RFC 7519 §2, NumericDate
        assert push(endpoint, Authorization=header).status_code == 201

    def test_the_audience_is_the_origin_without_a_path(self, distributor, sender, endpoint):
        header = f"vapid t={sender.token(aud=endpoint)}, k={sender.name}"
        check_forbidden(distributor, endpoint, sender, Authorization=header)

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", "es256", None, 1])
    def test_another_algorithm_is_forbidden(self, distributor, sender, endpoint, algorithm):
        header = {"typ": "JWT"} | ({"alg": algorithm} if algorithm else {})
        check_forbidden(
            distributor, endpoint, sender, Authorization=f"vapid t={sender.token(header)}, k={sender.name}")

    def test_nobody_signs_with_the_public_key(self, distributor, sender, endpoint):
        text = ".".join(
            urlsafe(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, sender.claims()))
        signature = urlsafe(hmac.digest(sender.name.encode(), text.encode(), hashlib.sha256))
        check_forbidden(
            distributor, endpoint, sender, Authorization=f"vapid t={text}.{signature}, k={sender.name}")

    @pytest.mark.parametrize(
        "form", [
            "vapid", "vapid x", "vapid t={t}", "vapid k={k}", "vapid t=, k={k}", "vapid t={t}, k=",
            "vapid t=a.b, k={k}", "vapid t=a.b.c, k={k}", "vapid t={t}x, k={k}", "vapid t={t}.x, k={k}",
            "vapid t={t}, k=AAAA", "vapid t={t}, k={k}AAAA", "vapid t={unsigned}., k={k}", "WebPush {t}"])
    def test_nonsense_is_forbidden(self, app, distributor, sender, endpoint, form):
        token = sender.token()
        header = form.format(t=token, k=sender.name, unsigned=token.rpartition(".")[0])
        check_forbidden(distributor, endpoint, sender, Authorization=header)
        assert app.server.is_well()

    def test_a_huge_token_is_forbidden_or_refused(self, app, sender, endpoint):
        header = f"vapid t={sender.token(sub='x' * 6000)}, k={sender.name}"
        assert push(endpoint, Authorization=header).status_code in (201, 403, 431)
        assert push(endpoint, Authorization="vapid t=" + "x" * 100_000).status_code in (400, 403, 431)
        assert app.server.is_well()


class TestAnyone:
    """Endpoints that were made without a key."""

    def test_a_right_signature_does_no_harm(self, distributor, sender):
        endpoint = distributor.endpoint("mail")
        assert push(endpoint, Authorization=sender.sign()).status_code == 201
        assert distributor.take() == b"hello"

    def test_a_wrong_signature_is_forbidden_even_so(self, distributor, sender):
        endpoint = distributor.endpoint("mail")
        for header in [sender.sign(aud="https://elsewhere.example"), sender.sign(exp=1), "vapid nonsense"]:
            assert push(endpoint, Authorization=header).status_code == 403

    def test_what_is_no_endpoint_is_not_found_whoever_signs(self, app, sender):
        assert push(f"{app.server.url}/push/AAAA", Authorization=sender.sign()).status_code == 404
        assert push(f"{app.server.url}/push/AAAA", Authorization="vapid nonsense").status_code == 404

    def test_what_is_gone_is_gone_whoever_signs(self, distributor, sender, endpoint):
        distributor.unregister("mail")
        assert push(endpoint, Authorization=sender.sign()).status_code == 410
        assert push(endpoint).status_code == 410


class TestAudience:
    @pytest.mark.parametrize(
        "url, audience", [
            ("https://push.example.org", "https://push.example.org"),
            ("https://push.example.org", "https://push.example.org:443"),
            ("https://push.example.org:443", "https://push.example.org"),
            ("https://push.example.org/apus", "https://push.example.org"),
            ("http://push.example.org", "http://push.example.org:80"),
            ("https://Push.Example.org:8443", "https://push.example.org:8443"),
        ])
    def test_it_is_the_origin_of_the_public_url(self, start_server, url, audience):
        app = App(start_server(unifiedpush__url=url))
        sender, other = Sender(audience), Sender(app.server.url)
        distributor = WebSocketDistributor(app.register())
        endpoint = distributor.endpoint("mail", key=sender.name).removeprefix(url)
        answer = app.server.post(endpoint, data=b"x", headers={"Authorization": sender.sign()})
        assert answer.status_code == 201, answer.text
        other.key = sender.key
        assert app.server.post(endpoint, data=b"x", headers={"Authorization": other.sign()}).status_code == 403


class TestWebPush:
    """pywebpush, which makes the claims itself."""

    @pytest.mark.parametrize("version", [Vapid02, Vapid01])
    @pytest.mark.parametrize("encoding", ["aes128gcm", "aesgcm"])
    def test_it_reaches_an_endpoint_of_its_own(self, distributor, sender, endpoint, version, encoding):
        subscription = Subscription(endpoint)
        answer = webpush(
            subscription.info, "signed and encrypted", vapid_private_key=version(sender.key),
            vapid_claims={"sub": SUBJECT}, content_encoding=encoding, ttl=60)
        assert answer.status_code == 201
        decrypt = subscription.decrypt if encoding == "aes128gcm" else subscription.decrypt_legacy
        assert decrypt(distributor.take()) == b"signed and encrypted"

    def test_it_does_not_reach_anothers(self, distributor, sender, endpoint):
        with pytest.raises(WebPushException) as failure:
            webpush(
                Subscription(endpoint).info, "x", vapid_private_key=Vapid02(Sender("").key),
                vapid_claims={"sub": SUBJECT})
        assert failure.value.response.status_code == 403
        with pytest.raises(WebPushException) as failure:
            webpush(Subscription(endpoint).info, "x")
        assert failure.value.response.status_code == 401
