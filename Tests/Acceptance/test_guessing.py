"""Who guesses keys and tokens is slowed down before they are looked at, by address; and whose address that is."""

import pytest

from onepush import App
from waiting import eventually

LIMIT = 3


@pytest.fixture
def server(start_server):
    return start_server(limits__guesses=LIMIT)


@pytest.fixture
def proxied(start_server):
    """A server behind proxies: 127.0.0.1 and 10.0.0.0/8."""
    return start_server(limits__guesses=LIMIT, http__trusted_proxies="127.0.0.1,10.0.0.0/8")


def statuses(calls):
    return [call().status_code for call in calls]


def is_throttled(answer):
    throttled = answer.status_code == 429
    if throttled:
        assert answer.json()["error"] == "too_many_guesses"
        assert int(answer.headers["Retry-After"]) > 0
    return throttled


@pytest.mark.parametrize("kind", ["send", "batch", "header", "schedule", "business", "console", "token"])
def test_after_too_many_wrong_ones_the_right_one_waits_too(server, kind):
    app = App(server)
    message = app.send()

    def show(secret):
        header = {"X-App-Key": secret}
        match kind:
            case "send":
                return app.post(appKey=secret)
            case "header":
                return server.get(f"/v1/messages/{message}", headers=header)
            case "schedule":
                return server.get("/v1/schedules", headers=header)
            case "business":
                return server.get("/api/v1.1/query/push_message?push_message_id=1", headers=header)
            case "console":
                return server.post(f"/notification.do?action=send&message=m&appId={app.id}&appKey={secret}",
                                   allow_redirects=False)
            case "token":
                return server.get("/v1/apps", headers={"Authorization": f"Bearer {secret}"})

    right = server.token if kind == "token" else app.key
    if kind == "batch":
        codes = [answer.get("code") for answer in app.batch([app.body(appKey="wrong")] * (LIMIT + 2) + [app.body()])]
        assert codes == [401] * LIMIT + [429] * 3
        return
    assert show(right).status_code not in (401, 403, 429)
    assert statuses([lambda: show("wrong")] * LIMIT) == [401] * LIMIT
    assert is_throttled(show("wrong")) and is_throttled(show(right))
    # Others are not held up: another app's key, or who comes with something else.
    other = App(server) if kind != "token" else app
    assert other.post().status_code == 200


def test_right_ones_never_count(server):
    app = App(server)
    assert statuses([app.post] * 50) == [200] * 50
    assert {server.admin("GET", "/v1/apps").status_code for _ in range(50)} == {200}


def test_the_throttle_ends_by_itself(start_server):
    server = start_server(limits__guesses=60)
    app = App(server)
    while not is_throttled(app.post(appKey="wrong")):
        pass
    eventually(lambda: app.post().status_code == 200)


class TestProxies:
    def guess(self, app, *headers, key="wrong"):
        return app.post(headers=dict(headers), appKey=key).status_code

    def test_without_trusted_proxies_a_client_cannot_take_another_address(self, server):
        app = App(server)
        codes = [self.guess(app, ("X-Forwarded-For", f"192.0.2.{number}")) for number in range(LIMIT + 1)]
        assert codes == [401] * LIMIT + [429]

    def test_behind_a_proxy_each_client_is_counted_by_itself(self, proxied):
        app = App(proxied)
        one, other = ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2, 10.1.2.3")
        assert [self.guess(app, one) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]
        assert self.guess(app, one, key=app.key) == 429
        assert self.guess(app, other, key=app.key) == self.guess(app, key=app.key) == 200
        # What the client itself wrote into the header does not help it.
        assert self.guess(app, ("X-Forwarded-For", "198.51.100.9, 192.0.2.1"), key=app.key) == 429
        # The standard's header says the same.
        assert self.guess(app, ("Forwarded", 'for=192.0.2.1;proto=https'), key=app.key) == 429

    def test_a_network_of_ipv6_is_one_client(self, proxied):
        app = App(proxied)
        codes = [self.guess(app, ("X-Forwarded-For", f"2001:db8::{number}")) for number in range(LIMIT + 1)]
        assert codes == [401] * LIMIT + [429]
        assert self.guess(app, ("X-Forwarded-For", "2001:db8:0:1::1")) == 401

    def test_the_audit_has_the_clients_address(self, proxied):
        headers = {"Authorization": f"Bearer {proxied.token}", "X-Forwarded-For": "192.0.2.77"}
        assert proxied.post("/apps/", json={"name": "an app"}, headers=headers).status_code == 200
        (entry,) = proxied.admin("GET", "/v1/audit?act=app.create").json()["entries"]
        assert entry["address"] == "192.0.2.77"
