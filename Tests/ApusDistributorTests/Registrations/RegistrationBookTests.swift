import ApusCore
import Foundation
import Testing

@testable import ApusDistributor

@Suite("The book of registrations")
struct RegistrationBookTests {
    private let file = TemporaryFile("registrations.sqlite")
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func open() throws -> RegistrationBook {
        try RegistrationBook(file: file.path)
    }

    private var endpoint: GatewayEndpoint {
        GatewayEndpoint(
            url: "https://up/1", gateway: .gultsch, address: .device, registeredAt: now,
            expiresAt: now.adding(seconds: 60))
    }

    @Test("what was saved is there when it is opened again")
    func reopened() throws {
        var registration = try Registration.example(token: "tok", endpoint: endpoint)
        registration.description = "News"
        registration.vapidKey = "BKey"
        do {
            let book = try open()
            try book.save(registration)
            #expect(try book.setting("device") { "d1" } == "d1")
        }
        let book = try open()
        #expect(try book.registrations() == [registration])
        #expect(try book.setting("device") { "d2" } == "d1")
        registration.endpoint?.expiresAt = nil
        try book.save(registration)
        #expect(try book.registrations() == [registration])
    }

    @Test("pushes wait in order, until their application has them")
    func pushes() throws {
        let book = try open()
        try book.save(.example(token: "a", endpoint: endpoint))
        try book.save(.example(token: "b", endpoint: endpoint))
        #expect(try book.keep([1, 0, 255], for: "a", at: now))
        #expect(try book.keep([2], for: "b", at: now))
        #expect(try book.keep([], for: "a", at: now))
        #expect(try book.waiting() == ["a": 2, "b": 1])
        let first = try #require(try open().oldestPush(for: "a"))
        #expect(first.payload == [1, 0, 255])
        try book.remove(first)
        let second = try #require(try book.oldestPush(for: "a"))
        #expect(second.payload == [] && second.id > first.id)
        try book.remove(second)
        #expect(try book.oldestPush(for: "a") == nil)
    }

    @Test("for an application that takes nothing so many pushes wait and no more, for a week")
    func bounded() throws {
        let book = try RegistrationBook(file: file.path, longestQueue: 10)
        try book.save(.example(token: "a", endpoint: endpoint))
        for _ in 0..<10 { #expect(try book.keep([1], for: "a", at: now)) }
        #expect(try !book.keep([1], for: "a", at: now))
        #expect(try book.removeOverdue(at: now.adding(seconds: 7 * 86_400)) == 0)
        #expect(try book.removeOverdue(at: now.adding(seconds: 7 * 86_400 + 1)) == 10)
        #expect(try book.keep([1], for: "a", at: now))
    }

    @Test("a registration takes its pushes with it, and leaves a note for its gateway")
    func departures() throws {
        let book = try open()
        let registration = try Registration.example(token: "a", endpoint: endpoint)
        try book.save(registration)
        _ = try book.keep([1], for: "a", at: now)
        let departure = Departure(identity: registration.identity, gateway: .gultsch)
        try book.remove(registration, departure: departure, at: now)
        #expect(try book.registrations().isEmpty)
        #expect(try book.waiting().isEmpty)
        #expect(try book.departures() == [departure])
        try book.settle(departure)
        #expect(try book.departures().isEmpty)
    }

    @Test("a push for nobody is refused")
    func unknown() throws {
        let book = try open()
        #expect(throws: (any Error).self) { try book.keep([1], for: "nobody", at: now) }
    }

    @Test("a damaged book says what to do")
    func damaged() throws {
        try Data("this is no database, and long enough to be looked at as one".utf8).write(to: URL(filePath: file.path))
        let failure = #expect(throws: BookFailure.self) { try open() }
        #expect(failure?.description.contains("Move it away") == true)
    }
}

/// A path in a new directory, which goes away with it.
final class TemporaryFile: Sendable {
    let directory: String
    let path: String

    init(_ name: String) {
        let base = FileManager.default.temporaryDirectory
        directory = base.appending(path: "apus-" + RandomToken.hex128()).path(percentEncoded: false)
        path = directory + "/" + name
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }
}
