// The business system's part of the store (seed 004): users, their devices, pushes, the message centre.

package protocol BusinessSnapshot {
    func user(_ number: String) throws -> BusinessUser?
    /// By their numbers, those that come after `after`.
    func users(after: String?, limit: Int) throws -> [BusinessUser]
    /// Whom a token belongs to that has not expired.
    func bearer(of token: SecretHash, at now: Timestamp) throws -> TokenBearer?
    /// Users whose password stands in clear.
    func usersWithClearPassword(limit: Int) throws -> [BusinessUser]
    /// Logins that somebody wrote into the tables by other means and that have no device in Apus yet, or one with
    /// another token. The app is left to the caller.
    func unlinkedLogins(app: AppNumber, limit: Int) throws -> [DeviceLogin]

    func businessPush(_ id: Int64) throws -> BusinessPush?
    /// Pushes of which something may still have become since they were refreshed; the latest first, from before `before`.
    func openPushes(before: MessageID?, limit: Int) throws -> [OpenPush]

    func centreRow(_ id: Int64) throws -> CentreRow?
    /// Rows that wait, the highest level first, then the oldest.
    func waitingRows(limit: Int) throws -> [CentreRow]
    func schedule(_ id: Int64) throws -> Schedule?
    /// The latest first, from before `before`; of one app or of all.
    func schedules(of app: AppNumber?, before: Int64?, limit: Int) throws -> [Schedule]
    func dueSchedules(at now: Timestamp, limit: Int) throws -> [Schedule]
    func notices(of row: Int64) throws -> NoticeCounts
    func notice(of row: Int64, user number: String) throws -> Notice?
    /// When the message centre next has something to do by itself: a schedule or a notice that comes due.
    func nextCentreTime() throws -> Timestamp?
    /// The latest first, from before `before`.
    func deadLetters(before: Int64?, limit: Int) throws -> [DeadLetter]
    func deadLetter(_ id: Int64) throws -> DeadLetter?
}

package protocol BusinessTransaction: BusinessSnapshot {
    /// Adds the user, or changes the one with this number.
    func putUser(_ user: BusinessUser, at now: Timestamp) throws
    func setPassword(_ hash: String, ofUser number: String, at now: Timestamp) throws
    func record(_ signIn: SignIn, at now: Timestamp) throws
    func removeTokens(ofUser number: String) throws
    func removeExpiredTokens(at now: Timestamp) throws

    /// The user is logged in on the device from now on, and nobody else is.
    func logIn(_ login: DeviceLogin, newID: String, at now: Timestamp) throws -> LoggedIn
    /// Nobody is logged in on the device any more.
    /// - Returns: the devices that were unregistered, or nil if the row is none of the user's, or another app's.
    func logOut(
        _ userDevice: Int64, of user: String, for app: AppNumber, at now: Timestamp
    ) throws -> [DeviceNumber]?

    /// Adds the row of a push that became `message`, with the tokens of the message's deliveries.
    /// - Returns: its id.
    func insertPush(_ push: BusinessPush, at now: Timestamp) throws -> Int64
    /// Writes how pushes stand whose deliveries no vendor's job tells of.
    func refresh(_ pushes: [OpenPush], at now: Timestamp) throws

    /// - Returns: its id.
    func insertRow(_ row: CentreRow, at now: Timestamp) throws -> Int64
    func setState(of row: CentreRow, at now: Timestamp) throws
    /// - Returns: its id.
    func insertSchedule(_ schedule: Schedule) throws -> Int64
    func update(_ schedule: Schedule) throws
    func removeOldSchedules(before time: Timestamp, limit: Int) throws

    /// Adds notices; one that the row has already begins anew, unless it was sent.
    func insert(_ notices: [Notice]) throws
    /// Takes notices that are due, the most urgent first, which are then `sending` for one more time.
    /// - Parameters:
    ///   - limit: of all apps together.
    ///   - share: the same of each app.
    func claimNotices(
        _ mode: NotificationMode, at now: Timestamp, limit: Int, share: (AppNumber) -> Int
    ) throws -> [Notice]
    func update(_ notice: Notice) throws
    /// What was with a sender when the server stopped waits again, and may be repeated.
    /// - Returns: how many those are.
    func releaseInterruptedNotices() throws -> Int

    func insert(_ letter: DeadLetter) throws
    func removeDeadLetters(of row: Int64) throws
    func removeDeadLetter(_ id: Int64) throws -> DeadLetter?

    /// Takes over one row of the seed's own tables.
    func importRow(_ row: ImportedRow, at now: Timestamp) throws -> ImportedRow.Outcome
}
