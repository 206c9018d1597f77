import ApusCore
import NIOCore

enum StateBenchmarks {
    private static let count = 100_000

    static func run() {
        measure("delivery: unsent → sent → received → read", count: count) {
            for step in 0..<count {
                var delivery = Delivery(needsConfirmation: true)
                let time = Timestamp(milliseconds: Int64(step))
                delivery.apply(.sent(.webSocket), at: time)
                delivery.apply(.received, at: time)
                delivery.apply(.read, at: time)
                use(delivery)
            }
        }
        measure("session: offered, awaited, confirmed", count: count) {
            let settings = SessionSettings()
            let now = NIODeadline.now()
            var session = DeviceSession(device: DeviceNumber(1), now: now)
            _ = session.shouldFetch(isWritable: true, settings: settings)
            session.finishPage(isLast: true)
            for step in 1...count {
                let message = MessageID(Int64(step))
                guard session.offer(message, isWritable: true, settings: settings) else { continue }
                session.awaitConfirmation(
                    of: message, for: .seconds(60), sentAt: Timestamp(milliseconds: 0), isRecorded: false, now: now,
                    settings: settings)
                use(session.confirm(message))
            }
        }
        measure("timing wheel: added and taken", count: count) {
            var wheel = TimingWheel<Int>(tick: .milliseconds(100), buckets: 1024, start: .uptimeNanoseconds(0))
            for step in 0..<count {
                wheel.add(step, at: .uptimeNanoseconds(UInt64(step % 100) * 1_000_000_000 + 1))
            }
            use(wheel.advance(to: .uptimeNanoseconds(200_000_000_000)))
        }
    }
}
