import ApusCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// A client's connection without its I/O: the streams that are open, and what becomes of each request.
struct APNsConnection {
    enum Action: Equatable {
        /// Reset the stream with `REFUSED_STREAM`.
        case refuse(HTTP2StreamID)
        case settle(Outcome)
        /// Call ``stopHolding()`` in a moment.
        case awaitMore
        case sendGoAway(lastStream: HTTP2StreamID, unprocessed: Int)
        /// The last answer has gone out: nothing more will come of this connection.
        case finish
    }

    /// What becomes of a request that has come in full.
    struct Outcome: Equatable {
        let stream: HTTP2StreamID
        var accepted: APNsAcceptedNotification?
        /// Whether it was thrown away unread.
        var isDropped = false
        /// nil if the client is left without one.
        var answer: APNsAnswer?
        /// Comes on top of the usual latency.
        var delay = TimeAmount.zero
        var resetsConnection = false
    }

    private enum Phase: Equatable {
        case open
        /// So many further requests are left unprocessed before GOAWAY is sent.
        case holding(lastStream: HTTP2StreamID, held: Int)
        case goneAway
        case finished
    }

    private enum Stream {
        case receiving(APNsRequestHead, body: ByteBuffer, size: Int)
        case answering
    }

    /// What a request may have before the rest of it is thrown away.
    private static let bodyLimit = 8 * 1024

    var behaviour: APNsBehaviour
    var authenticator: APNsAuthenticator
    private let faults: APNsFaultSchedule
    private var streams: [HTTP2StreamID: Stream] = [:]
    private var phase = Phase.open
    private var lastStream = HTTP2StreamID.rootStream
    private var begun = 0
    private var received = 0

    init(_ behaviour: APNsBehaviour, authenticator: APNsAuthenticator, faults: APNsFaultSchedule) {
        self.behaviour = behaviour
        self.authenticator = authenticator
        self.faults = faults
    }

    // MARK: What comes from the client

    mutating func receive(
        _ headers: HPACKHeaders, on stream: HTTP2StreamID, isLast: Bool, at now: Timestamp
    ) -> [Action] {
        // Trailers.
        if streams[stream] != nil { return isLast ? settle(stream, at: now) : [] }
        switch phase {
        case .goneAway, .finished:
            return []
        case .holding(let lastStream, let held):
            phase = .holding(lastStream: lastStream, held: held + 1)
            return held + 1 >= behaviour.goAwayUnprocessed ? stopHolding() : []
        case .open:
            if faults.refuses(behaviour) { return [.refuse(stream)] }
            streams[stream] = .receiving(APNsRequestHead(headers), body: ByteBuffer(), size: 0)
            lastStream = stream
            begun += 1
            let isTimeToGo = behaviour.goAwayEvery > 0 && begun >= behaviour.goAwayEvery
            let farewell = isTimeToGo ? startHolding(after: stream) : []
            return isLast ? farewell + settle(stream, at: now) : farewell
        }
    }

    mutating func receive(
        _ bytes: ByteBuffer, on stream: HTTP2StreamID, isLast: Bool, at now: Timestamp
    ) -> [Action] {
        guard case .receiving(let head, var body, let size) = streams[stream] else { return [] }
        if body.readableBytes == 0 {
            body = bytes
        } else if size < Self.bodyLimit {
            body.writeImmutableBuffer(bytes)
        }
        streams[stream] = .receiving(head, body: body, size: size + bytes.readableBytes)
        return isLast ? settle(stream, at: now) : []
    }

    /// The stream is over: answered, or reset by the client.
    mutating func streamClosed(_ stream: HTTP2StreamID) -> [Action] {
        streams[stream] = nil
        return finishIfDone()
    }

    // MARK: Answering

    /// Whether the client still waits for the answer on this stream.
    func awaitsAnswer(_ stream: HTTP2StreamID) -> Bool {
        streams[stream] != nil
    }

    /// Decides about a request that has come in full.
    private mutating func settle(_ stream: HTTP2StreamID, at now: Timestamp) -> [Action] {
        guard case .receiving(let head, let body, let size) = streams[stream] else { return [] }
        received += 1
        var outcome = Outcome(stream: stream)
        outcome.resetsConnection = behaviour.resetEvery > 0 && received.isMultiple(of: behaviour.resetEvery)
        if faults.drops(behaviour) {
            outcome.isDropped = true
        } else {
            judge(head, body, size: size, into: &outcome, at: now)
        }
        if outcome.accepted != nil, outcome.resetsConnection || faults.leavesUnanswered(behaviour) {
            outcome.answer = nil
        }
        streams[stream] = outcome.answer == nil ? nil : .answering
        return [.settle(outcome)] + (outcome.answer == nil ? finishIfDone() : [])
    }

    private mutating func judge(
        _ head: APNsRequestHead, _ body: ByteBuffer, size: Int, into outcome: inout Outcome, at now: Timestamp
    ) {
        do throws(APNsRefusal) {
            let token = try APNsRequestRules.deviceToken(of: head)
            let sender = try authenticator.sender(
                head.authorization, at: now, wedges: behaviour.expiryWedgesConnection)
            let notification = try APNsRequestRules.notification(
                head, token: token, from: sender, payload: body, size: size, id: UniqueID.make(), now: now)
            let rule = faults.rule(for: token, behaviour)
            outcome.delay = rule?.delay ?? .zero
            if let rule, let reason = rule.reason {
                outcome.answer = APNsAnswer(
                    id: notification.id, reason: reason, timestamp: rule.timestamp ?? now.milliseconds,
                    retryAfter: rule.retryAfter)
            } else {
                outcome.accepted = notification
                outcome.answer = APNsAnswer(id: notification.id)
            }
        } catch {
            let id = error == .badMessageID ? nil : head.id
            outcome.answer = APNsAnswer(id: id ?? UniqueID.make(), reason: error)
        }
    }

    // MARK: Going away

    private mutating func startHolding(after stream: HTTP2StreamID) -> [Action] {
        phase = .holding(lastStream: stream, held: 0)
        return behaviour.goAwayUnprocessed > 0 ? [.awaitMore] : stopHolding()
    }

    /// Tells the client now which of its requests count. Does nothing if no further ones are being held.
    mutating func stopHolding() -> [Action] {
        guard case .holding(let lastStream, let held) = phase else { return [] }
        phase = .goneAway
        return [.sendGoAway(lastStream: lastStream, unprocessed: held)] + finishIfDone()
    }

    /// Says goodbye to a client whose connection is still good.
    mutating func goAway() -> [Action] {
        if phase == .open { phase = .holding(lastStream: lastStream, held: 0) }
        return stopHolding()
    }

    private mutating func finishIfDone() -> [Action] {
        guard phase == .goneAway, streams.isEmpty else { return [] }
        phase = .finished
        return [.finish]
    }
}
