import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /msgpush/register` and `POST /msgpush/unregister/{deviceId}` (seed 003).
struct RegistrationRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/msgpush/register") { request, _ in try await register(request) }
        router.post("/msgpush/unregister/:device") { _, context in
            try await unregister(try context.parameters.require("device"))
        }
        router.post("/msgpush/unregister") { _, _ -> Response in
            throw ApusError(
                .invalid, code: "invalid_request", "deviceId是必填项;",
                fields: [ApusError.Field("deviceId", code: "required", "deviceId是必填项;")])
        }
    }

    private func register(_ request: Request) async throws -> Response {
        let body = try RegisterBody(try await request.body.collect(upTo: limits.body))
        let registration = try dispatcher.checked(try body.registration(apps))
        let now = dispatcher.clock.now
        let device = try await dispatcher.update { transaction in
            try transaction.register(registration, newID: RandomToken.hex128(), at: now)
        }
        return .json { $0.member("id", string: device.id) }
    }

    private func unregister(_ id: String) async throws -> Response {
        let now = dispatcher.clock.now
        let device = try await dispatcher.update { try $0.deactivate(deviceID: id, at: now) }
        guard let device else { throw ApusError.unknownDevice }
        dispatcher.disconnect(device.number, .unregistered)
        return Response(status: .ok)
    }
}

/// The body of `POST /msgpush/register`.
struct RegisterBody {
    private var appID: String?
    private var tenant: String?
    private var alias: String?
    private var platform: String?
    private var nativeToken: String?
    /// Ours: what a browser's `PushSubscription.toJSON()` gives; it takes the place of the native token.
    private var subscription: String?
    /// Ours: whose token it is, if that does not follow from the platform.
    private var vendor: String?
    private var mobile: String?
    /// Ours: what the user reads.
    private var language: String?
    private var tags: [String]?
    private var problems = FieldProblems()

    private static let mostTags = 100

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "appId": appID = try scanner.text("appId", &problems)
            case "tenantCode": tenant = try scanner.text("tenantCode", &problems)
            case "alias": alias = try scanner.text("alias", &problems)
            case "platform": platform = try scanner.text("platform", &problems)
            case "nativeToken": nativeToken = try scanner.text("nativeToken", &problems, longest: 4096)
            case "subscription": subscription = try scanner.json()
            case "vendor": vendor = try scanner.text("vendor", &problems)
            case "mobile": mobile = try scanner.text("mobile", &problems)
            case "language": language = try scanner.text("language", &problems)
            case "tag": tags = try scanner.texts("tag", &problems, most: Self.mostTags)
            default: try scanner.skipValue()
            }
        }
    }

    func registration(_ apps: AppRegistry) throws(ApusError) -> DeviceRegistration {
        var problems = problems
        let nativeToken = subscription ?? nativeToken
        let vendor = subscription == nil ? vendor.map(Route.init(rawValue:)) : .webPush
        for (name, value) in [("appId", appID), ("alias", alias), ("nativeToken", nativeToken)]
        where (value ?? "").isEmpty { problems.missing(name) }
        let platform = platform.flatMap(Platform.init(name:))
        if self.platform == nil {
            problems.missing("platform")
        } else if platform == nil {
            problems.wrongValue("platform", "must be ANDROID, IOS, PC or WEB")
        }
        if let language, !LanguageTag.isValid(language) {
            problems.wrongValue("language", "must be a language tag, as in zh or pt-BR")
        }
        try problems.check()
        guard let appID, let alias, let nativeToken, let platform else { throw .unknownApp }
        guard let app = apps[appID] else { throw .unknownApp }
        return DeviceRegistration(
            app: app.number, tenant: tenant ?? "", alias: alias, platform: platform, nativeToken: nativeToken,
            vendor: vendor, mobile: mobile, language: language, tags: tags ?? [])
    }
}
