"""XMPP streams byte by byte: what every client relies on, and what no proper client would send."""

import base64

import pytest

from waiting import eventually
from xmpp import (
    DOMAIN, STREAMS, XMPPApp, error, legacy_login, local_name, names, registration, settings, show, stream_header,
    xmpp_server)

TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
SM = "{urn:xmpp:sm:3}"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    # So that SASL needs no encryption here.
    server = xmpp_server(tmp_path_factory.mktemp("server"), xmpp__plain_passwords="true")
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def start_app(start_server):
    """Starts a server of the test's own."""
    return lambda **more: XMPPApp(start_server(**settings(xmpp__plain_passwords="true", **more)))


@pytest.fixture
def user(app):
    return app.add_user()


@pytest.fixture
def stream(app):
    with app.stream() as stream:
        yield stream


def plain(user, password=None, authorization=""):
    text = f"{authorization}\0{user.name}\0{password or user.password}"
    return base64.b64encode(text.encode()).decode()


def auth(mechanism, message):
    return f'<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="{mechanism}">{message}</auth>'


def authenticate(stream, user):
    """Opens a stream and logs in with SASL. Answers the features that are offered then."""
    stream.open()
    return authenticate_on(stream, user)


def authenticate_on(stream, user):
    """The same, on a stream that is open."""
    stream.say(auth("PLAIN", plain(user)))
    success = stream.element()
    assert success.tag == SASL + "success", show(success)
    stream.restart()
    return stream.open()


def bind(stream, resource="phone"):
    answer = stream.ask(
        f'<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>{resource}</resource></bind>'
        "</iq>")
    assert answer.get("type") == "result", show(answer)


def message_of(element):
    assert element.tag == "{jabber:client}message", show(element)
    return element.get("id")


class TestStream:

    def test_what_came_before_the_encryption_is_not_part_of_it(self, app, stream):
        name = next(names)
        stream.open()
        stream.say('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>', stream_header(), registration(name, "secret"))
        assert stream.element().tag == TLS + "proceed"
        stream.encrypt()
        stream.open()
        answer = stream.ask('<iq id="after" type="get"><query xmlns="jabber:iq:register"/></iq>')
        assert answer.get("type") == "result"
        assert app.find_user(name) is None

    @pytest.mark.parametrize("size", [1, 3, 7])
    def test_bytes_may_come_in_any_pieces(self, user, stream, size):
        def say(text):
            for start in range(0, len(text), size):
                stream.say(text[start:start + size])

        say("<?xml version='1.0'?>\n" + stream_header())
        assert stream.element().tag == STREAMS + "features"
        say(legacy_login(user.name, user.password, stream.id))
        assert stream.element().get("type") == "result"

    @pytest.mark.parametrize(
        "before", ["", "\ufeff", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8' ?>\n\n"])
    def test_a_stream_may_begin_in_some_ways(self, stream, before):
        stream.say(before)
        assert stream.open() is not None

    def test_another_encoding_is_refused(self, stream):
        stream.say("<?xml version='1.0' encoding='ISO-8859-1'?>", stream_header())
        assert stream.ending() == "unsupported-encoding"

    def test_the_language_is_the_clients(self, stream):
        stream.say(stream_header().replace(" version", " xml:lang='de' version"))
        stream.element()
        assert 'xml:lang="de"' in stream.text

    def test_a_client_of_before_version_1_is_served(self, user, stream):
        stream.say(stream_header().replace(' version="1.0"', ""))
        stream.element()
        assert stream.ask(legacy_login(user.name, user.password, stream.id)).get("type") == "result"

    def test_who_does_not_wait_for_answers_gets_them_in_order(self, app, stream):
        name = next(names)
        stream.open()
        stream.say(
            registration(name, "secret", "1"), legacy_login(name, "secret", stream.id, id="2"),
            '<iq type="get" id="3"><query xmlns="jabber:iq:roster"/></iq>', '<presence id="4"/>',
            '<iq type="get" id="5"><ping xmlns="urn:xmpp:ping"/></iq>', "</stream:stream>")
        answers = [stream.element() for _ in range(5)]
        assert [answer.get("id") for answer in answers] == ["1", "2", "3", "4", "5"]
        assert "error" not in [answer.get("type") for answer in answers]
        assert stream.ending() is None

    @pytest.mark.parametrize(
        "text", ["<!DOCTYPE a [<!ENTITY b 'c'>]>", "<!-- a -->", "<?a b?>", "<iq>&a;</iq>", "<iq></message>", "<iq",
                 "</iq>", "\0", "<a:iq/>", "<iq id='1' id='2'/>", "&"])
    def test_what_is_not_proper_xml_ends_the_stream(self, stream, text):
        stream.open()
        stream.say(text, "<")
        assert stream.ending() in ("restricted-xml", "not-well-formed", "bad-namespace-prefix")

    def test_who_speaks_http_is_told(self, stream):
        stream.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert stream.ending() == "not-well-formed"

    def test_other_namespaces_end_the_stream(self, stream):
        stream.say(stream_header().replace("etherx.jabber.org", "example.org"))
        assert stream.ending() in ("invalid-namespace", "bad-namespace-prefix")

    def test_another_kind_of_stream_ends(self, stream):
        stream.say(stream_header().replace("jabber:client", "jabber:server"))
        assert stream.ending() == "invalid-namespace"

    def test_an_unknown_element_ends_the_stream(self, user):
        with user.connect() as stream:
            stream.say("<unknown/>")
            assert stream.ending() == "unsupported-stanza-type"

    def test_an_android_client_may_have_another_idea_of_its_own_address(self, user):
        with user.log_in() as stream:
            answer = stream.ask('<iq type="get" id="a" from="x@192.168.167.131/y"><ping xmlns="urn:xmpp:ping"/></iq>')
        assert answer.get("to") == f"{user.address}/AndroidpnClient"

    def test_too_much_before_the_login_ends_the_stream(self, stream):
        stream.open()
        stream.say(registration("a" * 10_000, "secret"))
        assert stream.ending() == "policy-violation"

    def test_a_large_stanza_passes_after_it_and_a_huge_one_does_not(self, user):
        with user.connect() as stream:
            large = f'<iq id="l" type="set"><a xmlns="a">{"x" * 100_000}</a></iq>'
            assert error(stream.ask(large)) == ("service-unavailable", "cancel", "503")
            stream.say(large.replace("x" * 100_000, "x" * 300_000))
            assert stream.ending() == "policy-violation"

    def test_only_so_many_connections_may_come_from_one_address(self, start_app):
        app = start_app(xmpp__connections_per_address=2)
        with app.stream() as first, app.stream() as second:
            first.open()
            second.open()
            with app.stream() as third, pytest.raises((ConnectionError, AssertionError)):
                third.open()
        eventually(lambda: self.can_connect(app))

    @staticmethod
    def can_connect(app):
        try:
            with app.stream() as stream:
                return stream.open() is not None
        except (ConnectionError, AssertionError):
            return False

    @pytest.mark.parametrize(
        "iq", ['<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>', '<iq type="get" id="i"/>', '<iq id="i"><a/></iq>',
               '<iq type="get" id="i"><ping xmlns="urn:xmpp:ping"/><ping xmlns="urn:xmpp:ping"/></iq>'])
    def test_an_iq_that_is_none_is_a_bad_request(self, user, iq):
        with user.connect() as stream:
            stream.say(iq)
            answer = stream.element()
        assert error(answer) == ("bad-request", "modify", "400")


class TestSASL:
    def failure(self, stream):
        element = stream.element()
        assert element.tag == SASL + "failure", show(element)
        return local_name(element[0])

    def test_what_is_offered_changes_with_the_login(self, user, stream):
        assert stream.open().find(SASL + "mechanisms") is not None
        features = [feature.tag for feature in authenticate_on(stream, user)]
        assert features[:2] == [
            "{urn:ietf:params:xml:ns:xmpp-bind}bind", "{urn:ietf:params:xml:ns:xmpp-session}session"]
        assert SM + "sm" in features
        assert SASL + "mechanisms" not in features

    @pytest.mark.parametrize(
        "mechanism, message, condition",
        [("DIGEST-MD5", "=", "invalid-mechanism"), ("", "=", "invalid-mechanism"),
         ("PLAIN", "no base64!", "incorrect-encoding"), ("PLAIN", "AAAA", "malformed-request"),
         ("SCRAM-SHA-1", base64.b64encode(b"n,,n=a").decode(), "malformed-request"),
         ("SCRAM-SHA-256", base64.b64encode(b"p=tls-unique,,n=a,r=b").decode(), "malformed-request")])
    def test_a_wrong_attempt_is_told_and_another_one_may_follow(self, user, stream, mechanism, message, condition):
        stream.open()
        stream.say(auth(mechanism, message))
        assert self.failure(stream) == condition
        stream.say(auth("PLAIN", plain(user)))
        assert stream.element().tag == SASL + "success"

    def test_an_exchange_can_be_aborted(self, user, stream):
        stream.open()
        stream.say(auth("PLAIN", ""))
        assert stream.element().tag == SASL + "challenge"
        stream.say('<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
        assert self.failure(stream) == "aborted"
        stream.say(auth("PLAIN", ""))
        stream.element()
        stream.say(f'<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">{plain(user)}</response>')
        assert stream.element().tag == SASL + "success"

    def test_nobody_can_be_somebody_else(self, app, user, stream):
        stream.open()
        stream.say(auth("PLAIN", plain(user, authorization=app.add_user().address)))
        assert self.failure(stream) == "invalid-authzid"
        stream.say(auth("PLAIN", plain(user, authorization=user.address)))
        assert stream.element().tag == SASL + "success"

    def test_who_fails_too_often_is_cut_off(self, user, stream):
        stream.open()
        for _ in range(4):
            stream.say(auth("PLAIN", plain(user, "wrong")))
            assert self.failure(stream) == "not-authorized"
        stream.say(auth("PLAIN", plain(user, "wrong")))
        assert stream.ending() == "policy-violation"

    def test_an_unknown_user_gets_the_same_challenge_as_ever(self, stream):
        def challenge():
            first = base64.b64encode(b"n,,n=nobody-at-all,r=abc").decode()
            stream.say(auth("SCRAM-SHA-256", first))
            element = stream.element()
            assert element.tag == SASL + "challenge", show(element)
            stream.say('<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
            stream.element()
            return base64.b64decode(element.text).decode().split(",")

        stream.open()
        first, second = challenge(), challenge()
        assert first[0].startswith("r=abc") and first[0] != second[0]
        assert first[1:] == second[1:]
        assert int(first[2].removeprefix("i=")) >= 4096


class TestBinding:
    def test_a_session_is_no_more_than_a_formality(self, user, stream):
        authenticate(stream, user)
        bind(stream)
        answer = stream.ask('<iq type="set" id="s"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>')
        assert (answer.get("type"), len(answer)) == ("result", 0)

    def test_it_can_be_done_once(self, user, stream):
        authenticate(stream, user)
        bind(stream)
        answer = stream.ask('<iq type="set" id="b2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>')
        assert error(answer)[0] == "not-allowed"

    def test_nothing_is_done_before(self, user, stream):
        authenticate(stream, user)
        assert error(stream.ask('<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>'))[0] == "not-authorized"
        stream.say("<presence/>")
        assert stream.ending() == "not-authorized"

    def test_a_stanza_from_somebody_else_ends_the_stream(self, user, stream):
        authenticate(stream, user)
        bind(stream)
        stream.say(f'<iq type="get" id="a" from="other@{DOMAIN}/phone"><ping xmlns="urn:xmpp:ping"/></iq>')
        assert stream.ending() == "invalid-from"

    def test_with_a_negative_priority_nothing_comes(self, app, user, stream):
        authenticate(stream, user)
        bind(stream)
        message = app.send_to(user)
        stream.say("<presence><priority>-1</priority></presence>")
        assert stream.elements_before_pong() == []
        assert user.state(message) == "unsent"
        stream.become_available()
        assert message_of(stream.element()) == message


class TestManagement:
    """Stream management (XEP-0198)."""

    @pytest.fixture
    def stream(self, user, stream):
        authenticate(stream, user)
        bind(stream)
        return stream

    @staticmethod
    def enable(stream):
        """What the stream is resumed by."""
        stream.say('<enable xmlns="urn:xmpp:sm:3" resume="true"/>')
        enabled = stream.element()
        assert enabled.tag == SM + "enabled" and enabled.get("resume") == "true", show(enabled)
        return enabled.get("id")

    @staticmethod
    def resume(stream, id, handled=0):
        stream.say(f'<resume xmlns="urn:xmpp:sm:3" previd="{id}" h="{handled}"/>')
        return stream.element()

    def test_both_sides_count(self, app, stream, user):
        self.enable(stream)
        stream.become_available()
        messages = [app.send_to(user) for _ in range(2)]
        for message in messages:
            element = stream.element()
            while element.tag == SM + "r":
                element = stream.element()
            assert message_of(element) == message
        stream.say('<message to="push.example.org"/><r xmlns="urn:xmpp:sm:3"/>')
        element = stream.element()
        while element.tag == SM + "r":
            element = stream.element()
        assert (element.tag, element.get("h")) == (SM + "a", "2")
        assert user.state(messages[0]) == "unsent", "nobody counted it"
        stream.say('<a xmlns="urn:xmpp:sm:3" h="2"/>')
        eventually(lambda: user.state(messages[0]) == "sent")
        assert user.state(messages[1]) == "unsent"

    def test_who_counts_what_was_never_sent_is_cut_off(self, stream):
        self.enable(stream)
        stream.say('<a xmlns="urn:xmpp:sm:3" h="7"/>')
        assert stream.ending() == "undefined-condition"
        assert '<handled-count-too-high xmlns="urn:xmpp:sm:3" h="7" send-count="0"/>' in stream.text

    @pytest.mark.parametrize(
        "element", ["<enable xmlns='urn:xmpp:sm:3'/>", "<resume xmlns='urn:xmpp:sm:3' previd='a' h='0'/>"])
    def test_some_things_come_too_late(self, stream, element):
        self.enable(stream)
        stream.say(element)
        failed = stream.element()
        assert (failed.tag, local_name(failed[0])) == (SM + "failed", "unexpected-request")

    def test_it_can_only_be_enabled_once_bound(self, app, user):
        with app.stream() as stream:
            authenticate(stream, user)
            stream.say('<enable xmlns="urn:xmpp:sm:3"/>')
            assert stream.element().tag == SM + "failed"
            bind(stream)
            self.enable(stream)

    def test_nobody_resumes_anothers_stream(self, app, stream):
        id = self.enable(stream)
        with app.stream() as other:
            authenticate(other, app.add_user())
            failed = self.resume(other, id)
            assert (failed.tag, local_name(failed[0])) == (SM + "failed", "item-not-found")
            bind(other)  # it may go on without
        assert stream.elements_before_pong() == []

    def test_a_resumed_stream_ends_the_old_connection(self, app, user, stream):
        id = self.enable(stream)
        stream.become_available()
        with app.stream() as newer:
            authenticate(newer, user)
            resumed = self.resume(newer, id, handled=1)
            assert (resumed.tag, resumed.get("previd"), resumed.get("h")) == (SM + "resumed", id, "1")
            assert stream.ending() == "conflict"
            message = app.send_to(user)
            assert message_of(newer.element()) == message

    def test_answers_that_were_not_counted_come_again(self, app, user, stream):
        id = self.enable(stream)
        stream.ask('<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>')
        stream.drop()
        with app.stream() as newer:
            authenticate(newer, user)
            assert self.resume(newer, id).get("h") == "1"
            assert newer.element().get("id") == "p"

    def test_a_stream_that_was_closed_in_order_cannot_be_resumed(self, app, user, stream):
        id = self.enable(stream)
        stream.say('<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq></stream:stream>')
        stream.element()
        assert (last := stream.element()).tag == SM + "a" and last.get("h") == "1"
        assert stream.ending() is None
        with app.stream() as newer:
            authenticate(newer, user)
            assert self.resume(newer, id).tag == SM + "failed"

    def test_messages_that_are_counted_are_on_disk(self, start_app):
        app = start_app()
        bob = app.add_user()
        for count in (1, 2, 50):
            with app.stream() as stream:
                authenticate(stream, app.add_user())
                bind(stream)
                self.enable(stream)
                message = f'<message to="{bob.address}"><body>{count}</body></message>'
                stream.say(message * count, '<r xmlns="urn:xmpp:sm:3"/>')
                counted = int(stream.element().get("h"))
                app.server.kill()
            app.server.start()
            with bob.connect() as stream:
                received = [entry["message"] for entry in bob.receives_before_a_marker(stream)]
            assert received.count(str(count)) >= counted, f"{counted} were counted, {len(received)} came"


class TestClientState:
    def test_it_is_taken(self, app, user, stream):
        authenticate(stream, user)
        bind(stream)
        stream.become_available()
        stream.say('<inactive xmlns="urn:xmpp:csi:0"/>')
        message = app.send_to(user)
        assert message_of(stream.element()) == message
        stream.say('<active xmlns="urn:xmpp:csi:0"/>')
        assert stream.elements_before_pong() == []
