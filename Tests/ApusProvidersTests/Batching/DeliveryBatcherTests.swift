import ApusCore
import NIOCore
import Testing

@testable import ApusProviders

@Suite("DeliveryBatcher")
struct DeliveryBatcherTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func pending(message: Int64 = 1, device: Int64, platform: Platform = .android) -> BatchedDelivery {
        let message = Message(
            id: MessageID(message), app: AppNumber(1), appID: "shop", tenant: "", content: MessageContent(alert: "x"),
            needsConfirmation: false, expiresAt: Timestamp(milliseconds: 0))
        let delivery = VendorDelivery(
            message: message, device: DeviceNumber(device), platform: platform, token: "t\(device)",
            registeredAt: Timestamp(milliseconds: 0))
        return BatchedDelivery(delivery) { _ in }
    }

    @Test("a batch that is full is there at once, one that is not after a while")
    func fills() {
        var batcher = DeliveryBatcher(limit: 3, capacity: 100)
        for device in 1...4 {
            let isTaken = batcher.add(pending(device: Int64(device)), at: start)
            #expect(isTaken)
        }
        #expect(batcher.next(at: start)?.tokens == ["t1", "t2", "t3"])
        #expect(batcher.next(at: start) == nil)
        #expect(batcher.nextDue == start + DeliveryBatcher.linger)
        #expect(batcher.next(at: start + DeliveryBatcher.linger)?.tokens == ["t4"])
        #expect(batcher.count == 0)
        #expect(batcher.nextDue == nil)
    }

    @Test("messages and platforms are kept apart, in the order in which they came")
    func separates() {
        var batcher = DeliveryBatcher(limit: 10, capacity: 100)
        _ = batcher.add(pending(device: 1), at: start)
        _ = batcher.add(pending(device: 2, platform: .ios), at: start + .milliseconds(1))
        _ = batcher.add(pending(device: 3), at: start)
        _ = batcher.add(pending(message: 2, device: 1), at: start)
        #expect(batcher.next(at: start)?.tokens == ["t1", "t3"])
        #expect(batcher.next(at: start) == nil)
        let later = start + .seconds(1)
        #expect(batcher.next(at: later)?.message.id == MessageID(2))
        #expect(batcher.next(at: later)?.platform == .ios)
    }

    @Test("variants of a message are kept apart, and each fills its own batch")
    func variants() {
        var batcher = DeliveryBatcher(limit: 2, capacity: 100)
        let variants = MessageVariants(languages: ["zh": .init(alert: "你好")])
        for (device, language) in ["zh", "en", "zh-CN", "de"].enumerated() {
            let message = Message(
                id: MessageID(1), app: AppNumber(1), appID: "shop", tenant: "",
                content: MessageContent(alert: "hi", variants: variants), needsConfirmation: false,
                expiresAt: Timestamp(milliseconds: 0))
            let delivery = VendorDelivery(
                message: message.adapted(to: .android, language), device: DeviceNumber(Int64(device)),
                platform: .android, token: language, registeredAt: Timestamp(milliseconds: 0))
            _ = batcher.add(BatchedDelivery(delivery) { _ in }, at: start)
        }
        let batches = [batcher.next(at: start), batcher.next(at: start)]
        #expect(batches.map { $0?.tokens } == [["zh", "zh-CN"], ["en", "de"]])
        #expect(batches.map { $0?.message.content.alert } == ["你好", "hi"])
    }

    @Test("a batch that nobody takes goes on filling")
    func goesOnFilling() {
        var batcher = DeliveryBatcher(limit: 10, capacity: 100)
        _ = batcher.add(pending(device: 1), at: start)
        _ = batcher.add(pending(device: 2), at: start + .seconds(5))
        #expect(batcher.next(at: start + .seconds(5))?.count == 2)
    }

    @Test("it takes no more than it has room for, and what is put back comes first")
    func isBounded() throws {
        var batcher = DeliveryBatcher(limit: 2, capacity: 4)
        for device in 1...4 {
            let isTaken = batcher.add(pending(device: Int64(device)), at: start)
            #expect(isTaken)
        }
        let isTaken = batcher.add(pending(device: 5), at: start)
        #expect(!isTaken)
        let next = batcher.next(at: start)
        let first = try #require(next)
        let halves = try #require(first.halves)
        batcher.putBack([halves.0, halves.1])
        #expect(batcher.next(at: start)?.tokens == ["t1"])
        #expect(batcher.next(at: start)?.tokens == ["t2"])
        #expect(batcher.next(at: start)?.tokens == ["t3", "t4"])
        #expect(halves.0.halves == nil)
    }

    @Test("what is to go alone does not wait for others")
    func alone() {
        var batcher = DeliveryBatcher(limit: 10, capacity: 100)
        _ = batcher.add(pending(device: 1), at: start)
        _ = batcher.add(pending(device: 2), isAlone: true, at: start)
        #expect(batcher.next(at: start)?.tokens == ["t2"])
        #expect(batcher.removeAll().map(\.tokens) == [["t1"]])
        #expect(batcher.count == 0)
    }
}
