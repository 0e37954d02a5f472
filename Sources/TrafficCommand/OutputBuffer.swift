/// Gathers what is written to a file in small pieces, of which one or several make a unit: a frame, say. After an error it takes everything
/// and writes nothing, and the file ends with the last unit that is whole.
final class OutputBuffer {
  private let file: OutputFile
  private let bytes: UnsafeMutableRawBufferPointer
  private var filled = 0
  /// Octets in the file.
  private var flushed = 0
  /// Where units begin in the file: those that are not known to be whole in it.
  private var starts: [Int] = []
  /// Units that are known to be whole in the file; once it is closed, all of them.
  private(set) var units = 0
  /// 0, or the error number of the first write that failed.
  private(set) var errorNumber: Int32 = 0

  init(_ file: OutputFile, capacity: Int) {
    self.file = file
    bytes = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { bytes.deallocate() }

  /// - Parameters:
  ///   - count: octets that `write` may store.
  ///   - beginsUnit: what is stored is a unit, or its first piece.
  ///   - write: stores octets and says how many.
  @inline(__always)
  func append(atMost count: Int, beginsUnit: Bool, _ write: (UnsafeMutableRawPointer) -> Int) {
    if filled + count > bytes.count { flush() }
    if beginsUnit, errorNumber == 0 { starts.append(flushed + filled) }
    filled += write(bytes.baseAddress! + filled)
  }

  /// Writes what was gathered.
  func flush() {
    guard filled > 0 else { return }
    if errorNumber == 0 {
      let result = file.write(UnsafeRawBufferPointer(rebasing: bytes[..<filled]))
      flushed += result.written
      errorNumber = result.errorNumber
      if errorNumber == 0 { settle() } else { abandon() }
    }
    filled = 0
  }

  /// Writes what was gathered, and closes the file; once.
  func close() {
    flush()
    let result = file.finish()
    if errorNumber == 0 {
      errorNumber = result
      units += starts.count
    }
  }

  /// All is in the file; of the last unit more may follow.
  private func settle() {
    guard let last = starts.last else { return }
    units += starts.count - 1
    starts.removeAll(keepingCapacity: true)
    starts.append(last)
  }

  /// The file takes no more: half a unit would be of no use to anybody.
  private func abandon() {
    let reached = starts.prefix { $0 <= flushed }
    guard let last = reached.last else { return }
    units += reached.count - 1
    file.truncate(to: last)
    starts.removeAll()
  }
}
