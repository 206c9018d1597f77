import ApusCore
import Synchronization
import Testing

@testable import ApusProviders

@Suite("AccessTokens")
struct AccessTokensTests {
    private typealias Fetched = @Sendable (Result<AccessToken, VendorRefusal>) -> Void

    private let now = Timestamp(milliseconds: 0)

    /// Collects what is asked for and what is given.
    private final class Record: Sendable {
        let fetches = Mutex<[Fetched]>([])
        let given = Mutex<[Result<String, VendorRefusal>]>([])
    }

    private func get(_ tokens: AccessTokens, _ record: Record, replacing old: String? = nil, at time: Timestamp) {
        tokens.get(replacing: old, at: time) { result in
            record.given.withLock { $0.append(result) }
        } fetch: { fetched in
            record.fetches.withLock { $0.append(fetched) }
        }
    }

    @Test("a token is asked for once for all who wait, and kept until it is to be renewed")
    func once() {
        let (tokens, record) = (AccessTokens(), Record())
        for _ in 0..<3 { get(tokens, record, at: now) }
        #expect(record.fetches.withLock { $0.count } == 1)
        record.fetches.withLock { $0[0] }(.success(AccessToken("A", renewedAt: now.adding(seconds: 60))))
        #expect(record.given.withLock { $0 } == [.success("A"), .success("A"), .success("A")])
        get(tokens, record, at: now.adding(seconds: 59))
        #expect(record.fetches.withLock { $0.count } == 1)
        get(tokens, record, at: now.adding(seconds: 60))
        #expect(record.fetches.withLock { $0.count } == 2)
    }

    @Test("of those whose token was refused, only the first asks for another one")
    func replacing() {
        let (tokens, record) = (AccessTokens(), Record())
        get(tokens, record, at: now)
        record.fetches.withLock { $0[0] }(.success(AccessToken("A", renewedAt: now.adding(seconds: 60))))
        get(tokens, record, replacing: "A", at: now)
        record.fetches.withLock { $0[1] }(.success(AccessToken("B", renewedAt: now.adding(seconds: 60))))
        get(tokens, record, replacing: "A", at: now)
        #expect(record.fetches.withLock { $0.count } == 2)
        #expect(record.given.withLock { $0 } == [.success("A"), .success("B"), .success("B")])
    }

    @Test("all who wait learn why there is none, and the next one asks again")
    func refused() {
        let (tokens, record) = (AccessTokens(), Record())
        let refusal = VendorRefusal(.busy(seconds: 5, detail: "later"))
        for _ in 0..<2 { get(tokens, record, at: now) }
        record.fetches.withLock { $0[0] }(.failure(refusal))
        #expect(record.given.withLock { $0 } == [.failure(refusal), .failure(refusal)])
        get(tokens, record, at: now)
        #expect(record.fetches.withLock { $0.count } == 2)
    }
}
