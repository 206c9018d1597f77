import ApusCore

/// The business system's tables, in memory.
struct InMemoryBusiness {
    struct SystemDevice {
        var id: Int64
        var login: DeviceLogin
        /// The device that it is, and the token and vendor that it was registered with.
        var link: (device: DeviceNumber, token: String, platform: String)?
    }

    struct UserDevice {
        let id: Int64
        let user: String
        let device: Int64
        var isLoggedIn: Bool
    }

    var users: [BusinessUser] = []
    var tokens: [SecretHash: (bearer: TokenBearer, createdAt: Timestamp, expiresAt: Timestamp)] = [:]
    var devices: [SystemDevice] = []
    var userDevices: [UserDevice] = []
    var pushes: [BusinessPush] = []
    /// Pushes of which nothing more will become.
    var closed: Set<Int64> = []
    var rows: [CentreRow] = []
    var schedules: [Schedule] = []
    var notices: [Notice] = []
    var letters: [DeadLetter] = []
    var imported: [ImportedRow] = []
    private var lastID: Int64 = 0

    mutating func nextID() -> Int64 {
        lastID += 1
        return lastID
    }
}
