import Dispatch

/// What else other programs may have written.
extension MessageCentre {
    /// Clear passwords that are hashed in one go: each takes tens of milliseconds.
    private static let passwordsAtOnce = 5
    /// Seconds that schedules are kept that are over.
    private static let keptSeconds: Int64 = 30 * 86_400

    /// Takes logins over that other programs wrote, hashes clear passwords, writes how pushes stand.
    package func keepHouse() async throws {
        try await takeLoginsOver()
        try await hashPasswords()
        try await refreshPushes()
        let now = dispatcher.clock.now
        try await dispatcher.update { transaction in
            try transaction.removeExpiredTokens(at: now)
            try transaction.removeOldSchedules(before: now.adding(seconds: -Self.keptSeconds), limit: 1000)
        }
    }

    /// Gives devices to users that are logged in by the tables.
    package func takeLoginsOver() async throws {
        guard let app = apps[settings.appID] else { return }
        while try await linkSome(app) {}
    }

    /// - Returns: whether there may be more.
    private func linkSome(_ app: App) async throws -> Bool {
        let (now, batch) = (dispatcher.clock.now, Self.batch)
        let logins = try await dispatcher.query { try $0.unlinkedLogins(app: app.number, limit: batch) }
        guard !logins.isEmpty else { return false }
        let checked = logins.map { dispatcher.checked($0).0 }
        let former = try await dispatcher.update { transaction in
            try checked.compactMap { try transaction.logIn($0, newID: RandomToken.hex128(), at: now).former }
        }
        for device in former { dispatcher.disconnect(device, .unregistered) }
        return logins.count == batch
    }

    /// Hashes some passwords that stand in clear, and sees to it that the others follow.
    func hashPasswords() async throws {
        let clear = try await dispatcher.query { try $0.usersWithClearPassword(limit: Self.passwordsAtOnce) }
        leavesPasswords = clear.count == Self.passwordsAtOnce
        guard !clear.isEmpty else { return }
        let (hashes, now) = (await Self.hash(clear.map(\.password)), dispatcher.clock.now)
        try await dispatcher.update { transaction in
            // One may have been changed meanwhile.
            for (user, hash) in zip(clear, hashes)
            where try transaction.user(user.number)?.password == user.password {
                try transaction.setPassword(hash, ofUser: user.number, at: now)
            }
        }
        if leavesPasswords { wake() }
    }

    private static let hashing = DispatchQueue(label: "apus.passwords", qos: .utility)

    /// Off the threads that tasks share.
    private static func hash(_ passwords: [String]) async -> [String] {
        await withCheckedContinuation { continuation in
            hashing.async {
                continuation.resume(returning: passwords.map { PasswordHash(of: $0).text })
            }
        }
    }

    private func refreshPushes() async throws {
        let (now, batch) = (dispatcher.clock.now, Self.batch)
        var before: MessageID?
        while true {
            let latest = before
            let pushes = try await dispatcher.query { try $0.openPushes(before: latest, limit: batch) }
            guard let last = pushes.last else { return }
            try await dispatcher.update { try $0.refresh(pushes, at: now) }
            before = last.message
        }
    }
}
