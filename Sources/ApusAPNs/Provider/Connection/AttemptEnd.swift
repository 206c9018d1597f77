/// How one attempt to send a request ended.
enum AttemptEnd: Equatable {
    case answered(APNsResponse)
    /// APNs said that it did not process the request (REFUSED_STREAM, or GOAWAY for a stream beyond the last one).
    case refused
    /// The request did not leave completely, so APNs cannot have processed it.
    case unsent
    /// It was sent, and there is no answer.
    case unanswered
}
