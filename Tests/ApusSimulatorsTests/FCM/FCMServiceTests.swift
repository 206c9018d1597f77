import ApusCore
import ApusTestKit
import Crypto
import CryptoExtras
import NIOCore
import NIOHTTP1
import Testing

@testable import ApusSimulators

@Suite("FCMService")
struct FCMServiceTests {
    static let uri = "http://vendor.example/token"
    static let scope = "https://www.googleapis.com/auth/firebase.messaging"
    static let account = try? ServiceAccount(projectID: "demo")

    let account: ServiceAccount
    /// The key of the account, as a sender reads it.
    let key: _RSA.Signing.PrivateKey
    let desk: VendorDesk

    init() throws {
        account = try #require(Self.account)
        let json = try JSONValue(ByteBuffer(string: account.json(tokenURI: Self.uri)))
        key = try _RSA.Signing.PrivateKey(pemRepresentation: try #require(json["private_key"]?.string))
        desk = VendorDesk(FCMService(account, tokenLifetime: 600, rate: 50))
    }

    var now: Int64 { desk.clock.now.milliseconds / 1000 }

    func assertion(_ claims: String? = nil, header: String? = nil) throws -> String {
        let header = header ?? #"{"alg":"RS256","typ":"JWT","kid":"\#(account.keyID)"}"#
        let claims =
            claims
            ?? #"{"iss":"\#(account.email)","scope":"\#(Self.scope)","aud":"\#(Self.uri)","iat":\#(now),"exp":\#(now + 3600)}"#
        let content = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.utf8))"
        let signature = try key.signature(for: SHA256.hash(data: Array(content.utf8)), padding: .insecurePKCS1v1_5)
        return "\(content).\(Base64URL.encode(signature.rawRepresentation))"
    }

    func askForToken(_ assertion: String) -> VendorAnswer {
        desk.send(
            .POST, "/token", "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)")
    }

    func authorization() throws -> HTTPHeaders {
        let token = try #require(askForToken(try assertion()).json?["access_token"]?.string)
        return ["authorization": "Bearer \(token)"]
    }

    func send(_ message: String, project: String = "demo", _ headers: HTTPHeaders? = nil) throws -> VendorAnswer {
        desk.send(
            .POST, "/v1/projects/\(project)/messages:send", #"{"message":\#(message)}"#, try headers ?? authorization())
    }

    func errorCode(_ answer: VendorAnswer) -> String? {
        answer.json?["error"]?["details"]?.elements?.first?["errorCode"]?.string
    }

    // MARK: Authentication

    @Test("a signed assertion gives an access token, which expires")
    func tokens() throws {
        let answer = askForToken(try assertion())
        #expect(answer.json?["token_type"]?.string == "Bearer")
        #expect(answer.json?["expires_in"]?.int == 600)
        let headers = try authorization()
        #expect(try send(#"{"token":"t"}"#, headers).status == 200)
        desk.clock.advance(by: .seconds(600))
        let stale = try send(#"{"token":"t"}"#, headers)
        #expect(stale.status == 401)
        #expect(stale.json?["error"]?["status"]?.string == "UNAUTHENTICATED")
        #expect(stale.json?["error"]?["details"] == nil)
        #expect(try send(#"{"token":"t"}"#, [:]).status == 401)
    }

    @Test("another key, another account, another endpoint and a wrong time are refused")
    func wrongAssertions() throws {
        func refusal(_ assertion: String) -> String? {
            let answer = askForToken(assertion)
            #expect(answer.status == 400)
            return answer.json?["error"]?.string
        }
        func claims(
            iss: String? = nil, aud: String = Self.uri, iat: Int64? = nil, exp: Int64? = nil, scope: String = Self.scope
        ) throws -> String {
            let (iss, iat) = (iss ?? account.email, iat ?? now)
            return try assertion(
                #"{"iss":"\#(iss)","scope":"\#(scope)","aud":"\#(aud)","iat":\#(iat),"exp":\#(exp ?? iat + 3600)}"#)
        }
        #expect(askForToken(try claims()).status == 200)
        #expect(refusal("a.b") == "invalid_grant")
        #expect(refusal(try assertion() + "AA") == "invalid_grant")
        #expect(refusal(try assertion(header: #"{"alg":"none","kid":"\#(account.keyID)"}"#)) == "invalid_grant")
        #expect(refusal(try claims(iss: "eve@demo.example")) == "invalid_grant")
        #expect(askForToken(try claims(aud: "https://oauth2.googleapis.com/token")).status == 200)
        #expect(refusal(try claims(aud: "https://other.example/token")) == "invalid_grant")
        #expect(refusal(try claims(iat: now - 3600)) == "invalid_grant")
        #expect(refusal(try claims(iat: now + 301)) == "invalid_grant")
        #expect(refusal(try claims(exp: now + 3601)) == "invalid_grant")
        #expect(refusal(try claims(scope: "https://www.googleapis.com/auth/drive")) == "invalid_scope")
        #expect(desk.send(.POST, "/token", "grant_type=password").json?["error"]?.string == "unsupported_grant_type")
    }

    @Test("another project is not allowed")
    func project() throws {
        let answer = try send(#"{"token":"t"}"#, project: "other")
        #expect(answer.status == 403)
        #expect(answer.json?["error"]?["status"]?.string == "PERMISSION_DENIED")
    }

    // MARK: Messages

    @Test("a message is named and kept, unless it is only to be validated")
    func accepts() throws {
        let answer = try send(#"{"token":"t1","notification":{"title":"x"},"data":{"a":"1"},"android":{"ttl":"60s"}}"#)
        let name = try #require(answer.json?["name"]?.string)
        #expect(name.hasPrefix("projects/demo/messages/0:"))
        #expect(desk.context.journal.accepted.map(\.targets) == [["t1"]])
        #expect(try send(#"{"topic":"news"}"#).status == 200)
        #expect(try send(#"{"fid":"UNREGISTERED-1"}"#).status == 404)
        let test = #"{"validate_only":true,"message":{"token":"t1"}}"#
        #expect(desk.send(.POST, "/v1/projects/demo/messages:send", test, try authorization()).status == 200)
        #expect(desk.context.journal.counts.accepted == 2)
    }

    @Test(
        "wrong members are field violations, which say nothing about the token",
        arguments: [
            #"{}"#, #"{"token":"a","topic":"b"}"#, #"{"token":"t","colour":"x"}"#, #"{"token":"t","data":{"a":1}}"#,
            #"{"token":"t","data":{"from":"x"}}"#, #"{"token":"t","data":{"message_type":"x"}}"#,
            #"{"token":"t","data":{"google.x":"x"}}"#, #"{"token":"t","data":{"gcm.x":"x"}}"#,
            #"{"token":"t","android":{"data":{"a":true}}}"#, #"{"token":"t","android":{"ttl":"2419201s"}}"#,
            #"{"token":"t","android":{"ttl":60}}"#, #"{"token":"t","android":{"priority":"urgent"}}"#,
            #"{"token":"t","notification":{"sound":"x"}}"#, #"{"topic":"a b"}"#,
        ])
    func violations(_ message: String) throws {
        let answer = try send(message)
        #expect(answer.status == 400)
        #expect(errorCode(answer) == nil)
        let violations = answer.json?["error"]?["details"]?.elements?.first?["fieldViolations"]?.elements
        #expect(violations?.count == 1)
        #expect(desk.context.journal.counts.refused == ["FIELD_VIOLATION": 1])
    }

    @Test("a message may have 4096 bytes to a token and 2048 to a topic")
    func sizes() throws {
        func status(_ target: String, _ size: Int) throws -> Int {
            let text = String(repeating: "x", count: size - #"{"a":""}"#.utf8.count)
            return try send(#"{\#(target),"data":{"a":"\#(text)"}}"#).status
        }
        #expect(try status(#""token":"t""#, 4096) == 200)
        #expect(try status(#""token":"t""#, 4097) == 400)
        #expect(try status(#""topic":"t""#, 2048) == 200)
        #expect(try status(#""topic":"t""#, 2049) == 400)
    }

    @Test(
        "each error comes for tokens that begin with it",
        arguments: [
            ("UNREGISTERED", 404), ("INVALID_ARGUMENT", 400), ("SENDER_ID_MISMATCH", 403),
            ("THIRD_PARTY_AUTH_ERROR", 401), ("QUOTA_EXCEEDED", 429), ("UNAVAILABLE", 503), ("INTERNAL", 500),
            ("UNSPECIFIED_ERROR", 500),
        ])
    func demanded(_ code: String, _ status: Int) throws {
        let answer = try send(#"{"token":"\#(code)-1"}"#)
        #expect(answer.status == status)
        #expect(errorCode(answer) == code)
        #expect(answer.json?["error"]?["code"]?.int == Int64(status))
        #expect(answer.headers.first(name: "retry-after") == (status == 429 ? "60" : nil))
        #expect(desk.context.journal.counts.accepted == 0)
    }

    @Test("messages beyond the quota are refused until it is filled again")
    func quota() throws {
        let headers = try authorization()
        for _ in 0..<50 { #expect(try send(#"{"token":"t"}"#, headers).status == 200) }
        desk.clock.advance(by: .seconds(15))
        let refused = try send(#"{"token":"t"}"#, headers)
        #expect(errorCode(refused) == "QUOTA_EXCEEDED")
        #expect(refused.headers.first(name: "retry-after") == "45")
        desk.clock.advance(by: .seconds(45))
        #expect(try send(#"{"token":"t"}"#, headers).status == 200)
    }
}
