"""Endpoints over HTTP, as application servers see them (RFC 8030)."""

import pytest

from onepush import App
from server import Server
from unifiedpush import Distributor, WebSocketDistributor, application_server, path, push, until_refused
from waiting import eventually
from xmpp import XMPPApp, xmpp_server

DAY = 24 * 3600


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def distributor(app):
    return Distributor(app.add_user())


@pytest.fixture
def endpoint(distributor):
    return distributor.endpoint("mail")


def altered(url):
    """The URL with another letter in the middle of its token."""
    start, _, token = url.rpartition("/")
    middle = len(token) // 2
    return f"{start}/{token[:middle]}{'A' if token[middle] != 'A' else 'B'}{token[middle + 1:]}"


def token(url):
    return url.rpartition("/")[2]


def error(answer):
    return answer.status_code, answer.json()["error"]


class TestBody:
    @pytest.mark.parametrize("size", [1, 4095, 4096])
    def test_up_to_4096_bytes_are_taken(self, distributor, endpoint, size):
        data = bytes(number % 256 for number in range(size))
        answer = push(endpoint, data)
        assert (answer.status_code, answer.content) == (201, b"")
        assert distributor.take() == data

    @pytest.mark.parametrize(
        "size, expected", [
            (0, (400, "empty_body")), (4097, (413, "body_too_large")), (1 << 17, (413, "body_too_large"))])
    def test_other_sizes_are_refused(self, distributor, endpoint, size, expected):
        assert error(push(endpoint, b"x" * size)) == expected
        assert distributor.takes_before_a_marker(endpoint) == []

    def test_a_chunked_body_is_a_body(self, distributor, endpoint):
        assert push(endpoint, iter([b"in ", b"two chunks"])).status_code == 201
        assert distributor.take() == b"in two chunks"

    @pytest.mark.parametrize(
        "headers", [{}, {"Content_Type": "application/json"}, {"Content_Encoding": "aes128gcm"},
                    {"Content_Encoding": "gzip"}, {"Content_Type": "application/x-www-form-urlencoded"}])
    def test_bytes_are_not_touched_whatever_they_are_called(self, distributor, endpoint, headers):
        assert push(endpoint, b"\x1f\x8b\x00\xff\r\n", **headers).status_code == 201
        assert distributor.take() == b"\x1f\x8b\x00\xff\r\n"


class TestTimeToLive:
    @pytest.mark.parametrize(
        "asked, answered", [
            (None, DAY), ("0", 0), ("1", 1), ("60", 60), (str(28 * DAY), 28 * DAY), (str(28 * DAY + 1), 28 * DAY),
            ("9" * 40, 28 * DAY), ("007", 7)])
    def test_the_answer_says_how_long_it_waits(self, endpoint, asked, answered):
        answer = push(endpoint, **({"TTL": asked} if asked else {}))
        assert (answer.status_code, answer.headers["TTL"]) == (201, str(answered))

    @pytest.mark.parametrize("asked", ["-1", "", "1.5", "1e3", "one", "0x10", "60s", "1 2", "+5"])
    def test_what_is_no_number_is_refused(self, distributor, endpoint, asked):
        answer = push(endpoint, TTL=asked)
        assert error(answer) == (400, "invalid_ttl")
        assert distributor.takes_before_a_marker(endpoint) == []

    def test_a_push_without_time_reaches_who_is_there(self, distributor, endpoint):
        assert push(endpoint, b"now", TTL="0").status_code == 201
        assert distributor.take() == b"now"

    def test_a_push_whose_time_is_over_does_not_come(self, start_server):
        device = App(start_server()).register()
        distributor = WebSocketDistributor(device)
        endpoint = distributor.endpoint()
        distributor.leave()
        receipt = push(endpoint, b"too late", TTL="1", Prefer="respond-async").links["urn:ietf:params:push:receipt"]
        push(endpoint, b"in time", TTL="60")
        eventually(lambda: application_server.get(receipt["url"]).status_code == 410, within=15)
        assert WebSocketDistributor(device).take() == b"in time"

    def test_the_limits_are_settings(self, start_server):
        app = App(start_server(unifiedpush__default_time_to_live="1h", unifiedpush__longest_time_to_live="2h"))
        endpoint = WebSocketDistributor(app.register()).endpoint()
        assert push(endpoint).headers["TTL"] == "3600"
        assert push(endpoint, TTL=str(DAY)).headers["TTL"] == "7200"


class TestUrgency:
    @pytest.mark.parametrize("urgency", ["very-low", "low", "normal", "high"])
    def test_every_urgency_of_the_standard_is_taken(self, distributor, endpoint, urgency):
        assert push(endpoint, Urgency=urgency).status_code == 201
        assert distributor.take() == b"hello"

    @pytest.mark.parametrize("urgency", ["", "urgent", "HIGHEST", "low,high", "4"])
    def test_another_is_refused(self, endpoint, urgency):
        assert error(push(endpoint, Urgency=urgency)) == (400, "invalid_urgency")


class TestTopic:
    @pytest.mark.parametrize("topic", ["", "x" * 33, "with space", "a.b", "ü".encode(), "a=", "a/b", "a+b"])
    def test_what_is_no_topic_is_refused(self, endpoint, topic):
        assert error(push(endpoint, Topic=topic)) == (400, "invalid_topic")

    def test_a_later_push_replaces_an_earlier_one_that_waits(self, app):
        user = app.add_user()
        with user.connect() as stream:
            distributor = Distributor(user, stream)
            mail, chat = distributor.endpoint("mail"), distributor.endpoint("chat")
        longest = "aZ09-_" + "x" * 26
        for endpoint, data, headers in [
            (mail, b"replaced", {"Topic": longest}),
            (mail, b"of no topic", {}),
            (mail, b"of another topic", {"Topic": "other"}),
            (chat, b"of another endpoint", {"Topic": longest}),
            (mail, b"replaced, too", {"Topic": longest}),
            (mail, b"the last", {"Topic": longest}),
        ]:
            assert push(endpoint, data, **headers).status_code == 201
        distributor = Distributor(user)
        assert distributor.takes_before_a_marker(mail) == [
            b"of no topic", b"of another topic", b"of another endpoint", b"the last"]

    def test_what_was_delivered_stays_delivered(self, app, distributor, endpoint):
        push(endpoint, Topic="news")
        id, _, _ = distributor.push()
        distributor.accept(id)
        eventually(lambda: app.state(id, distributor.user) == "received")
        push(endpoint, b"later", Topic="news")
        assert distributor.take() == b"later"
        assert app.state(id, distributor.user) == "received"

    def test_what_was_not_confirmed_is_replaced_and_explains_why(self, app, distributor, endpoint):
        push(endpoint, b"earlier", Topic="news")
        id, _, _ = distributor.push()
        push(endpoint, b"later", Topic="news")
        assert distributor.push()[2] == b"later"
        assert app.state(id, distributor.user) == "cancelled"
        steps = app.explain(id, distributor.user)["steps"]
        assert "replaced" in [step["code"] for step in steps], steps
        assert Distributor(distributor.user).push()[2] == b"later"  # and nothing before it


class TestMessage:
    """The message resource (RFC 8030 §5, §6)."""

    @pytest.fixture
    def user(self, app):
        return app.add_user()

    @pytest.fixture
    def away(self, user):
        """The endpoint of a distributor that is not there."""
        with user.connect() as stream:
            return Distributor(user, stream).endpoint("mail")

    def receipt(self, answer):
        assert answer.status_code == 202, answer.text
        assert answer.headers["Preference-Applied"] == "respond-async"
        return answer.links["urn:ietf:params:push:receipt"]["url"]

    def test_every_message_has_a_url_of_its_own(self, app, away):
        answers = [push(away) for _ in range(3)]
        locations = [answer.headers["Location"] for answer in answers]
        assert len(set(locations)) == 3
        assert all(location.startswith(f"{app.server.url}/message/") for location in locations)

    def test_a_message_that_waits_can_be_taken_back_once(self, user, away):
        push(away, b"first")
        location = push(away, b"taken back").headers["Location"]
        push(away, b"last")
        answer = application_server.delete(location)
        assert (answer.status_code, answer.content) == (204, b"")
        assert error(application_server.delete(location)) == (410, "message_gone")
        distributor = Distributor(user)
        assert distributor.takes_before_a_marker(away) == [b"first", b"last"]

    def test_what_was_delivered_cannot_be_taken_back(self, app, distributor, endpoint):
        location = push(endpoint).headers["Location"]
        id, _, _ = distributor.push()
        distributor.accept(id)
        eventually(lambda: app.state(id, distributor.user) == "received")
        assert application_server.delete(location).status_code == 410
        assert app.state(id, distributor.user) == "received"

    def test_a_receipt_waits_for_the_device(self, distributor, endpoint):
        receipt = self.receipt(push(endpoint, Prefer="respond-async"))
        answer = application_server.get(receipt)
        assert answer.status_code == 202
        id, _, _ = distributor.push()
        assert application_server.get(receipt).status_code == 202
        distributor.accept(id)
        eventually(lambda: application_server.get(receipt).status_code == 204)

    @pytest.mark.parametrize("prefer", ["respond-async", "wait=5, respond-async", "Respond-Async"])
    def test_the_preference_may_stand_among_others(self, away, prefer):
        assert application_server.get(self.receipt(push(away, Prefer=prefer))).status_code == 202

    @pytest.mark.parametrize("headers", [{}, {"Prefer": "wait=5"}])
    def test_who_does_not_prefer_a_receipt_gets_none(self, away, headers):
        answer = push(away, **headers)
        assert answer.status_code == 201
        assert "Link" not in answer.headers and "Preference-Applied" not in answer.headers

    def test_the_receipt_of_what_was_taken_back_is_gone(self, away):
        answer = push(away, Prefer="respond-async")
        application_server.delete(answer.headers["Location"])
        assert error(application_server.get(self.receipt(answer))) == (410, "message_cancelled")

    def test_the_receipt_of_what_was_replaced_is_gone(self, away):
        answer = push(away, Prefer="respond-async", Topic="news")
        push(away, Topic="news")
        assert error(application_server.get(self.receipt(answer))) == (410, "message_cancelled")

    def test_the_receipt_of_what_expired_is_gone(self, away):
        receipt = self.receipt(push(away, Prefer="respond-async", TTL="1"))
        assert application_server.get(receipt).status_code == 202
        eventually(lambda: application_server.get(receipt).status_code == 410, within=15)

    def test_the_receipt_of_what_cannot_be_delivered_any_more_is_gone(self, user, away):
        receipt = self.receipt(push(away, Prefer="respond-async"))
        Distributor(user, user.log_in()).unregister("mail")
        assert error(application_server.get(receipt)) == (410, "message_failed")

    def test_urls_of_messages_survive_a_restart(self, start_server):
        app = App(start_server())
        device = app.register()
        distributor = WebSocketDistributor(device)
        endpoint = distributor.endpoint()
        distributor.leave()
        answer = push(endpoint, Prefer="respond-async")
        app.server.restart()
        assert app.server.get(path(self.receipt(answer))).status_code == 202
        assert app.server.request("DELETE", path(answer.headers["Location"])).status_code == 204
        assert app.server.get(path(self.receipt(answer))).status_code == 410


class TestTokens:
    @pytest.mark.parametrize(
        "token", ["", "x", "A" * 43, "A" * 42, "A" * 5000, "%2e%2e", "=", "ü", "AAAA/BBBB"])
    def test_what_was_never_an_endpoint_is_not_found(self, app, token):
        assert push(f"{app.server.url}/push/{token}").status_code == 404
        assert app.server.is_well()

    def test_an_altered_token_is_not_found(self, endpoint):
        for url in [altered(endpoint), endpoint + "A", endpoint[:-1], endpoint + "/", endpoint + "="]:
            assert push(url).status_code == 404, url
        assert push(endpoint).status_code == 201

    def test_each_token_is_for_one_purpose(self, app, endpoint):
        answer = push(endpoint, Prefer="respond-async")
        message = token(answer.headers["Location"])
        base = app.server.url
        assert push(f"{base}/push/{message}").status_code == 404
        assert push(f"{base}/UP?token={message}").status_code == 401
        for method, what in [("DELETE", "message"), ("GET", "receipt")]:
            assert application_server.request(method, f"{base}/{what}/{token(endpoint)}").status_code == 404

    @pytest.mark.parametrize("method, what", [("DELETE", "message"), ("GET", "receipt")])
    def test_a_forged_message_is_not_found(self, app, endpoint, method, what):
        url = f"{app.server.url}/{what}/{token(push(endpoint).headers['Location'])}"
        start = f"{app.server.url}/{what}"
        for forged in [altered(url), url + "A", url[:-1], f"{start}/AAAA", f"{start}/1"]:
            assert application_server.request(method, forged).status_code == 404, forged

    def test_an_endpoint_of_another_server_is_not_found(self, app, start_server):
        other = App(start_server())
        endpoint = WebSocketDistributor(other.register()).endpoint()
        assert app.server.post(path(endpoint), data=b"x").status_code == 404

    def test_an_unregistered_endpoint_is_gone_for_good(self, app, distributor, endpoint):
        distributor.unregister("mail")
        answer = push(endpoint)
        assert error(answer) == (410, "endpoint_gone")

    def test_the_endpoint_of_an_unregistered_device_is_gone(self, app):
        device = app.register()
        endpoint = WebSocketDistributor(device).endpoint()
        app.unregister(device)
        assert error(push(endpoint)) == (410, "endpoint_gone")


class TestDiscovery:
    def test_get_says_that_pushes_are_taken(self, endpoint):
        answer = application_server.get(endpoint)
        assert (answer.status_code, answer.json()) == (200, {"unifiedpush": {"version": 1}})
        assert answer.headers["Content-Type"].startswith("application/json")

    def test_head_says_the_same_without_a_body(self, endpoint):
        answer = application_server.head(endpoint)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"].startswith("application/json")

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_other_methods_do_nothing(self, distributor, endpoint, method):
        answer = application_server.request(method, endpoint, data=b"x")
        assert answer.status_code in (404, 405)
        assert distributor.takes_before_a_marker(endpoint) == []


class TestCrossOrigin:
    ORIGIN = {"Origin": "https://app.example.org"}

    def test_pages_are_allowed_to_post(self, endpoint):
        answer = application_server.options(endpoint, headers=self.ORIGIN | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "ttl,urgency,topic,content-encoding,authorization,prefer"})
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        for header in ["ttl", "urgency", "topic", "content-encoding", "authorization", "prefer", "content-type"]:
            assert header in allowed

    def test_pages_are_allowed_to_take_back(self, endpoint):
        location = push(endpoint).headers["Location"]
        answer = application_server.options(
            location, headers=self.ORIGIN | {"Access-Control-Request-Method": "DELETE"})
        assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]

    def test_every_answer_can_be_read_by_a_page(self, app, endpoint):
        posted = push(endpoint, **self.ORIGIN, Prefer="respond-async")
        answers = [
            posted, push(endpoint, b"", **self.ORIGIN), push(altered(endpoint), **self.ORIGIN),
            application_server.get(endpoint, headers=self.ORIGIN),
            application_server.get(posted.links["urn:ietf:params:push:receipt"]["url"], headers=self.ORIGIN),
            application_server.delete(altered(posted.headers["Location"]), headers=self.ORIGIN),
            application_server.delete(posted.headers["Location"], headers=self.ORIGIN),
        ]
        assert [answer.status_code for answer in answers] == [202, 400, 404, 200, 202, 404, 204]
        assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {"*"}

    def test_a_page_may_read_the_urls_in_the_answer(self, endpoint):
        exposed = push(endpoint, **self.ORIGIN).headers.get("Access-Control-Expose-Headers", "").lower()
        assert "location" in exposed and "ttl" in exposed


class TestRate:
    @pytest.fixture
    def distributor(self, start_server):
        app = App(start_server(unifiedpush__rate=1, unifiedpush__burst=3))
        return WebSocketDistributor(app.register())

    def test_each_endpoint_has_a_rate_of_its_own(self, distributor):
        mail, chat = distributor.endpoint("mail"), distributor.endpoint("chat")
        *accepted, refused = until_refused(lambda: push(mail))
        assert len(accepted) >= 3 and {answer.status_code for answer in accepted} == {201}
        assert error(refused) == (429, "endpoint_rate")
        assert refused.headers["Retry-After"] == "1"
        assert [push(chat, b"other").status_code for _ in range(3)] == [201] * 3
        eventually(lambda: push(mail, b"later").status_code == 201)
        assert [distributor.take() for _ in range(len(accepted) + 4)] == (
            [b"hello"] * len(accepted) + [b"other"] * 3 + [b"later"])

    def test_what_is_refused_for_another_reason_counts_as_well(self, distributor):
        endpoint = distributor.endpoint("mail")
        *answers, _ = until_refused(lambda: push(endpoint, b""))
        assert len(answers) >= 3 and {answer.status_code for answer in answers} == {400}

    def test_tokens_that_are_none_cost_nobody_anything(self, distributor):
        endpoint = distributor.endpoint("mail")
        assert {push(altered(endpoint)).status_code for _ in range(10)} == {404}
        assert push(endpoint).status_code == 201

    def test_no_rate_is_no_limit(self, start_server):
        app = App(start_server(unifiedpush__rate=0, unifiedpush__burst=1))
        endpoint = WebSocketDistributor(app.register()).endpoint()
        assert {push(endpoint).status_code for _ in range(50)} == {201}


class TestAddress:
    @pytest.mark.parametrize("url", ["https://push.example.org", "https://example.org:8443/apus/"])
    def test_the_urls_begin_as_is_set(self, start_server, url):
        app = App(start_server(unifiedpush__url=url))
        base = url.rstrip("/")
        endpoint = WebSocketDistributor(app.register()).endpoint()
        assert endpoint.startswith(f"{base}/push/")
        answer = app.server.post(endpoint.removeprefix(base), data=b"x", headers={"Prefer": "respond-async"})
        assert answer.headers["Location"].startswith(f"{base}/message/")
        assert answer.links["urn:ietf:params:push:receipt"]["url"].startswith(f"{base}/receipt/")

    @pytest.mark.parametrize("url", ["push.example.org", "ftp://push.example.org", "/push"])
    def test_what_is_no_url_is_refused_at_the_start(self, tmp_path, url):
        server = Server(tmp_path)
        with pytest.raises(RuntimeError, match="unifiedpush.url must begin with https://"):
            server.start(unifiedpush__url=url)
