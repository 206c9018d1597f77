import NIOCore
import Testing

@testable import ApusXMPP

@Suite("A peer that says nothing")
struct SilenceWatchTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let times = StreamTimes()

    @Test("is given up if the login takes too long, whatever it says")
    func login() {
        var watch = SilenceWatch(times, opened: start)
        #expect(watch.step(at: start) == .wait(until: start + .seconds(30)))
        watch.heard(at: start + .seconds(29))
        #expect(watch.step(at: start + .seconds(30)) == .giveUp("The server let us wait too long for the login."))
    }

    @Test("is asked for a sign of life, and given up if there is none")
    func silence() {
        var watch = SilenceWatch(times, opened: start)
        watch.becameReady()
        let pinged = start + .seconds(240)
        #expect(watch.step(at: start + .seconds(239)) == .wait(until: pinged))
        #expect(watch.step(at: pinged) == .ping)
        #expect(watch.step(at: pinged) == .wait(until: pinged + .seconds(30)))
        #expect(watch.step(at: pinged + .seconds(30)) == .giveUp("The server does not answer any more."))
    }

    @Test("is left in peace while it says something")
    func sound() {
        var watch = SilenceWatch(times, opened: start)
        watch.becameReady()
        #expect(watch.step(at: start + .seconds(240)) == .ping)
        let heard = start + .seconds(250)
        watch.heard(at: heard)
        #expect(watch.step(at: start + .seconds(270)) == .wait(until: heard + .seconds(240)))
    }
}
