//go:build tools

// The oracle of the vault's tests is sops itself; this file only pins it.
package tools

import _ "github.com/getsops/sops/v3/cmd/sops"
