/// One worker's finished records on their way to the file.
public struct RecordChannel<Record: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  public let queue: ChunkQueue<Record>

  /// - Parameter capacity: records that can wait for the writer; beyond that they are lost, and counted.
  public init(capacity: Int) { queue = ChunkQueue(capacity: capacity) }
}
