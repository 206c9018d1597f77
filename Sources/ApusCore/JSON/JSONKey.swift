/// A member's name as it stands in the text. Valid only while its scanner is.
///
/// It compares to literals without becoming a string first: `switch key { case "appId": … }`.
package struct JSONKey {
    /// Between the quotes, escapes and all.
    let content: UnsafeRawBufferPointer
    let hasEscapes: Bool

    /// The name itself, for keys that are not known beforehand.
    package var string: String {
        hasEscapes ? JSONText.unescaped(content) : String(decoding: content, as: UTF8.self)
    }

    /// Whether both are the same bytes once unescaped. There is no Unicode normalization.
    package static func == (key: JSONKey, name: StaticString) -> Bool {
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if key.hasEscapes { return key.string.utf8.elementsEqual(name) }
        guard key.content.count == name.count else { return false }
        for index in 0..<name.count where key.content[index] != name[index] { return false }
        return true
    }

    package static func ~= (name: StaticString, key: JSONKey) -> Bool {
        key == name
    }
}
