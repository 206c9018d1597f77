"""What clients must not be able to do: to each other, to other apps, and to the server."""

import time
from urllib.parse import quote

import pytest

from waiting import eventually
from xmpp import DOMAIN, LEGACY_RESOURCE, XMPPApp, error, names, settings, show, xmpp_server


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def user(app):
    return app.add_user()


@pytest.fixture(scope="module")
def other(app):
    """Another app of the same server."""
    return app.server.create_app("another", id="other", appKey="other-key")


def notification(address):
    return (
        f'<iq type="set" id="evil" to="{address}"><notification xmlns="androidpn:iq:notification"><id>1</id>'
        "<apiKey>k</apiKey><title>t</title><message>m</message><uri>http://evil.example</uri></notification></iq>")


class TestOthers:
    def test_nobody_but_the_server_asks_an_android_client_anything(self, app, user):
        victim, attacker = user.connect(), app.add_user().connect()
        answer = attacker.ask(notification(f"{user.address}/{LEGACY_RESOURCE}"))
        assert error(answer)[0] == "service-unavailable"
        assert user.receives_before_a_marker(victim) == []

    def test_users_of_another_app_are_as_good_as_absent(self, app, user, other):
        stream, stranger = user.connect(), app.add_user(appId=other["id"]).connect()
        for text in [
            f'<message to="{user.address}"><body>hello</body></message>',
            f'<iq type="get" id="p" to="{user.address}/{LEGACY_RESOURCE}"><ping xmlns="urn:xmpp:ping"/></iq>',
        ]:
            stranger.say(text)
            assert error(stranger.element())[0] == "service-unavailable"
        stranger.say(f'<message to="{user.address}"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>')
        assert user.receives_before_a_marker(stream) == []

    def test_a_name_in_another_app_does_not_take_an_alias_away(self, app, other):
        name = next(names)
        app.server.post(
            "/msgpush/register",
            json={"appId": "other", "alias": name, "platform": "ANDROID", "nativeToken": f"token of {name}"})
        app.add_user(name=name)
        answer = app.server.post(
            "/notification_api.do?action=send&appId=other&appKey=other-key",
            data={"broadcast": "N", "username": name, "message": "hello"})
        message = answer.json()["id"]
        status = app.server.get(f"/v1/messages/{message}", headers={"X-App-Key": "other-key"}).json()
        assert status["counts"]["unsent"] == 1

    def test_a_message_has_the_size_that_messages_have(self, app, user):
        sender = app.add_user().connect()
        sender.say(f'<message to="{user.address}" id="m"><body>{"x" * 5000}</body></message>')
        assert error(sender.element())[0] == "policy-violation"


class TestAccounts:
    @pytest.mark.parametrize("name", ["ä", "a%b", "+8613812345678", "a?b", "a#b", "用户"])
    def test_any_name_can_be_administered(self, app, name):
        user = app.add_user(name=name)
        path = f"/v1/accounts/{quote(name, safe='')}"
        assert app.server.admin("POST", path + "/password", json={"password": "another"}).status_code == 200
        user.password = "another"
        user.log_in()
        assert app.server.admin("DELETE", path).status_code == 204
        assert app.find_user(name) is None

    def test_an_account_that_is_removed_is_not_heard_any_more(self, app):
        user = app.add_user()
        stream = user.log_in()  # without presence
        assert app.server.admin("DELETE", f"/v1/accounts/{user.name}").status_code == 204
        assert stream.ending() == "not-authorized"

    def test_a_new_password_ends_the_connection(self, app, user):
        stream = user.connect()
        app.server.admin("POST", f"/v1/accounts/{user.name}/password", json={"password": "another"})
        assert stream.ending() == "not-authorized"

    def test_what_is_kept_only_as_a_hash_stays_so(self, app):
        user = app.add_user(keepPassword=False)
        app.server.admin("POST", f"/v1/accounts/{user.name}/password", json={"password": "another"})
        stream = app.stream()
        stream.open()
        fields = stream.ask(
            f'<iq id="f" type="get"><query xmlns="jabber:iq:auth"><username>{user.name}</username></query></iq>')
        assert "digest" not in show(fields)


class TestTime:
    def test_who_always_has_a_stanza_begun_still_has_to_log_in(self, start_server):
        app = XMPPApp(start_server(**settings(xmpp__login_time="2s")))
        stream = app.stream()
        stream.open()
        began = time.monotonic()
        stream.say("<iq")

        def is_ended():
            # One stanza is completed and the next one begun each time.
            stream.say(' id="f" type="get"><query xmlns="jabber:iq:auth"/></iq><iq')
            return "connection-timeout" in show_all(stream)

        eventually(is_ended, within=8)
        assert time.monotonic() - began >= 1.5

    def test_who_is_there_without_presence_is_asked_before_it_is_cut_off(self, start_server):
        app = XMPPApp(start_server(**settings(xmpp__ping_after="1s", sessions__ping_timeout="2s")))
        stream = app.add_user().log_in()
        ping = stream.element()
        assert "urn:xmpp:ping" in show(ping)
        assert stream.ending() == "connection-timeout"


def show_all(stream):
    """What has come so far, as text."""
    stream.socket.settimeout(0.2)
    try:
        stream.text += stream.socket.recv(65536).decode()
    except TimeoutError:
        pass
    except ConnectionError:
        return stream.text
    return stream.text
