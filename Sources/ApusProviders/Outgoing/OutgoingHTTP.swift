import ApusCore
import AsyncHTTPClient
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Sends HTTP requests to services outside. Redirects are not followed, every request has a deadline, an answer's body
/// is read only up to a limit, and connections are made only to addresses that the policy allows. It must be shut down
/// before it is let go.
///
/// What is checked is the address that a connection has, before a request is written to it. A name that points to a
/// public address when somebody looks and to a private one when the connection is made gets nowhere.
package final class OutgoingHTTP: Sendable {
    private struct State {
        /// For destinations that others chose.
        var checking: OutgoingClient
        /// What `checking` was used for.
        var origins: Set<String> = []
        var tasks: [UInt64: HTTPClient.Task<Void>] = [:]
        var nextTask: UInt64 = 0
        var isStopping = false
        var drained: EventLoopPromise<Void>?
    }

    /// The only one in use. With several, AsyncHTTPClient 1.37 stops the process when a server answers before it has the
    /// whole request and closes the connection just then.
    private let eventLoop: any EventLoop
    private let policy: AddressPolicy
    private let originLimit: Int
    /// For destinations that the operator chose.
    private let trusting: OutgoingClient
    private let state: Mutex<State>

    /// - Parameters:
    ///   - originLimit: after how many different destinations a new client takes the place of the one in use, which
    ///     keeps something of each for as long as it lives.
    ///   - connectionsPerHost: to a host that has no HTTP/2 and that the operator chose.
    package init(
        group: any EventLoopGroup, policy: AddressPolicy = AddressPolicy(), originLimit: Int = 1000,
        connectionsPerHost: Int = 2
    ) {
        let eventLoop = group.next()
        self.eventLoop = eventLoop
        self.policy = policy
        self.originLimit = originLimit
        var configuration = Self.configuration
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
        trusting = OutgoingClient(eventLoop, configuration)
        state = Mutex(State(checking: Self.checkingClient(eventLoop, policy)))
    }

    private static func checkingClient(_ eventLoop: any EventLoop, _ policy: AddressPolicy) -> OutgoingClient {
        var configuration = configuration
        configuration.http1_1ConnectionDebugInitializer = { check($0, policy) }
        configuration.http2ConnectionDebugInitializer = { check($0, policy) }
        return OutgoingClient(eventLoop, configuration)
    }

    private static var configuration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        var pool = HTTPClient.Configuration.ConnectionPool(
            idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: 2)
        // Whoever sends knows better when to try again.
        pool.retryConnectionEstablishment = false
        return HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)), connectionPool: pool)
    }

    /// Closes a connection to an address that is not allowed.
    private static func check(_ channel: any Channel, _ policy: AddressPolicy) -> EventLoopFuture<Void> {
        let refusal =
            if let address = channel.remoteAddress.flatMap({ IPAddress($0) }) {
                policy.refusal(of: address)
            } else {
                "its address is not known"
            }
        guard let refusal else { return channel.eventLoop.makeSucceededVoidFuture() }
        // The pool has to learn why before it learns that the connection is closed.
        channel.eventLoop.execute { channel.close(promise: nil) }
        return channel.eventLoop.makeFailedFuture(ForbiddenAddress(reason: refusal))
    }

    /// Sends a request.
    /// - Parameter completion: called exactly once, on any thread; it must not block.
    package func send(
        _ request: OutgoingRequest,
        completion: @escaping @Sendable (Result<OutgoingResponse, OutgoingFailure>) -> Void
    ) {
        let isExempt = request.isTrusted || policy.allowsHost(request.address.host)
        // Spares a connection where the address is plain to see.
        if !isExempt, let refusal = request.address.literalAddress.flatMap(policy.refusal) {
            return completion(.failure(.forbidden(refusal)))
        }
        let exchange = OutgoingExchange(bodyLimit: request.bodyLimit)
        guard
            let message = try? HTTPClient.Request(
                url: request.address.text, method: request.method, headers: request.headers,
                body: .byteBuffer(request.body))
        else { return completion(.failure(.forbidden("its URL cannot be used"))) }
        let started = state.withLock { state -> (UInt64, HTTPClient.Task<Void>, OutgoingClient)? in
            guard !state.isStopping else { return nil }
            let client = isExempt ? trusting : checkingClient(for: request.address.origin, &state)
            let task = client.http.execute(
                request: message, delegate: exchange, deadline: .now() + request.timeLimit)
            state.nextTask += 1
            state.tasks[state.nextTask] = task
            return (state.nextTask, task, client)
        }
        guard let (number, task, client) = started else {
            return completion(.failure(.notSent("the server is stopping")))
        }
        task.futureResult.whenComplete { result in
            var error: (any Error)?
            if case .failure(let failure) = result { error = failure }
            completion(exchange.result(error))
            self.ended(number)
            // It lives until its last request has ended.
            withExtendedLifetime(client) {}
        }
    }

    private func checkingClient(for origin: String, _ state: inout State) -> OutgoingClient {
        if state.origins.count >= originLimit, !state.origins.contains(origin) {
            state.checking = Self.checkingClient(eventLoop, policy)
            state.origins = []
        }
        state.origins.insert(origin)
        return state.checking
    }

    private func ended(_ number: UInt64) {
        let drained = state.withLock { state in
            state.tasks[number] = nil
            return state.tasks.isEmpty ? state.drained : nil
        }
        drained?.succeed()
    }

    /// Takes no more, and waits a while for answers that are due. All completions have been called when it returns.
    /// - Parameter drainTime: how long it waits before it gives up the rest.
    package func shutdown(drainTime: TimeAmount = .seconds(5)) async {
        let drained = eventLoop.makePromise(of: Void.self)
        let isEmpty = state.withLock { state in
            state.isStopping = true
            state.drained = drained
            return state.tasks.isEmpty
        }
        if isEmpty { drained.succeed() }
        let givingUp = eventLoop.scheduleTask(in: drainTime) {
            for task in self.state.withLock({ Array($0.tasks.values) }) { task.cancel() }
        }
        try? await drained.futureResult.get()
        givingUp.cancel()
        try? await state.withLock { $0.checking }.http.shutdown()
        try? await trusting.http.shutdown()
    }
}

/// A connection was made to an address that the policy does not allow.
struct ForbiddenAddress: Error {
    let reason: String
}
