/// A text made once, when the run begins. It is never given back: workloads point to it as long as the process lives.
struct HTTPText: BitwiseCopyable, @unchecked Sendable {
  let bytes: UnsafeRawPointer
  let count: UInt32

  init(_ text: String) {
    let octets = Array(text.utf8)
    // Read eight octets at a time.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: octets.count + 8, alignment: 8)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: octets.count + 8)
    for (index, octet) in octets.enumerated() { memory.store(octet, at: index) }
    bytes = UnsafeRawPointer(memory)
    count = UInt32(octets.count)
  }

  /// Writes what lies from `offset` on, `room` octets at most. How many these were.
  @inline(always)
  func write(from offset: UInt32, into target: UnsafeMutableRawPointer, room: Int) -> Int {
    let length = smaller(Int(count &- offset), room)
    let source = bytes + Int(offset)
    var at = 0
    while at &+ 8 <= length {
      target.store(source.native64(at), at: at)
      at &+= 8
    }
    while at < length {
      target.store(source.octet(at), at: at)
      at &+= 1
    }
    return length
  }
}

/// A body cut into chunks (RFC 9112 7.1), as a function of the place in what is sent.
struct HTTPChunks: BitwiseCopyable, @unchecked Sendable {
  /// Octets of the body in every chunk but the last.
  private let size: UInt32
  /// Whole chunks, and the octets of what is left.
  private let whole: UInt32
  private let rest: UInt32
  private let sizeLine: HTTPText
  private let restLine: HTTPText
  /// "\r\n" and "0\r\n\r\n", their first octet lowest. Not texts: the optimiser makes one that is constant anew wherever it is read.
  private static var lineEnd: UInt64 { 0x0a0d }
  private static var end: UInt64 { 0x0a_0d0a_0d30 }
  /// Octets of it all.
  let length: UInt32

  /// Octets that a body of `body` octets takes in chunks of `size`.
  static func length(of body: Int, size: Int) -> Int {
    func chunk(_ size: Int) -> Int { size == 0 ? 0 : String(size, radix: 16).utf8.count + 4 + size }
    return body / size * chunk(size) + chunk(body % size) + 5
  }

  init(body: Int, size: Int) {
    self.size = UInt32(size)
    whole = UInt32(body / size)
    rest = UInt32(body % size)
    sizeLine = HTTPText(String(size, radix: 16) + "\r\n")
    restLine = HTTPText(String(body % size, radix: 16) + "\r\n")
    length = UInt32(Self.length(of: body, size: size))
  }

  /// Writes `count` octets from `offset` on, all of which lie before the end.
  @inline(never)
  func write(_ offset: UInt32, into bytes: UnsafeMutableRawPointer, count: Int) {
    var at = 0
    let stride = sizeLine.count &+ size &+ 2
    while at < count {
      let place = offset &+ UInt32(truncatingIfNeeded: at)
      let chunk = smaller(place / stride, whole)
      let inside = place &- chunk &* stride
      let room = count &- at
      if chunk < whole {
        at &+= piece(inside, line: sizeLine, chunk &* size, size, bytes + at, room)
      } else if rest > 0, inside < restLine.count &+ rest &+ 2 {
        at &+= piece(inside, line: restLine, chunk &* size, rest, bytes + at, room)
      } else {
        at &+= Self.write(Self.end, 5, from: inside &- (rest > 0 ? restLine.count &+ rest &+ 2 : 0), into: bytes + at, room: room)
      }
    }
  }

  /// Writes what lies from `offset` on of a word's lowest `count` octets. How many these were.
  @inline(always)
  private static func write(_ word: UInt64, _ count: UInt32, from offset: UInt32, into target: UnsafeMutableRawPointer, room: Int) -> Int {
    let length = smaller(Int(count &- offset), room)
    var rest = word &>> UInt64(8 &* offset)
    for at in 0..<length {
      target.store(UInt8(truncatingIfNeeded: rest), at: at)
      rest &>>= 8
    }
    return length
  }

  /// A part of a chunk: of its line, its octets, or the line end behind them.
  @inline(always)
  private func piece(
    _ inside: UInt32, line: HTTPText, _ body: UInt32, _ size: UInt32, _ bytes: UnsafeMutableRawPointer, _ room: Int
  ) -> Int {
    if inside < line.count { return line.write(from: inside, into: bytes, room: room) }
    let place = inside &- line.count
    guard place < size else { return Self.write(Self.lineEnd, 2, from: place &- size, into: bytes, room: room) }
    let count = smaller(Int(size &- place), room)
    HTTPBody.write(body &+ place, into: bytes, count: count)
    return count
  }
}
