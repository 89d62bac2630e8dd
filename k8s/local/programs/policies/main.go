// Command policies enforces the NetworkPolicies of a single-node cluster with nftables, for want of a network plug-in that does.
// It watches pods, namespaces and policies, and replaces its table whenever another one follows from them.
package main

import (
	"bytes"
	"context"
	"flag"
	"log"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const retryAfter = time.Second

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	follow(ctx, informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), 0))
}

// follow applies what follows from the cluster, whenever something changes, until ctx ends.
func follow(ctx context.Context, factory informers.SharedInformerFactory) {
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default: // noted already
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { note() }, UpdateFunc: func(any, any) { note() }, DeleteFunc: func(any) { note() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(), factory.Core().V1().Namespaces().Informer(), factory.Networking().V1().NetworkPolicies().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			log.Fatal(err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	note()
	applied := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			script := read(factory).script()
			if script == applied {
				continue
			}
			if err := apply(ctx, script); err != nil {
				log.Printf("nft: %v\n%s", err, script)
				time.AfterFunc(retryAfter, note)
				continue
			}
			applied = script
		}
	}
}

func apply(ctx context.Context, script string) error {
	nft := exec.CommandContext(ctx, "nft", "-f", "-")
	nft.Stdin = strings.NewReader(script)
	var output bytes.Buffer
	nft.Stdout, nft.Stderr = &output, &output
	err := nft.Run()
	if err != nil && output.Len() > 0 {
		log.Print(output.String())
	}
	return err
}

// read takes the cluster from the informers' stores, in an order of its own.
func read(factory informers.SharedInformerFactory) cluster {
	// The listers read a store in memory: they cannot fail.
	pods, _ := factory.Core().V1().Pods().Lister().List(labels.Everything())
	namespaces, _ := factory.Core().V1().Namespaces().Lister().List(labels.Everything())
	policies, _ := factory.Networking().V1().NetworkPolicies().Lister().List(labels.Everything())
	c := cluster{namespaces: map[string]labels.Set{}, policies: policies}
	for _, namespace := range namespaces {
		c.namespaces[namespace.Name] = namespace.Labels
	}
	for _, pod := range pods {
		if hasAddress(pod) {
			c.pods = append(c.pods, pod)
		}
	}
	slices.SortFunc(c.pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Status.PodIP, b.Status.PodIP) })
	slices.SortFunc(c.policies, func(a, b *networkingv1.NetworkPolicy) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return c
}

// hasAddress: of its own, and still: a pod that has ended gives it back.
func hasAddress(pod *corev1.Pod) bool {
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !ended
}
