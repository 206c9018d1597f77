import ApusCore
import NIOCore
import NIOHTTP1
import Synchronization

/// The subscriptions of a simulator and what came for them.
final class WebPushSimulatorState: Sendable {
    private struct Subscription {
        let device = SimulatedDevice()
        let requiredKey: String?
        var answer: WebPushSimulatorAnswer?
        var isGone = false
        var messages = CircularBuffer<WebPushSimulatorMessage>()
    }

    /// What to write for a request.
    struct Answer {
        var status: HTTPResponseStatus
        var headers = HTTPHeaders()
        var body = ByteBuffer()
    }

    private let clock: any Clock
    /// How many messages of a subscription are kept, the latest.
    private let remembered: Int
    private let subscriptions = Mutex<[String: Subscription]>([:])
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(clock: any Clock, remembered: Int) {
        self.clock = clock
        self.remembered = remembered
    }

    // MARK: Connections

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        connections.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in self.connections.withLock { $0[id] = nil } }
    }

    func closeConnections() {
        for channel in connections.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    // MARK: Control

    /// - Parameter requiredKey: the only sender's, as `applicationServerKey` in a browser.
    func subscribe(requiredKey: String?) -> String {
        let id = RandomToken.hex128()
        subscriptions.withLock { $0[id] = Subscription(requiredKey: requiredKey) }
        return id
    }

    /// What a browser would give to the app.
    func json(of id: String, origin: String) -> String? {
        guard let device = subscriptions.withLock({ $0[id]?.device }) else { return nil }
        var json = ByteBuffer()
        json.writeJSONObject { object in
            object.member("endpoint", string: "\(origin)/push/\(id)")
            object.member("expirationTime", raw: "null")
            object.member("keys") { keys in
                keys.member("p256dh", string: device.publicKey)
                keys.member("auth", string: device.secret)
            }
        }
        return String(buffer: json)
    }

    func messages(for id: String) -> [WebPushSimulatorMessage]? {
        subscriptions.withLock { $0[id].map { Array($0.messages) } }
    }

    /// - Returns: false if there is no such subscription.
    func setAnswer(_ answer: WebPushSimulatorAnswer?, for id: String) -> Bool {
        subscriptions.withLock { subscriptions in
            subscriptions[id]?.answer = answer
            return subscriptions[id] != nil
        }
    }

    /// - Returns: false if there is no such subscription.
    func unsubscribe(_ id: String) -> Bool {
        subscriptions.withLock { subscriptions in
            subscriptions[id]?.isGone = true
            return subscriptions[id] != nil
        }
    }

    // MARK: Push

    /// - Returns: nil if there is to be no answer.
    func push(to id: String, _ headers: HTTPHeaders, _ body: ByteBuffer, origin: String) -> Answer? {
        subscriptions.withLock { subscriptions in
            guard var subscription = subscriptions[id] else { return Self.failure(404, "There is no such endpoint.") }
            defer { subscriptions[id] = subscription }
            if subscription.isGone { return Self.failure(410, "The device has unsubscribed.") }
            if var demanded = subscription.answer {
                demanded.times -= 1
                subscription.answer = demanded.times > 0 ? demanded : nil
                return demanded.isSilent ? nil : Self.answer(demanded)
            }
            return take(headers, body, origin, &subscription)
        }
    }

    private func take(
        _ headers: HTTPHeaders, _ body: ByteBuffer, _ origin: String, _ subscription: inout Subscription
    ) -> Answer {
        let (id, now) = (RandomToken.hex128(), clock.now)
        let message: WebPushSimulatorMessage
        var answer: Answer
        do throws(WebPushRefusal) {
            let rules = try WebPushRequestRules(
                headers, bodyLength: body.readableBytes, origin: origin, requiredKey: subscription.requiredKey, at: now)
            message = WebPushSimulatorMessage(
                id: id, receivedAt: now, status: 201, problem: nil, timeToLive: rules.timeToLive,
                urgency: rules.urgency, topic: rules.topic, key: rules.sender?.key,
                plaintext: subscription.device.decrypt(Array(body.readableBytesView)))
            answer = Answer(
                status: .created, headers: ["location": "\(origin)/message/\(id)", "ttl": "\(rules.timeToLive)"])
        } catch {
            message = WebPushSimulatorMessage(
                id: id, receivedAt: now, status: error.status, problem: error.reason, timeToLive: nil, urgency: nil,
                topic: nil, key: nil, plaintext: nil)
            answer = Self.failure(error.status, error.reason)
            if error.status == 401 { answer.headers.add(name: "www-authenticate", value: "vapid") }
        }
        if subscription.messages.count >= remembered { subscription.messages.removeFirst() }
        subscription.messages.append(message)
        return answer
    }

    private static func answer(_ demanded: WebPushSimulatorAnswer) -> Answer {
        var answer = failure(demanded.status, "This was demanded.")
        if let retryAfter = demanded.retryAfter { answer.headers.add(name: "retry-after", value: retryAfter) }
        if let location = demanded.location { answer.headers.add(name: "location", value: location) }
        return answer
    }

    static func failure(_ status: Int, _ message: String) -> Answer {
        var answer = Answer(
            status: HTTPResponseStatus(statusCode: status), headers: ["content-type": "application/json"])
        answer.body.writeJSONObject { $0.member("error", string: message) }
        return answer
    }
}
