package main

import (
	"strings"
	"syscall"
	"testing"
)

func TestLogLinesOfAnUploadAndItsJob(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := serve(t, data, "PLINTH_RECIPE="+quick(t, 320))
	p.published("lamp")
	p.ask("PUT", "/v1/models/broken", []byte("hello"))
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"msg=intake method=PUT path=/v1/models/lamp status=202 ", "msg=intake method=PUT path=/v1/models/broken status=422 ",
		"msg=intake method=GET path=/v1/models/lamp/events status=200 ", "msg=job id=lamp merchant=default version=",
	} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("there is no %s in\n%s", want, p.log)
		}
	}
}
