import ApusTestKit
import NIOCore
import Testing

@testable import ApusAPNs

@Suite("LegacyFrameDecoder")
struct LegacyFrameDecoderTests {
    typealias Failure = LegacyFrameDecoder.Failure

    private struct Outcome: Equatable {
        var notifications: [LegacyNotification] = []
        var failure: Failure?
        var isIdle = true
    }

    private func decode(_ pieces: [[UInt8]], payloadLimit: Int = 2048) -> Outcome {
        var decoder = LegacyFrameDecoder(payloadLimit: payloadLimit)
        var outcome = Outcome()
        for piece in pieces {
            decoder.append(ByteBuffer(bytes: piece))
            do throws(Failure) {
                while let notification = try decoder.next() { outcome.notifications.append(notification) }
            } catch {
                outcome.failure = error
            }
        }
        outcome.isIdle = decoder.isIdle
        return outcome
    }

    /// A frame of command 2.
    private func frame(_ items: (id: UInt8, data: [UInt8])...) -> [UInt8] {
        let body = items.flatMap { [$0.id, UInt8($0.data.count >> 8), UInt8($0.data.count & 0xFF)] + $0.data }
        return [2] + SeedPackets.bytes(String(body.count, radix: 16).leftPadded(to: 8)) + body
    }

    private static let json = Array(#"{"aps":{}}"#.utf8)

    @Test("what the C program of seed 001 sends is read")
    func cProgram() {
        #expect(SeedPackets.c.count == 122)
        let expected = LegacyNotification(
            identifier: 0, token: SeedPackets.token, payload: ByteBuffer(string: SeedPackets.cPayload),
            expiration: 0x1122_3344)
        #expect(decode([SeedPackets.c]) == Outcome(notifications: [expected]))
        let message = Array("hello,this is a test message!".utf8)
        #expect(SeedPackets.c(identifier: 0, expiry: 0x1122_3344, message: message) == SeedPackets.c)
    }

    @Test("identifiers are four bytes that nobody turns around")
    func identifiers() {
        let outcome = decode([SeedPackets.c(identifier: 1, expiry: 0, message: Array("a".utf8))])
        #expect(outcome.notifications.first?.identifier == 0x0100_0000)
        #expect(outcome.notifications.first?.expiration == 0)
    }

    @Test("what the PHP script of seed 001 sends is read")
    func phpScript() {
        #expect(SeedPackets.php.count == 177)
        let expected = LegacyNotification(
            token: SeedPackets.token, payload: ByteBuffer(string: SeedPackets.phpPayload))
        #expect(decode([SeedPackets.php]) == Outcome(notifications: [expected]))
    }

    @Test("the items of command 2 come in any order, and those that are not known are skipped")
    func framed() {
        let whole = frame(
            (5, [5]), (9, [1, 2, 3]), (4, [0, 0, 0, 7]), (2, Self.json), (3, [0xDE, 0xAD, 0xBE, 0xEF]), (1, [0xAB]))
        let bare = frame((1, SeedPackets.token), (2, Self.json))
        #expect(
            decode([whole + bare]).notifications == [
                LegacyNotification(
                    identifier: 0xDEAD_BEEF, token: [0xAB], payload: ByteBuffer(bytes: Self.json), expiration: 7,
                    priority: 5),
                LegacyNotification(token: SeedPackets.token, payload: ByteBuffer(bytes: Self.json)),
            ])
    }

    @Test("any cut of the input gives the same notifications")
    func cuts() {
        let stream = SeedPackets.c + SeedPackets.php + frame((1, [0xAB]), (3, [0, 0, 0, 1]), (2, Self.json))
        let whole = decode([stream])
        #expect(whole.notifications.count == 3)
        #expect(whole.isIdle)
        for cut in 0...stream.count {
            #expect(decode([Array(stream[..<cut]), Array(stream[cut...])]) == whole)
        }
        #expect(decode(stream.map { [$0] }) == whole)
    }

    @Test("a frame that is not complete is waited for")
    func incomplete() {
        for count in 1..<SeedPackets.c.count {
            #expect(decode([Array(SeedPackets.c.prefix(count))]) == Outcome(isIdle: false))
        }
    }

    @Test(
        "what is wrong is refused with its status, and with the identifier if there is one",
        arguments: [
            ("00 0000", .missingToken, nil), ("00 0065", .invalidTokenSize, nil), ("00 ffff", .invalidTokenSize, nil),
            ("00 0001 ab 0000", .missingPayload, nil), ("00 0001 ab 0801", .invalidPayloadSize, nil),
            ("01 00000007 00000000 0000", .missingToken, 7), ("01 00000007 00000000 0065", .invalidTokenSize, 7),
            ("01 00000007 00000000 0001 ab 0000", .missingPayload, 7),
            ("01 00000007 00000000 0001 ab 0801", .invalidPayloadSize, 7),
            // Command 2: no items; no payload; no token; an empty one of each.
            ("02 00000000", .missingToken, nil), ("02 0000000b 010001ab 03000400000007", .missingPayload, 7),
            ("02 0000000c 0200027b7d 03000400000007", .missingToken, 7),
            ("02 0000000f 010000 0200027b7d 03000400000007", .missingToken, 7),
            ("02 0000000e 010001ab 020000 03000400000007", .missingPayload, 7),
            // A priority other than 5 and 10.
            ("02 00000014 030004 00000007 010001ab 0200027b7d 05000107", .processingError, 7),
            // Items that come twice, have a wrong length or are longer than the frame.
            ("02 0000000f 030004 00000007 010001ab 010001cd", .protocolError, 7),
            ("02 0000000e 030004 00000007 030004 00000008", .protocolError, 7),
            ("02 00000006 030003 000000", .protocolError, nil), ("02 00000005 050002 0505", .protocolError, nil),
            ("02 00000008 040005 0000000000", .protocolError, nil), ("02 00000004 010002ab", .protocolError, nil),
            ("02 00000002 0100", .protocolError, nil), ("02 7fffffff", .protocolError, nil),
            ("03", .protocolError, nil), ("61 0a", .protocolError, nil), ("16 03 01", .protocolError, nil),
        ] as [(String, LegacyStatus, UInt32?)])
    func refused(hex: String, status: LegacyStatus, identifier: UInt32?) {
        let expected = Outcome(failure: Failure(status: status, identifier: identifier))
        let bytes = SeedPackets.bytes(hex)
        #expect(decode([bytes]) == expected)
        #expect(decode([bytes, SeedPackets.c]) == expected, "nothing follows")
        #expect(decode(bytes.map { [$0] }).failure == expected.failure)
    }

    @Test("sizes at the limit are accepted", arguments: [256, 2048, 4096])
    func limits(payloadLimit: Int) {
        let token = [UInt8](repeating: 0xAB, count: 100)
        let payload = [UInt8](repeating: 0x20, count: payloadLimit)
        let size = [UInt8(payloadLimit >> 8), UInt8(payloadLimit & 0xFF)]
        let streams = [
            [0, 0, 100] + token + size + payload,
            frame((1, token), (2, payload), (3, [0, 0, 0, 1]), (4, [0, 0, 0, 1]), (5, [10]), (77, token)),
        ]
        for stream in streams {
            #expect(
                decode([stream], payloadLimit: payloadLimit).notifications.first?.payload.readableBytes == payloadLimit)
            #expect(decode([stream], payloadLimit: payloadLimit - 1).failure?.status == .invalidPayloadSize)
        }
    }

    @Test("any bytes end in notifications or in one failure, however they are cut")
    func mutations() {
        var dice = SeededGenerator(seed: 5)
        let stream = SeedPackets.c + SeedPackets.php + frame((1, [0xAB]), (3, [0, 0, 0, 1]), (2, Self.json), (5, [10]))
        var failures = 0
        for _ in 0..<5000 {
            var bytes = stream
            for _ in 0...Int.random(in: 0...3, using: &dice) {
                let at = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0..<3, using: &dice) {
                case 0: bytes[at] = .random(in: .min ... .max, using: &dice)
                case 1: bytes.remove(at: at)
                default: bytes.insert(.random(in: 0...3, using: &dice), at: at)
                }
            }
            let whole = decode([bytes])
            let cut = Int.random(in: 0...bytes.count, using: &dice)
            #expect(decode([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
            if whole.failure != nil { failures += 1 }
        }
        #expect(failures > 1000)
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: "0", count: max(0, count - self.count)) + self
    }
}
