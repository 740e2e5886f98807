package cloud

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A key is that of an item.
type key struct {
	Partition string `json:"pk"`
	Sort      string `json:"sk"`
}

func modelKey(merchant, model string) key { return key{merchant + "/" + model, "model"} }

func versionKey(j asset.Job) key { return key{j.Merchant + "/" + j.Model, versions + j.Version} }

func manifestKey(j asset.Job) key { return key{j.Merchant + "/" + j.Model, "manifest/" + j.Version} }

// versions begins the sort keys of a model's versions.
const versions = "version/"

// A stamp tells states of an item apart.
type stamp struct {
	Revision int64  `json:"revision"` // counts its writes; 0 is not there
	Token    string `json:"token"`    // of the last
}

// modelItem says what is newest and current of a model's versions.
type modelItem struct {
	key
	stamp
	ModelsOf          string `json:"modelsOf"` // the merchant: with the name key of by-merchant
	Name              string `json:"model"`
	Generation        int64  `json:"generation"` // of the last upload or restore
	Newest            string `json:"newest"`
	Current           string `json:"current"`
	CurrentGeneration int64  `json:"currentGeneration"` // of what made it current; it never falls
}

// versionItem is a version and its claim. Times are microseconds since 1970.
type versionItem struct {
	key
	stamp
	asset.Version
	Findings   []byte `json:"findings"`   // compressed: a file may have one for each of its parts
	Generation int64  `json:"generation"` // of its last Submit
	Epoch      int64  `json:"epoch"`
	Lease      int64  `json:"lease"`
	Until      int64  `json:"until"` // end of its claim
}

// manifestItem is written once, by the Publish that makes its version ready.
type manifestItem struct {
	key
	Body []byte `json:"body"` // compressed JSON
}

// Limits of what is compressed, in bytes. An item may have 400 KB, names included.
const (
	maxManifest = 380 << 10
	maxFindings = 256 << 10
	maxUnpacked = 256 << 20
)

// pack is the compressed JSON of v.
func pack(what string, v any, limit int) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(z).Encode(v), z.Close()); err != nil {
		return nil, err
	}
	if b.Len() > limit {
		return nil, fmt.Errorf("%w: %s take %d bytes compressed, the catalog takes %d; reduce the number of the model's materials and textures or the recipe's levels", asset.ErrInvalid, what, b.Len(), limit)
	}
	return b.Bytes(), nil
}

func packFindings(list []asset.Finding) ([]byte, error) {
	if list == nil {
		list = []asset.Finding{}
	}
	return pack("the findings", list, maxFindings)
}

func unpack(data []byte, v any) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(io.LimitReader(z, maxUnpacked)).Decode(v)
}

// version is what the item tells.
func (i versionItem) version() (asset.Version, error) {
	v := i.Version
	err := unpack(i.Findings, &v.Findings)
	return v, err
}

// encodeItem writes an item by its JSON names. What is empty is left out, and reads the same.
func encodeItem(item any) (map[string]types.AttributeValue, error) {
	m, err := attributevalue.MarshalMapWithOptions(item, func(o *attributevalue.EncoderOptions) {
		o.TagKey = "json"
		o.EncodeTime = func(t time.Time) (types.AttributeValue, error) {
			return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.UnixMicro(), 10)}, nil
		}
	})
	strip(m)
	return m, err
}

func strip(m map[string]types.AttributeValue) {
	for name, v := range m {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			if v.Value == "" {
				delete(m, name)
			}
		case *types.AttributeValueMemberNULL:
			delete(m, name)
		case *types.AttributeValueMemberM:
			strip(v.Value)
		}
	}
}

func decodeItem(m map[string]types.AttributeValue, item any) error {
	return attributevalue.UnmarshalMapWithOptions(m, item, func(o *attributevalue.DecoderOptions) {
		o.TagKey = "json"
		o.DecodeTime.N = func(n string) (time.Time, error) {
			us, err := strconv.ParseInt(n, 10, 64)
			return time.UnixMicro(us).UTC(), err
		}
	})
}
