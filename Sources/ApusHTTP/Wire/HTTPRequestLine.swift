/// A request line (RFC 9112, section 3), as ranges of the head.
struct HTTPRequestLine {
    let method: HTTPWireMethod
    let target: Range<Int>
    /// Empty if an absolute URI has none.
    let path: Range<Int>
    let version: HTTPWireHead.Version

    /// Reads the line at `index`, which ends in a line feed, and moves to the next.
    init(_ bytes: UnsafeRawBufferPointer, at index: inout Int) throws(HTTPWireError) {
        let start = index
        while HTTPBytes.isToken(bytes[index]) { index += 1 }
        let methodEnd = index
        guard methodEnd > start, bytes[methodEnd] == HTTPBytes.space else { throw .requestLine }

        index += 1
        let targetStart = index
        while bytes[index] > 0x20, bytes[index] < 0x7F { index += 1 }
        let target = targetStart..<index
        guard !target.isEmpty, bytes[index] == HTTPBytes.space else { throw .requestLine }
        guard target.count <= HTTPHeadParser.longestTarget else { throw .targetTooLong }

        index += 1
        let versionStart = index
        while HTTPBytes.isValue(bytes[index]) { index += 1 }
        let versionEnd = index
        guard bytes[index] == HTTPBytes.cr, bytes[index + 1] == HTTPBytes.lf else { throw .requestLine }
        index += 2

        version = try Self.version(bytes[part: versionStart..<versionEnd])
        method = HTTPWireMethod(bytes[part: start..<methodEnd])
        self.target = target
        path = try Self.path(in: bytes, target: target, method: method)
    }

    private static func version(_ text: UnsafeRawBufferPointer) throws(HTTPWireError) -> HTTPWireHead.Version {
        if text.matches("HTTP/1.1") { return .http11 }
        if text.matches("HTTP/1.0") { return .http10 }
        let isDigit: (UInt8) -> Bool = { $0 &- UInt8(ascii: "0") < 10 }
        guard text.count == 8, text[part: 0..<5].matches("HTTP/"), isDigit(text[5]), text[6] == UInt8(ascii: "."),
            isDigit(text[7])
        else { throw .requestLine }
        throw .version
    }

    /// Where the path is in an origin-form, an absolute-form or, for OPTIONS, the asterisk-form.
    private static func path(
        in bytes: UnsafeRawBufferPointer, target: Range<Int>, method: HTTPWireMethod
    ) throws(HTTPWireError) -> Range<Int> {
        // A fragment stays with the client.
        if bytes[part: target].contains(UInt8(ascii: "#")) { throw .target }
        var start = target.lowerBound
        if bytes[start] != UInt8(ascii: "/") {
            if target.count == 1, bytes[start] == UInt8(ascii: "*"), method == .options { return target }
            start = try authorityEnd(in: bytes, target: target)
        }
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "?") { end += 1 }
        return start..<end
    }

    private static func authorityEnd(
        in bytes: UnsafeRawBufferPointer, target: Range<Int>
    ) throws(HTTPWireError) -> Int {
        let start: Int
        let text = bytes[part: target]
        if text.count > 7, text[part: 0..<7].matchesIgnoringCase("http://") {
            start = target.lowerBound + 7
        } else if text.count > 8, text[part: 0..<8].matchesIgnoringCase("https://") {
            start = target.lowerBound + 8
        } else {
            throw .target
        }
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard end > start else { throw .target }
        return end
    }
}
