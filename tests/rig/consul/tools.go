//go:build tools

// Package tools names the program the build script makes.
package tools

import _ "github.com/hashicorp/consul"
