import ApusCore
import ApusTestKit
import Testing

@Suite("A delivery")
struct DeliveryTests {
    static let events: [DeliveryEvent] = [
        .sent(.webSocket), .received, .read, .ended(.expired), .ended(.cancelled), .ended(.failed("gone")),
    ]

    private let time = Timestamp(milliseconds: 1000)

    private func delivery(_ path: [DeliveryEvent], confirm: Bool) -> Delivery {
        var delivery = Delivery(needsConfirmation: confirm)
        for event in path { delivery.apply(event, at: Timestamp(milliseconds: 1)) }
        return delivery
    }

    /// Every place a delivery can stand in, with what each event makes of it: a bucket, or nil where it is ignored.
    @Test(
        "moves as the table says, at every place and for every event",
        arguments: [
            // path to the place, confirm: sent, received, read, expired, cancelled, failed
            ([], false, ["sent", "received", "read", "expired", "cancelled", "failed"]),
            ([], true, ["sent", "received", "read", "expired", "cancelled", "failed"]),
            ([.sent(.webSocket)], false, ["sent", "received", "read", nil, nil, "failed"]),
            ([.sent(.webSocket)], true, ["sent", "received", "read", "expired", "cancelled", "failed"]),
            ([.received], false, [nil, nil, "read", nil, nil, nil]),
            ([.received], true, [nil, nil, "read", nil, nil, nil]),
            ([.read], false, [nil, nil, nil, nil, nil, nil]),
            ([.read], true, [nil, nil, nil, nil, nil, nil]),
            ([.ended(.expired)], false, [nil, nil, nil, nil, nil, nil]),
            ([.ended(.cancelled)], true, [nil, nil, nil, nil, nil, nil]),
            ([.ended(.failed("gone"))], true, [nil, nil, nil, nil, nil, nil]),
        ] as [([DeliveryEvent], Bool, [String?])])
    func table(_ path: [DeliveryEvent], _ confirm: Bool, _ expected: [String?]) {
        for (event, bucket) in zip(Self.events, expected) {
            let before = delivery(path, confirm: confirm)
            var after = before
            let changed = after.apply(event, at: time)
            #expect(changed == (bucket != nil), "\(path) + \(event)")
            if let bucket { #expect(after.bucket == bucket, "\(path) + \(event)") } else { #expect(after == before) }
        }
    }

    @Test("is open until it is sent, or until it is confirmed if that was asked for")
    func open() {
        #expect(delivery([], confirm: false).isOpen)
        #expect(!delivery([.sent(.webSocket)], confirm: false).isOpen)
        #expect(delivery([.sent(.webSocket)], confirm: true).isOpen)
        #expect(!delivery([.sent(.webSocket), .received], confirm: true).isOpen)
        #expect(!delivery([.ended(.expired)], confirm: true).isOpen)
    }

    @Test("keeps the time of each step, and fills in steps that were skipped")
    func times() {
        var delivery = Delivery(needsConfirmation: true)
        delivery.apply(.sent(.webSocket), at: Timestamp(milliseconds: 1))
        delivery.apply(.sent(.webSocket), at: Timestamp(milliseconds: 2))
        delivery.apply(.received, at: Timestamp(milliseconds: 3))
        delivery.apply(.received, at: Timestamp(milliseconds: 4))
        delivery.apply(.read, at: Timestamp(milliseconds: 5))
        #expect(delivery.sentAt?.milliseconds == 1 && delivery.attempts == 2)
        #expect(delivery.receivedAt?.milliseconds == 3)
        #expect(delivery.readAt?.milliseconds == 5)
        var skipped = Delivery(needsConfirmation: true)
        skipped.apply(.read, at: Timestamp(milliseconds: 9))
        #expect(skipped.sentAt?.milliseconds == 9 && skipped.receivedAt?.milliseconds == 9)
    }

    @Test("only ever grows, and counts in one bucket, in 20,000 random histories")
    func randomHistories() {
        var random = SeededGenerator(seed: 1)
        var counts = DeliveryCounts()
        let histories = 20_000
        for _ in 0..<histories {
            var delivery = Delivery(needsConfirmation: Bool.random(using: &random))
            for step in 0..<Int.random(in: 0...8, using: &random) {
                let before = delivery
                let event = Self.events.randomElement(using: &random)!
                delivery.apply(event, at: Timestamp(milliseconds: Int64(step)))
                #expect(delivery.state >= before.state)
                if before.end != nil { #expect(delivery == before) }
                #expect(delivery.attempts - before.attempts <= 1)
                for (old, new) in [
                    (before.sentAt, delivery.sentAt), (before.receivedAt, delivery.receivedAt),
                    (before.readAt, delivery.readAt), (before.endedAt, delivery.endedAt),
                ] where old != nil { #expect(old == new) }
                #expect((delivery.sentAt != nil) == (delivery.state >= .sent))
                #expect((delivery.receivedAt != nil) == (delivery.state >= .received))
                #expect((delivery.readAt != nil) == (delivery.state == .read))
                #expect((delivery.endedAt != nil) == (delivery.end != nil))
            }
            counts.count(delivery.state, delivery.end)
        }
        #expect(counts.total == histories)
    }
}
