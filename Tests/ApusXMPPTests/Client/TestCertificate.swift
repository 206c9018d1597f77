import NIOSSL

/// A certificate for `example.org` that vouches for itself, until 2126. Its key is no secret.
enum TestCertificate {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUGgAwIBAgIUXQR7pPrAV/4PbMC3nqFpHWtKThMwCgYIKoZIzj0EAwIw
        FjEUMBIGA1UEAwwLZXhhbXBsZS5vcmcwIBcNMjYxMTIxMTUxMjM1WhgPMjEyNjEw
        MjgxNTEyMzVaMBYxFDASBgNVBAMMC2V4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYI
        KoZIzj0DAQcDQgAEWhZyB7YIWG3YMyLCBSYkU9CqG0RQapIIXTYO/bHM50tqc5EY
        U9+OTBNYA2X7HzfAdXyUzLqt+eKwsHcol+5NVqNrMGkwHQYDVR0OBBYEFK68mV+1
        Qb+qLAxpwXHclvw7In3IMB8GA1UdIwQYMBaAFK68mV+1Qb+qLAxpwXHclvw7In3I
        MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILZXhhbXBsZS5vcmcwCgYIKoZI
        zj0EAwIDSAAwRQIhAMKq6449zA1pRNvAM0YR7QqrOzaQdLmouals78Dj7hbHAiBA
        F49mO39wjqC58x9Ww7gWAIrPF44Y4i7WE0reuivyaA==
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWo06TZEnWRZQVDqR
        uom3zMHUOP3iID3IShbTLA4ShByhRANCAARaFnIHtghYbdgzIsIFJiRT0KobRFBq
        kghdNg79scznS2pzkRhT345ME1gDZfsfN8B1fJTMuq354rCwdyiX7k1W
        -----END PRIVATE KEY-----
        """

    static func serverContext() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))))
    }
}
