import Foundation

/// Sends what callers hand in, one request after the other: what comes while one is under way goes with the next. So a
/// lone message goes at once, and many that come at one time share a request.
actor SendQueue {
    private let client: APIClient
    private let settings: Sender.Settings
    private var backlog: SendBacklog
    private var callers: [Int: CheckedContinuation<String, any Error>] = [:]
    private var isRunning = false

    init(_ client: APIClient, _ settings: Sender.Settings) {
        self.client = client
        self.settings = settings
        backlog = SendBacklog(settings)
    }

    /// Answers the message's id once the server has accepted it.
    func send(_ line: Data) async throws -> String {
        try Task.checkCancellation()
        let number = try backlog.add(line, at: .now)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { caller in
                callers[number] = caller
                if !isRunning {
                    isRunning = true
                    Task { await run() }
                }
            }
        } onCancel: {
            Task { await finish([number: .failure(CancellationError())]) }
        }
    }

    /// Sends until nothing waits.
    private func run() async {
        var delay = RetryDelay(settings.retryDelay)
        while case let batch = backlog.batch, !batch.isEmpty {
            let results = await post(batch)
            let backOff = delay.next()
            var longestPause: Duration?
            var done: [Int: Result<String, any Error>] = [:]
            for (entry, result) in zip(batch, results) {
                if case .failure(let error) = result, let asked = Sender.pause(after: error),
                    case let pause = max(asked, backOff), .now + pause < entry.deadline
                {
                    longestPause = max(longestPause ?? .zero, pause)
                } else {
                    done[entry.number] = result
                }
            }
            finish(done)
            if let longestPause { try? await Task.sleep(for: longestPause) } else { delay.reset() }
        }
        isRunning = false
    }

    private func finish(_ results: [Int: Result<String, any Error>]) {
        backlog.remove(Set(results.keys))
        for (number, result) in results { callers.removeValue(forKey: number)?.resume(with: result) }
    }

    // MARK: A request

    private struct Accepted: Decodable {
        let requestId: String
    }

    /// One result for each message; none if they are too many for one request.
    private func post(_ batch: [SendBacklog.Entry]) async -> [Result<String, any Error>] {
        do {
            let answer = try await client.post(["v1", "messages:batch"], lines: batch.map(\.line))
            let lines = answer.text.split(separator: "\n")
            guard lines.count == batch.count else { throw UnexpectedAnswerError(text: answer.text) }
            return lines.map { line in Result { try Self.messageID(in: String(line)) } }
        } catch let error as APIError where error.status == 413 && batch.count > 1 {
            backlog.shrink(below: batch.count)
            return []
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    /// - Throws: `APIError` if the line says why the message was refused.
    private static func messageID(in line: String) throws -> String {
        let answer = APIAnswer(text: line)
        if let accepted = try? answer.decoded(as: Accepted.self) { return accepted.requestId }
        throw try APIError(line: answer)
    }
}
