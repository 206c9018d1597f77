import CExpat

/// A name as expat writes it: `namespace␁name`, `namespace␁name␁prefix`, or `name` if it is in no namespace.
struct ExpatName {
    private let namespace: UnsafeBufferPointer<UInt8>
    private let name: UnsafeBufferPointer<UInt8>
    /// The prefix it was written with. Expat tells it only of the header of a stream.
    let prefix: String?

    init(_ text: UnsafePointer<CChar>) {
        let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        var end = 0
        var separators = (first: -1, second: -1)
        while start[end] != 0 {
            if start[end] == StreamParser.separator {
                if separators.first < 0 { separators.first = end } else { separators.second = end }
            }
            end += 1
        }
        let nameEnd = separators.second < 0 ? end : separators.second
        let nameStart = separators.first + 1
        namespace = UnsafeBufferPointer(start: start, count: max(separators.first, 0))
        name = UnsafeBufferPointer(start: start + nameStart, count: nameEnd - nameStart)
        prefix = separators.second < 0 ? nil : String(cString: start + separators.second + 1)
    }

    func checked(_ limits: StreamLimits) throws(StreamError) -> ExpatName {
        guard name.count <= limits.name, namespace.count <= limits.namespace else { throw .tooLong("name") }
        return self
    }

    var localName: String { String(decoding: name, as: UTF8.self) }

    /// The namespace; `other` itself if it is the same.
    func namespaceLike(_ other: String?) -> String {
        if var other, other.utf8.count == namespace.count {
            let isSame = other.withUTF8 { $0.elementsEqual(namespace) }
            if isSame { return other }
        }
        return String(decoding: namespace, as: UTF8.self)
    }
}

/// The attributes of a tag as expat tells them: names and values by turns, then a null pointer.
struct ExpatAttributes {
    typealias Pointer = UnsafeMutablePointer<UnsafePointer<CChar>?>

    private let pointer: Pointer
    let count: Int

    init?(_ pointer: Pointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
        var count = 0
        while pointer[2 * count] != nil, pointer[2 * count + 1] != nil { count += 1 }
        self.count = count
    }

    subscript(index: Int) -> (name: UnsafePointer<CChar>, value: UnsafePointer<CChar>) {
        guard let name = pointer[2 * index], let value = pointer[2 * index + 1] else {
            preconditionFailure("no such attribute")
        }
        return (name, value)
    }
}

extension StreamError {
    /// What expat found wrong.
    init(expat code: XML_Error) {
        let text = XML_ErrorString(code).map { String(cString: $0) }
        switch code {
        case XML_ERROR_UNDEFINED_ENTITY, XML_ERROR_ENTITY_DECLARED_IN_PE, XML_ERROR_EXTERNAL_ENTITY_HANDLING:
            self.init(.restrictedXML, text: text)
        case XML_ERROR_UNKNOWN_ENCODING, XML_ERROR_INCORRECT_ENCODING:
            self.init(.unsupportedEncoding, text: text)
        case XML_ERROR_NO_MEMORY:
            self.init(.resourceConstraint, text: text)
        default:
            self.init(.notWellFormed, text: text)
        }
    }

    static func tooLong(_ what: String) -> StreamError {
        StreamError(.policyViolation, text: what + " over the limit")
    }
}
