package import NIOCore

/// Writes XML. Elements are opened and closed by name; one that stays empty becomes `<name/>`.
///
/// Names are written as they are. Text and the values of attributes are escaped with the five predefined entities and
/// numeric ones, as RFC 6120 §11.1 allows no others; characters that XML 1.0 cannot hold are left out.
package struct StanzaWriter {
    /// An array rather than a buffer, as appending little by little to one costs a fifth.
    private var bytes: [UInt8] = []
    /// Whether the last tag still lacks its `>`.
    private var isTagOpen = false

    /// - Parameter capacity: how many bytes will be written, as far as one can tell.
    package init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// Hands over what is written, and starts anew in the memory it has.
    package mutating func take() -> ByteBuffer {
        finishTag()
        defer { bytes.removeAll(keepingCapacity: true) }
        return ByteBuffer(bytes: bytes)
    }

    /// Starts an element, with a declaration of its namespace if one is given.
    package mutating func open(_ name: String, _ namespace: String? = nil) {
        finishTag()
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        isTagOpen = true
        if let namespace { attribute("xmlns", namespace) }
    }

    /// Adds an attribute to the element that was just opened.
    package mutating func attribute(_ name: String, _ value: String) {
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: name.utf8)
        append("=\"")
        escape(value, inAttribute: true)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func text(_ text: String) {
        guard !text.isEmpty else { return }
        finishTag()
        escape(text, inAttribute: false)
    }

    /// Ends the element that was opened with this name.
    package mutating func close(_ name: String) {
        if isTagOpen {
            append("/>")
            isTagOpen = false
        } else {
            append("</")
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: ">"))
        }
    }

    /// A whole element with nothing but text in it.
    package mutating func element(_ name: String, _ namespace: String? = nil, text: String = "") {
        open(name, namespace)
        self.text(text)
        close(name)
    }

    /// Appends XML that is already written, such as what many recipients share.
    package mutating func raw(_ xml: ByteBuffer) {
        finishTag()
        bytes.append(contentsOf: xml.readableBytesView)
    }

    /// Writes the `>` of an element that stays open, which is otherwise left until there is something in it.
    package mutating func finishTag() {
        guard isTagOpen else { return }
        bytes.append(UInt8(ascii: ">"))
        isTagOpen = false
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    // MARK: Escaping

    private mutating func escape(_ text: String, inAttribute: Bool) {
        var text = text
        text.withUTF8 { escape($0, inAttribute: inAttribute) }
    }

    /// Writes what needs no escape in runs.
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, inAttribute: Bool) {
        var runStart = 0
        var index = 0
        while index < text.count {
            guard Self.needsLook(text[index]), let escape = Self.escape(at: index, of: text, inAttribute) else {
                index += 1
                continue
            }
            bytes.append(contentsOf: text[runStart..<index])
            append(escape.replacement)
            index += escape.length
            runStart = index
        }
        bytes.append(contentsOf: text[runStart...])
    }

    /// Control characters and `& < > "`, and the first byte of U+FFFE and U+FFFF.
    @inline(__always)
    private static func needsLook(_ byte: UInt8) -> Bool {
        if byte >= 0x40 { return byte == 0xEF }
        // One bit for each of 0...63.
        let marked: UInt64 = 0x5000_0044_FFFF_FFFF
        return marked &>> UInt64(byte) & 1 == 1
    }

    /// - Returns: what to write instead of how many bytes; `nil` if the one at `index` can stay.
    private static func escape(
        at index: Int,
        of text: UnsafeBufferPointer<UInt8>,
        _ inAttribute: Bool
    ) -> (replacement: StaticString, length: Int)? {
        switch text[index] {
        case UInt8(ascii: "&"): return ("&amp;", 1)
        case UInt8(ascii: "<"): return ("&lt;", 1)
        case UInt8(ascii: ">"): return ("&gt;", 1)
        case UInt8(ascii: "\""): return inAttribute ? ("&quot;", 1) : nil
        // A parser would turn these to line feeds, or in attributes to spaces (XML 1.0 §2.11 and §3.3.3).
        case UInt8(ascii: "\r"): return ("&#13;", 1)
        case UInt8(ascii: "\n"): return inAttribute ? ("&#10;", 1) : nil
        case UInt8(ascii: "\t"): return inAttribute ? ("&#9;", 1) : nil
        case 0xEF:
            let isNoCharacter = index + 2 < text.count && text[index + 1] == 0xBF && text[index + 2] >= 0xBE
            return isNoCharacter ? ("", 3) : nil
        default: return ("", 1)
        }
    }
}
