import ApusCore
import NIOCore

/// Pushes that distributors have been sent and not answered.
struct AwaitedAnswers {
    struct Answer {
        let delivery: VendorDelivery
        let deadline: NIODeadline
        let completion: @Sendable (VendorOutcome) -> Void
    }

    private static let most = 4096

    private var awaited: [MessageID: Answer] = [:]

    /// - Returns: false if too many are awaited already.
    mutating func await(
        _ delivery: VendorDelivery, until deadline: NIODeadline,
        _ completion: @escaping @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        guard awaited.count < Self.most else { return false }
        awaited[delivery.message.id] = Answer(delivery: delivery, deadline: deadline, completion: completion)
        return true
    }

    mutating func forget(_ message: MessageID) {
        awaited[message] = nil
    }

    /// Only who was sent a push can answer it.
    mutating func take(_ message: MessageID, from sender: JID) -> Answer? {
        guard let answer = awaited[message], let address = try? JID(answer.delivery.token),
            address.bare == sender.bare
        else { return nil }
        awaited[message] = nil
        return answer
    }

    mutating func takeOverdue(at now: NIODeadline) -> [Answer] {
        let overdue = awaited.filter { $0.value.deadline <= now }
        for message in overdue.keys { awaited[message] = nil }
        return Array(overdue.values)
    }

    mutating func takeAll() -> [Answer] {
        defer { awaited = [:] }
        return Array(awaited.values)
    }
}
