import ApusCore

/// Looking for devices, and forgetting them.
extension InMemoryTransaction {
    func devices(_ filter: DeviceFilter, after: DeviceNumber?, limit: Int) -> [Device] {
        devices(
            filter, among: deviceList.map(\.number).filter { number in after.map { number > $0 } ?? true }, limit: limit
        )
    }

    func devices(_ filter: DeviceFilter, among numbers: some Sequence<DeviceNumber>, limit: Int) -> [Device] {
        let found = numbers.compactMap { number in deviceList.first { $0.number == number } }.filter { device in
            !deleted.contains(device.number) && (filter.appID.map { $0 == device.appID } ?? true)
                && (filter.alias.map { $0 == device.alias } ?? true)
                && (filter.tag.map { device.tags.contains($0) } ?? true)
                && (filter.platform.map { $0 == device.platform } ?? true)
                && (filter.tenant.map { $0 == device.tenant } ?? true)
        }
        return Array(found.prefix(limit))
    }

    func tags(of app: AppNumber, after: String?, limit: Int) -> [TagCount] {
        let own = deviceList.filter { $0.app == app }
        let tags = Set(own.flatMap(\.tags)).sorted().filter { $0 > after ?? "" }.prefix(limit)
        return tags.map { tag in
            TagCount(tag: tag, devices: own.count { $0.isActive && $0.tags.contains(tag) })
        }
    }

    func removeDevice(id: String, at now: Timestamp) -> Device? {
        guard let index = deviceList.firstIndex(where: { $0.id == id }), !deleted.contains(deviceList[index].number)
        else { return nil }
        let device = deviceList[index]
        for key in deliveries.keys where key.device == device.number && deliveries[key]?.delivery.isOpen ?? false {
            end(key, .failed("device.deleted"), at: now)
        }
        endpointList.removeAll { $0.registration.device == device.number }
        accountList = accountList.filter { $0.value.device != device.number }
        collapseKeys = collapseKeys.filter { $0.key.device != device.number }
        addresses[device.number] = nil
        for route in dead[device.app, default: [:]].keys {
            dead[device.app]?[route]?.removeAll { $0.token == device.nativeToken }
        }
        deleted.insert(device.number)
        deviceList[index] = Device(
            number: device.number, id: "deleted \(device.number.rawValue)", app: device.app, appID: device.appID,
            tenant: "", alias: "", platform: device.platform, nativeToken: "deleted \(device.number.rawValue)",
            mobile: nil, tags: [], isActive: false, registeredAt: device.registeredAt)
        return device
    }
}
