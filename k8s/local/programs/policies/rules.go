package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// cluster is what the rules follow from.
type cluster struct {
	pods       []*corev1.Pod
	namespaces map[string]labels.Set
	policies   []*networkingv1.NetworkPolicy
}

// direction is one side of a connection: a pod's policies of that direction speak of the address at its other end.
type direction struct {
	kind        networkingv1.PolicyType
	chain       string
	own, remote string // as nft calls them
}

var (
	ingress = direction{networkingv1.PolicyTypeIngress, "ingress", "ip daddr", "ip saddr"}
	egress  = direction{networkingv1.PolicyTypeEgress, "egress", "ip saddr", "ip daddr"}
)

// rule is one entry of a policy's list, the same for both directions.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

// script returns a transaction of nft that replaces the whole table. A pod that a policy selects has a chain, whose rules return to
// the caller for what the policies allow; at its end everything else is dropped. Connections are judged where they are routed from
// pod to pod, after a Service's address has become a pod's; what the node itself sends (the kubelet's probes) is not.
func (c cluster) script() string {
	var out strings.Builder
	out.WriteString("table ip policies\ndelete table ip policies\ntable ip policies {\n")
	for _, d := range []direction{egress, ingress} {
		c.writeChains(&out, d)
	}
	out.WriteString(` chain routed {
  type filter hook forward priority filter; policy accept;
  ct state established,related accept
  jump egress
  jump ingress
 }
 chain to-node {
  type filter hook input priority filter; policy accept;
  ct state established,related accept
  jump egress
 }
}
`)
	return out.String()
}

func (c cluster) writeChains(out *strings.Builder, d direction) {
	var jumps strings.Builder
	for _, pod := range c.pods {
		allowed, isolated := c.allowed(pod, d)
		if !isolated {
			continue
		}
		chain := d.chain + "-" + strings.ReplaceAll(pod.Status.PodIP, ".", "-")
		fmt.Fprintf(out, " chain %s {\n", chain)
		for _, match := range allowed {
			fmt.Fprintf(out, "  %s return\n", match)
		}
		out.WriteString("  drop\n }\n")
		fmt.Fprintf(&jumps, "  %s %s jump %s\n", d.own, pod.Status.PodIP, chain)
	}
	fmt.Fprintf(out, " chain %s {\n%s }\n", d.chain, jumps.String())
}

// allowed returns the matches of what a pod's policies allow in a direction, and whether any policy selects it.
func (c cluster) allowed(pod *corev1.Pod, d direction) (matches []string, isolated bool) {
	for _, policy := range c.policies {
		if policy.Namespace != pod.Namespace || !selects(&policy.Spec.PodSelector, pod.Labels) || !speaksOf(policy, d) {
			continue
		}
		isolated = true
		for _, r := range rulesOf(policy, d) {
			matches = append(matches, c.matches(policy.Namespace, pod, r, d)...)
		}
	}
	return matches, isolated
}

func speaksOf(policy *networkingv1.NetworkPolicy, d direction) bool {
	if len(policy.Spec.PolicyTypes) > 0 {
		return slices.Contains(policy.Spec.PolicyTypes, d.kind)
	}
	return d.kind == networkingv1.PolicyTypeIngress || len(policy.Spec.Egress) > 0
}

func rulesOf(policy *networkingv1.NetworkPolicy, d direction) (rules []rule) {
	if d.kind == networkingv1.PolicyTypeEgress {
		for _, r := range policy.Spec.Egress {
			rules = append(rules, rule{r.To, r.Ports})
		}
		return rules
	}
	for _, r := range policy.Spec.Ingress {
		rules = append(rules, rule{r.From, r.Ports})
	}
	return rules
}

// matches pairs each peer with each port. A port's name means what the pod that listens calls by it.
func (c cluster) matches(namespace string, own *corev1.Pod, r rule, d direction) (matches []string) {
	for _, peer := range c.peers(namespace, r.peers, d) {
		if len(r.ports) == 0 {
			matches = append(matches, peer.match)
			continue
		}
		listener := own
		if d.kind == networkingv1.PolicyTypeEgress {
			listener = peer.pod
		}
		for _, port := range r.ports {
			for _, match := range portMatches(port, listener) {
				matches = append(matches, strings.TrimSpace(peer.match+" "+match))
			}
		}
	}
	return matches
}

type peer struct {
	match string
	pod   *corev1.Pod // nil where it is no single pod
}

func (c cluster) peers(namespace string, given []networkingv1.NetworkPolicyPeer, d direction) (peers []peer) {
	if len(given) == 0 {
		return []peer{{}}
	}
	for _, each := range given {
		if each.IPBlock != nil {
			peers = append(peers, blockPeer(each.IPBlock, d)...)
			continue
		}
		for _, pod := range c.pods {
			if c.isPeer(namespace, each, pod) {
				peers = append(peers, peer{d.remote + " " + pod.Status.PodIP, pod})
			}
		}
	}
	return peers
}

func blockPeer(block *networkingv1.IPBlock, d direction) []peer {
	if prefix, err := netip.ParsePrefix(block.CIDR); err != nil || !prefix.Addr().Is4() {
		return nil // the cluster has no IPv6
	}
	match := d.remote + " " + block.CIDR
	if len(block.Except) > 0 {
		match += " " + d.remote + " != { " + strings.Join(block.Except, ", ") + " }"
	}
	return []peer{{match: match}}
}

func (c cluster) isPeer(namespace string, given networkingv1.NetworkPolicyPeer, pod *corev1.Pod) bool {
	if given.NamespaceSelector == nil && pod.Namespace != namespace {
		return false
	}
	if given.NamespaceSelector != nil && !selects(given.NamespaceSelector, c.namespaces[pod.Namespace]) {
		return false
	}
	return given.PodSelector == nil || selects(given.PodSelector, pod.Labels)
}

func portMatches(port networkingv1.NetworkPolicyPort, listener *corev1.Pod) []string {
	protocol := "tcp"
	if port.Protocol != nil {
		protocol = strings.ToLower(string(*port.Protocol))
	}
	switch {
	case port.Port == nil:
		return []string{"meta l4proto " + protocol}
	case port.Port.Type == intstr.String:
		return namedPorts(port.Port.StrVal, protocol, listener)
	case port.EndPort != nil:
		return []string{fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort)}
	default:
		return []string{fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal)}
	}
}

func namedPorts(name, protocol string, listener *corev1.Pod) (matches []string) {
	if listener == nil {
		return nil
	}
	for _, container := range listener.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && strings.EqualFold(string(port.Protocol), protocol) {
				matches = append(matches, fmt.Sprintf("%s dport %d", protocol, port.ContainerPort))
			}
		}
	}
	return matches
}

func selects(selector *metav1.LabelSelector, of labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(of)
}
