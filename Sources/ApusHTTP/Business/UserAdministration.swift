import ApusCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Users of the business system, under `/v1/users`, for administrators.
struct UserAdministration: Sendable {
    let dispatcher: Dispatcher
    let access: Access
    let passwords: PasswordDesk

    private static let longestBody = 4096

    func add(to router: Router<APIContext>) {
        router.get("/v1/users") { request, context in try await list(request, context) }
        router.post("/v1/users") { request, context in try await create(request, context) }
        router.patch("/v1/users/:number") { request, context in try await change(request, context) }
    }

    /// Numbers may have characters that paths cannot.
    private static func number(_ context: APIContext) throws -> String {
        let number = try context.parameters.require("number")
        guard let decoded = number.removingPercentEncoding else {
            throw ApusError(.invalid, code: "invalid_request", "The number in the path is not percent-encoded UTF-8.")
        }
        return decoded
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try access.require(.viewer, request, context)
        let limit = try Page.limit(request)
        let after = request.uri.queryParameters["after"].map(String.init)
        let found = try await dispatcher.query { try $0.users(after: after, limit: limit) }
        return Response.json { object in
            object.member("users", objects: found) { Self.write($0, &$1) }
            object.member("next", string: found.count == limit ? found.last?.number : nil)
        }
    }

    private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.require(.admin, request, context)
        let body = try UserBody(try await request.body.collect(upTo: Self.longestBody))
        let (number, now) = (try body.requiredNumber, dispatcher.clock.now)
        let made = body.password == nil ? RandomToken.hex128() : nil
        let hash = try await passwords.hash(body.password ?? made ?? "")
        let user = try await dispatcher.update(noting: { _ in caller.act("user.create", number) }) { transaction in
            guard try transaction.user(number) == nil else {
                throw ApusError(
                    .conflict, code: "user_exists", "There is a user with the number \(number) already.")
            }
            let user = body.applied(to: BusinessUser(number: number, name: number, password: hash))
            try transaction.putUser(user, at: now)
            return user
        }
        return Response.json(status: .created) { Self.write(user, password: made, &$0) }
    }

    private func change(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.require(.admin, request, context)
        let number = try Self.number(context)
        let body = try UserBody(try await request.body.collect(upTo: Self.longestBody))
        let now = dispatcher.clock.now
        var hash: String?
        if let password = body.password { hash = try await passwords.hash(password) }
        let newHash = hash
        let user = try await dispatcher.update(noting: { _ in caller.act("user.change", number) }) { transaction in
            guard var user = try transaction.user(number) else { throw ApusError.unknownUser(number) }
            user = body.applied(to: user)
            if let newHash {
                user.password = newHash
                try transaction.removeTokens(ofUser: number)
            }
            try transaction.putUser(user, at: now)
            return user
        }
        return Response.json { Self.write(user, &$0) }
    }

    /// - Parameter password: one that was made for the user, at the only time that it is told.
    private static func write(_ user: BusinessUser, password: String? = nil, _ object: inout JSONObjectWriter) {
        object.member("user_num", string: user.number)
        object.member("user_name", string: user.name)
        object.member("password", string: password)
        object.member("email", string: user.email)
        object.member("mobile", string: user.mobile)
        object.member("active", bool: user.isActive)
    }
}

/// The body of a new user, and of a change of one.
struct UserBody {
    private var number: String?
    private var name: String?
    private(set) var password: String?
    private var email: String?
    private var mobile: String?
    private var isActive: Bool?
    private var problems = FieldProblems()

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "user_num": number = try scanner.text("user_num", &problems)
            case "user_name": name = try scanner.text("user_name", &problems)
            case "password": password = try scanner.text("password", &problems, longest: 1024)
            case "email": email = try scanner.text("email", &problems)
            case "mobile": mobile = try scanner.text("mobile", &problems)
            case "active": isActive = try scanner.flag("active", &problems)
            default: try scanner.skipValue()
            }
        }
        if password?.isEmpty ?? false { problems.wrongValue("password", "must not be empty") }
        try problems.check()
    }

    /// - Throws: unless it is one that a list of receivers can name.
    var requiredNumber: String {
        get throws(ApusError) {
            var problems = problems
            let number = number ?? ""
            if number.isEmpty {
                problems.missing("user_num")
            } else if ReceiverList(number).numbers != [number] {
                problems.wrongValue("user_num", "must not have commas, semicolons or white space around it")
            }
            try problems.check()
            return number
        }
    }

    /// The user with what the body says of it.
    func applied(to user: BusinessUser) -> BusinessUser {
        var user = user
        user.name = name ?? user.name
        user.email = email ?? user.email
        user.mobile = mobile ?? user.mobile
        user.isActive = isActive ?? user.isActive
        return user
    }
}
