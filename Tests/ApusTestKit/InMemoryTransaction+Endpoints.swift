import ApusCore

/// Endpoints and what is posted to them.
extension InMemoryTransaction {
    private func current(_ endpoint: Endpoint) -> Endpoint {
        let device = deviceList.first { $0.number == endpoint.registration.device }
        return Endpoint(
            number: endpoint.number, id: endpoint.id, registration: endpoint.registration, app: endpoint.app,
            appID: endpoint.appID, tenant: endpoint.tenant, deviceID: endpoint.deviceID,
            target: device.map { target($0) } ?? endpoint.target, isActive: device?.isActive ?? false)
    }

    func endpoint(_ id: [UInt8]) -> Endpoint? { endpointList.first { $0.id == id }.map(current) }

    func endpoints(of device: DeviceNumber) -> [Endpoint] {
        endpointList.filter { $0.registration.device == device }.map(current)
    }

    func registerEndpoint(
        _ registration: EndpointRegistration, newID: [UInt8], at now: Timestamp
    ) throws -> Endpoint {
        guard let device = deviceList.first(where: { $0.number == registration.device && $0.isActive }) else {
            throw ApusError.unknownDevice
        }
        let index = endpointList.firstIndex {
            $0.registration.device == registration.device && $0.registration.name == registration.name
        }
        let number = index.map { endpointList[$0].number }
        let endpoint = Endpoint(
            number: number ?? EndpointNumber(1 + (endpointList.map(\.number.rawValue).max() ?? 0)),
            id: index.map { endpointList[$0].id } ?? newID, registration: registration, app: device.app,
            appID: device.appID, tenant: device.tenant, deviceID: device.id, target: target(device), isActive: true)
        if let index { endpointList[index] = endpoint } else { endpointList.append(endpoint) }
        return endpoint
    }

    func removeEndpoint(_ name: String, of device: DeviceNumber, at now: Timestamp) -> Bool {
        let index = endpointList.firstIndex { $0.registration.device == device && $0.registration.name == name }
        guard let index else { return false }
        let endpoint = endpointList.remove(at: index)
        for key in deliveries.keys where messages[key.message]?.message.content.push?.endpoint == endpoint.number {
            guard deliveries[key]?.delivery.isOpen ?? false else { continue }
            end(key, .failed("endpoint.unregistered"), at: now)
        }
        return true
    }

    func removeExpiredEndpoints(at now: Timestamp, limit: Int) {
        endpointList.removeAll { $0.registration.expiresAt.map { $0 <= now } ?? false }
    }
}
