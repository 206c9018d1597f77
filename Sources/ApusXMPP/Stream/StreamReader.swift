package import NIOCore

/// The incoming half of one connection's XML stream: bytes go in, events come out one at a time.
///
/// Between events nothing is parsed, so what follows an event is read with what the event has changed: the limits, or
/// a new stream after TLS or SASL. A parser is borrowed from the pool only while a stanza is incomplete. To go on with
/// the stream it is first given a header with the declarations of the one that the peer sent. These are all that a
/// connection keeps.
///
/// After it has thrown or told of the end of the stream it ignores what comes.
package struct StreamReader: ~Copyable {
    private let pool: ParserPool
    /// Apply to what is parsed from now on.
    package var limits: StreamLimits
    /// What has come and is not part of an event yet. Its first `ahead` bytes are in the parser already.
    private var input = ByteBuffer()
    private var ahead = 0
    private var parser: StreamParser?
    /// Stands for the header of the peer's stream. `nil` until that has come.
    private var header: [UInt8]?
    private var isClosed = false

    package init(pool: ParserPool, limits: StreamLimits = .unauthenticated) {
        self.pool = pool
        self.limits = limits
    }

    /// Whether it has a parser at the moment, because a stanza or the header is incomplete.
    package var holdsParser: Bool { parser != nil }

    /// Takes what came from the peer. Call ``next()`` until it has no more events.
    package mutating func receive(_ bytes: ByteBuffer) {
        guard !isClosed else { return }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// The next event.
    ///
    /// - Returns: `nil` if more bytes are needed.
    /// - Throws: why the stream must end.
    package mutating func next() throws(StreamError) -> StreamEvent? {
        guard !isClosed else { return nil }
        if parser?.isBetweenStanzas ?? true {
            let hasSkipped = skipWhiteSpace()
            guard let first = input.getInteger(at: input.readerIndex, as: UInt8.self) else {
                releaseParser()
                return hasSkipped && header != nil ? .whitespace : nil
            }
            if header == nil, let error = Self.refusal(ofStreamBeginningWith: first) { throw fail(error) }
        }
        switch parse(with: parser ?? takeParser()) {
        case .event(let event): return event
        case .needsMore: return nil
        case .failed(let error): throw fail(error)
        }
    }

    /// Expects the header of a new stream, as comes after STARTTLS or SASL (RFC 6120 §5.4.3.3 and §6.4.6).
    ///
    /// - Parameter discardsInput: whether to forget what has come already. It must be so after STARTTLS: that was not
    ///   encrypted.
    package mutating func restart(discardsInput: Bool) {
        releaseParser()
        header = nil
        if discardsInput { input = ByteBuffer() }
    }

    /// Gives back the parser, as there will be no more bytes. A reader that is dropped without it frees the parser.
    package mutating func close() {
        releaseParser()
        input = ByteBuffer()
        isClosed = true
    }

    /// Something else than XML is refused at once, so that who speaks HTTP or TLS here does not wait.
    private static func refusal(ofStreamBeginningWith first: UInt8) -> StreamError? {
        switch first {
        case UInt8(ascii: "<"), 0xEF: nil  // or the first byte of a byte order mark
        case 0, 0xFE, 0xFF: StreamError(.unsupportedEncoding)  // UTF-16, which expat would go along with
        default: StreamError(.notWellFormed)
        }
    }

    // MARK: Parsing

    private mutating func parse(with parser: StreamParser) -> StreamParser.Outcome {
        while true {
            let outcome: StreamParser.Outcome
            var given = ahead
            if parser.isSuspended {
                outcome = parser.resume(limits)
            } else if input.readableBytes > 0 {
                let limits = limits
                (outcome, given) = input.withUnsafeReadableBytes { parser.parse($0, limits) }
            } else {
                input = ByteBuffer()
                return .needsMore
            }
            ahead = parser.bytesAhead
            input.moveReaderIndex(forwardBy: given - ahead)
            switch outcome {
            case .needsMore: continue
            case .failed: return outcome
            case .event(let event): finish(event, parser)
            }
            return outcome
        }
    }

    private mutating func finish(_ event: StreamEvent, _ parser: StreamParser) {
        switch event {
        case .streamOpened: header = parser.streamHeader
        case .streamClosed: return close()
        case .element, .whitespace: break
        }
        guard input.readableBytes == 0, parser.isBetweenStanzas else { return }
        releaseParser()
        input = ByteBuffer()
    }

    private mutating func takeParser() -> StreamParser {
        let parser = pool.take()
        if let header {
            parser.expectStanzas(after: header)
        } else {
            parser.expectStream()
        }
        self.parser = parser
        return parser
    }

    private mutating func releaseParser() {
        if let parser { pool.giveBack(parser) }
        parser = nil
        ahead = 0
    }

    private mutating func fail(_ error: StreamError) -> StreamError {
        close()
        return error
    }

    /// Between stanzas this needs no parser.
    private mutating func skipWhiteSpace() -> Bool {
        let count = input.withUnsafeReadableBytes { $0.prefix(while: XMLBytes.isWhiteSpace).count }
        guard count > 0 else { return false }
        input.moveReaderIndex(forwardBy: count)
        ahead = max(ahead - count, 0)
        return true
    }
}
