import Synchronization

/// What the workers of a run tell each other of their next hops: an answer to ARP arrives on one queue, and all of them need it.
///
/// One word to a next hop, in the same order for all workers; any worker may write, any may read, at any time.
public final class NeighbourBoard: @unchecked Sendable {
  /// [0]: how often anything has changed; then the next hops.
  let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let storage: Table<UInt64>

  /// A board for `count` next hops, none of them known.
  public init(count: Int) {
    storage = Table(count: count + 1)
    words = UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// The board as a worker uses it; the board must outlive it.
  public var view: NeighbourBoardView { NeighbourBoardView(words: words) }
}

/// A handle on a board, of which the packet path may make copies.
public struct NeighbourBoardView: BitwiseCopyable, @unchecked Sendable {
  let words: UnsafeMutablePointer<Atomic<UInt64>>

  /// Grows with every change of any entry.
  @inline(__always)
  public var version: UInt64 { words[0].load(ordering: .acquiring) }

  /// A next hop's entry: its MAC address in the lowest 48 bits, above it a number that changes whenever it is heard of. 0: never.
  @inline(__always)
  public func entry(_ index: Int) -> UInt64 { words[index &+ 1].load(ordering: .relaxed) }

  /// Tells all workers that a next hop was heard of, at this MAC address (as a number).
  @inline(__always)
  public func publish(_ index: Int, _ address: UInt64) {
    let number = entry(index) &>> 48 &+ 1
    // 0 stays for those that were never heard of.
    words[index &+ 1].store(number == 0x1_0000 ? 1 &<< 48 | address : number &<< 48 | address, ordering: .relaxed)
    _ = words[0].wrappingAdd(1, ordering: .releasing)
  }
}
