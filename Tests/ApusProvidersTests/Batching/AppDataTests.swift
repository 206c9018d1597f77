import ApusCore
import Testing

@testable import ApusProviders

@Suite("AppData")
struct AppDataTests {
    private func message(_ content: MessageContent) -> Message {
        Message(
            id: MessageID(42), app: AppNumber(1), appID: "shop", tenant: "", content: content, needsConfirmation: false,
            expiresAt: Timestamp(milliseconds: 0))
    }

    @Test("an object's members stand beside the message's id")
    func object() {
        let content = MessageContent(alert: "x", uri: "app://report", extra: #"{"type":"kpi","n":1,"o":{"a":[]}}"#)
        let data = AppData(message(content))
        #expect(data.json == #"{"type":"kpi","n":1,"o":{"a":[]},"apusId":"42","uri":"app://report"}"#)
        #expect(
            data.strings.json
                == #"{"type":"kpi","n":"1","o":"{\"a\":[]}","apusId":"42","uri":"app://report"}"#)
    }

    @Test("data that is no object is one member")
    func otherData() {
        #expect(AppData(message(MessageContent(alert: "x", extra: "[1]"))).json == #"{"extra":[1],"apusId":"42"}"#)
    }

    @Test("what the sender gave a name is not overwritten")
    func noOverwriting() {
        let content = MessageContent(alert: "x", uri: "b", extra: #"{"uri":"a","uri":"c"}"#)
        #expect(AppData(message(content)).json == #"{"uri":"a","apusId":"42"}"#)
    }

    @Test("a command says what it says")
    func command() {
        let content = MessageContent(kind: .command, alert: "sync")
        #expect(AppData(message(content)).json == #"{"apusId":"42","apusCommand":"sync"}"#)
    }

    @Test("what was posted to an endpoint comes as devices get it")
    func endpoint() {
        var content = MessageContent(alert: "")
        content.push = EndpointPush(
            endpoint: EndpointNumber(1), registration: "r", data: [1, 2, 3])
        #expect(AppData(message(content)).json.contains(#""data":"AQID""#))
    }
}
