package surveytest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// name is which call a request is, and of which queue.
func name(r *http.Request) string {
	_, operation, protocol := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !protocol {
		for key, operation := range aboutBuckets {
			if r.Method == http.MethodGet && r.URL.Query().Has(key) {
				return operation
			}
		}
		return r.Method + r.URL.String()
	}
	var in struct {
		QueueName string
		QueueURL  string `json:"QueueUrl"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return operation + " without JSON"
	}
	queue := in.QueueName + in.QueueURL[strings.LastIndexByte(in.QueueURL, '/')+1:]
	return strings.TrimSpace(operation + " " + queue)
}
