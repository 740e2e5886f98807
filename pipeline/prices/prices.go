// Package prices knows what AWS asks for the things that Plinth uses, and what a
// conversion costs by that.
//
// The list is data, prices.json: each price has its source, its date and how sure it is.
// Another list in the same form can be read in its place.
package prices

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// A Name is that of a price. It says what one unit is.
type Name string

// The prices that a table must have.
const (
	FargateARMCPU     Name = "fargate-arm64-vcpu-hour"
	FargateARMGB      Name = "fargate-arm64-gb-hour"
	FargateARMSpotCPU Name = "fargate-arm64-spot-vcpu-hour"
	FargateARMSpotGB  Name = "fargate-arm64-spot-gb-hour"
	FargateX86CPU     Name = "fargate-x86-vcpu-hour"
	FargateX86GB      Name = "fargate-x86-gb-hour"
	FargateX86SpotCPU Name = "fargate-x86-spot-vcpu-hour"
	FargateX86SpotGB  Name = "fargate-x86-spot-gb-hour"
	FargateStorage    Name = "fargate-storage-gb-hour" // beyond the 20 GB of each task
	SQSRequest        Name = "sqs-request"             // of up to 64 KB
	S3Put             Name = "s3-put"
	S3Get             Name = "s3-get"
	S3Storage         Name = "s3-gb-month"
	KMSRequest        Name = "kms-request"
	KMSKey            Name = "kms-key-month"
	DynamoWrite       Name = "dynamodb-write-unit"
	DynamoRead        Name = "dynamodb-read-unit"
	DynamoStorage     Name = "dynamodb-gb-month"
	EdgeEgress        Name = "cloudfront-gb"
	EdgeRequest       Name = "cloudfront-https-request"
	EdgeFunction      Name = "cloudfront-function-call"
	EdgeShield        Name = "cloudfront-shield-request"
	LogsIngestion     Name = "cloudwatch-logs-gb"
	LogsStorage       Name = "cloudwatch-logs-gb-month"
	CustomMetric      Name = "cloudwatch-metric-month"
	Alarm             Name = "cloudwatch-alarm-month"
)

// Names returns the names of all prices, in the order of the list.
func Names() []Name {
	return []Name{
		FargateARMCPU, FargateARMGB, FargateARMSpotCPU, FargateARMSpotGB,
		FargateX86CPU, FargateX86GB, FargateX86SpotCPU, FargateX86SpotGB, FargateStorage,
		SQSRequest, S3Put, S3Get, S3Storage, KMSRequest, KMSKey, DynamoWrite, DynamoRead, DynamoStorage,
		EdgeEgress, EdgeRequest, EdgeFunction, EdgeShield, LogsIngestion, LogsStorage, CustomMetric, Alarm,
	}
}

// A Price is one row of the list.
type Price struct {
	Name       Name    `json:"name"`
	Dollars    float64 `json:"dollars"` // US, for Per units; without taxes and free tiers
	Per        float64 `json:"per"`     // units, as the source quotes it
	Source     string  `json:"source"`  // URL
	Date       string  `json:"date"`    // when it was so, 2006-01-02
	Confidence string  `json:"confidence"`
	Note       string  `json:"note,omitempty"` // needed unless the price is confirmed
}

// How sure a price is.
const (
	Confirmed   = "confirmed"   // read at the source, or in two places that name it
	Secondhand  = "second-hand" // read in one place that names the source
	Remembered  = "remembered"  // long the same; nobody looked it up for this list
	Approximate = "approximate" // it varies; the note says how the figure was taken
)

// A Table is a list of prices in one region.
type Table struct {
	Region string
	Rows   []Price

	unit map[Name]float64 // dollars
}

// Of returns the price of one unit in dollars.
func (t *Table) Of(n Name) float64 { return t.unit[n] }

//go:embed prices.json
var list []byte

// Load reads the list in a file, or the built-in one, of us-east-1, where none is named.
func Load(file string) (*Table, error) {
	text, name, err := list, "the built-in list", error(nil)
	if file != "" {
		name = file
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the prices: %w", err)
	}
	t, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("read the prices in %s: %w", name, err)
	}
	return t, nil
}

// Read reads a list. One with anything unknown, missing or out of range is an error.
func Read(text []byte) (*Table, error) {
	var file struct {
		Region string  `json:"region"`
		Prices []Price `json:"prices"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the list")
	}
	t := &Table{file.Region, file.Prices, map[Name]float64{}}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Table) check() error {
	var all []error
	if t.Region == "" {
		all = append(all, errors.New("the region is missing"))
	}
	for _, p := range t.Rows {
		if _, twice := t.unit[p.Name]; twice {
			all = append(all, fmt.Errorf("%.80q is there twice", p.Name))
		}
		t.unit[p.Name] = p.Dollars / p.Per
		if err := p.check(); err != nil {
			all = append(all, fmt.Errorf("%.80q: %w", p.Name, err))
		}
	}
	for _, n := range Names() {
		if _, there := t.unit[n]; !there {
			all = append(all, fmt.Errorf("%q is missing", n))
		}
	}
	return errors.Join(all...)
}

func (p Price) check() error {
	_, badDate := time.Parse(time.DateOnly, p.Date)
	source, badURL := url.Parse(p.Source)
	switch {
	case !slices.Contains(Names(), p.Name):
		return errors.New("nothing has this name")
	case !(p.Dollars > 0) || math.IsInf(p.Dollars, 0):
		return fmt.Errorf("%g dollars; it must be more than 0", p.Dollars)
	case !(p.Per > 0) || math.IsInf(p.Per, 0):
		return fmt.Errorf("for %g units; it must be more than 0", p.Per)
	case badDate != nil:
		return fmt.Errorf("the date is %.80q, not like 2026-11-23", p.Date)
	case badURL != nil || source.Scheme != "https" || source.Host == "":
		return fmt.Errorf("the source is %.80q, not an address with https", p.Source)
	case !slices.Contains([]string{Confirmed, Secondhand, Remembered, Approximate}, p.Confidence):
		return fmt.Errorf("the confidence is %.80q, none of %s, %s, %s and %s", p.Confidence, Confirmed, Secondhand, Remembered, Approximate)
	case p.Confidence != Confirmed && strings.TrimSpace(p.Note) == "":
		return fmt.Errorf("it is %s, and no note says how it was taken", p.Confidence)
	}
	return nil
}
