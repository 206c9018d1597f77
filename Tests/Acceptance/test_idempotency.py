"""A repeated request is answered as the first was; a batch is as good as its lines."""

import json
import threading

import pytest

from onepush import App, ids


def with_header(app, key, **members):
    return app.post(headers={"Idempotency-Key": key}, **members)


def with_member(app, key, **members):
    return app.post(requestId=key, **members)


@pytest.fixture(params=[with_header, with_member], ids=["header", "member"])
def post(request):
    return request.param


class TestIdempotency:
    def test_a_repeated_request_is_answered_alike_and_sends_nothing(self, app, device, post):
        with device.connect() as connection:
            answers = [post(app, "k", alert=f"{number}") for number in range(5)]
            assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
            assert connection.message()["alert"] == "0"
            assert device.receives_before_a_marker(connection) == []

    def test_header_and_member_are_one_key(self, app):
        assert with_header(app, "k").text == with_member(app, "k").text

    def test_the_header_is_stronger_than_the_member(self, app):
        first = with_header(app, "k")
        assert with_header(app, "k", requestId="other").text == first.text
        assert with_header(app, "other", requestId="k").text != first.text

    def test_other_keys_are_other_requests(self, app, post):
        answers = [post(app, key).text for key in ["k", "K", "k ?", "钥" if post is with_member else "key"]]
        assert len(set(answers)) == 4

    def test_without_a_key_every_request_is_new(self, app):
        assert app.send() != app.send()

    def test_it_is_remembered_across_a_restart_and_a_crash(self, start_server, post):
        app = App(start_server())
        device = app.register()
        first = post(app, "k").text
        app.server.restart()
        assert post(app, "k").text == first
        app.server.kill()
        app.server.start()
        assert post(app, "k").text == first
        with device.connect() as connection:
            assert len(device.receives_before_a_marker(connection)) == 1

    def test_apps_do_not_share_keys(self, app, post):
        assert post(app, "k").text != post(App(app.server), "k").text

    def test_tenants_do_not_share_keys(self, app, post):
        answers = [post(app, "k", tenantCode=tenant).text for tenant in ["red", "blue", None]]
        assert len(set(answers)) == 3
        assert [post(app, "k", tenantCode=tenant).text for tenant in ["red", "blue", None]] == answers

    def test_a_refused_request_does_not_use_its_key_up(self, app, post):
        assert post(app, "k", platform="X").status_code == 400
        assert post(app, "k").status_code == 200

    def test_of_requests_at_the_same_time_only_one_is_sent(self, app, device, post):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(post(app, "k").text)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 8 and len(set(answers)) == 1
        with device.connect() as connection:
            assert len(device.receives_before_a_marker(connection)) == 1


class TestBatch:
    def test_good_and_bad_lines_are_answered_in_their_order(self, app, device):
        bad = {
            3: ("not json", "invalid_json"), 10: (app.body(alert=None), "invalid_request"),
            11: (app.body(appKey="wrong"), "wrong_app_key"), 500: (app.body(appId="unknown"), "unknown_app"),
            998: (app.body(alert="x" * 5000), "payload_too_large"), 999: ("[]", "invalid_json"),
        }
        bodies = [bad[line][0] if line in bad else app.body(alert=f"{line}") for line in range(1000)]
        answers = app.batch(bodies)
        assert len(answers) == 1000
        assert {line: answer["error"] for line, answer in enumerate(answers) if "error" in answer} == {
            line: error for line, (_, error) in bad.items()}
        with device.connect() as connection:
            received = connection.messages(994)
            assert device.receives_before_a_marker(connection) == []
        good = [line for line in range(1000) if line not in bad]
        assert [message["alert"] for message in received] == [f"{line}" for line in good]
        assert ids(received) == [answers[line]["requestId"] for line in good]

    def test_of_more_than_1_000_lines_nothing_is_sent(self, app, device):
        lines = "\n".join([json.dumps(app.body())] * 1001)
        answer = app.server.post("/v1/messages:batch", data=lines)
        assert (answer.status_code, answer.json()["error"]) == (413, "batch_too_large")
        assert "1000" in answer.json()["message"]
        with device.connect() as connection:
            assert device.receives_before_a_marker(connection) == []

    @pytest.mark.parametrize("body", [b"", b"\n", b"\n \r\n\t\n"])
    def test_an_empty_batch_is_refused(self, server, body):
        answer = server.post("/v1/messages:batch", data=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "empty_batch")

    @pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n", "\n  \n"])
    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_lines_may_end_as_they_like(self, app, separator, end):
        body = separator.join([json.dumps(app.body())] * 3) + end
        answer = app.server.post("/v1/messages:batch", data=body)
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        assert ["requestId" in json.loads(line) for line in answer.text.splitlines()] == [True] * 3

    def test_a_key_counts_once_within_a_batch_and_between_batches(self, app, device):
        answers = app.batch([app.body(requestId="k"), app.body(), app.body(requestId="k")])
        assert answers[0] == answers[2] != answers[1]
        assert app.batch([app.body(requestId="k")]) == [answers[0]]
        with device.connect() as connection:
            assert len(device.receives_before_a_marker(connection)) == 2

    def test_a_batch_may_be_of_several_apps(self, app):
        other = App(app.server)
        answers = app.batch([app.body(), other.body(), app.body(appKey=other.key), other.body()])
        assert ["requestId" in answer for answer in answers] == [True, True, False, True]
        assert other.status(answers[1]["requestId"])["appId"] == other.id

    def test_a_line_tells_which_of_its_members_mean_nothing(self, app):
        answers = app.batch([app.body(), app.body(color=1)])
        assert "ignored" not in answers[0]
        assert answers[1]["ignored"] == ["color"]
