"""Who may do what: every request of the documentation with every role, and with tokens that hold no more."""

import json
import re
import time

import pytest

from onepush import App
from server import REPOSITORY, Server, run
from waiting import eventually

ROLES = ["viewer", "sender", "admin"]
PAGE = (REPOSITORY / "Documentation/security.md").read_text()
ROUTES = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)` \| (\w+) \| (yes)? ?\|$", PAGE, re.MULTILINE)
# What is named by an id that does not tell which app's it is, as it is called if there is none.
UNKNOWN = {
    "/v1/devices/{id}": "unknown_device", "/v1/messages/{id}": "unknown_message", "/v1/webhooks/{id}": "unknown_webhook",
    "/v1/schedules/{id}": "unknown_schedule", "/v1/umeng/jobs/{message}": "unknown_job"}


def unknown(route):
    """The error code; None if the route is not of this kind."""
    return next((code for path, code in UNKNOWN.items() if route.split(" ")[1].startswith(path)), None)


def token(server, name, role="viewer", **members):
    answer = server.admin("POST", "/v1/tokens", json={"name": name, "role": role} | members)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


class Tokens:
    """A server with a token of each kind, and something of everything that requests are about."""

    def __init__(self, server):
        self.server = server
        self.app = App(server, id="guarded")
        self.other = App(server, id="other")
        self.device = self.app.register()
        self.message = self.app.send_to(self.device)
        schedule = server.admin("POST", "/v1/schedules", json={
            "appId": self.app.id, "content": "hello", "receivers": "1", "sendAt": "2099-01-01 00:00"})
        assert schedule.status_code == 201, schedule.text
        self.schedule = schedule.json()["id"]
        self.webhook = self.new_webhook()
        self.roles = {role: token(server, f"a-{role}", role) for role in ROLES}
        self.scoped = {role: token(server, f"scoped-{role}", role, appId=self.app.id) for role in ROLES}
        self.elsewhere = token(server, "elsewhere", "admin", appId="other")
        self.revoked = token(server, "revoked", "admin")
        assert server.admin("DELETE", "/v1/tokens/revoked").status_code == 204
        self.expired = token(server, "expired", "admin", expiresIn=1)
        eventually(lambda: self.call("GET /v1/apps", self.expired).status_code == 401)

    def new_webhook(self):
        answer = self.server.admin(
            "POST", "/v1/webhooks", json={"appId": self.app.id, "url": "http://localhost:9/", "states": ["failed"]})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def call(self, route, bearer=None, key=None, id=None):
        """Calls it for what there is, or for what has this id."""
        method, path = route.split(" ")
        ids = {
            "/v1/devices": self.device.id, "/v1/messages": self.message, "/v1/schedules": self.schedule,
            "/v1/webhooks": self.new_webhook() if route == "DELETE /v1/webhooks/{id}" else self.webhook}
        if route == "DELETE /v1/devices/{id}":
            ids["/v1/devices"] = self.app.register().id
        found = [id] if id else [value for start, value in ids.items() if path.startswith(start)]
        path = path.replace("{id}", str(found[0] if found else self.app.id)).replace("{name}", "nobody")
        path = path.replace("{number}", "nobody").replace("{message}", self.message)
        query = {
            "GET /v1/webhooks": f"?appId={self.app.id}", "GET /v1/events": f"?app={self.app.id}&follow=false",
            "GET /v1/devices": f"?appId={self.app.id}", "GET /v1/accounts": f"?appId={self.app.id}",
            "GET /v1/credentials": f"?appId={self.app.id}", "GET /v1/messages": f"?appId={self.app.id}",
            "GET /v1/messages/{id}/explain": f"?device={self.device.id}",
            "DELETE /v1/credentials": f"?appId={self.app.id}&provider=apns&name=none",
            "POST /notification.do": f"?action=send&appId={self.app.id}&message=hello",
            "POST /notification_api.do": f"?action=send&appId={self.app.id}&message=hello",
        }.get(route, "")
        body = {
            "POST /apps": {"name": "another"}, "POST /v1/apps/{id}/rotate-key": {"appKey": self.app.key},
            "POST /v1/users": {"user_num": "1"}, "PATCH /v1/users/{number}": {"email": "a@example.org"},
            "POST /v1/umeng/jobs": {
                "appId": self.app.id, "type": "broadcast", "platform": "ANDROID", "alert": "hello"},
            "POST /v1/accounts": {"name": "ann", "appId": self.app.id},
            "POST /v1/credentials": {"appId": self.app.id, "provider": "none"},
            "PUT /v1/devices/{id}/tags": {"tags": []}, "POST /v1/devices/{id}/tags": {"add": []},
            "POST /v1/providers/test": {"appId": self.app.id, "provider": "none", "token": "t"},
            "POST /v1/webhooks": {"appId": self.app.id, "url": "http://localhost:9/"},
            "POST /v1/schedules": {
                "appId": self.app.id, "content": "hello", "receivers": "1", "sendAt": "2099-01-01 00:00"},
        }.get(route, {})
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {"X-App-Key": key} if key else {}
        return self.server.request(
            method, path + query, headers=headers, allow_redirects=False,
            **({} if "notification" in route else {"data": json.dumps(body)}))


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("guarded"), settings={"limits.guesses": 0}).start()
    yield Tokens(server)
    server.end()


def error(answer):
    return answer.status_code, answer.json().get("error")


class TestRoutes:
    def test_every_route_of_the_router_is_in_the_tables(self):
        documented = {re.sub(r"\{\w+\}", "*", route) for route in re.findall(r"`([A-Z]+ /[^`]*)`", PAGE)}
        served = set()
        for file in REPOSITORY.glob("Sources/ApusHTTP/**/*.swift"):
            for method, path in re.findall(r'router\.(get|post|put|delete|patch)\("([^"]+)"\)', file.read_text()):
                served.add(method.upper() + " " + re.sub(r":\w+", "*", path))
        assert len(served) > 40
        assert served - documented == set(), "add them to the tables of Documentation/security.md"

    @pytest.mark.parametrize("route", [route for route, _, _ in ROUTES])
    def test_without_a_valid_token_nothing_is_done(self, tokens, route):
        assert error(tokens.call(route)) == (401, "token_required")
        assert error(tokens.call(route, "never-was-one")) == (401, "wrong_token")
        assert error(tokens.call(route, tokens.revoked)) == (401, "wrong_token")
        assert error(tokens.call(route, tokens.expired)) == (401, "token_expired")

    @pytest.mark.parametrize(("route", "least"), [(route, least) for route, least, _ in ROUTES])
    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_may_do_what_the_table_says(self, tokens, route, least, role):
        answer = tokens.call(route, tokens.roles[role])
        if ROLES.index(role) < ROLES.index(least):
            assert error(answer) == (403, "role_required")
            assert f"role {least}" in answer.json()["message"]
        else:
            assert answer.status_code not in (401, 403), answer.text

    @pytest.mark.parametrize("route", [route for route, _, _ in ROUTES])
    def test_a_token_of_another_app_sees_and_does_nothing(self, tokens, route):
        answer = tokens.call(route, tokens.elsewhere)
        if code := unknown(route):
            assert error(answer) == (404, code)
        elif route == "GET /v1/schedules":
            assert answer.json()["schedules"] == []
        elif route == "POST /v1/schedules":
            assert answer.json()["appId"] == "other"
        else:
            assert error(answer) == (403, "another_app")

    @pytest.mark.parametrize("route", [route for route, _, key in ROUTES if key and unknown(route)])
    def test_who_has_not_the_apps_key_does_not_learn_which_ids_there_are(self, tokens, route):
        for key, expected in [("wrong", (401, "wrong_app_key")), (tokens.other.key, (404, unknown(route)))]:
            there, nowhere = tokens.call(route, key=key), tokens.call(route, key=key, id="4711")
            assert error(there) == error(nowhere) == expected
            assert there.text == nowhere.text

    @pytest.mark.parametrize(("route", "key"), [(route, key) for route, _, key in ROUTES])
    def test_an_apps_key_is_taken_where_the_table_says_so(self, tokens, route, key):
        answer = tokens.call(route, key=tokens.app.key)
        if key:
            assert answer.status_code not in (401, 403), answer.text
            assert error(tokens.call(route, key="wrong")) == (401, "wrong_app_key")
        else:
            assert error(answer) == (401, "token_required")

    def test_a_token_of_the_app_does_what_is_of_the_app(self, tokens):
        assert tokens.call("GET /v1/devices", tokens.scoped["viewer"]).status_code == 200
        assert tokens.call("GET /v1/devices/{id}", tokens.scoped["viewer"]).status_code == 200
        assert tokens.call("POST /v1/schedules", tokens.scoped["sender"]).status_code == 201
        assert error(tokens.call("POST /v1/schedules", tokens.scoped["viewer"])) == (403, "role_required")
        assert error(tokens.call("GET /v1/apps", tokens.scoped["admin"])) == (403, "another_app")


class TestTokens:
    def test_the_list_tells_everything_but_the_token(self, server):
        made = token(server, "listed", "sender", expiresIn=3600)
        server.get("/v1/apps", headers={"Authorization": f"Bearer {made}"})
        answer = server.admin("GET", "/v1/tokens")
        assert made not in answer.text
        (entry,) = [entry for entry in answer.json()["tokens"] if entry["name"] == "listed"]
        assert (entry["role"], entry["expired"]) == ("sender", False)
        assert entry["lastUsedAt"].endswith(":00:00.000Z")

    @pytest.mark.parametrize(("body", "fields"), [
        ({}, ["name", "role"]), ({"name": "a b", "role": "viewer"}, ["name"]),
        ({"name": "x" * 65, "role": "viewer"}, ["name"]), ({"name": "x", "role": "king"}, ["role"]),
        ({"name": "x", "role": "viewer", "expiresIn": 0}, ["expiresIn"]),
        ({"name": "x", "role": "viewer", "expiresIn": "soon"}, ["expiresIn"]),
    ])
    def test_what_is_wrong_with_a_new_one_is_said(self, server, body, fields):
        answer = server.admin("POST", "/v1/tokens", json=body)
        assert error(answer) == (400, "invalid_request")
        assert [entry["field"] for entry in answer.json()["errors"]] == fields

    def test_a_name_or_app_that_will_not_do_is_refused(self, server):
        token(server, "twice")
        for body, expected in [
            ({"name": "twice", "role": "admin"}, (409, "token_exists")),
            ({"name": "configured", "role": "admin"}, (409, "token_exists")),
            ({"name": "lost", "role": "admin", "appId": "no such app"}, (400, "unknown_app")),
        ]:
            assert error(server.admin("POST", "/v1/tokens", json=body)) == expected
        assert error(server.admin("DELETE", "/v1/tokens/configured")) == (409, "configured_token")
        assert error(server.admin("DELETE", "/v1/tokens/never")) == (404, "unknown_token")

    def test_they_survive_a_restart_and_the_database_has_none_of_them(self, start_server):
        server = start_server(token="")
        server.token = re.search(r"APUS_ADMIN_TOKEN=(\w+)", server.output)[1]
        made = token(server, "ci", "viewer")
        short = token(server, "short", "viewer", expiresIn=1)
        server.restart()
        assert "APUS_ADMIN_TOKEN=" not in server.output.replace("APUS_ADMIN_TOKEN=$", "")
        assert server.get("/v1/apps", headers={"Authorization": f"Bearer {made}"}).status_code == 200
        eventually(lambda: error(server.get("/v1/apps", headers={"Authorization": f"Bearer {short}"}))
                   == (401, "token_expired"))
        assert server.stop() == 0
        content = (server.data / "apus.db").read_bytes()
        assert made.encode() not in content and server.token.encode() not in content

    def test_the_command_makes_lists_and_revokes(self, server):
        def apus(*arguments, code=0, bearer=server.token):
            ended = run(*arguments, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=bearer)
            assert ended.returncode == code, ended.stdout + ended.stderr
            return ended.stderr if code else ended.stdout

        shown = apus("token", "create", "typed", "--role", "viewer", "--expires", "90d")
        made = re.search(r"^token\s+(\w{32})$", shown, re.MULTILINE)[1]
        assert "apps" in apus("app", "list", "--json", bearer=made)
        assert "needs a token of the role admin" in apus("app", "create", "no", code=1, bearer=made)
        assert re.search(r"^typed\s+viewer\s+all\s", apus("token", "list"), re.MULTILINE)
        assert "must be a time" in apus("token", "create", "x", "--role", "viewer", "--expires", "soon", code=2)
        assert "one of viewer, sender, admin" in apus("token", "create", "x", "--role", "king", code=1)
        assert "typed is revoked" in apus("token", "revoke", "typed")
        assert "revoked" in apus("app", "list", code=1, bearer=made)

    def test_the_last_one_that_may_do_everything_stays(self, start_server):
        server = start_server(token="")
        server.token = re.search(r"APUS_ADMIN_TOKEN=(\w+)", server.output)[1]
        assert error(server.admin("DELETE", "/v1/tokens/admin")) == (409, "last_admin_token")
        next_token = token(server, "next", "admin")
        assert server.admin("DELETE", "/v1/tokens/admin").status_code == 204
        assert error(server.admin("GET", "/v1/apps")) == (401, "wrong_token")
        server.token = next_token
        assert server.admin("GET", "/v1/apps").status_code == 200
