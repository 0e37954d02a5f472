/// Gathers what is written to a file in small pieces. After an error it takes everything and writes nothing.
final class OutputBuffer {
  private let file: OutputFile
  private let bytes: UnsafeMutableRawBufferPointer
  private var filled = 0
  /// 0, or the error number of the first write that failed.
  private(set) var errorNumber: Int32 = 0

  init(_ file: OutputFile, capacity: Int) {
    self.file = file
    bytes = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { bytes.deallocate() }

  /// - Parameters:
  ///   - count: octets that `write` may store.
  ///   - write: stores octets and says how many.
  @inline(__always)
  func append(atMost count: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    if filled + count > bytes.count { flush() }
    filled += write(bytes.baseAddress! + filled)
  }

  /// Writes what was gathered.
  func flush() {
    guard filled > 0 else { return }
    if errorNumber == 0 { errorNumber = file.write(UnsafeRawBufferPointer(rebasing: bytes[..<filled])).errorNumber }
    filled = 0
  }

  /// Writes what was gathered, and closes the file; once.
  func close() {
    flush()
    let result = file.finish()
    if errorNumber == 0 { errorNumber = result }
  }
}
