public import Foundation

/// Where a message stands on its devices.
public struct MessageStatus: Sendable, Decodable {
    /// One device's part.
    public struct Delivery: Sendable, Decodable {
        public let deviceId: String
        public let alias: String?
        /// `unsent`, `sent`, `received` or `read`, or how it ended: `expired`, `failed` or `cancelled`.
        public let state: String
        public let sentAt: Date?
        public let receivedAt: Date?
        public let readAt: Date?
        public let attempts: Int?
        /// The way it went last: `websocket`, `xmpp`, `apns` …
        public let route: String?
        /// Why it failed.
        public let error: String?
    }

    public let id: String
    public let appId: String
    /// `accepted`, `scheduled` or `cancelled`.
    public let state: String?
    public let createdAt: Date
    /// When it is sent, or was, if not when it was accepted.
    public let sendAt: Date?
    public let expiresAt: Date
    /// How many devices are in which state.
    public let counts: [String: Int]
    public let deliveries: [Delivery]
    /// Asks for the deliveries behind these; `nil` if there are no more.
    public let next: String?
}

/// What became of a message for one device, step by step, and what comes next; without a device, what was done because
/// nobody confirmed it.
public struct DeliveryExplanation: Sendable, Decodable {
    public struct Step: Sendable, Decodable {
        public let at: Date?
        /// A stable name.
        public let code: String
        /// A sentence for people.
        public let text: String
        public let route: String?
    }

    public let messageId: String
    public let deviceId: String?
    public let state: String
    public let steps: [Step]
    public let next: Step
}

/// The answer to taking a message back.
public struct MessageCancellation: Sendable, Decodable {
    /// On how many devices it will not arrive any more.
    public let cancelled: Int
    /// How many devices had got it, and are told to forget it.
    public let recalled: Int?
}
