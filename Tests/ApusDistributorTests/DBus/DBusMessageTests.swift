import CDBus
import Testing

@testable import ApusDistributor

@Suite("A message on the bus")
struct DBusMessageTests {
    /// What libdbus makes of a message, read back.
    private func readBack(_ message: DBusMessage) throws -> DBusMessage {
        let copy = try #require(message.copied())
        defer { dbus_message_unref(copy) }
        return try #require(DBusMessage(copy))
    }

    @Test("values of every type come out as they went in")
    func roundTrip() throws {
        let arguments: [DBusValue] = [
            .string("ü\u{1F600}"), .bytes([0, 1, 255]), .bytes([]), .boolean(true), .uint32(.max), .int64(.min),
            .variant(.string("inside")),
            .dictionary(["token": .string("t"), "message": .bytes(Array(repeating: 7, count: 4096))]), .dictionary([:]),
        ]
        let call = DBusMessage.call(.distributor, path: "/a/b", interface: "a.b", "Member", arguments)
        let message = try readBack(call)
        #expect(message.signature == "sayaybuxva{sv}a{sv}")
        #expect(message.arguments == arguments)
        #expect(message.kind == .call)
        #expect(message.path == "/a/b" && message.interface == "a.b" && message.member == "Member")
        #expect(message.destination == "org.unifiedpush.Distributor.Apus")
        #expect(message.expectsReply && message.mayActivate)
    }

    @Test("who must not wait, or not be started, is not")
    func flags() throws {
        var call = DBusMessage.call(.distributor, path: "/a", interface: "a.b", "Member")
        call.expectsReply = false
        call.mayActivate = false
        let message = try readBack(call)
        #expect(!message.expectsReply && !message.mayActivate)
    }

    @Test("a value of another type, or one that is too long, is not read; those beside it are")
    func unreadable() throws {
        let long = String(repeating: "x", count: 8193)
        let call = DBusMessage.call(
            .distributor, path: "/a", interface: "a.b", "Member",
            [
                .string(long), .bytes(Array(repeating: 0, count: 8193)), .string("short"),
                .dictionary(["a": .variant(.variant(.variant(.variant(.variant(.string("deep"))))))]),
            ])
        let arguments = try readBack(call).arguments
        #expect(Array(arguments.prefix(3)) == [.unread, .unread, .string("short")])
        #expect(!"\(arguments[3])".contains("deep"))
    }

    @Test("a dictionary with thousands of members is not read to its end")
    func hugeDictionary() throws {
        let members = Dictionary(uniqueKeysWithValues: (0..<5000).map { ("\($0)", DBusValue.string("x")) })
        let call = DBusMessage.call(.distributor, path: "/a", interface: "a.b", "Member", [.dictionary(members)])
        let arguments = try readBack(call).arguments
        #expect(arguments.count == 1)
        #expect((arguments[0].dictionary ?? [:]).count < 64)
    }

    @Test("what was not read cannot be sent")
    func unsendable() {
        #expect(DBusMessage.call(.distributor, path: "/a", interface: "a.b", "M", [.unread]).copied() == nil)
    }

    @Test(
        "a bus name is what the specification says",
        arguments: [
            ("org.example.App", true), ("org.example.App-1_x", true), ("a.b", true), ("org", false), ("", false),
            (":1.7", false), ("org..App", false), (".org.App", false), ("org.App.", false), ("org.7App", false),
            ("org.example.Äpp", false), ("org.example.App\u{0}", false),
            ("a." + String(repeating: "b", count: 253), true),
            ("a." + String(repeating: "b", count: 254), false),
        ])
    func busName(text: String, isName: Bool) {
        #expect((BusName(text) != nil) == isName)
        var error = DBusError()
        dbus_error_init(&error)
        defer { dbus_error_free(&error) }
        if isName { #expect(dbus_validate_bus_name(text, &error) != 0) }
    }
}
