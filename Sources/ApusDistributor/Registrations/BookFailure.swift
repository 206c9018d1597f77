import GRDB

/// Why the book of registrations cannot be opened, and what to do about it.
package struct BookFailure: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(file: String, _ error: any Error) {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_NOTADB?, .SQLITE_CORRUPT?:
            description =
                "The book \(file) is damaged. Move it away to start empty: applications register again when they start."
        default:
            description = "The book \(file) cannot be opened: \(error). Check that it and its directory are writable."
        }
    }
}
