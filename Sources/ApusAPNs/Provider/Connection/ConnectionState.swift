import NIOCore
import NIOHTTP2

/// One HTTP/2 connection to APNs (RFC 9113): which streams are open, whether there may be another one, and how each of
/// them ends.
///
/// It counts streams and bytes by itself. NIOHTTP2 would take any number of them and keep what is over the peer's limits,
/// out of sight and for as long as it takes.
struct ConnectionState<Request> {
    enum Phase: Equatable {
        /// Not to be used before the peer has told its settings.
        case opening
        case ready
        /// No more streams are opened; those that are open may still be answered.
        case draining
        case closed
    }

    struct Ending {
        let stream: HTTP2StreamID
        let request: Request
        let startedAt: NIODeadline
        let end: AttemptEnd
        /// The stream is not over for the peer: reset it.
        var mustReset = false
    }

    struct Stream {
        let request: Request
        let startedAt: NIODeadline
        let deadline: NIODeadline
        /// Bytes of the body that NIOHTTP2 has not written yet.
        var unsent: Int
        var head: ResponseHead?
        var body = ByteBuffer()
    }

    enum Liveness: Equatable {
        case alive
        case ping
        case dead
    }

    /// An answer has about 100 bytes.
    private static var largestBody: Int { 4096 }
    private static var initialWindow: Int { 65_535 }
    /// What NIOHTTP2 goes by as long as the peer sets no limit.
    private static var unsaidLimit: Int { 100 }
    /// The first answer after so long a pause is 500 at times, and so are those that follow on the same connection.
    private static var longPause: TimeAmount { .minutes(5) }

    private let limits: APNsLimits
    private(set) var phase = Phase.opening
    private(set) var streams: [HTTP2StreamID: Stream] = [:]
    private var nextStream = HTTP2StreamID(1)
    private var peerLimit = Self.unsaidLimit
    /// What the peer showed by refusing streams that it allowed; until its next SETTINGS.
    private var refusalLimit = Int.max
    /// Bytes of bodies that the peer allows, less those handed to NIOHTTP2. Below zero, some of them are held back.
    private var window = Self.initialWindow
    /// Bytes received since the last WINDOW_UPDATE.
    private var uncredited = 0
    private(set) var unsent = 0
    /// Since when bytes have been held back.
    private(set) var blockedSince: NIODeadline?
    private(set) var lastUsed: NIODeadline
    private let openedAt: NIODeadline
    private var lastFrame: NIODeadline
    private var lastAnswer: NIODeadline
    private var pingedAt: NIODeadline?

    init(limits: APNsLimits, now: NIODeadline) {
        self.limits = limits
        openedAt = now
        lastUsed = now
        lastFrame = now
        lastAnswer = now
    }

    /// How many more streams may be opened now.
    var capacity: Int {
        guard phase == .ready, window > 0 else { return 0 }
        return max(min(peerLimit, refusalLimit, limits.streamsPerConnection) - streams.count, 0)
    }

    /// Whether it is of no more use and can be closed.
    var isDrained: Bool { phase == .draining && streams.isEmpty }

    // MARK: Sending

    /// Opens a stream. Only if there is capacity.
    mutating func open(_ request: Request, bytes: Int, deadline: NIODeadline, at now: NIODeadline) -> HTTP2StreamID {
        let stream = nextStream
        // The last two numbers stay unused, so that there always is a next one.
        if stream >= HTTP2StreamID.maxID.advanced(by: -4) { phase = .draining }
        nextStream = stream.advanced(by: 2)
        streams[stream] = Stream(
            request: request, startedAt: now, deadline: min(deadline, now + limits.answerTime), unsent: bytes)
        window -= bytes
        unsent += bytes
        lastUsed = now
        if streams.count == 1, pingedAt == nil { lastFrame = now }
        return stream
    }

    /// NIOHTTP2 has written so much of a stream's body.
    mutating func wrote(_ bytes: Int, on stream: HTTP2StreamID) {
        guard streams[stream] != nil else { return }
        streams[stream]?.unsent -= bytes
        unsent -= bytes
    }

    // MARK: Receiving

    /// Takes the peer's settings. A lower limit holds at once; streams beyond it may still end.
    mutating func receiveSettings(concurrentStreams: Int?) {
        if let concurrentStreams { peerLimit = concurrentStreams }
        refusalLimit = .max
        if phase == .opening { phase = .ready }
    }

    mutating func receiveWindowUpdate(_ increment: Int) {
        window += increment
    }

    mutating func receiveHead(
        _ head: ResponseHead, on stream: HTTP2StreamID, isEnd: Bool, at now: NIODeadline
    ) -> Ending? {
        if streams[stream]?.head == nil, head.status >= 200 { streams[stream]?.head = head }
        return isEnd ? answer(stream, at: now) : nil
    }

    mutating func receiveBody(
        _ bytes: ByteBuffer, on stream: HTTP2StreamID, isEnd: Bool, at now: NIODeadline
    ) -> Ending? {
        if let held = streams[stream]?.body.readableBytes, held + bytes.readableBytes <= Self.largestBody {
            streams[stream]?.body.writeImmutableBuffer(bytes)
        }
        return isEnd ? answer(stream, at: now) : nil
    }

    /// Counts what the peer has used of our window.
    /// - Returns: by how much to open it again, if it is time.
    mutating func credit(_ bytes: Int) -> Int? {
        uncredited += bytes
        guard uncredited >= Self.initialWindow / 2 else { return nil }
        defer { uncredited = 0 }
        return uncredited
    }

    /// The peer ended a stream (RFC 9113 §8.7, and §8.1 for a reset behind a complete answer).
    mutating func receiveReset(_ stream: HTTP2StreamID, _ code: HTTP2ErrorCode) -> Ending? {
        guard let open = remove(stream) else { return nil }
        let isRefused = code == .refusedStream && open.head == nil
        if isRefused { refusalLimit = max(streams.count, 1) }
        return Ending(
            stream: stream, request: open.request, startedAt: open.startedAt,
            end: isRefused ? .refused : Self.end(of: open))
    }

    /// The peer processes nothing beyond `last` (RFC 9113 §6.8).
    /// - Returns: what it has not processed, in the order it was sent.
    mutating func receiveGoAway(last: HTTP2StreamID) -> [Ending] {
        retire()
        return streams.keys.filter { $0 > last }.sorted().compactMap { stream in
            remove(stream).map { Ending(stream: stream, request: $0.request, startedAt: $0.startedAt, end: .refused) }
        }
    }

    /// A frame came, of whatever kind.
    mutating func receivedFrame(at now: NIODeadline) {
        lastFrame = now
        pingedAt = nil
    }

    // MARK: Time

    /// What became overdue. The streams are to be reset. If there was no answer at all meanwhile, no more are opened.
    mutating func expire(at now: NIODeadline) -> [Ending] {
        streams.filter { $0.value.deadline <= now }.keys.sorted().compactMap { stream in
            guard var ending = abandon(stream) else { return nil }
            if now - ending.startedAt >= limits.answerTime, lastAnswer <= ending.startedAt { retire() }
            ending.mustReset = true
            return ending
        }
    }

    /// Whether the peer is still there.
    mutating func checkLiveness(at now: NIODeadline) -> Liveness {
        if phase == .opening { return now - openedAt < limits.connectTime ? .alive : .dead }
        if let pingedAt { return now - pingedAt < limits.pingTime ? .alive : .dead }
        guard now - lastFrame >= (streams.isEmpty ? limits.pingIdle : limits.pingBusy) else { return .alive }
        pingedAt = now
        return .ping
    }

    /// Takes note of whether bytes are held back. To be called when what was written has been flushed.
    mutating func watchWindow(at now: NIODeadline) {
        blockedSince = unsent > 0 ? blockedSince ?? now : nil
    }

    // MARK: Ending

    /// Opens no more streams.
    mutating func retire() {
        if phase == .opening || phase == .ready { phase = .draining }
    }

    /// The stream ended, in whatever way.
    mutating func abandon(_ stream: HTTP2StreamID) -> Ending? {
        remove(stream).map {
            Ending(stream: stream, request: $0.request, startedAt: $0.startedAt, end: Self.end(of: $0))
        }
    }

    /// The connection is lost.
    /// - Returns: how what was under way ended, in the order it was sent.
    mutating func close() -> [Ending] {
        phase = .closed
        return streams.keys.sorted().compactMap { abandon($0) }
    }

    private mutating func answer(_ stream: HTTP2StreamID, at now: NIODeadline) -> Ending? {
        guard let open = remove(stream) else { return nil }
        if open.head?.status == 500, now - lastAnswer > Self.longPause { retire() }
        lastAnswer = now
        if refusalLimit < .max { refusalLimit += 1 }
        return Ending(
            stream: stream, request: open.request, startedAt: open.startedAt, end: Self.end(of: open),
            mustReset: open.unsent > 0)
    }

    private mutating func remove(_ stream: HTTP2StreamID) -> Stream? {
        guard let open = streams.removeValue(forKey: stream) else { return nil }
        window += open.unsent
        unsent -= open.unsent
        return open
    }

    private static func end(of stream: Stream) -> AttemptEnd {
        if let head = stream.head {
            .answered(
                APNsResponse(
                    status: head.status, body: stream.body, retryAfter: head.retryAfter, uniqueID: head.uniqueID))
        } else {
            stream.unsent > 0 ? .unsent : .unanswered
        }
    }
}
