/// What devices without a connection are to get by their vendors.
extension Dispatcher {
    // MARK: What is known of vendors

    /// The vendor that reaches an app's devices of this platform while they are not connected.
    package func vendor(_ app: AppNumber, _ platform: Platform) -> Route? {
        lane(app, platform)?.provider.route
    }

    /// Why that vendor does not send at the moment.
    package func vendorProblem(_ app: AppNumber, _ platform: Platform) -> String? {
        lane(app, platform)?.provider.problem(of: app)
    }

    private func lane(_ app: AppNumber, _ platform: Platform) -> ProviderLane? {
        lanes.first { $0.provider.serves(app, platform) }
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

    /// Devices without a connection are their vendors' to reach.
    /// - Returns: the vendors that got something.
    func chooseLanes(_ app: AppNumber, _ targets: inout ArraySlice<Target>) -> Set<Route> {
        // Most apps have no vendor: their devices are not looked at one by one.
        guard Platform.allCases.contains(where: { vendor(app, $0) != nil }) else { return [] }
        var chosen: Set<Route> = []
        for index in targets.indices where directory[targets[index].device] == nil {
            guard let route = vendor(app, targets[index].platform) else { continue }
            targets[index].lane = route
            chosen.insert(route)
        }
        return chosen
    }

    func strand(
        _ number: DeviceNumber, _ transaction: any StoreTransaction, _ outcome: inout CommitOutcome
    ) throws {
        guard directory[number] == nil, let (app, platform) = try transaction.appAndPlatform(of: number),
            let route = vendor(app, platform),
            try transaction.putIntoOutbox(of: route, app, number)
        else { return }
        outcome.filledOutboxes[route, default: []].insert(app)
    }
}
