#if canImport(Glibc)
  import Glibc
#endif

/// Zeroed memory for a fixed number of trivial elements, page aligned, allocated once and never moved.
///
/// Memory is only reserved here; the kernel backs a page when it is first touched, by the thread that touches it, hence on that thread's
/// NUMA node.
public struct Table<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  /// The first element.
  public let base: UnsafeMutablePointer<Element>
  /// Elements.
  public let count: Int

  /// Reserves memory for `count` elements; ends the process with a message when the system has none.
  public init(count: Int) {
    let bytes = Self.size(count)
    guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED
    else { fatalError("no memory: \(bytes) bytes were asked of the system") }
    // MADV_HUGEPAGE: a hint, it may fail. A small table would only make a huge page of its own, mostly empty.
    if bytes >= 4 << 20 { madvise(memory, bytes, 14) }
    base = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
  }

  deinit { munmap(base, Self.size(count)) }

  private static func size(_ count: Int) -> Int { max(1, count) * MemoryLayout<Element>.stride }

  @inline(__always)
  public subscript(index: Int) -> Element {
    get { base[index] }
    nonmutating set { base[index] = newValue }
  }
}
