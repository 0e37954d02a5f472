import Testing

@testable import TCPEngine

/// A TCP segment in an IPv4 frame, written and read octet by octet by the tests' own code: the program's must agree with it.
struct WireSegment {
  var destinationMAC = MACAddress(0)
  var sourceMAC = MACAddress(0)
  var source = IPv4Address(0)
  var sourcePort: UInt16 = 0
  var destination = IPv4Address(0)
  var destinationPort: UInt16 = 0
  var sequence: UInt32 = 0
  var acknowledgment: UInt32 = 0
  var flags = TCPFlags.ack
  var window: UInt16 = 8_192
  var urgent: UInt16 = 0
  var options: [UInt8] = []
  var payload: [UInt8] = []
  var trafficClass: UInt8 = 0
  var timeToLive: UInt8 = 64

  init() {}

  /// SEG.LEN.
  var length: UInt32 { UInt32(payload.count) + (flags.has(.syn) ? 1 : 0) + (flags.has(.fin) ? 1 : 0) }
  var text: String { String(decoding: payload, as: UTF8.self) }

  /// The octets behind kind and length of the first option of a kind.
  func option(_ kind: UInt8) -> [UInt8]? {
    var place = 0
    while place < options.count, options[place] != 0 {
      if options[place] == 1 {
        place += 1
        continue
      }
      guard place + 1 < options.count else { return nil }
      let length = Int(options[place + 1])
      guard length >= 2, place + length <= options.count else { return nil }
      if options[place] == kind { return Array(options[(place + 2)..<(place + length)]) }
      place += length
    }
    return nil
  }

  var maximumSegmentSize: UInt16? { option(2).map { Octets.number($0).low16 } }
  var windowScale: UInt8? { option(3).map { $0[0] } }
  var permitsSACK: Bool { option(4) != nil }
  var timestamp: UInt32? { option(8).map { Octets.number(Array($0[0..<4])) } }
  var echo: UInt32? { option(8).map { Octets.number(Array($0[4..<8])) } }
  /// Edges of SACK blocks.
  var edges: [UInt32]? {
    option(5).map { octets in stride(from: 0, to: octets.count, by: 4).map { Octets.number(Array(octets[$0..<($0 + 4)])) } }
  }

  var frame: [UInt8] {
    var padded = options
    while padded.count % 4 != 0 { padded.append(0) }
    var tcp = Octets.of(sourcePort) + Octets.of(destinationPort) + Octets.of(sequence) + Octets.of(acknowledgment)
    tcp += [UInt8((20 + padded.count) / 4) << 4, flags.rawValue] + Octets.of(window) + [0, 0] + Octets.of(urgent) + padded + payload
    let pseudo = Octets.of(source.rawValue) + Octets.of(destination.rawValue) + [0, 6] + Octets.of(UInt16(tcp.count))
    tcp.replaceSubrange(16..<18, with: Octets.of(~Octets.sum(pseudo + tcp)))
    return Octets.link(destinationMAC, sourceMAC)
      + Octets.header(
        source, destination, protocol: 6, payload: tcp.count, trafficClass: trafficClass, timeToLive: timeToLive) + tcp
  }

  /// Reads a frame; checks both sums.
  init?(_ frame: [UInt8]) {
    guard frame.count >= 54, frame[12] == 8, frame[13] == 0, frame[14] == 0x45, frame[23] == 6 else { return nil }
    let total = Int(frame[16]) << 8 | Int(frame[17])
    guard frame.count >= 14 + total else { return nil }
    let tcp = Array(frame[34..<(14 + total)])
    #expect(Octets.sum(Array(frame[14..<34])) == 0xffff, "IPv4 checksum")
    #expect(Octets.sum(Array(frame[26..<34]) + [0, 6] + Octets.of(UInt16(tcp.count)) + tcp) == 0xffff, "TCP checksum")
    destinationMAC = MACAddress(Octets.long(frame[0..<6]))
    sourceMAC = MACAddress(Octets.long(frame[6..<12]))
    source = IPv4Address(Octets.number(Array(frame[26..<30])))
    destination = IPv4Address(Octets.number(Array(frame[30..<34])))
    sourcePort = Octets.number(Array(tcp[0..<2])).low16
    destinationPort = Octets.number(Array(tcp[2..<4])).low16
    sequence = Octets.number(Array(tcp[4..<8]))
    acknowledgment = Octets.number(Array(tcp[8..<12]))
    flags = TCPFlags(rawValue: tcp[13])
    window = Octets.number(Array(tcp[14..<16])).low16
    urgent = Octets.number(Array(tcp[18..<20])).low16
    let header = Int(tcp[12] >> 4) * 4
    options = Array(tcp[20..<header])
    payload = Array(tcp[header...])
    trafficClass = frame[15]
    timeToLive = frame[22]
  }
}

/// Octets as a test writes and sums them.
enum Octets {
  static func of(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
  static func of(_ value: UInt32) -> [UInt8] { of(UInt16(value >> 16)) + of(UInt16(value & 0xffff)) }
  static func number(_ octets: [UInt8]) -> UInt32 {
    octets.reduce(0) { (number: UInt32, octet: UInt8) -> UInt32 in number << 8 | UInt32(octet) }
  }
  static func long(_ octets: ArraySlice<UInt8>) -> UInt64 {
    octets.reduce(0) { (number: UInt64, octet: UInt8) -> UInt64 in number << 8 | UInt64(octet) }
  }

  /// RFC 1071.
  static func sum(_ octets: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for (place, octet) in octets.enumerated() { sum += place % 2 == 0 ? UInt32(octet) << 8 : UInt32(octet) }
    while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
    return UInt16(sum)
  }

  static func link(_ destination: MACAddress, _ source: MACAddress) -> [UInt8] {
    var octets: [UInt8] = []
    for mac in [destination, source] {
      for shift in stride(from: UInt64(40), through: 0, by: -8) { octets.append(UInt8(mac.rawValue >> shift & 255)) }
    }
    return octets + [8, 0]
  }

  static func header(
    _ source: IPv4Address, _ destination: IPv4Address, protocol number: UInt8, payload: Int, trafficClass: UInt8 = 0, timeToLive: UInt8 = 64
  ) -> [UInt8] {
    var ip: [UInt8] = [0x45, trafficClass] + of(UInt16(20 + payload)) + [0, 0, 0x40, 0, timeToLive, number, 0, 0]
    ip += of(source.rawValue) + of(destination.rawValue)
    ip.replaceSubrange(10..<12, with: of(~sum(ip)))
    return ip
  }
}

/// Options as they stand in a header.
enum OptionOctets {
  static func mss(_ size: UInt16) -> [UInt8] { [2, 4] + Octets.of(size) }
  static func scale(_ shift: UInt8) -> [UInt8] { [3, 3, shift] }
  static var sackPermitted: [UInt8] { [4, 2] }
  static func timestamps(_ value: UInt32, _ echo: UInt32) -> [UInt8] { [8, 10] + Octets.of(value) + Octets.of(echo) }
  static func blocks(_ edges: UInt32...) -> [UInt8] { [5, UInt8(2 + 4 * edges.count)] + edges.flatMap { Octets.of($0) } }
}

extension UInt32 {
  var low16: UInt16 { UInt16(truncatingIfNeeded: self) }
}

extension TCPFlags {
  static var pshAck: TCPFlags { TCPFlags(rawValue: 0x18) }
  static var finPshAck: TCPFlags { TCPFlags(rawValue: 0x19) }
}
