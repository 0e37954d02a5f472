import CPacket
import Synchronization

/// A bounded queue between one producer thread and one consumer thread, without locks, in chunks of which the producer fills again the one
/// that came back last. It has room for a consumer that is late, but touches no more memory than what waits at a time, so that as a rule the
/// producer writes to lines that its cache still has; a ring as large would go through all of its memory. Full is a return value.
public struct ChunkQueue<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let elements: Table<Element>
  /// The elements that are in each chunk, as the producer tells the consumer, each on a cache line of its own.
  let counts: Table<InlineArray<8, UInt64>>
  /// Chunks in the order in which they were begun: the producer fills the last, the consumer empties the first.
  let begun: SPSCRing<UInt32>
  /// Chunks that the consumer has emptied.
  let emptied: SPSCRing<UInt32>
  let filling: UnsafeMutablePointer<Filling>
  /// Elements of the first chunk that the consumer has taken.
  let taken: UnsafeMutablePointer<Int>
  /// The producer's stack of empty chunks.
  let empty: Table<UInt32>

  /// The chunk that the producer fills.
  struct Filling: BitwiseCopyable {
    var chunk: UInt32 = 0
    /// Elements in it; a whole chunk of them: another one is needed.
    var count = ChunkQueue.chunkLength
    var emptyChunks: Int
  }

  /// Elements of a chunk.
  public static var chunkLength: Int { 512 }

  /// A queue of `capacity` elements, rounded up to whole chunks.
  public init(capacity: Int) {
    let chunks = max(1, (capacity + Self.chunkLength - 1) / Self.chunkLength)
    elements = Table(count: chunks * Self.chunkLength)
    counts = Table(count: chunks)
    begun = SPSCRing(capacity: chunks)
    emptied = SPSCRing(capacity: chunks)
    empty = Table(count: chunks)
    for chunk in 0..<chunks { empty[chunk] = UInt32(chunks - 1 - chunk) }
    filling = .allocate(capacity: 1)
    filling.initialize(to: Filling(emptyChunks: chunks))
    taken = .allocate(capacity: 1)
    taken.initialize(to: 0)
  }

  deinit {
    filling.deallocate()
    taken.deallocate()
  }

  public var capacity: Int { elements.count }

  /// Where the producer writes its next element, or nil when the queue is full; `commit` then hands it over.
  @inline(__always)
  public func reserve() -> UnsafeMutablePointer<Element>? {
    if filling.pointee.count == Self.chunkLength, !begin() { return nil }
    return start(filling.pointee.chunk) + filling.pointee.count
  }

  /// Hands over the element that `reserve` gave, and asks for where one will be written that comes soon.
  @inline(__always)
  public func commit() {
    let count = filling.pointee.count &+ 1
    filling.pointee.count = count
    published(filling.pointee.chunk).pointee.store(UInt64(truncatingIfNeeded: count), ordering: .releasing)
    let soon = UnsafeRawPointer(start(filling.pointee.chunk) + (count &+ 1))
    var offset = 0
    while offset < MemoryLayout<Element>.stride {
      prefetch_to_write(soon + offset)
      offset &+= 64
    }
  }

  /// False when the queue is full.
  @inline(__always)
  public func push(_ element: Element) -> Bool {
    guard let place = reserve() else { return false }
    place.pointee = element
    commit()
    return true
  }

  /// The consumer's next elements, as many as lie ready one after another.
  @inline(__always)
  public func readable() -> UnsafeBufferPointer<Element> {
    guard let chunk = begun.peek()?.pointee else { return UnsafeBufferPointer(start: nil, count: 0) }
    let count = Int(truncatingIfNeeded: published(chunk).pointee.load(ordering: .acquiring))
    return UnsafeBufferPointer(start: start(chunk) + taken.pointee, count: count &- taken.pointee)
  }

  /// Gives `count` elements, read through `readable`, back to the producer.
  @inline(__always)
  public func consume(_ count: Int) {
    taken.pointee &+= count
    guard taken.pointee == Self.chunkLength, let chunk = begun.peek()?.pointee else { return }
    taken.pointee = 0
    begun.consume(1)
    _ = emptied.push(chunk)
  }

  /// Takes another chunk to be filled. False: there is none.
  @inline(never)
  func begin() -> Bool {
    while let chunk = emptied.peek()?.pointee {
      emptied.consume(1)
      empty[filling.pointee.emptyChunks] = chunk
      filling.pointee.emptyChunks &+= 1
    }
    guard filling.pointee.emptyChunks > 0 else { return false }
    filling.pointee.emptyChunks &-= 1
    let chunk = empty[filling.pointee.emptyChunks]
    published(chunk).pointee.store(0, ordering: .relaxed)
    filling.pointee.chunk = chunk
    filling.pointee.count = 0
    return begun.push(chunk)
  }

  @inline(__always)
  func start(_ chunk: UInt32) -> UnsafeMutablePointer<Element> { elements.base + Int(chunk) &* Self.chunkLength }

  @inline(__always)
  func published(_ chunk: UInt32) -> UnsafeMutablePointer<Atomic<UInt64>> {
    UnsafeMutableRawPointer(counts.base + Int(chunk)).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
}
