//go:build tools

// Package programs holds the programs of the local cluster; this file keeps those that are built as they are in go.mod.
package programs

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
