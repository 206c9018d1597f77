/// Carries wake-ups between nodes. A lost one costs time, never a message: the store has it.
package protocol ClusterBus: Sendable {
    /// Tells `node` that there is something new in the store for `devices`, whose connections it holds.
    func wake(_ devices: [DeviceNumber], on node: NodeNumber)
}
