import ApusCore
import Synchronization

/// The token that a vendor gave to a credential. It is asked for once for all who wait for it.
final class AccessTokens: Sendable {
    typealias Waiter = @Sendable (Result<String, VendorRefusal>) -> Void

    private struct State {
        var token: AccessToken?
        var waiting: [Waiter] = []
        var isFetching = false
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - replacing: one that the vendor does not take any more.
    ///   - fetch: asks the vendor, if nobody does already.
    func get(
        replacing old: String?, at now: Timestamp, _ waiter: @escaping Waiter,
        fetch: (@escaping @Sendable (Result<AccessToken, VendorRefusal>) -> Void) -> Void
    ) {
        let (known, mustFetch) = state.withLock { state -> (String?, Bool) in
            if let token = state.token, token.text != old, now < token.renewedAt { return (token.text, false) }
            state.waiting.append(waiter)
            defer { state.isFetching = true }
            return (nil, !state.isFetching)
        }
        if let known { return waiter(.success(known)) }
        if mustFetch { fetch { self.fetched($0) } }
    }

    private func fetched(_ result: Result<AccessToken, VendorRefusal>) {
        let waiting = state.withLock { state in
            if case .success(let token) = result { state.token = token }
            state.isFetching = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter(result.map(\.text)) }
    }
}
