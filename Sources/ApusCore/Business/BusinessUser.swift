/// A user of the business system (`sys_users`, seed 004), as far as Apus acts on it.
package struct BusinessUser: Sendable, Equatable {
    package var id: Int64
    /// What everyone knows the user by, and the alias of all devices that the user is logged in on.
    package var number: String
    package var name: String
    /// A `PasswordHash`, or the clear text that an operator wrote and nobody has hashed yet.
    package var password: String
    package var email: String
    package var mobile: String
    /// Whether the user may log in and is sent anything.
    package var isActive: Bool

    package init(
        id: Int64 = 0, number: String, name: String, password: String, email: String = "", mobile: String = "",
        isActive: Bool = true
    ) {
        self.id = id
        self.number = number
        self.name = name
        self.password = password
        self.email = email
        self.mobile = mobile
        self.isActive = isActive
    }
}

/// What is kept of an authentication.
package struct SignIn: Sendable {
    package let userNumber: String
    package let app: AppNumber
    package let token: SecretHash
    package let expiresAt: Timestamp
    package let address: String
    package let browser: String
    package let version: String

    package init(
        userNumber: String, app: AppNumber, token: SecretHash, expiresAt: Timestamp, address: String, browser: String,
        version: String
    ) {
        self.userNumber = userNumber
        self.app = app
        self.token = token
        self.expiresAt = expiresAt
        self.address = address
        self.browser = browser
        self.version = version
    }
}

/// Whom an access token belongs to.
package struct TokenBearer: Sendable, Equatable {
    package let userNumber: String
    package let app: AppNumber

    package init(userNumber: String, app: AppNumber) {
        self.userNumber = userNumber
        self.app = app
    }
}
