/// How a Linux interface is had as a port.
public enum InterfaceDriver: String, Sendable, CaseIterable {
  /// AF_XDP where it carries traffic, else AF_PACKET.
  case automatic = "auto"
  case xdp = "af_xdp"
  case packet = "af_packet"
}
