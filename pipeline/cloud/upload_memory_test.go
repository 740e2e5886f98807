package cloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// uploader names the store of a process that is started to upload files, by itself.
const uploader = "PLINTH_TEST_UPLOAD_TO"

func TestMain(m *testing.M) {
	if url := os.Getenv(uploader); url != "" {
		if err := uploadAlone(context.Background(), url, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// uploadAlone uploads files at once and tells its memory, idle and at its peak, and time.
func uploadAlone(ctx context.Context, url string, files []string) error {
	s, err := Open(ctx, url)
	if err != nil {
		return err
	}
	if err := s.Put(ctx, "warm", strings.NewReader("x"), 1); err != nil { // connected, and all code at hand
		return err
	}
	debug.FreeOSMemory()
	idle, err := memory("VmRSS")
	if err == nil {
		err = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
	}
	if err != nil {
		return err
	}
	began, cpu := time.Now(), cpuTime()
	var all errgroup.Group
	for i, name := range files {
		all.Go(func() (err error) {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			info, err := f.Stat()
			if err != nil {
				return err
			}
			return s.Put(ctx, fmt.Sprint("file", i), f, info.Size())
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	took := time.Since(began)
	peak, err := memory("VmHWM")
	if err != nil {
		return err
	}
	_, err = fmt.Println(idle, peak, took.Milliseconds(), (cpuTime() - cpu).Milliseconds())
	return err
}

// memory reads a line of what Linux tells of this process, in bytes.
func memory(name string) (n int64, err error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), name+":")
	_, err = fmt.Sscan(rest, &n)
	return n << 10, err
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A worker that uploads two files at once takes little more memory than an idle one,
// however large they are. The server is in another process.
func TestUploadsTakeLittleMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		t.Skip("only Linux tells the peak of a process")
	}
	const most = 64 << 20
	for name, c := range map[string]struct {
		size  int64
		start func(t *testing.T) (url string, env []string)
	}{
		"to the stub":   {48 << 20, func(t *testing.T) (string, []string) { return "s3://bucket", s3test.New(t).Env() }},
		"over TLS":      {48 << 20, func(t *testing.T) (string, []string) { return "s3://bucket", s3test.NewTLS(t).Env() }},
		"to a real one": {256 << 20, func(t *testing.T) (string, []string) { return peerBucket(t), nil }},
	} {
		t.Run(name, func(t *testing.T) {
			url, env := c.start(t)
			var files []string
			for _, name := range []string{"a", "b"} {
				file := filepath.Join(t.TempDir(), name)
				if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, c.size)); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], files...)
			cmd.Env = append(append(os.Environ(), env...), uploader+"="+url)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var idle, peak, ms, cpu int64
			if _, err := fmt.Sscan(string(out), &idle, &peak, &ms, &cpu); err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			t.Logf("2 x %d MiB: idle %.1f MB, peak %.1f MB, %d ms, %d ms of CPU", c.size>>20, float64(idle)/1e6, float64(peak)/1e6, ms, cpu)
			if peak-idle > most {
				t.Errorf("it took %d bytes more than when idle", peak-idle)
			}
		})
	}
}
