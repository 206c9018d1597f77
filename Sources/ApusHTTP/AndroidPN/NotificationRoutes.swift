import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /notification.do?action=send` as AndroidPN's console has it (seed 000), and the form that answers programs.
///
/// The original asks nobody who they are. Here a sender needs the app's key or a token of the role sender: as a header, as user name
/// and password of the URL, or as `appId` and `appKey` in the URL, so that a program needs no change but of its address.
struct NotificationRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access
    let limits: Reloadable<HTTPServerContext.Limits>
    /// The app that is sent to unless the request names one.
    let registrationApp: String?

    func add(to router: Router<APIContext>) {
        router.post("/notification.do") { request, context in
            let acceptance = try await send(request, context)
            return Response(
                status: .found, headers: [.location: "/notification.do?id=\(acceptance.message)"])
        }
        // Where the original's redirect leads to its console.
        router.get("/notification.do") { request, _ in
            Response.json { object in
                object.member("result", string: "0")
                object.member("description", string: "success")
                object.member("id", string: request.uri.queryParameters["id"].map(String.init))
            }
        }
        router.post("/notification_api.do") { request, context in
            let acceptance = try await send(request, context)
            return Response.json { object in
                object.member("result", string: "0")
                object.member("description", string: "success")
                object.member("id", string: acceptance.message.description)
            }
        }
    }

    private func send(_ request: Request, _ context: APIContext) async throws -> Acceptance {
        let fields = FormFields(
            body: try await request.body.collect(upTo: limits.body), query: request.uri.query)
        guard fields["action"] == "send" else {
            throw ApusError(.invalid, code: "unknown_action", "The only action is send: add ?action=send.")
        }
        let (app, origin) = try authorize(request, context, fields)
        let notification = try NotificationForm(fields, longest: limits.send.payload)
        var audience = Audience(.all)
        if let username = notification.username {
            // A user name is the account's, or else the alias of any device.
            let account = try await dispatcher.query { try $0.account(named: username.lowercased()) }
            let own = account.flatMap { $0.app == app.number ? $0 : nil }
            audience = own.map { Audience(.device, [$0.deviceID]) } ?? Audience(.alias, [username])
        }
        return try await dispatcher.send(
            PushRequest(
                app: app.number, appID: app.id, audience: audience, content: notification.content,
                needsConfirmation: notification.needsConfirmation, timeToLive: limits.send.defaultTimeToLive,
                origin: origin))
    }

    private func authorize(_ request: Request, _ context: APIContext, _ fields: FormFields) throws -> (
        App, Origin
    ) {
        let basic = BasicCredentials(request)
        guard let appID = basic?.username ?? fields["appId"] ?? registrationApp else {
            throw ApusError(
                .invalid, code: "app_required", "Name the app: add appId to the URL, or set xmpp.register_app.")
        }
        if let basic, apps[basic.username] == nil { throw ApusError.wrongAppKey }
        let (app, origin): (App, Origin)
        if let key = basic?.password ?? fields["appKey"] {
            app = try access.doorkeeper.app(appID, key: key, from: context.client)
            origin = Origin(.app(appID), from: context.client)
        } else {
            origin = try access.require(.sender, request, context, orKeyOf: appID).origin
            guard let named = apps[appID] else { throw ApusError.unknownApp }
            app = named
        }
        try apps.take(1, from: app)
        return (app, origin)
    }
}

/// The fields of the console's form.
struct NotificationForm {
    /// Nil for a broadcast.
    let username: String?
    let content: MessageContent
    /// Ours: the original's clients confirm nothing, so it is not asked for unless the form has `needConfirm=Y`.
    let needsConfirmation: Bool

    /// - Parameter longest: bytes of all fields together.
    init(_ fields: FormFields, longest: Int) throws(ApusError) {
        var problems = FieldProblems()
        let isBroadcast = (fields["broadcast"] ?? "Y").uppercased() != "N"
        let username = fields["username"] ?? ""
        let (title, message, uri) = (fields["title"] ?? "", fields["message"] ?? "", fields["uri"] ?? "")
        if !isBroadcast, username.isEmpty { problems.missing("username") }
        if title.isEmpty, message.isEmpty { problems.missing("message") }
        try problems.check()
        guard title.utf8.count + message.utf8.count + uri.utf8.count <= longest else {
            throw ApusError(
                .tooLarge, code: "payload_too_large",
                "The title, the message and the uri have more than \(longest) bytes together.")
        }
        needsConfirmation = fields["needConfirm"]?.uppercased() == "Y"
        self.username = isBroadcast ? nil : username
        content = MessageContent(
            title: title.isEmpty ? nil : title, alert: message, uri: uri.isEmpty ? nil : uri, listenFlag: "NOTF")
    }
}
