/// A vendor's interface for senders: what it checks, and what it answers.
///
/// It is called on several event loops at once.
package protocol VendorService: Sendable {
    /// In bytes. Longer bodies are answered with 413.
    var bodyLimit: Int { get }
    /// What targets with a meaning do, until the rules are changed.
    var initialRules: [VendorRule] { get }

    /// The answer with one of the vendor's error codes, as rules demand it.
    /// - Returns: nil if the vendor has no such code.
    func refusal(_ code: String) -> VendorAnswer?

    func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer
}

extension VendorService {
    package var bodyLimit: Int { 1024 * 1024 }
    package var initialRules: [VendorRule] { [] }
}
