import Testing

@testable import TCPEngine

@Suite struct TCPOptionsTests {
  /// The options that these octets say, or nil when they are refused; read from memory that ends with them.
  private func read(_ octets: [UInt8]) -> TCPOptions? {
    let memory = GuardedMemory(octets)
    var options = TCPOptions()
    return options.read(UnsafeRawPointer(memory.bytes), count: memory.count) ? options : nil
  }

  private static func full(_ mss: UInt16, _ scale: UInt8, _ value: UInt32, _ echo: UInt32) -> TCPOptions {
    var options = TCPOptions()
    options.present = [.maximumSegmentSize, .windowScale, .sackPermitted, .timestamps]
    options.maximumSegmentSize = mss
    options.windowScale = scale
    options.timestampValue = value
    options.timestampEcho = echo
    return options
  }

  @Test func nothing() {
    #expect(read([]) == TCPOptions())
    #expect(read([1, 1, 1, 1]) == TCPOptions())
    #expect(read([0, 0, 0, 0]) == TCPOptions())
  }

  @Test func theSYNOfLinux() {
    let options = read([2, 4, 5, 180, 4, 2, 8, 10, 0x11, 0x22, 0x33, 0x44, 0xaa, 0xbb, 0xcc, 0xdd, 1, 3, 3, 7])
    #expect(options == Self.full(1460, 7, 0x1122_3344, 0xaabb_ccdd))
  }

  @Test func anyOrderSaysTheSame() {
    let pieces: [[UInt8]] = [[2, 4, 5, 180], [1, 3, 3, 7], [4, 2, 1, 1], [8, 10, 0, 0, 0, 9, 0, 0, 0, 5]]
    func permutations(_ rest: [[UInt8]]) -> [[UInt8]] {
      rest.isEmpty
        ? [[]]
        : rest.indices.flatMap { index in
          var others = rest
          let piece = others.remove(at: index)
          return permutations(others).map { piece + $0 }
        }
    }
    let all = permutations(pieces)
    #expect(all.count == 24)
    for octets in all { #expect(read(octets) == Self.full(1460, 7, 9, 5)) }
  }

  @Test func impossibleLengthsAreRefused() {
    for kind in 2...255 as ClosedRange<UInt8> {
      #expect(read([kind, 0, 1, 1]) == nil, "length 0")
      #expect(read([kind, 1, 1, 1]) == nil, "length 1")
      #expect(read([kind, 5, 1, 1]) == nil, "beyond the end")
      #expect(read([kind, 255, 1, 1]) == nil, "far beyond the end")
      #expect(read([1, 1, 1, kind]) == nil, "no length")
      #expect(read([1, 1, kind, 3]) == nil, "beyond the end by one")
    }
  }

  @Test func everyCutOfALongListStaysInside() {
    let octets: [UInt8] = [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7]
    let whole: Set<Int> = [0, 4, 6, 16, 17, 20]
    for count in 0...octets.count { #expect((read(Array(octets[..<count])) != nil) == whole.contains(count), "\(count) octets") }
  }

  @Test func unknownKindsAreSkipped() {
    for kind in UInt8.min...UInt8.max where ![0, 1, 2, 3, 4, 8].contains(kind) {
      #expect(read([kind, 2, kind, 6, 2, 4, 9, 9, 2, 4, 5, 180])?.maximumSegmentSize == 1460)
    }
  }

  @Test func knownKindsOfAnotherLengthAreSkipped() {
    #expect(read([2, 3, 5, 1, 2, 2, 1, 1]) == TCPOptions())
    #expect(read([2, 6, 1, 2, 3, 4, 1, 1]) == TCPOptions())
    #expect(read([3, 2, 1, 1]) == TCPOptions())
    #expect(read([3, 4, 7, 7]) == TCPOptions())
    #expect(read([4, 3, 1, 1]) == TCPOptions())
    #expect(read([8, 9, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1]) == TCPOptions())
    #expect(read([8, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) == TCPOptions())
  }

  @Test func nothingBehindTheEndIsRead() {
    #expect(read([0, 2, 4, 5]) == TCPOptions())
    #expect(read([3, 3, 7, 0, 2, 0, 9, 255])?.windowScale == 7)
    #expect(read([3, 3, 7, 0, 3, 3, 9, 0])?.windowScale == 7)
  }

  @Test func theLastOfAKindWins() {
    #expect(read([2, 4, 1, 1, 2, 4, 5, 180])?.maximumSegmentSize == 1460)
    #expect(read([3, 3, 1, 3, 3, 2, 1, 1])?.windowScale == 2)
    let stamps = read([8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4])
    #expect(stamps?.timestampValue == 3 && stamps?.timestampEcho == 4)
  }

  /// RFC 7323 2.3: a shift count above 14 counts as 14.
  @Test func windowScalesAboveFourteen() {
    for scale in UInt8.min...UInt8.max {
      #expect(read([1, 3, 3, scale])?.windowScale == min(scale, 14))
      #expect(read([2, 4, 5, 180, 1, 3, 3, scale, 1, 1, 4, 2])?.windowScale == min(scale, 14))
    }
  }

  /// The layouts that are read by whole words say what walking them says, also when they are nearly right.
  @Test func whatIsReadByWordsIsWhatWalkingSays() {
    let layouts: [[UInt8]] = [
      [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7], [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8],
      [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7],
    ]
    for layout in layouts {
      for index in layout.indices {
        for value in UInt8.min...UInt8.max {
          var octets = layout
          octets[index] = value
          // Four more NOPs: not one of their lengths, hence walked. In front they change nothing, not even the way to the payload.
          let walked = read([1, 1, 1, 1] + octets)
          guard let read = read(octets) else { continue }
          #expect(read == walked, "\(octets)")
        }
      }
    }
  }

  @Test func aTimestampsOptionAloneIsPresentAlone() {
    let options = read([1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8])
    #expect(options?.present == .timestamps)
    #expect(options?.timestampValue == 0x0102_0304 && options?.timestampEcho == 0x0506_0708)
  }

  @Test func noiseStaysInside() {
    var random = SeededRandom(seed: 21)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...10, using: &random) * 4
      let octets = (0..<count).map { _ in UInt8.random(in: 0...12, using: &random) }
      _ = read(octets)
    }
  }
}
