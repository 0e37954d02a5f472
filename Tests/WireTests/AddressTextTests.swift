import Testing

@testable import TCPEngine

@Suite struct AddressTextTests {
  @Test(
    arguments: [
      ("0.0.0.0", 0), ("10.0.0.1", 0x0a00_0001), ("255.255.255.255", .max), ("1.2.3.4", 0x0102_0304), ("192.168.77.1", 0xc0a8_4d01),
    ] as [(String, UInt32)])
  func dottedDecimal(text: String, value: UInt32) { #expect(IPv4Address(text)?.rawValue == value) }

  @Test(arguments: [
    "", ".", "...", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.0.0.0", "1.2.3.256", "1.2.3.1000", "-1.2.3.4",
    "+1.2.3.4", "1.2.3.-0", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2. 3.4", "0x1.2.3.4", "a.b.c.d", "1,2,3,4", "1.2.3.0004", "1.2.3.04",
    "010.2.3.4", "1.2.3.00", "١.2.3.4",
    "１.2.3.4", "1.2.3.4/24", "1.2.3.\0",
  ])
  func notDottedDecimal(text: String) { #expect(IPv4Address(text) == nil) }

  @Test(
    arguments: [
      ("00:00:00:00:00:00", 0), ("ff:ff:ff:ff:ff:ff", 0xffff_ffff_ffff), ("02:1A:2b:3C:4d:5E", 0x021a_2b3c_4d5e),
    ] as [(String, UInt64)])
  func sixOctets(text: String, value: UInt64) { #expect(MACAddress(text)?.rawValue == value) }

  @Test(arguments: [
    "", ":", ":::::", "02:00:00:00:00", "02:00:00:00:00:01:", ":02:00:00:00:00:01", "02:00:00:00:00:01:02", "2:0:0:0:0:1",
    "02-00-00-00-00-01",
    "0200.0000.0001", "020000000001", "02:00:00:00:00:0g", "02:00:00:00:00:+1", "02:00:00:00:00:-1", "02:00:00:00:00: 1",
    "02:00:00:00:00:001",
    "02:00:00:00:00:0１", "02:00:00:00:00:0x",
  ])
  func notSixOctets(text: String) { #expect(MACAddress(text) == nil) }

  @Test func substringsAreText() {
    let text = "10.0.0.1-10.0.0.9"
    #expect(text.split(separator: "-").map { IPv4Address($0)?.rawValue } == [0x0a00_0001, 0x0a00_0009])
  }

  @Test func descriptionsAreReadAgain() {
    var random = SeededRandom(seed: 31)
    for _ in 0..<500 {
      let address = IPv4Address(.random(in: .min ... .max, using: &random))
      let station = MACAddress(.random(in: .min ... .max, using: &random))
      #expect(IPv4Address(address.description) == address)
      #expect(MACAddress(station.description) == station)
    }
    #expect(IPv4Address(0x0a00_00ff).description == "10.0.0.255")
    #expect(MACAddress(0x0200_000a_0bff).description == "02:00:00:0a:0b:ff")
  }

  @Test func unicastAddresses() {
    #expect(MACAddress("02:00:00:00:00:01")!.isUnicast)
    #expect(!MACAddress.broadcast.isUnicast)
    #expect(!MACAddress("01:00:5e:00:00:01")!.isUnicast)
    #expect(!MACAddress(0).isUnicast)
  }
}
