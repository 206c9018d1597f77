"""UnifiedPush over XMPP as seed 002 has it."""

import pytest

from unifiedpush import GATEWAY, SEED, SeedDistributor, path, push
from waiting import eventually
from xmpp import CLIENT, XMPPApp, error, settings, show, xmpp_server

TOKEN = "0b5b5f5e-6c3a-4b7e-9d1f-0a2b3c4d5e6f"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def distributor(app):
    return SeedDistributor(app.add_user())


def refusal(answer, name):
    """The text in the element that came, beside a stanza error."""
    assert (answer.get("type"), answer.get("from")) == ("error", GATEWAY), show(answer)
    assert error(answer)[0] == "bad-request"
    return answer.find(f"{{{SEED}}}{name}/{{{SEED}}}error").text


class TestRegistration:
    @pytest.mark.parametrize("type", ["set", "get"])
    def test_the_answer_is_the_endpoint(self, app, distributor, type):
        answer = distributor.ask(f'<register xmlns="{SEED}"><token>{TOKEN}</token></register>', type)
        (endpoint,) = answer.iter(f"{{{SEED}}}endpoint")
        assert endpoint.text.startswith(f"{app.server.url}/UP?token=")
        assert show(answer) == show(
            f'<iq type="result" id="{answer.get("id")}" from="{GATEWAY}" '
            f'to="{distributor.user.address}/AndroidpnClient"><register xmlns="{SEED}">'
            f"<endpoint>{endpoint.text}</endpoint></register></iq>")

    def test_the_same_again_keeps_the_endpoint(self, distributor):
        assert distributor.register(TOKEN) == distributor.register(TOKEN)
        assert distributor.register(TOKEN) != distributor.register("another token")

    def test_the_token_is_the_first_elements_text_whatever_that_is_called(self, distributor):
        answer = distributor.ask(f'<register xmlns="{SEED}"><anything>{TOKEN}</anything></register>')
        assert answer.find(f"{{{SEED}}}register/{{{SEED}}}endpoint").text == distributor.register(TOKEN)

    @pytest.mark.parametrize("name", ["register", "unregister"])
    @pytest.mark.parametrize("type", ["set", "get"])
    @pytest.mark.parametrize(
        "content, text", [
            ("", "unable decode"), ("only text", "unable decode"), ("<token/>", "no token"),
            ("<token></token>", "no token"), (f"<token>{'x' * 201}</token>", "unable decode")])
    def test_what_cannot_be_done_is_told_in_the_element_that_came(self, distributor, name, type, content, text):
        answer = distributor.ask(f'<{name} xmlns="{SEED}">{content}</{name}>', type)
        assert refusal(answer, name) == text

    @pytest.mark.parametrize("type", ["set", "get"])
    def test_who_unregisters_is_told_so_and_the_endpoint_is_gone(self, distributor, type):
        endpoint = distributor.register(TOKEN)
        answer = distributor.ask(f'<unregister xmlns="{SEED}"><token>{TOKEN}</token></unregister>', type)
        assert answer.get("type") == "result", show(answer)
        (done,) = answer.find(f"{{{SEED}}}unregister")
        assert done.tag == f"{{{SEED}}}success"
        assert push(endpoint).status_code == 410

    def test_what_is_not_registered_can_be_unregistered(self, distributor):
        answer = distributor.ask(f'<unregister xmlns="{SEED}"><token>never registered</token></unregister>')
        assert answer.get("type") == "result", show(answer)

    def test_an_endpoint_does_not_expire_and_survives_a_restart(self, start_server):
        app = XMPPApp(start_server(**settings()))
        user = app.add_user()
        with user.connect() as stream:
            endpoint = SeedDistributor(user, stream).register(TOKEN)
        app.server.restart()
        assert app.server.post(path(endpoint), data="kept").status_code == 202
        assert SeedDistributor(user).push()[1:] == (TOKEN, "kept")


class TestPush:
    @pytest.mark.parametrize(
        "text", ["Here is the Notification content", '{"a": "<b>&amp;]]>"}', "über 😀\t\u2028", "x" * 4096])
    def test_it_is_a_message_and_the_sender_sees_its_text_again(self, distributor, text):
        answer = push(distributor.register(TOKEN), text.encode())
        assert (answer.status_code, answer.json()) == (202, text)
        message = distributor.message()
        assert message.get("type") == "normal"
        assert message.get("to") == f"{distributor.user.address}/AndroidpnClient"
        assert message.find(CLIENT + "subject").text == TOKEN
        assert message.find(CLIENT + "body").text == text

    def test_lines_stay_lines(self, distributor):
        # A carriage return has to be written as a reference (XML 1.0 §2.11).
        push(distributor.register(TOKEN), b"one\ntwo\r\nthree")
        assert distributor.push()[2] == "one\ntwo\r\nthree"

    @pytest.mark.parametrize(
        "data", [b"\x00", b"a\x01b", b"\x1b[0m", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", "\ufffe".encode(), b"\x0b"])
    def test_what_xml_cannot_carry_is_refused(self, app, distributor, data):
        endpoint = distributor.register(TOKEN)
        answer = push(endpoint, data)
        assert (answer.status_code, answer.json()["error"]) == (400, "text_only"), answer.text
        assert push(endpoint, b"marker").status_code == 202
        assert distributor.push()[2] == "marker"

    def test_a_receipt_says_that_it_was_received(self, app, distributor):
        push(distributor.register(TOKEN))
        message = distributor.message()
        assert message.find("{urn:xmpp:receipts}request") is not None
        id = message.get("id")
        eventually(lambda: app.state(id, distributor.user) == "sent")
        distributor.confirm(id)
        eventually(lambda: app.state(id, distributor.user) == "received")

    def test_without_a_receipt_it_was_sent_and_does_not_come_again(self, app, distributor):
        endpoint = distributor.register(TOKEN)
        push(endpoint)
        id, _, _ = distributor.push()
        eventually(lambda: app.state(id, distributor.user) == "sent")
        distributor.stream.drop()
        push(endpoint, b"marker")
        assert SeedDistributor(distributor.user).push()[2] == "marker"

    def test_who_was_away_gets_everything_in_order(self, app):
        user = app.add_user()
        with user.connect() as stream:
            endpoint = SeedDistributor(user, stream).register(TOKEN)
        for number in range(5):
            assert push(endpoint, f"push {number}".encode()).status_code == 202
        distributor = SeedDistributor(user)
        assert [distributor.push()[2] for _ in range(5)] == [f"push {number}" for number in range(5)]


class TestHTTP:
    @pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=eyJhbGciOiJIUzUxMiJ9.e30.", "?other=1"])
    def test_a_wrong_token_is_unauthorized(self, app, query):
        answer = push(f"{app.server.url}/UP{query}")
        assert (answer.status_code, answer.json()["message"]) == (401, "jwt token unauthorized - or not given")

    @pytest.mark.parametrize("query", ["", "?token=", "?token=wrong"])
    def test_whether_it_takes_pushes_can_be_asked(self, app, query):
        answer = app.server.get(f"/UP{query}")
        assert (answer.status_code, answer.json()) == (200, {"unifiedpush": {"version": 1}})
        assert answer.headers["Content-Type"].startswith("application/json")

    def test_the_endpoint_itself_can_be_asked(self, app, distributor):
        answer = app.server.get(path(distributor.register(TOKEN)))
        assert (answer.status_code, answer.json()) == (200, {"unifiedpush": {"version": 1}})
