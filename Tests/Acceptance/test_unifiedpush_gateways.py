"""Those who post something else than an endpoint's bytes: senders of Web Push, old and new, and Matrix home servers."""

import json
from urllib.parse import quote

import pytest
from pywebpush import WebPushException, webpush

from onepush import App
from unifiedpush import (
    Distributor, SeedDistributor, Subscription, WebSocketDistributor, public_key, push, until_refused)
from xmpp import XMPPApp, xmpp_server

TEXT = "When I grow up, I want to be a watermelon"
LEGACY_HEADERS = {"Content_Encoding": "aesgcm", "Encryption": "salt=c2FsdA", "Crypto_Key": "dh=a2V5;p256ecdsa=c2lnbmVy"}
PREAMBLE = b"aesgcm\nEncryption: salt=c2FsdA\nCrypto-Key: dh=a2V5;p256ecdsa=c2lnbmVy\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture(params=[Distributor, WebSocketDistributor], ids=["xmpp", "websocket"])
def distributor(request, app):
    return request.param(app.add_user() if request.param is Distributor else app.register())


@pytest.fixture
def endpoint(distributor):
    return distributor.endpoint("mail")


def through_aesgcm(app, endpoint):
    return f"{app.server.url}/aesgcm?e={quote(endpoint, safe='')}"


class TestWebPush:
    """pywebpush."""

    @pytest.mark.parametrize("text", [TEXT, "ü", "x" * 3993])
    def test_what_it_encrypts_can_be_decrypted(self, distributor, endpoint, text):
        subscription = Subscription(endpoint)
        answer = webpush(subscription.info, text, ttl=60, headers={"Urgency": "high", "Topic": "news"})
        assert (answer.status_code, answer.headers["TTL"]) == (201, "60")
        assert subscription.decrypt(distributor.take()).decode() == text

    def test_what_it_encrypts_as_the_draft_had_it_can_be_decrypted(self, distributor, endpoint):
        subscription = Subscription(endpoint)
        assert webpush(subscription.info, TEXT, content_encoding="aesgcm").status_code == 201
        assert subscription.decrypt_legacy(distributor.take()).decode() == TEXT

    def test_it_may_go_through_the_gateway_for_the_draft(self, app, distributor, endpoint):
        subscription = Subscription(through_aesgcm(app, endpoint))
        assert webpush(subscription.info, TEXT, content_encoding="aesgcm").status_code == 201
        assert subscription.decrypt_legacy(distributor.take()).decode() == TEXT

    def test_it_hears_that_an_endpoint_is_gone(self, app):
        distributor = Distributor(app.add_user())
        subscription = Subscription(distributor.endpoint("mail"))
        distributor.unregister("mail")
        with pytest.raises(WebPushException) as failure:
            webpush(subscription.info, TEXT)
        assert failure.value.response.status_code == 410

    def test_it_hears_when_it_may_try_again(self, start_server):
        app = App(start_server(unifiedpush__rate=1, unifiedpush__burst=1))
        subscription = Subscription(WebSocketDistributor(app.register()).endpoint())
        with pytest.raises(WebPushException) as failure:
            for _ in range(100):
                webpush(subscription.info, TEXT)
        assert failure.value.response.headers["Retry-After"] == "1"


class TestDraft:
    """Senders of aesgcm, whose keys are in headers, which no distributor gets."""

    def test_the_headers_are_put_in_front_of_the_body(self, distributor, endpoint):
        assert push(endpoint, b"\x00\xff", **LEGACY_HEADERS).status_code == 201
        assert distributor.take() == PREAMBLE + b"\x00\xff"

    def test_the_gateway_does_the_same(self, app, distributor, endpoint):
        answer = push(through_aesgcm(app, endpoint), b"\x00\xff", **LEGACY_HEADERS, TTL="7")
        assert (answer.status_code, answer.headers["TTL"]) == (201, "7")
        assert distributor.take() == PREAMBLE + b"\x00\xff"

    def test_the_endpoint_need_not_be_escaped(self, app, distributor, endpoint):
        assert push(f"{app.server.url}/aesgcm?e={endpoint}", b"x", **LEGACY_HEADERS).status_code == 201
        assert distributor.take() == PREAMBLE + b"x"

    def test_an_endpoint_of_the_seed_will_do(self, app):
        distributor = SeedDistributor(app.add_user())
        url = through_aesgcm(app, distributor.register("token"))
        assert push(url, b"text", **LEGACY_HEADERS).status_code == 201
        assert distributor.push()[2] == (PREAMBLE + b"text").decode()

    @pytest.mark.parametrize(
        "target", [
            "", "?e=", "?e=nonsense", "?e=https%3A%2F%2Felsewhere.example%2Fpush%2FAAAA", "?e={base}/push/AAAA",
            "?e={base}/healthz", "?e=/push/{token}", "?e={base}.example.org/push/{token}"])
    def test_only_endpoints_of_ours_are_posted_to(self, app, distributor, endpoint, target):
        target = target.format(base=app.server.url, token=endpoint.rpartition("/")[2])
        assert push(f"{app.server.url}/aesgcm{target}", b"x", **LEGACY_HEADERS).status_code == 404
        assert push(endpoint, b"marker").status_code == 201
        assert distributor.take() == b"marker"

    def test_it_can_be_asked_what_it_is(self, app):
        answer = app.server.get("/aesgcm")
        assert (answer.status_code, answer.json()["unifiedpush"]) == (200, {"gateway": "aesgcm"})


class TestMatrix:
    PATH = "/_matrix/push/v1/notify"

    @staticmethod
    def notification(*keys, **members):
        """As the Push Gateway API has it."""
        usual = {
            "event_id": "$3957tyerfgewrf384", "room_id": "!slw48wfj34rtnrf:example.com", "type": "m.room.message",
            "sender": "@exampleuser:matrix.org", "sender_display_name": "Major Tom", "room_name": "Mission Control",
            "room_alias": "#exampleroom:matrix.org", "prio": "high", "content": {"msgtype": "m.text", "body": "Hi 👋"},
            "counts": {"unread": 2, "missed_calls": 1},
        }
        devices = [
            {"app_id": "org.example", "pushkey": key, "pushkey_ts": 12345678, "data": {"format": "event_id_only"},
             "tweaks": {"sound": "bing"}}
            for key in keys]
        return usual | members | {"devices": devices}

    def notify(self, app, *keys, **members):
        return app.server.post(self.PATH, json={"notification": self.notification(*keys, **members)})

    def check(self, app, keys, rejected=(), **members):
        answer = self.notify(app, *keys, **members)
        assert (answer.status_code, answer.json()) == (200, {"rejected": list(rejected)})

    @staticmethod
    def without_devices(notification):
        return {name: value for name, value in notification.items() if name != "devices"}

    def test_it_can_be_asked_what_it_is(self, app):
        answer = app.server.get(self.PATH)
        assert (answer.status_code, answer.json()["unifiedpush"]) == (200, {"gateway": "matrix"})
        assert answer.json()["gateway"] == "matrix"

    def test_the_notification_arrives_without_its_devices(self, app, distributor, endpoint):
        self.check(app, [endpoint])
        assert json.loads(distributor.take()) == {"notification": self.without_devices(self.notification())}

    def test_every_device_gets_it(self, app):
        distributors = [Distributor(app.add_user()), WebSocketDistributor(app.register())]
        self.check(app, [distributor.endpoint("element") for distributor in distributors])
        assert distributors[0].take() == distributors[1].take()

    def test_an_endpoint_of_the_seed_gets_it_as_text(self, app):
        distributor = SeedDistributor(app.add_user())
        self.check(app, [distributor.register("element")])
        assert json.loads(distributor.push()[2])["notification"]["content"]["body"] == "Hi 👋"

    @pytest.mark.parametrize("prio, urgency", [("high", "high"), ("low", "low"), (None, "high")])
    def test_its_priority_is_the_urgency(self, app, prio, urgency):
        distributor = WebSocketDistributor(app.register())
        endpoint = distributor.endpoint()
        notification = self.notification(endpoint, prio=prio)
        if prio is None:
            del notification["prio"]
        assert app.server.post(self.PATH, json={"notification": notification}).status_code == 200
        assert distributor.push()[0]["urgency"] == urgency

    def test_only_keys_that_will_never_work_are_rejected(self, app):
        distributor = Distributor(app.add_user())
        alive, dead = distributor.endpoint("mail"), distributor.endpoint("chat")
        distributor.unregister("chat")
        restricted = distributor.endpoint("calls", key=public_key(Subscription("").key))
        foreign = ["https://elsewhere.example/push/AAAA", f"{app.server.url}/push/AAAA", "", "not a URL"]
        self.check(app, [dead, alive, *foreign, restricted], rejected=[dead, *foreign, restricted])
        assert distributor.takes_before_a_marker(alive)[0].startswith(b'{"notification":')

    def test_what_is_too_large_keeps_what_matters(self, app, distributor, endpoint):
        self.check(app, [endpoint], content={"body": "x" * 5000})
        data = distributor.take()
        assert len(data) <= 4096
        notification = json.loads(data)["notification"]
        whole = self.notification()
        for name in ["event_id", "room_id", "counts", "prio"]:
            assert notification[name] == whole[name]
        assert "content" not in notification

    def test_what_is_too_large_even_so_does_not_arrive(self, app):
        distributor = Distributor(app.add_user())
        endpoint = distributor.endpoint("mail")
        self.notify(app, endpoint, event_id="$" + "x" * 5000)
        assert all(len(data) <= 4096 for data in distributor.takes_before_a_marker(endpoint))

    def test_a_key_may_be_there_twice(self, app, distributor, endpoint):
        self.check(app, ["dead", endpoint, "dead"], rejected=["dead", "dead"])
        assert distributor.take()

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b"[]", b"null", b'{"notification":{}}', b'{"notification":{"devices":[]}}',
                 b'{"notification":[]}', b'{"notification":{"devices":{}}}', b'{"notification":{"devices":[1]}}',
                 b'{"notification":{"devices":[{"pushkey":1}]}}', b'{"notification":{"devices":[{}]}}',
                 b'{"notification":{"devices":[{"pushkey":"x"}]', b"\xff"])
    def test_what_is_no_notification_is_refused(self, app, body):
        answer = app.server.post(self.PATH, data=body)
        assert answer.status_code == 400, answer.text
        assert app.server.is_well()

    def test_an_endpoints_rate_holds_for_home_servers(self, start_server):
        app = App(start_server(unifiedpush__rate=1, unifiedpush__burst=3))
        endpoint = WebSocketDistributor(app.register()).endpoint()
        *accepted, refused = until_refused(lambda: self.notify(app, endpoint))
        assert len(accepted) >= 3 and {answer.status_code for answer in accepted} == {200}
        assert refused.headers["Retry-After"] == "1"

    def test_if_nothing_could_be_taken_for_now_the_home_server_tries_again(self, start_server):
        app = App(start_server(unifiedpush__rate=1, unifiedpush__burst=1))
        distributor = WebSocketDistributor(app.register())
        endpoints = [distributor.endpoint("mail"), distributor.endpoint("chat")]
        *accepted, _ = until_refused(lambda: self.notify(app, *endpoints))
        assert {answer.status_code for answer in accepted} == {200}

    def test_one_that_is_busy_is_not_rejected(self, start_server):
        app = App(start_server(unifiedpush__rate=1, unifiedpush__burst=1))
        distributor = WebSocketDistributor(app.register())
        busy, idle = distributor.endpoint("mail"), distributor.endpoint("chat")
        until_refused(lambda: push(busy))
        self.check(app, [busy, "dead", idle], rejected=["dead"])
