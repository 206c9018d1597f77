import CExpat
import NIOCore

/// Reads the XML of one stream at a time with expat and stops at each event, so that nothing is parsed before its time.
///
/// It takes only what RFC 6120 §11 allows: no DTD, processing instruction, comment or entity, and only UTF-8.
///
/// A parser that has seen a stream header holds about 10 KB, so connections borrow one (``StreamReader``).
final class StreamParser {
    enum Outcome {
        case event(StreamEvent)
        /// All bytes are used up.
        case needsMore
        case failed(StreamError)
    }

    /// Stands between the parts of a name that expat reports. No XML document can hold it.
    static let separator: UInt8 = 1
    /// Bytes given to expat at once; how far a stanza may get past its limit before it is refused.
    private static let mouthful = 8 * 1024
    /// Bytes of a stream after which a parser is not kept for others: its buffers have grown.
    private static let keptSize = 32 * 1024

    private let parser: XML_Parser
    /// Makes it unknown how expat hashes names. Set by us, as otherwise expat asks the kernel after each reset.
    private let salt = UInt.random(in: 1...UInt.max)
    private var builder = ElementBuilder()

    private var events: [StreamEvent] = []
    private var error: StreamError?
    private(set) var isSuspended = false
    private var isClosed = false
    /// After the end of the stream and after an error, what expat still tells is not listened to.
    private var isOver = false
    /// Reads the first header of a stream, rather than stanzas after a header we made up.
    private var readsHeader = true
    private var namespaces = StreamNamespaces()
    /// Bytes given to expat since the reset.
    private var fed = 0
    /// Where the last event ended.
    private var eventEnd = 0
    /// Where the stanza that is being read began.
    private var stanzaStart = 0
    /// Open elements, that of the stream included.
    private var depth = 0
    private var limits = StreamLimits.unauthenticated

    init() {
        guard let parser = XML_ParserCreateNS("UTF-8", XML_Char(bitPattern: Self.separator)) else {
            fatalError("out of memory")
        }
        self.parser = parser
    }

    deinit {
        XML_ParserFree(parser)
    }

    // MARK: Between streams

    /// Forgets all it has read and expects the header of a stream.
    func expectStream() {
        reset()
        readsHeader = true
        namespaces = StreamNamespaces()
        ExpatHandlers.installForHeader(in: parser)
        XML_SetReturnNSTriplet(parser, 1)
    }

    /// Forgets all it has read and expects the stanzas of a stream that began with `header`.
    func expectStanzas(after header: [UInt8]) {
        reset()
        readsHeader = false
        header.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { _ = XML_Parse(parser, $0.baseAddress, Int32($0.count), 0) }
        }
        fed = header.count
        eventEnd = fed
    }

    /// Expat's own reset takes the handlers away too.
    private func reset() {
        XML_ParserReset(parser, "UTF-8")
        events.removeAll(keepingCapacity: true)
        builder.reset()
        (error, isSuspended, isClosed, isOver) = (nil, false, false, false)
        (fed, eventEnd, stanzaStart, depth) = (0, 0, 0, 0)
        XML_SetHashSalt(parser, salt)
        ExpatHandlers.install(in: parser, for: self)
    }

    // MARK: Parsing

    /// What stands for the stream's header when another parser goes on with the stream.
    var streamHeader: [UInt8] { namespaces.header }

    /// Whether it stopped at an event and has nothing to tell before it is resumed.
    var isBetweenStanzas: Bool { isSuspended && events.isEmpty }

    /// How many bytes it was given but has not come to because it stopped at an event.
    var bytesAhead: Int { isSuspended ? fed - eventEnd : 0 }

    /// Whether it has taken up more memory than is good to keep.
    var isBloated: Bool { fed > Self.keptSize }

    /// Goes on after an event.
    func resume(_ limits: StreamLimits) -> Outcome {
        guard events.isEmpty else { return .event(events.removeFirst()) }
        guard !isClosed else { return .needsMore }
        self.limits = limits
        isSuspended = false
        return outcome(XML_ResumeParser(parser))
    }

    /// Parses more. The bytes before must be used up.
    ///
    /// - Returns: the outcome, and how many of `bytes` were taken. At an event some of them may still be ahead.
    func parse(_ bytes: UnsafeRawBufferPointer, _ limits: StreamLimits) -> (outcome: Outcome, taken: Int) {
        self.limits = limits
        // Expat would take it for UTF-16, whatever we told it.
        if readsHeader, fed < 2, bytes.prefix(2 - fed).contains(0) {
            return (.failed(StreamError(.unsupportedEncoding)), 0)
        }
        var taken = 0
        while taken < bytes.count {
            let mouthful = UnsafeRawBufferPointer(rebasing: bytes[taken...].prefix(Self.mouthful))
            taken += mouthful.count
            fed += mouthful.count
            let start = mouthful.baseAddress?.assumingMemoryBound(to: CChar.self)
            switch outcome(XML_Parse(parser, start, Int32(mouthful.count), 0)) {
            case .needsMore: break
            case let outcome: return (outcome, taken)
            }
        }
        return (.needsMore, taken)
    }

    private func outcome(_ status: XML_Status) -> Outcome {
        if let error { return .failed(error) }
        if !events.isEmpty { return .event(events.removeFirst()) }
        guard status == XML_STATUS_OK else { return .failed(StreamError(expat: XML_GetErrorCode(parser))) }
        if let error = excess() { return .failed(error) }
        return .needsMore
    }

    /// What of the unfinished is over its limit.
    private func excess() -> StreamError? {
        let tag = fed - Int(XML_GetCurrentByteIndex(parser))
        guard tag <= limits.tag else { return .tooLong("tag") }
        let stanza = depth > 1 ? fed - stanzaStart : depth == 1 ? tag : fed
        return stanza <= limits.stanza ? nil : .tooLong("stanza")
    }

    // MARK: Called by expat

    /// Where what expat is telling of ends.
    private var tokenEnd: Int {
        Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
    }

    func fail(_ error: StreamError) {
        guard !isOver else { return }
        isOver = true
        self.error = error
        XML_StopParser(parser, 0)
    }

    private func tell(_ event: StreamEvent) {
        events.append(event)
        eventEnd = tokenEnd
        isSuspended = true
        // Nothing may be parsed after the end (RFC 6120 §4.4).
        XML_StopParser(parser, isClosed ? 0 : 1)
    }

    func start(_ name: UnsafePointer<CChar>, _ attributes: ExpatAttributes) {
        guard !isOver else { return }
        depth += 1
        if depth == 1 {
            if readsHeader { openStream(name, attributes) }
            return
        }
        if depth == 2 { stanzaStart = Int(XML_GetCurrentByteIndex(parser)) }
        guard depth - 1 <= limits.depth else { return fail(.tooLong("nesting")) }
        do throws(StreamError) {
            try builder.open(name, attributes, limits)
        } catch {
            fail(error)
        }
    }

    private func openStream(_ name: UnsafePointer<CChar>, _ attributes: ExpatAttributes) {
        do throws(StreamError) {
            try builder.open(name, attributes, limits)
            guard let root = builder.close() else { return }
            namespaces.setRoot(prefix: ExpatName(name).prefix)
            guard root.namespace == Namespace.streams else { throw StreamError(.invalidNamespace) }
            guard root.name == "stream" else { throw StreamError(.badFormat, text: "not a stream") }
            let header = StreamHeader(
                namespace: namespaces.defaultNamespace,
                from: root.attribute("from"),
                to: root.attribute("to"),
                id: root.attribute("id"),
                language: root.attribute("lang", namespace: Namespace.xml),
                version: root.attribute("version")
            )
            tell(.streamOpened(header))
        } catch {
            fail(error)
        }
    }

    func end() {
        guard !isOver else { return }
        depth -= 1
        if depth == 0 {
            (isClosed, isOver) = (true, true)
            return tell(.streamClosed)
        }
        guard let stanza = builder.close() else { return }
        guard tokenEnd - stanzaStart <= limits.stanza else { return fail(.tooLong("stanza")) }
        tell(.element(stanza))
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !isOver else { return }
        if depth > 1 {
            builder.append(bytes)
        } else if !bytes.allSatisfy(XMLBytes.isWhiteSpace) {
            fail(StreamError(.badFormat, text: "text between stanzas"))
        }
    }

    func declare(_ prefix: UnsafePointer<CChar>?, _ namespace: UnsafePointer<CChar>?) {
        guard readsHeader, depth == 0, !isOver else { return }
        let namespace = namespace.map { String(cString: $0) } ?? ""
        guard namespaces.count < limits.attributes, namespace.utf8.count <= limits.namespace else {
            return fail(.tooLong("stream header"))
        }
        namespaces.declare(prefix.map { String(cString: $0) }, namespace)
    }
}
