package import ApusCore
import Hummingbird
package import Logging
import NIOCore

/// Everything that is not answered on the connection itself.
package enum APIRouter {
    /// - Parameters:
    ///   - umengJobs: sends messages whose devices Umeng finds by itself.
    ///   - isDemo: whether anyone may create apps.
    ///   - retention: what holds for apps that say nothing else.
    ///   - registrationApp: the app that XMPP devices register into, which AndroidPN's console sends to.
    package static func responder(
        dispatcher: Dispatcher, doorkeeper: Doorkeeper, audit: AuditBook, accounts: any AccountBook,
        credentials: CredentialBook, endpoints: EndpointBook, limiter: EndpointLimiter, business: BusinessContext,
        umengJobs: (any VendorJobs)?, events: EventListeners, webhooks: WebhookBook, isDemo: Bool,
        limits: Reloadable<HTTPServerContext.Limits>, retention: Retention,
        registrationApp: String?, readiness: Readiness, metrics: PrometheusMetrics, logger: Logger
    ) -> HTTPServerContext.Responder {
        let apps = doorkeeper.apps
        let access = Access(doorkeeper: doorkeeper, isDemo: isDemo)
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: CrossOriginMiddleware())
        router.add(middleware: ErrorMiddleware())
        RegistrationRoutes(dispatcher: dispatcher, apps: apps, limits: limits).add(to: router)
        AppRoutes(dispatcher: dispatcher, apps: apps, access: access).add(to: router)
        PolicyRoutes(dispatcher: dispatcher, apps: apps, access: access).add(to: router)
        RetentionRoutes(dispatcher: dispatcher, apps: apps, access: access, standard: retention).add(to: router)
        DeviceRoutes(dispatcher: dispatcher, apps: apps, access: access).add(to: router)
        MessageRoutes(dispatcher: dispatcher, endpoints: endpoints, access: access, recallSeconds: retention.age)
            .add(to: router)
        EventRoutes(dispatcher: dispatcher, apps: apps, access: access, listeners: events).add(to: router)
        WebhookRoutes(apps: apps, webhooks: webhooks, listeners: events, access: access).add(to: router)
        DeadLetterRoutes(dispatcher: dispatcher, access: access, centre: business.centre, webhooks: webhooks)
            .add(to: router)
        AccountRoutes(dispatcher: dispatcher, apps: apps, accounts: accounts, access: access).add(to: router)
        TokenRoutes(dispatcher: dispatcher, apps: apps, tokens: doorkeeper.tokens, access: access).add(to: router)
        AuditRoutes(dispatcher: dispatcher, audit: audit, access: access).add(to: router)
        CredentialRoutes(dispatcher: dispatcher, apps: apps, credentials: credentials, access: access).add(to: router)
        if let umengJobs {
            UmengRoutes(
                desk: JobDesk(umengJobs, dispatcher: dispatcher), apps: apps, access: access, limits: limits
            ).add(to: router)
        }
        NotificationRoutes(
            dispatcher: dispatcher, apps: apps, access: access, limits: limits, registrationApp: registrationApp
        ).add(to: router)
        EndpointRoutes(dispatcher: dispatcher, endpoints: endpoints).add(to: router)
        MatrixGatewayRoutes(dispatcher: dispatcher, endpoints: endpoints, limiter: limiter, limits: limits)
            .add(to: router)
        BusinessRoutes(dispatcher: dispatcher, apps: apps, access: access, context: business, limits: limits)
            .add(to: router)
        BrowserClientRoutes().add(to: router)
        OperationsRoutes(dispatcher: dispatcher, access: access, readiness: readiness, metrics: metrics).add(to: router)
        let gaps = APIDocument.gaps(router)
        if !gaps.isEmpty {
            logger.error("the document and the routes differ", metadata: ["routes": "\(gaps.sorted())"])
        }
        let responder = router.buildResponder()
        return { request, channel, client in
            var context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
            context.client = client
            do {
                return try await responder.respond(to: request, context: context)
            } catch {
                logger.error("request failed", metadata: ["error": "\(error)"])
                return Response(status: .internalServerError)
            }
        }
    }
}
