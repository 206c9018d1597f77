/// Which of the two services of APNs is meant. Tokens, keys and certificates may belong to one of them only.
package enum APNsServiceEnvironment: String, Sendable {
    case production
    case sandbox
}
