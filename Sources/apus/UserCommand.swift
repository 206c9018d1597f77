import ApusClient
import ArgumentParser

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Administer the users of the business system.",
        subcommands: [Add.self, List.self, Change.self, Password.self])

    /// What may be said of a user; nil is left as it is.
    struct Details: ParsableArguments {
        @Option(help: "The user's name.")
        var name: String?

        @Option(help: "The address that e-mails go to.")
        var email: String?

        @Option(help: "The number that SMS go to.")
        var mobile: String?
    }

    fileprivate struct Body: Encodable {
        var user_num: String?
        var user_name: String?
        var password: String?
        var email: String?
        var mobile: String?
        var active: Bool?
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a user.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's number.")
        var number: String

        @OptionGroup var details: Details

        @Option(help: "The password. (default: the server makes one and it is printed)")
        var password: String?

        func run() async throws {
            let body = Body(
                user_num: number, user_name: details.name, password: password, email: details.email,
                mobile: details.mobile)
            let answer = try await options.client().post(["v1", "users"], body)
            try options.show(answer, as: UserAnswer.self) { user in
                var table = TextTable()
                table.add("number", user.number)
                table.add("name", user.name)
                if let password = user.password { table.add("password", password) }
                return table.text
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users.")

        @OptionGroup var options: ClientOptions

        @Option(help: "How many at most.")
        var limit = 100

        @Option(help: "Go on after the list that ended with this.")
        var after: String?

        func run() async throws {
            let query = [("limit", String(limit))] + (after.map { [("after", $0)] } ?? [])
            let answer = try await options.client().get(["v1", "users"], query: query)
            try options.show(answer, as: UserListAnswer.self) { list in
                guard !list.users.isEmpty else { return "There are no such users." }
                var table = TextTable(header: ["NUMBER", "NAME", "E-MAIL", "MOBILE", "ACTIVE"])
                for user in list.users {
                    table.add(user.number, user.name, user.email, user.mobile, user.active ? "yes" : "no")
                }
                return table.text + (list.next.map { "\n\nThere are more: --after \($0)" } ?? "")
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what is known of a user, or shut the user out.",
            discussion: "A user who is not active cannot log in and is sent nothing.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's number.")
        var number: String

        @OptionGroup var details: Details

        @Flag(inversion: .prefixedNo, help: "Whether the user may log in and is sent anything.")
        var active: Bool?

        func run() async throws {
            let body = Body(user_name: details.name, email: details.email, mobile: details.mobile, active: active)
            let answer = try await options.client().patch(["v1", "users", number], body)
            try options.show(answer, as: UserAnswer.self) { "User \($0.number) was changed." }
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "passwd", abstract: "Give a user a new password, and end the user's access tokens.")

        @OptionGroup var options: ClientOptions

        @Argument(help: "The user's number.")
        var number: String

        @Option(help: "The new password.")
        var password: String

        func run() async throws {
            let answer = try await options.client().patch(["v1", "users", number], Body(password: password))
            try options.show(answer, as: UserAnswer.self) { "User \($0.number) has the new password." }
        }
    }
}

struct UserAnswer: Decodable {
    let number: String
    let name: String
    let password: String?
    let email: String
    let mobile: String
    let active: Bool

    private enum CodingKeys: String, CodingKey {
        case password, email, mobile, active
        case number = "user_num"
        case name = "user_name"
    }
}

struct UserListAnswer: Decodable {
    let users: [UserAnswer]
    let next: String?
}
