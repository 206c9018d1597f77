package import ApusCore
package import Foundation
package import Hummingbird

/// What accompanies a request through the router.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who sent the request; nil if it did not come over the internet protocol.
    package var client: IPAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    package var responseEncoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }
}
