import Testing

@testable import TCPEngine

@Suite struct PortSteeringTests {
  static let configurations: [(UInt16, Int)] = [
    (0xe000, 1), (0xe000, 2), (0xe000, 3), (0xe000, 5), (0xe000, 7), (0xe000, 8), (0x8000, 2), (0x0001, 2), (0x0007, 3), (0x0007, 8),
    (0x00f0, 16), (0x0ff0, 100), (0x01fe, 255), (0xff00, 60), (0x0400, 2), (0x7c00, 31), (0xffff, 17),
  ]

  @Test(arguments: configurations)
  func everyPortHasOneOwnerAndIsListedThere(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    var owners = [Int](repeating: -1, count: 65_536)
    for worker in 0..<workers {
      let ports = steering.ports(ofWorker: worker)
      var listed = 0
      var last = 0
      for port in ports {
        #expect(port > last, "ports rise")
        last = Int(port)
        if owners[last] != -1 { Issue.record("port \(port) is listed twice") }
        owners[last] = worker
        listed += 1
      }
      #expect(listed == ports.count)
      #expect(Array(ports.prefix(1)) == [ports.first])
    }
    var wrong = 0
    for port in 0..<65_536 {
      let owner = steering.owner(of: UInt16(port))
      if !(0..<workers).contains(owner) || owners[port] != (port < 1024 ? -1 : owner) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: configurations)
  func valuesAreDealtOutEvenly(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    #expect(steering.values == 1 << mask.nonzeroBitCount)
    var values = [Int](repeating: 0, count: workers)
    for value in 0..<steering.values { values[steering.owner(of: UInt16(value << mask.trailingZeroBitCount))] += 1 }
    #expect(values.max()! - values.min()! <= 1)
  }

  @Test(arguments: configurations)
  func onlyTheMaskedBitsCount(mask: UInt16, workers: Int) throws {
    let steering = try PortSteering(mask: mask, workers: workers)
    var differing = 0
    for port in UInt16.min...UInt16.max where steering.owner(of: port) != steering.owner(of: port & mask) { differing += 1 }
    #expect(differing == 0)
  }

  @Test func theDefaultMaskTellsEightWorkersApart() throws {
    let steering = try PortSteering(workers: 8)
    #expect(steering.mask == 0xe000)
    #expect(steering.values == 8)
    #expect(steering.owner(of: 80) == 0)
    #expect(steering.owner(of: 0x1fff) == 0)
    #expect(steering.owner(of: 0x2000) == 1)
    #expect(steering.owner(of: 65_535) == 7)
    #expect(steering.ports(ofWorker: 0).first == 1024)
    #expect(steering.ports(ofWorker: 0).count == 8192 - 1024)
    #expect(steering.ports(ofWorker: 7).first == 0xe000)
    #expect(steering.ports(ofWorker: 7).count == 8192)
  }

  @Test func allPorts() {
    #expect(WorkerPorts.all.count == 64_512)
    #expect(Array(WorkerPorts.all) == Array(1024...65_535))
  }

  @Test func nonsenseIsRefused() {
    #expect(throws: SteeringError.noWorkers) { try PortSteering(workers: 0) }
    #expect(throws: SteeringError.noWorkers) { try PortSteering(workers: -1) }
    #expect(throws: SteeringError.portMaskZero) { try PortSteering(mask: 0, workers: 1) }
    for mask: UInt16 in [0xa000, 0x0005, 0x8001, 0xe007, 0xfffd] {
      #expect(throws: SteeringError.portMaskNotContiguous(mask)) { try PortSteering(mask: mask, workers: 1) }
    }
    #expect(throws: SteeringError.portMaskTooNarrow(values: 8, workers: 9)) { try PortSteering(workers: 9) }
    #expect(throws: SteeringError.portMaskTooNarrow(values: 2, workers: 3)) { try PortSteering(mask: 0x0010, workers: 3) }
    #expect(throws: SteeringError.workerWithoutPorts(0)) { try PortSteering(mask: 0xfc00, workers: 64) }
    #expect(throws: SteeringError.workerWithoutPorts(0)) { try PortSteering(mask: 0xffff, workers: 65_536) }
  }

  @Test func everyErrorSaysWhatIsWrong() {
    let errors: [SteeringError] = [
      .keyLength(3), .redirectionTableSize(100), .queueOutOfRange(9), .noWorkers, .portMaskZero, .portMaskNotContiguous(0xa000),
      .portMaskTooNarrow(values: 8, workers: 9), .workerWithoutPorts(0), .prefixLength(33), .addressOutsideNetwork(IPv4Address(1)),
      .networkAddress(IPv4Address(2)), .broadcastAddress(IPv4Address(3)), .noAddresses, .addressInTwoRanges(IPv4Address(4)),
      .noReplyReachesQueue(5),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(SteeringError.portMaskNotContiguous(0xa000).description.contains("0xa000"))
  }
}
