package import ApusCore
package import Foundation
package import Hummingbird

import NIOCore

/// What accompanies a request through the router.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who sent the request; nil if it did not come over the internet protocol.
    package let client: IPAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        client = source.channel.remoteAddress.flatMap { IPAddress($0) }
    }

    package var responseEncoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return encoder
    }
}
