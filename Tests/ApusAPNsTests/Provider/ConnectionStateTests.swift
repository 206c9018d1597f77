import NIOCore
import NIOHTTP2
import Testing

@testable import ApusAPNs

@Suite("The state of a connection to APNs")
struct ConnectionStateTests {
    private typealias State = ConnectionState<String>

    private static func at(_ seconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .seconds(seconds)
    }

    /// A connection whose peer has told its settings.
    private static func ready(streams: Int? = 1000) -> State {
        var state = State(limits: APNsLimits(), now: at(0))
        state.receiveSettings(concurrentStreams: streams)
        return state
    }

    @discardableResult
    private func open(_ request: String, bytes: Int = 100, at seconds: Int64 = 0, on state: inout State)
        -> HTTP2StreamID
    {
        state.open(request, bytes: bytes, deadline: .distantFuture, at: Self.at(seconds))
    }

    private func describe(_ endings: [State.Ending]) -> [String] {
        endings.map { "\($0.request) \($0.end)" }
    }

    @Test("is not used before the peer has told its settings")
    func opening() {
        var state = State(limits: APNsLimits(), now: Self.at(0))
        #expect(state.phase == .opening)
        #expect(state.capacity == 0)
        state.receiveSettings(concurrentStreams: 500)
        #expect(state.phase == .ready)
        #expect(state.capacity == 500)
    }

    @Test("allows as many streams as the peer, as we want at most, or as NIOHTTP2 does if the peer says nothing")
    func limits() {
        #expect(Self.ready(streams: 1500).capacity == 1000)
        #expect(Self.ready(streams: nil).capacity == 100)
        #expect(Self.ready(streams: 0).capacity == 0)
    }

    @Test("opens no more streams when the limit falls, until enough of them have ended")
    func fallingLimit() {
        var state = Self.ready(streams: 3)
        let first = open("a", on: &state)
        let second = open("b", on: &state)
        #expect(first == 1)
        #expect(second == 3)
        #expect(state.capacity == 1)
        state.receiveSettings(concurrentStreams: 1)
        #expect(state.capacity == 0)
        _ = state.receiveHead(ResponseHead(status: 200), on: first, isEnd: true, at: Self.at(0))
        #expect(state.capacity == 0)
        _ = state.receiveHead(ResponseHead(status: 200), on: second, isEnd: true, at: Self.at(0))
        #expect(state.capacity == 1)
        state.receiveSettings(concurrentStreams: nil)
        #expect(state.capacity == 1)
    }

    @Test("opens no more streams when the peer's window is used up, and counts what is held back")
    func window() {
        var state = Self.ready()
        let first = open("a", bytes: 65_000, on: &state)
        #expect(state.capacity > 0)
        let second = open("b", bytes: 4000, on: &state)
        #expect(state.capacity == 0)
        state.wrote(65_000, on: first)
        state.wrote(535, on: second)
        #expect(state.unsent == 3465)
        state.watchWindow(at: Self.at(1))
        state.watchWindow(at: Self.at(2))
        #expect(state.blockedSince == Self.at(1))

        state.receiveWindowUpdate(3465)
        #expect(state.capacity == 0)
        state.receiveWindowUpdate(1)
        #expect(state.capacity > 0)
        state.wrote(3465, on: second)
        state.watchWindow(at: Self.at(3))
        #expect(state.blockedSince == nil)
    }

    @Test("gets back the window of what was not sent when its stream ends, and resets the stream")
    func unsentEnds() {
        var state = Self.ready()
        let stream = open("a", bytes: 70_000, on: &state)
        state.wrote(65_535, on: stream)
        let ending = state.receiveHead(ResponseHead(status: 413), on: stream, isEnd: true, at: Self.at(0))
        #expect(ending?.mustReset == true)
        #expect(state.unsent == 0)
        state.receiveWindowUpdate(1)
        #expect(state.capacity > 0)
    }

    @Test("puts an answer together, whatever the pieces, and knows informational ones")
    func answer() throws {
        var state = Self.ready()
        let stream = open("a", on: &state)
        state.wrote(100, on: stream)
        var head = ResponseHead(status: 429)
        head.retryAfter = 7
        #expect(state.receiveHead(ResponseHead(status: 103), on: stream, isEnd: false, at: Self.at(0)) == nil)
        #expect(state.receiveHead(head, on: stream, isEnd: false, at: Self.at(0)) == nil)
        let pieces = [#"{"rea"#, #"son":"TooMany"#, #"Requests"}"#]
        for piece in pieces {
            #expect(state.receiveBody(ByteBuffer(string: piece), on: stream, isEnd: false, at: Self.at(0)) == nil)
        }
        let ending = state.receiveBody(ByteBuffer(), on: stream, isEnd: true, at: Self.at(0))
        #expect(ending?.mustReset == false)
        guard case .answered(let response)? = ending?.end else { throw CancellationError() }
        #expect(response.status == 429)
        #expect(response.reason == .tooManyRequests)
        #expect(response.retryAfter == 7)
        #expect(state.streams.isEmpty)
    }

    @Test("keeps no more of an answer than its first four kilobytes")
    func longAnswer() {
        var state = Self.ready()
        let stream = open("a", on: &state)
        _ = state.receiveHead(ResponseHead(status: 400), on: stream, isEnd: false, at: Self.at(0))
        for _ in 0..<100 {
            _ = state.receiveBody(ByteBuffer(repeating: 0x20, count: 1000), on: stream, isEnd: false, at: Self.at(0))
        }
        #expect(state.streams[stream]?.body.readableBytes == 4000)
    }

    @Test("opens its own window when half of it is used")
    func credit() {
        var state = Self.ready()
        #expect(state.credit(32_766) == nil)
        #expect(state.credit(1) == 32_767)
        #expect(state.credit(1) == nil)
    }

    @Test("knows of each stream what a reset means for it")
    func resets() throws {
        var state = Self.ready()
        let streams = ["refused", "answered", "halfway", "sent"].map { open($0, on: &state) }
        for stream in streams { state.wrote(stream == 5 ? 99 : 100, on: stream) }
        _ = state.receiveHead(ResponseHead(status: 200), on: 3, isEnd: false, at: Self.at(0))
        #expect(state.receiveReset(1, .refusedStream)?.end == .refused)
        #expect(state.receiveReset(3, .noError)?.end == .answered(APNsResponse(status: 200)))
        #expect(state.receiveReset(5, .cancel)?.end == .unsent)
        #expect(state.receiveReset(7, .internalError)?.end == .unanswered)
        #expect(state.receiveReset(7, .internalError)?.end == nil)
    }

    @Test("takes a refusal for a lower limit, and feels its way up again")
    func refusalLimit() {
        var state = Self.ready(streams: 100)
        for request in 0..<5 { open("\(request)", on: &state) }
        _ = state.receiveReset(9, .refusedStream)
        #expect(state.capacity == 0)
        _ = state.receiveHead(ResponseHead(status: 200), on: 1, isEnd: true, at: Self.at(0))
        #expect(state.capacity == 2)
        state.receiveSettings(concurrentStreams: nil)
        #expect(state.capacity == 97)
    }

    @Test("after a GOAWAY gives back what was not processed, in order, and waits for the rest")
    func goAway() {
        var state = Self.ready()
        for request in ["a", "b", "c", "d"] { state.wrote(100, on: open(request, on: &state)) }
        #expect(describe(state.receiveGoAway(last: 3)) == ["c refused", "d refused"])
        #expect(state.phase == .draining)
        #expect(state.capacity == 0)
        #expect(!state.isDrained)
        #expect(state.receiveHead(ResponseHead(status: 200), on: 1, isEnd: true, at: Self.at(0))?.request == "a")
        #expect(describe(state.receiveGoAway(last: 0)) == ["b refused"])
        #expect(state.isDrained)
    }

    @Test("tells of a lost connection what certainly was not processed, and what nobody knows")
    func lost() {
        var state = Self.ready()
        for request in ["a", "b", "c"] { open(request, on: &state) }
        state.wrote(100, on: 1)
        state.wrote(99, on: 5)
        #expect(describe(state.close()) == ["a unanswered", "b unsent", "c unsent"])
        #expect(state.phase == .closed)
        #expect(state.unsent == 0)
    }

    @Test("gives up what is overdue, by the request's deadline or that of answers")
    func overdue() {
        var state = Self.ready()
        state.wrote(100, on: state.open("a", bytes: 100, deadline: Self.at(5), at: Self.at(0)))
        state.wrote(100, on: state.open("b", bytes: 100, deadline: Self.at(60), at: Self.at(0)))
        open("c", at: 1, on: &state)
        #expect(state.expire(at: Self.at(4)).isEmpty)
        #expect(describe(state.expire(at: Self.at(5))) == ["a unanswered"])
        let rest = state.expire(at: Self.at(21))
        #expect(describe(rest) == ["b unanswered", "c unsent"])
        #expect(rest.map(\.mustReset) == [true, true])
    }

    @Test("is pinged when it is silent, sooner if it owes answers, and is dead if it does not answer that")
    func liveness() {
        var state = Self.ready()
        #expect(state.checkLiveness(at: Self.at(59)) == .alive)
        #expect(state.checkLiveness(at: Self.at(60)) == .ping)
        #expect(state.checkLiveness(at: Self.at(64)) == .alive)
        state.receivedFrame(at: Self.at(64))
        #expect(state.checkLiveness(at: Self.at(100)) == .alive)
        open("a", at: 100, on: &state)
        #expect(state.checkLiveness(at: Self.at(104)) == .alive)
        #expect(state.checkLiveness(at: Self.at(105)) == .ping)
        #expect(state.checkLiveness(at: Self.at(110)) == .dead)
    }

    @Test("is dead if it does not become ready in time")
    func neverReady() {
        var state = State(limits: APNsLimits(), now: Self.at(0))
        #expect(state.checkLiveness(at: Self.at(9)) == .alive)
        #expect(state.checkLiveness(at: Self.at(10)) == .dead)
    }

    @Test("is not used any more if the first answer after a long pause is 500")
    func afterPause() {
        for (pause, phase) in [(Int64(299), State.Phase.ready), (301, .draining)] {
            var state = Self.ready()
            let stream = open("a", at: pause, on: &state)
            _ = state.receiveHead(ResponseHead(status: 500), on: stream, isEnd: true, at: Self.at(pause))
            #expect(state.phase == phase)
        }
    }
}
