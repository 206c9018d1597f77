import ApusCore
import NIOCore
import Testing

@Suite("LaneState")
struct LaneStateTests {
    private let now = NIODeadline.uptimeNanoseconds(1)

    private func key(_ message: Int64) -> DeliveryKey {
        DeliveryKey(message: MessageID(message), device: DeviceNumber(1))
    }

    /// Submits these as a page that was read.
    private func take(_ keys: [DeliveryKey], _ lane: inout LaneState, isLast: Bool) {
        for key in keys {
            _ = lane.shouldSubmit(key)
            lane.passed(key)
        }
        lane.finishPage(isLast: isLast)
    }

    @Test("reads page after page until there is no more, and goes on when something is added")
    func pages() {
        var lane = LaneState(limit: 10, page: 2)
        #expect(lane.next(at: now) == .read(after: .zero, limit: 2))
        #expect(lane.next(at: now) == .wait, "one page at a time")
        take([key(1), key(2)], &lane, isLast: false)
        #expect(lane.next(at: now) == .read(after: key(2), limit: 2))
        take([key(3)], &lane, isLast: true)
        #expect(lane.next(at: now) == .wait)
        lane.added()
        #expect(lane.next(at: now) == .read(after: key(3), limit: 2))
    }

    @Test("holds no more than its limit, and reads on as deliveries are settled")
    func limit() {
        var lane = LaneState(limit: 3, page: 2)
        _ = lane.next(at: now)
        take([key(1), key(2)], &lane, isLast: false)
        #expect(lane.next(at: now) == .read(after: key(2), limit: 1))
        take([key(3)], &lane, isLast: false)
        #expect(lane.next(at: now) == .wait)
        lane.settled(key(1))
        #expect(lane.next(at: now) == .read(after: key(3), limit: 1))
        #expect(lane.underWayCount == 2)
    }

    @Test("keeps what the provider refuses, and reads it again when something else is settled")
    func refused() {
        var lane = LaneState(limit: 10, page: 5)
        _ = lane.next(at: now)
        _ = lane.shouldSubmit(key(1))
        lane.passed(key(1))
        _ = lane.shouldSubmit(key(2))
        let mustTryAgain = lane.refused(key(2))
        #expect(mustTryAgain, "the end of the first may be long in coming")
        #expect(lane.next(at: now) == .wait)
        lane.settled(key(1))
        #expect(lane.next(at: now) == .read(after: key(1), limit: 5))
        let isFree = lane.shouldSubmit(key(2))
        #expect(isFree)
    }

    @Test("begins anew without taking twice what is under way")
    func anew() {
        var lane = LaneState(limit: 10, page: 2)
        _ = lane.next(at: now)
        take([key(1), key(2)], &lane, isLast: true)
        lane.settled(key(2))
        lane.beginAnew()
        #expect(lane.next(at: now) == .read(after: .zero, limit: 2))
        let takesAgain = (lane.shouldSubmit(key(1)), lane.shouldSubmit(key(2)))
        #expect(takesAgain == (false, true))
    }

    @Test("begins anew after the page that is being read, not in the middle of it")
    func anewWhileReading() {
        var lane = LaneState(limit: 10, page: 2)
        _ = lane.next(at: now)
        lane.beginAnew()
        #expect(lane.next(at: now) == .wait)
        take([key(1), key(2)], &lane, isLast: true)
        #expect(lane.next(at: now) == .read(after: .zero, limit: 2))
    }

    @Test("pauses after something was put off, and then begins anew")
    func putOff() {
        var lane = LaneState(limit: 10, page: 2)
        _ = lane.next(at: now)
        take([key(1), key(2)], &lane, isLast: true)
        lane.putOff(key(1), until: now + .seconds(5))
        #expect(lane.next(at: now + .seconds(4)) == .wait)
        #expect(lane.next(at: now + .seconds(5)) == .read(after: .zero, limit: 2))
        let isFree = lane.shouldSubmit(key(1))
        #expect(isFree)
    }

    @Test("tries again by itself when the provider takes nothing and has nothing")
    func refusesAll() {
        var lane = LaneState(limit: 10, page: 5)
        _ = lane.next(at: now)
        _ = lane.shouldSubmit(key(1))
        let mustTryAgain = lane.refused(key(1))
        #expect(mustTryAgain)
        #expect(lane.next(at: now) == .wait)
        lane.tryAgain()
        #expect(lane.next(at: now) == .read(after: .zero, limit: 5))
    }

    @Test("does not submit again what was settled while an older view of the outbox was read")
    func staleView() {
        var lane = LaneState(limit: 10, page: 5)
        _ = lane.next(at: now)
        take([key(1), key(2)], &lane, isLast: true)
        lane.beginAnew()
        #expect(lane.next(at: now) == .read(after: .zero, limit: 5))
        lane.settled(key(1))
        let submits = (lane.shouldSubmit(key(1)), lane.shouldSubmit(key(2)), lane.shouldSubmit(key(3)))
        #expect(submits == (false, false, true))
    }
}
