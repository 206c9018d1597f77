import ApusCore
import CoreMetrics
import NIOCore

/// The body of `POST /v1/messages:batch`: one send body a line.
enum BatchBody {
    /// - Throws: `ApusError` if there are more than `most` lines; nothing of the batch is sent then.
    static func lines(_ body: ByteBuffer, most: Int) throws(ApusError) -> [ByteBuffer] {
        var lines: [ByteBuffer] = []
        var rest = body
        while rest.readableBytes > 0 {
            let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
            var line = rest.readSlice(length: (end ?? rest.writerIndex) - rest.readerIndex) ?? ByteBuffer()
            if end != nil { rest.moveReaderIndex(forwardBy: 1) }
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            if line.readableBytesView.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            lines.append(line)
            guard lines.count <= most else {
                throw ApusError(
                    .tooLarge, code: "batch_too_large",
                    "The batch has more than \(most) messages. Nothing of it was sent; send it in parts.")
            }
        }
        guard !lines.isEmpty else {
            throw ApusError(.invalid, code: "empty_batch", "The batch has no lines. Send one JSON object a line.")
        }
        return lines
    }

    /// The requests that the lines describe, with their line numbers. What is wrong with others is put into `answers`.
    static func requests(
        _ lines: [ByteBuffer], _ shared: HTTPServerContext, answers: BatchAnswer,
        from client: IPAddress?
    ) -> [(line: Int, push: PushRequest)] {
        var requests: [(line: Int, push: PushRequest)] = []
        requests.reserveCapacity(lines.count)
        let (limits, now) = (shared.limits.send, shared.dispatcher.clock.now)
        // Lines of a batch nearly always come from one app; its key is hashed once.
        var known: (id: String, key: String, app: App)?
        for (number, line) in lines.enumerated() {
            do throws(ApusError) {
                let body = try SendBody(line, limits: limits)
                var push = try body.request(idempotencyKey: nil, limits: limits, at: now) {
                    id, key throws(ApusError) in
                    if let known, known.id == id, known.key.utf8.elementsEqual(key.utf8) {
                        try shared.doorkeeper.apps.take(1, from: known.app)
                        return known.app
                    }
                    let app = try shared.doorkeeper.app(id, key: key, from: client)
                    known = (id, key, app)
                    try shared.doorkeeper.apps.take(1, from: app)
                    return app
                }
                push.origin = Origin(.app(push.appID), from: client)
                answers.note(line: number, ignored: body.unknown)
                requests.append((number, push))
            } catch {
                shared.metrics.refused.increment(error.code)
                answers.settle(number, .failure(error))
            }
        }
        return requests
    }
}

/// The answers to a batch as they come in, one a line, in the order of the lines.
final class BatchAnswer {
    private var results: [Result<Acceptance, ApusError>?]
    private var ignored: [Int: [String]] = [:]
    private var open: Int

    init(lines: Int) {
        results = Array(repeating: nil, count: lines)
        open = lines
    }

    var isComplete: Bool { open == 0 }

    func note(line: Int, ignored members: [String]) {
        if !members.isEmpty { ignored[line] = members }
    }

    func settle(_ line: Int, _ result: Result<Acceptance, ApusError>) {
        guard results[line] == nil else { return }
        results[line] = result
        open -= 1
    }

    var body: ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(results.count * 40)
        for (line, result) in results.enumerated() {
            switch result {
            case .success(let acceptance)?:
                OnePushAnswers.writeAccepted(acceptance.message, ignored: ignored[line] ?? [], into: &body)
            case .failure(let error)?:
                body.writeImmutableBuffer(error.body)
            case nil:
                break
            }
            body.writeStaticString("\n")
        }
        return body
    }
}
