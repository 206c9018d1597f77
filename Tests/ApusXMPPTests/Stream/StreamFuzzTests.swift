import ApusTestKit
import Testing

@testable import ApusXMPP

@Suite("Stream, random input")
struct StreamFuzzTests {
    private static let stream = Array(
        (#"<?xml version='1.0'?><stream:stream to="h" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">"#
            + #"<iq id="1" type="set"><query xmlns="jabber:iq:auth"><username>a&amp;b</username></query></iq> "#
            + "<message><body>é<![CDATA[x]]></body></message><presence/></stream:stream>").utf8
    )
    private static let fragments = [
        "<", ">", "/>", "</", "&", ";", "&#", "'", "\"", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE",
        "xmlns=",
        "xmlns:a='", ":", "\u{0}", "\u{FEFF}", "</stream:stream>", "<iq/>", " ", "&lt;", "encoding='UTF-16'",
    ].map { Array($0.utf8) }

    @Test("any bytes end in events or in one stream error, however they are cut")
    func mutations() throws {
        var dice = SeededGenerator(seed: 7)
        let pool = ParserPool()
        var errors = 0
        for _ in 0..<20_000 {
            var bytes = Self.stream
            for _ in 0..<Int.random(in: 0...4, using: &dice) {
                let at = Int.random(in: 0..<bytes.count, using: &dice)
                let end = min(bytes.count, at + Int.random(in: 0...3, using: &dice))
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &dice)
                case 1: bytes.replaceSubrange(at..<end, with: Self.fragments.randomElement(using: &dice) ?? [])
                case 2: bytes.removeSubrange(at..<end)
                default: bytes.insert(contentsOf: bytes[(at / 2)..<at], at: end)
                }
                if bytes.isEmpty { bytes = [0x20] }
            }
            let reader = TestConnection(pool: pool, limits: StreamLimits(stanza: 300, depth: 4))
            var rest = bytes[...]
            var isOver = false
            do {
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...200, using: &dice))
                    rest = rest.dropFirst(piece.count)
                    reader.receive(piece)
                    while let event = try reader.next() {
                        #expect(!isOver)
                        isOver = event == .streamClosed
                    }
                }
            } catch {
                errors += 1
                #expect(!isOver)
                reader.receive(Self.stream)
                #expect(try reader.next() == nil)
                #expect(!reader.holdsParser)
            }
            reader.close()
        }
        #expect(errors > 5_000)
        #expect(pool.count <= 16)
    }
}
