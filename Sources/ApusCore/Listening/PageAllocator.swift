@_spi(CustomByteBufferAllocator) package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ByteBufferAllocator {
    /// Allocates large buffers at the beginning of a page, so that their pages hold nothing else and can be given back
    /// (``NIOCore/ByteBuffer/givePagesBack()``). Small ones come from the heap as ever.
    package static let pages = ByteBufferAllocator(
        allocate: { size in
            guard size >= PageMemory.smallest else { return malloc(size) }
            var memory: UnsafeMutableRawPointer?
            let error = posix_memalign(&memory, PageMemory.pageSize, size)
            precondition(error == 0, "no memory for a buffer of \(size) bytes")
            return memory
        },
        reallocate: { memory, _, size in realloc(memory, size) },
        deallocate: { free($0) },
        copy: { $0.copyMemory(from: $1, byteCount: $2) })
}

extension ByteBuffer {
    /// Whether there is anything to win by ``givePagesBack()``.
    package var hasPages: Bool { storageCapacity >= PageMemory.smallest }

    /// Gives the memory behind the buffer back to the system, **and with it its content**: whoever holds this buffer or
    /// a slice of it reads zeros from now on. The addresses stay valid; memory returns when something is written there.
    ///
    /// Pages that other memory shares are kept.
    package func givePagesBack() {
        withVeryUnsafeBytes { bytes in
            let page = UInt(PageMemory.pageSize)
            let start = UInt(bitPattern: bytes.baseAddress)
            let first = (start + page - 1) / page * page
            let end = (start + UInt(bytes.count)) / page * page
            guard end > first else { return }
            // Refused (for locked memory, say), it only saves nothing.
            _ = madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_DONTNEED)
        }
    }
}

private enum PageMemory {
    static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// Bytes from which on a buffer begins at a page. Where pages are larger than what TLS needs there is nothing to win.
    static let smallest = max(16 << 10, pageSize)
}
