import ApusCore
import Testing

@Suite("An answer with nothing but a message's id")
struct AcknowledgementTests {
    private func delivery(_ events: DeliveryEvent..., confirm: Bool = true) -> Delivery {
        var delivery = Delivery(needsConfirmation: confirm)
        for event in events { delivery.apply(event, at: Timestamp(milliseconds: 1)) }
        return delivery
    }

    private func acknowledged(_ delivery: Delivery) -> (delivery: Delivery, changed: Bool) {
        var delivery = delivery
        let changed = delivery.apply(.acknowledged, at: Timestamp(milliseconds: 2))
        return (delivery, changed)
    }

    @Test("the first says received, the second read, and a third nothing", arguments: [true, false])
    func threeTimes(confirm: Bool) {
        let first = acknowledged(delivery(.sent(.xmpp), confirm: confirm))
        #expect(first.changed && first.delivery.state == .received && first.delivery.receivedAt?.milliseconds == 2)
        let second = acknowledged(first.delivery)
        #expect(second.changed && second.delivery.state == .read)
        let third = acknowledged(second.delivery)
        #expect(!third.changed && third.delivery == second.delivery)
    }

    @Test("says received also before it is known that the message was sent")
    func unsent() {
        let (delivery, changed) = acknowledged(delivery())
        #expect(changed && delivery.state == .received && delivery.sentAt?.milliseconds == 2 && !delivery.isOpen)
    }

    @Test("says read once the message was received in another way, and nothing once it was read")
    func mixed() {
        #expect(acknowledged(delivery(.sent(.xmpp), .received)).delivery.state == .read)
        #expect(!acknowledged(delivery(.sent(.xmpp), .read)).changed)
    }

    @Test("changes nothing once the delivery ended")
    func ended() {
        for end: DeliveryEnd in [.expired, .cancelled, .failed("gone")] {
            let ended = delivery(.sent(.xmpp), .ended(end))
            let (after, changed) = acknowledged(ended)
            #expect(!changed && after == ended)
        }
    }

    @Test("is applied after what is written with it: sent and received and an answer are read")
    func order() {
        var change = DeliveryChange(MessageID(1), DeviceNumber(1), .acknowledged, at: Timestamp(milliseconds: 9))
        #expect(change.events.map(\.0) == [.acknowledged])
        change.receivedAt = Timestamp(milliseconds: 8)
        change.sentAt = Timestamp(milliseconds: 7)
        change.route = .xmpp
        change.end = .expired
        change.endedAt = Timestamp(milliseconds: 10)
        #expect(change.events.map(\.0) == [.sent(.xmpp), .received, .acknowledged, .ended(.expired)])
        #expect(change.events.map(\.1.milliseconds) == [7, 8, 9, 10])
    }

    @Test("each receipt is written as what it says")
    func receipts() {
        let change = { (receipt: Receipt) in
            DeliveryChange(MessageID(1), DeviceNumber(1), receipt, at: Timestamp(milliseconds: 1)).events.map(\.0)
        }
        #expect(change(.received) == [.received] && change(.read) == [.read])
        #expect(change(.acknowledged) == [.acknowledged])
    }
}
