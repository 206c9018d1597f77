import ApusTestKit
import NIOCore
import NIOSSL
import Testing

@testable import ApusXMPP

@Suite("The XMPP client and the XMPP server")
struct XMPPClientTests {
    private func client(
        _ server: ServerFixture, _ settings: XMPPClientSettings, _ body: (XMPPClient, EventLog) async throws -> Void
    ) async throws {
        let log = EventLog()
        let client = try XMPPClient(settings, group: server.group, logger: ServerFixture.logger) { log.note($0) }
        client.start()
        do {
            try await body(client, log)
        } catch {
            await client.stop()
            throw error
        }
        await client.stop()
    }

    private func ping(_ to: String?) -> XMLElement { StreamPing.request(to: to ?? "", id: "") }

    private func connected(_ account: String = "ann", resumed: Bool = false) throws -> XMPPClientEvent {
        .connected(address: try JID("\(account)@example.org/up"), resumed: resumed)
    }

    @Test("log in, ask, and go on after the connection was cut", .timeLimit(.minutes(1)))
    func wholeLife() async throws {
        try await ServerFixture.with { server in
            try await client(server, server.settings()) { client, log in
                try await eventually { log.has(try connected()) }
                let pong = try await client.request(ping("example.org"))
                #expect(pong.attribute("type") == "result" && pong.attribute("from") == "example.org")
                client.reconnect()
                try await eventually { log.has(try connected(resumed: true)) }
                _ = try await client.request(ping("example.org"))
                await #expect {
                    try await client.request(ping("nowhere.example.org"))
                } throws: { error in
                    guard case .refused(let error, _)? = error as? XMPPRequestError else { return false }
                    return error.condition == .remoteServerNotFound
                }
            }
        }
    }

    @Test("do not let in who has a wrong password", .timeLimit(.minutes(1)))
    func wrongPassword() async throws {
        try await ServerFixture.with { server in
            try await client(server, server.settings(password: "wrong")) { client, log in
                try await eventually { log.failure != nil }
                #expect(
                    log.failure == "The server does not accept the name and the password of ann@example.org.")
                await #expect(throws: XMPPRequestError.notSent) { try await client.request(ping("example.org")) }
            }
        }
    }

    @Test("do not talk if the certificate is not trusted, or for another domain", .timeLimit(.minutes(1)))
    func certificate() async throws {
        try await ServerFixture.with { server in
            var untrusted = try server.settings()
            untrusted.trustRoots = nil
            try await client(server, untrusted) { _, log in
                try await eventually { log.failure != nil }
                #expect(log.failure?.hasPrefix("There is no trusted connection to example.org") == true)
            }
            try await client(server, server.settings("ann@example.com")) { _, log in
                try await eventually { log.failure != nil }
                #expect(log.failure == "The server's certificate is not for example.com.")
            }
        }
    }

    @Test("make an account, but not twice", .timeLimit(.minutes(1)))
    func registration() async throws {
        try await ServerFixture.with { server in
            let settings = try server.settings("new@example.org", password: "another secret")
            try await XMPPClient.register(settings, group: server.group, logger: ServerFixture.logger)
            await #expect(throws: RegistrationError("The name new@example.org is taken.")) {
                try await XMPPClient.register(settings, group: server.group, logger: ServerFixture.logger)
            }
            try await client(server, settings) { _, log in try await eventually { log.has(try connected("new")) } }
        }
    }

    @Test("pass stanzas between a client and a component of ours", .timeLimit(.minutes(1)))
    func component() async throws {
        try await ServerFixture.with { server in
            let settings = try ComponentClientSettings(
                domain: "bots.example.org", secret: "test", host: "127.0.0.1", port: server.ports.component ?? 0)
            let log = EventLog()
            let component = ComponentClient(settings, group: server.group, logger: ServerFixture.logger) {
                log.note($0)
            }
            component.start()
            try await eventually { log.has(.connected(address: try JID("bots.example.org"), resumed: false)) }
            try await client(server, server.settings()) { client, clientLog in
                try await eventually { clientLog.has(try connected()) }
                _ = try await client.request(ping("bots.example.org"))
                var push = XMLElement("iq", Namespace.client, attributes: [.init("type", "set"), .init("id", "p1")])
                push.setAttribute("to", "ann@example.org/up")
                push.children = [.element(XMLElement("push", "urn:x", text: "hi"))]
                #expect(component.send(push))
                try await eventually {
                    clientLog.contains { event in
                        guard case .stanza(let stanza) = event else { return false }
                        return stanza.child("push", "urn:x")?.text == "hi"
                            && stanza.attribute("from") == "bots.example.org"
                    }
                }
            }
            await component.stop()
            #expect(!component.send(XMLElement("message", Namespace.client)))
        }
    }

    @Test("tell a server that went away during the handshake from one that is not trusted")
    func handshake() throws {
        let encryption = try StreamEncryption(domain: "example.org", trustRoots: nil)
        let ended = NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake]))
        #expect(encryption.ending(for: ended)?.needsAttention == false)
        #expect(encryption.ending(for: NIOSSLError.handshakeFailed(.sslError([])))?.needsAttention == true)
        #expect(encryption.ending(for: NIOSSLError.uncleanShutdown) == nil)
    }

    @Test("refuse settings that cannot work")
    func settings() {
        for account in ["example.org", "ann@example.org/x", "@", ""] {
            #expect(throws: ClientSettingsError.self) {
                try XMPPClientSettings(account: account, password: "x", resource: "x")
            }
        }
        #expect(throws: ClientSettingsError.self) {
            try XMPPClientSettings(account: "ann@example.org", password: "", resource: "x")
        }
        #expect(throws: ClientSettingsError.self) {
            try XMPPClientSettings(account: "ann@example.org", password: "x", resource: "")
        }
        #expect(throws: ClientSettingsError.self) { try ComponentClientSettings(domain: "a b", secret: "x") }
        #expect(throws: ClientSettingsError.self) { try ComponentClientSettings(domain: "up", secret: "") }
        #expect(throws: ClientSettingsError("/nowhere.pem is not a readable PEM file of certificates.")) {
            _ = try StreamEncryption(domain: "example.org", trustRoots: "/nowhere.pem")
        }
    }
}
