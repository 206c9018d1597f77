import ApusCore
import NIOCore

/// A stanza that was sent and that the client has not counted yet.
enum ManagedStanza: Sendable {
    /// A message of the core, which still has it.
    case push(MessageID)
    case other(ByteBuffer)

    /// Bytes that are kept for it.
    var size: Int {
        if case .other(let bytes) = self { bytes.readableBytes } else { 0 }
    }
}

/// Both sides' counts of stanzas (XEP-0198 §4), and what the client has not counted yet.
struct StreamManagement: Sendable {
    /// More than this is not remembered: who never acknowledges is cut off.
    private static let mostWaiting = 2048
    private static let mostWaitingBytes = 1 << 20

    /// With so many waiting the client is asked for its count even if there is no message among them.
    private static let mostUnasked = 64

    /// What the stream is resumed by; nil if it cannot be.
    let id: String?
    /// Stanzas of the client's that came, modulo 2^32.
    private var received: UInt32 = 0
    /// Those of them whose messages are not on disk yet, in their order.
    private var unsettled: [UInt32] = []
    /// The client asked for our count before all that it sent was settled.
    private var owesCount = false
    /// Stanzas of ours that the client counted, modulo 2^32.
    private(set) var acknowledged: UInt32 = 0
    private var waiting = CircularBuffer<ManagedStanza>(initialCapacity: 4)
    private var waitingBytes = 0
    /// Whether an answer to `<r/>` is under way.
    private var isRequested = false
    /// Whether messages were sent since then.
    private var hasNewPushes = false

    init(id: String?) {
        self.id = id
    }

    /// Stanzas of the client's that need not come again, modulo 2^32: all up to the first that is not settled.
    var handled: UInt32 { unsettled.first.map { $0 &- 1 } ?? received }

    mutating func didReceive() {
        received &+= 1
    }

    /// The stanza that came last counts once it is settled.
    /// - Returns: its number.
    mutating func awaitSettlement() -> UInt32 {
        unsettled.append(received)
        return received
    }

    /// - Returns: whether to tell the client our count, as it asked for it before.
    mutating func didSettle(_ stanza: UInt32) -> Bool {
        unsettled.removeAll { $0 == stanza }
        guard unsettled.isEmpty, owesCount else { return false }
        owesCount = false
        return true
    }

    /// The client asked for our count.
    mutating func didTellCount() {
        owesCount = !unsettled.isEmpty
    }

    /// On a new connection the client sends again what was not settled, with the same numbers.
    mutating func resume() {
        received = handled
        unsettled = []
        owesCount = false
    }

    mutating func didSend(_ stanza: ManagedStanza) {
        waiting.append(stanza)
        waitingBytes += stanza.size
        if case .push = stanza { hasNewPushes = true }
    }

    var isOverfull: Bool { waiting.count > Self.mostWaiting || waitingBytes > Self.mostWaitingBytes }

    /// Whether the client is to be asked for its count now.
    mutating func shouldRequest() -> Bool {
        guard !isRequested, hasNewPushes || waiting.count >= Self.mostUnasked else { return false }
        isRequested = true
        hasNewPushes = false
        return true
    }

    /// The client has counted up to `count`.
    /// - Returns: what it counted since it told last.
    /// - Throws: `undefined-condition` if it counted more than was sent (XEP-0198 §4).
    mutating func acknowledge(_ count: UInt32) throws(StreamError) -> [ManagedStanza] {
        let new = Int(count &- acknowledged)
        guard new <= waiting.count else {
            let sent = acknowledged &+ UInt32(waiting.count)
            var detail = XMLElement("handled-count-too-high", Namespace.streamManagement)
            detail.attributes = [.init("h", String(count)), .init("send-count", String(sent))]
            throw StreamError(.undefinedCondition, detail: detail)
        }
        isRequested = false
        acknowledged = count
        let counted = Array(waiting.prefix(new))
        waitingBytes -= counted.reduce(0) { $0 + $1.size }
        waiting.removeFirst(new)
        if waiting.isEmpty { waiting = CircularBuffer(initialCapacity: 4) }  // an idle session holds no buffer
        return counted
    }

    /// What the client has not counted. It is forgotten here: whatever of it is sent again counts again.
    mutating func takeWaiting() -> [ManagedStanza] {
        defer {
            waiting.removeAll()
            waitingBytes = 0
        }
        isRequested = false
        return Array(waiting)
    }
}

extension Sequence<ManagedStanza> {
    var pushes: [MessageID] {
        compactMap { if case .push(let message) = $0 { message } else { nil } }
    }
}

/// A stream whose connection is gone, or about to be taken over by another.
struct SuspendedStream: Sendable {
    let account: Account
    let address: JID
    let usesNotifications: Bool
    var management: StreamManagement
    /// Whether it had sent presence.
    let isAvailable: Bool
    let undisplayed: RecentMessages
}
