import Testing

@testable import TCPEngine

@Suite struct AddressSteeringTests {
  private func address(_ text: String) -> IPv4Address { IPv4Address(text)! }

  @Test func workerIHasTheOwnAddressPlusI() throws {
    let steering = try AddressSteering(own: address("10.0.0.250"), prefixLength: 16, workers: 10)
    for worker in 0..<10 {
      let own = steering.address(ofWorker: worker)
      #expect(own.rawValue == 0x0a00_00fa + UInt32(worker))
      #expect(steering.owner(of: own) == worker)
    }
    #expect(steering.address(ofWorker: 6).description == "10.0.1.0")
  }

  @Test func otherAddressesHaveNoOwner() throws {
    let steering = try AddressSteering(own: address("10.0.0.5"), prefixLength: 24, workers: 3)
    for text in ["10.0.0.4", "10.0.0.8", "0.0.0.0", "255.255.255.255", "138.0.0.5"] { #expect(steering.owner(of: address(text)) == nil) }
  }

  @Test func theLastHostAddressIsStillInside() throws {
    let steering = try AddressSteering(own: address("192.168.1.1"), prefixLength: 24, workers: 254)
    #expect(steering.address(ofWorker: 253) == address("192.168.1.254"))
  }

  @Test func networksOfOneAndTwoAddressesHaveNoBroadcast() throws {
    #expect(try AddressSteering(own: address("10.0.0.0"), prefixLength: 31, workers: 2).address(ofWorker: 1) == address("10.0.0.1"))
    #expect(try AddressSteering(own: address("255.255.255.255"), prefixLength: 32, workers: 1).address(ofWorker: 0).rawValue == .max)
    #expect(throws: SteeringError.addressOutsideNetwork(address("10.0.0.2"))) {
      try AddressSteering(own: address("10.0.0.1"), prefixLength: 31, workers: 2)
    }
    #expect(throws: SteeringError.addressOutsideNetwork(address("10.0.0.2"))) {
      try AddressSteering(own: address("10.0.0.1"), prefixLength: 32, workers: 2)
    }
  }

  @Test func nonsenseIsRefused() {
    let own = address("10.0.0.1")
    #expect(throws: SteeringError.noWorkers) { try AddressSteering(own: own, prefixLength: 24, workers: 0) }
    #expect(throws: SteeringError.prefixLength(33)) { try AddressSteering(own: own, prefixLength: 33, workers: 1) }
    #expect(throws: SteeringError.prefixLength(-1)) { try AddressSteering(own: own, prefixLength: -1, workers: 1) }
    #expect(throws: SteeringError.networkAddress(address("10.0.0.0"))) {
      try AddressSteering(own: address("10.0.0.0"), prefixLength: 24, workers: 1)
    }
    #expect(throws: SteeringError.broadcastAddress(address("10.0.0.255"))) {
      try AddressSteering(own: own, prefixLength: 24, workers: 255)
    }
    #expect(throws: SteeringError.addressOutsideNetwork(address("10.0.1.0"))) {
      try AddressSteering(own: own, prefixLength: 24, workers: 256)
    }
    #expect(throws: SteeringError.broadcastAddress(IPv4Address(.max))) {
      try AddressSteering(own: IPv4Address(.max), prefixLength: 0, workers: 1)
    }
  }
}
