import ApusCore

/// A vendor's side of one credential: what is said to the vendor and what its answers mean, without I/O.
protocol Vendor: Sendable {
    static var route: Route { get }
    /// Devices that one request can name.
    static var batchLimit: Int { get }
    /// Requests under way with one credential.
    static var requestLimit: Int { get }

    /// - Throws: `ApusError` that says what is wrong with it.
    init(_ credential: Credential) throws(ApusError)

    /// What tells the app's credentials for this vendor apart.
    var name: String { get }
    /// What anybody may see of it.
    var publicSettings: JSONMembers { get }
    /// Whose devices it reaches.
    var platforms: Set<Platform> { get }
    /// nil is without a limit.
    var requestsPerMinute: Int? { get }

    /// A device's token in the form in which it is kept.
    static func checked(token: String) throws(ApusError) -> String
    /// Whether a device's token needs a request of its own.
    func sendsAlone(_ token: String) -> Bool
    /// - Throws: `ApusError` if the vendor does not take such a message.
    func send(_ batch: VendorBatch, at now: Timestamp) throws(ApusError) -> VendorStep<VendorAnswer>
    /// How a job stands now; nil if the vendor does not tell.
    func status(of task: VendorTask, at now: Timestamp) -> VendorStep<VendorTaskStatus?>
    /// Asks for a token, for vendors that give some.
    func token(at now: Timestamp) -> VendorStep<Result<AccessToken, VendorRefusal>>
}

extension Vendor {
    static var requestLimit: Int { 8 }

    func sendsAlone(_ token: String) -> Bool { false }

    func status(of task: VendorTask, at now: Timestamp) -> VendorStep<VendorTaskStatus?> { .finish(nil) }

    func token(at now: Timestamp) -> VendorStep<Result<AccessToken, VendorRefusal>> {
        .finish(.failure(VendorRefusal(.credential(detail: "The vendor gives no tokens."))))
    }

    /// Visible ASCII without commas, by which tokens are told apart in lists.
    static func checked(token: String) throws(ApusError) -> String {
        guard (1...512).contains(token.utf8.count),
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") })
        else {
            throw ApusError(
                .invalid, code: "token_invalid",
                "A token of \(route.rawValue) is 1 to 512 visible ASCII characters without commas.")
        }
        return token
    }
}
