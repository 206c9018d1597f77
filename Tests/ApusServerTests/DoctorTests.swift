import ApusCore
import Foundation
import Testing

@testable import ApusServer

@Suite("The doctor")
struct DoctorTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    @Test("sees a clock that went back behind the latest message")
    func clockWentBack() {
        let day: Int64 = 86_400
        #expect(Doctor.time(now, last: nil).state == .ok)
        #expect(Doctor.time(now, last: now.adding(seconds: -day)).state == .ok)
        #expect(Doctor.time(now, last: now.adding(seconds: day)).state == .problem)
        #expect(Doctor.time(Timestamp(milliseconds: 0), last: nil).state == .problem)
    }

    @Test(
        "sees a clock that jumps in either direction",
        arguments: [(0.0, Diagnosis.State.ok), (0.5, .warning), (-0.5, .warning)])
    func clockJumps(_ drift: Double, _ state: Diagnosis.State) {
        #expect(Doctor.steadiness(drift).state == state)
    }

    @Test("knows programs that keep the clock right")
    func timekeepers() {
        #expect(Doctor.synchronization(isSynchronized: true, processes: []).state == .ok)
        #expect(Doctor.synchronization(isSynchronized: false, processes: ["chronyd", "bash"]).state == .ok)
        #expect(Doctor.synchronization(isSynchronized: false, processes: ["bash"]).state == .warning)
    }

    @Test(
        "knows file systems by the mount that is nearest",
        arguments: [
            ("/var/lib/apus", Diagnosis.State.ok), ("/mnt/share/apus", .problem), ("/run/apus", .problem),
            ("/runner/apus", .warning),
        ])
    func fileSystems(_ directory: String, _ state: Diagnosis.State) {
        let mounts = """
            overlay / overlay rw 0 0
            /dev/sda1 /var ext4 rw 0 0
            tmpfs /run tmpfs rw 0 0
            server:/x /mnt/share nfs4 rw 0 0
            """
        #expect(Doctor.fileSystem(of: directory, mounts: mounts).state == state)
    }

    @Test(
        "judges the time of a sync",
        arguments: [(0.000_001, Diagnosis.State.warning), (0.001, .ok), (0.05, .warning), (1.0, .problem)])
    func syncs(_ seconds: Double, _ state: Diagnosis.State) {
        #expect(Doctor.sync(seconds).state == state)
    }

    @Test("judges free space also by what the database may grow to")
    func space() {
        #expect(Doctor.space(50 << 20, largestFile: 0, "/").state == .problem)
        #expect(Doctor.space(500 << 20, largestFile: 0, "/").state == .warning)
        #expect(Doctor.space(5 << 30, largestFile: 0, "/").state == .ok)
        #expect(Doctor.space(5 << 30, largestFile: 6 << 30, "/").state == .warning)
    }

    @Test("says who is at a port")
    func ports() {
        func state(_ error: Int32?, holder: Int? = nil, server: Int? = nil) -> Diagnosis.State {
            Doctor.port(
                "server.port", "0.0.0.0", 80, try: error, holder: holder.map { ($0, "nginx") }, server: server
            ).state
        }
        #expect(state(nil) == .ok)
        #expect(state(EADDRINUSE, holder: 7, server: 7) == .ok)
        #expect(state(EADDRINUSE, holder: 7, server: 8) == .problem)
        #expect(state(EACCES, holder: 7, server: 7) == .ok)
        #expect(state(EADDRINUSE) == .problem && state(EACCES) == .problem && state(EADDRNOTAVAIL) == .problem)
    }

    @Test("finds sockets that listen in the kernel's table")
    func sockets() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4711 1
               1: 0100007F:1F90 0100007F:A001 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
            """
        #expect(Doctor.listeningSockets(on: 8080, table: table) == [.init(inode: 4711, user: 101)])
        #expect(Doctor.listeningSockets(on: 8081, table: table).isEmpty)
    }

    @Test("takes random secrets for strong and words for weak")
    func secrets() {
        #expect(Doctor.secret("k", RandomToken.hex128()).state == .ok)
        for weak in ["", "secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "12345678"] {
            #expect(Doctor.secret("k", weak).state == .warning)
        }
    }
}
