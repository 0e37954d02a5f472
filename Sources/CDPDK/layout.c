/* What Swift reads of a packet buffer lies where DPDK puts it. */
#include "packet_buffer.h"
#include <rte_mbuf.h>

#define SAME(field, theirs) \
    _Static_assert(offsetof(struct packet_buffer, field) == offsetof(struct rte_mbuf, theirs), #field " has moved")

SAME(buf_addr, buf_addr);
SAME(buf_iova, buf_iova);
SAME(data_off, data_off);
SAME(refcnt, refcnt);
SAME(nb_segs, nb_segs);
SAME(port, port);
SAME(ol_flags, ol_flags);
SAME(packet_type, packet_type);
SAME(pkt_len, pkt_len);
SAME(data_len, data_len);
SAME(vlan_tci, vlan_tci);
SAME(hash_rss, hash);
SAME(vlan_tci_outer, vlan_tci_outer);
SAME(buf_len, buf_len);
SAME(pool, pool);
SAME(next, next);
SAME(tx_offload, tx_offload);
_Static_assert(sizeof(struct packet_buffer) == sizeof(struct rte_mbuf), "rte_mbuf has another size");
_Static_assert(PACKET_HEADROOM == RTE_PKTMBUF_HEADROOM, "RTE_PKTMBUF_HEADROOM has changed");
_Static_assert(PACKET_ROOM == RTE_MBUF_DEFAULT_BUF_SIZE, "RTE_MBUF_DEFAULT_BUF_SIZE has changed");
_Static_assert(PACKET_IPV4_VERIFIED == RTE_MBUF_F_RX_IP_CKSUM_GOOD, "the flags of received frames have changed");
_Static_assert(PACKET_TCP_VERIFIED == RTE_MBUF_F_RX_L4_CKSUM_GOOD, "the flags of received frames have changed");
_Static_assert(PACKET_IS_IPV4 == RTE_MBUF_F_TX_IPV4, "the flags of sent frames have changed");
_Static_assert(PACKET_SUM_IPV4 == RTE_MBUF_F_TX_IP_CKSUM, "the flags of sent frames have changed");
_Static_assert(PACKET_SUM_TCP == RTE_MBUF_F_TX_TCP_CKSUM, "the flags of sent frames have changed");
_Static_assert(RTE_MBUF_L2_LEN_BITS == 7, "the lengths of sent frames' headers have moved");
