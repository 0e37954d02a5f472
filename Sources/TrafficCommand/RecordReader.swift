import TCPEngine

/// Reads a file of connection records from its beginning, a piece at a time.
final class RecordReader<Record: FileRecord> {
  private let file: InputFile
  private let piece: UnsafeMutableRawBufferPointer
  /// Octets of the piece that were read, and how many of them have been taken.
  private var filled = 0
  private var taken = 0
  /// The clock of the run.
  let time: RunTime
  /// Records that were left out, as their octets are none.
  private(set) var damaged = 0
  /// Octets of a last record that the file ends within.
  private(set) var incomplete = 0

  private static var recordsPerPiece: Int { 8_192 }

  /// Opens the file and reads its header.
  init(path: String) throws(OutputError) {
    file = try InputFile(path: path)
    time = try Self.time(file, path)
    piece = .allocate(byteCount: Self.recordsPerPiece * Record.length, alignment: 64)
  }

  deinit { piece.deallocate() }

  private static func time(_ file: InputFile, _ path: String) throws(OutputError) -> RunTime {
    let header = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordFile.headerLength, alignment: 8)
    defer { header.deallocate() }
    let count = try file.read(into: header)
    return try RecordFile.time(ofHeader: UnsafeRawBufferPointer(rebasing: header[..<count]), of: Record.self, path: path)
  }

  /// The next record; nil: there are no more.
  func next() throws(OutputError) -> Record? {
    while true {
      if taken + Record.length > filled {
        guard incomplete == 0 else { return nil }
        filled = try file.read(into: piece)
        taken = 0
        if filled < Record.length {
          incomplete = filled
          return nil
        }
        incomplete = filled % Record.length
      }
      let place = UnsafeRawPointer(piece.baseAddress! + taken)
      taken += Record.length
      if Record.isSound(at: place) { return place.loadUnaligned(as: Record.self) }
      damaged += 1
    }
  }
}
