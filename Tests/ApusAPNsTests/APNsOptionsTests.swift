import ApusCore
import NIOCore
import Testing

@testable import ApusAPNs

@Suite("Options for APNs")
struct APNsOptionsTests {
    private func delivery(_ content: MessageContent, lifetime: Int64 = 60) -> VendorDelivery {
        let id = MessageID(0x0102_0304_0506_0708)
        let message = Message(
            id: id, app: AppNumber(1), appID: "shop", tenant: "", content: content, needsConfirmation: false,
            expiresAt: id.time.adding(seconds: lifetime))
        return VendorDelivery(
            message: message, device: DeviceNumber(255), platform: .ios, token: "ab", registeredAt: id.time)
    }

    private func notification(_ content: MessageContent) throws -> APNsNotification {
        try APNsNotification(delivery(content), token: "abcd", bundleID: "com.example.app")
    }

    @Test("a message becomes an alert with its id, and the id of the notification is made of message and device")
    func derived() throws {
        let made = try notification(
            MessageContent(title: "T", alert: "A", uri: "x://y", extra: #"{"a":1}"#, sound: "default", badge: 3))
        #expect(made.id == "01020304-0506-0708-0000-0000000000ff")
        #expect(made.pushType == .alert && made.topic == "com.example.app" && made.collapseID == nil)
        #expect(
            String(buffer: made.payload) == #"{"aps":{"alert":{"title":"T","body":"A"},"badge":3,"sound":"default"},"#
                + #""id":"72623859790382856","uri":"x://y","extra":{"a":1}}"#)
    }

    @Test("a command wakes the app and shows nothing")
    func command() throws {
        let made = try notification(MessageContent(kind: .command, alert: "sync"))
        #expect(made.pushType == .background && made.priority == .considerate)
        #expect(
            String(buffer: made.payload)
                == #"{"aps":{"content-available":1},"command":"sync","id":"72623859790382856"}"#)
    }

    @Test("a push to an endpoint wakes the app, which then fetches the bytes")
    func endpoint() throws {
        let push = EndpointPush(
            endpoint: EndpointNumber(1), registration: "mail", data: [UInt8](repeating: 0, count: 4096))
        let made = try notification(MessageContent(kind: .command, alert: "", push: push))
        #expect(
            String(buffer: made.payload)
                == #"{"aps":{"content-available":1},"endpoint":"mail","id":"72623859790382856"}"#)
    }

    @Test("the message's urgency and collapse key become headers, which its options for APNs are stronger than")
    func urgency() throws {
        let urgencies = Urgency.allCases.map { MessageContent(alert: "A", urgency: $0, collapseKey: "k") }
        #expect(try urgencies.map { try notification($0).priority } == [.passive, .passive, .considerate, .immediate])
        #expect(try notification(urgencies[0]).collapseID == "k")
        let command = MessageContent(kind: .command, alert: "sync", urgency: .high)
        #expect(try notification(command).priority == .considerate)
        var own = urgencies[0]
        own.apns = #"{"priority":10,"collapseId":"c"}"#
        #expect(try notification(own).priority == .immediate && notification(own).collapseID == "c")
    }

    @Test("a recall wakes the app and says which message")
    func recall() throws {
        let made = try notification(MessageContent(kind: .command, alert: "", recalls: MessageID(5)))
        #expect(
            String(buffer: made.payload)
                == #"{"aps":{"content-available":1},"recall":"5","id":"72623859790382856"}"#)
    }

    @Test("what the sender says takes the place of what is derived")
    func overridden() throws {
        let options =
            #"{"payload":{"aps":{"alert":"own"}},"priority":5,"collapseId":"c","topic":"other","expiration":0}"#
        let made = try notification(MessageContent(alert: "A", apns: options))
        #expect(String(buffer: made.payload) == #"{"aps":{"alert":"own"}}"#)
        #expect(made.priority == .considerate && made.collapseID == "c" && made.topic == "other")
        #expect(made.expiration == .undelayed)
    }

    @Test(
        "what is wrong is named",
        arguments: [
            (#"{"priority":7}"#, "priority"), (#"{"pushType":"loud"}"#, "pushType"), (#"{"color":1}"#, "color"),
            (#"{"collapseId":"\#(String(repeating: "x", count: 65))"}"#, "collapseID"),
        ])
    func wrong(_ options: String, _ field: String) throws {
        let error = #expect(throws: ApusError.self) { try notification(MessageContent(alert: "A", apns: options)) }
        #expect(error?.fields.first?.name == field)
    }

    @Test("a payload that is too long says by how much")
    func tooLong() throws {
        let error = #expect(throws: ApusError.self) {
            try notification(MessageContent(alert: String(repeating: "x", count: 4096)))
        }
        #expect(error?.code == "apns_payload_too_large")
        #expect(error?.message.contains("more than the 4096") ?? false)
    }
}
