import ApusCore
import NIOCore
import Testing

@testable import ApusHTTP

@Suite("What a ONE-PUSH device says and hears")
struct DeviceWireTests {
    @Test(
        "commands are read from their text, anything else is ignored",
        arguments: [
            ("HBT", DeviceCommand.heartbeat),
            ("HBT 17", .heartbeat),
            ("CFM:12", .confirm([MessageID(12)])),
            ("CFM:12,13,x,,14", .confirm([MessageID(12), MessageID(13), MessageID(14)])),
            ("READ:5", .read([MessageID(5)])),
            ("CFM:", .confirm([])),
            ("CFM", nil), ("cfm:1", nil), ("", nil), ("READ", nil), ("hello", nil),
        ] as [(String, DeviceCommand?)])
    func commands(_ text: String, _ expected: DeviceCommand?) {
        #expect(DeviceCommand(ByteBuffer(string: text)) == expected)
    }

    private func json(_ content: MessageContent, _ platform: Platform, tenant: String = "") -> String {
        let message = Message(
            id: MessageID(42), app: AppNumber(1), appID: "a", tenant: tenant, content: content,
            needsConfirmation: true, expiresAt: Timestamp(milliseconds: 0))
        var frame = WebSocketForms.frame(message, for: platform)
        frame.moveReaderIndex(forwardBy: frame.readableBytes < 128 ? 2 : 4)
        return String(buffer: frame)
    }

    @Test("a message is one JSON object without null members, `extra` byte for byte")
    func message() {
        let content = MessageContent(
            alert: "a \"b\"\n", extra: #"{"k": 1.0}"#, sound: "s", badge: 1, listenFlag: "NOTF")
        #expect(
            json(content, .android, tenant: "t")
                == #"{"id":"42","appId":"a","tenantCode":"t","alert":"a \"b\"\n","extra":{"k": 1.0},"pushMsgType":"MSG","#
                + #""listenFlag":"NOTF","needConfirm":true}"#)
    }

    @Test("only an iOS device gets sound and badge")
    func ios() {
        let content = MessageContent(kind: .command, alert: "a", sound: "s", badge: 1)
        #expect(
            json(content, .ios)
                == #"{"id":"42","appId":"a","alert":"a","pushMsgType":"CMD","needConfirm":true,"sound":"s","badge":1}"#)
        for platform in [Platform.android, .pc, .web] {
            #expect(
                json(content, platform)
                    == #"{"id":"42","appId":"a","alert":"a","pushMsgType":"CMD","needConfirm":true}"#)
        }
    }
}
