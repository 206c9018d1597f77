import ApusCore
import ApusTestKit
import Testing

@Suite("The journal's packed form")
struct JournalCodecTests {
    private static func event(_ generator: inout SeededGenerator) -> StateEvent {
        let time = Timestamp(milliseconds: 1_800_000_000_000 + Int64.random(in: -1000...1000, using: &generator))
        let message = MessageID(
            MessageID(lowestAt: time).rawValue + Int64.random(in: 0...3, using: &generator))
        let kind = StateEvent.Kind.allCases.randomElement(using: &generator)!
        if kind == .accepted {
            let app = AppNumber(Int64.random(in: 1...300, using: &generator))
            let deliveries = Int.random(in: 0...200_000, using: &generator)
            return StateEvent(accepted: message, .init(app: app, deliveries: deliveries), at: time)
        }
        let route = [nil, Route.webSocket, .apns, Route(rawValue: "")].randomElement(using: &generator)!
        let reason = kind == .failed ? ["apns.Unregistered", "设备", ""].randomElement(using: &generator)! : nil
        return StateEvent(
            kind, message, DeviceNumber(Int64.random(in: 1...1_000_000, using: &generator)), at: time, route: route,
            reason: reason)
    }

    @Test("gives back what was put into it")
    func roundTrip() {
        var generator = SeededGenerator(seed: 7)
        for count in [0, 1, 2, 500] {
            let events = (0..<count).map { _ in Self.event(&generator) }
            var writer = JournalWriter()
            for event in events { writer.append(event) }
            #expect(writer.count == count)
            #expect(Array(JournalReader(writer.bytes)) == events)
        }
    }

    @Test("takes numbers at both ends of what there is")
    func extremes() {
        let events = [Int64.max, 0, .min, -1, 1].map {
            StateEvent(.sent, MessageID($0), DeviceNumber($0), at: Timestamp(milliseconds: $0), route: .xmpp)
        }
        var writer = JournalWriter()
        for event in events { writer.append(event) }
        #expect(Array(JournalReader(writer.bytes)) == events)
    }

    @Test("takes ten bytes or less for each event of ordinary traffic")
    func size() {
        var writer = JournalWriter()
        for number in 0..<1000 {
            let time = Timestamp(milliseconds: 1_800_000_000_000 + Int64(number / 20))
            let message = MessageID(MessageID(lowestAt: time).rawValue + Int64(number % 20))
            let device = DeviceNumber(Int64(number * 7919 % 1_000_000))
            writer.append(StateEvent(accepted: message, .init(app: AppNumber(1), deliveries: 1), at: time))
            writer.append(StateEvent(.unsent, message, device, at: time))
            writer.append(StateEvent(.sent, message, device, at: time.adding(milliseconds: 1), route: .webSocket))
            writer.append(StateEvent(.received, message, device, at: time.adding(milliseconds: 3), route: .webSocket))
        }
        #expect(writer.bytes.count <= 10 * writer.count)
    }

    @Test("ends where bytes make no sense, whatever they are")
    func garbage() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            let length = Int.random(in: 0...40, using: &generator)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Array(JournalReader(bytes)).count <= length)
        }
    }
}

@Suite("What is told of a delivery")
struct DeliveryEventsTests {
    private let message = MessageID(5)
    private let device = DeviceNumber(7)
    private let time = Timestamp(milliseconds: 1000)

    @Test("is each state on the way, also when they are reached at once")
    func statesOnTheWay() {
        let new = Delivery(needsConfirmation: true)
        var delivery = new
        delivery.apply(.sent(.webSocket), at: time)
        delivery.apply(.read, at: time.adding(seconds: 1))
        let events = delivery.events(since: new, of: message, to: device)
        #expect(events.map(\.kind) == [.sent, .received, .read])
        #expect(events.map(\.at.milliseconds) == [1000, 2000, 2000])
        #expect(events.allSatisfy { $0.route == .webSocket && $0.message == message && $0.device == device })
        #expect(delivery.events(since: delivery, of: message, to: device).isEmpty)
    }

    @Test("is its end with the reason, and nothing when it is sent again")
    func ends() {
        var delivery = Delivery(needsConfirmation: true)
        delivery.apply(.sent(.apns), at: time)
        let sent = delivery
        delivery.apply(.sent(.apns), at: time.adding(seconds: 1))
        #expect(delivery.events(since: sent, of: message, to: device).isEmpty)
        delivery.apply(.ended(.failed("apns.BadDeviceToken")), at: time.adding(seconds: 2))
        let events = delivery.events(since: sent, of: message, to: device)
        #expect(
            events == [
                StateEvent(
                    .failed, message, device, at: time.adding(seconds: 2), route: .apns, reason: "apns.BadDeviceToken")
            ])
    }
}
