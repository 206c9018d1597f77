import NIOCore

/// Who devices are, remembered for a few seconds: the same few come again and again.
// SAFETY: touched by the hub's thread only.
final class DeviceFaces: @unchecked Sendable {
    struct Owner {
        let app: AppNumber
        let appID: String
        let device: DeviceFace?
    }

    /// How many devices are remembered.
    private static let most = 50_000
    /// How long an alias may be an earlier one.
    private static let lifetime = TimeAmount.seconds(5)

    private var faces: [DeviceNumber: DeviceFace] = [:]
    private var apps: [AppNumber: String] = [:]
    private var forgetAt = NIODeadline.distantPast
    private var second: (number: Int64, text: Substring) = (-1, "")

    func refresh(at now: NIODeadline) {
        guard now >= forgetAt || faces.count > Self.most else { return }
        faces.removeAll(keepingCapacity: true)
        forgetAt = now + Self.lifetime
    }

    /// - Returns: nil if whose it was is not known any more.
    func owner(of event: StateEvent, _ snapshot: any StoreSnapshot) throws -> Owner? {
        if let accepted = event.accepted {
            return try appID(accepted.app, snapshot).map { Owner(app: accepted.app, appID: $0, device: nil) }
        }
        guard let number = event.device, let face = try face(number, snapshot) else { return nil }
        return Owner(app: face.app, appID: face.appID, device: face)
    }

    private func face(_ number: DeviceNumber, _ snapshot: any StoreSnapshot) throws -> DeviceFace? {
        if let face = faces[number] { return face }
        let face = try snapshot.face(of: number)
        faces[number] = face
        return face
    }

    private func appID(_ app: AppNumber, _ snapshot: any StoreSnapshot) throws -> String? {
        if let id = apps[app] { return id }
        for app in try snapshot.apps() { apps[app.number] = app.id }
        return apps[app]
    }

    /// The time as text; most events are of the same second as the one before.
    func text(of time: Timestamp) -> String {
        let (number, rest) = (time.milliseconds / 1000, time.milliseconds % 1000)
        guard number == second.number, rest >= 0 else {
            let text = time.rfc3339
            // All but the milliseconds and the Z.
            second = (number, text.dropLast(4))
            return text
        }
        let digits = String(rest)
        return "\(second.text)\(String(repeating: "0", count: 3 - digits.count))\(digits)Z"
    }
}
