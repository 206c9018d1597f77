import ApusCore
import ApusTestKit
import ApusXMPP
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import ApusDistributor

@Suite("The distributor on a bus", .timeLimit(.minutes(1)))
struct DistributorServiceTests {
    private let file = TemporaryFile("registrations.sqlite")
    private let clock = ManualClock()

    private struct Stage {
        let bus: TestBus
        let book: RegistrationBook
        let link: TestLink
        let service: DistributorService
    }

    private func withDistributor(_ body: (Stage) async throws -> Void) async throws {
        let bus = try TestBus()
        let book = try RegistrationBook(file: file.path, longestQueue: 10)
        let connection = try DBusConnection.open(bus.address)
        try connection.own(.distributor)
        let service = try DistributorService(
            account: .device.bare, gateway: nil, bus: connection, book: book,
            on: MultiThreadedEventLoopGroup.singleton.next(), clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var link: TestLink?
        try service.start(
            over: { receive in
                let made = TestLink(receive: receive)
                link = made
                return made
            },
            end: {})
        try await body(Stage(bus: bus, book: book, link: #require(link), service: service))
        await service.stop()
    }

    /// What the gateway sends to the only registration.
    private func push(_ stage: Stage, _ payload: String) throws -> XMLElement {
        let registration = try #require(try stage.book.registrations().first)
        return .push(payload, to: registration.identity, from: "up.example.org")
    }

    @Test("an application registers, gets its endpoint and a push, and unregisters")
    func wholeWay() async throws {
        try await withDistributor { stage in
            let app = try TestApplication("org.example.App", on: stage.bus)
            #expect(await app.register("tok").arguments == .succeeded)
            try await eventually("the endpoint") { !app.calls.arguments(of: "NewEndpoint").isEmpty }
            #expect(
                app.calls.arguments(of: "NewEndpoint") == [
                    [.dictionary(["token": .string("tok"), "endpoint": .string("https://up.example.org/push/1")])]
                ])

            stage.link.play(.stanza(try push(stage, "aGk=")))
            try await eventually("the message") { !app.calls.arguments(of: "Message").isEmpty }
            let message = app.calls.arguments(of: "Message")[0][0].dictionary
            #expect(message?["message"] == .bytes(Array("hi".utf8)))
            #expect(stage.link.stanzas.contains { $0.attribute("type") == "result" && $0.attribute("id") == "1" })
            try await eventually("the book to be empty") { try stage.book.waiting().isEmpty }

            let answer = await app.call(
                "org.unifiedpush.Distributor2", "Unregister", [.dictionary(["token": .string("tok")])])
            #expect(answer.arguments == [.dictionary([:])])
            try await eventually("the confirmation") { !app.calls.arguments(of: "Unregistered").isEmpty }
            #expect(try stage.book.registrations().isEmpty)
            try await eventually("the gateway to hear") { stage.link.requests.last?.firstElement?.name == "unregister" }
            try await eventually("the departure to be settled") { try stage.book.departures().isEmpty }
        }
    }

    @Test("a push for an application that is away waits on disk, until the application is there", arguments: [1, 2])
    func waits(version: Int) async throws {
        try await withDistributor { stage in
            do {
                let app = try TestApplication("org.example.App", on: stage.bus)
                if version == 2 {
                    #expect(await app.register("tok").arguments == .succeeded)
                } else {
                    let answer = await app.call(
                        "org.unifiedpush.Distributor1", "Register",
                        [.string("org.example.App"), .string("tok"), .string("")])
                    #expect(answer.arguments == [.string("REGISTRATION_SUCCEEDED"), .string("")])
                }
                app.connection.close()
            }
            stage.link.play(.stanza(try push(stage, "b25l")))
            stage.link.play(.stanza(try push(stage, "dHdv")))
            try await eventually("both to be kept") {
                stage.link.stanzas.count { $0.attribute("type") == "result" } == 2
            }
            #expect(try stage.book.waiting() == ["tok": 2])

            let app = try TestApplication("org.example.App", on: stage.bus)
            if version == 2 {
                try await eventually("the next attempt") {
                    // Each register call is a sign of life, and may come before the failure of the attempt before.
                    app.connection.send(
                        .call(
                            .distributor, path: DistributorObject.path, interface: "org.unifiedpush.Distributor2",
                            "Register",
                            [.dictionary(["service": .string("org.example.App"), "token": .string("tok")])]))
                    return try stage.book.waiting().isEmpty
                }
            } else {
                try await eventually("the next attempt") {
                    clock.advance(by: .seconds(3600))
                    stage.link.play(.connected(address: .device, resumed: true))
                    return try stage.book.waiting().isEmpty
                }
            }
            try await eventually("both messages") { app.calls.arguments(of: "Message").count == 2 }
            let ids = app.calls.arguments(of: "Message").map { $0.first?.dictionary?["id"] ?? $0.last }
            #expect(ids == [.string("1"), .string("2")])
        }
    }

    @Test("a push that cannot be kept is not acknowledged")
    func full() async throws {
        try await withDistributor { stage in
            let app = try TestApplication("org.example.App", on: stage.bus)
            #expect(await app.register("tok").arguments == .succeeded)
            app.connection.close()
            var push = try push(stage, "aGk=")
            for number in 0..<11 {
                push.setAttribute("id", "push-\(number)")
                stage.link.play(.stanza(push))
            }
            try await eventually("the refusal") {
                stage.link.stanzas.last.flatMap { StanzaError(in: $0)?.condition } == .resourceConstraint
            }
            #expect(stage.link.stanzas.count { $0.attribute("type") == "result" } == 10)
            #expect(try stage.book.waiting() == ["tok": 10])
        }
    }

    @Test("the object tells what it is and how it is")
    func standardInterfaces() async throws {
        try await withDistributor { stage in
            let app = try TestApplication("org.example.App", on: stage.bus)
            #expect(await app.call("org.freedesktop.DBus.Peer", "Ping", []).kind == .answer)
            let xml = await app.call("org.freedesktop.DBus.Introspectable", "Introspect", []).arguments[0].string
            #expect(xml?.contains(#"<interface name="org.unifiedpush.Distributor2">"#) == true)
            let parent = await app.call("org.freedesktop.DBus.Introspectable", "Introspect", [], path: "/org")
            #expect(parent.arguments[0].string?.contains(#"<node name="unifiedpush"/>"#) == true)

            let properties = "org.freedesktop.DBus.Properties"
            try await eventually("a gateway") { !stage.link.requests.isEmpty }
            let all = await app.call(properties, "GetAll", [.string("me.apus.Distributor1")])
            let status = DistributorStatus(properties: all.arguments[0].dictionary ?? [:])
            #expect(status.connected && status.account == "ann@example.org/device")
            #expect(status.gateway == "up.example.org")
            let one = await app.call(properties, "Get", [.string("me.apus.Distributor1"), .string("Waiting")])
            #expect(one.arguments == [.variant(.int64(0))])
            let none = await app.call(properties, "GetAll", [.string("org.unifiedpush.Distributor1")])
            #expect(none.arguments == [.dictionary([:])])
        }
    }

    @Test("a call that nobody here understands is refused with the reason")
    func unknownCalls() async throws {
        try await withDistributor { stage in
            let app = try TestApplication("org.example.App", on: stage.bus)
            func refusal(_ interface: String, _ member: String, path: String = DistributorObject.path) async -> String {
                let answer = await app.call(interface, member, [.string("x")], path: path)
                return if case .failure(let name) = answer.kind { name } else { "" }
            }
            let errors = "org.freedesktop.DBus.Error."
            #expect(await refusal("org.unifiedpush.Distributor2", "Register") == errors + "UnknownMethod")
            #expect(await refusal("org.example.Other", "Register") == errors + "UnknownInterface")
            #expect(await refusal("org.unifiedpush.Distributor2", "Register", path: "/x") == errors + "UnknownObject")
            #expect(await refusal("org.freedesktop.DBus.Properties", "GetAll", path: "/x") == errors + "UnknownObject")
        }
    }

    @Test("a second distributor of the same name is told that there is one")
    func nameTaken() async throws {
        try await withDistributor { stage in
            let second = try DBusConnection.open(stage.bus.address)
            #expect(throws: DBusFailure.nameTaken(.distributor)) { try second.own(.distributor) }
        }
    }

    @Test("when the bus ends, so does the connection, and who waits for an answer has one")
    func busEnds() async throws {
        var bus: TestBus? = try TestBus()
        let connection = try DBusConnection.open(#require(bus).address)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        connection.start(receive: { _ in }, end: { end.finish() })
        bus = nil
        for await _ in ends {}
        let answer = await connection.answer(to: .call(.bus, path: "/", interface: "a.b", "M"))
        #expect(answer.kind == .failure("org.freedesktop.DBus.Error.Disconnected"))
    }
}
