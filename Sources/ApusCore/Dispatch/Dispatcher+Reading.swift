import Logging

/// What is read from the store, many questions in one view of it.
extension Dispatcher {
    func read(_ batch: [ReadOperation]) {
        var outboxes = [ShardOutbox](repeating: ShardOutbox(), count: shards.count)
        var answered = 0
        let answer = { (operation: ReadOperation, snapshot: Result<any StoreSnapshot, any Error>) in
            answered += 1
            switch operation {
            case .pending(let request):
                outboxes[request.shard].pending.append(
                    PendingAnswer(request: request, content: self.pending(request, snapshot)))
            case .query(let query):
                query(snapshot)
            }
        }
        do {
            try store.read { snapshot in
                for operation in batch { answer(operation, .success(snapshot)) }
            }
        } catch {
            // Each operation is answered once, whenever it failed.
            for operation in batch[answered...] { answer(operation, .failure(error)) }
        }
        post(outboxes)
    }

    private func pending(
        _ request: PendingRequest, _ snapshot: Result<any StoreSnapshot, any Error>
    ) -> PendingAnswer.Content {
        do {
            let snapshot = try snapshot.get()
            switch request.query {
            case .page(let after, let limit):
                // Unregistering and connecting may cross; the first page tells.
                if after == .zero, try !snapshot.isActive(request.device) { return .unregistered }
                return .deliveries(
                    try snapshot.pending(for: request.device, after: after, limit: limit, at: clock.now))
            case .again(let messages):
                return .deliveries(try snapshot.pending(for: request.device, among: messages, at: clock.now))
            }
        } catch {
            logger.error("reading what is pending failed", metadata: ["error": "\(error)"])
            return .unreadable
        }
    }
}
