import ApusTestKit
import NIOCore
import Testing

@testable import ApusAPNs

@Suite("Which address a connection goes to")
struct AddressBookTests {
    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .milliseconds(milliseconds)
    }

    private var random = SeededGenerator(seed: 7)

    private func address(_ number: Int) throws -> SocketAddress {
        try SocketAddress(ipAddress: "10.0.0.\(number)", port: 443)
    }

    @Test("all of them get the same number of connections")
    mutating func spread() throws {
        var book = AddressBook()
        let all = try (1...4).map(address)
        var used: [SocketAddress] = []
        for _ in 0..<8 {
            let choice = book.choose(from: all, used: used, at: at(0), using: &random)
            used.append(try #require(choice))
        }
        for address in all { #expect(used.count { $0 == address } == 2) }
    }

    @Test("not the same one first every time")
    mutating func randomOrder() throws {
        var book = AddressBook()
        let all = try (1...4).map(address)
        let firsts = Set((0..<100).compactMap { _ in book.choose(from: all, used: [], at: at(0), using: &random) })
        #expect(firsts.count == 4)
    }

    @Test("one that failed is avoided for five minutes, if there is another")
    mutating func failures() throws {
        var book = AddressBook()
        let (first, second) = (try address(1), try address(2))
        book.failed(first, at: at(0))
        for _ in 0..<20 {
            #expect(book.choose(from: [first, second], used: [second, second], at: at(1), using: &random) == second)
        }
        #expect(book.choose(from: [first], used: [], at: at(1), using: &random) == first)
        #expect(book.choose(from: [first, second], used: [second], at: at(300_000), using: &random) == first)
        #expect(book.choose(from: [], used: [], at: at(0), using: &random) == nil)
    }
}

@Suite("The system's addresses of a host")
struct AddressResolverTests {
    @Test("include the loopback address of localhost, with the port")
    func localhost() throws {
        let addresses = try AddressResolver.addresses(of: "localhost", port: 2197)
        #expect(addresses.contains { $0.ipAddress == "127.0.0.1" && $0.port == 2197 })
        #expect(Set(addresses).count == addresses.count)
    }

    @Test("a name that does not exist is an error")
    func unknown() {
        #expect(throws: ConnectionError.unknownHost("no.such.host.invalid")) {
            try AddressResolver.addresses(of: "no.such.host.invalid", port: 1)
        }
    }
}
