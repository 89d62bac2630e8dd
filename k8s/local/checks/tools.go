//go:build tools

// Package checks names the programs that look at the chart without a cluster; this file keeps them in go.mod.
package checks

import (
	_ "github.com/helm-unittest/helm-unittest/cmd/helm-unittest"
	_ "github.com/yannh/kubeconform/cmd/kubeconform"
)
