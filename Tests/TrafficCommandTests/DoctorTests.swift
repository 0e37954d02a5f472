import Foundation
import TCPEngine
import Testing

@testable import TrafficCommand

@Suite struct DoctorTests {
  private static let flags = "fpu tsc constant_tsc nonstop_tsc avx avx2 bmi1 bmi2 f16c fma abm movbe xsave aes"

  /// A machine that has everything, in files.
  private static func machine(_ changes: [String: String?] = [:]) throws -> TestDirectory {
    var files: [String: String?] = [
      "proc/cpuinfo": "processor\t: 0\nmodel name\t: Test Processor @ 2.50GHz\nflags\t\t: \(flags)\n\nprocessor\t: 1\n",
      "proc/self/status": "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001fffeffffff\nCpus_allowed_list:\t0-1\n",
      "proc/self/limits": "Limit  Soft Limit\nMax locked memory         8388608              8388608              bytes\n",
      "proc/meminfo": "MemTotal:       24684096 kB\nMemAvailable:   23603080 kB\n",
      "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "512\n",
      "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "500\n",
      "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0\n",
      "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages": "0\n",
      "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "sys/devices/system/node/node0/cpulist": "0-1\n",
      "sys/devices/system/cpu/isolated": "\n",
    ]
    for driver in ["ring", "af_packet", "af_xdp", "memif", "tap", "virtio", "vmxnet3", "e1000", "ice"] {
      files["usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_net_\(driver).so.23"] = ""
    }
    files.merge(changes) { $1 }
    let directory = try TestDirectory()
    for (name, text) in files { if let text { try directory.write(text, to: name) } }
    return directory
  }

  private static func report(_ changes: [String: String?] = [:], dpdk: String = "DPDK 22.11.11") throws -> DoctorReport {
    let directory = try machine(changes)
    return Doctor(
      files: MachineFiles(root: directory.path), architecture: "x86_64", ticksPerSecond: 2_499_900_000, dpdkVersion: dpdk
    ).report()
  }

  private static func finding(_ topic: String, _ changes: [String: String?] = [:]) throws -> Finding {
    try #require(try report(changes).findings.last { $0.topic == topic })
  }

  @Test func aMachineThatHasEverything() throws {
    let report = try Self.report()
    #expect(report.isReady)
    #expect(report.findings.allSatisfy { $0.status != .missing })
    #expect(
      report.text() == """
        ok       processor      Test Processor @ 2.50GHz
        ok       cores          2 may be used (0-1)
        ok       instructions   x86-64-v3 (avx2, bmi2, movbe), aes
        ok       clock          invariant time-stamp counter, 2.500 GHz
        note     isolation      isolated cores: none; without timer ticks (nohz_full):
                                none
        ok       memory         22 GiB available, the reference load takes up to 256 MiB
        ok       huge pages     2 MiB: 500 of 512 free; 1 GiB: 0 of 0 free
        ok       transparent    transparent huge pages: madvise
        ok       NUMA           one node
        note     privileges     root, with CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK; the
                                ring and memory ports need none, interfaces of the
                                kernel do
        note     locked memory  up to 8192 KiB (RLIMIT_MEMLOCK); locking is an attempt,
                                no run depends on it
        ok       DPDK           DPDK 22.11.11
        ok       drivers        net_ring, net_af_packet, net_af_xdp, net_memif, net_tap,
                                net_virtio, net_vmxnet3, net_e1000, and 1 more for
                                network devices
        note     devices        no network device is given to DPDK (vfio-pci,
                                uio_pci_generic); the ring port needs none

        The reference load can run here.
        """)
  }

  @Test func anEmptyMachineIsNoCrash() throws {
    let directory = try TestDirectory()
    let report = Doctor(files: MachineFiles(root: directory.path), architecture: "aarch64", ticksPerSecond: 1e9, dpdkVersion: "DPDK 24.11")
      .report()
    #expect(report.lacks.map(\.topic) == ["DPDK", "drivers"])
    #expect(report.text().hasSuffix("\nThe reference load cannot run here, for want of: DPDK, drivers."))
    #expect(report.findings.last { $0.topic == "drivers" }?.commands == ["sudo apt-get install dpdk-dev"])
  }

  @Test func linesFitTheTerminal() throws {
    let reports = [
      try Self.report(),
      try Self.report([
        "proc/cpuinfo": "flags\t: fpu\n", "proc/self/status": "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0\nCpus_allowed_list:\t1\n",
        "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "0\n", "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "0\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n", "proc/meminfo": "MemAvailable: 1024 kB\n",
      ]),
    ]
    for line in reports.flatMap({ $0.text().split(separator: "\n") }) { #expect(line.count <= 80, "\(line)") }
  }

  @Test func anOldProcessor() throws {
    let cpuinfo = "proc/cpuinfo"
    let fewer = Self.flags.replacing("avx2 ", with: "").replacing("movbe ", with: "")
    let old = try Self.finding("instructions", [cpuinfo: "flags\t: \(fewer)\n"])
    #expect(old.status == .missing && old.isNeeded)
    #expect(old.text.hasPrefix("the processor lacks avx2, movbe: the packet path does not run here."))
    let clock = try Self.finding("clock", [cpuinfo: "flags\t: \(Self.flags.replacing("nonstop_tsc ", with: ""))\n"])
    #expect(clock.status == .missing && !clock.isNeeded)
    #expect(clock.text.contains("(no nonstop_tsc)"))
  }

  @Test func hugePagesAreMendedForNowAndForGood() throws {
    let size = "sys/kernel/mm/hugepages/hugepages-2048kB/"
    let none = try Self.finding("huge pages", [size + "nr_hugepages": "0\n", size + "free_hugepages": "0\n"])
    #expect(none.status == .missing && !none.isNeeded)
    #expect(
      none.commands == ["sysctl -w vm.nr_hugepages=64", "echo vm.nr_hugepages=64 | tee /etc/sysctl.d/80-hugepages.conf"])
    // Those in use stay so.
    let inUse = try Self.finding("huge pages", [size + "nr_hugepages": "100\n", size + "free_hugepages": "10\n"])
    #expect(inUse.commands.first == "sysctl -w vm.nr_hugepages=154")
    let large = "sys/kernel/mm/hugepages/hugepages-1048576kB/"
    let gigantic = try Self.finding(
      "huge pages", [size + "free_hugepages": "0\n", large + "nr_hugepages": "2\n", large + "free_hugepages": "1\n"])
    #expect(gigantic.status == .ok)
  }

  @Test func nodesTellTheirOwnPages() throws {
    let size = "hugepages/hugepages-2048kB/"
    let node = "sys/devices/system/node/node"
    let changes = [
      node + "0/" + size + "nr_hugepages": "512", node + "0/" + size + "free_hugepages": "500", node + "1/cpulist": "2-3\n",
      node + "1/" + size + "nr_hugepages": "0", node + "1/" + size + "free_hugepages": "0",
    ]
    #expect(try Self.finding("huge pages", changes).text.hasPrefix("2 MiB: 500 of 512 free (node 0: 500 of 512, node 1: 0 of 0);"))
    let nodes = try Self.finding("NUMA", changes)
    #expect(nodes.status == .note && nodes.text.hasPrefix("node 0: cores 0-1; node 1: cores 2-3;"))
  }

  @Test func withoutPrivileges() throws {
    let status = ["proc/self/status": "Uid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000\nCpus_allowed_list:\t3\n"]
    let report = try Self.report(status.merging(["sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n"]) { $1 })
    #expect(report.isReady)
    func finding(_ topic: String) -> Finding? { report.findings.first { $0.topic == topic } }
    #expect(finding("privileges")?.text.hasPrefix("not root, with none of CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK;") == true)
    #expect(finding("cores")?.status == .note)
    #expect(finding("transparent")?.commands == ["echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"])
  }

  @Test func littleMemory() throws {
    let machine = try Self.finding("memory", ["proc/meminfo": "MemAvailable:   102400 kB\n"])
    #expect(machine.status == .missing && machine.isNeeded)
    let group = try Self.finding("memory", ["sys/fs/cgroup/memory.max": "268435456\n", "sys/fs/cgroup/memory.current": "1048576\n"])
    #expect(group.status == .missing && group.text.hasPrefix("255 MiB available"))
    #expect(try Self.finding("memory", ["sys/fs/cgroup/memory.max": "max\n"]).status == .ok)
    // A group of our own below others (version 2), and the same where version 1 is mounted.
    let inner = try Self.finding(
      "memory",
      [
        "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "104857600\n", "sys/fs/cgroup/a/memory.current": "0\n",
        "sys/fs/cgroup/a/b/memory.max": "max\n",
      ])
    #expect(inner.status == .missing && inner.text.hasPrefix("100 MiB available"))
    let old = try Self.finding(
      "memory",
      [
        "proc/self/cgroup": "5:cpu,memory:/x\n0::/\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "209715200\n",
        "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "104857600\n",
      ])
    #expect(old.status == .missing && old.text.hasPrefix("100 MiB available"))
  }

  @Test func absentDriversArePackages() throws {
    let directory = "usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_net_"
    let optional = try Self.finding("drivers", [directory + "af_xdp.so.23": nil, directory + "e1000.so.23": nil])
    #expect(optional.status == .missing && !optional.isNeeded)
    #expect(optional.commands == ["apt-get install librte-net-af-xdp23 librte-net-e1000-23"])
    let needed = try Self.finding("drivers", [directory + "ring.so.23": nil])
    #expect(needed.isNeeded && needed.commands == ["apt-get install librte-net-ring23"])
  }

  @Test func governorsAndIsolationAndDevices() throws {
    let governor = try Self.finding(
      "frequency", ["sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n", "sys/devices/system/cpu/cpufreq/x": ""])
    #expect(governor.commands == ["cpupower frequency-set -g performance"])
    let isolation = try Self.finding(
      "isolation", ["sys/devices/system/cpu/isolated": "2-3\n", "sys/devices/system/cpu/nohz_full": "  (null)\n"])
    #expect(isolation.text == "isolated cores: 2-3; without timer ticks (nohz_full): none")
    let devices = try Self.finding("devices", ["sys/bus/pci/drivers/vfio-pci/0000:01:00.0": "", "sys/bus/pci/drivers/vfio-pci/bind": ""])
    #expect(devices.text == "given to DPDK: 0000:01:00.0 (vfio-pci)")
  }

  private static let pci = "sys/bus/pci/devices/0000:07:00.0/"
  private static let igb: [String: String?] = [
    pci + "class": "0x020000\n", pci + "vendor": "0x8086\n", pci + "device": "0x1533\n", pci + "numa_node": "0\n", pci + "net/eth1/mtu": "",
    "sys/bus/pci/drivers/igb/0000:07:00.0": "", "sys/kernel/iommu_groups/7/x": "", "usr/bin/dpdk-devbind.py": "",
    "sys/bus/pci/devices/0000:00:1f.2/class": "0x010601\n",
  ]

  @Test func aNICIsGivenToDPDK() throws {
    let node = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/"
    let nic = try Self.finding(
      "NIC", Self.igb.merging([node + "nr_hugepages": "40\n", node + "free_hugepages": "30\n"]) { $1 })
    #expect(nic.status == .note)
    #expect(
      nic.text == "0000:07:00.0 (8086:1533, igb, eth1, node 0): to give it to DPDK; back to Linux: dpdk-devbind.py --bind=igb 0000:07:00.0")
    #expect(
      nic.commands == [
        "modprobe vfio-pci", "ip link set eth1 down", "dpdk-devbind.py --bind=vfio-pci 0000:07:00.0",
        "echo 74 | tee /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
      ])
    let findings = try Self.report(Self.igb).findings.filter { $0.topic == "NIC" }
    #expect(findings.count == 1, "a disk is no NIC")
  }

  @Test func withoutAnIOMMUAndWithoutTools() throws {
    let nic = try Self.finding(
      "NIC", Self.igb.merging(["sys/kernel/iommu_groups/7/x": nil, "usr/bin/dpdk-devbind.py": nil]) { $1 })
    #expect(
      nic.commands == [
        "apt-get install dpdk", "modprobe vfio enable_unsafe_noiommu_mode=1", "modprobe vfio-pci", "ip link set eth1 down",
        "dpdk-devbind.py --bind=vfio-pci 0000:07:00.0",
      ])
  }

  @Test func theNICThatOneIsConnectedThrough() throws {
    let route = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n"
    let nic = try Self.finding("NIC", Self.igb.merging(["proc/net/route": route]) { $1 })
    #expect(nic.commands.isEmpty && nic.text.contains("carries this machine's default route. WARNING:"))
    let other = try Self.finding("NIC", Self.igb.merging(["proc/net/route": route.replacing("eth1", with: "eth0")]) { $1 })
    #expect(!other.commands.isEmpty)
  }

  @Test func aNICThatIsGivenAndABifurcatedOne() throws {
    var files = Self.igb.merging(["sys/bus/pci/drivers/igb/0000:07:00.0": nil, "sys/bus/pci/drivers/vfio-pci/0000:07:00.0": ""]) { $1 }
    let given = try Self.finding("NIC", files)
    #expect(given.status == .ok && given.text.hasSuffix("(8086:1533, vfio-pci, eth1, node 0): given to DPDK"))
    files.merge(["sys/bus/pci/drivers/vfio-pci/0000:07:00.0": nil, "sys/bus/pci/drivers/mlx5_core/0000:07:00.0": ""]) { $1 }
    let bifurcated = try Self.finding("NIC", files)
    #expect(bifurcated.text.contains("stays with its Linux driver, which DPDK's net_mlx5 works beside"))
    #expect(bifurcated.commands == ["apt-get install librte-net-mlx5-23"])
  }

  @Test func idleStatesAndThreads() throws {
    let cpu = "sys/devices/system/cpu/"
    let idle = cpu + "cpu0/cpuidle/state"
    var files: [String: String?] = [
      idle + "0/name": "POLL\n", idle + "0/latency": "0\n", idle + "1/name": "C1\n", idle + "1/latency": "2\n", idle + "2/name": "C6\n",
      idle + "2/latency": "133\n", idle + "2/disable": "0\n", cpu + "smt/active": "1\n",
      cpu + "cpu0/topology/thread_siblings_list": "0,2\n",
      cpu + "cpu1/topology/thread_siblings_list": "1,3\n",
    ]
    let deep = try Self.finding("idle states", files)
    #expect(deep.text.hasPrefix("C6 is allowed, which takes 133 us to leave") && deep.commands == ["cpupower idle-set -D 10"])
    #expect(try Self.finding("SMT", files).text.hasPrefix("two threads to a core (0,2; 1,3)"))
    files[idle + "2/disable"] = "1\n"
    #expect(try Self.finding("idle states", files).status == .ok)
  }

  @Test func theMACAddressOfALinuxInterface() throws {
    let directory = try Self.machine([
      "sys/class/net/eth7/address": "52:54:00:12:34:56\n", "sys/class/net/lo/address": "00:00:00:00:00:00\n",
    ])
    let files = MachineFiles(root: directory.path)
    #expect(try LinuxInterface.mac(of: "eth7", files: files).description == "52:54:00:12:34:56")
    for (name, sentence) in [
      ("eth8", "there is no interface 'eth8' (ports.linux_if); `ip link` lists those that are there"),
      ("lo", "the interface 'lo' (ports.linux_if) has no MAC address (00:00:00:00:00:00): name another, or set ports.mac"),
    ] {
      let failure = #expect(throws: CommandFailure.self) { try LinuxInterface.mac(of: name, files: files) }
      #expect(failure?.sentence == sentence)
    }
  }

  @Test func json() throws {
    let report = try Self.report(dpdk: "DPDK 23.11.0")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
    #expect(object["ready"] as? Bool == false)
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.count == report.findings.count)
    let dpdk = try #require(findings.first { $0["topic"] as? String == "DPDK" })
    #expect(dpdk["status"] as? String == "missing")
    #expect(dpdk["needed"] as? Bool == true)
    #expect(dpdk["commands"] as? [String] == ["apt-get install dpdk-dev=22.11*"])
  }

  @Test func lists() {
    #expect(Doctor.count(ofList: "0-3,8,10-11") == 7)
    #expect(Doctor.count(ofList: "5") == 1)
    #expect(Doctor.count(ofList: "") == 0)
  }
}
