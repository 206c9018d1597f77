"""What nobody may do to other people's endpoints, and what the gateway has to stand."""

import pytest

from unifiedpush import GATEWAY, PROVIDER, SEED, Distributor, SeedDistributor, instance_hash, push
from waiting import eventually
from xmpp import XMPPApp, error, show, xmpp_server

RIGHT = f'application="{instance_hash("mail")}" instance="{instance_hash("mail instance")}"'


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    server = xmpp_server(tmp_path_factory.mktemp("server"))
    yield XMPPApp(server)
    server.end()


@pytest.fixture
def victim(app):
    return Distributor(app.add_user())


@pytest.fixture
def attacker(app):
    return Distributor(app.add_user())


class TestOthers:
    def test_the_same_names_are_another_endpoint(self, app, victim, attacker):
        endpoint = victim.endpoint("mail")
        assert attacker.endpoint("mail") != endpoint
        attacker.unregister("mail")
        assert push(endpoint).status_code == 201
        assert victim.take() == b"hello"

    def test_the_same_token_is_another_endpoint(self, app):
        victim, attacker = SeedDistributor(app.add_user()), SeedDistributor(app.add_user())
        endpoint = victim.register("token")
        assert attacker.register("token") != endpoint
        attacker.ask(f'<unregister xmlns="{SEED}"><token>token</token></unregister>')
        assert push(endpoint).status_code == 202
        assert victim.push()[2] == "hello"

    def test_nobody_registers_in_anothers_name(self, victim, attacker):
        endpoint = victim.endpoint("mail")
        answer = attacker.stream.ask(
            f'<iq type="set" id="forged" from="{victim.user.address}/AndroidpnClient" to="{GATEWAY}">'
            f'<unregister xmlns="{PROVIDER}" {RIGHT}/></iq>')
        assert answer.get("to") == f"{attacker.user.address}/AndroidpnClient"
        assert push(endpoint).status_code == 201

    @pytest.mark.parametrize("answer", ["accept", "refuse"])
    def test_nobody_answers_anothers_push(self, app, victim, attacker, answer):
        endpoint = victim.endpoint("mail")
        own = attacker.endpoint("mail")
        push(endpoint)
        id, _, _ = victim.push()
        if answer == "accept":
            attacker.accept(id)
        else:
            attacker.refuse(id, "item-not-found")
        # The attacker's next words are heard after those.
        push(own)
        marker, _, _ = attacker.push()
        attacker.accept(marker)
        eventually(lambda: app.state(marker, attacker.user) == "received")
        eventually(lambda: app.state(id, victim.user) == "sent")
        assert push(endpoint).status_code == 201

    def test_nobody_sends_a_push_for_the_gateway(self, victim, attacker):
        endpoint = victim.endpoint("mail")
        for attribute in ["", f'from="{GATEWAY}"']:
            answer = attacker.stream.ask(
                f'<iq type="set" id="evil" {attribute} to="{victim.user.address}/AndroidpnClient">'
                f'<push xmlns="{PROVIDER}" {RIGHT}>ZXZpbA==</push></iq>')
            assert error(answer)[0] == "service-unavailable"
        assert victim.takes_before_a_marker(endpoint) == []

    def test_a_refusal_of_what_is_no_push_revokes_nothing(self, app, victim):
        endpoint = victim.endpoint("mail")
        message = app.send_to(victim.user, needConfirm=True)
        assert victim.stream.notification()["id"] == message
        for id in [message, "1", "nothing", "9" * 30, "-1"]:
            victim.refuse(id, "item-not-found")
        assert victim.takes_before_a_marker(endpoint) == []


class TestNonsense:
    @pytest.mark.parametrize(
        "stanza", [
            f'<iq type="set" to="{GATEWAY}"><register xmlns="{PROVIDER}" {RIGHT}/></iq>',
            f'<iq type="set" to="{GATEWAY}" id="two"><register xmlns="{PROVIDER}" {RIGHT}/>'
            f'<register xmlns="{PROVIDER}" {RIGHT}/></iq>',
            f'<iq type="set" to="{GATEWAY}" id="none"/>',
            f'<iq to="{GATEWAY}" id="no-type"><register xmlns="{PROVIDER}" {RIGHT}/></iq>',
            f'<iq type="odd" to="{GATEWAY}" id="odd"><register xmlns="{PROVIDER}" {RIGHT}/></iq>',
        ])
    def test_an_iq_that_is_none_is_a_bad_request(self, app, attacker, stanza):
        attacker.stream.say(stanza)
        assert error(attacker.stream.element())[0] == "bad-request"
        assert attacker.stream.elements_before_pong() == []
        assert app.server.is_well()

    @pytest.mark.parametrize(
        "payload", [
            f'<register xmlns="unifiedpush.org/" {RIGHT}><token>x</token></register>',
            f"<register {RIGHT}><token>x</token></register>",
            f'<registered xmlns="{PROVIDER}" {RIGHT}/>',
            f'<push xmlns="{PROVIDER}" {RIGHT}>aGVsbG8=</push>',
            '<anything xmlns="of:another:kind"/>',
        ])
    @pytest.mark.parametrize("type", ["set", "get"])
    def test_other_protocols_are_not_spoken(self, app, attacker, payload, type):
        assert error(attacker.ask(payload, type))[0] == "service-unavailable"
        assert app.server.is_well()

    @pytest.mark.parametrize("to", [f"somebody@{GATEWAY}", f"somebody@{GATEWAY}/phone"])
    def test_nobody_lives_at_the_gateway(self, attacker, to):
        answer = attacker.ask(f'<register xmlns="{PROVIDER}" {RIGHT}/>', to=to)
        assert error(answer)[0] == "service-unavailable"

    def test_the_gateway_reads_no_messages(self, attacker):
        attacker.stream.say(f'<message to="{GATEWAY}" id="m"><body>hello</body></message>')
        assert error(attacker.stream.element())[0] == "service-unavailable"

    @pytest.mark.parametrize(
        "stanza", [
            f'<iq type="result" to="{GATEWAY}" id="1"/>',
            f'<iq type="result" to="{GATEWAY}" id="{"9" * 40}"/>',
            f'<iq type="result" to="{GATEWAY}"/>',
            f'<iq type="error" to="{GATEWAY}" id="1"/>',
            f'<iq type="error" to="{GATEWAY}"><error type="cancel"/></iq>',
            f'<presence to="{GATEWAY}" type="subscribe"/>',
            f'<message to="{GATEWAY}" type="error"><body>no</body></message>',
            f'<message to="{GATEWAY}"><received xmlns="urn:xmpp:receipts" id="1"/></message>',
        ])
    def test_what_needs_no_answer_gets_none(self, app, attacker, stanza):
        attacker.stream.say(stanza)
        assert attacker.stream.elements_before_pong() == []
        assert app.server.is_well()

    def test_a_token_may_have_two_hundred_bytes(self, app):
        distributor = SeedDistributor(app.add_user())
        for token in ["x" * 200, "ü" * 100]:
            assert push(distributor.register(token)).status_code == 202
            assert distributor.push()[1] == token

    @pytest.mark.parametrize("length", [201, 4096, 50_000])
    def test_a_huge_token_is_refused(self, app, length):
        distributor = SeedDistributor(app.add_user())
        answer = distributor.ask(f'<register xmlns="{SEED}"><token>{"x" * length}</token></register>')
        assert (error(answer)[0], answer.find(f".//{{{SEED}}}error").text) == ("bad-request", "unable decode")
        assert app.server.is_well()

    def test_a_huge_stanza_ends_the_stream_and_nothing_else(self, app, victim):
        stream = app.add_user().connect()
        try:
            stream.say(f'<iq type="set" to="{GATEWAY}" id="huge"><register xmlns="{SEED}"><token>', "x" * 4_000_000)
        except OSError:
            pass  # it was cut off before it had said everything
        else:
            assert stream.ending() == "policy-violation"
        assert push(victim.endpoint("mail")).status_code == 201
        assert app.server.is_well()

    def test_a_huge_hash_is_refused(self, attacker):
        answer = attacker.ask(f'<register xmlns="{PROVIDER}" application="{"A" * 4000}" instance="AAAA"/>')
        assert error(answer)[0] == "bad-request"

    def test_many_registrations_at_once_are_all_answered(self, app, attacker):
        count = 500
        attacker.stream.say(*[
            f'<iq type="set" to="{GATEWAY}" id="r{number}"><register xmlns="{PROVIDER}" '
            f'application="{instance_hash(str(number))}" instance="{instance_hash("x")}"/></iq>'
            for number in range(count)])
        answers = [attacker.stream.element() for _ in range(count)]
        assert {answer.get("id") for answer in answers} == {f"r{number}" for number in range(count)}
        assert {answer.get("type") for answer in answers} == {"result"}, show(answers[0])
        assert app.server.is_well()
