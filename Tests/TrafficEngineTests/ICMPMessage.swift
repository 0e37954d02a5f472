@testable import TCPEngine

/// ICMP as other stations would send it.
enum ICMPMessage {
  static let router = IPv4Address(0x0a00_00fe)

  /// About a frame of ours: its IPv4 header, and 8 octets behind that.
  static func error(
    _ type: UInt8, _ code: UInt8, mtu: UInt16 = 0, about frame: [UInt8], to mac: MACAddress = Bench.mac
  ) -> [UInt8] {
    let quoted = Array(frame[14..<14 + 28])
    let sender = quoted[12..<16].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    return message([type, code, 0, 0, 0, 0, UInt8(mtu >> 8), UInt8(mtu & 255)] + quoted, from: router, to: IPv4Address(sender), mac)
  }

  static func echo(from source: IPv4Address, to destination: IPv4Address) -> [UInt8] {
    message([8, 0, 0, 0, 0x12, 0x34, 0, 1, 1, 2, 3], from: source, to: destination, Bench.mac)
  }

  private static func message(_ text: [UInt8], from source: IPv4Address, to destination: IPv4Address, _ mac: MACAddress) -> [UInt8] {
    var icmp = text
    put(icmp, at: 2, &icmp)
    var ip: [UInt8] = [0x45, 0, 0, UInt8(20 + icmp.count), 0, 7, 0, 0, 64, 1, 0, 0] + octets(source) + octets(destination)
    put(ip, at: 10, &ip)
    var frame = [UInt8](repeating: 0, count: 14)
    frame.withUnsafeMutableBytes { LinkHeader(destination: mac, source: MACAddress(0x02_00_00_00_00_99)).store(to: $0.baseAddress!) }
    return frame + ip + icmp
  }

  private static func octets(_ address: IPv4Address) -> [UInt8] { (0..<4).map { UInt8(address.rawValue >> (24 - 8 * $0) & 255) } }

  private static func put(_ summed: [UInt8], at place: Int, _ octets: inout [UInt8]) {
    var sum = ChecksumSum()
    summed.withUnsafeBytes { sum.add($0.baseAddress!, count: $0.count) }
    octets.withUnsafeMutableBytes { $0.baseAddress!.store(sum.field, at: place) }
  }
}
