/// Watches which names a template looks up, for the first that is missing and so that lists in lists do not grow without
/// limit.
///
/// A name is looked for in the innermost object, then in the one around it, and at last in the root. Only what the root
/// does not have either is missing, or what is looked for after that in no further object (`{{order.number}}`).
final class TemplateLookups {
    /// Bytes that a text may come to, estimated from above.
    private static let largestText = 16 << 20

    private var templateSize = 0
    private var cost = 0
    /// Was not in an object that may have others around it.
    private var pending: String?
    private var firstMissing: String?

    /// A template is to be rendered.
    /// - Parameter templateSize: in bytes.
    func begin(templateSize: Int) {
        self.templateSize = templateSize
        cost = templateSize
        pending = nil
        firstMissing = nil
    }

    /// - Returns: the value; nil if there is none, or the text has become too long.
    func looked(up name: String, inRoot isRoot: Bool, finding value: Any?) -> Any? {
        if let pending, pending != name { miss(pending) }
        pending = value == nil && !isRoot ? name : nil
        if value == nil && isRoot { miss(name) }
        switch value {
        case let text as String: cost += 6 * text.utf8.count
        case let list as [Any]: cost += list.count * templateSize
        default: cost += 1
        }
        return isTooLong ? nil : value
    }

    var isTooLong: Bool { cost > Self.largestText }
    var missing: String? { firstMissing ?? pending }

    private func miss(_ name: String) {
        firstMissing = firstMissing ?? name
    }
}
