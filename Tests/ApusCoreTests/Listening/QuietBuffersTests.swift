import ApusCore
import NIOCore
import NIOEmbedded
import Testing

@Suite struct QuietBuffersTests {
    /// In the place of TLS: lets all pass.
    // SAFETY: a channel handler; touched by its test only.
    private final class Transparent: ChannelDuplexHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = ByteBuffer
    }

    private static let text = String(repeating: "what passes ", count: 2000)

    private func buffer(_ text: String = text, capacity: Int = 32 << 10) -> ByteBuffer {
        var buffer = ByteBufferAllocator.pages.buffer(capacity: capacity)
        buffer.writeString(text)
        return buffer
    }

    private func withChannel(_ body: (EmbeddedChannel) throws -> Void) throws {
        let channel = EmbeddedChannel(handlers: QuietBuffers.handlers(around: Transparent()))
        try body(channel)
        #expect(try channel.finish().isClean)
    }

    @Test func whatIsWrittenArrivesAndItsPagesAreGivenBack() throws {
        try withChannel { channel in
            let original = buffer()
            try channel.writeOutbound(original)
            let written = try channel.readOutbound(as: ByteBuffer.self)
            #expect(written.map(String.init(buffer:)) == Self.text)
            #expect(original.readableBytesView.allSatisfy { $0 == 0 })
        }
    }

    @Test func whatIsReadArrivesAndItsPagesAreGivenBack() throws {
        try withChannel { channel in
            let original = buffer()
            try channel.writeInbound(original)
            let read = try channel.readInbound(as: ByteBuffer.self)
            #expect(read.map(String.init(buffer:)) == Self.text)
            #expect(original.readableBytesView.allSatisfy { $0 == 0 })
        }
    }

    @Test func aSmallBufferIsHandedOnAsItIs() throws {
        try withChannel { channel in
            let original = buffer("small", capacity: 1024)
            try channel.writeOutbound(original)
            #expect(try channel.readOutbound(as: ByteBuffer.self).map(String.init(buffer:)) == "small")
            #expect(String(buffer: original) == "small")
        }
    }

    @Test func aBusyConnectionKeepsItsPages() throws {
        try withChannel { channel in
            for _ in 0..<QuietBuffers.free + 1 { try channel.writeOutbound(buffer()) }
            let original = buffer()
            try channel.writeOutbound(original)
            #expect(String(buffer: original) == Self.text)
            while let written = try channel.readOutbound(as: ByteBuffer.self) {
                #expect(String(buffer: written) == Self.text)
            }
        }
    }

    @Test func theyAreGivenBackAgainAfterAPause() {
        var passage = QuietBuffers.Passage()
        var now = NIODeadline.uptimeNanoseconds(0) + .hours(1)
        func isCopied() -> Bool { passage.copy(of: buffer(), now: now) != nil }

        // The first comes after silence, the next ones while the connection is set up.
        for _ in 0...QuietBuffers.free { #expect(isCopied()) }
        #expect(!isCopied())
        now = now + QuietBuffers.pause - .nanoseconds(1)
        #expect(!isCopied())
        now = now + QuietBuffers.pause
        #expect(isCopied())
        #expect(!isCopied())
    }

    @Test func aPartOfAPageThatOthersShareIsKept() {
        // Begins and ends in the middle of a page.
        let whole = buffer(String(repeating: "x", count: 32 << 10))
        let part = whole.getSlice(at: 100, length: 20_000)
        part?.givePagesBack()
        let kept = whole.readableBytesView
        #expect(kept.prefix(4096).allSatisfy { $0 == UInt8(ascii: "x") })
        #expect(kept.dropFirst(16 << 10).allSatisfy { $0 == UInt8(ascii: "x") })
        #expect(kept.dropFirst(4096).prefix(12 << 10).allSatisfy { $0 == 0 })
    }

    @Test func aBufferThatGrowsKeepsItsContent() {
        var grown = buffer()
        for _ in 0..<5 { grown.writeString(Self.text) }
        #expect(String(buffer: grown) == String(repeating: Self.text, count: 6))
    }
}
