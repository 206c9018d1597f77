import Synchronization

/// Changes of the control plane.
extension Dispatcher {
    /// Runs `body` in the next commit and returns once it is on disk. An `ApusError` must be thrown before writing.
    /// - Parameters:
    ///   - committed: told of the outcome on the commit thread, so in the order of the commits.
    ///   - act: what the audit is to say of it; nil if nothing was done.
    package func update<Value: Sendable>(
        committed: @escaping @Sendable (Value) -> Void = { _ in },
        noting act: @escaping @Sendable (Value) -> AuditAct? = { _ in nil },
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        return try await withCheckedThrowingContinuation { continuation in
            let shared = ResultBox<Value>()
            commits.enqueue(
                .control(
                    ControlOperation { [self] transaction in
                        shared.value.withLock { $0 = nil }
                        let value = try body(transaction)
                        try note(act(value), in: transaction)
                        shared.value.withLock { $0 = value }
                    } finished: { result in
                        let value = result.map { shared.value.withLock { $0! } }
                        if case .success(let value) = value { committed(value) }
                        continuation.resume(with: value)
                    }))
        }
    }

    func note(_ act: AuditAct?, in transaction: any StoreTransaction) throws {
        guard let audit, let act else { return }
        try audit.append(act, to: transaction, at: clock.now)
    }

    /// Runs `body` in the next commit, as `update` does, for what makes messages: `send` accepts one in this commit, and
    /// it is handed over after it.
    ///
    /// Neither `body` nor what it calls may throw for what is wrong with a message: the commit would fail.
    /// - Parameter act: what the audit is to say of it; nil if nothing was done.
    package func push<Value: Sendable>(
        noting act: @escaping @Sendable (Value) -> AuditAct? = { _ in nil },
        _ body:
            @escaping @Sendable (_ transaction: any StoreTransaction, _ send: (PushRequest) throws -> Acceptance) throws
            -> Value
    ) async throws -> Value {
        try await pushing { [self] transaction, send in
            let value = try body(transaction) { try send(.push($0)) }
            try note(act(value), in: transaction)
            return value
        }
    }

    func pushing<Value: Sendable>(
        _ body: @escaping @Sendable (_ transaction: any StoreTransaction, _ send: PushingOperation.Send) throws -> Value
    ) async throws -> Value {
        guard !stopping else { throw ApusError.stopping }
        return try await withCheckedThrowingContinuation { continuation in
            let shared = ResultBox<Value>()
            commits.enqueue(
                .push(
                    PushingOperation { transaction, send in
                        let value = try body(transaction, send)
                        shared.value.withLock { $0 = value }
                    } finished: { result in
                        continuation.resume(with: result.map { shared.value.withLock { $0! } })
                    }))
        }
    }
}
