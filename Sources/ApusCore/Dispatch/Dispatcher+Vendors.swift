/// What devices without a connection are to get by their vendors.
extension Dispatcher {
    // MARK: What is known of vendors

    /// Who reaches a device while it is not connected, and why that does not send at the moment.
    package func vendor(of device: Device) -> (route: Route, problem: String?)? {
        let provider = lanes.first {
            $0.provider.reaches(device.platform, device.vendor) && $0.provider.serves(device.app)
        }?.provider
        return provider.map { ($0.route, $0.problem(of: device.app)) }
    }

    /// The vendors that there are.
    package var vendors: [Route] { lanes.map(\.provider.route) }

    /// The registration with the device's token in the form of whoever reaches it.
    /// - Throws: `ApusError` if the token is none of its vendor's, or there is no such vendor.
    package func checked(_ registration: DeviceRegistration) throws(ApusError) -> DeviceRegistration {
        var checked = registration
        let provider = lanes.first { $0.provider.reaches(registration.platform, registration.vendor) }?.provider
        if let provider {
            checked.nativeToken = try provider.checked(token: registration.nativeToken)
        } else if let vendor = registration.vendor {
            let known = vendors.map(\.rawValue).joined(separator: ", ")
            throw ApusError(
                .invalid, code: "unknown_vendor", "There is no vendor \(vendor.rawValue). There are: \(known).")
        }
        return checked
    }

    // MARK: What is to be written

    package func stranded(_ device: DeviceNumber) {
        guard !lanes.isEmpty else { return }
        commits.enqueueLazily(contentsOf: [.strand(device)])
    }

    /// Writes what became of a delivery in a vendor's hands; `committed` is called once it is on disk.
    func settle(_ settlement: VendorSettlement, committed: @escaping @Sendable () -> Void) {
        commits.enqueueLazily(contentsOf: [.settle(settlement, committed)])
    }

    func removeFromOutbox(of route: Route, _ app: AppNumber, _ keys: [DeliveryKey]) {
        commits.enqueueLazily(contentsOf: [.unqueue(route, app, keys)])
    }

    // MARK: Committing

    /// Who reaches devices of the app that are not connected.
    func providers(serving app: AppNumber, _ outcome: inout CommitOutcome) -> [any PushProvider] {
        if let known = outcome.vendors, known.app == app { return known.providers }
        let providers = lanes.map(\.provider).filter { $0.serves(app) }
        outcome.vendors = (app, providers)
        return providers
    }

    /// Devices without a connection are their vendors' to reach.
    /// - Returns: the vendors that got something.
    func chooseLanes(among providers: [any PushProvider], _ targets: inout ArraySlice<Target>) -> Set<Route> {
        // Most apps have no vendor: their devices are not looked at one by one.
        guard !providers.isEmpty else { return [] }
        var chosen: Set<Route> = []
        for index in targets.indices where directory[targets[index].device] == nil {
            let (platform, vendor) = (targets[index].platform, targets[index].vendor)
            guard let route = providers.first(where: { $0.reaches(platform, vendor) })?.route else { continue }
            targets[index].lane = route
            chosen.insert(route)
        }
        return chosen
    }

    func strand(
        _ number: DeviceNumber, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws {
        guard let (app, target) = try transaction.target(number) else { return }
        var targets = [target][...]
        let chosen = chooseLanes(among: providers(serving: app, &outcome), &targets)
        for route in chosen where try transaction.putIntoOutbox(of: route, app, number) {
            outcome.refilledOutboxes[route, default: []].insert(app)
        }
    }
}
