import Synchronization

/// Changes of the control plane that make messages.
extension Dispatcher {
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
