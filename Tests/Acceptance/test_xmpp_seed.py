"""What devices and programs written for AndroidPN rely on: the seed's screenplay, and the many ways to play it."""

import hashlib
import re
import signal

import pytest

from onepush import ids
from waiting import eventually
from xmpp import (
    DOMAIN, XMPPApp, error, legacy_fields, legacy_login, names, registration, settings, show, xmpp_server)

TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
LEGACY_AUTH = "{jabber:iq:auth}"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def start_app(start_server):
    """Starts a server of the test's own."""
    return lambda **more: XMPPApp(start_server(**settings(**more)))


@pytest.fixture
def user(app):
    return app.add_user()


@pytest.fixture
def stream(app):
    with app.stream() as stream:
        yield stream


class TestScreenplay:
    """The seed's transcript; the names, the ids and the digest are this run's."""

    HEADER = (
        r"<\?xml version='1\.0' encoding='UTF-8'\?><stream:stream xmlns:stream=\"http://etherx\.jabber\.org/streams\" "
        rf"xmlns=\"jabber:client\" from=\"{re.escape(DOMAIN)}\" id=\"[0-9a-f]+\" xml:lang=\"en\" version=\"1\.0\">")

    def test_it_plays_from_the_first_line_to_the_last(self, app, stream):
        name, password = "9278a6a6a33b47cfa6bfd212b226440c", "0f6a7d3e5b0c4f2a9c1d8e7b6a5f4e3d"
        with app.stream() as earlier:
            earlier.open()
            answer = earlier.ask(registration(name, password, "5yf2Q-0"))
            assert show(answer) == show('<iq type="result" id="5yf2Q-0"/>')

        features = stream.open(to="192.168.167.131")
        self.check_header(stream)
        assert features.find(TLS + "starttls") is not None
        self.check_features(features)

        stream.say('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        assert show(stream.element()) == show('<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        stream.encrypt()

        features = stream.open(to="127.0.0.1")
        self.check_header(stream)
        assert features.find(TLS + "starttls") is None
        self.check_features(features)

        assert show(stream.ask(legacy_fields(name, "5yf2Q-192"))) == show(
            f'<iq type="result" id="5yf2Q-192"><query xmlns="jabber:iq:auth"><username>{name}</username><password/>'
            "<digest/><resource/></query></iq>")
        assert show(stream.ask(legacy_login(name, password, stream.id, id="5yf2Q-193"))) == show(
            f'<iq type="result" id="5yf2Q-193" to="{name}@{DOMAIN}/AndroidpnClient"/>')

        user = app.find_user(name)
        assert (user["alias"], user["appId"], user["connected"]) == (name, app.id, False)
        stream.say('<presence id="5yf2Q-195"></presence>')
        eventually(lambda: app.find_user(name)["connected"])

    def check_header(self, stream):
        assert re.match(self.HEADER, stream.text), stream.text

    @staticmethod
    def check_features(features):
        assert features.find("{http://jabber.org/features/iq-auth}auth") is not None, show(features)
        assert features.find("{http://jabber.org/features/iq-register}register") is not None, show(features)

    def test_a_message_goes_from_unsent_to_read(self, app, user):
        message = app.send_to(user)
        with user.log_in() as stream:
            assert stream.elements_before_pong() == []
            assert user.state(message) == "unsent"
            stream.become_available()
            iq = stream.notification()["iq"]
            eventually(lambda: user.state(message) == "sent")
            receipt = f'<iq type="result" id="{iq["id"]}"/>'
            stream.say(receipt)
            eventually(lambda: user.state(message) == "received")
            stream.say(receipt)
            eventually(lambda: user.state(message) == "read")
        delivery = app.delivery(message, user)
        assert delivery["sentAt"] <= delivery["receivedAt"] <= delivery["readAt"]


class TestRegistration:
    def test_the_fields_can_be_asked_for(self, stream):
        stream.open()
        answer = stream.ask('<iq id="r" type="get"><query xmlns="jabber:iq:register"/></iq>')
        assert show(answer) == show(
            '<iq type="result" id="r"><query xmlns="jabber:iq:register"><username/><password/><email/><name/></query>'
            "</iq>")

    def test_a_device_that_registers_can_log_in_on_the_same_stream(self, app, stream):
        name = next(names)
        stream.open()
        assert stream.ask(registration(name, "secret")).get("type") == "result"
        assert stream.ask(legacy_login(name, "secret", stream.id)).get("type") == "result"
        assert app.find_user(name)["appId"] == app.id

    def test_fields_may_come_in_any_order_and_with_others(self, stream):
        name = next(names)
        stream.open()
        answer = stream.ask(
            f'<iq id="r" type="set"><query xmlns="jabber:iq:register"><username>{name}</username>'
            "<deviceId>356938035643809</deviceId><password>secret</password><email/></query></iq>")
        assert answer.get("type") == "result"

    def test_a_name_can_be_had_once(self, user, stream):
        stream.open()
        assert error(stream.ask(registration(user.name, "another"))) == ("conflict", "cancel", "409")
        assert error(stream.ask(registration(user.name.upper(), "another"))) == ("conflict", "cancel", "409")
        assert stream.ask(legacy_login(user.name, user.password, stream.id)).get("type") == "result"

    @pytest.mark.parametrize(
        "fields, expected",
        [("<username>somebody</username>", ("not-acceptable", "modify", "406")),
         ("<password>secret</password>", ("not-acceptable", "modify", "406")),
         ("<username>some body</username><password>secret</password>", ("jid-malformed", "modify", "400")),
         ("<username>somebody</username><remove/>", ("not-authorized", "auth", "401"))])
    def test_what_cannot_be_registered_is_refused(self, stream, fields, expected):
        stream.open()
        answer = stream.ask(f'<iq id="r" type="set"><query xmlns="jabber:iq:register">{fields}</query></iq>')
        assert error(answer) == expected

    def test_a_user_can_change_its_password(self, user):
        with user.log_in() as stream:
            assert stream.ask(registration(user.name, "newer")).get("type") == "result"
        with user.app.stream() as stream:
            stream.open()
            refused = stream.ask(legacy_login(user.name, user.password, stream.id))
            assert error(refused) == ("not-authorized", "auth", "401")
            assert stream.ask(legacy_login(user.name, "newer", stream.id)).get("type") == "result"

    def test_a_user_cannot_change_anothers_password(self, app, user):
        other = app.add_user()
        with user.log_in() as stream:
            assert stream.ask(registration(other.name, "stolen")).get("type") == "error"
        other.log_in().drop()

    def test_a_user_can_remove_itself(self, app, user):
        with user.connect() as stream:
            answer = stream.ask('<iq id="r" type="set"><query xmlns="jabber:iq:register"><remove/></query></iq>')
            assert answer.get("type") == "result"
            assert stream.ending() == "not-authorized"
        assert app.find_user(user.name) is None

    def test_it_may_be_off(self, start_server):
        server = start_server(xmpp__port=0, xmpp__domain=DOMAIN)
        with XMPPApp(server).stream() as stream:
            features = stream.open()
            assert features.find("{http://jabber.org/features/iq-register}register") is None
            assert error(stream.ask(registration("somebody", "secret"))) == ("not-allowed", "cancel", "405")

    def test_only_so_many_may_register_in_a_minute(self, start_app):
        app = start_app(xmpp__registrations_per_minute=2)
        with app.stream() as stream:
            stream.open()
            answers = [stream.ask(registration(next(names), "secret")) for _ in range(3)]
        assert [answer.get("type") for answer in answers] == ["result", "result", "error"]
        assert error(answers[2]) == ("resource-constraint", "wait", "500")
        assert len(app.server.admin("GET", "/v1/accounts").json()["accounts"]) == 2


class TestLogin:
    def test_a_wrong_digest_is_answered_by_401(self, user, stream):
        stream.open()
        answer = stream.ask(legacy_login(user.name, "wrong", stream.id))
        assert error(answer) == ("not-authorized", "auth", "401")
        assert 'code="401"' in stream.text, "clients search the text for it"

    def test_so_is_an_unknown_user(self, stream):
        stream.open()
        answer = stream.ask(legacy_login("nobody", "secret", stream.id))
        assert error(answer) == ("not-authorized", "auth", "401")

    def test_another_streams_digest_is_worth_nothing(self, user, stream):
        stream.open()
        with user.app.stream() as other:
            other.open()
            assert other.id != stream.id
            answer = stream.ask(legacy_login(user.name, user.password, other.id))
        assert error(answer) == ("not-authorized", "auth", "401")

    def test_the_digest_may_be_in_capitals(self, user, stream):
        stream.open()
        digest = hashlib.sha1((stream.id + user.password).encode()).hexdigest()
        login = legacy_login(user.name, user.password, stream.id).replace(digest, digest.upper())
        assert stream.ask(login).get("type") == "result"

    def test_a_client_can_try_again_but_not_for_ever(self, user, stream):
        stream.open()
        for _ in range(4):
            assert stream.ask(legacy_login(user.name, "wrong", stream.id)).get("type") == "error"
        stream.say(legacy_login(user.name, "wrong", stream.id))
        assert stream.ending() == "policy-violation"

    @pytest.mark.parametrize("form", ["{name}", "{name}@push.example.org", "{NAME}", "{NAME}@PUSH.example.org"])
    def test_the_name_may_be_written_in_some_ways(self, user, stream, form):
        stream.open()
        written = form.format(name=user.name, NAME=user.name.upper())
        answer = stream.ask(legacy_login(written, user.password, stream.id))
        assert answer.get("to") == f"{user.address}/AndroidpnClient", show(answer)

    def test_another_domains_user_is_not_ours(self, user, stream):
        stream.open()
        answer = stream.ask(legacy_login(f"{user.name}@example.net", user.password, stream.id))
        assert error(answer) == ("not-authorized", "auth", "401")

    @pytest.mark.parametrize("resource", ["", "<resource/>"])
    def test_a_resource_is_needed(self, user, stream, resource):
        stream.open()
        digest = hashlib.sha1((stream.id + user.password).encode()).hexdigest()
        answer = stream.ask(
            f'<iq id="a" type="set"><query xmlns="jabber:iq:auth"><username>{user.name}</username>'
            f"<digest>{digest}</digest>{resource}</query></iq>")
        assert error(answer) == ("not-acceptable", "modify", "406")

    def test_what_is_asked_for_does_not_tell_who_exists(self, app, stream):
        stream.open()
        answers = {self.fields(stream, next(names)) for _ in range(20)}
        assert self.fields(stream, app.add_user().name) == ("username", "digest", "resource")
        assert self.fields(stream, app.add_user(keepPassword=False).name) == ("username", "resource")
        # A phone that Apus does not know has to be told 401, which it is only if it can try.
        assert answers == {("username", "digest", "resource")}

    @staticmethod
    def fields(stream, name):
        answer = stream.ask(legacy_fields(name))
        assert answer[0].find(LEGACY_AUTH + "username").text == name
        return tuple(field.tag.removeprefix(LEGACY_AUTH) for field in answer[0])

    def password_login(self, user):
        return (
            f'<iq id="a" type="set"><query xmlns="jabber:iq:auth"><username>{user.name}</username>'
            f"<password>{user.password}</password><resource>r</resource></query></iq>")

    def test_a_password_is_taken_on_an_encrypted_stream_only(self, user, stream):
        stream.open()
        assert error(stream.ask(self.password_login(user))) == ("not-acceptable", "modify", "406")
        stream.say('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
        stream.element()
        stream.encrypt()
        stream.open()
        assert stream.ask(self.password_login(user)).get("to") == f"{user.address}/r"

    def test_or_if_it_is_configured(self, start_app):
        user = start_app(xmpp__plain_passwords="true").add_user(keepPassword=False)
        with user.app.stream() as stream:
            stream.open()
            assert self.fields(stream, user.name) == ("username", "password", "resource")
            assert stream.ask(self.password_login(user)).get("to") == f"{user.address}/r"

    def test_nobody_logs_in_unencrypted_if_it_is_configured(self, start_app):
        user = start_app(xmpp__require_tls="true").add_user()
        with user.app.stream() as stream:
            features = stream.open()
            assert [child.tag for child in features] == [TLS + "starttls"]
            assert features[0].find(TLS + "required") is not None
            assert stream.ask(legacy_login(user.name, user.password, stream.id)).get("type") == "error"
            assert stream.ask(registration(next(names), "secret")).get("type") == "error"
            stream.say('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
            stream.element()
            stream.encrypt()
            stream.open()
            assert stream.ask(legacy_login(user.name, user.password, stream.id)).get("type") == "result"

    def test_nothing_else_is_answered_before(self, stream):
        stream.open()
        answer = stream.ask('<iq id="r" type="get"><query xmlns="jabber:iq:roster"/></iq>')
        assert error(answer) == ("not-authorized", "auth", "401")
        assert answer.find("{jabber:iq:roster}query") is not None
        stream.say("<message to='somebody@push.example.org'><body>hello</body></message>")
        assert stream.ending() == "not-authorized"

    def test_a_client_that_does_not_log_in_is_closed(self, start_app):
        with start_app(xmpp__login_time="1s").stream() as stream:
            stream.open()
            assert stream.ending() == "connection-timeout"


class TestSession:
    def test_the_roster_is_empty(self, user):
        with user.log_in() as stream:
            answer = stream.ask('<iq id="r" type="get"><query xmlns="jabber:iq:roster"/></iq>')
        assert show(answer) == show(
            f'<iq type="result" id="r" to="{user.address}/AndroidpnClient"><query xmlns="jabber:iq:roster"/></iq>')

    def test_what_is_not_known_is_refused(self, user):
        with user.log_in() as stream:
            answer = stream.ask(
                '<iq id="x" type="set"><deviceinfo xmlns="androidpn:iq:deviceinfo"><a/></deviceinfo></iq>')
        assert error(answer) == ("service-unavailable", "cancel", "503")

    def test_presence_again_and_again_delivers_nothing_twice(self, app, user):
        with user.connect() as stream:
            message = app.send_to(user, needConfirm=True)
            assert stream.notification()["id"] == message
            stream.say('<presence id="5yf2Q-196"></presence>' * 3)
            assert stream.elements_before_pong() == []
            assert user.receives_before_a_marker(stream) == []

    def test_nothing_comes_to_who_is_not_available(self, app, user):
        with user.connect() as stream:
            stream.say('<presence type="unavailable"/>')
            eventually(lambda: not app.find_user(user.name)["connected"])
            message = app.send_to(user)
            assert stream.elements_before_pong() == []
            assert user.state(message) == "unsent"
            stream.become_available()
            assert stream.notification()["id"] == message

    def test_many_messages_wait_in_order(self, app, user):
        sent = [app.send_to(user, alert=str(number)) for number in range(100)]
        with user.connect() as stream:
            assert [stream.notification()["id"] for _ in sent] == sent

    def test_a_heartbeat_of_a_space_is_swallowed(self, app, user):
        with user.connect() as stream:
            stream.say(" ", "\n", " " * 1000)
            message = app.send_to(user)
            assert stream.notification()["id"] == message

    def test_a_silent_client_is_asked_and_closed_if_it_stays_silent(self, start_app):
        user = start_app(xmpp__ping_after="1s", sessions__ping_timeout="1s").add_user()
        answers = [
            '<iq type="result" id="{id}"/>',
            '<iq type="error" id="{id}"><error code="501" type="CANCEL"><feature-not-implemented '
            'xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>',
            " ", None]
        with user.connect() as stream:
            for answer in answers:
                ping = stream.element()
                assert (ping.get("type"), ping[0].tag) == ("get", "{urn:xmpp:ping}ping")
                if answer:
                    stream.say(answer.format(id=ping.get("id")))
            assert stream.ending() == "connection-timeout"

    def test_a_new_login_replaces_the_old_one(self, app, user):
        with user.connect() as first, user.connect() as second:
            assert first.ending() == "conflict"
            message = app.send_to(user)
            assert second.notification()["id"] == message
        eventually(lambda: not app.find_user(user.name)["connected"])

    def test_a_logout_is_answered(self, user):
        with user.connect() as stream:
            stream.say('<presence type="unavailable"/></stream:stream>')
            assert stream.ending() is None
        eventually(lambda: not user.app.find_user(user.name)["connected"])

    def test_a_server_that_stops_says_so_and_keeps_what_is_unsent(self, start_app):
        app = start_app()
        user, silent = app.add_user(), app.add_user()
        with user.connect() as stream, silent.log_in() as other:
            message = app.send_to(silent)
            app.server.process.send_signal(signal.SIGTERM)
            assert stream.ending() == "system-shutdown"
            assert other.ending() == "system-shutdown"
        assert app.server.process.wait(10) == 0
        app.server.start()
        with silent.connect() as stream:
            assert stream.notification()["id"] == message

    def test_an_account_survives_a_restart(self, start_app):
        app = start_app()
        with app.stream() as stream:
            stream.open()
            stream.ask(registration("somebody", "secret"))
        app.server.kill()
        app.server.start()
        with app.stream() as stream:
            stream.open()
            assert stream.ask(legacy_login("somebody", "secret", stream.id)).get("type") == "result"


class TestNotification:
    def test_it_has_all_five_elements(self, app, user):
        with user.connect() as stream:
            message = app.send_to(user, alert="a <b> & 'c' \"d\" 你好 🚀", extra={"a": 1})
            notification = stream.notification()
        assert notification["iq"] == {"type": "set", "id": message, "to": f"{user.address}/AndroidpnClient"}
        assert notification["namespace"] == "{androidpn:iq:notification}"
        assert list(notification)[:5] == ["id", "apiKey", "title", "message", "uri"]
        assert notification["id"] == message
        assert notification["apiKey"] == app.id
        assert notification["message"] == "a <b> & 'c' \"d\" 你好 🚀"
        assert notification["extra"] == '{"a": 1}'

    def test_its_namespace_can_be_configured(self, start_app):
        app = start_app(xmpp__notification_namespace="jpush:iq:notification")
        user = app.add_user()
        app.send_to(user)
        with user.connect() as stream:
            assert stream.notification()["namespace"] == "{jpush:iq:notification}"

    @pytest.mark.parametrize("goes", ["dropped", "logged out", "crashed"])
    def test_its_id_is_the_same_when_it_is_sent_again(self, start_app, goes):
        app = start_app()
        user = app.add_user()
        message = app.send_to(user, needConfirm=True)
        with user.connect() as stream:
            first = stream.notification()
            if goes == "logged out":
                stream.say("</stream:stream>")
                stream.ending()
            elif goes == "crashed":
                eventually(lambda: user.state(message) == "sent")
                app.server.kill()
                app.server.start()
        with user.connect() as stream:
            again = stream.notification()
            assert again == first
            stream.say(f'<iq type="result" id="{again["iq"]["id"]}"/>')
            eventually(lambda: user.state(message) == "received")
            assert user.receives_before_a_marker(stream) == []

    def test_it_is_sent_again_on_the_same_stream_until_it_is_confirmed(self, start_app):
        app = start_app(sessions__resend_after="200ms")
        user = app.add_user()
        with user.connect() as stream:
            message = app.send_to(user, needConfirm=True)
            first = stream.notification()
            assert stream.notification() == first
            stream.say(f'<iq type="result" id="{first["iq"]["id"]}"/>')
            eventually(lambda: user.state(message) == "received")

    def test_one_that_need_not_be_confirmed_is_sent_once(self, app, user):
        message = app.send_to(user)
        with user.connect() as stream:
            assert stream.notification()["id"] == message
            eventually(lambda: user.state(message) == "sent")
        with user.connect() as stream:
            assert user.receives_before_a_marker(stream) == []


class TestReceipts:
    @pytest.fixture
    def stream(self, user):
        with user.connect() as stream:
            yield stream

    @pytest.fixture
    def receive(self, app, user, stream):
        """Sends a message that has to be confirmed. Answers its id once it was received."""

        def receive():
            message = app.send_to(user, needConfirm=True)
            assert stream.notification()["id"] == message
            return message

        return receive

    @pytest.mark.parametrize(
        "attributes", ["", ' to="push.example.org"', ' from="{address}/AndroidpnClient"', ' to="{address}"'])
    def test_a_result_says_received_and_the_second_one_read(self, user, stream, receive, attributes):
        message = receive()
        receipt = f'<iq type="result" id="{message}"{attributes.format(address=user.address)}/>'
        stream.say(receipt)
        eventually(lambda: user.state(message) == "received")
        stream.say(receipt)
        eventually(lambda: user.state(message) == "read")
        stream.say(receipt * 3)
        assert stream.elements_before_pong() == []
        later = receive()
        stream.say(f'<iq type="result" id="{later}"/>')
        eventually(lambda: user.state(later) == "received")
        assert user.state(message) == "read", "a third result changes nothing"

    @pytest.mark.parametrize(
        "confirmation",
        ['<deliverconfirm xmlns="androidpn:iq:deliverconfirm"><uuid>{id}</uuid></deliverconfirm>',
         '<notification xmlns="androidpn:iq:deliverconfirm"><uuid>{id}</uuid></notification>',
         '<deliverconfirm xmlns="androidpn:iq:deliverconfirm"><notificationId>{id}</notificationId></deliverconfirm> ',
         '<confirm xmlns="androidpn:iq:confirm"><uuid>{id}</uuid><username>{name}</username></confirm>',
         '<confirm xmlns="androidpn:iq:confirm"><uuid>{id}</uuid></confirm>',
         '<receipt xmlns="androidpn:iq:receipt"><uuid> {id} </uuid></receipt> '])
    def test_every_dialect_of_confirmation_is_understood(self, user, stream, receive, confirmation):
        message = receive()
        body = confirmation.format(id=message, name=user.name)
        answer = stream.ask(f'<iq id="5yf2Q-197" type="set">{body}</iq>')
        assert (answer.get("type"), len(answer)) == ("result", 0)
        eventually(lambda: user.state(message) == "received")
        stream.ask(f'<iq id="5yf2Q-198" type="set">{body}</iq>')
        assert user.receives_before_a_marker(stream) == []
        assert user.state(message) == "received", "this dialect does not say read"

    def test_a_confirmed_message_is_read_at_the_next_result(self, user, stream, receive):
        message = receive()
        stream.ask(
            '<iq id="c" type="set"><deliverconfirm xmlns="androidpn:iq:deliverconfirm">'
            f"<uuid>{message}</uuid></deliverconfirm></iq>")
        stream.say(f'<iq type="result" id="{message}"/>')
        eventually(lambda: user.state(message) == "read")

    @pytest.mark.parametrize("id", ["", "<uuid/>", "<uuid>none</uuid>", "<other>1</other>"])
    def test_a_confirmation_of_nothing_is_refused(self, stream, id):
        answer = stream.ask(
            f'<iq id="c" type="set"><deliverconfirm xmlns="androidpn:iq:deliverconfirm">{id}</deliverconfirm></iq>')
        assert error(answer) == ("bad-request", "modify", "400")

    def test_an_error_confirms_nothing(self, user, stream, receive):
        message, before = receive(), user.app.events("error_answer")
        stream.say(
            f'<iq type="error" id="{message}"><error code="501" type="CANCEL"><feature-not-implemented '
            'xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>')
        assert stream.elements_before_pong() == []
        assert user.app.events("error_answer") == before + 1
        eventually(lambda: user.state(message) == "sent")

    def test_nobody_confirms_what_another_received(self, app, user, stream, receive):
        message = receive()
        with app.add_user().connect() as other:
            other.say(f'<iq type="result" id="{message}"/>')
            assert other.elements_before_pong() == []
        later = receive()
        stream.say(f'<iq type="result" id="{later}"/>')
        eventually(lambda: user.state(later) == "received")
        eventually(lambda: user.state(message) == "sent")

    def test_a_receipt_may_come_on_a_later_stream(self, app, user):
        message = app.send_to(user)
        with user.connect() as stream:
            stream.notification()
        with user.log_in() as stream:
            stream.say(f'<iq type="result" id="{message}"/>')
            eventually(lambda: user.state(message) == "received")

    @pytest.mark.parametrize(
        "receipt, state",
        [('<received xmlns="urn:xmpp:receipts" id="{id}"/>', "received"),
         ('<received xmlns="urn:xmpp:chat-markers:0" id="{id}"/>', "received"),
         ('<displayed xmlns="urn:xmpp:chat-markers:0" id="{id}"/>', "read"),
         ('<acknowledged xmlns="urn:xmpp:chat-markers:0" id="{id}"/>', "read")])
    def test_modern_receipts_are_understood(self, user, stream, receive, receipt, state):
        message = receive()
        stream.say(f'<message to="push.example.org">{receipt.format(id=message)}</message>')
        eventually(lambda: user.state(message) == state)

    def test_what_was_displayed_covers_all_that_came_before_it(self, user, stream, receive):
        messages = [receive() for _ in range(3)]
        stream.say(
            f'<message to="{DOMAIN}"><displayed xmlns="urn:xmpp:chat-markers:0" id="{messages[1]}"/></message>')
        eventually(lambda: user.state(messages[1]) == "read")
        eventually(lambda: user.state(messages[0]) == "read", within=2)
        eventually(lambda: user.state(messages[2]) == "sent")


class TestAliasAndTags:
    def ask(self, stream, body):
        return stream.ask(f'<iq id="a" type="set">{body}</iq>')

    @pytest.mark.parametrize("name", ["<username>{name}</username>", "<userName>{name}</userName>", ""])
    def test_a_device_sets_its_alias(self, app, user, name):
        alias = next(names)
        with user.connect() as stream:
            answer = self.ask(
                stream, f'<setalias xmlns="androidpn:iq:setalias">{name.format(name=user.name)}<alias>{alias}</alias>'
                "</setalias>")
            assert answer.get("type") == "result", show(answer)
            message = app.send(audienceType="ALIAS", audiences=[alias])
            assert stream.notification()["id"] == message
        assert app.find_user(user.name)["alias"] == alias

    def test_devices_may_share_an_alias(self, app):
        alias, users = next(names), [app.add_user() for _ in range(2)]
        for user in users:
            with user.connect() as stream:
                self.ask(stream, f'<setalias xmlns="androidpn:iq:setalias"><alias>{alias}</alias></setalias>')
        message = app.send(audienceType="ALIAS", audiences=[alias])
        assert [user.state(message) for user in users] == ["unsent", "unsent"]

    def test_tags_replace_those_before(self, app, user):
        first, second, third = [next(names) for _ in range(3)]
        with user.connect() as stream:
            for tags in [f"{first},{second}", f" {second} , {third} ,"]:
                answer = self.ask(
                    stream, f'<settags xmlns="androidpn:iq:settags"><username>{user.name}</username>'
                    f"<tags>{tags}</tags></settags>")
                assert answer.get("type") == "result", show(answer)
            counts = {tag: app.counts(app.send(audienceType="TAG", audiences=[tag])) for tag in (first, second, third)}
            assert counts[first] == {}
            assert sum(counts[second].values()) == sum(counts[third].values()) == 1

    @pytest.mark.parametrize("name", ["setalias", "settags"])
    def test_nobody_changes_anothers(self, app, user, name):
        other = app.add_user()
        with user.connect() as stream:
            answer = self.ask(
                stream, f'<{name} xmlns="androidpn:iq:{name}"><username>{other.name}</username><alias>a</alias>'
                f"<tags>a</tags></{name}>")
        assert error(answer) == ("forbidden", "auth", "403")
        assert app.find_user(other.name)["alias"] == other.name

    def test_an_alias_must_be_something(self, user):
        with user.connect() as stream:
            answer = self.ask(stream, '<setalias xmlns="androidpn:iq:setalias"><alias> </alias></setalias>')
        assert error(answer) == ("bad-request", "modify", "400")


class TestForm:
    """`POST /notification.do?action=send`, which the console and many programs use."""

    FORM = {"title": "你好", "message": "a & b", "uri": "https://example.org/?a=1&b=2"}

    def url(self, app, path="/notification.do", key=None):
        """With the app's id and key in it, as all that a program has to change."""
        return f"http://{app.id}:{key or app.key}@127.0.0.1:{app.server.port}{path}"

    def post(self, app, path="/notification.do", key=None, **form):
        return app.server.session.post(
            self.url(app, path, key), params={"action": "send"}, data=form, allow_redirects=False, timeout=10)

    def test_one_user_gets_what_the_form_says(self, app, user):
        with user.connect() as stream:
            answer = self.post(app, broadcast="N", username=user.name, **self.FORM)
            assert answer.status_code == 302
            notification = stream.notification()
        assert {name: notification[name] for name in self.FORM} == self.FORM
        assert answer.headers["Location"] == f"/notification.do?id={notification['id']}"
        eventually(lambda: app.counts(notification["id"]) == {"sent": 1})

    def test_a_program_that_follows_the_redirect_hears_of_success(self, app, user):
        # All fields are in the form, as some programs have them.
        form = {"action": "send", "broadcast": "N", "username": user.name} | self.FORM
        answer = app.server.session.post(self.url(app), data=form, timeout=10)
        assert (answer.status_code, answer.json()["result"]) == (200, "0")
        assert app.counts(answer.json()["id"]) == {"unsent": 1}

    @pytest.mark.parametrize("form", [{}, {"broadcast": "Y"}, {"broadcast": "Y", "username": "nobody"}])
    def test_a_broadcast_is_for_everyone(self, start_app, form):
        app = start_app()
        users, device = [app.add_user() for _ in range(2)], app.register()
        with users[0].connect() as stream, device.connect() as connection:
            answer = self.post(app, **form, **self.FORM)
            assert answer.status_code == 302, answer.text
            message = stream.notification()["id"]
            assert ids(connection.messages(1)) == [message]
        with users[1].connect() as stream:
            assert stream.notification()["id"] == message

    def test_a_user_may_be_named_by_its_alias(self, app):
        device = app.register(alias=next(names))
        with device.connect() as connection:
            self.post(app, broadcast="N", username=device.alias, **self.FORM)
            assert connection.message()["alert"] == self.FORM["message"]

    def test_confirmation_can_be_asked_for(self, app, user):
        self.post(app, broadcast="N", username=user.name, needConfirm="Y", **self.FORM)
        for _ in range(2):
            with user.connect() as stream:
                assert stream.notification()["title"] == self.FORM["title"]

    def test_the_form_for_programs_answers_what_they_expect(self, app, user):
        answer = self.post(app, "/notification_api.do", broadcast="N", username=user.name, **self.FORM)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["result"], body["description"]) == ("0", "success")
        assert app.counts(body["id"]) == {"unsent": 1}

    @pytest.mark.parametrize("path", ["/notification.do", "/notification_api.do"])
    def test_a_wrong_key_is_refused(self, app, user, path):
        answer = self.post(app, path, key="wrong", broadcast="N", username=user.name, **self.FORM)
        assert answer.status_code == 401
        with user.connect() as stream:
            assert user.receives_before_a_marker(stream) == []

    def test_so_is_no_key(self, app, user):
        form = {"broadcast": "N", "username": user.name} | self.FORM
        answer = app.server.post("/notification.do?action=send", data=form, allow_redirects=False)
        assert answer.status_code == 401

    def test_the_key_may_be_in_the_url_or_the_administrators_token_a_header(self, app, user):
        form = {"broadcast": "N", "username": user.name} | self.FORM
        keyed = app.server.post(
            f"/notification_api.do?action=send&appId={app.id}&appKey={app.key}", data=form)
        assert keyed.status_code == 200, keyed.text
        administered = app.server.admin("POST", "/notification_api.do?action=send", data=form)
        assert administered.status_code == 200, administered.text

    @pytest.mark.parametrize(
        "form, field", [({"broadcast": "N", "message": "a"}, "username"), ({"broadcast": "Y"}, "message")])
    def test_what_is_missing_is_named(self, app, form, field):
        answer = self.post(app, **form)
        assert answer.status_code == 400
        assert field in answer.text

    def test_another_action_is_refused(self, app):
        answer = app.server.session.post(self.url(app), params={"action": "list"}, data=self.FORM, timeout=10)
        assert answer.status_code == 400
        assert "action" in answer.text
