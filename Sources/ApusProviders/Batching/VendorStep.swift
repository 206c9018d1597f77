import ApusCore

/// What is to be done next on the way to an answer: a vendor's part of a conversation without I/O.
enum VendorStep<Answer: Sendable>: Sendable {
    /// Send a request, and go on with its response.
    case send(
        OutgoingRequest, then: @Sendable (Result<OutgoingResponse, OutgoingFailure>) -> VendorStep<Answer>)
    /// Get the token that the vendor gave to the credential; go on with it, or with why there is none.
    /// - `replacing`: one that the vendor does not take any more.
    case authorize(replacing: String?, then: @Sendable (Result<String, VendorRefusal>) -> VendorStep<Answer>)
    case finish(Answer)

    /// Sends a request and, if there is no answer, once more: for what the vendor knows again if it has it.
    static func sendTwice(
        _ request: OutgoingRequest,
        then: @escaping @Sendable (Result<OutgoingResponse, OutgoingFailure>) -> VendorStep<Answer>
    ) -> VendorStep<Answer> {
        .send(request) { result in
            if case .failure(.unanswered) = result { .send(request, then: then) } else { then(result) }
        }
    }
}

/// Why it cannot go on: what is to become of the batch.
struct VendorRefusal: Error, Equatable {
    let answer: VendorAnswer

    init(_ answer: VendorAnswer) {
        self.answer = answer
    }
}

/// What a vendor gives to a credential for a time, to be shown with each request.
struct AccessToken: Sendable, Equatable {
    let text: String
    /// From then on another one is asked for.
    let renewedAt: Timestamp

    init(_ text: String, renewedAt: Timestamp) {
        self.text = text
        self.renewedAt = renewedAt
    }
}
