"""Requests that are wrong: each gets a clear answer, nothing is accepted, and the server goes on."""

import json
import threading
from datetime import datetime

import pytest
import requests

from onepush import App
from waiting import eventually


@pytest.fixture(autouse=True)
def server_stays_well(server):
    yield
    assert server.is_well()


def error(answer, status):
    """The error's body, which is an error's in form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body["code"] == status
    assert body["message"]
    assert "stackInfo" not in body
    return body


class TestNotJSON:
    BODIES = [
        b"", b"hello", b"{", b"[]", b"null", b'"text"', b"{'appId':1}", b'{"appId":"a"}x', b'{"appId":"a",}',
        b"{" * 50_000, b"[" * 60_000, b"\x00", b"\xff\xfe", '{"appId":"a"}'.encode("utf-16"),
        b'{"extra":' + b"[" * 30_000, b'{"alert":"\x01"}', b'{"alert":"\\x"}', b'{"badge":01}', b'{"a":tru}',
    ]

    @pytest.mark.parametrize("path", ["/msgpush/send", "/msgpush/register"])
    @pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:16]))
    def test_what_is_no_json_object_is_refused(self, server, path, body):
        assert error(server.post(path, data=body), 400)["error"] == "invalid_json"

    @pytest.mark.parametrize("member", ["alert", "extra", "appId", "audiences", "unknown"])
    @pytest.mark.parametrize("bytes", [b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
    def test_text_that_is_not_utf_8_is_refused(self, server, app, member, bytes):
        body = json.dumps(app.body(**{member: "MARK"})).encode().replace(b"MARK", bytes)
        assert error(server.post("/msgpush/send", data=body), 400)["error"] == "invalid_json"

    def test_an_app_name_that_is_not_utf_8_is_refused(self, server):
        error(server.admin("POST", "/apps/", data=b"caf\xe9"), 400)

    def test_half_a_surrogate_pair_is_refused(self, server, app):
        body = json.dumps(app.body(alert="MARK")).replace("MARK", "\\ud800")
        error(server.post("/msgpush/send", data=body), 400)


class TestWrongTypes:
    WRONG = {
        "appId": 1, "appKey": {}, "platform": ["ALL"], "audienceType": 5, "audiences": {"a": 1}, "alert": ["x"],
        "tenantCode": 7, "pushMsgType": False, "needConfirm": "yes", "duration": "long", "badge": 1.5, "sound": {},
        "sender": [], "sendDevice": 3, "smsMessage": True, "listenFlag": 0, "requestId": 12,
    }

    @pytest.mark.parametrize("member", WRONG)
    def test_a_member_of_the_wrong_type_is_named(self, app, member):
        body = error(app.post(**{member: self.WRONG[member]}), 400)
        assert body["error"] == "invalid_request"
        assert member in [field["field"] for field in body["errors"]]

    @pytest.mark.parametrize("audiences", [[1], ["a", None], [["a"]], [{}], []])
    def test_audiences_must_be_texts(self, app, audiences):
        answer = app.post(audienceType="ALIAS", audiences=audiences)
        assert error(answer, 400)["errors"][0]["field"] == "audiences"

    @pytest.mark.parametrize(
        "member, value",
        [("platform", "SYMBIAN"), ("platform", "all"), ("platform", ""), ("audienceType", "alias"),
         ("audienceType", "USER"), ("pushMsgType", "SMS"), ("duration", 2**70), ("badge", 2**70)])
    def test_a_value_that_means_nothing_is_named(self, app, member, value):
        body = error(app.post(**{member: value}), 400)
        assert [field["field"] for field in body["errors"]] == [member]

    def test_all_that_is_wrong_is_told_at_once(self, app):
        body = error(app.post(alert=None, platform="X", badge="x", appId=None), 400)
        assert {field["field"]: field["code"] for field in body["errors"]} == {
            "alert": "required", "platform": "value", "badge": "type", "appId": "required"}

    @pytest.mark.parametrize("member", ["appId", "alias", "platform", "nativeToken", "tag", "mobile", "tenantCode"])
    def test_a_registration_with_a_wrong_type_is_refused(self, app, member):
        answer = app.server.post("/msgpush/register", json=app.registration(**{member: 5}))
        assert member in [field["field"] for field in error(answer, 400)["errors"]]

    def test_a_registration_for_another_platform_is_refused(self, app):
        answer = app.server.post("/msgpush/register", json=app.registration(platform="ALL"))
        assert error(answer, 400)["errors"][0]["field"] == "platform"


class TestAccess:
    def test_a_wrong_key_is_refused(self, app):
        assert error(app.post(appKey="wrong"), 401)["error"] == "wrong_app_key"

    def test_another_apps_key_is_refused(self, app):
        assert error(app.post(appKey=App(app.server).key), 401)["error"] == "wrong_app_key"

    def test_an_empty_key_is_refused(self, app):
        assert app.post(appKey="").status_code in (400, 401)

    def test_an_unknown_app_is_refused(self, app):
        assert error(app.post(appId="unknown"), 400)["error"] == "unknown_app"

    def test_nobody_registers_for_an_unknown_app(self, app):
        answer = app.server.post("/msgpush/register", json=app.registration(appId="unknown"))
        assert error(answer, 400)["error"] == "unknown_app"

    def test_nothing_is_told_about_other_members_to_who_has_no_key(self, app):
        body = error(app.post(appKey="wrong", alert="x" * 5000), 401)
        assert "bytes" not in body["message"]


class TestSizes:
    def test_a_body_over_the_limit_is_refused(self, app):
        assert error(app.post(alert="x" * 70_000), 413)["error"] == "body_too_large"

    def test_a_huge_body_is_refused_before_it_is_read(self, server):
        answer = server.post("/msgpush/send", data=b"x" * (50 << 20))
        assert error(answer, 413)["error"] == "body_too_large"

    def test_a_huge_body_of_a_registration_is_refused(self, app):
        answer = app.server.post("/msgpush/register", json=app.registration(mobile="1" * 70_000))
        error(answer, 413)

    def test_a_huge_batch_is_refused(self, server):
        error(server.post("/v1/messages:batch", data=b"x" * (9 << 20)), 413)

    def test_a_huge_app_name_is_refused(self, server):
        assert server.admin("POST", "/apps/", data=b"x" * 300).status_code == 400
        assert server.admin("POST", "/apps/", data=b"x" * 10_000).status_code == 413

    def test_a_payload_over_4_kb_is_refused_and_told_by_how_much(self, app):
        body = error(app.post(alert="x" * 4000, extra="y" * 100), 413)
        assert body["error"] == "payload_too_large"
        assert "4102 bytes" in body["message"]
        assert "6 more than the 4096 allowed" in body["message"]

    def test_bytes_count_not_characters(self, app):
        assert app.post(alert="推" * 1365).status_code == 200
        error(app.post(alert="推" * 1366), 413)

    def test_a_payload_of_just_4_kb_is_delivered(self, app, device):
        app.send(alert="x" * 4094, extra=12)
        with device.connect() as connection:
            assert connection.message()["alert"] == "x" * 4094

    def test_10_000_audiences_are_refused(self, app):
        body = error(app.post(audienceType="ALIAS", audiences=["a"] * 10_000), 400)
        assert body["errors"][0]["field"] == "audiences"
        assert "10000 values; at most 1000" in body["message"]

    def test_1_000_audiences_are_accepted(self, app):
        device = app.register(alias="999")
        message = app.send(audienceType="ALIAS", audiences=[str(number) for number in range(1000)])
        assert [entry["deviceId"] for entry in app.status(message)["deliveries"]] == [device.id]

    def test_101_tags_are_refused(self, app):
        answer = app.server.post("/msgpush/register", json=app.registration(tag=[f"{n}" for n in range(101)]))
        assert error(answer, 400)["errors"][0]["field"] == "tag"

    @pytest.mark.parametrize("member", ["alias", "tenantCode", "mobile"])
    def test_a_text_that_is_too_long_is_refused(self, app, member):
        answer = app.server.post("/msgpush/register", json=app.registration(**{member: "x" * 256}))
        assert error(answer, 400)["errors"][0]["field"] == member


class TestDuration:
    @pytest.mark.parametrize("duration", [-1, -(2**63), 259_201, 2**40])
    def test_a_duration_out_of_range_becomes_three_days(self, app, duration):
        assert self.lifetime(app, duration) == 259_200

    @pytest.mark.parametrize("duration, seconds", [(None, 259_200), (100, 100), ("100", 100), (259_200, 259_200)])
    def test_a_duration_is_kept(self, app, duration, seconds):
        assert self.lifetime(app, duration) == seconds

    @staticmethod
    def lifetime(app, duration):
        status = app.status(app.send(duration=duration))
        times = [datetime.fromisoformat(status[name]) for name in ("createdAt", "expiresAt")]
        return round((times[1] - times[0]).total_seconds())


class TestPaths:
    @pytest.mark.parametrize(
        "method, path",
        [("GET", "/"), ("GET", "/nothing"), ("POST", "/msgpush/nothing"), ("GET", "/v1/nothing"),
         ("GET", "/%00"), ("GET", "/..%2f..%2fetc/passwd"), ("DELETE", "/healthz"), ("BREW", "/msgpush/send")])
    def test_there_is_nothing_elsewhere(self, server, method, path):
        answer = server.request(method, path)
        assert answer.status_code in (404, 405), answer.text
        assert answer.json()["code"] == answer.status_code

    def test_unregistering_an_unknown_device_is_refused(self, server):
        assert error(server.post("/msgpush/unregister/unknown"), 404)["error"] == "unknown_device"

    def test_unregistering_no_device_is_refused(self, server):
        body = error(server.post("/msgpush/unregister/"), 400)
        assert body["message"] == "deviceId是必填项;"

    @pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-5", "after=x"])
    def test_a_wrong_page_is_refused(self, server, app, query):
        message = app.send()
        error(app.get(f"/v1/messages/{message}?{query}"), 400)
        error(server.admin("GET", f"/v1/devices?{query}"), 400)

    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_a_wrong_idempotency_key_is_refused(self, app, key):
        assert error(app.post(headers={"Idempotency-Key": key}), 400)["error"] == "invalid_idempotency_key"


class TestTooMuch:
    def test_an_app_that_sends_too_fast_is_told_to_wait(self, start_server):
        app = App(start_server(limits__app_rate=5))
        answers = [app.post() for _ in range(20)]
        accepted = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(accepted) >= 5 and len(refused) >= 5
        for answer in refused:
            assert error(answer, 429)["error"] == "app_rate"
            assert int(answer.headers["Retry-After"]) >= 1
        assert App(app.server).post().status_code == 200, "another app is not held up"
        eventually(lambda: app.post().status_code == 200)
        assert app.server.is_well()

    def test_a_batch_counts_its_messages(self, start_server):
        app = App(start_server(limits__app_rate=5))
        answers = app.batch([app.body()] * 100)
        assert all("requestId" in answer for answer in answers[:5])
        assert answers[-1]["code"] == 429

    def test_an_overloaded_server_refuses_and_keeps_what_it_accepted(self, start_server):
        app = App(start_server(limits__queued_requests=1))
        device = app.register()
        answers = eventually(lambda: self.overload(app), within=30)
        refused = [answer for answer in answers if answer.status_code != 200]
        for answer in refused:
            assert error(answer, 503)["error"] == "overloaded"
            assert int(answer.headers["Retry-After"]) >= 1
        accepted = {answer.json()["requestId"] for answer in answers if answer.status_code == 200}
        with device.connect() as connection:
            received = device.receives_before_a_marker(connection)
        assert {message["id"] for message in received} >= accepted
        assert app.server.is_well()

    def test_of_a_batch_that_overloads_the_server_only_what_it_accepted_is_delivered(self, start_server):
        app = App(start_server(limits__queued_requests=1))
        device = app.register()
        answers = eventually(lambda: self.partly_refused(app.batch([app.body()] * 1000)))
        assert {answer["error"] for answer in answers if "error" in answer} == {"overloaded"}
        accepted = {answer["requestId"] for answer in answers if "requestId" in answer}
        with device.connect() as connection:
            received = {message["id"] for message in device.receives_before_a_marker(connection)}
        assert received >= accepted
        total = app.server.metric("apus_messages_accepted_total")
        assert total == len(received) + 1, "only what was accepted was delivered, and the marker"

    @staticmethod
    def partly_refused(answers):
        refused = sum("error" in answer for answer in answers)
        return answers if 0 < refused < len(answers) else None

    @staticmethod
    def overload(app):
        """The answers to requests that come all at once; nothing if all of them or none were accepted."""
        answers, lock, ready = [], threading.Lock(), threading.Barrier(16)

        def post():
            with requests.Session() as session:
                session.trust_env = False
                session.get(app.server.url + "/healthz")
                ready.wait()
                for _ in range(5):
                    answer = session.post(app.server.url + "/msgpush/send", json=app.body(), timeout=30)
                    with lock:
                        answers.append(answer)

        threads = [threading.Thread(target=post) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = sum(answer.status_code != 200 for answer in answers)
        return answers if 0 < refused < len(answers) else None
