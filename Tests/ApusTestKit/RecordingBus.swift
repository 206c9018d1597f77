package import ApusCore
import Synchronization

/// A bus that keeps what it is told, and loses all of it.
package final class RecordingBus: ClusterBus {
    private let wakes = Mutex<[NodeNumber: [DeviceNumber]]>([:])

    package init() {}

    package var woken: [NodeNumber: [DeviceNumber]] { wakes.withLock { $0 } }

    package func wake(_ devices: [DeviceNumber], on node: NodeNumber) {
        wakes.withLock { $0[node, default: []] += devices }
    }
}
