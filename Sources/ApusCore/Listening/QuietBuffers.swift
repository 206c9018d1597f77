package import NIOCore

/// Keeps small what an idle encrypted connection costs.
///
/// NIOSSL holds two buffers for each connection as long as it lives: 32 KiB for what it has decrypted and 16 KiB for what
/// it has encrypted. Both are empty whenever nobody is being served, yet every page that was written once stays. A handler
/// of this kind stands on either side of it. It hands on a copy of what passes and gives the pages of the original back,
/// which NIOSSL will write before it reads them again: it has handed over all that they held.
///
/// That takes a call of the system (some 10 µs), so a busy connection is left alone: it is done the first few times, while
/// the connection is set up, and then for what comes after a pause. The sign of life that a silent device is asked for
/// is enough.
package enum QuietBuffers {
    /// How often pages are given back before it takes a pause: as long as a connection is being set up.
    package static let free = 4
    package static let pause = TimeAmount.seconds(10)

    /// The handlers of an encrypted connection.
    /// - Parameter tls: NIOSSL's. Its channel's allocator is to be ``NIOCore/ByteBufferAllocator/pages``.
    package static func handlers(around tls: any ChannelHandler) -> [any ChannelHandler] {
        [Encrypted(), tls, Decrypted()]
    }

    /// Decides what to do with what passes in one direction.
    package struct Passage {
        private var left = free
        private var last = NIODeadline.uptimeNanoseconds(0)

        package init() {}

        package mutating func copy(of buffer: ByteBuffer, now: @autoclosure () -> NIODeadline = .now()) -> ByteBuffer? {
            guard buffer.hasPages else { return nil }
            let now = now()
            let isQuiet = now - last >= pause
            last = now
            if !isQuiet {
                guard left > 0 else { return nil }
                left -= 1
            }
            var copy = ByteBufferAllocator().buffer(capacity: buffer.readableBytes)
            copy.writeImmutableBuffer(buffer)
            return copy
        }
    }

    // SAFETY: a channel handler; touched on its channel's event loop only.
    private final class Encrypted: ChannelOutboundHandler, @unchecked Sendable {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var passage = Passage()

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let buffer = unwrapOutboundIn(data)
            guard let copy = passage.copy(of: buffer) else { return context.write(data, promise: promise) }
            buffer.givePagesBack()
            context.write(wrapOutboundOut(copy), promise: promise)
        }
    }

    // SAFETY: a channel handler; touched on its channel's event loop only.
    private final class Decrypted: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private var passage = Passage()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            guard let copy = passage.copy(of: buffer) else { return context.fireChannelRead(data) }
            buffer.givePagesBack()
            context.fireChannelRead(wrapInboundOut(copy))
        }
    }
}
