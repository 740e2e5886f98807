package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOriginShowsItsSettings(t *testing.T) {
	t.Setenv("PLINTH_ORIGIN_VERIFY", "a-secret-that-nobody-sees")
	out, errs := &bytes.Buffer{}, &bytes.Buffer{}
	if code := run(t.Context(), []string{"origin", "--config", "--memory", "64MiB"}, out, errs); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{"--memory", "PLINTH_MEMORY", "64MiB", "256MiB", "--listen", "--store", "(set)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "nobody-sees") {
		t.Error("a secret is shown")
	}
}

func TestOriginRefusesSettingsThatCantBe(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, []byte(`{"acme": ["c2hvcnQ="]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--memory", "lots"}, exitUsage, "64KiB"},
		{[]string{"--memory", "-1"}, exitUsage, "64KiB"},
		{[]string{"--memory", "9999999999GiB"}, exitUsage, "64KiB"},
		{[]string{"--memory", "1MiB"}, exitInput, "more memory or fewer fetches"},
		{[]string{"--connections", "0"}, exitUsage, "--connections"},
		{[]string{"--store-timeout", "0s"}, exitUsage, "--store-timeout"},
		{[]string{"--miss-rate", "-1"}, exitUsage, "--miss-rate"},
		{[]string{"--miss-rate", "NaN"}, exitUsage, "--miss-rate"},
		{[]string{"--manifest-ttl", "-5s"}, exitUsage, "--manifest-ttl"},
		{[]string{"--manifest-memory", "0"}, exitUsage, "--manifest-memory"},
		{[]string{"--memory", "0"}, exitUsage, "--memory"},
		{[]string{"--fetches", "0"}, exitUsage, "--fetches"},
		{[]string{"--origin-verify", ""}, exitUsage, "leave it out"},
		{[]string{"--origin-verify", "a secret of sixteen,another of sixteen,a third of sixteen"}, exitUsage, "3 secrets"},
		{[]string{"--signing-keys", ""}, exitUsage, "leave it out"},
		{[]string{"--origin-verify", "short"}, exitUsage, "16"},
		{[]string{"--signing-keys", keys}, exitInput, "openssl"},
		{[]string{"--signing-keys", keys + "x"}, exitInput, "no such file"},
		{[]string{"--store", "ftp://x"}, exitUsage, "s3://"},
	} {
		errs := &bytes.Buffer{}
		code := run(t.Context(), append([]string{"origin", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, c.args...), &bytes.Buffer{}, errs)
		if code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%v: exit %d, want %d and %q: %s", c.args, code, c.code, c.says, errs)
		}
	}
}

func TestAnAddressIsSigned(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, []byte(`{"acme": ["`+strings.Repeat("A", 43)+`="]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs := &bytes.Buffer{}, &bytes.Buffer{}
	if code := run(t.Context(), []string{"sign", "/p/acme/chair.glb", "--signing-keys", keys}, out, errs); code != exitOK || !strings.HasPrefix(out.String(), "/p/acme/chair.glb?exp=") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"/p/acme/chair.glb"}, exitUsage},
		{[]string{"/p/acme/chair.glb", "--signing-keys", keys, "--for", "-1h"}, exitUsage},
		{[]string{"/p/other/chair.glb", "--signing-keys", keys}, exitInput},
		{[]string{"/x", "--signing-keys", keys}, exitInput},
	} {
		if code := run(t.Context(), append([]string{"sign"}, c.args...), &bytes.Buffer{}, &bytes.Buffer{}); code != c.code {
			t.Errorf("%v: exit %d, want %d", c.args, code, c.code)
		}
	}
}
