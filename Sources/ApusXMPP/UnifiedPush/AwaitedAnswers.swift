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

    /// How long a device that let a push go unanswered is asked for nothing more, but for one push after that time.
    private static let silence = TimeAmount.seconds(60)
    /// When most of the room is taken, an answer is due so much earlier: few may not keep all others waiting.
    private static let haste = TimeAmount.seconds(50)

    private var awaited: [MessageID: Answer] = [:]
    /// Devices that did not answer, and when they are asked again.
    private var silent: [DeviceNumber: NIODeadline] = [:]

    /// Whether to send the device a push.
    mutating func mayAsk(_ device: DeviceNumber, at now: NIODeadline) -> Bool {
        guard let next = silent[device] else { return true }
        guard now >= next else { return false }
        silent[device] = now + Self.silence
        return true
    }

    /// The device says that it is there.
    mutating func heard(_ device: DeviceNumber) {
        silent[device] = nil
    }

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
        heard(answer.delivery.device)
        return answer
    }

    mutating func takeOverdue(at now: NIODeadline) -> [Answer] {
        let latest = awaited.count > Self.most / 2 ? now + Self.haste : now
        let overdue = awaited.filter { $0.value.deadline <= latest }
        if silent.count > Self.most { silent = [:] }
        for (message, answer) in overdue {
            awaited[message] = nil
            silent[answer.delivery.device] = now + Self.silence
        }
        return Array(overdue.values)
    }

    mutating func takeAll() -> [Answer] {
        defer { awaited = [:] }
        return Array(awaited.values)
    }
}
