#if canImport(Glibc)
  import Glibc
#endif

/// Octets that end where an inaccessible page begins (or begin where one ends): reading or writing beyond them ends the test with a
/// segmentation fault.
final class GuardedMemory {
  private static let page = 4096
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  let bytes: UnsafeMutableRawPointer
  let count: Int

  init(_ content: some Collection<UInt8>) {
    count = content.count
    let room = (count + Self.page - 1) / Self.page * Self.page
    length = room + 2 * Self.page
    mapping = mmap(nil, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(mapping != MAP_FAILED, "no memory")
    let opened = room == 0 ? 0 : mprotect(mapping + Self.page, room, PROT_READ | PROT_WRITE)
    precondition(opened == 0, "no access to memory")
    bytes = mapping + Self.page + room - count
    UnsafeMutableRawBufferPointer(start: bytes, count: count).copyBytes(from: content)
  }

  deinit { munmap(mapping, length) }
}
