// oracle runs sops over folders of files in one process: what the tests of fettle's vault compare with.
//
//	oracle encrypt IN OUT   encrypt every file of IN; FILE.rules may say how (name=value lines)
//	oracle decrypt IN OUT   decrypt every file of IN, check its MAC, write its tree as text
//	oracle load IN OUT      read every plain file of IN, write its tree as text
//
// A tree is one line per value (path, type, text), then the comments, sorted. What fails is one line
// that begins with "error:". Recipients come from ORACLE_RECIPIENTS: groups divided by ';', keys by ','.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/logging"
	"github.com/sirupsen/logrus"
)

type dumper struct {
	out      bytes.Buffer
	comments []string
}

func (d *dumper) value(path string, v interface{}) {
	switch v := v.(type) {
	case sops.TreeBranch:
		fmt.Fprintf(&d.out, "%s map\n", path)
		d.branch(path, v)
	case []interface{}:
		fmt.Fprintf(&d.out, "%s list\n", path)
		i := 0
		for _, item := range v {
			if c, ok := item.(sops.Comment); ok {
				d.comments = append(d.comments, c.Value)
				continue
			}
			d.value(fmt.Sprintf("%s[%d]", path, i), item)
			i++
		}
	case float64:
		fmt.Fprintf(&d.out, "%s float %s\n", path, strconv.FormatFloat(v, 'f', -1, 64))
	case time.Time:
		fmt.Fprintf(&d.out, "%s time %s\n", path, v.Format(time.RFC3339Nano))
	case nil:
		fmt.Fprintf(&d.out, "%s null\n", path)
	default:
		fmt.Fprintf(&d.out, "%s %T %q\n", path, v, fmt.Sprint(v))
	}
}

func (d *dumper) branch(path string, branch sops.TreeBranch) {
	for _, item := range branch {
		if c, ok := item.Key.(sops.Comment); ok {
			d.comments = append(d.comments, c.Value)
			continue
		}
		d.value(fmt.Sprintf("%s/%q", path, item.Key), item.Value)
	}
}

func dump(branches sops.TreeBranches) []byte {
	d := &dumper{}
	for i, branch := range branches {
		fmt.Fprintf(&d.out, "document %d\n", i)
		d.branch("", branch)
	}
	sort.Strings(d.comments)
	for _, c := range d.comments {
		fmt.Fprintf(&d.out, "# %q\n", c)
	}
	return d.out.Bytes()
}

func rules(path string, m *sops.Metadata, name string) error {
	f, err := os.Open(path)
	if err != nil {
		if formats.FormatForPath(name) == formats.Binary {
			return nil
		}
		m.UnencryptedSuffix = sops.DefaultUnencryptedSuffix
		return nil
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), "=")
		switch name {
		case "unencrypted_suffix":
			m.UnencryptedSuffix = value
		case "encrypted_suffix":
			m.EncryptedSuffix = value
		case "unencrypted_regex":
			m.UnencryptedRegex = value
		case "encrypted_regex":
			m.EncryptedRegex = value
		case "unencrypted_comment_regex":
			m.UnencryptedCommentRegex = value
		case "encrypted_comment_regex":
			m.EncryptedCommentRegex = value
		case "mac_only_encrypted":
			m.MACOnlyEncrypted = value == "true"
		default:
			return fmt.Errorf("unknown rule %q", name)
		}
	}
	return nil
}

func groups() ([]sops.KeyGroup, error) {
	var all []sops.KeyGroup
	for _, text := range strings.Split(os.Getenv("ORACLE_RECIPIENTS"), ";") {
		keys, err := age.MasterKeysFromRecipients(text)
		if err != nil {
			return nil, err
		}
		var group sops.KeyGroup
		for _, key := range keys {
			group = append(group, key)
		}
		all = append(all, group)
	}
	return all, nil
}

func encrypt(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	store := common.StoreForFormat(formats.FormatForPath(path), config.NewStoresConfig())
	branches, err := store.LoadPlainFile(data)
	if err != nil {
		return nil, err
	}
	tree := sops.Tree{Branches: branches, FilePath: path}
	tree.Metadata.Version = "3.13.2"
	if tree.Metadata.KeyGroups, err = groups(); err != nil {
		return nil, err
	}
	if err := rules(path+".rules", &tree.Metadata, path); err != nil {
		return nil, err
	}
	tree.Metadata.ShamirThreshold, _ = strconv.Atoi(os.Getenv("ORACLE_THRESHOLD"))
	key, errs := tree.GenerateDataKey()
	if len(errs) > 0 {
		return nil, fmt.Errorf("%v", errs)
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{DataKey: key, Tree: &tree, Cipher: aes.NewCipher()}); err != nil {
		return nil, err
	}
	return store.EmitEncryptedFile(tree)
}

// The file key is unwrapped once for each text: the same one is asked for again and again.
func decrypt(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	store := common.StoreForFormat(formats.FormatForPath(path), config.NewStoresConfig())
	tree, err := store.LoadEncryptedFile(data)
	if err != nil {
		return nil, err
	}
	key, err := tree.Metadata.GetDataKey()
	if err != nil {
		return nil, err
	}
	cipher := aes.NewCipher()
	mac, err := tree.Decrypt(key, cipher)
	if err != nil {
		return nil, err
	}
	original, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key,
		tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	if original != mac {
		return nil, fmt.Errorf("MAC mismatch: has %v, computed %v", original, mac)
	}
	return dump(tree.Branches), nil
}

func load(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	branches, err := common.StoreForFormat(formats.FormatForPath(path), config.NewStoresConfig()).LoadPlainFile(data)
	if err != nil {
		return nil, err
	}
	return dump(branches), nil
}

func run(work func(string) ([]byte, error), path string) (out []byte) {
	defer func() {
		if r := recover(); r != nil {
			out = []byte(fmt.Sprintf("error: panic: %v\n", r))
		}
	}()
	out, err := work(path)
	if err != nil {
		return []byte(fmt.Sprintf("error: %s\n", strings.ReplaceAll(err.Error(), "\n", " ")))
	}
	return out
}

func main() {
	work := map[string]func(string) ([]byte, error){"encrypt": encrypt, "decrypt": decrypt, "load": load}
	if len(os.Args) != 4 || work[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: oracle encrypt|decrypt|load IN OUT")
		os.Exit(2)
	}
	logging.SetLevel(logrus.ErrorLevel)
	files, err := filepath.Glob(filepath.Join(os.Args[2], "*"))
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".rules") {
			continue
		}
		out := run(work[os.Args[1]], file)
		if err := os.WriteFile(filepath.Join(os.Args[3], filepath.Base(file)), out, 0o644); err != nil {
			panic(err)
		}
	}
}
