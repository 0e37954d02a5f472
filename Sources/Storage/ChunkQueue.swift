import CPacket
import Synchronization

/// A bounded queue between one producer thread and one consumer thread, without locks, for producers that may not wait.
///
/// What the producer writes stays with it until a batch is full, or `flush` is called: then all of it is copied to where the consumer reads,
/// past the caches. Written there at once, every line would have to be fetched first from the consumer's core, which has read it. The consumer
/// is told of a batch with the next one, when the stores are through; to wait for them would cost as much as they save.
///
/// The memory between them is in chunks of which the producer fills again the one that came back last. There is room for a consumer that is
/// late, but no more of it is touched than what waits at a time; a ring as large would go through all of its memory. Full is a return value.
public struct ChunkQueue<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  /// Two words: functions that are not inlined take a larger struct by address, for which it would be copied to the stack.
  private let shared: UnsafeMutablePointer<Shared>
  private let producer: UnsafeMutablePointer<Producer>

  /// What both threads read.
  private struct Shared: ~Copyable {
    let elements: Table<Element>
    /// The elements that are in each chunk, as the producer tells the consumer, each on a cache line of its own.
    let counts: Table<InlineArray<8, UInt64>>
    /// Chunks in the order in which they were begun: the producer fills the last, the consumer empties the first.
    let begun: SPSCRing<UInt32>
    /// Chunks that the consumer has emptied.
    let emptied: SPSCRing<UInt32>
    /// Elements of the first chunk that the consumer has taken: one number.
    let taken = Table<Int>(count: 1)

    init(chunks: Int) {
      elements = Table(count: chunks * chunkLength)
      counts = Table(count: chunks)
      begun = SPSCRing(capacity: chunks)
      emptied = SPSCRing(capacity: chunks)
    }

    @inline(__always)
    func start(_ chunk: UInt32) -> UnsafeMutablePointer<Element> { elements.base + Int(chunk) &* chunkLength }

    @inline(__always)
    func published(_ chunk: UInt32) -> UnsafeMutablePointer<Atomic<UInt64>> {
      UnsafeMutableRawPointer(counts.base + Int(chunk)).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
  }

  /// What the producer alone knows.
  private struct Producer: ~Copyable {
    /// Elements of the batch that were written, and of these, those that were handed over already.
    var written = 0
    var handedOver = 0
    /// The last batch was copied, and the consumer was not told yet.
    var isAhead = false
    let batch: Table<Element>
    /// The chunk where the batch goes, and its elements before this batch; a whole chunk of them: another one is needed.
    var chunk: UInt32 = 0
    var count = chunkLength
    /// A stack of empty chunks.
    let empty: Table<UInt32>
    var emptyChunks: Int

    init(chunks: Int) {
      batch = Table(count: batchLength)
      empty = Table(count: chunks)
      for chunk in 0..<chunks { empty[chunk] = UInt32(chunks - 1 - chunk) }
      emptyChunks = chunks
    }
  }

  /// Elements of a chunk: whole batches.
  public static var chunkLength: Int { 512 }
  public static var batchLength: Int { 32 }
  private static var lineLength: Int { 64 }

  /// A queue of `capacity` elements, rounded up to whole chunks, and a batch. A batch of them must be whole cache lines.
  public init(capacity: Int) {
    precondition(Self.batchLength * MemoryLayout<Element>.stride % Self.lineLength == 0)
    let chunks = max(1, (capacity + Self.chunkLength - 1) / Self.chunkLength)
    shared = .allocate(capacity: 1)
    shared.initialize(to: Shared(chunks: chunks))
    // On lines of its own.
    producer = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128).bindMemory(to: Producer.self, capacity: 1)
    producer.initialize(to: Producer(chunks: chunks))
  }

  deinit {
    shared.deinitialize(count: 1)
    shared.deallocate()
    producer.deinitialize(count: 1)
    producer.deallocate()
  }

  /// Elements that wait at most, those of the producer's batch among them.
  public var capacity: Int { shared.pointee.elements.count + Self.batchLength }

  /// Where the producer writes its next element, or nil when the queue is full; `commit` then takes it in.
  @inline(__always)
  public func reserve() -> UnsafeMutablePointer<Element>? {
    if producer.pointee.written == Self.batchLength, !Self.handOver(producer, to: shared) { return nil }
    return producer.pointee.batch.base + producer.pointee.written
  }

  /// Takes in the element that `reserve` gave. The consumer sees it when its batch and the next one are full, or with `flush`.
  @inline(__always)
  public func commit() { producer.pointee.written &+= 1 }

  /// False when the queue is full.
  @inline(__always)
  public func push(_ element: Element) -> Bool {
    guard let place = reserve() else { return false }
    place.pointee = element
    commit()
    return true
  }

  /// Hands over what the producer has written so far, as far as there is room. By the producer, or, when it has ended, by the consumer.
  @inline(__always)
  public func flush() {
    if producer.pointee.written > producer.pointee.handedOver { _ = Self.handOver(producer, to: shared) }
    if producer.pointee.isAhead { Self.tell(producer, shared) }
  }

  /// The consumer's next elements, as many as lie ready one after another.
  @inline(__always)
  public func readable() -> UnsafeBufferPointer<Element> {
    guard let chunk = shared.pointee.begun.peek()?.pointee else { return UnsafeBufferPointer(start: nil, count: 0) }
    let count = Int(truncatingIfNeeded: shared.pointee.published(chunk).pointee.load(ordering: .acquiring))
    let taken = shared.pointee.taken.base.pointee
    return UnsafeBufferPointer(start: shared.pointee.start(chunk) + taken, count: count &- taken)
  }

  /// Gives `count` elements, read through `readable`, back to the producer.
  @inline(__always)
  public func consume(_ count: Int) {
    let taken = shared.pointee.taken.base
    taken.pointee &+= count
    guard taken.pointee == Self.chunkLength, let chunk = shared.pointee.begun.peek()?.pointee else { return }
    taken.pointee = 0
    shared.pointee.begun.consume(1)
    _ = shared.pointee.emptied.push(chunk)
  }

  /// Copies the batch, as far as it goes, to its chunk. False: there is no chunk for it.
  @inline(never)
  private static func handOver(_ producer: UnsafeMutablePointer<Producer>, to shared: UnsafePointer<Shared>) -> Bool {
    if producer.pointee.isAhead { tell(producer, shared) }
    if producer.pointee.count == chunkLength, !beginChunk(producer, shared) { return false }
    copyLines(producer, to: shared.pointee.start(producer.pointee.chunk) + producer.pointee.count)
    if producer.pointee.written == batchLength {
      producer.pointee.count &+= batchLength
      producer.pointee.written = 0
    }
    producer.pointee.handedOver = producer.pointee.written
    producer.pointee.isAhead = true
    return true
  }

  /// Copies what was not handed over yet. A line that it shares with what was is written once more as it is.
  @inline(__always)
  private static func copyLines(_ producer: UnsafeMutablePointer<Producer>, to place: UnsafeMutablePointer<Element>) {
    let stride = MemoryLayout<Element>.stride
    let first = producer.pointee.handedOver &* stride / lineLength
    let last = (producer.pointee.written &* stride &+ lineLength &- 1) / lineLength
    let offset = first &* lineLength
    copy_lines_past_caches(UnsafeMutableRawPointer(place) + offset, UnsafeRawPointer(producer.pointee.batch.base) + offset, last &- first)
  }

  /// Tells the consumer of what was copied.
  @inline(__always)
  private static func tell(_ producer: UnsafeMutablePointer<Producer>, _ shared: UnsafePointer<Shared>) {
    fence_stores()
    let count = producer.pointee.count &+ producer.pointee.handedOver
    shared.pointee.published(producer.pointee.chunk).pointee.store(UInt64(truncatingIfNeeded: count), ordering: .releasing)
    producer.pointee.isAhead = false
  }

  /// Takes another chunk to be filled. False: there is none.
  @inline(never)
  private static func beginChunk(_ producer: UnsafeMutablePointer<Producer>, _ shared: UnsafePointer<Shared>) -> Bool {
    while let chunk = shared.pointee.emptied.peek()?.pointee {
      shared.pointee.emptied.consume(1)
      producer.pointee.empty[producer.pointee.emptyChunks] = chunk
      producer.pointee.emptyChunks &+= 1
    }
    guard producer.pointee.emptyChunks > 0 else { return false }
    producer.pointee.emptyChunks &-= 1
    let chunk = producer.pointee.empty[producer.pointee.emptyChunks]
    shared.pointee.published(chunk).pointee.store(0, ordering: .relaxed)
    producer.pointee.chunk = chunk
    producer.pointee.count = 0
    return shared.pointee.begun.push(chunk)
  }
}
