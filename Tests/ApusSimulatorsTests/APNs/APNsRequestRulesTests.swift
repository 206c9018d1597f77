import ApusCore
import NIOCore
import NIOHPACK
import Testing

@testable import ApusSimulators

@Suite("What APNs asks of a request")
struct APNsRequestRulesTests {
    private static let token = String(repeating: "1b14a89b", count: 8)
    private static let team = APNsSender(credentials: .providerToken, topics: ["com.example.app", "com.example.mdm"])

    /// What becomes of a request with these headers besides the usual ones; an empty value leaves the header out.
    private func judge(
        _ changes: KeyValuePairs<String, String>, payload: String = #"{"aps":{"alert":"Hi"}}"#,
        from sender: APNsSender = team
    ) -> Result<APNsAcceptedNotification, APNsRefusal> {
        var headers: HPACKHeaders = [
            ":method": "POST", ":path": "/3/device/\(Self.token)", "apns-topic": "com.example.app",
        ]
        for (name, _) in changes { headers.remove(name: name) }
        for (name, value) in changes where value != "" { headers.add(name: name, value: value) }
        let head = APNsRequestHead(headers)
        do throws(APNsRefusal) {
            return .success(
                try APNsRequestRules.notification(
                    head, token: APNsRequestRules.deviceToken(of: head), from: sender,
                    payload: ByteBuffer(string: payload), size: payload.utf8.count, id: "made",
                    now: Timestamp(milliseconds: 7)))
        } catch {
            return .failure(error)
        }
    }

    private func reason(_ changes: KeyValuePairs<String, String>, payload: String = "{}") -> APNsRefusal? {
        guard case .failure(let reason) = judge(changes, payload: payload) else { return nil }
        return reason
    }

    @Test("a notification has what the headers say, and defaults for what they do not")
    func notification() throws {
        let id = "123e4567-e89b-12d3-a456-4266554400a0"
        let full = try judge([
            "apns-id": id, "apns-push-type": "background", "apns-priority": "5", "apns-expiration": "1700000000",
            "apns-collapse-id": "order",
        ]).get()
        #expect(
            full
                == APNsAcceptedNotification(
                    token: Self.token, id: id, topic: "com.example.app", pushType: "background", priority: 5,
                    expiration: 1_700_000_000, collapseID: "order",
                    payload: ByteBuffer(string: #"{"aps":{"alert":"Hi"}}"#), acceptedAt: Timestamp(milliseconds: 7)))
        let bare = try judge([:]).get()
        #expect(bare.id == "made")
        #expect(bare.pushType == "alert")
        #expect(bare.priority == 10)
        #expect(bare.expiration == nil)
        #expect(bare.collapseID == nil)
    }

    @Test(
        "what is wrong has its reason",
        arguments: [
            ([":path": "/3/devices/ab"], .badPath), ([":path": "/"], .badPath),
            ([":path": "/3/device/"], .missingDeviceToken), ([":method": "GET"], .methodNotAllowed),
            (["apns-topic": "com.example.app", "apns-topic": "com.example.app"], .duplicateHeaders),
            (["apns-id": "123e4567-e89b-12d3-a456-4266554400a"], .badMessageID),
            (["apns-id": "123e4567e89b-12d3-a456-4266554400a0-"], .badMessageID),
            (["apns-id": "123e4567-e89b-12d3-a456-4266554400ag"], .badMessageID),
            (["apns-push-type": "Alert"], .invalidPushType), (["apns-topic": ""], .missingTopic),
            (["apns-topic": "com.example.other"], .topicDisallowed),
            (["apns-topic": "com.example.app.voip", "apns-push-type": "alert"], .topicDisallowed),
            (["apns-push-type": "voip"], .badTopic), (["apns-priority": "7"], .badPriority),
            (["apns-priority": "high"], .badPriority), (["apns-expiration": "tomorrow"], .badExpirationDate),
            (["apns-expiration": "-1"], .badExpirationDate),
            (["apns-collapse-id": String(repeating: "é", count: 33)], .badCollapseID),
            ([":path": "/3/device/abc"], .badDeviceToken), ([":path": "/3/device/xy"], .badDeviceToken),
            ([":path": "/3/device/\(String(repeating: "ab", count: 101))"], .badDeviceToken),
        ] as [(KeyValuePairs<String, String>, APNsRefusal)])
    func refused(changes: KeyValuePairs<String, String>, expected: APNsRefusal) {
        #expect(reason(changes) == expected)
    }

    @Test("what is just within the limits is accepted")
    func limits() {
        #expect(reason([":path": "/3/device/\(String(repeating: "ab", count: 100))"]) == nil)
        #expect(reason([":path": "/3/device/ab"]) == nil)
        #expect(reason(["apns-collapse-id": String(repeating: "é", count: 32)]) == nil)
        #expect(reason(["apns-expiration": "0"]) == nil)
        #expect(reason(["apns-priority": "1"]) == nil)
    }

    @Test("a payload is a JSON object of up to 4096 bytes, or 5120 for calls")
    func payloads() {
        func text(_ size: Int) -> String { #"{"a":""# + String(repeating: "x", count: size - 8) + #""}"# }
        let call: KeyValuePairs = ["apns-push-type": "voip", "apns-topic": "com.example.app.voip"]
        #expect(reason([:], payload: text(4096)) == nil)
        #expect(reason([:], payload: text(4097)) == .payloadTooLarge)
        #expect(reason(call, payload: text(5120)) == nil)
        #expect(reason(call, payload: text(5121)) == .payloadTooLarge)
        #expect(reason([:], payload: "") == .payloadEmpty)
        for broken in ["{", "[]", "hello", #"{"a":"\#t"}"#, "{} {}"] {
            #expect(reason([:], payload: broken) == .payloadEmpty, "\(broken)")
        }
    }

    @Test(
        "each push type has its topic and its priorities",
        arguments: [
            ("alert", "", [1, 5, 10]), ("background", "", [5]), ("location", ".location-query", [5, 10]),
            ("voip", ".voip", [1, 5, 10]), ("complication", ".complication", [1, 5, 10]),
            ("fileprovider", ".pushkit.fileprovider", [1, 5, 10]), ("mdm", "", [1, 5, 10]),
            ("liveactivity", ".push-type.liveactivity", [5, 10]), ("pushtotalk", ".voip-ptt", [10]),
            ("widgets", ".push-type.widgets", [1, 5, 10]), ("controls", ".push-type.controls", [1, 5, 10]),
        ])
    func types(name: String, suffix: String, priorities: [Int]) {
        for priority in [1, 5, 10] {
            let found = reason([
                "apns-push-type": name, "apns-topic": "com.example.app\(suffix)", "apns-priority": "\(priority)",
            ])
            #expect(found == (priorities.contains(priority) ? nil : .badPriority), "\(priority)")
        }
    }

    @Test("without a push type the topic tells it")
    func impliedType() throws {
        let call = try judge(["apns-topic": "com.example.app.voip"]).get()
        #expect(call.pushType == "voip")
    }

    @Test("with a certificate the topic is one of the certificate's, and may be left out if there is one")
    func certificates() throws {
        let single = APNsSender(credentials: .certificate, topics: ["com.example.app"])
        #expect(try judge(["apns-topic": ""], from: single).get().topic == "com.example.app")
        let several = APNsSender(credentials: .certificate, topics: ["com.example.app", "com.example.app.voip"])
        #expect(judge(["apns-topic": ""], from: several) == .failure(.missingTopic))
        let call: KeyValuePairs = ["apns-topic": "com.example.app.voip", "apns-push-type": "voip"]
        #expect(try judge(call, from: several).get().pushType == "voip")
        #expect(judge(call, from: single) == .failure(.topicDisallowed))
        let activity: KeyValuePairs = [
            "apns-topic": "com.example.app.push-type.liveactivity", "apns-push-type": "liveactivity",
        ]
        #expect(judge(activity, from: single) == .failure(.topicDisallowed))
    }
}
