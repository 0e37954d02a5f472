// swift-tools-version: 6.2
// One folder = one layer. Those of the packet path are one module, and `make layers` keeps the arrows between them; the others are a target
// each (see Documentation/Architecture.md). Nothing else is decided here.
import PackageDescription

#if arch(x86_64)
  /// Every x86-64 server sold since 2013 (Haswell) runs this.
  let instructionSet = ["-march=x86-64-v3", "-maes"]
#else
  let instructionSet: [String] = []
#endif

let strict: [SwiftSetting] = [
  .unsafeFlags(["-warnings-as-errors"]),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The packet path: specialised across modules, for the instruction set above.
let hot: [SwiftSetting] =
  strict + [
    .unsafeFlags(
      ["-cross-module-optimization"] + instructionSet.flatMap { ["-Xcc", $0] }, .when(configuration: .release))
  ]

/// The layers of the packet path, in the order in which they may know each other.
let layers = [
  "Wire", "Storage", "TCP", "PacketIO", "Steering", "Telemetry", "Runtime", "Host", "TrafficEngine", "ProxyEngine", "DPDKPort", "Entry",
]
let outside = [
  "CPacket", "CDPDK", "CTap", "CFloor", "CTCPStack", "TCPStack", "Configuration", "TrafficCommand", "trafficengine", "proxyengine",
  "Benchmark",
]

let dpdkHeaders = ["-I/usr/include/dpdk", "-I/usr/include/x86_64-linux-gnu/dpdk", "-include", "rte_config.h", "-Wno-unused-parameter"]
let dpdkLibraries = ["rte_eal", "rte_ethdev", "rte_mbuf", "rte_mempool", "rte_ring", "rte_net_ring"]

let package = Package(
  name: "tcpengine",
  products: [
    .executable(name: "trafficengine", targets: ["trafficengine"]),
    .executable(name: "proxyengine", targets: ["proxyengine"]),
    .library(name: "TrafficCommand", targets: ["TrafficCommand"]),
    .library(name: "tcpstack", type: .dynamic, targets: ["TCPStack"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // The judge of our own reader of BER, in tests alone.
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
  ],
  targets: [
    .target(name: "CPacket", cSettings: [.unsafeFlags(instructionSet)]),
    .target(
      name: "CDPDK", dependencies: ["CPacket"],
      cSettings: [.unsafeFlags(dpdkHeaders + ["-Wall", "-Wextra"] + instructionSet)],
      linkerSettings: dpdkLibraries.map { .linkedLibrary($0) }),
    .target(name: "CTap", cSettings: [.unsafeFlags(["-Wall", "-Wextra"])]),
    // The packet path is one module, so that the compiler sees through all of it; `make layers` compiles each folder with only the
    // folders it may know (Documentation/Architecture.md).
    .target(name: "TCPEngine", dependencies: ["CPacket", "CDPDK"], path: "Sources", exclude: outside, sources: layers, swiftSettings: hot),
    // The TCP layer alone, behind a C header: its folder holds links to the three layers it is made of, so that it needs no DPDK.
    .target(name: "CTCPStack"),
    .target(name: "TCPStack", dependencies: ["CTCPStack", "CPacket"], swiftSettings: strict),
    .target(
      name: "Configuration",
      dependencies: ["TCPEngine", .product(name: "TOMLKit", package: "TOMLKit")],
      swiftSettings: strict),
    .target(
      name: "TrafficCommand",
      dependencies: [
        "CPacket", "CDPDK", "CTap", "TCPEngine", "Configuration",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "trafficengine",
      dependencies: ["TrafficCommand", "TCPEngine", "CPacket"],
      swiftSettings: hot),
    .executableTarget(name: "proxyengine", dependencies: ["TrafficCommand"], swiftSettings: hot),
    .executableTarget(
      name: "example-workload", dependencies: ["TrafficCommand", "TCPEngine"], path: "Examples/CustomWorkload", swiftSettings: hot),
    .executableTarget(
      name: "example-rule", dependencies: ["TrafficCommand", "TCPEngine"], path: "Examples/CustomRule", swiftSettings: hot),
    // `make bench`: the bare loops that the programs are compared with, and the program that runs both.
    .target(
      name: "CFloor", dependencies: ["CDPDK", "CPacket"],
      cSettings: [.unsafeFlags(dpdkHeaders + ["-Wall", "-Wextra"] + instructionSet)]),
    .executableTarget(
      name: "trafficbench",
      dependencies: [
        "TCPEngine", "CPacket", "CFloor", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Benchmark", swiftSettings: strict),
    .testTarget(name: "WireTests", dependencies: ["TCPEngine"], swiftSettings: strict),
    .testTarget(name: "StorageTests", dependencies: ["TCPEngine"], swiftSettings: strict),
    .testTarget(name: "SteeringTests", dependencies: ["TCPEngine"], swiftSettings: strict),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration", "TCPEngine"], swiftSettings: strict),
    .testTarget(name: "TCPTests", dependencies: ["TCPEngine", "CPacket"], swiftSettings: strict),
    .testTarget(name: "TCPStackTests", dependencies: ["TCPStack"], swiftSettings: strict),
    .testTarget(name: "FuzzTests", dependencies: ["TCPEngine", "CPacket"], swiftSettings: strict),
    .testTarget(
      name: "ProxyEngineTests", dependencies: ["TCPEngine", .product(name: "SwiftASN1", package: "swift-asn1")], swiftSettings: strict),
    .testTarget(name: "TrafficEngineTests", dependencies: ["TCPEngine", "CPacket"], swiftSettings: strict),
    .testTarget(
      name: "TelemetryTests", dependencies: ["TCPEngine", .product(name: "Histogram", package: "hdrhistogram-swift")],
      swiftSettings: strict),
    .testTarget(
      name: "TrafficCommandTests",
      dependencies: [
        "TrafficCommand", "Configuration", "TCPEngine", "CPacket",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
  ]
)

// `Scripts/fuzz` only: it is linked with libFuzzer.
if Context.environment["TCPENGINE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-configuration", dependencies: ["Configuration"], path: "Tests/ConfigurationFuzz", swiftSettings: strict))
}
