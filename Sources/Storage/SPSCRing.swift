import Synchronization

/// A bounded queue between one producer thread and one consumer thread, without locks. Full is a return value.
///
/// Head and tail lie on cache lines of their own, and each side keeps a copy of the other's that it renews only when it seems to be full
/// or empty.
public struct SPSCRing<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let elements: Table<Element>
  let mask: UInt64
  /// Lines of 64 octets: [0] tail, [8] the producer's copy of head, [16] head, [24] the consumer's copy of tail.
  let indices: UnsafeMutablePointer<Atomic<UInt64>>
  static var tail: Int { 0 }
  static var producersHead: Int { 8 }
  static var head: Int { 16 }
  static var consumersTail: Int { 24 }

  /// A ring of `capacity` elements, rounded up to a power of two.
  public init(capacity: Int) {
    var size = 2
    while size < capacity { size <<= 1 }
    elements = Table(count: size)
    mask = UInt64(size - 1)
    indices = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 64).bindMemory(to: Atomic<UInt64>.self, capacity: 32)
    for index in 0..<32 { (indices + index).initialize(to: Atomic(0)) }
  }

  deinit { indices.deallocate() }

  public var capacity: Int { Int(mask) + 1 }

  @inline(always)
  func load(_ index: Int) -> UInt64 { indices[index].load(ordering: .relaxed) }

  /// Where the producer writes its next element, or the one that comes `ahead` elements later, or nil when the ring is full; `commit` then
  /// hands it over.
  @inline(__always)
  public func reserve(ahead: Int = 0) -> UnsafeMutablePointer<Element>? {
    let tail = load(Self.tail) &+ UInt64(truncatingIfNeeded: ahead)
    if tail &- load(Self.producersHead) > mask {
      let head = indices[Self.head].load(ordering: .acquiring)
      indices[Self.producersHead].store(head, ordering: .relaxed)
      if tail &- head > mask { return nil }
    }
    return elements.base + Int(tail & mask)
  }

  /// Hands over the elements, one after another, that `reserve` gave.
  @inline(__always)
  public func commit(_ count: Int = 1) {
    indices[Self.tail].store(load(Self.tail) &+ UInt64(truncatingIfNeeded: count), ordering: .releasing)
  }

  /// False when the ring is full.
  @inline(__always)
  public func push(_ element: Element) -> Bool {
    guard let place = reserve() else { return false }
    place.pointee = element
    commit()
    return true
  }

  /// The consumer's next element, or nil when the ring is empty; it stays in the ring until `consume`.
  @inline(__always)
  public func peek() -> UnsafePointer<Element>? {
    let run = readable()
    return run.isEmpty ? nil : UnsafePointer(run.baseAddress!)
  }

  /// The elements that lie ready one after another, without wrapping around.
  @inline(__always)
  public func readable() -> UnsafeBufferPointer<Element> {
    let head = load(Self.head)
    if head == load(Self.consumersTail) {
      indices[Self.consumersTail].store(indices[Self.tail].load(ordering: .acquiring), ordering: .relaxed)
    }
    let available = load(Self.consumersTail) &- head
    let first = head & mask
    return UnsafeBufferPointer(
      start: elements.base + Int(first), count: Int(min(available, mask &+ 1 &- first)))
  }

  /// Gives `count` elements, read through `readable` or `peek`, back to the producer.
  @inline(__always)
  public func consume(_ count: Int) {
    indices[Self.head].store(load(Self.head) &+ UInt64(truncatingIfNeeded: count), ordering: .releasing)
  }
}
